//! `POST /dbconnections/change_password` (§7.2): has a link mailed. A password is not set here, whatever is sent.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, header};
use keywright_app::{App, Caller, Limit, PasswordResetRequest};
use keywright_types::Tenant;
use keywright_web::page::{Language, PreferredLanguages};
use keywright_web::{CurrentCaller, CurrentTenant, RateLimits};

use super::Named;
use super::error::DatabaseError;
use super::request::Request;
use crate::error::no_store;

/// "regardless of whether the user exists" (LG-03).
const SENT: &str = "We've just sent you an email to reset your password.";

/// The handler, for JSON and forms.
pub(crate) async fn post(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    CurrentCaller(caller): CurrentCaller,
    limits: RateLimits,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match request(&app, &tenant, &caller, &limits, &headers, body).await {
        Ok(()) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
                (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            ];
            let mut response = (headers, SENT).into_response();
            no_store(&mut response);
            response
        }
        Err(error) => error.respond(),
    }
}

async fn request(
    app: &App,
    tenant: &Tenant,
    caller: &Caller,
    limits: &RateLimits,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<(), DatabaseError> {
    let request = Request::read(headers, body)?;
    let named = Named::of(app, tenant, &request).await?;
    if !named.connection.options.lets_users_reset_passwords() {
        return Err(DatabaseError::Said("password change is disabled"));
    }
    let username = request.text("username").filter(|_| named.connection.options.requires_username);
    let identifier = match (request.text("email"), username) {
        (Some(email), _) => email,
        (None, Some(username)) => username,
        (None, None) => return Err(DatabaseError::Missing("email")),
    };
    // §2.11: "1/min per IP+email, burst 10".
    let account = identifier.trim().to_lowercase();
    limits.take_with_address(Limit::ChangePassword, &[&account, &named.connection.name]).await?;
    let enabled = Language::enabled(&tenant.settings.enabled_locales);
    let request = PasswordResetRequest {
        tenant,
        connection: &named.connection,
        client: &named.client.client,
        identifier,
        organization_id: named.organization.as_deref(),
        caller,
        language: Some(PreferredLanguages::current().choose(None, &enabled).tag()),
    };
    Ok(app.request_password_reset(request).await?)
}
