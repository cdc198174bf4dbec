//! New keys, their certificates and their JSON form (§6.11).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keywright_jose::{KeyError, NewSigningKey, Random, SigningKey, VerifyingKey};
use serde_json::Value;

use crate::fixture::*;
use crate::known_answers::certificate_of_1024_bits;

fn contains(certificate: &[u8], part: &[u8]) -> bool {
    certificate.windows(part.len()).any(|window| window == part)
}

#[test]
fn a_kid_is_21_url_safe_characters_and_new_each_time() {
    let (first, second) = (new_key(), new_key());
    for key in [&first, &second] {
        assert_eq!(key.kid.len(), 21);
        assert!(key.kid.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{}", key.kid);
    }
    assert_ne!(first.kid, second.kid);
    assert_ne!(first.private_key, second.private_key);
}

#[test]
fn the_certificate_names_the_domain_and_lives_ten_years_from_the_given_day() {
    let certificate = &STORED.certificate;
    // Subject and issuer: the same name twice.
    let name = certificate.windows(14).filter(|window| window == b"tenant.example").count();
    assert_eq!(name, 2);
    assert!(contains(certificate, b"231114000000Z"), "NOW is 2023-11-14T22:13:20Z");
    assert!(contains(certificate, b"331114000000Z"));

    // 29 February has no tenth anniversary.
    let leap = NewSigningKey::generate_rsa("tenant.example", at(1_709_208_000), &Random::system()).unwrap();
    assert!(contains(&leap.certificate, b"240229000000Z") && contains(&leap.certificate, b"340228000000Z"));
    // RFC 5280 section 4.1.2.5: "validity dates in 2050 or later MUST be encoded as GeneralizedTime".
    let far = NewSigningKey::generate_rsa("tenant.example", at(2_398_291_200), &Random::system()).unwrap();
    assert!(contains(&far.certificate, b"451231000000Z") && contains(&far.certificate, b"20551231000000Z"));
}

#[test]
fn the_certificate_is_signed_by_its_own_key() {
    let certificate = &STORED.certificate;
    // SEQUENCE { tbsCertificate SEQUENCE, signatureAlgorithm, signature BIT STRING of 256 bytes at the very end }.
    assert_eq!((certificate[0], certificate[1], certificate[4], certificate[5]), (0x30, 0x82, 0x30, 0x82));
    let length = usize::from(u16::from_be_bytes([certificate[6], certificate[7]]));
    let signed = &certificate[4..8 + length];
    let signature = &certificate[certificate.len() - 256..];
    let jwk = KEY.public_jwk();
    let key = RsaPublicKeyComponents {
        n: URL_SAFE_NO_PAD.decode(&jwk.n).unwrap(),
        e: URL_SAFE_NO_PAD.decode(&jwk.e).unwrap(),
    };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).unwrap();
}

#[test]
fn the_jwk_has_the_members_of_the_specification_in_their_order() {
    let jwk = KEY.public_jwk();
    let text = serde_json::to_string(jwk).unwrap();
    let certificate = STANDARD.encode(&STORED.certificate);
    let x5t = URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &STORED.certificate));
    let (n, kid) = (&jwk.n, &STORED.kid);
    assert_eq!(
        text,
        format!(
            r#"{{"alg":"RS256","kty":"RSA","use":"sig","n":"{n}","e":"AQAB","kid":"{kid}","x5t":"{x5t}","x5c":["{certificate}"]}}"#
        )
    );
    assert_eq!(n.len(), 342, "256 bytes without a leading zero");
    assert!(text.contains(r#""x5c":["MII"#));
}

#[test]
fn a_tenant_can_drop_alg_from_its_jwks() {
    let mut jwk = KEY.public_jwk().clone();
    jwk.alg = None;
    let jwk = serde_json::to_value(jwk).unwrap();
    assert_eq!(jwk.get("alg"), None);
    assert_eq!(jwk["kid"], Value::from(KEY.kid()));
}

#[test]
fn a_key_is_not_loaded_with_the_certificate_of_another() {
    let other = new_key();
    let load = |private: &[u8], certificate: &[u8]| {
        SigningKey::load("kid".to_owned(), private, certificate).map(drop).unwrap_err()
    };
    assert_eq!(load(&STORED.private_key, &other.certificate), KeyError::Mismatch);
    assert_eq!(load(&STORED.private_key, b"no certificate"), KeyError::Certificate);
    assert_eq!(load(b"no key", &STORED.certificate), KeyError::PrivateKey);
    assert_eq!(load(&STORED.certificate, &STORED.private_key), KeyError::PrivateKey);
}

#[test]
fn tk_10_keys_of_fewer_than_2048_bits_are_refused() {
    let refused = VerifyingKey::from_certificate("small".to_owned(), &certificate_of_1024_bits()).map(drop);
    assert_eq!(refused, Err(KeyError::TooSmall));
}

#[test]
fn keys_of_another_kind_are_refused() {
    let pair = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&pair).unwrap();
    let refused = VerifyingKey::from_certificate("elliptic".to_owned(), certificate.der()).map(drop);
    assert_eq!(refused, Err(KeyError::Certificate));
    let refused = SigningKey::load("elliptic".to_owned(), &pair.serialize_der(), certificate.der()).map(drop);
    assert_eq!(refused, Err(KeyError::PrivateKey));
}
