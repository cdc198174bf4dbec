//! `GET /.well-known/jwks.json` and what its keys are good for (§6.11, §3.5; TK-05, TK-06).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use keywright_jose::{NewSigningKey, Purpose, Random};
use keywright_store::signing_keys::{self, KeyState, SigningKeyRow};
use keywright_testkit::{Answer, Engine, Scene};
use keywright_types::{TenantFlags, TenantSettings};
use serde_json::Value;

use crate::expect::userinfo;
use crate::routes;

const PATH: &str = "/.well-known/jwks.json";

async fn keys(scene: &Scene) -> Vec<Value> {
    let answer = scene.app.get(PATH, &[]).await;
    assert_eq!(answer.status, 200, "{answer:#?}");
    answer.json()["keys"].as_array().unwrap().clone()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn a_key_has_the_members_of_6_11_and_its_certificate() {
    let scene = Scene::new(routes).await;
    let answer = scene.app.get(PATH, &[]).await;
    assert_eq!(answer.header("content-type"), "application/json");
    let keys = answer.json()["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 1);
    let key = keys[0].as_object().unwrap();
    let mut members: Vec<&str> = key.keys().map(String::as_str).collect();
    members.sort_unstable();
    // TK-05: no d, p, q, dp, dq, qi, k.
    assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use", "x5c", "x5t"]);
    assert_eq!(
        (&key["alg"], &key["kty"], &key["use"], &key["e"]),
        (&"RS256".into(), &"RSA".into(), &"sig".into(), &"AQAB".into())
    );
    let modulus = URL_SAFE_NO_PAD.decode(key["n"].as_str().unwrap()).unwrap();
    assert_eq!(modulus.len(), 256, "TK-10: at least 2048 bits");
    assert!(modulus[0] >= 0x80, "no leading zeros (RFC 7518 §6.3.1.1)");
    let [certificate] = key["x5c"].as_array().unwrap().as_slice() else { panic!("{key:?}") };
    let certificate = STANDARD.decode(certificate.as_str().unwrap()).expect("base64 with padding (RFC 7517 §4.7)");
    let thumbprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, &certificate);
    assert_eq!(key["x5t"], URL_SAFE_NO_PAD.encode(thumbprint));
    assert!(contains(&certificate, &modulus), "the certificate is for this key");
    assert!(contains(&certificate, b"login.example.com"), "CN = canonical tenant domain");
    assert_eq!(key["kid"].as_str().unwrap().len(), 21);
}

#[tokio::test]
async fn keys_are_cacheable_and_carry_a_validator() {
    let scene = Scene::new(routes).await;
    let cache = "public, max-age=15, stale-while-revalidate=15, stale-if-error=86400";
    let first = scene.app.get(PATH, &[]).await;
    assert_eq!(first.header("cache-control"), cache);
    assert_eq!(first.header("access-control-allow-origin"), "*", "§12.8");
    let tag = first.header("etag").to_owned();
    let ask = async |tag: &str| -> Answer { scene.app.get(PATH, &[("if-none-match", tag)]).await };
    for known in [tag.clone(), format!("W/{tag}"), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = ask(&known).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (304, ""), "{known}");
        assert_eq!((answer.header("etag"), answer.header("cache-control")), (tag.as_str(), cache));
    }
    assert_eq!(ask("\"x\"").await.status, 200);
    rotate(&scene).await;
    let changed = ask(&tag).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), tag);
}

#[tokio::test]
async fn the_tenants_flag_drops_alg() {
    let flags = TenantFlags { remove_alg_from_jwks: true, ..TenantFlags::default() };
    let settings = TenantSettings { flags, ..TenantSettings::default() };
    let scene = Scene::with(routes, Engine::Sqlite, settings).await;
    assert_eq!(keys(&scene).await[0].get("alg"), None);
}

/// Makes a new key the current one; the old one becomes the previous. Gives both key ids, the old one first.
async fn rotate(scene: &Scene) -> (String, String) {
    let (app, id) = (&scene.app.app, scene.app.tenant.id.clone());
    let old = app.signing_keys(&id).await.unwrap().current().kid().to_owned();
    let random = Random::system();
    let new = NewSigningKey::generate_rsa("login.example.com", app.now(), &random).unwrap();
    let row = SigningKeyRow {
        kid: new.kid.clone(),
        state: KeyState::Next,
        private_key: app.master_key().seal(Purpose::SigningKey, &id, &new.private_key, &random),
        certificate: new.certificate.clone(),
        created_at: app.now(),
    };
    app.store().write(move |tx| signing_keys::insert(tx, &id, &row)).await.unwrap();
    set_states(scene, &[(&old, KeyState::Previous), (&new.kid, KeyState::Current)]).await;
    (old, new.kid)
}

async fn set_states(scene: &Scene, states: &[(&str, KeyState)]) {
    let id = scene.app.tenant.id.clone();
    let states: Vec<_> = states.iter().map(|(kid, state)| ((*kid).to_owned(), *state)).collect();
    let changed = scene.app.app.store().write(move |tx| {
        for (kid, state) in &states {
            assert!(signing_keys::set_state(tx, &id, kid, *state)?);
        }
        Ok::<_, keywright_store::StoreError>(())
    });
    changed.await.unwrap();
    follow(scene).await;
}

/// Waits until this node has heard of the change: the store tells it, and the next read is fresh.
async fn follow(scene: &Scene) {
    let published = scene.app.app.store().config_changes();
    assert!(*published.borrow() > 0);
    tokio::task::yield_now().await;
}

#[tokio::test]
async fn tk_06_a_previous_key_verifies_until_it_is_revoked() {
    let scene = Scene::new(routes).await;
    let old_token = scene.tokens(&scene.web, "openid", "appointments:api").await;
    let (old, new) = rotate(&scene).await;
    let new_token = scene.tokens(&scene.web, "openid", "appointments:api").await;
    let kid = |answer: &Answer| answer.jwt_header("access_token")["kid"].as_str().unwrap().to_owned();
    assert_eq!((kid(&old_token), kid(&new_token)), (old.clone(), new.clone()));
    let published: Vec<Value> = keys(&scene).await.iter().map(|key| key["kid"].clone()).collect();
    assert_eq!(published, [Value::from(new.as_str()), Value::from(old.as_str())], "the current one first");
    for token in [&old_token, &new_token] {
        assert_eq!(userinfo(&scene, &token.text("access_token")).await.status, 200);
    }
    set_states(&scene, &[(&old, KeyState::Revoked)]).await;
    let published: Vec<Value> = keys(&scene).await.iter().map(|key| key["kid"].clone()).collect();
    assert_eq!(published, [Value::from(new.as_str())]);
    assert_eq!(userinfo(&scene, &old_token.text("access_token")).await.status, 401, "revoked at once");
    assert_eq!(userinfo(&scene, &new_token.text("access_token")).await.status, 200);
}
