//! Opaque access tokens (§3.1): compact JWE (RFC 7516), `dir` with `A256GCM`, which only this instance can read.
//!
//! The claims lie inside, so that `/userinfo` needs no lookup of the token. There is exactly one spelling of a token: the
//! header is compared to the letter with those that our data keys make, the other parts are base64url without padding and without stray bits, and the tag
//! covers all of it. Every truncation and extension is refused (TK-04).

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use keywright_types::TenantId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::{DataKeys, JwtError, MAX_TOKEN_LENGTH, Purpose, Random};

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    enc: &'static str,
    /// The generation of the data keys; tokens of the first one do without.
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    iss: &'a str,
}

/// Encrypts `claims` into a token of five parts, the second of them empty.
///
/// The caller puts the expiry into the claims and checks it after [`open`]. Fails when the claims cannot be serialized
/// or the token would be longer than [`MAX_TOKEN_LENGTH`].
pub fn seal(
    keys: &DataKeys,
    tenant: &TenantId,
    issuer: &str,
    claims: &impl Serialize,
    random: &Random,
) -> Result<String, JwtError> {
    let mut text = Zeroizing::new(serde_json::to_vec(claims).map_err(|_| JwtError::Claims)?);
    let generation = keys.current();
    let header = header(issuer, generation)?;
    let nonce: [u8; NONCE_LEN] = random.bytes();
    // RFC 7516 section 5.1, step 14: "Let the Additional Authenticated Data encryption parameter be
    // ASCII(Encoded Protected Header)."
    let tag = keys
        .token_key(generation, Purpose::AccessToken, tenant)
        .ok_or(JwtError::Key)?
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(header.as_bytes()), &mut text)
        .map_err(|_| JwtError::Key)?;

    // RFC 7516 section 5.1, step 5: for Direct Encryption "let the JWE Encrypted Key be the empty octet sequence".
    let [nonce, text, tag] = [&nonce[..], &text, tag.as_ref()].map(|part| URL_SAFE_NO_PAD.encode(part));
    let token = format!("{header}..{nonce}.{text}.{tag}");
    if token.len() > MAX_TOKEN_LENGTH { Err(JwtError::TooLong) } else { Ok(token) }
}

/// Decrypts what [`seal`] gave for the same tenant and issuer; `None` for everything else.
#[must_use]
pub fn open<C: DeserializeOwned>(keys: &DataKeys, tenant: &TenantId, issuer: &str, token: &str) -> Option<C> {
    if token.len() > MAX_TOKEN_LENGTH {
        return None;
    }
    let mut parts = token.split('.');
    let (header_part, "", nonce, text, tag, None) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next())
    else {
        return None;
    };
    let made_with = |generation: &u16| header(issuer, *generation).is_ok_and(|header| header == header_part);
    let generation = keys.generations().find(made_with)?;
    let nonce = Nonce::try_assume_unique_for_key(&URL_SAFE_NO_PAD.decode(nonce).ok()?).ok()?;
    let text = URL_SAFE_NO_PAD.decode(text).ok()?;
    let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
    // NIST SP 800-38D section 5.2.1.2 allows shorter tags; the library takes only full ones, of 16 bytes.
    let mut opened = Zeroizing::new(vec![0; text.len()]);
    keys.token_key(generation, Purpose::AccessToken, tenant)?
        .open_separate_gather(nonce, Aad::from(header_part.as_bytes()), &text, &tag, &mut opened)
        .ok()?;
    serde_json::from_slice(&opened).ok()
}

fn header(issuer: &str, generation: u16) -> Result<String, JwtError> {
    // RFC 7516 section 4.1.6: the "kid" says "which key was used to encrypt the JWE".
    let kid = (generation > 1).then(|| generation.to_string());
    let header = Header { alg: "dir", enc: "A256GCM", kid, iss: issuer };
    serde_json::to_vec(&header).map(|json| URL_SAFE_NO_PAD.encode(json)).map_err(|_| JwtError::Claims)
}
