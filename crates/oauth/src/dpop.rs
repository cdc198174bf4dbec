//! `DPoP` at our endpoints: whose key a request proves, nonces, and proofs that count once (§8.6; RFC 9449; FP-03).

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue};
use keywright_app::{App, AppError};
use keywright_jose::{DpopProof, ExpectedProof, Purpose, verify_proof};
use keywright_types::{Client, Tenant, TenantId};

use crate::error::OAuthError;
use crate::token::take_once;

/// The header with the proof.
const PROOF: &str = "dpop";

/// The header with a nonce for the next proof.
pub(crate) const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// How long a nonce is good, in seconds.
const NONCE_LIFETIME: i64 = 300;

/// How far the clock of another node may be ahead, in seconds.
const CLOCK_SKEW: i64 = 10;

/// Why a proof does not count.
pub(crate) enum Refused {
    /// It proves nothing, or was used before. The cause is for the log.
    Invalid(String),
    /// It has to repeat a nonce of ours.
    NonceNeeded,
    /// Not the caller's fault.
    Failed(AppError),
}

/// Thumbprint of the key that a request to a `POST` endpoint of ours proves; `None` without a proof.
///
/// §8.6: "Public clients must use server nonces". A confidential client may, and then it must be a good one.
pub(crate) async fn proven_key(
    app: &App,
    tenant: &Tenant,
    headers: &HeaderMap,
    client: &Client,
    url: &str,
) -> Result<Option<String>, OAuthError> {
    if !headers.contains_key(PROOF) {
        return Ok(None);
    }
    let expected = ExpectedProof { method: "POST", url, access_token: None, now: app.now() };
    match accept(app, tenant, headers, &expected, client.is_public()).await {
        Ok(jkt) => Ok(Some(jkt)),
        Err(Refused::Invalid(cause)) => Err(OAuthError::invalid_dpop_proof("Invalid DPoP proof", &cause)),
        Err(Refused::NonceNeeded) => Err(OAuthError::use_dpop_nonce()),
        Err(Refused::Failed(error)) => Err(error.into()),
    }
}

/// Checks the one proof of a request, then takes it, so that it counts once for its key. Gives the key's thumbprint.
pub(crate) async fn accept(
    app: &App,
    tenant: &Tenant,
    headers: &HeaderMap,
    expected: &ExpectedProof<'_>,
    needs_nonce: bool,
) -> Result<String, Refused> {
    let proof = verify_proof(only_proof(headers)?, expected).map_err(|error| Refused::Invalid(error.to_string()))?;
    match &proof.nonce {
        Some(nonce) if is_current(app, &tenant.id, nonce) => {}
        None if !needs_nonce => {}
        _ => return Err(Refused::NonceNeeded),
    }
    let DpopProof { jkt, jti, refused_from, .. } = proof;
    // RFC 9449 §11.1: "servers can store the jti value of each DPoP proof for the time window in which the respective DPoP
    // proof JWT would be accepted". A thumbprint holds no line feed, so that two pairs never share a digest.
    let digest = app.data_keys().digest(Purpose::DpopProofId, &tenant.id, format!("{jkt}\n{jti}").as_bytes());
    match take_once(app, tenant, digest, refused_from).await {
        Ok(true) => Ok(jkt),
        Ok(false) => Err(Refused::Invalid("the proof was used before".to_owned())),
        Err(error) => Err(Refused::Failed(error)),
    }
}

/// RFC 9449 §4.3: "There is not more than one DPoP HTTP request header field."
fn only_proof(headers: &HeaderMap) -> Result<&str, Refused> {
    let mut values = headers.get_all(PROOF).iter();
    let proof = values.next().and_then(|value| value.to_str().ok());
    match (proof, values.next()) {
        (Some(proof), None) => Ok(proof),
        (Some(_), Some(_)) => Err(Refused::Invalid("more than one DPoP header".to_owned())),
        (None, _) => Err(Refused::Invalid("no readable DPoP header".to_owned())),
    }
}

/// Gives a nonce for the next proof to whoever sent one (RFC 9449 §8.2: "The authorization server can supply the new nonce in
/// the same way that the initial one was supplied").
pub(crate) fn offer_nonce(app: &App, tenant: &TenantId, headers: &HeaderMap, response: &mut Response) {
    if headers.contains_key(PROOF)
        && let Ok(nonce) = HeaderValue::try_from(nonce(app, tenant))
    {
        response.headers_mut().insert(NONCE, nonce);
    }
}

/// The present, sealed: every node can open it and none has to remember it. RFC 9449 §8: "nonces MUST be unpredictable".
fn nonce(app: &App, tenant: &TenantId) -> String {
    let made_at = app.now().as_second().to_be_bytes();
    app.data_keys().seal_text(Purpose::DpopNonce, tenant, &made_at, app.random())
}

fn is_current(app: &App, tenant: &TenantId, nonce: &str) -> bool {
    let Some(opened) = app.data_keys().open_text(Purpose::DpopNonce, tenant, nonce) else { return false };
    let Ok(made_at) = <[u8; 8]>::try_from(opened.as_slice()) else { return false };
    let age = app.now().as_second().saturating_sub(i64::from_be_bytes(made_at));
    (-CLOCK_SKEW..=NONCE_LIFETIME).contains(&age)
}
