//! `DPoP` proofs: the caller holds the private key of the key in the proof's header (§8.6; RFC 9449 §4; FP-03).
//!
//! The order of the checks is the body of [`verify_proof`], that of RFC 9449 §4.3. What needs the server's state, that a
//! proof comes once and that its nonce is ours, is left to the caller.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Map, Value};
use thiserror::Error;
use url::Url;

use crate::jwt::{CLOCK_SKEW, header, no_critical_members, seconds};
use crate::{AssertionAlg, JwtError, KeyError, PublicKey, sha256};

/// Longer proofs are refused unread, in bytes.
const LONGEST_PROOF: usize = 4096;

/// Longest `jti`, in characters. RFC 9449 §4.2 wants "at least 96 bits of pseudorandom data"; a UUID has 36 characters.
const LONGEST_ID: usize = 256;

/// How old a proof may be, in seconds. RFC 9449 §11.1: "an acceptable timeframe (on the order of seconds or minutes)".
const LIFETIME: i64 = 300;

/// Algorithms of proofs, for discovery. §8.6: "`alg ES256`".
pub const DPOP_ALGORITHMS: [AssertionAlg; 1] = [AssertionAlg::ES256];

/// What a proof has to be about.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedProof<'a> {
    /// The request's method.
    pub method: &'a str,
    /// The request's address, without query and fragment.
    pub url: &'a str,
    /// The access token that the request carries, at a protected resource.
    pub access_token: Option<&'a str>,
    /// The present.
    pub now: Timestamp,
}

/// A good proof. It may still have been used before, and its nonce may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DpopProof {
    /// RFC 7638 thumbprint of the caller's key.
    pub jkt: String,
    /// Identifier of the proof, to be accepted once for each key.
    pub jti: String,
    /// What the server gave to be repeated.
    pub nonce: Option<String>,
    /// From when on it would be refused anyway, in seconds since 1970.
    pub refused_from: i64,
}

/// Why a proof is not accepted. For logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// As any token.
    #[error(transparent)]
    Token(#[from] JwtError),
    /// `jwk` is missing, or no public key.
    #[error("the header has no usable key: {0}")]
    Key(#[from] KeyError),
    /// `jti` is missing, empty or too long.
    #[error("the claim jti is missing or too long")]
    BadId,
    /// `htm` is another method.
    #[error("the proof is for another method")]
    WrongMethod,
    /// `htu` is another address.
    #[error("the proof is for another address")]
    WrongUrl,
    /// `iat` is too long ago.
    #[error("the proof is too old")]
    TooOld,
    /// `ath` is missing, or of another token.
    #[error("the proof is for another access token")]
    WrongToken,
}

/// Checks the value of a `DPoP` header.
pub fn verify_proof(proof: &str, expected: &ExpectedProof<'_>) -> Result<DpopProof, ProofError> {
    if proof.len() > LONGEST_PROOF {
        return Err(JwtError::TooLong.into());
    }
    let header = header(proof)?;
    no_critical_members(&header)?;
    // RFC 9449 §4.3: "The typ JOSE Header Parameter has the value dpop+jwt."
    if header.get("typ").and_then(Value::as_str) != Some("dpop+jwt") {
        return Err(JwtError::WrongType.into());
    }
    // "The alg JOSE Header Parameter indicates a registered asymmetric digital signature algorithm [IANA.JOSE.ALGS], is
    // not none, is supported by the application, and is acceptable per local policy."
    let algorithm = header.get("alg").and_then(Value::as_str).and_then(AssertionAlg::named);
    let algorithm = algorithm.filter(|own| DPOP_ALGORITHMS.contains(own)).ok_or(JwtError::WrongAlgorithm)?;
    // "The jwk JOSE Header Parameter does not contain a private key."
    let jwk = header.get("jwk").and_then(Value::as_object).ok_or(KeyError::PublicKey)?;
    let key = PublicKey::from_jwk(jwk)?;
    // "The JWT signature verifies with the public key contained in the jwk JOSE Header Parameter."
    let claims = key.signed_claims(proof, algorithm)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let jti = text("jti").filter(|jti| !jti.is_empty() && jti.chars().count() <= LONGEST_ID);
    let jti = jti.ok_or(ProofError::BadId)?.to_owned();
    // "The htm claim matches the HTTP method of the current request."
    if text("htm") != Some(expected.method) {
        return Err(ProofError::WrongMethod);
    }
    // "The htu claim matches the HTTP URI value for the HTTP request in which the JWT was received, ignoring any query
    // and fragment parts."
    if !text("htu").is_some_and(|htu| same_resource(htu, expected.url)) {
        return Err(ProofError::WrongUrl);
    }
    let refused_from = in_time(&claims, expected.now)?;
    // "If presented to a protected resource in conjunction with an access token, ensure that the value of the ath claim
    // equals the hash of that access token".
    if let Some(token) = expected.access_token
        && text("ath") != Some(URL_SAFE_NO_PAD.encode(sha256(token.as_bytes())).as_str())
    {
        return Err(ProofError::WrongToken);
    }
    Ok(DpopProof { jkt: key.thumbprint(), jti, nonce: text("nonce").map(str::to_owned), refused_from })
}

/// RFC 9449 §4.3: "the server SHOULD employ Syntax-Based Normalization (Section 6.2.2 of [RFC3986]) and Scheme-Based
/// Normalization (Section 6.2.3 of [RFC3986]) before comparing the htu claim."
fn same_resource(htu: &str, url: &str) -> bool {
    let (Ok(htu), Ok(url)) = (Url::parse(htu), Url::parse(url)) else { return false };
    let plain = htu.username().is_empty() && htu.password().is_none();
    plain && htu.origin() == url.origin() && htu.path() == url.path()
}

fn in_time(claims: &Map<String, Value>, now: Timestamp) -> Result<i64, ProofError> {
    let now = now.as_second();
    let iat = seconds(claims, "iat")?.ok_or(JwtError::BadTime("iat"))?;
    if iat > now.saturating_add(CLOCK_SKEW) {
        return Err(JwtError::NotYetValid.into());
    }
    let refused_from = iat.saturating_add(LIFETIME + 1);
    if refused_from <= now { Err(ProofError::TooOld) } else { Ok(refused_from) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_normalized_and_without_query() {
        const OWN: &str = "https://login.example.com/oauth/token";
        for same in [
            OWN,
            "https://login.example.com:443/oauth/token",
            "HTTPS://LOGIN.example.com/oauth/token",
            "https://login.example.com/oauth/token?a=b#c",
            "https://login.example.com/oauth/x/../token",
        ] {
            assert!(same_resource(same, OWN), "{same}");
        }
        for other in [
            "http://login.example.com/oauth/token",
            "https://login.example.com:8443/oauth/token",
            "https://login.example.com/oauth/token/",
            "https://login.example.com/oauth/TOKEN",
            "https://login.example.com/oauth%2Ftoken",
            "https://user@login.example.com/oauth/token",
            "https://login.example.com.evil.example/oauth/token",
            "https://evil.example/oauth/token",
            "/oauth/token",
            "",
        ] {
            assert!(!same_resource(other, OWN), "{other}");
        }
    }
}
