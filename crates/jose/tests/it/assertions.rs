//! Client assertions (RFC 7523; CL-03): what is accepted, and a corpus of what is not.

use keywright_jose::{
    AssertionAlg, AssertionError, AssertionKey, ClientAssertion, ExpectedAssertion, JwtError, PublicKey,
    unverified_subject, verify_assertion,
};
use serde_json::{Value, json};

use crate::fixture::{ISSUER, NOW, at, encode, with};
use crate::foreign_key::ForeignKey;

const CLIENT: &str = "client";

fn claims() -> Value {
    json!({ "iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "jti": "id-1", "iat": NOW, "exp": NOW + 60 })
}

fn header(algorithm: AssertionAlg) -> Value {
    json!({ "alg": algorithm, "kid": "the-key-id" })
}

fn registered(key: &ForeignKey, algorithms: &[AssertionAlg]) -> AssertionKey {
    let kid = Some("the-key-id".to_owned());
    AssertionKey { kid, algorithms: algorithms.to_vec(), key: key.public(), expires_at: None }
}

fn check(token: &str, keys: &[AssertionKey]) -> Result<ClientAssertion, AssertionError> {
    verify_assertion(token, keys, &ExpectedAssertion { client_id: CLIENT, audience: ISSUER, now: at(NOW) })
}

#[test]
fn cl_03_each_algorithm_of_the_key_is_accepted_and_no_other() {
    use AssertionAlg::{ES256, ES384, PS256, PS384, RS256, RS384};
    let keys = [
        (ForeignKey::rsa(), vec![RS256, RS384, PS256, PS384]),
        (ForeignKey::p256(), vec![ES256]),
        (ForeignKey::p384(), vec![ES384]),
    ];
    for (key, own) in &keys {
        assert_eq!(key.public().algorithms(), own);
        for algorithm in AssertionAlg::ALL {
            let token = key.token(algorithm, &header(algorithm).to_string(), &claims().to_string());
            let good = check(&token, &[registered(key, &[algorithm])]);
            assert_eq!(good.is_ok(), own.contains(&algorithm), "{algorithm}: {good:?}");
            // TK-01: the algorithm is the credential's, not the header's.
            for other in AssertionAlg::ALL.into_iter().filter(|other| *other != algorithm) {
                let refused = check(&token, &[registered(key, &[other])]);
                assert_eq!(refused, Err(JwtError::WrongAlgorithm.into()), "{algorithm} by a key for {other}");
            }
        }
    }
}

#[test]
fn cl_03_hostile_assertions() {
    use AssertionError::{BadId, KeyInHeader, Token, TooLongLived, WrongClient};
    let key = ForeignKey::p256();
    let keys = [registered(&key, &[AssertionAlg::ES256])];
    let good = header(AssertionAlg::ES256);
    let with_claims =
        |changes: Value| check(&key.token(AssertionAlg::ES256, &good.to_string(), &with(&claims(), &changes)), &keys);
    let with_header =
        |changes: Value| check(&key.token(AssertionAlg::ES256, &with(&good, &changes), &claims().to_string()), &keys);

    let accepted = with_claims(json!({})).unwrap();
    assert_eq!(accepted, ClientAssertion { jti: "id-1".to_owned(), refused_from: NOW + 71 });
    for (changes, expected) in [
        (json!({ "iss": null }), WrongClient),
        (json!({ "iss": "other" }), WrongClient),
        (json!({ "sub": "other" }), WrongClient),
        (json!({ "sub": null }), WrongClient),
        (json!({ "sub": [CLIENT] }), Token(JwtError::Malformed)),
        (json!({ "aud": null }), Token(JwtError::WrongAudience)),
        (json!({ "aud": [ISSUER] }), Token(JwtError::WrongAudience)),
        (json!({ "aud": [ISSUER, "https://other.example/"] }), Token(JwtError::WrongAudience)),
        (json!({ "aud": format!("{ISSUER}oauth/token") }), Token(JwtError::WrongAudience)),
        (json!({ "aud": ISSUER.trim_end_matches('/') }), Token(JwtError::WrongAudience)),
        (json!({ "aud": ISSUER.to_uppercase() }), Token(JwtError::WrongAudience)),
        (json!({ "aud": "https://other.example/" }), Token(JwtError::WrongAudience)),
        (json!({ "jti": null }), BadId),
        (json!({ "jti": "" }), BadId),
        (json!({ "jti": 1 }), BadId),
        (json!({ "jti": "x".repeat(65) }), BadId),
        (json!({ "exp": null }), Token(JwtError::BadTime("exp"))),
        (json!({ "exp": "soon" }), Token(JwtError::BadTime("exp"))),
        (json!({ "exp": NOW - 11 }), Token(JwtError::Expired)),
        (json!({ "exp": NOW - 60 }), Token(JwtError::Expired)),
        (json!({ "exp": NOW + 311 }), TooLongLived),
        (json!({ "exp": NOW + 86_400 }), TooLongLived),
        (json!({ "exp": 1e300 }), TooLongLived),
        (json!({ "iat": NOW + 60 }), Token(JwtError::NotYetValid)),
        (json!({ "nbf": NOW + 60 }), Token(JwtError::NotYetValid)),
    ] {
        assert_eq!(with_claims(changes.clone()), Err(expected), "{changes}");
    }
    // "Clock skew: 10 s ahead is accepted, 60 s is refused".
    for changes in [
        json!({ "exp": NOW - 10 }),
        json!({ "exp": NOW + 300 }),
        json!({ "iat": NOW + 10 }),
        json!({ "nbf": NOW + 10 }),
        json!({ "iat": null }),
        json!({ "jti": "x".repeat(64) }),
    ] {
        assert!(with_claims(changes.clone()).is_ok(), "{changes}");
    }
    for (changes, expected) in [
        (json!({ "alg": "none" }), Token(JwtError::WrongAlgorithm)),
        (json!({ "alg": "HS256" }), Token(JwtError::WrongAlgorithm)),
        (json!({ "alg": "es256" }), Token(JwtError::WrongAlgorithm)),
        (json!({ "alg": null }), Token(JwtError::WrongAlgorithm)),
        (json!({ "alg": ["ES256"] }), Token(JwtError::WrongAlgorithm)),
        (json!({ "kid": "another-key" }), Token(JwtError::UnknownKey)),
        (json!({ "kid": 1 }), Token(JwtError::Malformed)),
        (json!({ "jwk": key.jwk() }), KeyInHeader),
        (json!({ "jku": "https://client.example/jwks" }), KeyInHeader),
        (json!({ "x5u": "https://client.example/x" }), KeyInHeader),
        (json!({ "x5c": ["AA"] }), KeyInHeader),
        (json!({ "crit": ["exp"], "exp": NOW }), Token(JwtError::Critical)),
        (json!({ "crit": [] }), Token(JwtError::Critical)),
        (json!({ "typ": "at+jwt" }), Token(JwtError::WrongType)),
        (json!({ "typ": "dpop+jwt" }), Token(JwtError::WrongType)),
        (json!({ "typ": 1 }), Token(JwtError::WrongType)),
    ] {
        assert_eq!(with_header(changes.clone()), Err(expected), "{changes}");
    }
    for changes in [json!({ "typ": "jwt" }), json!({ "typ": "client-authentication+jwt" }), json!({ "kid": null })] {
        assert!(with_header(changes.clone()).is_ok(), "{changes}");
    }
}

#[test]
fn cl_03_forged_and_broken_assertions() {
    let (key, other) = (ForeignKey::p256(), ForeignKey::p256());
    let keys = [registered(&key, &[AssertionAlg::ES256])];
    let (header, claims) = (header(AssertionAlg::ES256).to_string(), claims().to_string());
    let good = key.token(AssertionAlg::ES256, &header, &claims);
    assert!(check(&good, &keys).is_ok());
    assert_eq!(check(&good, &[]), Err(JwtError::UnknownKey.into()));
    let forged = other.token(AssertionAlg::ES256, &header, &claims);
    assert_eq!(check(&forged, &keys), Err(JwtError::BadSignature.into()));
    let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
    assert!(check(&unsigned, &keys).is_err());
    let parts: Vec<&str> = good.split('.').collect();
    let none = format!("{}.{}.", encode(r#"{"alg":"none","kid":"the-key-id"}"#), parts[1]);
    assert_eq!(check(&none, &keys), Err(JwtError::WrongAlgorithm.into()));
    let swapped = format!("{}.{}.{}", parts[0], encode(claims.replace("id-1", "id-2")), parts[2]);
    assert_eq!(check(&swapped, &keys), Err(JwtError::BadSignature.into()));
    let twice = claims.replacen('{', "{\"sub\":\"victim\",", 1);
    assert_eq!(check(&key.token(AssertionAlg::ES256, &header, &twice), &keys), Err(JwtError::Malformed.into()));
    for text in ["", ".", "..", "a.b.c", "e30.e30.e30", &good[1..], &format!("{good}="), &format!("{good}.x")] {
        assert!(check(text, &keys).is_err(), "{text}");
    }
    let long = with(&serde_json::from_str(&claims).unwrap(), &json!({ "x": "y".repeat(2048) }));
    let long = key.token(AssertionAlg::ES256, &header, &long);
    assert_eq!(check(&long, &keys), Err(JwtError::TooLong.into()));
    assert_eq!(unverified_subject(&long), None);
    assert_eq!(unverified_subject(&good).as_deref(), Some(CLIENT));
}

#[test]
fn cl_03_a_key_counts_until_its_end_and_the_kid_chooses() {
    let (old, new) = (ForeignKey::p256(), ForeignKey::p256());
    let mut keys = [registered(&old, &[AssertionAlg::ES256]), registered(&new, &[AssertionAlg::ES256])];
    keys[1].kid = Some("another-key".to_owned());
    let signed =
        |key: &ForeignKey, header: Value| key.token(AssertionAlg::ES256, &header.to_string(), &claims().to_string());
    let without = json!({ "alg": "ES256" });
    assert!(check(&signed(&old, without.clone()), &keys).is_ok());
    assert!(check(&signed(&new, without.clone()), &keys).is_ok());
    assert!(check(&signed(&new, header(AssertionAlg::ES256)), &keys).is_err(), "the other key's kid");
    keys[0].expires_at = Some(at(NOW + 1));
    assert!(check(&signed(&old, without.clone()), &keys).is_ok());
    keys[0].expires_at = Some(at(NOW));
    assert!(check(&signed(&old, without), &keys).is_err());
}

#[test]
fn keys_are_read_from_certificates_and_pem() {
    let stored = crate::fixture::new_key();
    let pem = |tag: &str, der: &[u8]| {
        let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
        format!("-----BEGIN {tag}-----\n{text}\n-----END {tag}-----\n")
    };
    let of_certificate = PublicKey::from_pem(&pem("CERTIFICATE", &stored.certificate)).unwrap();
    let loaded = crate::fixture::load(&stored);
    let jwk = serde_json::to_value(loaded.public_jwk()).unwrap();
    assert_eq!(of_certificate.to_jwk()["n"], jwk["n"]);
    let ForeignKey::P256(pair) = ForeignKey::p256() else { unreachable!() };
    let der = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::PublicKeyX509Der<'_>>::as_der(
        aws_lc_rs::signature::KeyPair::public_key(&pair),
    )
    .unwrap();
    let point = PublicKey::from_pem(&pem("PUBLIC KEY", der.as_ref())).unwrap();
    assert_eq!(point.thumbprint(), ForeignKey::P256(pair).public().thumbprint());
}
