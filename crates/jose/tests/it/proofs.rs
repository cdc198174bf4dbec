//! `DPoP` proofs (RFC 9449 §4; FP-03): what is accepted, and a corpus of what is not.

use keywright_jose::{AssertionAlg, DpopProof, ExpectedProof, JwtError, KeyError, ProofError, sha256, verify_proof};
use serde_json::{Value, json};

use crate::fixture::{NOW, at, encode, with};
use crate::foreign_key::ForeignKey;

const URL: &str = "https://tenant.example/oauth/token";

fn claims() -> Value {
    json!({ "jti": "proof-1", "htm": "POST", "htu": URL, "iat": NOW })
}

fn header(key: &ForeignKey) -> Value {
    json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk() })
}

fn check(proof: &str, access_token: Option<&str>) -> Result<DpopProof, ProofError> {
    verify_proof(proof, &ExpectedProof { method: "POST", url: URL, access_token, now: at(NOW) })
}

#[test]
fn fp_03_each_field_of_a_proof() {
    use ProofError::{BadId, Key, Token, TooOld, WrongMethod, WrongToken, WrongUrl};
    let key = ForeignKey::p256();
    let signed = |header: &str, claims: &str| key.token(AssertionAlg::ES256, header, claims);
    let good = header(&key);
    let with_claims = |changes: Value| check(&signed(&good.to_string(), &with(&claims(), &changes)), None);
    let with_header = |changes: Value| check(&signed(&with(&good, &changes), &claims().to_string()), None);

    let accepted = with_claims(json!({ "nonce": "n" })).unwrap();
    assert_eq!((accepted.jti.as_str(), accepted.nonce.as_deref()), ("proof-1", Some("n")));
    assert_eq!((accepted.jkt, accepted.refused_from), (key.public().thumbprint(), NOW + 301));
    for (changes, expected) in [
        (json!({ "jti": null }), BadId),
        (json!({ "jti": "" }), BadId),
        (json!({ "jti": "x".repeat(257) }), BadId),
        (json!({ "htm": null }), WrongMethod),
        (json!({ "htm": "GET" }), WrongMethod),
        (json!({ "htm": "post" }), WrongMethod),
        (json!({ "htu": null }), WrongUrl),
        (json!({ "htu": "https://tenant.example/userinfo" }), WrongUrl),
        (json!({ "htu": "https://evil.example/oauth/token" }), WrongUrl),
        (json!({ "iat": null }), Token(JwtError::BadTime("iat"))),
        (json!({ "iat": "now" }), Token(JwtError::BadTime("iat"))),
        (json!({ "iat": NOW - 301 }), TooOld),
        (json!({ "iat": NOW + 11 }), Token(JwtError::NotYetValid)),
        (json!({ "iat": NOW + 60 }), Token(JwtError::NotYetValid)),
        (json!({ "iat": -1e300 }), TooOld),
    ] {
        assert_eq!(with_claims(changes.clone()), Err(expected), "{changes}");
    }
    for changes in [json!({ "iat": NOW - 300 }), json!({ "iat": NOW + 10 }), json!({ "htu": format!("{URL}?a#b") })] {
        assert!(with_claims(changes.clone()).is_ok(), "{changes}");
    }
    let private = with(&key.jwk(), &json!({ "d": "AA" }));
    let private: Value = serde_json::from_str(&private).unwrap();
    for (changes, expected) in [
        (json!({ "typ": "JWT" }), Token(JwtError::WrongType)),
        (json!({ "typ": null }), Token(JwtError::WrongType)),
        (json!({ "alg": "none" }), Token(JwtError::WrongAlgorithm)),
        (json!({ "alg": "HS256" }), Token(JwtError::WrongAlgorithm)),
        (json!({ "alg": "RS256" }), Token(JwtError::WrongAlgorithm)),
        (json!({ "alg": "ES384" }), Token(JwtError::WrongAlgorithm)),
        (json!({ "jwk": null }), Key(KeyError::PublicKey)),
        (json!({ "jwk": "x" }), Key(KeyError::PublicKey)),
        (json!({ "jwk": private }), Key(KeyError::NotPublic)),
        (json!({ "jwk": { "kty": "oct", "k": "AA" } }), Key(KeyError::NotPublic)),
        (json!({ "jwk": ForeignKey::p256().jwk() }), Token(JwtError::BadSignature)),
        (json!({ "jwk": ForeignKey::p384().jwk() }), Token(JwtError::WrongAlgorithm)),
        (json!({ "crit": ["b64"], "b64": false }), Token(JwtError::Critical)),
    ] {
        assert_eq!(with_header(changes.clone()), Err(expected), "{changes}");
    }
    let bound = |ath: Value| check(&signed(&good.to_string(), &with(&claims(), &json!({ "ath": ath }))), Some("token"));
    assert!(bound(json!(encode(sha256(b"token")))).is_ok());
    for wrong in [json!(null), json!(""), json!(encode(sha256(b"other"))), json!("token"), json!(1)] {
        assert_eq!(bound(wrong.clone()), Err(WrongToken), "{wrong}");
    }
}

#[test]
fn fp_03_broken_proofs() {
    let key = ForeignKey::p256();
    let good = key.token(AssertionAlg::ES256, &header(&key).to_string(), &claims().to_string());
    assert!(check(&good, None).is_ok());
    let unsigned = format!("{}.", good.rsplit_once('.').unwrap().0);
    for text in ["", "..", "a.b.c", "e30.e30.e30", &unsigned, &good[1..], &format!("{good}A"), &format!("{good}.x")] {
        assert!(check(text, None).is_err(), "{text}");
    }
    let long = with(&claims(), &json!({ "x": "y".repeat(4096) }));
    let long = key.token(AssertionAlg::ES256, &header(&key).to_string(), &long);
    assert_eq!(check(&long, None), Err(JwtError::TooLong.into()));
    let twice = claims().to_string().replacen('{', "{\"htm\":\"GET\",", 1);
    let twice = key.token(AssertionAlg::ES256, &header(&key).to_string(), &twice);
    assert_eq!(check(&twice, None), Err(JwtError::Malformed.into()));
}
