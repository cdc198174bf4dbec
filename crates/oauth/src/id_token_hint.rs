//! `id_token_hint`: an ID token of ours that comes back (OpenID Connect Core §3.1.2.1; RP-Initiated Logout 1.0 §2).
//!
//! Its audience is read first, because the application decides by which key its ID tokens are signed; nothing of the
//! token counts before the signature is verified with that key.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_app::{App, AppError, ClientRecord};
use keywright_jose::{Expected, JwtType, MAX_TOKEN_LENGTH, VerifyingKey, verify};
use keywright_types::Tenant;
use serde_json::{Map, Value};

/// What a genuine hint says.
pub(crate) struct IdTokenHint {
    /// The application it was issued to.
    pub(crate) client: Arc<ClientRecord>,
    /// The user.
    pub(crate) user_id: String,
    /// The session it was issued in.
    pub(crate) session_id: Option<String>,
}

impl IdTokenHint {
    /// Reads a hint; `None` unless it is an ID token of this tenant. It may have expired: RP-Initiated Logout §2, "The OP
    /// SHOULD accept ID Tokens […] even when the exp time has passed."
    pub(crate) async fn read(app: &App, tenant: &Tenant, token: &str) -> Result<Option<Self>, AppError> {
        let Some(client_id) = unverified_audience(token) else { return Ok(None) };
        let Some(client) = app.client(&tenant.id, &client_id).await? else { return Ok(None) };
        let keys = app.signing_keys(&tenant.id).await?;
        let secret = shared_secret(&client);
        let keys = secret.as_ref().map_or_else(|| keys.verifying(), |secret| vec![secret]);
        let issuer = tenant.issuer();
        let audience = Some(client_id.as_str());
        let expected = Expected { issuer: &issuer, audience, typ: JwtType::Jwt, now: app.now(), allow_expired: true };
        let Ok(claims) = verify(token, &keys, &expected) else { return Ok(None) };
        // TK-03: a logout token has the same type, issuer and audience in profile `auth0`. Back-Channel Logout §2.4: only it
        // has "events".
        if claims.contains_key("events") {
            return Ok(None);
        }
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(user_id) = text("sub") else { return Ok(None) };
        Ok(Some(Self { client, user_id, session_id: text("sid") }))
    }
}

/// The key of an application whose ID tokens are signed with its secret (§3.5).
fn shared_secret(record: &ClientRecord) -> Option<VerifyingKey> {
    let symmetric = record.client.jwt_configuration.alg.as_deref() == Some("HS256") && !record.client.is_public();
    record.id_token_secret.as_ref().filter(|_| symmetric).and_then(|secret| VerifyingKey::from_secret(secret).ok())
}

/// `aud` of an ID token is one client id (§3.6); anything else is no hint.
fn unverified_audience(token: &str) -> Option<String> {
    let payload = token.split('.').nth(1).filter(|_| token.len() <= MAX_TOKEN_LENGTH)?;
    let claims: Map<String, Value> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    claims.get("aud")?.as_str().map(str::to_owned)
}
