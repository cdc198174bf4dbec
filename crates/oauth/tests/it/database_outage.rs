//! A database that is gone: every surface says 503 in its own shape, and all is as before once it is back (issue "Bad
//! input"; §0.3 `temporarily_unavailable`; CL-04).

use keywright_testkit::{Answer, Engine, Scene};
use keywright_types::TenantSettings;

use crate::expect::{logged_in, uncached};
use crate::routes;

const SENTENCE: &str = "The server cannot answer now. Please try again.";

#[track_caller]
fn json_503(answer: &Answer) {
    let expected = (503, "temporarily_unavailable".to_owned(), SENTENCE.to_owned());
    assert_eq!(answer.oauth_error(), expected, "{answer:#?}");
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds >= 1));
    uncached(answer);
}

#[track_caller]
fn page_503(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:#?}");
    assert!(answer.header("content-type").starts_with("text/html"), "{answer:#?}");
    assert!(answer.headers.contains_key("retry-after"), "{answer:#?}");
    assert!(answer.headers.get("location").is_none());
    assert!(answer.body.contains("temporarily_unavailable"), "{}", answer.body);
}

/// Asks everything that needs the database.
async fn everything_says_503(scene: &Scene, given: &Given) {
    json_503(&scene.redeem(&scene.web, &given.code, &[]).await);
    json_503(&scene.refresh(&scene.web, &given.refresh_token, &[]).await);
    let fields =
        [("token", &*given.refresh_token), ("client_id", scene.web.id()), ("client_secret", &*scene.web.secret)];
    json_503(&scene.app.post_form("/oauth/revoke", &fields).await);
    json_503(&crate::expect::userinfo(scene, &given.access_token).await);
    page_503(&given.browser.get(&scene.authorize_path(&scene.web, &[])).await);
    page_503(&given.browser.get("/authorize/resume?state=x").await);
    page_503(&given.browser.get("/v2/logout").await);
    page_503(&given.browser.get("/oidc/logout").await);
}

/// What was handed out while all was well.
struct Given {
    browser: keywright_testkit::Browser,
    code: String,
    refresh_token: String,
    access_token: String,
}

impl Given {
    async fn by(scene: &Scene) -> Self {
        let tokens = scene.tokens(&scene.web, "openid offline_access", "").await;
        Self {
            browser: logged_in(scene).await,
            code: scene.code(&scene.web, &[]).await,
            refresh_token: tokens.text("refresh_token"),
            access_token: tokens.text("access_token"),
        }
    }

    /// Nothing was spent by what failed.
    async fn still_good(&self, scene: &Scene) {
        assert_eq!(scene.refresh(&scene.web, &self.refresh_token, &[]).await.status, 200);
        assert_eq!(scene.redeem(&scene.web, &self.code, &[]).await.status, 200);
        assert_eq!(crate::expect::userinfo(scene, &self.access_token).await.status, 200);
        let silent = self.browser.get(&scene.authorize_path(&scene.web, &[("prompt", "none")])).await;
        assert!(silent.location_parameter("code").is_some(), "{silent:#?}");
    }
}

#[tokio::test]
async fn cl_04_a_closed_database_is_503_in_the_shape_of_each_surface() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let given = Given::by(&scene).await;
        let second = scene.second_node().await;
        scene.app.app.store().close().await;
        // Configuration that was confirmed a moment ago goes on.
        assert_eq!(scene.app.get("/.well-known/openid-configuration", &[]).await.status, 200);
        everything_says_503(&scene, &given).await;
        // A node that knows nothing yet says it before any surface is reached.
        second.app.store().close().await;
        json_503(&second.get("/.well-known/openid-configuration", &[]).await);
        json_503(&second.post_form("/oauth/token", &[]).await);
        page_503(&second.browser().get("/authorize?client_id=x").await);
    }
}

#[tokio::test]
async fn postgresql_that_comes_back_finds_everything_as_it_was() {
    if !Engine::all().contains(&Engine::Postgres) {
        return;
    }
    let scene = Scene::with(routes, Engine::Postgres, TenantSettings::default()).await;
    let given = Given::by(&scene).await;
    let name = scene.database.rsplit('/').next().unwrap().to_owned();
    let server = std::env::var("KEYWRIGHT_TEST_POSTGRES").unwrap();
    // No connection is left and none is let in: for a client this is a server that is gone.
    administer(&server, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
    administer(&server, format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"))
        .await;
    everything_says_503(&scene, &given).await;
    administer(&server, format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
    given.still_good(&scene).await;
}

async fn administer(server: &str, statement: String) {
    let server = server.to_owned();
    tokio::task::spawn_blocking(move || {
        let mut client = postgres::Client::connect(&server, postgres::NoTls).unwrap();
        client.batch_execute(&statement).unwrap();
    })
    .await
    .unwrap();
}
