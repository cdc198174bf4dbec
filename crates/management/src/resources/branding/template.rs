//! The template of Universal Login: checked and stored (`management-api.md` §10.1).

use http::StatusCode;
use keywright_store::tenant_documents;
use serde_json::{Map, Value, json};

use crate::call::{Call, Reply};
use crate::document::{self, Stored};
use crate::error::ApiError;
use crate::operation::Outcome;

const KIND: &str = "universal-login-template";
/// Characters.
pub(super) const LONGEST: usize = 102_400;
/// What has to be in it: "`{%- auth0:head -%}` and `{%- auth0:widget -%}`".
const TAGS: [&str; 2] = ["auth0:head", "auth0:widget"];

/// §1.9.
fn missing() -> ApiError {
    ApiError::not_found("Template does not exist.").code("inexistent_templates_universal_login")
}

pub(super) async fn get(call: Call) -> Outcome {
    let found = call.read(|tx, tenant| document::find(tx, tenant, KIND, "")?.ok_or_else(missing)).await?;
    Ok(Reply::json(json!({ "body": found.document.get("body") })))
}

pub(super) async fn put(call: Call) -> Outcome {
    let sent = call.body.as_str().or_else(|| call.text("template")).unwrap_or_default().to_owned();
    if let Some(tag) = TAGS.into_iter().find(|tag| !has_tag(&sent, tag)) {
        return Err(ApiError::invalid_body(format!("The template must contain the tag {{%- {tag} -%}}")));
    }
    let now = call.app.now();
    let was_there = call
        .configure(move |tx, tenant| {
            let was_there = document::find(tx, tenant, KIND, "")?.is_some();
            let own = Map::from_iter([("body".to_owned(), Value::from(sent))]);
            document::put(tx, tenant, KIND, &Stored::new("", own, now))?;
            Ok(was_there)
        })
        .await?;
    // §1.15: "204 (update) / 201 (create)".
    Ok(if was_there { Reply::empty() } else { Reply::empty().with_status(StatusCode::CREATED) })
}

pub(super) async fn delete(call: Call) -> Outcome {
    call.configure(|tx, tenant| Ok(tenant_documents::delete(tx, tenant, KIND, "")?)).await?;
    Ok(Reply::empty())
}

/// Whether the Liquid tag is there, with or without the hyphens that trim blanks.
fn has_tag(template: &str, name: &str) -> bool {
    template.split("{%").skip(1).any(|rest| {
        let inside = rest.split("%}").next().filter(|inside| inside.len() < rest.len()).unwrap_or_default();
        let inside = inside.strip_prefix('-').unwrap_or(inside);
        inside.strip_suffix('-').unwrap_or(inside).trim() == name
    })
}

#[cfg(test)]
mod tests {
    use super::has_tag;

    #[test]
    fn tags_are_found_however_they_are_written() {
        for good in
            ["<head>{%- auth0:head -%}</head>", "{% auth0:head %}", "{%auth0:head-%}", "{% x %}{%- auth0:head %}"]
        {
            assert!(has_tag(good, "auth0:head"), "{good}");
        }
        for bad in ["", "auth0:head", "{%- auth0:widget -%}", "{{ auth0:head }}", "{% auth0:head", "{% auth0:header %}"]
        {
            assert!(!has_tag(bad, "auth0:head"), "{bad}");
        }
    }
}
