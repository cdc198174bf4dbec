//! A configuration write is seen on its own node at once and on every other within a second (architecture §4, ST-02).

use std::time::{Duration, Instant};

use keywright_testkit::{Engine, Scene, TestApp};
use keywright_types::TenantSettings;

use crate::no_routes;

async fn name_on(node: &TestApp, client_id: &str) -> String {
    node.app.client(&node.tenant.id, client_id).await.unwrap().unwrap().client.name.clone()
}

/// Waits for the other node to hear of a change, without looking at the database by itself.
async fn until_heard(node: &TestApp, client_id: &str, expected: &str) -> Duration {
    let start = Instant::now();
    let mut changes = node.app.store().config_changes();
    while name_on(node, client_id).await != expected {
        // The cache listens to the same channel and may hear a moment after us, so look again soon in any case.
        let _ = tokio::time::timeout(Duration::from_millis(10), changes.changed()).await;
    }
    start.elapsed()
}

#[tokio::test]
async fn st_02_a_change_is_seen_here_at_once_and_elsewhere_within_a_second() {
    for engine in Engine::all() {
        let scene = Scene::with(no_routes, engine, TenantSettings::default()).await;
        let other = scene.second_node().await;
        let id = scene.web.id();
        assert_eq!(name_on(&scene.app, id).await, "Regular Web App");
        assert_eq!(name_on(&other, id).await, "Regular Web App", "now both nodes have it in their caches");

        let changed = Instant::now();
        scene.app.change_client(&scene.web, |client| client.name = "Renamed".to_owned()).await;
        assert_eq!(name_on(&scene.app, id).await, "Renamed", "{engine:?}: at once");

        let heard = tokio::time::timeout(Duration::from_secs(10), until_heard(&other, id, "Renamed")).await;
        assert!(heard.is_ok(), "{engine:?}: the other node never heard of it");
        assert!(changed.elapsed() < Duration::from_secs(1), "{engine:?}: heard after {:?}", changed.elapsed());
    }
}

#[tokio::test]
async fn what_was_absent_is_found_once_it_is_created() {
    let scene = Scene::new(no_routes).await;
    let tenant = &scene.app.tenant.id;
    assert!(scene.app.app.api(tenant, "new:api").await.unwrap().is_none());
    let api = keywright_types::ResourceServer {
        id: "1".to_owned(),
        identifier: "new:api".to_owned(),
        ..keywright_types::ResourceServer::default()
    };
    scene.app.app.create_api(tenant, &api, None).await.unwrap();
    assert!(scene.app.app.api(tenant, "new:api").await.unwrap().is_some());
}

#[tokio::test]
async fn tn_01_another_tenant_finds_nothing() {
    let scene = Scene::new(no_routes).await;
    let app = &scene.app.app;
    let new = keywright_app::NewTenant {
        domain: "other.example.com".to_owned(),
        settings: TenantSettings::default(),
        management_scopes: Vec::new(),
    };
    let (other, _) = app.create_tenant(new).await.unwrap();
    assert!(app.client(&other.id, scene.web.id()).await.unwrap().is_none());
    assert!(app.api(&other.id, "appointments:api").await.unwrap().is_none());
    assert!(
        app.client_grant(&other.id, scene.machine.id(), "appointments:api", keywright_types::SubjectType::Client)
            .await
            .unwrap()
            .is_none()
    );
    assert!(app.connections(&other.id).await.unwrap().is_empty());
    let origin = "https://spa.example.com";
    assert!(app.is_registered_origin(&scene.app.tenant.id, origin, false).await.unwrap());
    assert!(!app.is_registered_origin(&other.id, origin, false).await.unwrap());
    assert!(app.user(&other.id, &scene.user.user_id).await.unwrap().is_none());
    let own = app.signing_keys(&scene.app.tenant.id).await.unwrap();
    let others = app.signing_keys(&other.id).await.unwrap();
    assert_ne!(own.current().kid(), others.current().kid());
}
