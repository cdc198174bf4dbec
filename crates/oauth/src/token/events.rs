//! What the tenant log says about exchanges (`management-api.md` §12.1): one place decides the event from grant and result.
//!
//! Successes are written in the transaction that redeems the code or rotates the family; an application's own token by a
//! write of its own. Refusals are written here, before they are answered.

use keywright_app::{App, LogEvent, LogType};
use keywright_types::{Client, Tenant};

use super::client_authentication::named_client;
use super::{Grant, TokenRequest};
use crate::error::OAuthError;

/// The event of an exchange that succeeded, and of one that was refused.
const fn log_types(grant: Grant) -> (LogType, LogType) {
    match grant {
        Grant::AuthorizationCode => (LogType::SuccessCodeExchange, LogType::FailedCodeExchange),
        Grant::RefreshToken => (LogType::SuccessRefreshTokenExchange, LogType::FailedRefreshTokenExchange),
        Grant::ClientCredentials => {
            (LogType::SuccessClientCredentialsExchange, LogType::FailedClientCredentialsExchange)
        }
        Grant::DeviceCode => (LogType::SuccessDeviceCodeExchange, LogType::FailedDeviceCodeExchange),
        Grant::Password | Grant::PasswordRealm => (LogType::SuccessPasswordExchange, LogType::FailedPasswordExchange),
    }
}

/// A success; the grant adds user, audience and scope.
pub(super) fn granted(grant: Grant, request: &TokenRequest, client: &Client) -> LogEvent {
    let (granted, _) = log_types(grant);
    LogEvent::new(granted, request.caller()).client(client)
}

/// Writes a refusal. Grants that this server does not know have no event, and a failure of the server is none.
pub(super) async fn log_refusal(
    app: &App,
    tenant: &Tenant,
    request: &TokenRequest,
    grant_type: &str,
    error: &OAuthError,
) -> Result<(), OAuthError> {
    let (Ok(grant), Some(reason)) = (Grant::named(grant_type), error.reason()) else { return Ok(()) };
    let (_, refused) = log_types(grant);
    let event = LogEvent::new(refused, request.caller()).description(reason);
    app.log(&tenant.id, log_client(app, tenant, request, event).await?).await?;
    Ok(())
}

/// Names the application of a request that was refused. Only one that exists: what else stands there is the caller's
/// invention, or a mistyped secret.
pub(crate) async fn log_client(
    app: &App,
    tenant: &Tenant,
    request: &TokenRequest,
    event: LogEvent,
) -> Result<LogEvent, OAuthError> {
    let Some(client_id) = named_client(request) else { return Ok(event) };
    let record = app.client(&tenant.id, &client_id).await?;
    Ok(record.map_or(event.clone(), |record| event.client(&record.client)))
}
