//! The end of an authorization request: everything that is written with its answer, once, and the answer: a code, tokens
//! or both (§1.4; CO-01, CO-02).

use axum::response::Response;
use keywright_app::{
    App, AppError, AuthorizationRequest, Membership, Progress, PromptValue, Transaction, touch_session,
};
use keywright_store::grants::{self, GrantRow};
use keywright_store::{
    StoreError, authorization_codes, logs, organization_members, session_clients, transactions, users,
};
use keywright_types::Tenant;

use super::call::Call;
use super::checks::CheckedRequest;
use super::code::code_row;
use super::denial::AuthorizeError;
use super::device;
use super::events;
use super::front_channel::{FrontChannel, Granted};
use super::respond::{Parameter, respond};
use super::scopes::{begins_family, without_refresh_token};
use super::scripts::Standing;
use super::session::Visitor;
use crate::kept_claims::KeptClaims;

/// What became of an attempt to answer.
pub(super) enum Completed {
    /// The answer.
    Response(Response),
    /// The session has ended since it was looked at. Nothing is spent: decide again.
    SessionEnded,
}

/// Why the write was taken back.
enum Uncompleted {
    /// The transaction was answered before.
    TransactionOver,
    /// By a logout in another tab, or because the user was blocked.
    SessionEnded,
    /// The device was answered before, or its time is over.
    DeviceOver,
    Failed(AppError),
}

impl From<StoreError> for Uncompleted {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Completes the request and answers with a code, tokens or both. With a transaction, exactly one answer completes it.
pub(super) async fn complete(
    call: &Call<'_>,
    checked: &CheckedRequest,
    visitor: &Visitor,
    progress: &Progress,
    scripted: bool,
    transaction: Option<&Transaction>,
) -> Result<Completed, AuthorizeError> {
    let Some((session, user)) = &visitor.login else {
        return Err(AppError::internal("an answer about nobody").into());
    };
    let (app, tenant, request) = (call.app, call.tenant, &checked.request);
    // No answer before the scripts of this login have ended, whatever was decided.
    let changes = Standing::of(scripted, progress, session, request.organization.as_deref()).changes()?;
    let front_channel = FrontChannel::load(call, checked).await?;
    let scope = checked.effective_scopes(visitor);
    let auth_time = says_auth_time(request).then(|| session.authenticated_at.as_second());
    let now = app.now();
    // A device fetches its answer itself: no code goes through the browser.
    let device = device::Approval::of(request, session, &scope, auth_time, &changes)?;
    // CO-01: 256 bits; only its keyed digest is stored.
    let code = (request.response_type.code && device.is_none()).then(|| app.random().token(32));
    let code_row = match &code {
        Some(code) => Some(code_row(call, request, session, &scope, auth_time, &changes, code)?),
        None => None,
    };
    let consented = transaction.is_some_and(|transaction| {
        transaction.progress.consent.as_ref().is_some_and(|answer| answer.accepted && answer.user_id == session.user_id)
    });
    // §1.10: "Accept creates/extends a grant". A refresh token needs a grant too, so that deleting the grant ends it
    // (RT-08); where nobody was asked, that grant must not count as consent later (AR-07).
    let grant = (consented || begins_family(&scope)).then(|| GrantRow {
        grant_id: app.random().hex(12),
        user_id: session.user_id.clone(),
        client_id: request.client_id.clone(),
        audience: request.audience.clone().unwrap_or_default(),
        scope: scope.to_string(),
        consented,
        created_at: now,
        updated_at: now,
    });
    let proven_here = transaction.is_some_and(|transaction| transaction.progress.login.is_some());
    let log = (!proven_here).then(|| app.log_row(events::silent(call, checked, user, &scope)));
    // §8.1: `assign_membership_on_login`.
    let joins = request.organization.clone().filter(|_| visitor.membership == Some(Membership::Joins));
    // Back-Channel Logout §2.1: the applications that are told when the session ends.
    let member = scope.contains("openid").then(|| request.client_id.clone());
    let handle = transaction.map(|transaction| *transaction.digest());
    let kept = request.response_type.token.then(|| {
        let api = checked.api.as_ref().map(|record| &record.api);
        KeptClaims::of(&changes, &without_refresh_token(&scope), api, &request.client_id, &session.user_id, now)
    });
    let kept = kept.flatten();
    let (owner, live) = (tenant.clone(), session.clone());
    let completed = app
        .store()
        .write(move |tx| {
            if let Some(handle) = handle
                && transactions::complete(tx, &owner.id, handle.as_bytes(), now)?.is_none()
            {
                return Err(Uncompleted::TransactionOver);
            }
            // The session may have ended since it was read, and the user may have been blocked: what is sent through the
            // browser is not looked at again at the token endpoint.
            let user = users::find(tx, &owner.id, &live.user_id)?;
            if !touch_session(tx, &owner, &live, now)? || user.is_none_or(|user| user.blocked) {
                return Err(Uncompleted::SessionEnded);
            }
            if let Some(organization) = &joins {
                organization_members::insert(tx, &owner.id, organization, &live.user_id, now)?;
            }
            if let Some(client_id) = &member {
                session_clients::insert(tx, &owner.id, &live.session_id, client_id, now)?;
            }
            match &grant {
                Some(grant) if grant.consented => drop(grants::extend(tx, &owner.id, grant)?),
                Some(grant) => grants::imply(tx, &owner.id, grant)?,
                None => {}
            }
            if let Some(device) = &device
                && !device.write(tx, &owner.id, now)?
            {
                return Err(Uncompleted::DeviceOver);
            }
            if let Some(row) = &code_row {
                authorization_codes::insert(tx, &owner.id, row)?;
            }
            if let Some(kept) = &kept {
                kept.put(tx, &owner.id)?;
            }
            if let Some(row) = &log {
                logs::insert(tx, &owner.id, row)?;
            }
            Ok(())
        })
        .await;
    match completed {
        Ok(()) if request.device.is_some() => return Ok(Completed::Response(device::allowed())),
        Ok(()) => {}
        Err(Uncompleted::DeviceOver) => return Ok(Completed::Response(device::expired())),
        Err(Uncompleted::SessionEnded) => return Ok(Completed::SessionEnded),
        Err(Uncompleted::TransactionOver) => {
            let handle = transaction.map(|transaction| transaction.handle.as_str()).unwrap_or_default();
            return Err(AuthorizeError::lost_transaction(app, tenant, handle).await);
        }
        Err(Uncompleted::Failed(error)) => return Err(error.into()),
    }
    let mut parameters: Vec<Parameter> = code.iter().map(|code| ("code", code.as_str().into())).collect();
    if let Some(front_channel) = front_channel {
        let granted = Granted { session, user, scope: &scope, auth_time, issued_at: now, changes: &changes };
        parameters.extend(front_channel.parameters(call, checked, visitor, &granted, code.as_deref())?);
    }
    Ok(Completed::Response(respond(call, request, parameters).await))
}

/// §1.8, and OpenID Connect Core §2: "when auth_time is requested as an Essential Claim".
fn says_auth_time(request: &AuthorizationRequest) -> bool {
    let asked = request.claims.as_ref().is_some_and(|claims| claims.id_token.iter().any(|name| name == "auth_time"));
    asked || request.max_age.is_some() || request.prompts(PromptValue::Login)
}

/// Ends a transaction that is answered with an error.
pub(super) async fn end_transaction(app: &App, tenant: &Tenant, transaction: &Transaction) -> Result<(), AppError> {
    let (id, handle, now) = (tenant.id.clone(), *transaction.digest(), app.now());
    app.store().write(move |tx| transactions::complete(tx, &id, handle.as_bytes(), now)).await?;
    Ok(())
}
