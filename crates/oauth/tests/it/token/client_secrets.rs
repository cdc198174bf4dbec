//! Two secrets while one replaces the other (CL-08).

use jiff::SignedDuration;
use keywright_testkit::{Engine, Scene, TestApp};
use keywright_types::TenantSettings;
use secrecy::ExposeSecret as _;

use crate::routes;

async fn works(app: &TestApp, scene: &Scene, secret: &str) -> bool {
    let fields = [
        ("grant_type", "client_credentials"),
        ("audience", "appointments:api"),
        ("client_id", scene.machine.id()),
        ("client_secret", secret),
    ];
    let answer = app.post_form("/oauth/token", &fields).await;
    assert!([200, 401].contains(&answer.status.as_u16()), "{answer:#?}");
    answer.status == 200
}

#[tokio::test]
async fn cl_08_two_secrets_work_each_with_its_last_use_until_the_old_one_ends() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let (app, tenant, id) = (&scene.app.app, &scene.app.tenant.id, scene.machine.id());
        let second = scene.second_node().await;
        let first = scene.machine.secret.as_str();
        assert!(works(&second, &scene, first).await);
        let used_at = app.now();
        scene.app.advance(7200);
        let rotated = app.rotate_client_secret(tenant, id, SignedDuration::from_hours(24)).await.unwrap();
        let new = rotated.expose_secret();
        assert!(works(&scene.app, &scene, new).await && works(&scene.app, &scene, first).await);
        eventually(&second, &scene, new, true).await;
        let status = app.client_secrets(tenant, id).await.unwrap();
        assert_eq!(status.iter().filter(|secret| secret.current).count(), 1);
        let [old, current] = <[_; 2]>::try_from(status).unwrap();
        assert_eq!((old.current, old.created_at, old.last_used_at), (false, used_at, Some(app.now())));
        assert_eq!((current.current, current.last_used_at, current.expires_at), (true, Some(app.now()), None));
        // A third one ends the first.
        let rotated = app.rotate_client_secret(tenant, id, SignedDuration::from_secs(60)).await.unwrap();
        let newest = rotated.expose_secret();
        assert!(!works(&scene.app, &scene, first).await);
        assert!(works(&scene.app, &scene, new).await && works(&scene.app, &scene, newest).await);
        // Removal is seen by every node within a second.
        eventually(&second, &scene, newest, true).await;
        assert!(works(&second, &scene, new).await);
        app.end_previous_client_secret(tenant, id).await.unwrap();
        assert!(!works(&scene.app, &scene, new).await);
        eventually(&second, &scene, new, false).await;
        // And the grace period ends by itself, on the clock.
        let rotated = app.rotate_client_secret(tenant, id, SignedDuration::from_secs(60)).await.unwrap();
        scene.app.advance(59);
        assert!(works(&scene.app, &scene, newest).await);
        scene.app.advance(1);
        assert!(!works(&scene.app, &scene, newest).await);
        assert!(works(&scene.app, &scene, rotated.expose_secret()).await);
        let now = app.rotate_client_secret(tenant, id, SignedDuration::ZERO).await.unwrap();
        assert!(!works(&scene.app, &scene, rotated.expose_secret()).await);
        assert!(works(&scene.app, &scene, now.expose_secret()).await);
        let status = app.client_secrets(tenant, id).await.unwrap();
        assert_eq!(status.len(), 1, "{status:?}");
    }
}

/// ST-02: a second at most. Asks again and again instead of sleeping.
async fn eventually(node: &TestApp, scene: &Scene, secret: &str, expected: bool) {
    let begun = std::time::Instant::now();
    while works(node, scene, secret).await != expected {
        assert!(begun.elapsed().as_secs() < 5, "the other node has not seen the change");
        tokio::task::yield_now().await;
    }
}
