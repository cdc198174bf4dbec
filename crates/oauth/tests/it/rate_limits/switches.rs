//! What can be switched off, and what the tenant log says.

use keywright_testkit::{Engine, Scene};
use keywright_types::TenantSettings;

use super::{discovery, limit, limited, logged, refused};
use crate::routes;

#[tokio::test]
async fn do_01_each_limit_and_all_limits_can_be_switched_off() {
    let scene = limited(Engine::Sqlite, |limits| limits.authentication_api = limit(1, 1, 60)).await;
    assert_eq!(discovery(&scene.app).await.status, 200);
    refused(&discovery(&scene.app).await, "60");
    let mut settings = scene.app.tenant.settings.clone();
    settings.rate_limits.authentication_api.enabled = false;
    scene.app.app.update_tenant_settings(&scene.app.tenant.id, &settings).await.unwrap();
    assert_eq!(discovery(&scene.app).await.status, 200);
    settings.rate_limits.authentication_api.enabled = true;
    settings.rate_limits.enabled = false;
    scene.app.app.update_tenant_settings(&scene.app.tenant.id, &settings).await.unwrap();
    let answer = discovery(&scene.app).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.headers.contains_key("x-ratelimit-limit"));
    // Other numbers are another bucket, which begins full.
    settings.rate_limits.enabled = true;
    settings.rate_limits.authentication_api.burst = 2;
    scene.app.app.update_tenant_settings(&scene.app.tenant.id, &settings).await.unwrap();
    assert_eq!(discovery(&scene.app).await.status, 200);
}

#[tokio::test]
async fn do_01_an_instance_without_limits_counts_nothing() {
    let mut settings = TenantSettings::default();
    settings.rate_limits.authentication_api = limit(1, 1, 60);
    let scene = Scene::with(routes, Engine::Sqlite, settings).await;
    for _ in 0..5 {
        let answer = discovery(&scene.app).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.headers.contains_key("x-ratelimit-limit"));
    }
    let count = "SELECT COUNT(*) FROM rate_limits";
    let rows = scene.app.app.store().read(move |tx| tx.query(count, &[])).await.unwrap();
    assert_eq!(rows[0].get::<i64>(0).unwrap(), 0);
}

#[tokio::test]
async fn do_01_a_flood_is_logged_once_a_minute_by_all_nodes() {
    let scene = limited(Engine::Sqlite, |limits| limits.authentication_api = limit(1, 1, 3600)).await;
    let other = scene.second_node().await;
    assert_eq!(discovery(&scene.app).await.status, 200);
    for _ in 0..5 {
        assert_eq!(discovery(&scene.app).await.status, 429);
        assert_eq!(discovery(&other).await.status, 429);
    }
    assert_eq!(logged(&scene).await, [("api_limit".to_owned(), None)]);
    scene.app.advance(60);
    for _ in 0..5 {
        assert_eq!(discovery(&other).await.status, 429);
        assert_eq!(discovery(&scene.app).await.status, 429);
    }
    assert_eq!(logged(&scene).await.len(), 2);
}
