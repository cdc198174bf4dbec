//! Blocks of accounts and of addresses over HTTP (`management-api.md` §6.6; LG-07).

use keywright_management::SCOPES;
use keywright_testkit::{Scene, SceneOptions};
use serde_json::json;

use crate::caller::{Api, refused};
use crate::routes;

async fn fails(api: &Api, email: &str) {
    let (scene, browser) = (&api.scene, api.app.browser());
    let page = browser.get(&scene.authorize_path(&scene.web, &[])).await;
    let answer = browser.fill_in(page.location(), &[("username", email), ("password", "wrong")]).await;
    assert_ne!(answer.status, 303, "{answer:#?}");
}

#[tokio::test]
async fn lg_07_blocks_of_an_account_are_shown_and_lifted() {
    let api = Api::new().await;
    let api = Api { app: api.app.from_address("192.0.2.9"), ..api };
    let user = api.scene.user.user_id.replace('|', "%7C");
    let by_id = format!("/user-blocks/{user}");
    let by_name = "/user-blocks?identifier=Jane%40example.com&consider_brute_force_enablement=true";
    assert_eq!(api.get(&by_id).await.json(), json!({ "blocked_for": [] }));
    for _ in 0..9 {
        fails(&api, "jane@example.com").await;
    }
    assert_eq!(api.get(&by_id).await.json(), json!({ "blocked_for": [] }), "one is left");
    for round in [by_id.as_str(), by_name] {
        for _ in 0..10 {
            fails(&api, "jane@example.com").await;
        }
        let block = |identifier: &str| {
            let connection = "Username-Password-Authentication";
            json!({ "blocked_for": [{ "identifier": identifier, "ip": "192.0.2.9", "connection": connection }] })
        };
        assert_eq!(api.get(&by_id).await.json(), block("jane@example.com"));
        assert_eq!(api.get(by_name).await.json(), block("Jane@example.com"));
        let lift = if round == by_name { "/user-blocks?identifier=jane%40example.com" } else { round };
        assert_eq!(api.delete(lift).await.status, 204);
        assert_eq!(api.get(&by_id).await.json(), json!({ "blocked_for": [] }));
        let answer = api.scene.log_in(&api.app.browser(), &api.scene.web, &[]).await;
        assert!(answer.location_parameter("code").is_some(), "{answer:#?}");
    }
    assert_eq!(api.get("/user-blocks?identifier=nobody%40example.com").await.json(), json!({ "blocked_for": [] }));
    assert_eq!(api.delete("/user-blocks?identifier=nobody%40example.com").await.status, 204);
    assert_eq!(api.get("/user-blocks").await.status, 400, "identifier is required");
    refused(&api.get("/user-blocks/auth0%7Cnobody").await, 404, "The user does not exist.", Some("inexistent_user"));
    refused(&api.delete("/user-blocks/auth0%7Cnobody").await, 404, "The user does not exist.", Some("inexistent_user"));
}

#[tokio::test]
async fn blocks_of_an_address_are_seen_and_lifted() {
    let mut settings = keywright_types::TenantSettings::default();
    settings.attack_protection.suspicious_ip_throttling.stage.pre_login.max_attempts = 2;
    let scene = Scene::build(routes, SceneOptions { settings, limits: true, ..SceneOptions::default() }).await;
    let api = Api::of(scene, SCOPES).await;
    let api = Api { app: api.app.from_address("192.0.2.9"), ..api };
    let path = "/anomaly/blocks/ips/192.0.2.9";
    refused(&api.get(path).await, 404, "Not Found", None);
    for number in 0..3 {
        fails(&api, &format!("nobody{number}@example.com")).await;
    }
    let blocked = api.get(path).await;
    assert_eq!((blocked.status.as_u16(), blocked.body.as_str()), (200, ""));
    refused(&api.get("/anomaly/blocks/ips/192.0.2.10").await, 404, "Not Found", None);
    assert_eq!(api.delete(path).await.status, 204);
    refused(&api.get(path).await, 404, "Not Found", None);
    assert_eq!(api.delete(path).await.status, 204, "it is idempotent");
    let wrong = api.get("/anomaly/blocks/ips/nothing").await;
    assert_eq!((wrong.status.as_u16(), wrong.json()["errorCode"].as_str()), (400, Some("invalid_uri")));
}
