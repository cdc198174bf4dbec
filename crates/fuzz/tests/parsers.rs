//! Fuzz targets of what is read without an instance: addresses, tokens, forms, cookies, user codes (OP-07).
//!
//! Each target says what must hold for any input at all; that nothing panics comes with it. In `cargo nextest` a target runs
//! a bounded number of random inputs and everything in its corpus, `tests/__fuzz__/<target>/corpus`. With `cargo bolero test
//! --engine libfuzzer <target>` it is guided by coverage and runs for as long as it is let.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed expectation is a finding")]

use bolero::check;
use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use keywright_app::return_url::{self, Matching};
use keywright_jose::{
    DataKey, DataKeys, Expected, JwtType, NewSigningKey, Random, SharedSecret, Signer, SigningAlg, SigningKey,
    VerifyingKey, sign, verify,
};
use keywright_types::{ScopeSet, UserCodeCharset, UserCodeFormat};
use keywright_web::parameters::{AUTHORIZATION, TOKEN};
use keywright_web::{Cookies, Parameters, cookies};
use serde_json::json;

/// Inputs of one run: `FUZZ_ITERATIONS`, else few enough for every day.
fn iterations() -> usize {
    std::env::var("FUZZ_ITERATIONS").map_or(20_000, |number| number.parse().unwrap())
}

fn text(input: &[u8]) -> String {
    String::from_utf8_lossy(input).into_owned()
}

/// What is presented is used only if it is, but for what the form of the registered entry allows, that entry.
#[test]
fn op_07_ru_01_redirect_uri() {
    let registered: Vec<String> = [
        "https://app.example.com/callback",
        "https://*.wild.example.com/cb",
        "com.example.app:/cb",
        "http://127.0.0.1/cb",
    ]
    .map(str::to_owned)
    .to_vec();
    check!().with_iterations(iterations()).with_max_len(512).for_each(|input: &[u8]| {
        let presented = text(input);
        let exact = Matching { exact: true, ..Matching::default() };
        if let Some(used) = return_url::allowed(&registered, &presented, exact) {
            assert!(registered.iter().any(|entry| entry == used), "{used}");
        }
        for matching in [Matching::default(), Matching { any_loopback_port: true, ..Matching::default() }] {
            if let Some(used) = return_url::allowed(&registered, &presented, matching) {
                assert!(used.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\' && byte != b'#'), "{used}");
                assert!(!used.contains('@') && !used.contains('*'), "{used}");
            }
        }
        // Whatever may be registered matches itself and nothing that a browser would read as another place.
        if return_url::is_registrable(&presented) && !presented.contains('*') {
            let own = [presented.clone()];
            assert_eq!(return_url::allowed(&own, &presented, exact), Some(presented.as_str()));
        }
    });
}

/// The same with inputs that are near to the real ones.
#[test]
fn op_07_ru_01_redirect_uri_near_misses() {
    const ENTRY: &str = "https://app.example.com/callback?a=b";
    let registered = [ENTRY.to_owned()];
    check!().with_iterations(iterations()).with_type::<(u8, u8, Vec<u8>)>().for_each(|(at, cut, inserted)| {
        let at = usize::from(*at) % (ENTRY.len() + 1);
        let end = (at + usize::from(*cut)).min(ENTRY.len());
        let mutated = format!("{}{}{}", &ENTRY[..at], text(inserted), &ENTRY[end..]);
        if let Some(used) = return_url::allowed(&registered, &mutated, Matching::default()) {
            // §1.3: the case of scheme and host is free, and a fragment is cut off; nothing else is.
            assert!(used.eq_ignore_ascii_case(ENTRY), "{mutated}");
            assert_eq!(used[used.len() - "/callback?a=b".len()..], *"/callback?a=b");
        }
    });
}

fn expected(now: Timestamp) -> Expected<'static> {
    let issuer = "https://login.example.com/";
    Expected { issuer, audience: Some("api"), typ: JwtType::Jwt, now, allow_expired: false }
}

/// No token is accepted but one that was signed, whatever is done to it.
#[test]
fn op_07_tk_01_jwt() {
    let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
    let new = NewSigningKey::generate_rsa("fuzz", now, &Random::system()).unwrap();
    let key = SigningKey::load(new.kid, &new.private_key, &new.certificate).unwrap();
    let secret = SharedSecret::from("secret of an application");
    let shared = VerifyingKey::from_secret(&secret).unwrap();
    let claims = json!({
        "iss": "https://login.example.com/", "sub": "auth0|1", "aud": "api", "iat": now.as_second(), "exp": now.as_second() + 60
    });
    let genuine = sign(JwtType::Jwt, Signer::Rsa(&key, SigningAlg::RS256), &claims).unwrap();
    let keys = [key.verifying(), &shared];
    assert!(verify(&genuine, &keys, &expected(now)).is_ok());
    check!().with_iterations(iterations()).with_type::<(u16, u16, Vec<u8>)>().for_each(|(at, cut, inserted)| {
        let at = usize::from(*at) % (genuine.len() + 1);
        let end = (at + usize::from(*cut)).min(genuine.len());
        let mutated = format!("{}{}{}", &genuine[..at], text(inserted), &genuine[end..]);
        assert!(mutated == genuine || verify(&mutated, &keys, &expected(now)).is_err(), "{mutated}");
    });
}

/// Anything at all as a token.
#[test]
fn op_07_tk_01_jwt_from_nothing() {
    let shared = VerifyingKey::from_secret(&SharedSecret::from("secret")).unwrap();
    check!().with_iterations(iterations()).with_max_len(4096).for_each(|input: &[u8]| {
        assert!(verify(&text(input), &[&shared], &expected(Timestamp::UNIX_EPOCH)).is_err());
    });
}

/// What is read from a form is what an encoder wrote, no name comes twice, and no limit is passed.
#[test]
fn op_07_ar_01_form() {
    check!().with_iterations(iterations()).with_max_len(4096).for_each(|input: &[u8]| {
        for limits in [AUTHORIZATION, TOKEN] {
            let Ok(parameters) = Parameters::from_urlencoded(input, limits) else { continue };
            assert!(input.len() <= limits.total);
            for name in ["client_id", "state", "a", ""] {
                let value = parameters.get(name);
                assert!(value.is_none_or(|value| !value.contains('\0') && value.len() <= limits.value), "{name}");
            }
        }
        let _ = Parameters::from_json(input, TOKEN);
    });
}

/// No header value makes a session, and what a browser gets back is a header value.
#[test]
fn op_07_se_03_cookie() {
    let keys = DataKeys::only(DataKey::generate(&Random::system()));
    let tenant = keywright_types::TenantId::new("ten_fuzz");
    check!().with_iterations(iterations()).with_max_len(4096).for_each(|input: &[u8]| {
        let Ok(value) = HeaderValue::from_bytes(input) else { return };
        let headers = HeaderMap::from_iter([(header::COOKIE, value)]);
        let read = Cookies::from_headers(&headers);
        for sealed in [read.session, read.browser].into_iter().flatten() {
            assert!(keys.open_text(keywright_jose::Purpose::SessionCookie, &tenant, &sealed).is_none());
        }
        let set = cookies::set_browser(&text(input));
        assert!(!set.as_bytes().contains(&b'\n') && !set.as_bytes().contains(&b'\r'));
    });
}

/// A code that was shown is read back however it is typed, and what is read has the format.
#[test]
fn op_07_user_code() {
    check!().with_iterations(iterations()).with_type::<(bool, Vec<u8>, Vec<u8>)>().for_each(|(digits, mask, typed)| {
        let charset = if *digits { UserCodeCharset::Digits } else { UserCodeCharset::Base20 };
        let letter = |byte: &u8| match byte % 4 {
            0 => '-',
            1 => ' ',
            _ => '*',
        };
        let format = UserCodeFormat { charset, mask: mask.iter().map(letter).collect() };
        let Some(code) = format.read(&text(typed)) else { return };
        assert_eq!(code.len(), format.characters());
        assert!(code.chars().all(|letter| charset.alphabet().contains(letter)));
        assert_eq!(format.read(&code).as_deref(), Some(code.as_str()));
        if format.is_valid() {
            let shown = format.show(&code);
            assert_eq!(format.read(&shown.to_ascii_lowercase()).as_deref(), Some(code.as_str()));
        }
    });
}

/// Scopes go through text without change.
#[test]
fn op_07_scope() {
    check!().with_iterations(iterations()).with_max_len(512).for_each(|input: &[u8]| {
        let scope = ScopeSet::parse(&text(input));
        assert_eq!(ScopeSet::parse(&scope.to_string()), scope);
    });
}
