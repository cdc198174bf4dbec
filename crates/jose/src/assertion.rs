//! Client assertions: JWTs by which an application proves who it is (§2.1 `private_key_jwt`; RFC 7523 §2.2, §3; CL-03).
//!
//! The key decides: which algorithms count is registered with it, and nothing that the assertion says about keys is used
//! (TK-01). The order of the checks is the body of [`verify_assertion`].

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::jwt::{CLOCK_SKEW, header, no_critical_members, seconds};
use crate::{JwtError, PublicKey};

/// §2.1: "assertion <= 2048 bytes".
pub const MAX_ASSERTION_LENGTH: usize = 2048;

/// §2.1: "`exp` <= 5 min ahead", in seconds.
const LONGEST_LIFETIME: i64 = 300;

/// §2.1: "`jti` required, single use, <=64 chars".
const LONGEST_ID: usize = 64;

/// Algorithms of client assertions and other signatures by keys of applications. There is no `none` among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AssertionAlg {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// ECDSA with P-256 and SHA-256.
    ES256,
    /// ECDSA with P-384 and SHA-384.
    ES384,
}

impl AssertionAlg {
    /// All of them, in the order of discovery.
    pub const ALL: [Self; 6] = [Self::RS256, Self::RS384, Self::PS256, Self::PS384, Self::ES256, Self::ES384];

    /// The value of `alg`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
        }
    }

    /// The algorithm with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    pub(crate) const fn algorithm(self) -> Algorithm {
        match self {
            Self::RS256 => Algorithm::RS256,
            Self::RS384 => Algorithm::RS384,
            Self::PS256 => Algorithm::PS256,
            Self::PS384 => Algorithm::PS384,
            Self::ES256 => Algorithm::ES256,
            Self::ES384 => Algorithm::ES384,
        }
    }
}

impl fmt::Display for AssertionAlg {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A key that an application registered.
#[derive(Clone, Debug)]
pub struct AssertionKey {
    /// Its identifier; `None` for a key of a JWKS without one.
    pub kid: Option<String>,
    /// What it may sign with.
    pub algorithms: Vec<AssertionAlg>,
    /// The key.
    pub key: PublicKey,
    /// When it is good no more; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// What an assertion has to be.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedAssertion<'a> {
    /// `iss` and `sub`.
    pub client_id: &'a str,
    /// `aud`, to the letter and alone.
    pub audience: &'a str,
    /// The present.
    pub now: Timestamp,
}

/// A good assertion. It may still have been used before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAssertion {
    /// Its identifier, to be accepted once.
    pub jti: String,
    /// From when on it would be refused anyway, in seconds since 1970, the accepted clock difference included.
    pub refused_from: i64,
}

/// Why an assertion is not accepted. For logs: the application is told nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AssertionError {
    /// As any token.
    #[error(transparent)]
    Token(#[from] JwtError),
    /// The header brings a key, or says where one is.
    #[error("the header names a key of its own")]
    KeyInHeader,
    /// `iss` or `sub` is not the application.
    #[error("issuer and subject are not both the client")]
    WrongClient,
    /// `jti` is missing, empty or too long.
    #[error("the claim jti is missing or too long")]
    BadId,
    /// `exp` lies too far ahead.
    #[error("the assertion expires more than five minutes ahead")]
    TooLongLived,
}

/// `sub` of an assertion that nobody has verified yet: says only whose keys are to be tried.
#[must_use]
pub fn unverified_subject(token: &str) -> Option<String> {
    let payload = token.split('.').nth(1).filter(|_| token.len() <= MAX_ASSERTION_LENGTH)?;
    let claims: Map<String, Value> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    claims.get("sub")?.as_str().map(str::to_owned)
}

/// Checks an assertion against the keys of the application that it claims to be of.
pub fn verify_assertion(
    token: &str,
    keys: &[AssertionKey],
    expected: &ExpectedAssertion<'_>,
) -> Result<ClientAssertion, AssertionError> {
    if token.len() > MAX_ASSERTION_LENGTH {
        return Err(JwtError::TooLong.into());
    }
    let header = header(token)?;
    no_critical_members(&header)?;
    brings_no_key(&header)?;
    of_type(&header)?;
    let claims = signed_claims(token, &header, keys, expected.now)?;
    of_client(&claims, expected.client_id)?;
    for_audience(&claims, expected.audience)?;
    let refused_from = in_time(&claims, expected.now)?;
    Ok(ClientAssertion { jti: identifier(&claims)?, refused_from })
}

/// RFC 8725 section 3.10: an attacker could "supply a key" of its own.
fn brings_no_key(header: &Map<String, Value>) -> Result<(), AssertionError> {
    let brought = ["jwk", "jku", "x5u", "x5c"].iter().any(|member| header.contains_key(*member));
    if brought { Err(AssertionError::KeyInHeader) } else { Ok(()) }
}

/// `typ` is optional; where it is there, it says `JWT`, or what RFC 7523 as updated calls it, in any case (RFC 7515 section
/// 4.1.9). An access token or a proof sent as an assertion is another type.
fn of_type(header: &Map<String, Value>) -> Result<(), AssertionError> {
    match header.get("typ") {
        None => Ok(()),
        Some(Value::String(typ))
            if ["JWT", "client-authentication+jwt"].iter().any(|own| typ.eq_ignore_ascii_case(own)) =>
        {
            Ok(())
        }
        Some(_) => Err(JwtError::WrongType.into()),
    }
}

/// `kid` chooses the key; without it every key of the application may be the one.
fn signed_claims(
    token: &str,
    header: &Map<String, Value>,
    keys: &[AssertionKey],
    now: Timestamp,
) -> Result<Map<String, Value>, JwtError> {
    let kid = match header.get("kid") {
        None => None,
        Some(Value::String(kid)) => Some(kid.as_str()),
        Some(_) => return Err(JwtError::Malformed),
    };
    let algorithm = header.get("alg").and_then(Value::as_str).and_then(AssertionAlg::named);
    let algorithm = algorithm.ok_or(JwtError::WrongAlgorithm)?;
    let mut outcome = Err(JwtError::UnknownKey);
    let usable = keys.iter().filter(|key| key.expires_at.is_none_or(|end| now < end));
    for key in usable.filter(|key| kid.is_none() || key.kid.as_deref() == kid) {
        outcome = if key.algorithms.contains(&algorithm) {
            key.key.signed_claims(token, algorithm)
        } else {
            Err(JwtError::WrongAlgorithm)
        };
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

/// RFC 7523 section 3: "For client authentication, the subject MUST be the "client_id" of the OAuth client", and so is the
/// issuer (OpenID Connect Core section 9).
fn of_client(claims: &Map<String, Value>, client_id: &str) -> Result<(), AssertionError> {
    let is_client = |name: &str| claims.get(name).and_then(Value::as_str) == Some(client_id);
    if is_client("iss") && is_client("sub") { Ok(()) } else { Err(AssertionError::WrongClient) }
}

/// CL-03: the issuer as a single value. An array could name a second server to which the same assertion is good.
fn for_audience(claims: &Map<String, Value>, audience: &str) -> Result<(), AssertionError> {
    match claims.get("aud") {
        Some(Value::String(found)) if found == audience => Ok(()),
        _ => Err(JwtError::WrongAudience.into()),
    }
}

fn in_time(claims: &Map<String, Value>, now: Timestamp) -> Result<i64, AssertionError> {
    let now = now.as_second();
    let exp = seconds(claims, "exp")?.ok_or(JwtError::BadTime("exp"))?;
    let refused_from = exp.saturating_add(CLOCK_SKEW).saturating_add(1);
    if refused_from <= now {
        return Err(JwtError::Expired.into());
    }
    if exp > now.saturating_add(LONGEST_LIFETIME + CLOCK_SKEW) {
        return Err(AssertionError::TooLongLived);
    }
    for name in ["iat", "nbf"] {
        if seconds(claims, name)?.is_some_and(|time| time > now.saturating_add(CLOCK_SKEW)) {
            return Err(JwtError::NotYetValid.into());
        }
    }
    Ok(refused_from)
}

fn identifier(claims: &Map<String, Value>) -> Result<String, AssertionError> {
    let jti = claims.get("jti").and_then(Value::as_str);
    let jti = jti.filter(|jti| !jti.is_empty() && jti.chars().count() <= LONGEST_ID);
    jti.map(str::to_owned).ok_or(AssertionError::BadId)
}
