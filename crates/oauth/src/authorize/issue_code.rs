//! Issuing an authorization code (§1.4; CO-01, CO-02).

use axum::response::Response;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use keywright_app::{App, AppError, CodeChallenge, PromptValue, Transaction, touch_session};
use keywright_jose::Purpose;
use keywright_store::authorization_codes::{self, AuthorizationCodeRow};
use keywright_store::grants::{self, GrantRow};
use keywright_store::transactions;
use keywright_types::{ScopeSet, Tenant};
use serde::{Deserialize, Serialize};

use super::checks::CheckedRequest;
use super::denial::AuthorizeError;
use super::effective_scopes;
use super::respond::code_response;
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
}

/// Stores a code and answers with it. With a transaction, exactly one answer completes it.
pub(super) async fn issue(
    app: &App,
    tenant: &Tenant,
    method: &Method,
    checked: &CheckedRequest,
    visitor: &Visitor,
    transaction: Option<&Transaction>,
) -> Result<Response, AuthorizeError> {
    let Some((session, _)) = &visitor.login else {
        return Err(AppError::internal("a code for nobody").into());
    };
    let request = &checked.request;
    let api = checked.api.as_ref().map(|record| &record.api);
    let (limit, permissions) = (checked.granted_to_client.as_ref(), visitor.permissions.as_ref());
    let scope = effective_scopes(&request.scope, &checked.client.client, api, limit, permissions);
    let says_auth_time = request.max_age.is_some() || request.prompts(PromptValue::Login);
    let binding = CodeBinding {
        redirect_uri: request.redirect_uri.clone(),
        code_challenge: request.code_challenge.clone(),
        nonce: request.nonce.clone(),
        audience: request.audience.clone(),
        scope: scope.clone(),
        auth_time: says_auth_time.then(|| session.authenticated_at.as_second()),
    };
    let now = app.now();
    // CO-01: 256 bits; only its keyed digest is stored.
    let code = app.random().token(32);
    let row = AuthorizationCodeRow {
        code_digest: app
            .master_key()
            .digest(Purpose::AuthorizationCode, &tenant.id, code.as_bytes())
            .as_bytes()
            .to_vec(),
        client_id: request.client_id.clone(),
        user_id: session.user_id.clone(),
        session_id: session.session_id.clone(),
        binding: serde_json::to_string(&binding).map_err(AppError::internal)?,
        created_at: now,
        expires_at: now.checked_add(LIFETIME).unwrap_or(Timestamp::MAX),
        consumed_at: None,
        family_id: None,
        access_token_issued_at: None,
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
    let handle = transaction.map(|transaction| *transaction.digest());
    let (owner, live) = (tenant.clone(), session.clone());
    let issued = app
        .store()
        .write(move |tx| {
            if let Some(handle) = handle
                && transactions::complete(tx, &owner.id, handle.as_bytes(), now)?.is_none()
            {
                return Ok::<_, AppError>(false);
            }
            // The session may have ended since it was read, by a logout in another tab.
            if !touch_session(tx, &owner, &live, now)? {
                return Ok(false);
            }
            match &grant {
                Some(grant) if grant.consented => drop(grants::extend(tx, &owner.id, grant)?),
                Some(grant) => grants::imply(tx, &owner.id, grant)?,
                None => {}
            }
            authorization_codes::insert(tx, &owner.id, &row)?;
            Ok(true)
        })
        .await?;
    if !issued {
        let handle = transaction.map(|transaction| transaction.handle.as_str()).unwrap_or_default();
        return Err(AuthorizeError::lost_transaction(app, tenant, handle).await);
    }
    Ok(code_response(app, tenant, method, request, code).await)
}

/// Ends a transaction that is answered with an error.
pub(super) async fn end_transaction(app: &App, tenant: &Tenant, transaction: &Transaction) -> Result<(), AppError> {
    let (id, handle, now) = (tenant.id.clone(), *transaction.digest(), app.now());
    app.store().write(move |tx| transactions::complete(tx, &id, handle.as_bytes(), now)).await?;
    Ok(())
}
