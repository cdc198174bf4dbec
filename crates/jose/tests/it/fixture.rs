//! One issuer with one key, a good token of it, and the means to forge bad ones.

use std::sync::LazyLock;

use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use aws_lc_rs::{hmac, rand::SystemRandom};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use keywright_jose::{
    EcSigningKey, Expected, Jwk, JwtError, JwtType, NewEcSigningKey, NewSigningKey, Random, RsaJwk, SigningKey, verify,
};
use serde_json::{Map, Value, json};

pub(crate) const ISSUER: &str = "https://tenant.example/";
pub(crate) const AUDIENCE: &str = "https://api.example/";
pub(crate) const NOW: i64 = 1_700_000_000;

/// A key of the issuer, in the form in which it is stored.
pub(crate) static STORED: LazyLock<NewSigningKey> = LazyLock::new(new_key);

/// The same key, loaded.
pub(crate) static KEY: LazyLock<SigningKey> = LazyLock::new(|| load(&STORED));

/// The issuer's P-256 key.
pub(crate) static EC_KEY: LazyLock<EcSigningKey> = LazyLock::new(|| {
    let new = NewEcSigningKey::generate(&Random::system()).unwrap();
    EcSigningKey::load(new.kid, &new.private_key).unwrap()
});

/// The public form of the RSA key.
pub(crate) fn rsa_jwk() -> RsaJwk {
    match KEY.public_jwk() {
        Jwk::Rsa(jwk) => jwk.clone(),
        Jwk::Ec(_) => unreachable!("an RSA key"),
    }
}

pub(crate) fn new_key() -> NewSigningKey {
    NewSigningKey::generate_rsa("tenant.example", at(NOW), &Random::system()).unwrap()
}

pub(crate) fn load(stored: &NewSigningKey) -> SigningKey {
    SigningKey::load(stored.kid.clone(), &stored.private_key, &stored.certificate).unwrap()
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn expected() -> Expected<'static> {
    Expected { issuer: ISSUER, audience: Some(AUDIENCE), typ: JwtType::Jwt, now: at(NOW), allow_expired: false }
}

pub(crate) fn good_claims() -> Value {
    json!({"iss": ISSUER, "sub": "auth0|1", "aud": AUDIENCE, "iat": NOW, "exp": NOW + 86_400})
}

/// The header which the issuer would write.
pub(crate) fn good_header() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": KEY.kid()})
}

/// Checks a token against the issuer's one key.
pub(crate) fn check(token: &str) -> Result<Map<String, Value>, JwtError> {
    verify(token, &[KEY.verifying()], &expected())
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Header and claims as they are signed; both may be any text.
pub(crate) fn message(header: &str, claims: &str) -> String {
    format!("{}.{}", encode(header), encode(claims))
}

/// Signs any header and any claims with an RSA key, whatever the header says.
pub(crate) fn rsa_token(key: &NewSigningKey, header: &str, claims: &str) -> String {
    let pair = RsaKeyPair::from_pkcs8(&key.private_key).unwrap();
    let message = message(header, claims);
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    format!("{message}.{}", encode(signature))
}

/// Signs any header and any claims with HMAC-SHA256 under any bytes.
pub(crate) fn hmac_token(secret: &[u8], header: &str, claims: &str) -> String {
    let message = message(header, claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes());
    format!("{message}.{}", encode(tag))
}

/// A JSON object with some members set to other values, or removed where the value is null.
pub(crate) fn with(object: &Value, changes: &Value) -> String {
    let mut object = object.clone();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => object.as_object_mut().unwrap().remove(name),
            value => object.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    object.to_string()
}
