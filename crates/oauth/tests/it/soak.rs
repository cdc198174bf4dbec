//! ST-04: what has expired is removed, so that a server under the same load keeps its size.

use keywright_store::cleanup;
use keywright_testkit::{Engine, Scene};
use keywright_types::TenantSettings;

use crate::routes;

/// Every table that requests write to, except what is kept on purpose (users, grants, the tenant log).
const TABLES: [&str; 6] = [
    "SELECT COUNT(*) FROM transactions",
    "SELECT COUNT(*) FROM authorization_codes",
    "SELECT COUNT(*) FROM sessions",
    "SELECT COUNT(*) FROM refresh_tokens",
    "SELECT COUNT(*) FROM access_token_revocations",
    "SELECT COUNT(*) FROM rate_limits",
];

async fn sizes(scene: &Scene) -> Vec<i64> {
    let count = |tx: &mut keywright_store::Tx<'_>| {
        TABLES.iter().map(|sql| tx.query_opt(sql, &[])?.unwrap().get::<i64>(0)).collect::<Result<Vec<_>, _>>()
    };
    scene.app.app.store().read(count).await.unwrap()
}

/// Days go by, and what the server does every minute is done.
async fn pass(scene: &Scene, days: i64) {
    let app = &scene.app.app;
    scene.app.advance(days * 24 * 60 * 60);
    app.end_expired_sessions().await.unwrap();
    cleanup::run_once(app.store(), app.now(), "node").await.unwrap();
}

/// A day goes by, then comes its load: abandoned logins, a login with tokens, a refresh, a code that is used twice.
async fn day(scene: &Scene) {
    pass(scene, 1).await;
    for _ in 0..3 {
        assert_eq!(scene.app.browser().get(&scene.authorize_path(&scene.web, &[])).await.status, 302);
    }
    let code = scene.code(&scene.spa, &[("scope", "openid offline_access"), ("audience", "appointments:api")]).await;
    let tokens = scene.redeem(&scene.spa, &code, &[]).await;
    assert_eq!(tokens.status, 200, "{tokens:#?}");
    assert_eq!(scene.refresh(&scene.spa, &tokens.text("refresh_token"), &[]).await.status, 200);
    assert_eq!(scene.redeem(&scene.spa, &code, &[]).await.status, 403);
    assert_eq!(crate::expect::userinfo(scene, &tokens.text("access_token")).await.status, 401);
}

#[tokio::test]
async fn st_04_the_size_is_flat_at_a_constant_rate() {
    let settings = TenantSettings { session_lifetime: 48.0, idle_session_lifetime: 24.0, ..TenantSettings::default() };
    let scene = Scene::with_limits(routes, Engine::Sqlite, settings).await;
    scene
        .app
        .change_client(&scene.spa, |client| {
            client.refresh_token.token_lifetime = 24 * 60 * 60;
            client.refresh_token.idle_token_lifetime = 12 * 60 * 60;
        })
        .await;
    // The longest memory, of revoked access tokens, is 31 days.
    for _ in 0..32 {
        day(&scene).await;
    }
    let full = sizes(&scene).await;
    assert!(full.iter().all(|count| *count > 0), "{full:?}");
    for _ in 0..4 {
        day(&scene).await;
        assert_eq!(sizes(&scene).await, full, "{TABLES:?}");
    }
    // Without load nothing stays.
    pass(&scene, 32).await;
    assert_eq!(sizes(&scene).await, [0; 6], "{TABLES:?}");
}
