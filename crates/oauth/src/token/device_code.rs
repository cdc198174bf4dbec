//! Grant `urn:ietf:params:oauth:grant-type:device_code` (§5.3; RFC 8628 §3.4 and §3.5; DV-04 to DV-06).
//!
//! Most requests ask about a code that nobody has decided on: they cost one read. What a code gives in the end is checked like
//! an authorization code.

use std::sync::Arc;

use jiff::Timestamp;
use keywright_app::{ApiRecord, App, AppError, ClientRecord, LogEvent, user_from_row};
use keywright_store::device_codes::{self, DeviceApproval, DeviceCodeRow, DeviceCodeState};
use keywright_store::{Tx, logs, organization_members, sessions, users};
use keywright_types::{ScopeSet, Tenant, TenantId, User};

use super::organization::{no_member, organization_now};
use super::refresh_token::NewFamily;
use super::{Grant, TokenRequest, TokenResponse, events};
use crate::authorize::{CodeBinding, ONLINE_ACCESS, begins_family, scopes_now};
use crate::device_authorization::may_use_device_flow;
use crate::error::OAuthError;
use crate::issue::{self, Issuer, Subject};
use crate::kept_claims::KeptClaims;
use crate::permissions::Permissions;

/// §5.3: one sentence for codes that are not there, not this client's, or have had their end.
fn invalid_code(cause: &str) -> OAuthError {
    OAuthError::invalid_grant("Invalid or expired device code.", cause)
}

pub(super) async fn run(
    app: &App,
    tenant: &Tenant,
    client: &ClientRecord,
    request: &TokenRequest,
) -> Result<TokenResponse, OAuthError> {
    may_use_device_flow(&client.client)?;
    let code = request.required("device_code")?;
    let digest = app.device_code_digest(&tenant.id, code);
    let (id, now) = (tenant.id.clone(), app.now());
    let row = app.store().look_up(move |tx| device_codes::find(tx, &id, digest.as_bytes())).await?;
    let row = row.ok_or_else(|| invalid_code("unknown device code"))?;
    // DV-05.
    if row.client_id != client.client.client_id {
        return Err(invalid_code("device code of another client"));
    }
    // DV-06.
    if row.ended_at.is_some() {
        return Err(invalid_code("the device code has had its end"));
    }
    match (row.state, &row.approval) {
        (DeviceCodeState::Denied, _) => {
            let reason = row.denial.clone().unwrap_or_else(|| "The request was denied.".to_owned());
            end(app, tenant, &row, now, OAuthError::access_denied(reason)).await
        }
        _ if row.expires_at <= now => end(app, tenant, &row, now, OAuthError::expired_token()).await,
        (DeviceCodeState::Approved, Some(approval)) => {
            let approval = approval.clone();
            redeem(app, tenant, client, request, &row, approval, now).await
        }
        (DeviceCodeState::Approved, None) => Err(AppError::internal("an approved device code without a user").into()),
        (DeviceCodeState::Pending, _) => {
            let in_time = app.device_asks(&tenant.id, &row.code_digest, row.poll_interval).await?;
            Err(if in_time { OAuthError::authorization_pending() } else { OAuthError::slow_down(row.poll_interval) })
        }
    }
}

/// §5.3: "`expired_token` is returned exactly once; afterwards `invalid_grant`. Denied codes likewise are terminal."
async fn end(
    app: &App,
    tenant: &Tenant,
    row: &DeviceCodeRow,
    now: Timestamp,
    error: OAuthError,
) -> Result<TokenResponse, OAuthError> {
    app.forget_device(&row.code_digest);
    let (id, digest) = (tenant.id.clone(), row.code_digest.clone());
    let told = app.store().write(move |tx| device_codes::close(tx, &id, &digest, now)).await?;
    Err(if told { error } else { invalid_code("the device was told of the end by another node") })
}

/// What the database said about an approved code.
enum Redeemed {
    Granted { scope: ScopeSet, permissions: Option<Permissions>, user: Box<User>, refresh_token: Option<String> },
    Refused(OAuthError),
}

async fn redeem(
    app: &App,
    tenant: &Tenant,
    client: &ClientRecord,
    request: &TokenRequest,
    row: &DeviceCodeRow,
    approval: DeviceApproval,
    now: Timestamp,
) -> Result<TokenResponse, OAuthError> {
    app.forget_device(&row.code_digest);
    let binding: CodeBinding = serde_json::from_str(&approval.binding).map_err(AppError::internal)?;
    let issuer = Issuer::load(app, tenant, client, binding.audience.as_deref(), request.jkt()).await?;
    // DV-03: what the application may have now, as everywhere.
    let scope = scopes_now(app, &tenant.id, &client.client, issuer.api(), &binding.scope).await?;
    let scope = scope.ok_or_else(|| OAuthError::access_denied("The application may no longer use the API"))?;
    // §4.6, of online refresh tokens: "public clients need DPoP". Said while nothing is spent.
    if scope.contains(ONLINE_ACCESS) && request.jkt().is_none() {
        let text = "A public client needs a DPoP proof for a refresh token that is bound to the session";
        return Err(OAuthError::invalid_request(text));
    }
    let organization = organization_now(app, tenant, binding.organization.as_deref()).await?;
    let organization =
        organization.map_err(|cause| OAuthError::access_denied("The organization is gone").because(cause))?;
    let event = events::granted(Grant::DeviceCode, request, &client.client)
        .audience(binding.audience.as_deref().unwrap_or_default());
    let new_family = NewFamily::new(app, tenant, &client.client).bound_to(request.jkt());
    let new_family = new_family.in_organization(binding.organization.clone());
    let (user_session, auth_time, claims) = (approval.session_id.clone(), binding.auth_time, binding.claims.clone());
    let changes = binding.changes.clone();
    let taking = Taking {
        app: app.clone(),
        code_digest: row.code_digest.clone(),
        client_id: client.client.client_id.clone(),
        approval,
        binding,
        scope,
        api: issuer.record(),
        new_family,
        event,
        now,
    };
    let id = tenant.id.clone();
    let redeemed = app.store().write(move |tx| taking.take(tx, &id)).await?;
    let (scope, permissions, user, refresh_token) = match redeemed {
        Redeemed::Granted { scope, permissions, user, refresh_token } => (scope, permissions, user, refresh_token),
        Redeemed::Refused(error) => return Err(error),
    };
    let subject = Subject {
        user: &user,
        session_id: Some(&user_session),
        scope: &scope,
        permissions: permissions.as_ref(),
        nonce: None,
        auth_time,
        claims: claims.as_ref(),
        organization: organization.as_ref().map(|record| &record.organization),
        // §3.2: `gty` is "absent for code/implicit/device".
        grant: None,
        issued_at: now,
        changes: &changes,
    };
    let tokens = issue::for_user(app, tenant, client, &issuer, &subject)?;
    Ok(TokenResponse { refresh_token, ..tokens })
}

/// An approved code, ready for the transaction that takes it.
struct Taking {
    app: App,
    code_digest: Vec<u8>,
    client_id: String,
    approval: DeviceApproval,
    binding: CodeBinding,
    scope: ScopeSet,
    api: Option<Arc<ApiRecord>>,
    new_family: NewFamily,
    event: LogEvent,
    now: Timestamp,
}

impl Taking {
    /// Checks user, membership and session as they are now, and takes the code, in one transaction. Where they do not hold any
    /// more, the code ends without tokens: a device that asks again hears nothing else.
    fn take(self, tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Redeemed, AppError> {
        let DeviceApproval { user_id, session_id, .. } = &self.approval;
        let refused = |tx: &mut Tx<'_>, error| -> Result<Redeemed, AppError> {
            device_codes::refuse(tx, tenant, &self.code_digest, self.now)?;
            Ok(Redeemed::Refused(error))
        };
        let Some(user) = users::find(tx, tenant, user_id)? else {
            return refused(tx, OAuthError::access_denied("The user is gone"));
        };
        if user.blocked {
            return refused(tx, OAuthError::access_denied("user is blocked"));
        }
        if let Some(organization) = &self.binding.organization
            && !organization_members::exists(tx, tenant, organization, user_id)?
        {
            return refused(tx, no_member(user_id, organization));
        }
        // As with an authorization code: the answer belongs to a login, and a logout ends it.
        if sessions::find_by_session_id(tx, tenant, session_id, self.now)?.is_none() {
            return refused(tx, OAuthError::access_denied("The session has ended"));
        }
        // RFC 8628 §3.5 leaves it to RFC 6749; §5.3: "Device code is single use."
        if !device_codes::consume(tx, tenant, &self.code_digest, self.now)? {
            return Ok(Redeemed::Refused(invalid_code("the device code was taken by another request")));
        }
        let api = self.api.as_ref().map(|record| &record.api);
        let permissions = Permissions::of(tx, tenant, user_id, api, self.binding.organization.as_deref())?;
        let scope = Permissions::narrow(permissions.as_ref(), self.scope, api);
        let refresh_token = if begins_family(&scope) {
            let audience = self.binding.audience.as_deref().unwrap_or_default();
            let (auth_time, claims) = (self.binding.auth_time, self.binding.claims.clone());
            let session = Some(session_id.as_str());
            Some(self.new_family.insert(tx, tenant, user_id, session, audience, &scope, auth_time, claims)?)
        } else {
            None
        };
        let (changes, client_id) = (&self.binding.changes, &self.client_id);
        if let Some(kept) = KeptClaims::of(changes, &scope, api, client_id, user_id, self.now) {
            kept.put(tx, tenant)?;
        }
        let user = user_from_row(&user)?;
        logs::insert(tx, tenant, &self.app.log_row(self.event.user(&user).scope(&scope)))?;
        let refresh_token = refresh_token.map(|(_, token)| token);
        Ok(Redeemed::Granted { scope, permissions, user: Box::new(user), refresh_token })
    }
}
