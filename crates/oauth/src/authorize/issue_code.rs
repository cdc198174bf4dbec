//! Answering an authorization request: a code, tokens or both, once (§1.4; CO-01, CO-02).

use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use keywright_app::{
    App, AppError, AuthorizationRequest, ClaimsRequest, CodeChallenge, Membership, PromptValue, Session, Transaction,
    touch_session,
};
use keywright_jose::Purpose;
use keywright_store::authorization_codes::{self, AuthorizationCodeRow};
use keywright_store::grants::{self, GrantRow};
use keywright_store::{StoreError, logs, organization_members, session_clients, transactions, users};
use keywright_types::{ScopeSet, Tenant};
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::checks::CheckedRequest;
use super::denial::AuthorizeError;
use super::events;
use super::front_channel::{FrontChannel, Granted};
use super::respond::{Parameter, respond};
use super::session::Visitor;

/// §12.1: 600 s. RFC 6749 §4.1.2: "A maximum authorization code lifetime of 10 minutes is RECOMMENDED."
const LIFETIME: SignedDuration = SignedDuration::from_secs(600);

/// What a code is bound to besides its client, user and session, which are columns of their own (CO-02).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CodeBinding {
    /// The redirect URI that was used; the token request must repeat it.
    pub(crate) redirect_uri: String,
    /// PKCE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) code_challenge: Option<CodeChallenge>,
    /// For the ID token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<String>,
    /// The API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) audience: Option<String>,
    /// Granted scopes.
    pub(crate) scope: ScopeSet,
    /// Seconds; present when the ID token has to say it (§1.8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) auth_time: Option<i64>,
    /// Claims that were asked for by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) claims: Option<ClaimsRequest>,
    /// Thumbprint of the key that the token request must prove (RFC 9449 §10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dpop_jkt: Option<String>,
    /// The organization as whose member the user logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) organization: Option<String>,
}

/// What became of an attempt to answer.
pub(super) enum Issued {
    /// The answer.
    Response(Response),
    /// The session has ended since it was looked at. Nothing is spent: decide again.
    SessionEnded,
}

/// Why the write was taken back.
enum Unissued {
    /// The transaction was answered before.
    TransactionOver,
    /// By a logout in another tab, or because the user was blocked.
    SessionEnded,
    Failed(AppError),
}

impl From<StoreError> for Unissued {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Completes the request and answers with a code, tokens or both. With a transaction, exactly one answer completes it.
pub(super) async fn issue(
    call: &Call<'_>,
    checked: &CheckedRequest,
    visitor: &Visitor,
    transaction: Option<&Transaction>,
) -> Result<Issued, AuthorizeError> {
    let Some((session, user)) = &visitor.login else {
        return Err(AppError::internal("an answer about nobody").into());
    };
    let (app, tenant, request) = (call.app, call.tenant, &checked.request);
    let front_channel = FrontChannel::load(call, checked).await?;
    let scope = checked.effective_scopes(visitor);
    let auth_time = says_auth_time(request).then(|| session.authenticated_at.as_second());
    let now = app.now();
    // CO-01: 256 bits; only its keyed digest is stored.
    let code = request.response_type.code.then(|| app.random().token(32));
    let code_row = match &code {
        Some(code) => Some(code_row(call, request, session, &scope, auth_time, code)?),
        None => None,
    };
    let consented = transaction.is_some_and(|transaction| {
        transaction.progress.consent.as_ref().is_some_and(|answer| answer.accepted && answer.user_id == session.user_id)
    });
    // §1.10: "Accept creates/extends a grant". A refresh token needs a grant too, so that deleting the grant ends it
    // (RT-08); where nobody was asked, that grant must not count as consent later (AR-07).
    let grant = (consented || scope.contains("offline_access")).then(|| GrantRow {
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
    let (owner, live) = (tenant.clone(), session.clone());
    let issued = app
        .store()
        .write(move |tx| {
            if let Some(handle) = handle
                && transactions::complete(tx, &owner.id, handle.as_bytes(), now)?.is_none()
            {
                return Err(Unissued::TransactionOver);
            }
            // The session may have ended since it was read, and the user may have been blocked: what is sent through the
            // browser is not looked at again at the token endpoint.
            let user = users::find(tx, &owner.id, &live.user_id)?;
            if !touch_session(tx, &owner, &live, now)? || user.is_none_or(|user| user.blocked) {
                return Err(Unissued::SessionEnded);
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
            if let Some(row) = &code_row {
                authorization_codes::insert(tx, &owner.id, row)?;
            }
            if let Some(row) = &log {
                logs::insert(tx, &owner.id, row)?;
            }
            Ok(())
        })
        .await;
    match issued {
        Ok(()) => {}
        Err(Unissued::SessionEnded) => return Ok(Issued::SessionEnded),
        Err(Unissued::TransactionOver) => {
            let handle = transaction.map(|transaction| transaction.handle.as_str()).unwrap_or_default();
            return Err(AuthorizeError::lost_transaction(app, tenant, handle).await);
        }
        Err(Unissued::Failed(error)) => return Err(error.into()),
    }
    let mut parameters: Vec<Parameter> = code.iter().map(|code| ("code", code.as_str().into())).collect();
    if let Some(front_channel) = front_channel {
        let granted = Granted { session, user, scope: &scope, auth_time };
        parameters.extend(front_channel.parameters(call, checked, visitor, &granted, code.as_deref())?);
    }
    Ok(Issued::Response(respond(call, request, parameters).await))
}

/// §1.8, and OpenID Connect Core §2: "when auth_time is requested as an Essential Claim".
fn says_auth_time(request: &AuthorizationRequest) -> bool {
    let asked = request.claims.as_ref().is_some_and(|claims| claims.id_token.iter().any(|name| name == "auth_time"));
    asked || request.max_age.is_some() || request.prompts(PromptValue::Login)
}

fn code_row(
    call: &Call<'_>,
    request: &AuthorizationRequest,
    session: &Session,
    scope: &ScopeSet,
    auth_time: Option<i64>,
    code: &str,
) -> Result<AuthorizationCodeRow, AppError> {
    let (app, tenant) = (call.app, call.tenant);
    let now = app.now();
    let binding = CodeBinding {
        redirect_uri: request.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
        nonce: request.nonce.clone(),
        audience: request.audience.clone(),
        scope: scope.clone(),
        auth_time,
        claims: request.claims.clone(),
        dpop_jkt: request.dpop_jkt.clone(),
        organization: request.organization.clone(),
    };
    let digest = app.data_keys().digest(Purpose::AuthorizationCode, &tenant.id, code.as_bytes());
    Ok(AuthorizationCodeRow {
        code_digest: digest.as_bytes().to_vec(),
        client_id: request.client_id.clone(),
        user_id: session.user_id.clone(),
        session_id: session.session_id.clone(),
        binding: serde_json::to_string(&binding).map_err(AppError::internal)?,
        created_at: now,
        expires_at: now.checked_add(LIFETIME).unwrap_or(Timestamp::MAX),
        consumed_at: None,
        family_id: None,
        access_token_issued_at: None,
        access_token_id: None,
    })
}

/// Ends a transaction that is answered with an error.
pub(super) async fn end_transaction(app: &App, tenant: &Tenant, transaction: &Transaction) -> Result<(), AppError> {
    let (id, handle, now) = (tenant.id.clone(), *transaction.digest(), app.now());
    app.store().write(move |tx| transactions::complete(tx, &id, handle.as_bytes(), now)).await?;
    Ok(())
}
