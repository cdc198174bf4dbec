//! Opaque access tokens: their form, and TK-04, that only the whole token is one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use keywright_jose::{JwtError, MAX_TOKEN_LENGTH, MasterKey, Purpose, Random, opaque};
use keywright_types::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fixture::{ISSUER, encode};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
}

struct Instance {
    master: MasterKey,
    tenant: TenantId,
    random: Random,
}

impl Instance {
    fn new() -> Self {
        let random = Random::system();
        Self { master: MasterKey::generate(&random), tenant: TenantId::new("tenant-1"), random }
    }

    fn seal(&self) -> String {
        opaque::seal(&self.master, &self.tenant, ISSUER, &claims(), &self.random).unwrap()
    }

    fn open(&self, token: &str) -> Option<Claims> {
        opaque::open(&self.master, &self.tenant, ISSUER, token)
    }
}

fn claims() -> Claims {
    Claims { sub: "auth0|1".to_owned(), exp: 1_700_086_400 }
}

#[test]
fn a_token_has_five_parts_and_the_second_is_empty() {
    let instance = Instance::new();
    let token = instance.seal();
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 5);
    let header = URL_SAFE_NO_PAD.decode(parts[0]).unwrap();
    assert_eq!(String::from_utf8(header).unwrap(), format!(r#"{{"alg":"dir","enc":"A256GCM","iss":"{ISSUER}"}}"#));
    assert_eq!(parts[1], "");
    assert_eq!(URL_SAFE_NO_PAD.decode(parts[2]).unwrap().len(), 12);
    assert_eq!(URL_SAFE_NO_PAD.decode(parts[4]).unwrap().len(), 16);
    assert_eq!(instance.open(&token), Some(claims()));
    assert_ne!(token, instance.seal(), "every token has its own nonce");
}

#[test]
fn tk_04_every_truncation_is_refused() {
    let instance = Instance::new();
    let token = instance.seal();
    for length in 0..token.len() {
        assert_eq!(instance.open(&token[..length]), None, "the first {length} characters");
        assert_eq!(instance.open(&token[token.len() - length..]), None, "the last {length} characters");
    }
    for position in 0..token.len() {
        let without = format!("{}{}", &token[..position], &token[position + 1..]);
        assert_eq!(instance.open(&without), None, "without character {position}");
    }
}

#[test]
fn tk_04_every_extension_is_refused() {
    let instance = Instance::new();
    let token = instance.seal();
    for byte in 0..128_u8 {
        let letter = char::from(byte);
        assert_eq!(instance.open(&format!("{token}{letter}")), None, "{letter:?} after it");
        assert_eq!(instance.open(&format!("{letter}{token}")), None, "{letter:?} before it");
    }
    for position in 1..token.len() {
        for inserted in ["A", "=", ".", "%", "\n"] {
            let longer = format!("{}{inserted}{}", &token[..position], &token[position..]);
            assert_eq!(instance.open(&longer), None, "{inserted:?} at {position}");
        }
    }
    for tail in [".", "..", ".A", "=", "==", "AAAA", &token] {
        assert_eq!(instance.open(&format!("{token}{tail}")), None, "{tail:?}");
    }
}

#[test]
fn tk_04_every_other_character_is_refused() {
    let instance = Instance::new();
    let token = instance.seal();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=";
    for position in 0..token.len() {
        for letter in alphabet.iter().filter(|letter| **letter != token.as_bytes()[position]) {
            let mut other = token.clone().into_bytes();
            other[position] = *letter;
            assert_eq!(instance.open(std::str::from_utf8(&other).unwrap()), None, "{position}: {letter}");
        }
    }
}

#[test]
fn tk_04_shorter_tags_are_refused() {
    let instance = Instance::new();
    let token = instance.seal();
    let (rest, tag) = token.rsplit_once('.').unwrap();
    let tag = URL_SAFE_NO_PAD.decode(tag).unwrap();
    for length in 0..16 {
        assert_eq!(instance.open(&format!("{rest}.{}", encode(&tag[..length]))), None, "{length}");
    }
}

#[test]
fn tokens_of_another_tenant_issuer_or_instance_are_refused() {
    let instance = Instance::new();
    let token = instance.seal();
    let open = |master, tenant: &str, issuer| opaque::open::<Claims>(master, &TenantId::new(tenant), issuer, &token);
    assert_eq!(open(&instance.master, "tenant-1", ISSUER), Some(claims()));
    assert_eq!(open(&instance.master, "tenant-2", ISSUER), None);
    assert_eq!(open(&instance.master, "tenant-1", "https://other.example/"), None);
    assert_eq!(open(&MasterKey::generate(&instance.random), "tenant-1", ISSUER), None);
}

#[test]
fn another_header_is_refused_although_it_would_mean_the_same() {
    let instance = Instance::new();
    let token = instance.seal();
    let (_, rest) = token.split_once('.').unwrap();
    for header in [
        format!(r#"{{"enc":"A256GCM","alg":"dir","iss":"{ISSUER}"}}"#),
        format!(r#"{{"alg": "dir","enc":"A256GCM","iss":"{ISSUER}"}}"#),
        format!(r#"{{"alg":"dir","enc":"A256GCM","iss":"{ISSUER}","zip":"DEF"}}"#),
        format!(r#"{{"alg":"PBES2-HS256+A128KW","p2c":2147483647,"enc":"A256GCM","iss":"{ISSUER}"}}"#),
        format!(r#"{{"alg":"none","enc":"A256GCM","iss":"{ISSUER}"}}"#),
        "{}".to_owned(),
        String::new(),
    ] {
        assert_eq!(instance.open(&format!("{}.{rest}", encode(&header))), None, "{header}");
    }
}

#[test]
fn claims_of_another_shape_are_refused() {
    let instance = Instance::new();
    let token = opaque::seal(&instance.master, &instance.tenant, ISSUER, &json!({"sub": 1}), &instance.random).unwrap();
    assert_eq!(instance.open(&token), None);
    assert_eq!(opaque::open::<Value>(&instance.master, &instance.tenant, ISSUER, &token), Some(json!({"sub": 1})));
}

#[test]
fn do_03_no_token_is_made_that_would_be_too_long_to_read() {
    let instance = Instance::new();
    let seal = |length| {
        opaque::seal(&instance.master, &instance.tenant, ISSUER, &json!({"x": "y".repeat(length)}), &instance.random)
    };
    assert!(seal(12_000).unwrap().len() <= MAX_TOKEN_LENGTH);
    assert_eq!(seal(13_000), Err(JwtError::TooLong));
    assert_eq!(instance.open(&".".repeat(10_000_000)), None);
}

#[test]
fn a_value_sealed_for_the_store_is_no_token() {
    let instance = Instance::new();
    let token = instance.seal();
    let parts: Vec<Vec<u8>> = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
    let as_sealed = [&parts[2][..], &parts[3], &parts[4]].concat();
    assert!(instance.master.open(Purpose::AccessToken, &instance.tenant, &as_sealed).is_none());
}
