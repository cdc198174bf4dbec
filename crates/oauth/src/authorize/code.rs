//! The authorization code: what it is bound to, and the row that is kept of it (§1.4; CO-01, CO-02).

use jiff::{SignedDuration, Timestamp};
use keywright_app::{AppError, AuthorizationRequest, ClaimsRequest, CodeChallenge, Session, TokenChanges};
use keywright_jose::Purpose;
use keywright_store::authorization_codes::AuthorizationCodeRow;
use keywright_types::ScopeSet;
use serde::{Deserialize, Serialize};

use super::call::Call;

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
    /// What Rules and Actions changed about the tokens.
    #[serde(default, skip_serializing_if = "TokenChanges::is_empty")]
    pub(crate) changes: TokenChanges,
}

impl CodeBinding {
    /// What an answer to `request` is bound to.
    pub(super) fn of(
        request: &AuthorizationRequest,
        scope: &ScopeSet,
        auth_time: Option<i64>,
        changes: &TokenChanges,
    ) -> Self {
        Self {
            redirect_uri: request.redirect_uri.clone(),
            code_challenge: request.code_challenge.clone(),
            nonce: request.nonce.clone(),
            audience: request.audience.clone(),
            scope: scope.clone(),
            auth_time,
            claims: request.claims.clone(),
            dpop_jkt: request.dpop_jkt.clone(),
            organization: request.organization.clone(),
            changes: changes.clone(),
        }
    }
}

/// The row of a code about to be issued. Only its keyed digest is stored.
pub(super) fn code_row(
    call: &Call<'_>,
    request: &AuthorizationRequest,
    session: &Session,
    scope: &ScopeSet,
    auth_time: Option<i64>,
    changes: &TokenChanges,
    code: &str,
) -> Result<AuthorizationCodeRow, AppError> {
    let (app, tenant) = (call.app, call.tenant);
    let now = app.now();
    let binding = CodeBinding::of(request, scope, auth_time, changes);
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
