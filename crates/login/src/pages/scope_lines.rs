//! Scopes as people read them on the consent page (§1.10): "scopes `action:resource` are grouped ('Resource: action and
//! action your resource'); flag `use_scope_descriptions_for_consent` shows the API's scope descriptions instead".

use keywright_types::{ResourceServer, ScopeSet};
use keywright_web::page::fill;

use crate::texts::{ConsentTexts, ScopeTexts};

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScopeLine {
    /// What it is about.
    pub(crate) title: String,
    /// What the application may do with it; empty when the scope's name is all there is to say.
    pub(crate) description: String,
}

/// The lines for `scopes`, in their order. `described` is the API whose descriptions are shown instead of names.
pub(crate) fn scope_lines(
    scopes: &ScopeSet,
    described: Option<&ResourceServer>,
    texts: &ConsentTexts,
) -> Vec<ScopeLine> {
    let mut lines = Vec::new();
    let mut grouped = Vec::new();
    for scope in scopes.iter() {
        if let Some(own) = oidc_scope(scope, texts) {
            lines.push(ScopeLine { title: own.title.clone(), description: own.description.clone() });
        } else if let Some(description) = described.and_then(|api| description(api, scope)) {
            lines.push(ScopeLine { title: description.to_owned(), description: String::new() });
        } else if let Some((_, resource)) = action_and_resource(scope) {
            if !grouped.contains(&resource) {
                grouped.push(resource);
                lines.push(resource_line(resource, scopes, described, texts));
            }
        } else {
            lines.push(ScopeLine { title: scope.to_owned(), description: String::new() });
        }
    }
    lines
}

fn oidc_scope<'a>(scope: &str, texts: &'a ConsentTexts) -> Option<&'a ScopeTexts> {
    let own = &texts.oidc_scopes;
    match scope {
        "openid" => Some(&own.openid),
        "profile" => Some(&own.profile),
        "email" => Some(&own.email),
        "phone" => Some(&own.phone),
        "address" => Some(&own.address),
        "offline_access" => Some(&own.offline_access),
        "online_access" => Some(&own.online_access),
        _ => None,
    }
}

fn description<'a>(api: &'a ResourceServer, scope: &str) -> Option<&'a str> {
    let own = api.scopes.iter().find(|own| own.value == scope)?;
    own.description.as_deref().filter(|text| !text.trim().is_empty())
}

/// The word for an action; one that is not common stays as the API calls it.
fn action_text<'a>(action: &'a str, texts: &'a ConsentTexts) -> &'a str {
    let own = &texts.scope_actions;
    match action {
        "read" => &own.read,
        "create" => &own.create,
        "update" => &own.update,
        "delete" => &own.delete,
        "write" => &own.write,
        "list" => &own.list,
        "manage" => &own.manage,
        other => other,
    }
}

fn action_and_resource(scope: &str) -> Option<(&str, &str)> {
    scope.split_once(':').filter(|(action, resource)| !action.is_empty() && !resource.is_empty())
}

/// All actions on `resource` in one line; those that have a line of their own by their description are left out.
fn resource_line(
    resource: &str,
    scopes: &ScopeSet,
    described: Option<&ResourceServer>,
    texts: &ConsentTexts,
) -> ScopeLine {
    let actions: Vec<&str> = scopes
        .iter()
        .filter(|scope| described.and_then(|api| description(api, scope)).is_none())
        .filter_map(action_and_resource)
        .filter(|(_, own)| *own == resource)
        .map(|(action, _)| action_text(action, texts))
        .collect();
    let actions = match actions.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => rest.join(&texts.scope_actions_separator) + &texts.scope_actions_last_separator + last,
        None => String::new(),
    };
    let title = capitalized(resource);
    ScopeLine {
        title: fill(&texts.scope_title, &[("resource", &title)]),
        description: fill(&texts.scope_description, &[("actions", &actions), ("resource", resource)]),
    }
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use keywright_types::{ResourceServer, ScopeSet};
    use keywright_web::page::{Language, Sample};

    use super::scope_lines;
    use crate::texts;

    fn check(scopes: &str, api: Option<&ResourceServer>, expected: &[&str]) {
        let lines: Vec<String> = scope_lines(&ScopeSet::parse(scopes), api, texts::consent(&Sample::plain().shell))
            .into_iter()
            .map(|line| format!("{} {}", line.title, line.description).trim().to_owned())
            .collect();
        assert_eq!(lines, expected, "{scopes}");
    }

    fn api() -> ResourceServer {
        serde_json::from_value(serde_json::json!({
            "id": "1", "name": "Contacts", "identifier": "contacts:api",
            "scopes": [
                {"value": "read:contacts", "description": "See your contacts"},
                {"value": "update:contacts", "description": " "},
                {"value": "delete:contacts"}
            ]
        }))
        .unwrap()
    }

    #[test]
    fn actions_on_one_resource_are_one_line() {
        check("read:contacts", None, &["Contacts: read your contacts"]);
        check(
            "read:contacts openid update:contacts",
            None,
            &["Contacts: read and update your contacts", "Identity: know who you are when you come back"],
        );
        check("read:a update:a read:b delete:a", None, &["A: read, update and delete your a", "B: read your b"]);
    }

    #[test]
    fn common_actions_are_words_of_the_language() {
        let in_language = |language| {
            let shell = Sample::plain().in_language(language).shell;
            let lines = scope_lines(
                &ScopeSet::parse("read:contacts update:contacts approve:invoices"),
                None,
                texts::consent(&shell),
            );
            lines.into_iter().map(|line| format!("{} {}", line.title, line.description)).collect::<Vec<_>>()
        };
        assert_eq!(
            in_language(Language::De),
            ["Contacts: „contacts“ lesen und ändern", "Invoices: „invoices“ approve"]
        );
        assert_eq!(
            in_language(Language::Ja),
            ["Contacts： 「contacts」の読み取り、更新", "Invoices： 「invoices」のapprove"]
        );
    }

    #[test]
    fn other_scopes_are_shown_by_name() {
        check("appointments contacts", None, &["appointments", "contacts"]);
        check(":x x: : a:b:c", None, &[":x", "x:", ":", "B:c: a your b:c"]);
    }

    #[test]
    fn descriptions_replace_names_where_the_api_has_them() {
        check(
            "read:contacts update:contacts delete:contacts",
            Some(&api()),
            &["See your contacts", "Contacts: update and delete your contacts"],
        );
    }

    #[test]
    fn every_oidc_scope_has_words() {
        for scope in ["openid", "profile", "email", "phone", "address", "offline_access", "online_access"] {
            let lines = scope_lines(&ScopeSet::parse(scope), None, texts::consent(&Sample::plain().shell));
            assert!(lines.iter().all(|line| !line.description.is_empty()), "{scope}");
        }
    }
}
