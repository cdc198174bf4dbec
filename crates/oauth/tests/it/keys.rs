//! `GET /.well-known/jwks.json` and what its keys are good for (§6.11, §3.5; TK-05, TK-06).

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use keywright_app::KeyRotationError;
use keywright_store::params;
use keywright_store::signing_keys::KeyState;
use keywright_testkit::{Answer, Engine, Scene, TestApp};
use keywright_types::{TenantFlags, TenantSettings};
use serde_json::Value;

use crate::expect::{change_api, userinfo};
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
    let kinds: Vec<&str> = keys.iter().map(|key| key["kty"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["RSA", "RSA", "EC", "EC"], "current and next, RSA first");
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

    let key = keys[2].as_object().unwrap();
    let mut members: Vec<&str> = key.keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"], "TK-05: no d");
    assert_eq!((&key["alg"], &key["crv"], &key["use"]), (&"ES256".into(), &"P-256".into(), &"sig".into()));
    for coordinate in ["x", "y"] {
        assert_eq!(URL_SAFE_NO_PAD.decode(key[coordinate].as_str().unwrap()).unwrap().len(), 32);
    }
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
    let keys = keys(&scene).await;
    assert!(keys.len() == 4 && keys.iter().all(|key| key.get("alg").is_none()), "{keys:?}");
}

/// Moves the clock until the next key may sign, and rotates. Gives the `kid` that signed before and the one that signs now.
async fn rotate(scene: &Scene) -> (String, String) {
    scene.app.advance(60);
    let rotation = scene.app.app.rotate_signing_keys(&scene.app.tenant).await.unwrap();
    (rotation.previous, rotation.current)
}

fn kid(answer: &Answer) -> String {
    answer.jwt_header("access_token")["kid"].as_str().unwrap().to_owned()
}

async fn rsa_kids(scene: &Scene) -> Vec<String> {
    let keys = keys(scene).await;
    keys.iter().filter(|key| key["kty"] == "RSA").map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn tk_06_a_key_is_published_before_it_signs_and_until_it_is_revoked() {
    let scene = Scene::new(routes).await;
    let old_token = scene.tokens(&scene.web, "openid", "appointments:api").await;
    let [first, second] = rsa_kids(&scene).await.try_into().unwrap();
    assert_eq!(kid(&old_token), first, "the current one first");
    let (old, new) = rotate(&scene).await;
    assert_eq!((&old, &new), (&first, &second), "the next one was published before");
    let new_token = scene.tokens(&scene.web, "openid", "appointments:api").await;
    assert_eq!(kid(&new_token), new);
    let published = rsa_kids(&scene).await;
    assert_eq!((published.len(), &published[0]), (3, &new));
    assert!(published.contains(&old), "the previous one is still there, and another next one");
    for token in [&old_token, &new_token] {
        assert_eq!(userinfo(&scene, &token.text("access_token")).await.status, 200);
    }

    scene.app.app.revoke_signing_key(&scene.app.tenant.id, &old).await.unwrap();
    assert!(!rsa_kids(&scene).await.contains(&old));
    assert_eq!(userinfo(&scene, &old_token.text("access_token")).await.status, 401, "revoked at once");
    assert_eq!(hint_status(&scene, &old_token).await, 400, "as a hint too");
    assert_eq!(userinfo(&scene, &new_token.text("access_token")).await.status, 200);
    assert_eq!(hint_status(&scene, &new_token).await, 302);
}

/// What the logout says to the ID token beside an access token.
async fn hint_status(scene: &Scene, answer: &Answer) -> u16 {
    let query = crate::expect::form(&[("id_token_hint", &answer.text("id_token"))]);
    scene.app.browser().get(&format!("/oidc/logout?{query}")).await.status.as_u16()
}

/// A verifier of an API that keeps the JWKS document for as long as it may, from one of the nodes, and asks no earlier for
/// a key that it does not know.
struct CachingVerifier {
    node: TestApp,
    kept: Option<(Timestamp, JwkSet)>,
}

impl CachingVerifier {
    async fn verify(&mut self, token: &str) -> Result<(), String> {
        let now = self.node.app.now();
        // max-age=15, stale-while-revalidate=15.
        let fresh = |fetched: &Timestamp| now.duration_since(*fetched) < SignedDuration::from_secs(30);
        if !self.kept.as_ref().is_some_and(|(fetched, _)| fresh(fetched)) {
            let answer = self.node.get(PATH, &[]).await;
            assert!(answer.header("cache-control").contains("max-age=15, stale-while-revalidate=15"), "{answer:#?}");
            self.kept = Some((now, serde_json::from_str(&answer.body).unwrap()));
        }
        let (_, set) = self.kept.as_ref().unwrap();
        let header = jsonwebtoken::decode_header(token).unwrap();
        let key = set.find(&header.kid.clone().unwrap()).ok_or("the key is not published")?;
        let mut validation = Validation::new(header.alg);
        validation.set_audience(&["appointments:api"]);
        validation.validate_exp = false;
        let decoded = jsonwebtoken::decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation);
        decoded.map(drop).map_err(|error| error.to_string())
    }
}

/// Waits until the other node knows the configuration of this one; it has a second for that.
async fn heard(scene: &Scene, other: &TestApp) {
    let known = *scene.app.app.store().config_changes().borrow();
    let mut changes = other.app.store().config_changes();
    let heard = changes.wait_for(|version| *version >= known);
    tokio::time::timeout(std::time::Duration::from_secs(1), heard).await.expect("within a second").unwrap();
}

async fn machine_token(scene: &Scene, node: &TestApp) -> String {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", scene.machine.id()),
        ("client_secret", &scene.machine.secret),
        ("audience", "appointments:api"),
    ];
    node.post_form("/oauth/token", &fields).await.text("access_token")
}

/// Clock-driven: two nodes, a rotation as often as it is allowed, verifiers that fetched at every possible second, and a
/// node that signs before it has heard of the rotation.
#[tokio::test]
async fn tk_06_no_caching_verifier_fails_over_rotations() {
    for engine in Engine::all() {
        for algorithm in ["RS256", "ES256"] {
            let scene = Scene::with(routes, engine, TenantSettings::default()).await;
            change_api(&scene, |api| api.signing_alg = algorithm.to_owned()).await;
            let other = scene.second_node().await;
            let mut verifiers: Vec<CachingVerifier> = [&scene.app, &other, &scene.app, &other, &scene.app]
                .map(|node| CachingVerifier { node: node.clone(), kept: None })
                .into();
            let mut rotations = 0;
            for second in (0..200).step_by(5) {
                match scene.app.app.rotate_signing_keys(&scene.app.tenant).await {
                    Ok(_) => rotations += 1,
                    Err(KeyRotationError::TooEarly(ready)) => assert!(ready > scene.app.app.now()),
                    Err(error) => panic!("{error}"),
                }
                // The other node may not have heard of the rotation yet: then it signs with the key from before.
                for token in [machine_token(&scene, &other).await, machine_token(&scene, &scene.app).await] {
                    // Each verifier began at another time, so that documents of every age are around at a rotation.
                    let begun = verifiers.iter_mut().zip([0, 5, 10, 15, 25]).filter(|(_, start)| second >= *start);
                    for (verifier, start) in begun {
                        let verified = verifier.verify(&token).await;
                        assert_eq!(verified, Ok(()), "{engine:?} {algorithm}, second {second}, begun at {start}");
                    }
                }
                // A node hears of a rotation within a second of real time; here time moves as the test wants.
                heard(&scene, &other).await;
                scene.app.advance(5);
            }
            assert_eq!(rotations, 3, "{engine:?}: at 60, 120 and 180 seconds");
        }
    }
}

#[tokio::test]
async fn tk_06_administrators_who_rotate_at_once_rotate_once() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let other = scene.second_node().await;
        scene.app.advance(60);
        let rotate = |node: &TestApp| {
            let node = node.clone();
            tokio::spawn(async move { node.app.rotate_signing_keys(&node.tenant).await })
        };
        let attempts: Vec<_> = [&scene.app, &other, &scene.app, &other].map(rotate).into();
        let mut done = 0;
        for attempt in attempts {
            match attempt.await.unwrap() {
                Ok(_) => done += 1,
                Err(KeyRotationError::TooEarly(_)) => {}
                Err(error) => panic!("{engine:?}: {error}"),
            }
        }
        assert_eq!(done, 1, "{engine:?}");
        let keys = scene.app.app.list_signing_keys(&scene.app.tenant.id).await.unwrap();
        let count = |state| keys.iter().filter(|key| key.state == state).count();
        let counts = [KeyState::Previous, KeyState::Current, KeyState::Next, KeyState::Revoked].map(count);
        assert_eq!(counts, [1, 1, 1, 0], "{engine:?}");
    }
}

#[tokio::test]
async fn tk_06_an_emergency_revokes_at_once_on_every_node() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let other = scene.second_node().await;
        let stolen = scene.tokens(&scene.web, "openid", "appointments:api").await;
        let (app, tenant) = (&scene.app.app, &scene.app.tenant);
        let refused = app.revoke_signing_key(&tenant.id, &kid(&stolen)).await;
        assert!(matches!(refused, Err(KeyRotationError::NotPrevious(KeyState::Current))));
        assert!(matches!(app.revoke_signing_key(&tenant.id, "none").await, Err(KeyRotationError::UnknownKey)));
        app.revoke_signing_key_at_once(tenant, &kid(&stolen)).await.unwrap();
        assert_eq!(userinfo(&scene, &stolen.text("access_token")).await.status, 401, "{engine:?}");
        heard(&scene, &other).await;
        let bearer = format!("Bearer {}", stolen.text("access_token"));
        assert_eq!(other.get("/userinfo", &[("authorization", &bearer)]).await.status, 401, "{engine:?}");
        assert_eq!(scene.tokens(&scene.web, "openid", "").await.status, 200);

        // A next key that leaked, named by its P-256 half, is replaced before it ever signs.
        let state = async |wanted| {
            let keys = app.list_signing_keys(&tenant.id).await.unwrap();
            keys.into_iter().find(|key| key.state == wanted).unwrap()
        };
        let next = state(KeyState::Next).await;
        app.revoke_signing_key_at_once(tenant, next.ec_kid.as_ref().unwrap()).await.unwrap();
        assert_ne!(state(KeyState::Next).await.kid, next.kid);
        app.revoke_signing_key_at_once(tenant, &next.kid).await.unwrap();
        assert_eq!(keys(&scene).await.len(), 4, "current and next, of both kinds");
    }
}

/// A tenant of the version before: one RSA key and nothing else.
#[tokio::test]
async fn tk_06_keys_of_the_version_before_are_completed_once() {
    let scene = Scene::new(routes).await;
    let id = scene.app.tenant.id.clone();
    let before =
        "UPDATE signing_keys SET ec_kid = NULL, ec_private_key = NULL, current_since = NULL WHERE tenant_id = $1";
    let shrink = move |tx: &mut keywright_store::Tx<'_>| {
        tx.execute("DELETE FROM signing_keys WHERE tenant_id = $1 AND state = 'next'", params![&id])?;
        tx.execute(before, params![&id])?;
        keywright_store::config::bump(tx, &id)
    };
    scene.app.app.store().write(shrink).await.unwrap();
    let [old] = keys(&scene).await.try_into().unwrap();
    change_api(&scene, |api| api.signing_alg = "ES256".to_owned()).await;
    let node = scene.second_node().await;
    let (first, second) = tokio::join!(scene.app.app.complete_all_signing_keys(), node.app.complete_all_signing_keys());
    first.unwrap();
    second.unwrap();
    let completed = keys(&scene).await;
    assert_eq!(
        completed.iter().map(|key| key["kty"].as_str().unwrap()).collect::<Vec<_>>(),
        ["RSA", "RSA", "EC", "EC"]
    );
    assert_eq!(completed[0], old);
    let token = scene.tokens(&scene.web, "openid", "appointments:api").await;
    assert_eq!(kid(&token), completed[2]["kid"].as_str().unwrap());
}

#[tokio::test]
async fn certificates_of_the_current_key_are_handed_out() {
    let scene = Scene::new(routes).await;
    let key = keys(&scene).await[0].clone();
    let certificate = key["x5c"][0].as_str().unwrap().to_owned();
    let attachment = |extension: &str| format!("attachment; filename=\"login.example.com.{extension}\"");
    for (path, content_type, disposition) in [
        ("/pem", "application/x-pem-file", attachment("pem")),
        ("/rawpem", "text/plain; charset=utf-8", String::new()),
        ("/cer", "application/pkix-cert", attachment("cer")),
        ("/pb7", "application/x-pkcs7-certificates", attachment("pb7")),
        ("/fingerprint", "text/plain; charset=utf-8", String::new()),
    ] {
        let answer = scene.app.get(path, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, content_type), "{path}");
        let found = if disposition.is_empty() { "" } else { answer.header("content-disposition") };
        assert_eq!(found, disposition, "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
    let pem = scene.app.get("/rawpem", &[]).await.body;
    assert_eq!(pem, scene.app.get("/pem", &[]).await.body);
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    assert_eq!(body, certificate);
    assert!(scene.app.get("/pb7", &[]).await.body.starts_with("-----BEGIN PKCS7-----\n"));
    assert_eq!(scene.app.get("/cer", &[]).await.bytes, STANDARD.decode(&certificate).unwrap());
    let thumbprint = digest(&SHA1_FOR_LEGACY_USE_ONLY, &STANDARD.decode(certificate).unwrap());
    let colons: Vec<String> = thumbprint.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(scene.app.get("/fingerprint", &[]).await.body, colons.join(":"));
    rotate(&scene).await;
    assert_ne!(scene.app.get("/rawpem", &[]).await.body, pem);
}
