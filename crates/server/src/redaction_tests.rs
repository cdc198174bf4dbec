//! OP-02: "Scan logs, traces, metrics and crash dumps": every surface is used with secrets that are known here, at the
//! most talkative level, and none of them may be found in what the server says about itself.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use keywright_app::App;
use keywright_testkit::{Answer, Engine, Pkce, Scene};
use keywright_types::TenantSettings;
use keywright_web::TrustedProxies;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use secrecy::ExposeSecret;
use tower::ServiceExt;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::metrics::Metrics;
use crate::routes::{self, Surroundings};

/// Lines in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Recorded once for the process; the routes are made by a function without surroundings.
static METRICS: std::sync::OnceLock<Metrics> = std::sync::OnceLock::new();

fn surfaces(app: &App) -> Router<App> {
    let surroundings = Surroundings {
        script_time: Duration::from_secs(20),
        trusted_proxies: TrustedProxies::default(),
        behind_proxy_only: false,
        test_controls: None,
        inbox: None,
        metrics: METRICS.get().cloned(),
    };
    Router::new().fallback_service(routes::router(app, surroundings))
}

/// Everything that must not be told.
#[derive(Default)]
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn add(&mut self, name: &'static str, value: impl Into<String>) {
        self.0.push((name, value.into()));
    }

    fn add_member(&mut self, name: &'static str, answer: &Answer) -> String {
        let value = answer.text(name);
        self.add(name, value.clone());
        value
    }

    fn absent_from(&self, place: &str, text: &str) {
        for (name, value) in &self.0 {
            assert!(value.len() >= 8, "{name} is too short to be looked for");
            assert!(!text.contains(value.as_str()), "op_02: {place} hold the {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn op_02_no_secret_is_in_logs_metrics_or_traces() {
    let (lines, spans) = (Lines::default(), InMemorySpanExporter::default());
    let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
    let everything = || EnvFilter::new("trace");
    tracing_subscriber::registry()
        .with(
            tracing_subscriber::fmt::layer()
                .json()
                .flatten_event(true)
                .with_writer(lines.clone())
                .with_filter(everything()),
        )
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("test")).with_filter(everything()))
        .init();
    let (writer, _guard) = tracing_appender::non_blocking(std::io::sink());
    let metrics = Metrics::record(writer.error_counter(), Some("metrics-token-0123456789".into())).unwrap();
    METRICS.set(metrics).ok().unwrap();

    let scene = Scene::with(surfaces, Engine::Sqlite, TenantSettings::default()).await;
    let secrets = use_everything(&scene).await;

    let (status, _) = metrics_page(&scene, "wrong-token-0123456789").await;
    assert_eq!(status, 401, "do_05");
    let (status, page) = metrics_page(&scene, "metrics-token-0123456789").await;
    assert_eq!(status, 200);
    for shown in [
        r#"keywright_http_requests_total{surface="oauth",route="/oauth/token",method="POST",status="200"}"#,
        r#"route="/u/login",method="POST",status="303"}"#,
        r#"route="none""#,
        "keywright_store_commit_jobs_count",
        "keywright_password_hash_seconds_bucket",
        "keywright_config_cache_hits_total",
        r#"keywright_jobs{state="pending"}"#,
    ] {
        assert!(page.contains(shown), "{shown} is missing in {page}");
    }
    assert!(!page.contains("made-up"), "a path that a client makes up is no label: {page}");

    let log = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let answered: Vec<&str> = log.lines().filter(|line| line.contains("\"answered\"")).collect();
    assert!(answered.len() > 20, "{log}");
    assert!(answered.iter().all(|line| line.contains("\"id\":")), "every line names its request");
    let spans = spans.get_finished_spans().unwrap();
    for name in ["request", "store", "hash password"] {
        assert!(spans.iter().any(|span| span.name == name), "no span {name}");
    }
    secrets.absent_from("log lines", &log);
    secrets.absent_from("metrics", &page);
    secrets.absent_from("traces", &format!("{spans:?}"));
}

async fn metrics_page(scene: &Scene, token: &str) -> (u16, String) {
    let request = Request::get("/metrics").header("authorization", format!("Bearer {token}"));
    let router = surfaces(&scene.app.app).with_state(scene.app.app.clone());
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    (status, String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

/// Right and wrong requests to every surface. Gives what was secret in them and in their answers.
async fn use_everything(scene: &Scene) -> Secrets {
    let mut secrets = Secrets::default();
    secrets.add("master key", scene.master_key.expose_secret());
    secrets.add("password", scene.password());
    secrets.add("client secret", &scene.web.secret);
    secrets.add("machine's secret", &scene.machine.secret);
    let pkce = Pkce::of('v');
    secrets.add("code verifier", &pkce.verifier);
    let request = [
        ("scope", "openid profile email offline_access appointments"),
        ("audience", "appointments:api"),
        ("state", "state-4f8a1c77e0b2"),
        ("nonce", "nonce-93b1d0c44aa7"),
        ("code_challenge", pkce.challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    secrets.add("state", "state-4f8a1c77e0b2");
    secrets.add("nonce", "nonce-93b1d0c44aa7");

    let browser = scene.app.browser();
    let start = browser.get(&scene.authorize_path(&scene.web, &request)).await;
    let path = start.location().to_owned();
    secrets.add("login transaction", path.rsplit_once("state=").unwrap().1);
    let page = browser.get(&path).await;
    let wrong = [("username", "jane@example.com"), ("password", "wrong-password-77aa")];
    browser.submit(&path, &page, &wrong).await;
    browser.post(&path, &[("username", "jane@example.com"), ("password", "forged-password-77aa")]).await;
    secrets.add("wrong password", "wrong-password-77aa");
    secrets.add("forged password", "forged-password-77aa");
    let answer = browser.log_in(&start, "jane@example.com", scene.password()).await;
    let code = answer.location_parameter("code").unwrap();
    secrets.add("code", &code);
    for name in [keywright_web::cookies::SESSION, keywright_web::cookies::BROWSER] {
        secrets.add("cookie", browser.cookie(name).expect(name));
    }

    let verifier = [("code_verifier", pkce.verifier.as_str())];
    scene.redeem(&scene.web, &code, &[("code_verifier", "wrong-verifier-wrong-verifier-wrong-verifier-0")]).await;
    secrets.add("wrong verifier", "wrong-verifier-wrong-verifier-wrong-verifier-0");
    scene.redeem(&scene.web, &code, &[("client_secret", "wrong-client-secret-88"), verifier[0]]).await;
    secrets.add("wrong client secret", "wrong-client-secret-88");
    let mut tokens = scene.redeem(&scene.web, &code, &verifier).await;
    if tokens.status != 200 {
        // The wrong verifier has spent the code.
        let code = scene.code(&scene.web, &request).await;
        secrets.add("code", &code);
        tokens = scene.redeem(&scene.web, &code, &verifier).await;
    }
    assert_eq!(tokens.status, 200, "{tokens:#?}");
    let access = secrets.add_member("access_token", &tokens);
    let hint = secrets.add_member("id_token", &tokens);
    let refresh = secrets.add_member("refresh_token", &tokens);
    let opaque = scene.tokens(&scene.web, "openid profile", "").await;
    let opaque = secrets.add_member("access_token", &opaque);
    for token in [&opaque, &access, &format!("{opaque}x")] {
        scene.app.get("/userinfo", &[("authorization", &format!("Bearer {token}"))]).await;
    }
    scene.app.get(&format!("/userinfo?access_token={opaque}"), &[]).await;
    let refreshed = scene.refresh(&scene.web, &refresh, &[]).await;
    secrets.add_member("access_token", &refreshed);
    scene.refresh(&scene.web, "v1.not-a-refresh-token-at-all", &[]).await;
    secrets.add("wrong refresh token", "v1.not-a-refresh-token-at-all");

    let machine = [
        ("grant_type", "client_credentials"),
        ("client_id", scene.machine.id()),
        ("client_secret", &scene.machine.secret),
        ("audience", "appointments:api"),
    ];
    secrets.add_member("access_token", &scene.app.post_form("/oauth/token", &machine).await);
    scene.app.post_json("/oauth/token", &serde_json::json!({ "client_secret": "in-a-broken-body-66" })).await;
    scene.app.request(http::Method::POST, "/oauth/token", &[], "client_secret=without-a-type-55").await;
    secrets.add("secret of a broken body", "in-a-broken-body-66");
    secrets.add("secret without a type", "without-a-type-55");

    for path in [
        format!("/authorize/resume?state={}", "unknown-transaction-12"),
        format!("/oidc/logout?id_token_hint={hint}&post_logout_redirect_uri=https://app.example.com/bye"),
        format!("/oidc/logout?id_token_hint={hint}x"),
        "/v2/logout?returnTo=https://evil.example/secret-return-33".to_owned(),
        "/authorize?client_id=nobody&state=state-of-an-error-44".to_owned(),
        "/made-up?token=token-of-an-unknown-path".to_owned(),
        "/.well-known/openid-configuration".to_owned(),
        "/.well-known/jwks.json".to_owned(),
    ] {
        browser.get(&path).await;
    }
    secrets.add("unknown transaction", "unknown-transaction-12");
    secrets.add("state of an error", "state-of-an-error-44");
    secrets.add("token in a query", "token-of-an-unknown-path");
    let revoke = [("client_id", scene.web.id()), ("client_secret", &scene.web.secret), ("token", refresh.as_str())];
    scene.app.post_form("/oauth/revoke", &revoke).await;
    secrets
}
