//! `POST /dbconnections/signup` (§7.1).

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use keywright_app::{App, Caller, NewUser, RequestFacts, SignUp, SignUpError};
use keywright_types::{OtherMembers, Tenant, User};
use keywright_web::page::{Language, PreferredLanguages};
use keywright_web::{CurrentCaller, CurrentTenant};
use serde_json::{Value, json};

use super::Named;
use super::error::DatabaseError;
use super::request::Request;
use crate::error::no_store;

/// Attributes of a profile, each with its longest value (§7.8 "Limits").
const PROFILE: [(&str, usize); 5] =
    [("given_name", 150), ("family_name", 150), ("name", 300), ("nickname", 300), ("picture", 2048)];

/// The handler, for JSON and forms.
pub(crate) async fn post(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    CurrentCaller(caller): CurrentCaller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match sign_up(&app, &tenant, &caller, &headers, body).await {
        Ok(answer) => {
            let mut response = axum::Json(answer).into_response();
            no_store(&mut response);
            response
        }
        Err(error) => error.respond(),
    }
}

/// The order: what is sent, whose it is, whether it may be, and then the account.
async fn sign_up(
    app: &App,
    tenant: &Tenant,
    caller: &Caller,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Value, DatabaseError> {
    let request = Request::read(headers, body)?;
    let named = Named::of(app, tenant, &request).await?;
    if named.connection.options.disable_signup {
        return Err(DatabaseError::Said("public signup is disabled"));
    }
    let profile = profile(&request)?;
    let email = request.required("email")?;
    let username = request.text("username");
    if named.connection.options.requires_username && username.is_none() {
        return Err(DatabaseError::NoUsername { connection: named.connection.name.clone() });
    }
    let new = NewUser {
        email: email.to_owned(),
        username: username.map(str::to_owned),
        password: request.required("password")?.to_owned(),
        email_verified: false,
        profile: profile.clone(),
        user_metadata: request.user_metadata.clone(),
    };
    let enabled = Language::enabled(&tenant.settings.enabled_locales);
    let language = PreferredLanguages::current().choose(None, &enabled).tag();
    let body = request.members_without(&["password"]);
    let facts = RequestFacts {
        method: "POST".to_owned(),
        body,
        language: Some(language.to_owned()),
        ..RequestFacts::default()
    };
    let attempt = SignUp {
        tenant,
        connection: &named.connection,
        client: &named.client.client,
        caller,
        browser: None,
        new,
        organization_id: named.organization.as_deref(),
        language: Some(language),
        request: &facts,
        authorization: None,
    };
    let user = match app.sign_up(attempt).await {
        Ok(authenticated) => authenticated.user,
        Err(error) => return Err(refusal(app, tenant, error)),
    };
    Ok(answer(&user, profile, &request.user_metadata))
}

fn profile(request: &Request) -> Result<OtherMembers, DatabaseError> {
    let mut profile = OtherMembers::new();
    for (name, longest) in PROFILE {
        let Some(value) = request.text(name) else { continue };
        if value.chars().count() > longest {
            return Err(DatabaseError::Said("a profile attribute is too long"));
        }
        if name == "picture" && !is_web_address(value) {
            return Err(DatabaseError::Said("picture must be a web address"));
        }
        profile.insert(name.to_owned(), json!(value));
    }
    Ok(profile)
}

fn is_web_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn refusal(app: &App, tenant: &Tenant, error: SignUpError) -> DatabaseError {
    match error {
        SignUpError::Disabled => DatabaseError::Said("public signup is disabled"),
        SignUpError::InvalidEmail => DatabaseError::Said("email format validation failed"),
        SignUpError::InvalidUsername => DatabaseError::Said("username format validation failed"),
        SignUpError::Denied { user_message, .. } => DatabaseError::Refused(user_message),
        SignUpError::PasswordLeaked => DatabaseError::PasswordLeaked,
        SignUpError::AddressBlocked { until } => DatabaseError::TooManyAttempts(until.duration_since(app.now())),
        SignUpError::Password(refusal) => DatabaseError::Password(refusal),
        SignUpError::UserExists => {
            // §7.1: the tenant flag; without it the answer is "deliberately generic".
            let flag = tenant.settings.flags.other.get("enable_public_signup_user_exists_error");
            if flag == Some(&Value::Bool(true)) { DatabaseError::UserExists } else { DatabaseError::InvalidSignup }
        }
        SignUpError::App(error) => DatabaseError::Failed(error),
    }
}

/// §7.1: "`_id` has **no** `auth0|` prefix. Supplied profile fields are echoed".
fn answer(user: &User, profile: OtherMembers, user_metadata: &OtherMembers) -> Value {
    let mut members = profile;
    let own = user.user_id.split_once('|').map_or(user.user_id.as_str(), |(_, own)| own);
    members.insert("_id".to_owned(), json!(own));
    members.insert("email".to_owned(), json!(user.email));
    members.insert("email_verified".to_owned(), json!(user.email_verified));
    if let Some(username) = &user.username {
        members.insert("username".to_owned(), json!(username));
    }
    if !user_metadata.is_empty() {
        members.insert("user_metadata".to_owned(), Value::Object(user_metadata.clone()));
    }
    Value::Object(members)
}
