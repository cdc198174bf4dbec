//! Properties that hold for every input.

use std::sync::LazyLock;

use keywright_jose::{DataKey, DataKeys, Expected, JwtType};
use keywright_jose::{Purpose, Random, SharedSecret, Signer, SigningAlg, VerifyingKey, opaque, sign, verify};
use keywright_types::TenantId;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::fixture::*;

static KEYS: LazyLock<DataKeys> = LazyLock::new(|| DataKeys::only(DataKey::generate(&Random::system())));

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from)
    ]
}

/// Any claims, with those that are checked set to what is expected.
fn claims() -> impl Strategy<Value = Map<String, Value>> {
    btree_map(any::<String>(), scalar(), 0..8).prop_map(|claims| {
        let mut claims: Map<String, Value> = claims.into_iter().filter(|(name, _)| name != "nbf").collect();
        claims.extend(good_claims().as_object().unwrap().clone());
        claims
    })
}

proptest! {
    #[test]
    fn what_was_sealed_opens(plaintext in vec(any::<u8>(), 0..500), tenant in ".*") {
        let (tenant, random) = (TenantId::new(tenant), Random::system());
        let sealed = KEYS.seal(Purpose::ClientSecret, &tenant, &plaintext, &random);
        prop_assert_eq!(sealed.len(), plaintext.len() + 28);
        let opened = KEYS.open(Purpose::ClientSecret, &tenant, &sealed);
        prop_assert!(opened.is_some_and(|opened| *opened == plaintext));
        let sealed = KEYS.seal_text(Purpose::SessionCookie, &tenant, &plaintext, &random);
        let opened = KEYS.open_text(Purpose::SessionCookie, &tenant, &sealed);
        prop_assert!(opened.is_some_and(|opened| *opened == plaintext));
    }

    #[test]
    fn a_sealed_value_with_any_bit_flipped_is_refused(plaintext in vec(any::<u8>(), 0..40)) {
        let tenant = TenantId::new("tenant-1");
        let sealed = KEYS.seal(Purpose::ClientSecret, &tenant, &plaintext, &Random::system());
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(KEYS.open(Purpose::ClientSecret, &tenant, &flipped).is_none());
        }
    }

    #[test]
    fn what_was_signed_verifies(claims in claims(), which in 0..4_usize, at_jwt: bool) {
        let typ = if at_jwt { JwtType::AccessToken } else { JwtType::Jwt };
        let signers = [
            Signer::Rsa(&KEY, SigningAlg::RS256), Signer::Rsa(&KEY, SigningAlg::RS512),
            Signer::Rsa(&KEY, SigningAlg::PS256), Signer::Ec(&EC_KEY),
        ];
        let token = sign(typ, signers[which], &claims).unwrap();
        prop_assert_eq!(verify(&token, &[KEY.verifying(), EC_KEY.verifying()], &Expected { typ, ..expected() }), Ok(claims));
    }

    #[test]
    fn what_a_secret_signed_verifies(claims in claims(), secret in ".{1,80}", other in ".{1,80}") {
        prop_assume!(secret != other);
        let (secret, other) = (SharedSecret::from(secret.as_str()), SharedSecret::from(other.as_str()));
        let token = sign(JwtType::Jwt, Signer::Hmac(&secret), &claims).unwrap();
        let (key, other) = (VerifyingKey::from_secret(&secret).unwrap(), VerifyingKey::from_secret(&other).unwrap());
        prop_assert_eq!(verify(&token, &[&key], &expected()), Ok(claims.clone()));
        // Two secrets during a rotation: either may have signed.
        prop_assert_eq!(verify(&token, &[&other, &key], &expected()), Ok(claims));
        prop_assert!(verify(&token, &[&other], &expected()).is_err());
    }

    #[test]
    fn a_signed_token_with_any_byte_changed_is_refused(position: prop::sample::Index, byte in 0..128_u8) {
        let token = sign(JwtType::Jwt, Signer::Rsa(&KEY, SigningAlg::RS256), &good_claims()).unwrap();
        let mut changed = token.clone().into_bytes();
        *position.get_mut(&mut changed) = byte;
        let changed = String::from_utf8(changed).unwrap();
        prop_assume!(changed != token);
        prop_assert!(check(&changed).is_err());
    }

    #[test]
    fn what_was_made_opaque_opens(claims in claims(), tenant in ".*", issuer in ".*") {
        let tenant = TenantId::new(tenant);
        let token = opaque::seal(&KEYS, &tenant, &issuer, &claims, &Random::system()).unwrap();
        prop_assert_eq!(opaque::open(&KEYS, &tenant, &issuer, &token), Some(claims));
    }

    #[test]
    fn an_opaque_token_with_any_byte_changed_is_refused(position: prop::sample::Index, byte in 0..128_u8) {
        let tenant = TenantId::new("tenant-1");
        let token = opaque::seal(&KEYS, &tenant, ISSUER, &good_claims(), &Random::system()).unwrap();
        let mut changed = token.clone().into_bytes();
        *position.get_mut(&mut changed) = byte;
        let changed = String::from_utf8(changed).unwrap();
        prop_assume!(changed != token);
        prop_assert_eq!(opaque::open::<Value>(&KEYS, &tenant, ISSUER, &changed), None);
    }

    #[test]
    fn any_text_is_refused_without_a_panic(text in any::<String>()) {
        refused(&text)?;
    }

    /// Texts that come further: base64url and points, and parts that hold some JSON.
    #[test]
    fn anything_like_a_token_is_refused_without_a_panic(
        text in "[A-Za-z0-9_.-]{0,200}",
        header in vec(any::<u8>(), 0..60),
        json in r#"\{("(alg|typ|kid|crit|exp|iss)":("(RS256|HS256|none|JWT)"|[0-9]{1,30}|null|\[\]),?){0,5}\}"#,
    ) {
        refused(&text)?;
        refused(&format!("{}.{text}", encode(&header)))?;
        refused(&format!("{}.{}.{}", encode(&json), encode(&header), encode(&header)))?;
        refused(&format!("{}.{}.{}", encode(&json), encode(&json), encode(&header)))?;
        refused(&format!("{}..{}.{}.{}", encode(&json), encode(&header), encode(&header), encode(&header)))?;
    }

    #[test]
    fn any_bytes_are_no_key(bytes in vec(any::<u8>(), 0..300)) {
        prop_assert!(keywright_jose::SigningKey::load("kid".to_owned(), &bytes, &STORED.certificate).is_err());
        prop_assert!(VerifyingKey::from_certificate("kid".to_owned(), &bytes).is_err());
        prop_assert!(keywright_jose::Digest::from_slice(&bytes).is_some() == (bytes.len() == 32));
    }
}

fn refused(text: &str) -> Result<(), TestCaseError> {
    let tenant = TenantId::new("tenant-1");
    prop_assert!(check(text).is_err());
    prop_assert_eq!(opaque::open::<Value>(&KEYS, &tenant, ISSUER, text), None);
    prop_assert!(KEYS.open(Purpose::SessionCookie, &tenant, text.as_bytes()).is_none());
    prop_assert!(KEYS.open_text(Purpose::SessionCookie, &tenant, text).is_none());
    Ok(())
}
