//! The requests that matter, through the whole router in this process.

use axum::Router;
use keywright_app::App;
use keywright_store::leases;
use keywright_testkit::Scene;

use crate::limits::Limits;
use crate::measure::{at_once, in_turn, print};

/// Requests at once where waiting for the disk can be shared.
const WORKERS: usize = 64;

pub(crate) fn routes(app: &App) -> Router<App> {
    keywright_oauth::router(app).merge(keywright_login::routes())
}

/// Reads cached configuration only.
pub(crate) async fn discovery(scene: &Scene, limits: &Limits) {
    let time = in_turn(|| async { drop(scene.app.get("/.well-known/openid-configuration", &[]).await) }).await;
    print("discovery", time, "H", limits.request);
}

/// Writes nothing: one signature and what surrounds it.
pub(crate) async fn client_credentials(scene: &Scene, limits: &Limits) {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", scene.machine.id()),
        ("client_secret", scene.machine.secret.as_str()),
        ("audience", "appointments:api"),
    ];
    let time = in_turn(|| async {
        let answer = scene.app.post_form("/oauth/token", &fields).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    })
    .await;
    print("client_credentials (1 signature)", time, "S", limits.signature);
}

/// One read, no signature.
pub(crate) async fn userinfo(scene: &Scene, limits: &Limits) {
    let tokens = scene.tokens(&scene.web, "openid profile email", "").await;
    let bearer = format!("Bearer {}", tokens.text("access_token"));
    let time = in_turn(|| async {
        let answer = scene.app.get("/userinfo", &[("authorization", &bearer)]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    })
    .await;
    print("userinfo (opaque token, 1 read)", time, "H", limits.request);
}

/// One durable conditional update and one signature, many at once.
pub(crate) async fn refresh(scene: &Scene, limits: &Limits) {
    let mut tokens = Vec::new();
    for _ in 0..WORKERS {
        let answer = scene.tokens(&scene.web, "offline_access appointments", "appointments:api").await;
        tokens.push(answer.text("refresh_token"));
    }
    let owned = scene.clone();
    let time = at_once(WORKERS, move |worker| {
        let (scene, token) = (owned.clone(), tokens.get(worker).cloned().unwrap_or_default());
        async move {
            let answer = scene.refresh(&scene.web, &token, &[]).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    })
    .await;
    print("refresh (1 signature, 1 durable write), 64", time, "S", limits.signature);
}

/// The store alone: one-row durable updates, many at once, against one `fsync` each.
pub(crate) async fn durable_writes(scene: &Scene, limits: &Limits) {
    let app = scene.app.app.clone();
    let time = at_once(WORKERS, move |worker| {
        let app = app.clone();
        async move {
            let (name, now) = (format!("bench-{worker}"), app.now());
            app.store().write(move |tx| leases::acquire(tx, &name, &name, now, now)).await.unwrap();
        }
    })
    .await;
    print("durable one-row writes, 64", time, "F", limits.sync);
}
