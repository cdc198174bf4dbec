//! One refresh token for several APIs (§4.5; RT-05).

use keywright_testkit::{Registered, Scene};
use keywright_types::{RefreshTokenPolicy, ResourceServer, ResourceServerScope};

use crate::expect::{granted, refused};
use crate::routes;

const ORDERS: &str = "orders:api";

/// An API with scopes `read` and `write`, of which the policy gives `read` and one that does not exist.
async fn orders(scene: &Scene, change: impl FnOnce(&mut ResourceServer)) -> Registered {
    let scope = |value: &str| ResourceServerScope { value: value.to_owned(), description: None };
    let mut api = ResourceServer {
        id: "5f0c0000000000000000bbbb".to_owned(),
        name: "Orders".to_owned(),
        identifier: ORDERS.to_owned(),
        scopes: vec![scope("read"), scope("write")],
        allow_offline_access: true,
        skip_consent_for_verifiable_first_party_clients: true,
        ..ResourceServer::default()
    };
    change(&mut api);
    scene.app.app.create_api(&scene.app.tenant.id, &api, None).await.unwrap();
    let policy = RefreshTokenPolicy { audience: ORDERS.to_owned(), scope: vec!["read".to_owned(), "gone".to_owned()] };
    scene.app.change_client(&scene.web, |client| client.refresh_token.policies = vec![policy]).await
}

#[tokio::test]
async fn rt_05_a_policy_opens_another_api_with_its_scopes() {
    let scene = Scene::new(routes).await;
    let web = orders(&scene, |_| {}).await;
    let tokens = scene.tokens(&web, "openid contacts offline_access", "appointments:api").await;
    let token = tokens.text("refresh_token");
    for (requested, scope) in
        [("", "openid offline_access read"), ("read", "read"), ("openid read write contacts", "openid read")]
    {
        let answer = scene.refresh(&web, &token, &[("audience", ORDERS), ("scope", requested)]).await;
        granted(&answer);
        assert_eq!(answer.text("scope"), scope, "{requested}");
        let audience = answer.claims("access_token")["aud"].clone();
        let named = audience.as_str().or_else(|| audience[0].as_str()).map(str::to_owned);
        assert_eq!(named.as_deref(), Some(ORDERS), "{requested}");
    }
    let by_resource = scene.refresh(&web, &token, &[("resource", ORDERS), ("scope", "read")]).await;
    assert_eq!(by_resource.claims("access_token")["aud"], ORDERS);
    // The family stays what it was.
    for more in [vec![], vec![("audience", "appointments:api")]] {
        let original = scene.refresh(&web, &token, &more).await;
        assert_eq!(original.text("scope"), "openid contacts offline_access");
    }
}

#[tokio::test]
async fn rt_05_no_other_api_is_opened() {
    for (scene, status, error) in
        [(Scene::new(routes).await, 403, "access_denied"), (Scene::standard(routes).await, 400, "invalid_target")]
    {
        let web = orders(&scene, |api| api.skip_consent_for_verifiable_first_party_clients = false).await;
        let token = scene.tokens(&web, "openid offline_access", "appointments:api").await.text("refresh_token");
        for audience in
            [ORDERS, "unknown:api", "https://login.example.com/api/v2/", "https://login.example.com/userinfo"]
        {
            let answer = scene.refresh(&web, &token, &[("audience", audience)]).await;
            assert_eq!((answer.status.as_u16(), answer.text("error")), (status, error.to_owned()), "{audience}");
        }
        granted(&scene.refresh(&web, &token, &[]).await);
    }
    let scene = Scene::new(routes).await;
    let web = orders(&scene, |api| api.allow_offline_access = false).await;
    let token = scene.tokens(&web, "openid offline_access", "").await.text("refresh_token");
    let sentence = "Client is not authorized to access \"orders:api\" with this refresh token.";
    refused(&scene.refresh(&web, &token, &[("audience", ORDERS)]).await, 403, "access_denied", sentence);
}
