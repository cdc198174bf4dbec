//! TK-01: the key decides the algorithm, and the header of a token decides nothing about the key.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use keywright_jose::{Jwk, JwtError, JwtType, Signer, SigningAlg, VerifyingKey, sign, verify};
use serde_json::json;

use crate::fixture::*;

fn good_token() -> String {
    rsa_token(&STORED, &good_header().to_string(), &good_claims().to_string())
}

#[test]
fn tk_01_the_forgers_means_make_a_good_token_when_nothing_is_forged() {
    assert_eq!(check(&good_token()).unwrap(), *good_claims().as_object().unwrap());
}

#[test]
fn tk_01_unsigned_tokens_are_refused_in_every_spelling() {
    let good = good_token();
    let signature = good.rsplit_once('.').unwrap().1;
    for alg in ["none", "None", "NONE", "nOnE", "none ", ""] {
        let message = message(&with(&good_header(), &json!({ "alg": alg })), &good_claims().to_string());
        for token in [format!("{message}."), format!("{message}.{signature}"), message.clone()] {
            assert!(matches!(check(&token), Err(JwtError::WrongAlgorithm | JwtError::Malformed)), "{alg}: {token}");
        }
    }
}

#[test]
fn tk_01_alg_of_another_json_type_or_missing_is_refused() {
    for alg in [json!(null), json!(["RS256"]), json!({"RS256": null}), json!(1), json!(true)] {
        let mut header = good_header();
        header["alg"] = alg.clone();
        assert_eq!(
            check(&rsa_token(&STORED, &header.to_string(), &good_claims().to_string())),
            Err(JwtError::WrongAlgorithm),
            "{alg}"
        );
    }
    let header = with(&good_header(), &json!({ "alg": null }));
    assert_eq!(check(&rsa_token(&STORED, &header, &good_claims().to_string())), Err(JwtError::WrongAlgorithm));
}

/// The public key in every form in which a careless verifier might take it for a shared secret.
fn public_key_texts() -> Vec<Vec<u8>> {
    let pair = RsaKeyPair::from_pkcs8(&STORED.private_key).unwrap();
    let pkcs1 = pair.public_key().as_ref().to_vec();
    let spki: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let spki = spki.as_ref().to_vec();
    let mut texts = vec![rsa_jwk().n.into_bytes(), serde_json::to_vec(KEY.public_jwk()).unwrap()];
    let forms = [(pkcs1, "RSA PUBLIC KEY"), (spki, "PUBLIC KEY"), (STORED.certificate.clone(), "CERTIFICATE")];
    for (der, label) in forms {
        let base64 = STANDARD.encode(&der);
        let lines: Vec<&str> = base64.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let pem = format!("-----BEGIN {label}-----\n{}\n-----END {label}-----", lines.join("\n"));
        texts.extend([format!("{pem}\n").into_bytes(), pem.into_bytes(), base64.into_bytes(), der]);
    }
    texts
}

#[test]
fn tk_01_hmac_with_the_public_key_is_refused() {
    for secret in public_key_texts() {
        for kid in [json!(KEY.kid()), json!(null)] {
            let header = with(&good_header(), &json!({ "alg": "HS256", "kid": kid }));
            let refused = check(&hmac_token(&secret, &header, &good_claims().to_string()));
            assert!(matches!(refused, Err(JwtError::WrongAlgorithm | JwtError::UnknownKey)), "{refused:?}");
        }
    }
}

#[test]
fn tk_01_hmac_with_the_public_key_is_refused_even_beside_a_shared_secret() {
    let secret = VerifyingKey::from_secret(&"a shared secret of the application".into()).unwrap();
    for bytes in public_key_texts() {
        let header = with(&good_header(), &json!({ "alg": "HS256", "kid": null }));
        let token = hmac_token(&bytes, &header, &good_claims().to_string());
        assert_eq!(verify(&token, &[KEY.verifying(), &secret], &expected()), Err(JwtError::BadSignature));
    }
}

#[test]
fn tk_01_hmac_with_an_empty_secret_cannot_be_configured() {
    assert!(VerifyingKey::from_secret(&"".into()).is_err());
    assert_eq!(sign(JwtType::Jwt, Signer::Hmac(&"".into()), &good_claims()), Err(JwtError::Key));
}

#[test]
fn tk_01_keys_in_the_header_are_not_trusted() {
    let forger = new_key();
    let jwk = serde_json::to_value(load(&forger).public_jwk()).unwrap();
    let injected = [
        json!({ "jwk": jwk }),
        json!({ "jwk": jwk, "kid": null }),
        json!({ "jwk": jwk, "kid": forger.kid }),
        json!({ "x5c": jwk["x5c"] }),
        json!({ "x5c": jwk["x5c"], "x5t": jwk["x5t"], "kid": null }),
        json!({ "jku": "https://forger.example/jwks.json", "kid": forger.kid }),
        json!({ "x5u": "https://forger.example/cer", "kid": forger.kid }),
        json!({ "jku": "https://forger.example/jwks.json" }),
        json!({ "x5u": "file:///dev/null" }),
    ];
    for members in injected {
        let token = rsa_token(&forger, &with(&good_header(), &members), &good_claims().to_string());
        assert!(matches!(check(&token), Err(JwtError::BadSignature | JwtError::UnknownKey)), "{members}");
    }
}

#[test]
fn tk_01_keys_in_the_header_do_not_displace_the_right_key() {
    let jwk = serde_json::to_value(load(&new_key()).public_jwk()).unwrap();
    for members in [json!({ "jwk": jwk }), json!({ "jku": "https://forger.example/" }), json!({ "x5c": jwk["x5c"] })] {
        let token = rsa_token(&STORED, &with(&good_header(), &members), &good_claims().to_string());
        assert!(check(&token).is_ok(), "the real key signed it, the rest is ignored: {members}");
    }
}

#[test]
fn tk_01_critical_members_are_refused_although_the_signature_is_right() {
    for crit in [r#"["b64"]"#, r#"["exp"]"#, r#"["http://example.com/UNDEFINED"]"#, "[]", "null", r#""b64""#, "{}", "0"]
    {
        let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{}","b64":false,"crit":{crit}}}"#, KEY.kid());
        assert_eq!(check(&rsa_token(&STORED, &header, &good_claims().to_string())), Err(JwtError::Critical), "{crit}");
    }
}

#[test]
fn tk_01_a_kid_that_is_not_ours_is_refused_although_the_signature_is_right() {
    let unknown = [json!("another"), json!(""), json!("../../dev/null"), json!("' OR 1=1 --"), json!(null)];
    for kid in unknown {
        let token = rsa_token(&STORED, &with(&good_header(), &json!({ "kid": kid })), &good_claims().to_string());
        assert_eq!(check(&token), Err(JwtError::UnknownKey), "{kid}");
    }
    for kid in [json!(1), json!([KEY.kid()]), json!({}), json!(true)] {
        let token = rsa_token(&STORED, &with(&good_header(), &json!({ "kid": kid })), &good_claims().to_string());
        assert_eq!(check(&token), Err(JwtError::Malformed), "{kid}");
    }
    assert_eq!(verify(&good_token(), &[], &expected()), Err(JwtError::UnknownKey));
}

#[test]
fn tk_01_the_kid_of_another_of_our_keys_does_not_help() {
    let (first, second) = (new_key(), new_key());
    let (first_loaded, second_loaded) = (load(&first), load(&second));
    let keys = [first_loaded.verifying(), second_loaded.verifying()];
    let header = |kid: &str| with(&good_header(), &json!({ "kid": kid }));
    let claims = good_claims().to_string();
    assert!(verify(&rsa_token(&second, &header(&second.kid), &claims), &keys, &expected()).is_ok());
    let swapped = rsa_token(&second, &header(&first.kid), &claims);
    assert_eq!(verify(&swapped, &keys, &expected()), Err(JwtError::BadSignature));
}

#[test]
fn tk_01_an_algorithm_swapped_after_signing_is_refused() {
    for (signed, claimed) in [
        (SigningAlg::RS256, "PS256"),
        (SigningAlg::PS256, "RS256"),
        (SigningAlg::RS256, "RS512"),
        (SigningAlg::RS512, "RS256"),
    ] {
        let token = sign(JwtType::Jwt, Signer::Rsa(&KEY, signed), &good_claims()).unwrap();
        let (_, rest) = token.split_once('.').unwrap();
        let header = encode(with(&good_header(), &json!({ "alg": claimed })));
        assert_eq!(check(&format!("{header}.{rest}")), Err(JwtError::BadSignature), "{claimed}");
    }
    for claimed in ["RS384", "PS384", "PS512", "ES256", "ES384", "EdDSA", "HS256", "HS384", "HS512", "rs256"] {
        let token = rsa_token(&STORED, &with(&good_header(), &json!({ "alg": claimed })), &good_claims().to_string());
        assert_eq!(check(&token), Err(JwtError::WrongAlgorithm), "{claimed}");
    }
    // Right padding for the header, which here is covered by the signature: PS256 claimed, PKCS#1 v1.5 made.
    let token = rsa_token(&STORED, &with(&good_header(), &json!({ "alg": "PS256" })), &good_claims().to_string());
    assert_eq!(check(&token), Err(JwtError::BadSignature));
}

#[test]
fn tk_01_stripped_or_shortened_signatures_are_refused() {
    let token = good_token();
    let (message, signature) = token.rsplit_once('.').unwrap();
    assert!(check(message).is_err());
    assert!(check(&format!("{message}.")).is_err());
    for length in 0..signature.len() {
        assert!(check(&format!("{message}.{}", &signature[..length])).is_err(), "{length}");
    }
    for extension in ["A", "AA", "AAAA", ".", ".A", "=", "==", " ", "\n", "\0"] {
        assert!(check(&format!("{token}{extension}")).is_err(), "{extension:?}");
        assert!(check(&format!("{extension}{token}")).is_err(), "{extension:?}");
    }
    for zeros in [0, 1, 255, 256, 257] {
        assert!(check(&format!("{message}.{}", encode(vec![0; zeros]))).is_err(), "{zeros} zero bytes");
    }
}

#[test]
fn tk_01_another_spelling_of_the_same_bytes_is_refused() {
    let token = good_token();
    let parts: Vec<&str> = token.split('.').collect();
    for padded in 0..3 {
        let respelled = |part: &dyn Fn(&str) -> String| {
            let parts: Vec<String> = parts
                .iter()
                .enumerate()
                .map(|(i, text)| if i == padded { part(text) } else { (*text).to_owned() })
                .collect();
            parts.join(".")
        };
        for padding in ["=", "==", "===", "%3D", "\r\n"] {
            assert!(check(&respelled(&|text| format!("{text}{padding}"))).is_err(), "part {padded}, {padding:?}");
        }
    }
    // 256 bytes leave four bits of the last character unused: sixteen spellings, one of which is the canonical one.
    let last = token.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let accepted: Vec<char> =
        alphabet.chars().filter(|other| check(&format!("{}{other}", &token[..token.len() - 1])).is_ok()).collect();
    assert_eq!(accepted, [last]);
    // The standard alphabet instead of the URL-safe one.
    let standard = format!("{}.{}.{}", parts[0], parts[1], parts[2].replace('-', "+").replace('_', "/"));
    assert!(standard == token || check(&standard).is_err());
}

#[test]
fn tk_01_members_that_come_twice_are_refused_although_the_signature_is_right() {
    let kid = KEY.kid();
    for header in [
        format!(r#"{{"alg":"RS256","alg":"RS256","typ":"JWT","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"none","alg":"RS256","typ":"JWT","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RS256","alg":"none","typ":"JWT","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RS256","typ":"JWT","kid":"other","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{kid}","\u006bid":"{kid}"}}"#),
        format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{kid}","x":1,"x":2}}"#),
    ] {
        let token = rsa_token(&STORED, &header, &good_claims().to_string());
        assert_eq!(check(&token), Err(JwtError::Malformed), "{header}");
    }
    let good = good_claims().to_string();
    for member in [r#""sub":"auth0|2""#, r#""s\u0075b":"auth0|2""#, r#""exp":99999999999"#, r#""iss":"https://other/""#]
    {
        let claims = format!("{{{member},{}", good.strip_prefix('{').unwrap());
        let token = rsa_token(&STORED, &good_header().to_string(), &claims);
        assert_eq!(check(&token), Err(JwtError::Malformed), "{member}");
    }
}

#[test]
fn tk_01_changed_claims_are_refused() {
    let token = good_token();
    let parts: Vec<&str> = token.split('.').collect();
    let claims = encode(with(&good_claims(), &json!({ "sub": "auth0|2" })));
    assert_eq!(check(&format!("{}.{claims}.{}", parts[0], parts[2])), Err(JwtError::BadSignature));
}

#[test]
fn tk_01_other_serializations_are_refused() {
    let token = good_token();
    let parts: Vec<&str> = token.split('.').collect();
    let flattened = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] });
    let general = json!({ "payload": parts[1], "signatures": [{ "protected": parts[0], "signature": parts[2] }] });
    let detached = format!("{}..{}", parts[0], parts[2]);
    let encrypted = format!("{}.{}.{}.{}.{}", parts[0], "", parts[1], parts[2], "AA");
    for other in [flattened.to_string(), general.to_string(), detached, encrypted, String::new(), "..".to_owned()] {
        assert!(check(&other).is_err(), "{other}");
    }
}

#[test]
fn tk_01_claims_or_header_that_are_no_objects_are_refused() {
    for text in ["[]", "null", "1", "\"text\"", "", "{", "{}{}", "\u{feff}{}"] {
        assert_eq!(check(&rsa_token(&STORED, text, &good_claims().to_string())), Err(JwtError::Malformed), "{text}");
        let token = rsa_token(&STORED, &good_header().to_string(), text);
        assert_eq!(check(&token), Err(JwtError::Malformed), "{text}");
    }
}

/// The issuer has both kinds of keys; none is good for an algorithm of the other.
#[test]
fn tk_01_each_key_signs_by_its_own_algorithms_only() {
    let keys = [KEY.verifying(), EC_KEY.verifying()];
    let claims = good_claims().to_string();
    let check = |token: &str| verify(token, &keys, &expected());
    for alg in ["RS256", "RS384", "RS512", "PS256", "PS512", "HS256", "HS384", "ES384", "ES512", "EdDSA", "none"] {
        // A header that names the P-256 key, with whatever signature there can be.
        let header = with(&good_header(), &json!({ "alg": alg, "kid": EC_KEY.kid() }));
        assert_eq!(check(&rsa_token(&STORED, &header, &claims)), Err(JwtError::WrongAlgorithm), "{alg}");
        assert_eq!(check(&format!("{}.", message(&header, &claims))), Err(JwtError::WrongAlgorithm), "{alg}");
    }
    let header = with(&good_header(), &json!({ "alg": "ES256" }));
    let token = sign(JwtType::Jwt, Signer::Ec(&EC_KEY), &good_claims()).unwrap();
    let signature = token.rsplit('.').next().unwrap();
    let renamed = format!("{}.{signature}", message(&header, &claims));
    assert_eq!(check(&renamed), Err(JwtError::WrongAlgorithm), "ES256 under the kid of the RSA key");
    let Jwk::Ec(jwk) = EC_KEY.public_jwk() else { panic!("a P-256 key") };
    for secret in [&jwk.x, &jwk.y, &format!("{}{}", jwk.x, jwk.y), &serde_json::to_string(jwk).unwrap()] {
        let header = with(&good_header(), &json!({ "alg": "HS256", "kid": EC_KEY.kid() }));
        assert_eq!(check(&hmac_token(secret.as_bytes(), &header, &claims)), Err(JwtError::WrongAlgorithm));
    }
}

/// CVE-2022-21449 and its like: signatures that satisfy a careless equation, and other spellings of a good one.
#[test]
fn tk_01_strange_signatures_on_the_curve_are_refused() {
    let token = sign(JwtType::Jwt, Signer::Ec(&EC_KEY), &good_claims()).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let good = URL_SAFE_NO_PAD.decode(signature).unwrap();
    assert_eq!(good.len(), 64, "RFC 7518 section 3.4");
    let order = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let (r, s) = good.split_at(32);
    let integer = |part: &[u8]| [&[0x02, 0x21, 0x00], part].concat();
    let der = [&[0x30, 0x46][..], &integer(r), &integer(s)].concat();
    for forged in [
        vec![0; 64],
        [order, order].concat(),
        [r, &[0; 32]].concat(),
        [&[0; 32], s].concat(),
        [s, r].concat(),
        [&order[..], s].concat(),
        der,
        good[..63].to_vec(),
        [&good[..], &[0]].concat(),
        Vec::new(),
    ] {
        let forged = format!("{signed}.{}", encode(&forged));
        assert!(verify(&forged, &[EC_KEY.verifying()], &expected()).is_err(), "{forged}");
    }
    assert!(verify(&token, &[EC_KEY.verifying()], &expected()).is_ok());
}
