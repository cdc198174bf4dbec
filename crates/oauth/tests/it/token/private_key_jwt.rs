//! Client authentication by assertions (§2.1 `private_key_jwt`; CL-01, CL-03, CL-04).

use jiff::SignedDuration;
use keywright_app::CredentialError;
use keywright_testkit::{Answer, Engine, Scene, TestApp};
use keywright_types::{TenantSettings, TokenEndpointAuthMethod};
use serde_json::json;

use crate::expect::{granted, only_one, race, refused};
use crate::key_holder::{KeyHolder, asserted, with_key};
use crate::routes;

const FAILED: &str = "Client authentication failed";

async fn token(app: &TestApp, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let common = [("grant_type", "client_credentials"), ("audience", "appointments:api")];
    app.post_form("/oauth/token", &[&common[..], &asserted(assertion), more].concat()).await
}

#[tokio::test]
async fn cl_03_an_assertion_authenticates_once_and_nothing_else_does() {
    for scene in [Scene::new(routes).await, Scene::standard(routes).await] {
        let key = KeyHolder::new();
        let client = with_key(&scene, &scene.machine, &key).await;
        let assertion = key.assertion(&scene, client.id(), &json!({}));
        granted(&token(&scene.app, &assertion, &[]).await);
        refused(&token(&scene.app, &assertion, &[]).await, 401, "invalid_client", FAILED);
        let fresh = || key.assertion(&scene, client.id(), &json!({}));
        granted(&token(&scene.app, &fresh(), &[("client_id", client.id())]).await);
        let other = token(&scene.app, &fresh(), &[("client_id", scene.web.id())]).await;
        refused(&other, 401, "invalid_client", FAILED);
        // CL-01: a client with keys has no secret, and one assertion is not enough beside one.
        let sentence = "More than one client authentication method was used";
        let both = token(&scene.app, &fresh(), &[("client_secret", &client.secret)]).await;
        refused(&both, 400, "invalid_request", sentence);
        let fields =
            [("grant_type", "client_credentials"), ("audience", "appointments:api"), ("client_id", client.id())];
        let secret = [&fields[..], &[("client_secret", client.secret.as_str())]].concat();
        refused(&scene.app.post_form("/oauth/token", &secret).await, 401, "invalid_client", FAILED);
        refused(&scene.app.post_form("/oauth/token", &fields).await, 401, "invalid_client", FAILED);
        // A client without keys has no assertions.
        let foreign = key.assertion(&scene, scene.web.id(), &json!({}));
        refused(&token(&scene.app, &foreign, &[]).await, 401, "invalid_client", FAILED);
        let stranger = key.assertion(&scene, "nobody", &json!({}));
        refused(&token(&scene.app, &stranger, &[]).await, 401, "invalid_client", FAILED);
    }
}

#[tokio::test]
async fn cl_03_hostile_assertions_are_one_refusal() {
    let scene = Scene::new(routes).await;
    let (key, thief) = (KeyHolder::new(), KeyHolder::new());
    let client = with_key(&scene, &scene.machine, &key).await;
    let now = scene.app.app.now().as_second();
    let issuer = scene.app.tenant.issuer();
    for changes in [
        json!({ "aud": [issuer] }),
        json!({ "aud": scene.app.tenant.url("/oauth/token") }),
        json!({ "aud": issuer.trim_end_matches('/') }),
        json!({ "aud": "https://other.example/" }),
        json!({ "iss": "other" }),
        json!({ "jti": null }),
        json!({ "exp": now - 60 }),
        json!({ "exp": now + 3600 }),
        json!({ "nbf": now + 60 }),
    ] {
        let assertion = key.assertion(&scene, client.id(), &changes);
        refused(&token(&scene.app, &assertion, &[]).await, 401, "invalid_client", FAILED);
    }
    let stolen = thief.assertion(&scene, client.id(), &json!({}));
    refused(&token(&scene.app, &stolen, &[]).await, 401, "invalid_client", FAILED);
    for garbage in ["x", "a.b.c", "e30.e30.e30", "eyJhbGciOiJub25lIn0.e30."] {
        refused(&token(&scene.app, garbage, &[]).await, 401, "invalid_client", FAILED);
    }
    let assertion = key.assertion(&scene, client.id(), &json!({}));
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_assertion", assertion.as_str()),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
    ];
    let sentence = "Parameter 'client_assertion_type' has an unsupported value";
    refused(&scene.app.post_form("/oauth/token", &fields).await, 400, "invalid_request", sentence);
    let sentence = "Missing required parameter: client_assertion_type";
    refused(&scene.app.post_form("/oauth/token", &fields[..2]).await, 400, "invalid_request", sentence);
    // Nothing of this took the good one's identifier.
    granted(&token(&scene.app, &assertion, &[]).await);
}

#[tokio::test]
async fn cl_03_one_assertion_at_once_on_two_nodes_counts_once() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let key = KeyHolder::new();
        let client = with_key(&scene, &scene.machine, &key).await;
        let second = scene.second_node().await;
        for _ in 0..3 {
            let assertion = key.assertion(&scene, client.id(), &json!({}));
            let answers = race(&[&scene.app, &second], 10, |node| {
                let assertion = assertion.clone();
                async move { token(&node, &assertion, &[]).await }
            })
            .await;
            let (_, others) = only_one(answers, 200);
            for answer in &others {
                refused(answer, 401, "invalid_client", FAILED);
            }
        }
    }
}

#[tokio::test]
async fn cl_04_without_the_database_no_assertion_is_accepted() {
    let scene = Scene::new(routes).await;
    let key = KeyHolder::new();
    let client = with_key(&scene, &scene.machine, &key).await;
    granted(&token(&scene.app, &key.assertion(&scene, client.id(), &json!({})), &[]).await);
    scene.app.app.store().close().await;
    let answer = token(&scene.app, &key.assertion(&scene, client.id(), &json!({})), &[]).await;
    assert_eq!((answer.status.as_u16(), answer.text("error")), (503, "temporarily_unavailable".to_owned()));
}

#[tokio::test]
async fn cl_03_credentials_count_while_the_application_names_them_and_until_their_end() {
    let scene = Scene::new(routes).await;
    let (app, tenant) = (&scene.app.app, &scene.app.tenant.id);
    let (old, new) = (KeyHolder::new(), KeyHolder::new());
    with_key(&scene, &scene.machine, &old).await;
    let before = scene.app.change_client(&scene.machine, |_| {}).await;
    assert!(before.client.client_authentication_methods.is_none());
    scene.app.advance(1);
    let client = with_key(&scene, &scene.machine, &new).await;
    let credentials = app.client_credentials(tenant, client.id()).await.unwrap();
    assert_eq!(credentials.len(), 2);
    assert_eq!(credentials[1].kid, new.thumbprint(), "without a kid, the key's thumbprint");
    // Only the second is named now.
    let with = |key: &KeyHolder| key.assertion(&scene, client.id(), &json!({}));
    refused(&token(&scene.app, &with(&old), &[]).await, 401, "invalid_client", FAILED);
    granted(&token(&scene.app, &with(&new), &[]).await);
    let in_use = app.delete_client_credential(tenant, client.id(), &credentials[1].id).await;
    assert!(matches!(in_use, Err(CredentialError::InUse)), "{in_use:?}");
    app.delete_client_credential(tenant, client.id(), &credentials[0].id).await.unwrap();
    let gone = app.delete_client_credential(tenant, client.id(), &credentials[0].id).await;
    assert!(matches!(gone, Err(CredentialError::NotFound)), "{gone:?}");
    let end = app.now().checked_add(SignedDuration::from_secs(10)).unwrap();
    app.set_client_credential_expiry(tenant, client.id(), &credentials[1].id, Some(end)).await.unwrap();
    granted(&token(&scene.app, &with(&new), &[]).await);
    scene.app.advance(10);
    refused(&token(&scene.app, &with(&new), &[]).await, 401, "invalid_client", FAILED);
}

#[tokio::test]
async fn keys_of_an_application_that_registered_itself_come_from_its_jwks() {
    let scene = Scene::new(routes).await;
    let (key, other) = (KeyHolder::new(), KeyHolder::new());
    let mut jwk = key.jwk();
    jwk["alg"] = json!("ES256");
    let encryption = json!({ "kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB" });
    let client = scene
        .app
        .change_client(&scene.machine, |client| {
            client.token_endpoint_auth_method = TokenEndpointAuthMethod::PrivateKeyJwt;
            client.jwks = Some(json!({ "keys": [encryption, { "kty": "unknown" }, jwk] }));
        })
        .await;
    granted(&token(&scene.app, &key.assertion(&scene, client.id(), &json!({})), &[]).await);
    let foreign = other.assertion(&scene, client.id(), &json!({}));
    refused(&token(&scene.app, &foreign, &[]).await, 401, "invalid_client", FAILED);
    let narrowed =
        scene.app.change_client(&client, |client| client.token_endpoint_auth_signing_alg = Some("PS256".to_owned()));
    narrowed.await;
    let assertion = key.assertion(&scene, client.id(), &json!({}));
    refused(&token(&scene.app, &assertion, &[]).await, 401, "invalid_client", FAILED);
}
