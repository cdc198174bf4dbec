//! What the tenant log says about exchanges (`management-api.md` §12.1): one event for each, and the address it came from.

use http::Method;
use keywright_store::logs::{self, LogRow};
use keywright_testkit::Scene;
use serde_json::json;

use crate::expect::{form, granted};
use crate::routes;

/// Every entry so far about the token endpoint and its neighbours, oldest first.
async fn entries(scene: &Scene) -> Vec<LogRow> {
    let (id, until) = (scene.app.tenant.id.clone(), scene.app.app.now());
    let rows = scene.app.app.store().read(move |tx| logs::list_after(tx, &id, "", until, 1000)).await.unwrap();
    let kinds = ["seacft", "feacft", "sertft", "fertft", "ferrt", "seccft", "feccft", "srrt", "fpar"];
    rows.into_iter().filter(|row| kinds.contains(&row.kind.as_str())).collect()
}

async fn kinds(scene: &Scene) -> Vec<String> {
    entries(scene).await.into_iter().map(|row| row.kind).collect()
}

#[tokio::test]
async fn each_exchange_and_refusal_is_one_event() {
    let scene = Scene::new(routes).await;
    let code = scene.code(&scene.spa, &[("scope", "openid offline_access")]).await;
    let tokens = scene.redeem(&scene.spa, &code, &[]).await;
    granted(&tokens);
    scene.redeem(&scene.spa, &code, &[]).await;
    let first = tokens.text("refresh_token");
    scene.refresh(&scene.spa, &first, &[]).await;
    scene.refresh(&scene.spa, &first, &[]).await;
    scene.refresh(&scene.spa, "v1.unknown", &[]).await;
    let other = scene.tokens(&scene.spa, "openid offline_access", "").await.text("refresh_token");
    for _ in 0..2 {
        scene.app.post_form("/oauth/revoke", &[("token", &other), ("client_id", scene.spa.id())]).await;
    }
    let events = ["seacft", "feacft", "fertft", "fertft", "fertft", "seacft", "srrt"];
    assert_eq!(kinds(&scene).await, events, "the replay of the code ended the family");
    let rows = entries(&scene).await;
    assert_eq!(rows[0].user_id.as_deref(), Some(scene.user.user_id.as_str()));
    assert_eq!(rows[0].user_name.as_deref(), Some("jane@example.com"));
    assert_eq!(rows[0].scope.as_deref(), Some("openid offline_access"));
    assert!(rows.iter().all(|row| row.client_id.as_deref() == Some(scene.spa.id())), "{rows:#?}");
    assert!(rows.iter().all(|row| row.hostname == "login.example.com"));
    let secrets = [code.as_str(), &first, &other];
    let text = format!("{rows:?}");
    assert!(secrets.iter().all(|secret| !text.contains(secret)), "no code and no token is in the log");
}

#[tokio::test]
async fn rt_02_reuse_is_one_event_of_its_own() {
    let scene = Scene::new(routes).await;
    let first = scene.tokens(&scene.spa, "openid offline_access", "").await.text("refresh_token");
    granted(&scene.refresh(&scene.spa, &first, &[]).await);
    scene.refresh(&scene.spa, &first, &[]).await;
    scene.refresh(&scene.spa, &first, &[]).await;
    assert_eq!(
        kinds(&scene).await,
        ["seacft", "sertft", "ferrt", "fertft"],
        "the second time the family is dead already"
    );
}

#[tokio::test]
async fn credentials_exchanges_name_the_api_and_refusals_the_reason() {
    let scene = Scene::new(routes).await;
    let good = json!({
        "grant_type": "client_credentials", "client_id": scene.machine.id(), "client_secret": scene.machine.secret,
        "audience": "appointments:api"
    });
    let with = |name: &str, value: &str| {
        let mut changed = good.clone();
        changed[name] = value.into();
        changed
    };
    granted(&scene.app.post_json("/oauth/token", &good).await);
    for refused in [
        with("client_secret", "wrong-secret"),
        with("audience", "mistyped-secret"),
        with("client_id", "nobody"),
        with("grant_type", "unknown"),
    ] {
        assert_ne!(scene.app.post_json("/oauth/token", &refused).await.status, 200);
    }
    let rows = entries(&scene).await;
    let seen: Vec<_> = rows.iter().map(|row| (row.kind.as_str(), row.description.as_deref())).collect();
    let expected = [
        ("seccft", None),
        ("feccft", Some("wrong client secret")),
        ("feccft", Some("Unknown audience")),
        ("feccft", Some("unknown client")),
    ];
    assert_eq!(seen, expected, "an unknown grant type has no event");
    assert_eq!(rows[0].audience.as_deref(), Some("appointments:api"));
    assert_eq!(rows[1].client_id.as_deref(), Some(scene.machine.id()));
    assert_eq!(rows[3].client_id, None, "what is no application is not repeated");
}

#[tokio::test]
async fn the_forwarded_address_counts_from_a_trusted_client_with_its_secret_only() {
    let scene = Scene::new(routes).await;
    let trusted =
        scene.app.change_client(&scene.machine, |client| client.is_token_endpoint_ip_header_trusted = true).await;
    let plain = scene.app.register("Other", keywright_types::AppType::NonInteractive, "").await;
    scene.app.grant(&plain, "appointments:api", vec![]).await;
    let public = scene.app.change_client(&scene.spa, |client| client.is_token_endpoint_ip_header_trusted = true).await;
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("auth0-forwarded-for", "203.0.113.7")];
    for (client, secret, grant) in [
        (&trusted, trusted.secret.as_str(), "client_credentials"),
        (&plain, plain.secret.as_str(), "client_credentials"),
        (&trusted, "wrong", "client_credentials"),
        (&public, "", "refresh_token"),
    ] {
        let fields = [
            ("grant_type", grant),
            ("client_id", client.id()),
            ("client_secret", secret),
            ("audience", "appointments:api"),
            ("refresh_token", "x"),
        ];
        let fields: Vec<_> = fields.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        scene.app.request(Method::POST, "/oauth/token", &headers, form(&fields)).await;
    }
    let addresses: Vec<_> = entries(&scene).await.into_iter().map(|row| row.ip).collect();
    assert_eq!(addresses, [Some("203.0.113.7".to_owned()), None, None, None]);
}
