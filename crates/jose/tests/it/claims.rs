//! Issuer, audience, times and size: what is checked of a token whose signature is right.

use keywright_jose::{Expected, JwtError, JwtType, MAX_TOKEN_LENGTH, Signer, SigningAlg, sign, verify};
use serde_json::{Value, json};

use crate::fixture::*;

fn signed(changes: &Value) -> String {
    rsa_token(&STORED, &good_header().to_string(), &with(&good_claims(), changes))
}

fn check_at(token: &str, second: i64, allow_expired: bool) -> Result<(), JwtError> {
    verify(token, &[KEY.verifying()], &Expected { now: at(second), allow_expired, ..expected() }).map(drop)
}

#[test]
fn the_issuer_is_compared_to_the_letter() {
    let others =
        ["https://tenant.example", "https://tenant.example//", "https://TENANT.example/", "", "tenant.example"];
    for issuer in others.map(Value::from).into_iter().chain([json!(null), json!([ISSUER]), json!(1)]) {
        assert_eq!(check(&signed(&json!({ "iss": issuer }))), Err(JwtError::WrongIssuer), "{issuer}");
    }
}

#[test]
fn the_audience_is_or_contains_the_expected_one() {
    for audience in [json!(AUDIENCE), json!([AUDIENCE]), json!([AUDIENCE, "https://tenant.example/userinfo"])] {
        assert!(check(&signed(&json!({ "aud": audience }))).is_ok(), "{audience}");
    }
    let others = [
        json!("https://api.example"),
        json!("https://api.example/ https://other/"),
        json!([]),
        json!(["https://other/"]),
        json!([[AUDIENCE]]),
        json!({ AUDIENCE: true }),
        json!(null),
    ];
    for audience in others {
        assert_eq!(check(&signed(&json!({ "aud": audience }))), Err(JwtError::WrongAudience), "{audience}");
    }
    let any = Expected { audience: None, ..expected() };
    assert!(verify(&signed(&json!({ "aud": "https://other/" })), &[KEY.verifying()], &any).is_ok());
}

#[test]
fn exp_has_a_skew_of_ten_seconds() {
    let token = signed(&json!({ "exp": NOW + 100 }));
    for late in [-100, -1, 0, 1, 10] {
        assert_eq!(check_at(&token, NOW + 100 + late, false), Ok(()), "{late}");
    }
    for late in [11, 60, 86_400, 1_000_000_000] {
        assert_eq!(check_at(&token, NOW + 100 + late, false), Err(JwtError::Expired), "{late}");
        assert_eq!(check_at(&token, NOW + 100 + late, true), Ok(()), "{late}");
    }
}

#[test]
fn iat_and_nbf_have_a_skew_of_ten_seconds() {
    for name in ["iat", "nbf"] {
        for early in [-1_000_000, 0, 1, 10] {
            assert_eq!(check_at(&signed(&json!({ name: NOW + early })), NOW, false), Ok(()), "{name} {early}");
        }
        for early in [11, 60, 3_600] {
            for allow_expired in [false, true] {
                let refused = check_at(&signed(&json!({ name: NOW + early })), NOW, allow_expired);
                assert_eq!(refused, Err(JwtError::NotYetValid), "{name} {early}");
            }
        }
        assert_eq!(check_at(&signed(&json!({ name: null })), NOW, false), Ok(()), "{name} may be absent");
    }
}

#[test]
fn exp_is_required_even_where_it_may_have_passed() {
    for allow_expired in [false, true] {
        let refused = check_at(&signed(&json!({ "exp": null })), NOW, allow_expired);
        assert_eq!(refused, Err(JwtError::BadTime("exp")));
    }
}

#[test]
fn times_are_numbers() {
    for name in ["exp", "iat", "nbf"] {
        for time in [json!("1700000000"), json!([NOW]), json!({}), json!(true)] {
            let refused = check(&signed(&json!({ name: time })));
            assert!(matches!(refused, Err(JwtError::BadTime(_) | JwtError::Malformed)), "{name} {time}: {refused:?}");
        }
        let null = format!(r#"{{"iss":"{ISSUER}","aud":"{AUDIENCE}","exp":9999999999,"{name}":null}}"#);
        let null = null.replace(r#""exp":9999999999,"exp""#, r#""exp""#);
        let token = rsa_token(&STORED, &good_header().to_string(), &null);
        assert_eq!(check(&token), Err(JwtError::BadTime(name)), "{name} null");
    }
}

#[test]
fn times_far_out_neither_overflow_nor_wrap() {
    for future in [json!(i64::MAX), json!(u64::MAX), json!(1e300), json!(1_800_000_000.75)] {
        assert!(check(&signed(&json!({ "exp": future }))).is_ok(), "{future}");
        assert_eq!(check(&signed(&json!({ "nbf": future }))), Err(JwtError::NotYetValid), "{future}");
    }
    for past in [json!(i64::MIN), json!(-1), json!(0), json!(-1e300), json!(0.5)] {
        assert_eq!(check(&signed(&json!({ "exp": past }))), Err(JwtError::Expired), "{past}");
        assert!(check(&signed(&json!({ "nbf": past }))).is_ok(), "{past}");
    }
}

#[test]
fn do_03_longer_tokens_are_refused_unread() {
    let of_length = |length: usize| {
        let bare = signed(&json!({ "filler": "" })).len();
        let mut filler = (length - bare) * 3 / 4 - 4;
        loop {
            let token = signed(&json!({ "filler": "x".repeat(filler) }));
            if token.len() >= length {
                return token;
            }
            filler += 1;
        }
    };
    let longest = of_length(MAX_TOKEN_LENGTH);
    assert_eq!(longest.len(), MAX_TOKEN_LENGTH);
    assert!(check(&longest).is_ok());
    assert_eq!(check(&of_length(MAX_TOKEN_LENGTH + 1)), Err(JwtError::TooLong));
    assert_eq!(check(&"x".repeat(MAX_TOKEN_LENGTH)), Err(JwtError::Malformed), "was read");
    assert_eq!(check(&"x".repeat(MAX_TOKEN_LENGTH + 1)), Err(JwtError::TooLong));
    assert_eq!(check(&".".repeat(10_000_000)), Err(JwtError::TooLong));
}

#[test]
fn do_03_deeply_nested_json_is_refused() {
    let nested = format!("{}{}", "[".repeat(3_000), "]".repeat(3_000));
    let header = format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{}","x":{nested}}}"#, KEY.kid());
    assert_eq!(check(&rsa_token(&STORED, &header, &good_claims().to_string())), Err(JwtError::Malformed));
    let claims = format!(r#"{{"x":{nested}}}"#);
    assert_eq!(check(&rsa_token(&STORED, &good_header().to_string(), &claims)), Err(JwtError::Malformed));
}

#[test]
fn only_objects_are_signed() {
    for claims in [json!([]), json!("text"), json!(null), json!(1)] {
        let refused = sign(JwtType::Jwt, Signer::Rsa(&KEY, SigningAlg::RS256), &claims);
        assert_eq!(refused, Err(JwtError::Claims), "{claims}");
    }
    let hs256_by_rsa = sign(JwtType::Jwt, Signer::Rsa(&KEY, SigningAlg::HS256), &good_claims());
    assert_eq!(hs256_by_rsa, Err(JwtError::WrongAlgorithm));
}
