//! `/email-templates`: a tenant's own words in the place of the built-in mails (`management-api.md` §11).

use http::StatusCode;
use keywright_app::AppError;
use keywright_app::mail::{EMAIL_TEMPLATE, EMAIL_TEMPLATES, LONGEST_LINK_LIFETIME, check_template};
use keywright_store::tenant_documents::{self, TenantDocumentRow};
use serde_json::{Map, Value};

use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::fields::{Field, answer_schema, create_schema, created, field, merge, update_schema};
use crate::operation::{Operation, Outcome, Resource};
use crate::schema::{Problem, boolean, integer, one_of, text_of};

const ABOUT: &str = "\
Mails in a tenant's own words: see [Mail](../../guides/mail.md#templates). While a tenant has no template of a name the built-in
mail is sent, and the template is not found (404). Keywright sends `verify_email`, `reset_email`, `welcome_email` (only where a
tenant has an enabled template of its own) and `blocked_account`. The others are stored without an effect: there is nothing yet that
would send them. `enabled: false` switches a mail off.

`body`, `subject`, `from` and `resultUrl` are [Liquid](../../guides/mail.md#liquid); one that cannot be read is refused. `null` in
`body` or `subject` takes the built-in text. `from` has an effect where the tenant has a [mail server of its own](emails.md);
otherwise the operator's sender is used. `urlLifetimeInSeconds` is 5 days unless it says otherwise, and 30 days at most.
`includeEmailInRedirect` is `true` unless it says otherwise.";

/// Characters of a body.
const LONGEST_BODY: usize = 200_000;

pub(super) fn resource() -> Resource {
    let fields = fields();
    let answer = || answer_schema(&fields).named("EmailTemplate");
    let path = "/email-templates/{templateName}";
    Resource {
        name: "email-templates",
        title: "E-mail templates",
        about: ABOUT,
        operations: vec![
            Operation::post("/email-templates", "Create an email template")
                .scopes(&["create:email_templates"])
                .body(create_schema(&fields).named("EmailTemplateCreate"))
                .status(StatusCode::OK)
                .answers(answer())
                .handled_by(create),
            Operation::get(path, "Get an email template")
                .scopes(&["read:email_templates"])
                .answers(answer())
                .handled_by(get),
            Operation::patch(path, "Patch an email template")
                .scopes(&["update:email_templates"])
                .body(update_schema(&fields).sized(1, usize::MAX).named("EmailTemplateUpdate"))
                .answers(answer())
                .handled_by(update),
            Operation::put(path, "Update an email template")
                .scopes(&["update:email_templates"])
                .body(create_schema(&fields).named("EmailTemplateReplace"))
                .answers(answer())
                .handled_by(replace),
        ],
    }
}

fn fields() -> Vec<Field> {
    vec![
        field("template", one_of(EMAIL_TEMPLATES).about("Name of the template.")).required(),
        field("body", text_of(0, LONGEST_BODY).or_null().about("Body of the email: HTML with Liquid.")).required(),
        field("from", text_of(0, 1_000).or_null().about("Sender of the email.")).required(),
        field("subject", text_of(0, 1_000).or_null().about("Subject line of the email.")).required(),
        field("syntax", one_of(&["liquid"]).about("Syntax of the template body.")).required(),
        field("resultUrl", text_of(0, 2_048).or_null().about("URL to redirect the user to after a successful action.")),
        field(
            "urlLifetimeInSeconds",
            integer(0, LONGEST_LINK_LIFETIME)
                .or_null()
                .about("Lifetime in seconds that the link within the email is valid for."),
        ),
        field("includeEmailInRedirect", boolean().about("Whether the address is a parameter of resultUrl.")),
        field("enabled", boolean().about("Whether the email is sent.")).required(),
    ]
}

/// §1.9.
fn missing() -> ApiError {
    ApiError::not_found("The template does not exist.").code("inexistent_email_template")
}

/// The name in the path; what is no name of a template has none.
fn name(call: &Call) -> Result<&'static str, ApiError> {
    let asked = call.path("templateName");
    EMAIL_TEMPLATES.iter().find(|own| **own == asked).copied().ok_or_else(|| {
        let shown: String = asked.chars().filter(|c| !c.is_control()).take(100).collect();
        let problem = Problem {
            path: "templateName".to_owned(),
            reason: format!("No enum match for: {shown}"),
            description: "Template name.",
        };
        ApiError::invalid("Path", "invalid_uri", &[problem])
    })
}

/// Refuses Liquid that cannot be read, and another name than that of the path.
async fn readable(body: &Map<String, Value>, name: Option<&str>) -> Result<(), ApiError> {
    if let (Some(sent), Some(name)) = (body.get("template").and_then(Value::as_str), name)
        && sent != name
    {
        return Err(ApiError::invalid_body("The template cannot be given another name"));
    }
    for member in ["body", "from", "subject", "resultUrl"] {
        let Some(source) = body.get(member).and_then(Value::as_str) else { continue };
        // WB-10: "Header values from settings are validated on write".
        if member != "body" && source.chars().any(char::is_control) {
            return Err(ApiError::invalid_body(format!("{member} must be one line")));
        }
        if let Err(error) = check_template(source).await {
            return Err(ApiError::invalid_body(format!("{member} is not a Liquid template: {error}")));
        }
    }
    Ok(())
}

fn document(row: &TenantDocumentRow) -> Result<Map<String, Value>, ApiError> {
    Ok(serde_json::from_str(&row.document).map_err(AppError::internal)?)
}

fn row(call: &Call, name: &str, document: &Map<String, Value>) -> TenantDocumentRow {
    let now = call.app.now();
    TenantDocumentRow {
        kind: EMAIL_TEMPLATE.to_owned(),
        name: name.to_owned(),
        document: Value::Object(document.clone()).to_string(),
        secrets: None,
        created_at: now,
        updated_at: now,
    }
}

async fn create(call: Call) -> Outcome {
    let body = created(&fields(), call.members());
    readable(&body, None).await?;
    let name = body.get("template").and_then(Value::as_str).unwrap_or_default().to_owned();
    let new = row(&call, &name, &body);
    let inserted = call.configure(move |tx, tenant| Ok(tenant_documents::insert(tx, tenant, &new)?)).await;
    inserted.map_err(|error| {
        error.when("tenant_documents_pkey", || ApiError::conflict(format!("Template {name} already exists.")))
    })?;
    Ok(Reply::json(Value::Object(body)))
}

async fn get(call: Call) -> Outcome {
    let name = name(&call)?;
    let found = call.read(move |tx, tenant| Ok(tenant_documents::find(tx, tenant, EMAIL_TEMPLATE, name)?)).await?;
    Ok(Reply::json(Value::Object(document(&found.ok_or_else(missing)?)?)))
}

async fn update(call: Call) -> Outcome {
    let (name, body) = (name(&call)?, call.members());
    readable(&body, Some(name)).await?;
    let inner = call.clone();
    let changed = call.configure(move |tx, tenant| {
        let old = tenant_documents::find(tx, tenant, EMAIL_TEMPLATE, name)?.ok_or_else(missing)?;
        let mut own = document(&old)?;
        merge(&fields(), &mut own, body);
        tenant_documents::put(tx, tenant, &row(&inner, name, &own))?;
        Ok(own)
    });
    Ok(Reply::json(Value::Object(changed.await?)))
}

/// "PUT creates or replaces".
async fn replace(call: Call) -> Outcome {
    let name = name(&call)?;
    let body = created(&fields(), call.members());
    readable(&body, Some(name)).await?;
    let new = row(&call, name, &body);
    call.configure(move |tx, tenant| Ok(tenant_documents::put(tx, tenant, &new)?)).await?;
    Ok(Reply::json(Value::Object(body)))
}
