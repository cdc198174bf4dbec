//! The authorization request of a device (§5.4; RFC 8628 §3.3): the same transaction and the same decision as a browser's, but
//! the answer waits for the device, and the browser gets a page.

use std::sync::Arc;

use axum::response::Response;
use http::Method;
use keywright_app::{
    App, AppError, AuthorizationRequest, ClientRecord, Denial, LogType, ResponseMode, ResponseType, Session,
    TokenChanges,
};
use keywright_store::device_codes::{self, DeviceApproval};
use keywright_store::{StoreError, Tx};
use keywright_types::{Client, ScopeSet, Tenant, TenantId, Timestamp, User};
use keywright_web::{Parameters, redirect};

use super::call::Call;
use super::checks::{checked_without_callback, invalid};
use super::code::CodeBinding;
use super::denial::{AuthorizeError, denial};
use super::events;
use super::organization::Asked;
use super::parameters::{audience, one_kind_of_refresh_token};
use super::scopes::effective_scopes;
use crate::device_authorization::{GRANT_TYPE, may_use_device_flow};
use crate::error::OAuthError;

/// The pages that say what became of it, in `login`.
const ALLOWED: &str = "/activate/complete";
const DENIED: &str = "/activate/denied";
const EXPIRED: &str = "/activate/expired";

/// The checks of §1.2 that are not about a callback, for a device that asks for a code. Refusals are in the words of its
/// endpoint.
pub(crate) async fn check_device(
    app: &App,
    tenant: &Tenant,
    client: Arc<ClientRecord>,
    parameters: &Parameters,
) -> Result<AuthorizationRequest, OAuthError> {
    checked(app, tenant, &client, parameters).await.map_err(AuthorizeError::of_device_request)
}

async fn checked(
    app: &App,
    tenant: &Tenant,
    client: &Arc<ClientRecord>,
    parameters: &Parameters,
) -> Result<AuthorizationRequest, AuthorizeError> {
    let organization = parameters.get("organization");
    let mut request = AuthorizationRequest {
        client_id: client.client.client_id.clone(),
        response_type: ResponseType::default(),
        response_mode: ResponseMode::default(),
        scope: ScopeSet::parse(parameters.get("scope").unwrap_or_default()),
        audience: audience(tenant, parameters),
        ..AuthorizationRequest::default()
    };
    one_kind_of_refresh_token(&request)?;
    match Asked::by(app, tenant, &client.client, organization, None).await? {
        Asked::Nothing => {}
        Asked::Known(record) => request.organization = Some(record.organization.id.clone()),
        Asked::Unusable(text) => return Err(invalid(&request, text)),
    }
    let checked = checked_without_callback(app, tenant, client.clone(), request).await?;
    // Scopes that the API does not define are dropped here already: people are shown what is asked for before anything else,
    // and must not read there what a stranger wrote.
    let api = checked.api.as_ref().map(|record| &record.api);
    let limit = checked.granted_to_client.as_ref();
    let scope = effective_scopes(&checked.request.scope, &client.client, api, limit, None);
    Ok(AuthorizationRequest { scope, ..checked.request })
}

/// DV-07, again: the application may have lost the grant since the device asked.
pub(super) fn still_allowed(request: &AuthorizationRequest, client: &Client) -> Result<(), AuthorizeError> {
    if may_use_device_flow(client).is_err() {
        let text = format!("Grant type '{GRANT_TYPE}' not allowed for the client.");
        return Err(AuthorizeError::redirect(request, denial("unauthorized_client", text)));
    }
    Ok(())
}

/// The answer to a device, ready for the transaction that completes the request.
pub(super) struct Approval {
    code_digest: Vec<u8>,
    client_id: String,
    given: DeviceApproval,
}

impl Approval {
    /// `None` for a request that is no device's.
    pub(super) fn of(
        request: &AuthorizationRequest,
        session: &Session,
        scope: &ScopeSet,
        auth_time: Option<i64>,
        changes: &TokenChanges,
    ) -> Result<Option<Self>, AppError> {
        let Some(device) = &request.device else { return Ok(None) };
        let binding = CodeBinding::of(request, scope, auth_time, changes);
        Ok(Some(Self {
            code_digest: device.code_digest(),
            client_id: request.client_id.clone(),
            given: DeviceApproval {
                user_id: session.user_id.clone(),
                session_id: session.session_id.clone(),
                binding: serde_json::to_string(&binding).map_err(AppError::internal)?,
            },
        }))
    }

    /// One conditional write (DV-05, DV-06). `false`: the device was answered before, or its time is over.
    pub(super) fn write(&self, tx: &mut Tx<'_>, tenant: &TenantId, now: Timestamp) -> Result<bool, StoreError> {
        device_codes::approve(tx, tenant, &self.code_digest, &self.client_id, &self.given, now)
    }
}

/// §5.4: "Final pages do not redirect."
pub(super) fn allowed() -> Response {
    redirect::to(ALLOWED, &Method::GET)
}

/// The code was answered in another tab, or its time is over.
pub(super) fn expired() -> Response {
    redirect::to(EXPIRED, &Method::GET)
}

/// §5.4: "declined consent, or a Rule/Action denial => 5b; next poll gets `access_denied`". The page says nothing about the
/// reason; the device gets it, and the tenant log has it.
pub(super) async fn denied(
    call: &Call<'_>,
    request: &AuthorizationRequest,
    denial: &Denial,
    user: Option<&User>,
) -> Result<Response, AppError> {
    let Some(device) = &request.device else { return Err(AppError::internal("a refusal of no device")) };
    tracing::info!(client.id = request.client_id, error = denial.error, cause = denial.description, "device refused");
    let event = events::refused(call, request, denial, user).with_kind(LogType::FailedDeviceActivation);
    let denied = call.app.deny_device(&call.tenant.id, device, &denial.description, event).await?;
    Ok(if denied { redirect::to(DENIED, &Method::GET) } else { expired() })
}
