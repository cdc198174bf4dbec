//! Creating, changing and deleting users (`management-api.md` §5.3).

pub(crate) use keywright_app::RESERVED_APP_METADATA as RESERVED;
use keywright_app::{
    AccountError, AppError, NewUser, PasswordRefusal, RegistrationFacts, RegistrationVerdict, RequestFacts,
    SignUpError, user_from_row,
};
use keywright_store::identities;
use keywright_store::users::{self, UserRow};
use keywright_types::Connection;
use serde_json::{Map, Value};

use super::fields::{self, ATTRIBUTES};
use super::profile::{members, missing, show};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::fields::{created, merge};
use crate::operation::Outcome;

pub(super) async fn create(call: Call) -> Outcome {
    let body = created(&fields::all(), call.members());
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let flag = |name: &str| body.get(name).and_then(Value::as_bool);
    app_metadata_is_free(&body)?;
    let connection = database(&call, text("connection").unwrap_or_default()).await?;
    for name in ["email", "password"] {
        if text(name).is_none() {
            return Err(ApiError::invalid_body(format!(
                "Payload validation error: 'Missing required property: {name}'."
            )));
        }
    }
    let attributes = ATTRIBUTES.iter().filter_map(|name| Some(((*name).to_owned(), body.get(*name)?.clone())));
    let new = NewUser {
        email: text("email").unwrap_or_default().to_owned(),
        username: text("username").map(str::to_owned),
        password: text("password").unwrap_or_default().to_owned(),
        email_verified: flag("email_verified").unwrap_or(false),
        profile: attributes.collect(),
        user_metadata: body.get("user_metadata").and_then(Value::as_object).cloned().unwrap_or_default(),
    };
    let mut row = call.app.new_user_row(&connection, new).await.map_err(refused)?;
    if let Some(own) = text("user_id") {
        row.user_id = format!("auth0|{own}");
    }
    row.blocked = flag("blocked").unwrap_or(false);
    if let Some(value) = body.get("app_metadata") {
        row.app_metadata = value.to_string();
    }
    readable(&row)?;
    // The password is in no request that Actions are told of.
    let request = RequestFacts { method: "POST".to_owned(), ..RequestFacts::default() };
    let facts = RegistrationFacts {
        tenant: &call.tenant,
        connection: &connection,
        client: None,
        caller: &call.caller,
        request: &request,
        authorization: None,
    };
    let verdict = call.app.run_registration_scripts(&facts, &mut row).await?;
    if let RegistrationVerdict::Denied { reason, .. } = verdict {
        return Err(ApiError::bad_request(reason).code("extensibility_error"));
    }
    let actions = call.app.registration_actions(&facts, &row).await?;
    // "Verification e-mail is sent unless `email_verified:true` or `verify_email:false`."
    let mailed = !row.email_verified && flag("verify_email").unwrap_or(true);
    let app = call.app.clone();
    let written = call.write(move |tx, tenant| {
        users::insert(tx, tenant, &row)?;
        if mailed {
            app.queue_verification_email(tx, tenant, &row.user_id, None, None, None)?;
        }
        app.queue_actions(tx, tenant, actions.as_ref())?;
        show(tx, tenant, &row)
    });
    let written = written.await;
    call.app.wake_jobs();
    let shown = written.map_err(|error| {
        let exists = || refused(SignUpError::UserExists);
        ["users_pkey", "users_email_key", "users_username_key"]
            .iter()
            .fold(error, |error, name| error.when(name, exists))
    })?;
    Ok(Reply::json(shown))
}

pub(super) async fn update(call: Call) -> Outcome {
    let body = call.members();
    if call.bearer.is_user && body.keys().any(|name| name != "user_metadata") {
        // §1.3: "Password cannot be changed with these; only `user_metadata` can."
        return Err(ApiError::forbidden("Only user_metadata can be changed with a token of the user."));
    }
    combination(&body)?;
    app_metadata_is_free(&body)?;
    let id = call.path("id").to_owned();
    let wanted = id.clone();
    let row = call.read(move |tx, tenant| users::find(tx, tenant, &wanted)?.ok_or_else(missing)).await?;
    let account = account(&call, row.clone(), &body).await?;
    identifiers(&call, &account, &body).await?;
    // A linked identity has no address to prove: what is asked of a user is their own.
    if account.user_id == row.user_id && asks_for_verification(&row, &body) {
        mail_verification(&call, &id).await?;
    }
    match body.get("blocked").and_then(Value::as_bool) {
        Some(true) if !row.blocked => call.app.block_user(&call.tenant, &id, &call.caller).await.map_err(failed)?,
        Some(false) if row.blocked => call.app.unblock_user(&call.tenant, &id, &call.caller).await.map_err(failed)?,
        _ => {}
    }
    let now = call.app.now();
    let mut user = call
        .write(move |tx, tenant| {
            let mut row = users::find(tx, tenant, &id)?.ok_or_else(missing)?;
            let mut document = members(&row.profile)?;
            document.insert("user_metadata".to_owned(), Value::Object(members(&row.user_metadata)?));
            document.insert("app_metadata".to_owned(), Value::Object(members(&row.app_metadata)?));
            let known = |name: &str| ATTRIBUTES.contains(&name) || ["user_metadata", "app_metadata"].contains(&name);
            let verified = body.get("email_verified").and_then(Value::as_bool);
            let sent: Map<String, Value> = body.into_iter().filter(|(name, _)| known(name)).collect();
            merge(&fields::all(), &mut document, sent);
            let mut part = |name: &str| match document.remove(name) {
                Some(value @ Value::Object(_)) => value.to_string(),
                _ => "{}".to_owned(),
            };
            (row.user_metadata, row.app_metadata) = (part("user_metadata"), part("app_metadata"));
            row.profile = Value::Object(document).to_string();
            row.email_verified = verified.unwrap_or(row.email_verified);
            row.updated_at = now;
            readable(&row)?;
            users::update_profile(tx, tenant, &row)?;
            show(tx, tenant, &row)
        })
        .await?;
    if call.bearer.is_user {
        user.remove("app_metadata");
    }
    Ok(Reply::json(user))
}

/// §5.3: "connection (to target a secondary identity)".
async fn account(call: &Call, row: UserRow, body: &Map<String, Value>) -> Result<UserRow, ApiError> {
    let wanted = body.get("connection").and_then(Value::as_str).unwrap_or(&row.connection).to_owned();
    if wanted == row.connection {
        return Ok(row);
    }
    let accounts = call.read(move |tx, tenant| Ok(identities::list(tx, tenant, &row.user_id)?)).await?;
    let found = accounts.into_iter().find(|account| account.connection == wanted);
    found.ok_or_else(|| ApiError::bad_request("The user has no identity in this connection."))
}

/// Address, user name or password: at most one of them is sent, so that a refusal has changed nothing.
async fn identifiers(call: &Call, row: &UserRow, body: &Map<String, Value>) -> Result<(), ApiError> {
    let id = row.user_id.as_str();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    // Whoever has a password needs a name to enter with it.
    for (name, other) in [("email", &row.username), ("username", &row.email)] {
        let is_removed = body.get(name).is_some_and(Value::is_null);
        if is_removed && (other.is_none() || name == "email") {
            return Err(ApiError::bad_request(format!(
                "The {name} of a user of a database connection cannot be removed."
            )));
        }
    }
    if body.get("username").is_some_and(Value::is_null) && row.username.is_some() {
        let (id, now) = (row.user_id.clone(), call.app.now());
        call.write(move |tx, tenant| Ok(users::set_username(tx, tenant, &id, None, now)?)).await?;
    }
    let (app, tenant, caller) = (&call.app, &call.tenant, &call.caller);
    if let Some(password) = text("password") {
        app.change_password(tenant, id, password, caller).await.map_err(failed)?;
    }
    if let Some(email) = text("email").filter(|email| row.email.as_deref() != Some(email.to_lowercase().as_str())) {
        // "`email` change sets email_verified false unless sent".
        let verified = body.get("email_verified").and_then(Value::as_bool).unwrap_or(false);
        app.change_email(tenant, id, email, verified, caller).await.map_err(failed)?;
    }
    if let Some(name) = text("username").filter(|name| row.username.as_deref() != Some(name.to_lowercase().as_str())) {
        let connection = database(call, &row.connection).await?;
        if !connection.options.requires_username {
            return Err(failed(AccountError::InvalidUsername));
        }
        app.change_username(tenant, id, name, caller).await.map_err(failed)?;
    }
    Ok(())
}

/// A new address is to be proven unless the caller says that it is, or wants no mail; an old one where the caller wants it.
fn asks_for_verification(row: &UserRow, body: &Map<String, Value>) -> bool {
    let flag = |name: &str| body.get(name).and_then(Value::as_bool);
    let email = body.get("email").and_then(Value::as_str).map(str::to_lowercase);
    let is_new = email.is_some() && email != row.email;
    let verified = flag("email_verified").unwrap_or(row.email_verified && !is_new);
    !verified && flag("verify_email").unwrap_or(is_new)
}

async fn mail_verification(call: &Call, id: &str) -> Result<(), ApiError> {
    match call.app.send_verification_email(&call.tenant, id, None, None, &call.caller).await {
        // Who has no address gets no mail.
        Ok(()) | Err(AccountError::InvalidEmail) => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

pub(super) async fn delete(call: Call) -> Outcome {
    // §1.9: "DELETE of a missing object: 204 (idempotent)". A linked identity is none of its own.
    if call.app.user(&call.tenant.id, call.path("id")).await?.is_none() {
        return Ok(Reply::empty());
    }
    match call.app.delete_user(&call.tenant, call.path("id"), &call.caller).await {
        Ok(()) | Err(AccountError::NotFound) => Ok(Reply::empty()),
        Err(error) => Err(failed(error)),
    }
}

async fn database(call: &Call, name: &str) -> Result<Connection, ApiError> {
    let all = call.app.connections(&call.tenant.id).await?;
    let found = all.iter().find(|connection| connection.name == name);
    let connection = found.ok_or_else(|| ApiError::bad_request("The connection does not exist."))?;
    if connection.is_database() {
        return Ok(connection.clone());
    }
    if matches!(connection.strategy.as_str(), "email" | "sms") {
        // Users could be made in them, and nobody could log in as one of them yet.
        return Err(ApiError::forbidden("This feature is not enabled for this tenant.").code("feature_not_enabled"));
    }
    Err(ApiError::bad_request(
        "Connection does not support user creation through the API. It must either be a database or passwordless connection.",
    ))
}

/// §5.3, "400 combinations".
fn combination(body: &Map<String, Value>) -> Result<(), ApiError> {
    for (first, second) in [
        ("password", "email"),
        ("password", "email_verified"),
        ("username", "email"),
        ("username", "email_verified"),
        ("username", "password"),
    ] {
        if body.contains_key(first) && body.contains_key(second) {
            return Err(ApiError::bad_request(format!("Cannot update {first} and {second} simultaneously.")));
        }
    }
    Ok(())
}

fn app_metadata_is_free(body: &Map<String, Value>) -> Result<(), ApiError> {
    let keys = body.get("app_metadata").and_then(Value::as_object).into_iter().flat_map(Map::keys);
    match keys.into_iter().find(|key| RESERVED.contains(&key.as_str())) {
        Some(key) => Err(ApiError::invalid_body(format!("The key {key} is not allowed in app_metadata"))),
        None => Ok(()),
    }
}

/// What is stored has to be what the rest of the program can read.
fn readable(row: &UserRow) -> Result<(), ApiError> {
    user_from_row(row).map(drop).map_err(|error| ApiError::invalid_body("The user cannot be read").cause(error))
}

fn refused(error: SignUpError) -> ApiError {
    match error {
        SignUpError::UserExists => ApiError::conflict("The user already exists.").code("auth0_idp_error"),
        SignUpError::Password(refusal) => not_taken(&refusal),
        SignUpError::InvalidEmail => ApiError::invalid_body("The email is not valid"),
        SignUpError::InvalidUsername => {
            ApiError::invalid_body("The username is missing, not valid, or the connection has none")
        }
        SignUpError::App(error) => error.into(),
        // Only the public meets these.
        error => AppError::internal(error).into(),
    }
}

fn failed(error: AccountError) -> ApiError {
    match error {
        AccountError::NotFound => missing(),
        AccountError::Taken => ApiError::conflict("The user already exists.").code("auth0_idp_error"),
        AccountError::Password(refusal) => not_taken(&refusal),
        AccountError::InvalidEmail => ApiError::invalid_body("The email is not valid"),
        AccountError::InvalidUsername => {
            ApiError::invalid_body("The username is not valid, or the connection has none")
        }
        AccountError::NoPasswords => ApiError::bad_request("Cannot update password for non-database user."),
        AccountError::App(error) => error.into(),
    }
}

/// §1.10.
fn not_taken(refusal: &PasswordRefusal) -> ApiError {
    let (name, message) = refusal.name_and_message();
    ApiError::bad_request(format!("{name}: {message}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_changed_together_is_named() {
        let body = json!({ "password": "x", "email": "a@b.example" });
        let error = combination(body.as_object().unwrap()).unwrap_err();
        assert_eq!(error.message(), "Cannot update password and email simultaneously.");
        assert!(combination(json!({ "email": "a", "email_verified": true }).as_object().unwrap()).is_ok());
    }
}
