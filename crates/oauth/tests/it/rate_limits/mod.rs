//! Rate limits over HTTP (§2.11; DO-01, DO-02).

mod buckets;
mod cluster;
mod switches;

use keywright_store::logs;
use keywright_testkit::{Answer, Engine, Scene, TestApp};
use keywright_types::{RateLimit, RateLimitSettings, TenantSettings};

use crate::routes;

const REFUSED: &str = "Rate limit exceeded.";

/// A scene with limits; `change` may set them.
async fn limited(engine: Engine, change: impl FnOnce(&mut RateLimitSettings)) -> Scene {
    let mut settings = TenantSettings::default();
    change(&mut settings.rate_limits);
    Scene::with_limits(routes, engine, settings).await
}

fn limit(burst: u32, refill: u32, per_seconds: u32) -> RateLimit {
    RateLimit { enabled: true, burst, refill, per_seconds }
}

/// `limit`, `remaining` and the seconds until `reset`.
#[track_caller]
fn headers(app: &TestApp, answer: &Answer) -> (i64, i64, i64) {
    let number = |name: &str| answer.header(name).parse::<i64>().unwrap();
    let reset = number("x-ratelimit-reset") - app.app.now().as_second();
    (number("x-ratelimit-limit"), number("x-ratelimit-remaining"), reset)
}

/// A refusal to a program: 429 and how long to wait.
#[track_caller]
fn refused(answer: &Answer, retry_after: &str) {
    crate::expect::refused(answer, 429, "too_many_requests", REFUSED);
    assert_eq!(answer.header("retry-after"), retry_after, "{answer:#?}");
    assert_eq!(answer.header("x-ratelimit-remaining"), "0");
}

/// Event codes of the tenant log that are about limits, with the user's name.
async fn logged(scene: &Scene) -> Vec<(String, Option<String>)> {
    let (id, now) = (scene.app.tenant.id.clone(), scene.app.app.now());
    let rows = scene.app.app.store().read(move |tx| logs::list_after(tx, &id, "", now, 1000)).await.unwrap();
    let limits = rows.into_iter().filter(|row| row.kind.starts_with("api_limit") || row.kind == "limit_sul");
    limits.map(|row| (row.kind, row.user_name)).collect()
}

async fn discovery(app: &TestApp) -> Answer {
    app.get("/.well-known/openid-configuration", &[]).await
}
