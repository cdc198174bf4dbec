//! Opaque access tokens: their form, and TK-04, that only the whole token is one.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use keywright_jose::{DataKey, DataKeys, JwtError, MAX_TOKEN_LENGTH, Purpose, Random, opaque};
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
    keys: DataKeys,
    tenant: TenantId,
    random: Random,
}

impl Instance {
    fn new() -> Self {
        let random = Random::system();
        Self { keys: DataKeys::only(DataKey::generate(&random)), tenant: TenantId::new("tenant-1"), random }
    }

    fn seal(&self) -> String {
        opaque::seal(&self.keys, &self.tenant, ISSUER, &claims(), &self.random).unwrap()
    }

    fn open(&self, token: &str) -> Option<Claims> {
        opaque::open(&self.keys, &self.tenant, ISSUER, token)
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
    let open = |keys, tenant: &str, issuer| opaque::open::<Claims>(keys, &TenantId::new(tenant), issuer, &token);
    assert_eq!(open(&instance.keys, "tenant-1", ISSUER), Some(claims()));
    assert_eq!(open(&instance.keys, "tenant-2", ISSUER), None);
    assert_eq!(open(&instance.keys, "tenant-1", "https://other.example/"), None);
    assert_eq!(open(&DataKeys::only(DataKey::generate(&instance.random)), "tenant-1", ISSUER), None);
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
    let token = opaque::seal(&instance.keys, &instance.tenant, ISSUER, &json!({"sub": 1}), &instance.random).unwrap();
    assert_eq!(instance.open(&token), None);
    assert_eq!(opaque::open::<Value>(&instance.keys, &instance.tenant, ISSUER, &token), Some(json!({"sub": 1})));
}

#[test]
fn do_03_no_token_is_made_that_would_be_too_long_to_read() {
    let instance = Instance::new();
    let seal = |length| {
        opaque::seal(&instance.keys, &instance.tenant, ISSUER, &json!({"x": "y".repeat(length)}), &instance.random)
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
    assert!(instance.keys.open(Purpose::AccessToken, &instance.tenant, &as_sealed).is_none());
}

#[test]
fn st_03_tokens_of_every_generation_that_is_there_are_read() {
    let (tenant, random) = (TenantId::new("tenant-1"), Random::system());
    let [lookup, first, second] = [(); 3].map(|()| Arc::new(DataKey::generate(&random)));
    let ring = |current: (u16, &Arc<DataKey>), others: &[(u16, &Arc<DataKey>)]| {
        let own = |(generation, key): (u16, &Arc<DataKey>)| (generation, Arc::clone(key));
        DataKeys::new(Arc::clone(&lookup), own(current), others.iter().copied().map(own).collect())
    };
    let before = ring((1, &first), &[(2, &second)]);
    let after = ring((2, &second), &[(1, &first)]);
    let alone = ring((2, &second), &[]);
    let old = opaque::seal(&before, &tenant, ISSUER, &claims(), &random).unwrap();
    let new = opaque::seal(&after, &tenant, ISSUER, &claims(), &random).unwrap();
    let open = |keys: &DataKeys, token: &str| opaque::open::<Claims>(keys, &tenant, ISSUER, token);
    for keys in [&before, &after] {
        assert_eq!((open(keys, &old), open(keys, &new)), (Some(claims()), Some(claims())));
    }
    assert_eq!((open(&alone, &old), open(&alone, &new)), (None, Some(claims())));
    let header = URL_SAFE_NO_PAD.decode(new.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    assert_eq!(header, json!({ "alg": "dir", "enc": "A256GCM", "kid": "2", "iss": ISSUER }));
}
