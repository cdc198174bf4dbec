//! `/tickets`: links to set a password or to prove an address, for mails that the caller sends (`management-api.md` §6.5).

use keywright_app::mail::LONGEST_LINK_LIFETIME;
use keywright_app::{AccountError, LinkRequest};
use keywright_store::{identities, users};
use serde_json::{Value, json};

use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::{Operation, Outcome, Resource};
use crate::schema::formats::{EMAIL, URL};
use crate::schema::{Member, boolean, formatted, integer, object, optional, required, text, text_of};

const ABOUT: &str = "\
Links that prove something about an account. No mail is sent: the caller sends the link, or shows it. It works once, for `ttl_sec`
seconds (five days without it, 30 days at most), as long as there is no newer one for the same account and the account keeps its
address and, for a link that sets a password, its password. See [Mail](../../guides/mail.md#links).

`result_url` gets the outcome in its query: `success`, `message`, and `email` with `includeEmailInRedirect`. With `client_id` the
last page leads to the `initiate_login_uri` of the application. `mark_email_as_verified` says that whoever has the link reads the
address.";

const SCOPES: &[&str] = &["create:user_tickets"];

pub(super) fn resource() -> Resource {
    let answer = || object(vec![required("ticket", text().about("The link."))]).named("Ticket");
    let identity = object(vec![
        required("user_id", text_of(1, 255)),
        required("provider", text_of(1, 100)),
        optional("connection_id", text_of(1, 100)),
    ]);
    let shared = || -> Vec<Member> {
        vec![
            optional("result_url", formatted(URL).about("URL the user will be redirected to.")),
            optional("client_id", text_of(1, 100).about("ID of the client.")),
            optional("organization_id", text_of(1, 100).about("ID of the organization.")),
            optional("ttl_sec", integer(0, LONGEST_LINK_LIFETIME).about("Seconds that the link is valid.")),
            optional("includeEmailInRedirect", boolean()),
            optional("identity", identity.clone().about("The identity of the user.")),
        ]
    };
    let password = vec![
        optional("user_id", text_of(1, 255).about("ID of the user.")),
        optional("email", formatted(EMAIL).about("Email address of the user.")),
        optional("connection_id", text_of(1, 100).about("ID of the connection.")),
        optional("mark_email_as_verified", boolean()),
    ];
    let verification = vec![required("user_id", text_of(1, 255).about("ID of the user."))];
    Resource {
        name: "tickets",
        title: "Tickets",
        about: ABOUT,
        operations: vec![
            Operation::post("/tickets/password-change", "Create a password change ticket")
                .scopes(SCOPES)
                .body(object([password, shared()].concat()).named("PasswordChangeTicket"))
                .answers(answer())
                .handled_by(password_change),
            Operation::post("/tickets/email-verification", "Create an email verification ticket")
                .scopes(SCOPES)
                .body(object([verification, shared()].concat()).named("EmailVerificationTicket"))
                .answers(answer())
                .handled_by(email_verification),
        ],
    }
}

async fn password_change(call: Call) -> Outcome {
    let user_id = match (call.text("user_id"), call.text("email"), call.text("connection_id")) {
        (Some(user_id), None, None) => user_id.to_owned(),
        (None, Some(email), Some(connection_id)) => by_email(&call, email, connection_id).await?,
        (Some(_), ..) => return Err(ApiError::invalid_body("Cannot specify both user_id and email or connection_id.")),
        _ => return Err(ApiError::invalid_body("Either user_id, or email and connection_id must be specified.")),
    };
    let request = request(&call, user_id).await?;
    let link = call.app.password_change_link(&call.tenant, request).await.map_err(failed)?;
    Ok(Reply::json(json!({ "ticket": link })))
}

async fn email_verification(call: Call) -> Outcome {
    let request = request(&call, call.text("user_id").unwrap_or_default().to_owned()).await?;
    let account = request.user_id.clone();
    let row = call.read(move |tx, tenant| users::find_account(tx, tenant, &account)?.ok_or_else(no_user)).await?;
    if row.email.is_none() {
        return Err(ApiError::bad_request("The user does not have an email address."));
    }
    let link = call.app.email_verification_link(&call.tenant, request).await.map_err(failed)?;
    Ok(Reply::json(json!({ "ticket": link })))
}

fn no_user() -> ApiError {
    ApiError::not_found("The user does not exist.").code("inexistent_user")
}

async fn by_email(call: &Call, email: &str, connection_id: &str) -> Result<String, ApiError> {
    let connections = call.app.connections(&call.tenant.id).await?;
    let connection = connections.iter().find(|own| own.id == connection_id);
    let name = connection
        .map(|own| own.name.clone())
        .ok_or_else(|| ApiError::not_found("The connection does not exist").code("inexistent_connection"))?;
    let email = email.to_lowercase();
    let row = call.read(move |tx, tenant| Ok(users::find_by_email(tx, tenant, &name, &email)?)).await?;
    Ok(row.ok_or_else(no_user)?.user_id)
}

/// What both kinds of links are made with; the names in it are those of things that there are.
async fn request(call: &Call, user_id: String) -> Result<LinkRequest, ApiError> {
    let (app, tenant) = (&call.app, &call.tenant.id);
    let owned = |name: &str| call.text(name).map(str::to_owned);
    let flag = |name: &str| call.body.get(name).and_then(Value::as_bool).unwrap_or(false);
    let (result_url, client_id) = (owned("result_url"), owned("client_id"));
    if result_url.is_some() && client_id.is_some() {
        return Err(ApiError::invalid_body("Cannot specify both result_url and client_id."));
    }
    if let Some(client_id) = &client_id
        && app.client(tenant, client_id).await?.is_none()
    {
        return Err(ApiError::not_found("The client does not exist").code("inexistent_client"));
    }
    let organization_id = owned("organization_id");
    if let Some(id) = &organization_id
        && app.organization(tenant, id).await?.is_none()
    {
        return Err(ApiError::not_found("No organization found by that id or name"));
    }
    let user_id = match call.body.get("identity") {
        Some(identity) => identity_of(call, user_id, identity).await?,
        None => user_id,
    };
    Ok(LinkRequest {
        user_id,
        result_url,
        client_id,
        organization_id,
        lifetime: call.body.get("ttl_sec").and_then(Value::as_i64),
        include_email: flag("includeEmailInRedirect"),
        mark_email_as_verified: flag("mark_email_as_verified"),
    })
}

/// The account that `identity` names: the user's own, or one that is linked to it.
async fn identity_of(call: &Call, user_id: String, identity: &Value) -> Result<String, ApiError> {
    let text = |name: &str| identity.get(name).and_then(Value::as_str).unwrap_or_default();
    let account = format!("{}|{}", text("provider"), text("user_id"));
    let user = user_id.clone();
    let linked = call.read(move |tx, tenant| {
        users::find(tx, tenant, &user)?.ok_or_else(no_user)?;
        Ok(identities::ids(tx, tenant, &user)?)
    });
    let linked = linked.await?;
    if account == user_id || linked.contains(&account) {
        Ok(account)
    } else {
        Err(ApiError::bad_request("The user has no such identity."))
    }
}

fn failed(error: AccountError) -> ApiError {
    match error {
        AccountError::NotFound => no_user(),
        AccountError::NoPasswords => ApiError::bad_request("The connection of the user has no passwords."),
        AccountError::App(error) => error.into(),
        error => keywright_app::AppError::internal(error).into(),
    }
}
