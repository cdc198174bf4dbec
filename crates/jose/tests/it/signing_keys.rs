//! New keys, their certificates and their JSON form (§6.11).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keywright_jose::{
    EcSigningKey, JwtType, KeyError, NewEcSigningKey, NewSigningKey, Random, Signer, SigningAlg, SigningKey,
    VerifyingKey, certificate, sign,
};

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
    let jwk = rsa_jwk();
    let key = RsaPublicKeyComponents {
        n: URL_SAFE_NO_PAD.decode(&jwk.n).unwrap(),
        e: URL_SAFE_NO_PAD.decode(&jwk.e).unwrap(),
    };
    key.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).unwrap();
}

#[test]
fn the_jwk_has_the_members_of_the_specification_in_their_order() {
    let jwk = rsa_jwk();
    let text = serde_json::to_string(KEY.public_jwk()).unwrap();
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
    for key in [KEY.public_jwk(), EC_KEY.public_jwk()] {
        let mut expected = serde_json::to_value(key).unwrap();
        assert!(expected.as_object_mut().unwrap().remove("alg").is_some());
        assert_eq!(serde_json::to_value(key.without_alg()).unwrap(), expected);
        assert_eq!(key.without_alg().kid(), key.kid());
    }
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

/// RFC 7515 appendix A.3.1: the key of the example for ES256.
#[test]
fn tk_10_a_p_256_key_of_the_rfc_loads_with_its_public_half() {
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let (x, y) = ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    let d = decode("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI");
    // PKCS#8 around SEC 1's ECPrivateKey with the public key.
    let head = STANDARD.decode("MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg").unwrap();
    let pkcs8 = [head, d, vec![0xa1, 0x44, 0x03, 0x42, 0x00, 0x04], decode(x), decode(y)].concat();
    let key = EcSigningKey::load("rfc".to_owned(), &pkcs8).unwrap();
    assert_eq!(
        serde_json::to_string(key.public_jwk()).unwrap(),
        format!(r#"{{"alg":"ES256","kty":"EC","use":"sig","crv":"P-256","x":"{x}","y":"{y}","kid":"rfc"}}"#)
    );
}

#[test]
fn a_p_256_key_has_a_kid_of_its_own_and_no_other_curve_loads() {
    let (first, second) =
        (NewEcSigningKey::generate(&Random::system()).unwrap(), NewEcSigningKey::generate(&Random::system()).unwrap());
    assert_ne!((&first.kid, &first.private_key), (&second.kid, &second.private_key));
    assert_eq!(first.kid.len(), 21);
    assert_eq!(format!("{first:?}"), format!("NewEcSigningKey {{ kid: {:?}, .. }}", first.kid));
    let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    for wrong in [p384.serialize_der(), STORED.private_key.to_vec(), b"no key".to_vec(), Vec::new()] {
        assert_eq!(EcSigningKey::load("kid".to_owned(), &wrong).map(drop).unwrap_err(), KeyError::PrivateKey);
    }
}

/// Each algorithm of each key, checked by a library that APIs use, with nothing but the JWKS entry.
#[test]
fn tk_10_every_algorithm_verifies_elsewhere() {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::Jwk as Other};
    for (signer, algorithm, jwk) in [
        (Signer::Rsa(&KEY, SigningAlg::RS256), Algorithm::RS256, KEY.public_jwk()),
        (Signer::Rsa(&KEY, SigningAlg::RS512), Algorithm::RS512, KEY.public_jwk()),
        (Signer::Rsa(&KEY, SigningAlg::PS256), Algorithm::PS256, KEY.public_jwk()),
        (Signer::Ec(&EC_KEY), Algorithm::ES256, EC_KEY.public_jwk()),
    ] {
        assert_eq!(signer.algorithm().as_str(), format!("{algorithm:?}"));
        let token = sign(JwtType::Jwt, signer, &good_claims()).unwrap();
        let other: Other = serde_json::from_value(serde_json::to_value(jwk).unwrap()).unwrap();
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&[AUDIENCE]);
        validation.validate_exp = false;
        let key = DecodingKey::from_jwk(&other).unwrap();
        let decoded = jsonwebtoken::decode::<serde_json::Value>(&token, &key, &validation).unwrap();
        assert_eq!(decoded.claims, good_claims(), "{algorithm:?}");
        assert_eq!(decoded.header.kid.as_deref(), Some(jwk.kid()));
    }
}

#[test]
fn certificates_have_their_text_forms() {
    let certificate = &STORED.certificate;
    let pem = certificate::pem(certificate);
    let lines: Vec<&str> = pem.lines().collect();
    assert_eq!((lines[0], lines[lines.len() - 1]), ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"));
    let body = &lines[1..lines.len() - 1];
    assert!(body[..body.len() - 1].iter().all(|line| line.len() == 64) && body[body.len() - 1].len() <= 64);
    assert_eq!(STANDARD.decode(body.concat()).unwrap(), *certificate);

    let pkcs7 = certificate::pkcs7_pem(certificate);
    let body = pkcs7.strip_prefix("-----BEGIN PKCS7-----\n").unwrap().strip_suffix("-----END PKCS7-----\n").unwrap();
    let message = STANDARD.decode(body.replace('\n', "")).unwrap();
    assert!(contains(&message, certificate));
    // SEQUENCE { OID pkcs7-signedData, …
    assert_eq!(message[4..15], [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02]);
    let fingerprint = certificate::fingerprint(certificate);
    assert_eq!(fingerprint.len(), 59);
    let hex: String =
        digest(&SHA1_FOR_LEGACY_USE_ONLY, certificate).as_ref().iter().map(|b| format!("{b:02X}")).collect();
    assert_eq!(fingerprint.replace(':', ""), hex);
}
