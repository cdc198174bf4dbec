//! Forged tokens at the endpoints that take a JWT (TK-01): `/userinfo`, and `id_token_hint` at the logout.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_jose::{NewEcSigningKey, NewSigningKey, Purpose, Random, SigningKey};
use keywright_store::signing_keys::{self, KeyState};
use keywright_testkit::Scene;
use serde_json::{Value, json};

use crate::expect::userinfo;
use crate::routes;

const USERINFO: &str = "https://login.example.com/userinfo";

/// What a forger may know and have: the public key, a key of their own; and our key, to make what only claims betray.
struct Keys {
    jwk: Value,
    own: RsaKeyPair,
    foreign: RsaKeyPair,
    stranger: Value,
    own_ec: EcdsaKeyPair,
    foreign_ec: EcdsaKeyPair,
    ec_jwk: Value,
}

impl Keys {
    async fn of(scene: &Scene) -> Self {
        let (app, id) = (&scene.app.app, scene.app.tenant.id.clone());
        let tenant = id.clone();
        let rows = app.store().read(move |tx| signing_keys::list(tx, &id)).await.unwrap();
        let row = rows.iter().find(|row| row.state == KeyState::Current).unwrap();
        let own = app.data_keys().open(Purpose::SigningKey, &tenant, &row.private_key).expect("our key");
        let ec = row.ec.as_ref().unwrap();
        let own_ec = app.data_keys().open(Purpose::EcSigningKey, &tenant, &ec.private_key).expect("our key");
        let foreign_ec = NewEcSigningKey::generate(&Random::system()).unwrap();
        let on_curve = |pkcs8: &[u8]| EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).unwrap();
        let published = scene.app.get("/.well-known/jwks.json", &[]).await.json()["keys"].clone();
        let of_kid = |kid: &str| published.as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap().clone();
        let (jwk, ec_jwk) = (of_kid(&row.kid), of_kid(&ec.kid));
        let kid = jwk["kid"].as_str().unwrap().to_owned();
        let new = NewSigningKey::generate_rsa("login.example.com", app.now(), &Random::system()).unwrap();
        let stranger = SigningKey::load(kid, &new.private_key, &new.certificate).unwrap();
        Self {
            own_ec: on_curve(&own_ec),
            foreign_ec: on_curve(&foreign_ec.private_key),
            ec_jwk,
            jwk,
            own: RsaKeyPair::from_pkcs8(&own).unwrap(),
            foreign: RsaKeyPair::from_pkcs8(&new.private_key).unwrap(),
            stranger: serde_json::to_value(stranger.public_jwk()).unwrap(),
        }
    }
}

/// A token with any header.
fn signed(key: &RsaKeyPair, encoding: &'static dyn RsaEncoding, header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(encoding, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The same with a key on P-256.
fn signed_on_curve(key: &EcdsaKeyPair, header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", encode(header), encode(claims));
    let signature = key.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// What goes wrong between keys of two kinds.
fn elliptic(keys: &Keys, claims: &Value) -> Vec<(String, String, bool)> {
    let Keys { jwk, own, own_ec, foreign_ec, ec_jwk, .. } = keys;
    let (rsa_kid, ec_kid) = (&jwk["kid"], &ec_jwk["kid"]);
    let header = json!({ "alg": "ES256", "typ": "JWT", "kid": ec_kid });
    let good = signed_on_curve(own_ec, &header, claims);
    let (message, signature) = good.rsplit_once('.').unwrap();
    let zeros = URL_SAFE_NO_PAD.encode([0; 64]);
    let mut corpus = vec![
        ("signed by ES256 with our key, as its header says".into(), good.clone(), true),
        ("a foreign key on the curve with our kid".into(), signed_on_curve(foreign_ec, &header, claims), false),
        ("a signature of zeros".into(), format!("{message}.{zeros}"), false),
        ("half a signature".into(), format!("{message}.{}", &signature[..43]), false),
        ("no signature on the curve".into(), format!("{message}."), false),
    ];
    for (alg, kid) in [("ES256", rsa_kid), ("RS256", ec_kid), ("PS256", ec_kid), ("RS512", ec_kid), ("none", ec_kid)] {
        let header = json!({ "alg": alg, "typ": "JWT", "kid": kid });
        corpus.push((format!("on the curve, but {header}"), signed_on_curve(own_ec, &header, claims), false));
        corpus.push((format!("by RSA, but {header}"), signed(own, &RSA_PKCS1_SHA256, &header, claims), false));
    }
    for secret in [&ec_jwk["x"], &ec_jwk["y"], ec_kid] {
        for alg in ["HS256", "ES256"] {
            let header = json!({ "alg": alg, "typ": "JWT", "kid": ec_kid });
            let message = format!(
                "{}.{}",
                URL_SAFE_NO_PAD.encode(header.to_string()),
                URL_SAFE_NO_PAD.encode(claims.to_string())
            );
            let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_str().unwrap().as_bytes());
            let tag = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
            corpus.push((
                format!("HMAC with a public value of the curve: {header}"),
                format!("{message}.{tag}"),
                false,
            ));
        }
    }
    corpus
}

/// Signed and unsigned forgeries of a good token: name, token, whether it is good after all.
fn corpus(good: &str, keys: &Keys, claims: &Value) -> Vec<(String, String, bool)> {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let parts: Vec<&str> = good.split('.').collect();
    let Keys { jwk, own, foreign, stranger, .. } = keys;
    let kid = &jwk["kid"];
    let with = |changes: Value| {
        let mut claims = claims.clone();
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        claims
    };
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": kid });
    let resigned = |claims: &Value| signed(own, &RSA_PKCS1_SHA256, &header, claims);
    let now = claims["iat"].as_i64().unwrap();
    let mut corpus = vec![
        ("the good one".into(), good.to_owned(), true),
        ("signed again".into(), resigned(claims), true),
        ("issued 10 s ahead".into(), resigned(&with(json!({ "iat": now + 10 }))), true),
        ("issued 60 s ahead".into(), resigned(&with(json!({ "iat": now + 60 }))), false),
        ("valid in 10 s".into(), resigned(&with(json!({ "nbf": now + 10 }))), true),
        ("valid in 60 s".into(), resigned(&with(json!({ "nbf": now + 60 }))), false),
        ("another issuer".into(), resigned(&with(json!({ "iss": "https://evil.example/" }))), false),
        ("issuer without slash".into(), resigned(&with(json!({ "iss": "https://login.example.com" }))), false),
        ("another audience".into(), resigned(&with(json!({ "aud": "appointments:api" }))), false),
        ("audience and a slash".into(), resigned(&with(json!({ "aud": format!("{USERINFO}/") }))), false),
        ("without audience".into(), resigned(&with(json!({ "aud": null }))), false),
        ("without exp".into(), resigned(&with(json!({ "exp": null }))), false),
        ("exp as text".into(), resigned(&with(json!({ "exp": "9999999999" }))), false),
        ("without scope".into(), resigned(&with(json!({ "scope": null }))), false),
        ("an unknown subject".into(), resigned(&with(json!({ "sub": "auth0|nobody" }))), false),
        ("expired".into(), resigned(&with(json!({ "exp": now }))), false),
        ("claims changed".into(), format!("{}.{}.{}", parts[0], encode(&with(json!({ "x": 1 }))), parts[2]), false),
        ("no signature".into(), format!("{}.{}.", parts[0], parts[1]), false),
        ("two parts".into(), format!("{}.{}", parts[0], parts[1]), false),
        ("padded".into(), format!("{}.{}.{}==", parts[0], parts[1], parts[2]), false),
        ("a foreign key with our kid".into(), signed(foreign, &RSA_PKCS1_SHA256, &header, claims), false),
        (
            "signed by PS256 with our key, as its header says".into(),
            signed(own, &RSA_PSS_SHA256, &json!({ "alg": "PS256", "typ": "JWT", "kid": kid }), claims),
            true,
        ),
    ];
    for alg in ["none", "None", "NONE", "", "ES256", "RS384", "PS256", "HS256"] {
        let header = encode(&json!({ "alg": alg, "typ": "JWT", "kid": kid }));
        corpus.push((format!("unsigned, {alg}"), format!("{header}.{}.", parts[1]), false));
        corpus.push((
            format!("the signature of another algorithm, {alg}"),
            format!("{header}.{}.{}", parts[1], parts[2]),
            false,
        ));
    }
    corpus.extend(elliptic(keys, claims));
    // The public key is no HMAC secret, in whatever form.
    let certificate = jwk["x5c"][0].as_str().unwrap();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n");
    for secret in [jwk["n"].as_str().unwrap(), certificate, pem.as_str(), kid.as_str().unwrap()] {
        for header in [json!({ "alg": "HS256", "typ": "JWT" }), json!({ "alg": "HS256", "typ": "JWT", "kid": kid })] {
            let message = format!("{}.{}", encode(&header), encode(claims));
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes());
            let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
            corpus.push((format!("HMAC with a public value: {header}"), token, false));
        }
    }
    // Keys that the token brings along, really signed with them.
    for header in [
        json!({ "alg": "RS256", "typ": "JWT", "kid": "theirs" }),
        json!({ "alg": "RS256", "typ": "JWT" }),
        json!({ "alg": "RS256", "typ": "JWT", "kid": kid, "jwk": stranger }),
        json!({ "alg": "RS256", "typ": "JWT", "kid": "theirs", "jwk": stranger }),
        json!({ "alg": "RS256", "typ": "JWT", "kid": kid, "jku": "https://evil.example/jwks.json" }),
        json!({ "alg": "RS256", "typ": "JWT", "kid": kid, "x5u": "https://evil.example/x5u" }),
        json!({ "alg": "RS256", "typ": "JWT", "kid": kid, "x5c": stranger["x5c"] }),
    ] {
        let token = signed(foreign, &RSA_PKCS1_SHA256, &header, claims);
        corpus.push((format!("self-made: {header}"), token, false));
    }
    for header in [
        json!({ "alg": "RS256", "typ": "JWT", "kid": kid, "crit": ["exp"] }),
        json!({ "alg": "RS256", "typ": "JWT", "kid": kid, "crit": [] }),
        json!({ "alg": "RS256", "typ": "logout+jwt", "kid": kid }),
        json!({ "alg": "RS256", "typ": "jwt", "kid": kid }),
        json!({ "alg": "RS256", "kid": kid }),
    ] {
        let token = signed(own, &RSA_PKCS1_SHA256, &header, claims);
        corpus.push((format!("our signature, but {header}"), token, false));
    }
    corpus
}

#[tokio::test]
async fn tk_01_no_forgery_gets_past_userinfo() {
    let scene = Scene::new(routes).await;
    let good = scene.tokens(&scene.web, "openid", "appointments:api").await;
    let keys = Keys::of(&scene).await;
    for (name, token, accepted) in corpus(&good.text("access_token"), &keys, &good.claims("access_token")) {
        let answer = userinfo(&scene, &token).await;
        assert_eq!(answer.status.as_u16(), if accepted { 200 } else { 401 }, "{name}: {answer:#?}");
        assert_eq!(answer.body == "Unauthorized", !accepted, "{name}");
    }
}

#[tokio::test]
async fn tk_01_no_forgery_counts_as_an_id_token_hint() {
    let scene = Scene::new(routes).await;
    let good = scene.tokens(&scene.web, "openid", "").await;
    let keys = Keys::of(&scene).await;
    for (name, token, accepted) in corpus(&good.text("id_token"), &keys, &good.claims("id_token")) {
        // A logout takes an expired ID token (RP-Initiated Logout §2), and does not look at subject and scope.
        let accepted = accepted || ["expired", "an unknown subject", "without scope"].contains(&name.as_str());
        let query = crate::expect::form(&[("id_token_hint", &token)]);
        let answer = scene.app.browser().get(&format!("/oidc/logout?{query}")).await;
        assert_eq!(answer.status.as_u16(), if accepted { 302 } else { 400 }, "{name}: {answer:#?}");
    }
}
