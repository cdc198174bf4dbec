//! Fuzz targets of whole endpoints, in this process: whatever is sent, the answer has the shape of its surface (OP-07).
//!
//! No input makes a 500 or a panic, gives a token, or takes a browser to an address that is not registered.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed expectation is a finding")]

use std::panic::AssertUnwindSafe;

use bolero::check;
use http::{Method, Request};
use keywright_app::App;
use keywright_testkit::{Answer, Scene};
use tokio::runtime::Runtime;

/// Inputs of one run: `FUZZ_ITERATIONS`, else few enough for every day.
fn iterations() -> usize {
    std::env::var("FUZZ_ITERATIONS").map_or(2_000, |number| number.parse().unwrap())
}

fn routes(app: &App) -> axum::Router<App> {
    keywright_oauth::router(app).merge(keywright_login::router(app))
}

fn scene() -> (Runtime, Scene) {
    let runtime = Runtime::new().unwrap();
    let scene = runtime.block_on(Scene::new(routes));
    (runtime, scene)
}

fn send(runtime: &Runtime, scene: &Scene, method: Method, path: &str, kind: &str, body: &[u8]) -> Option<Answer> {
    let request = Request::builder().method(method).uri(path).header("content-type", kind).body(body.to_vec()).ok()?;
    Some(runtime.block_on(scene.app.send(request)))
}

/// Names that lead past the first checks, so that what follows them is tried too.
const NAMES: [&str; 14] = [
    "grant_type",
    "client_id",
    "client_secret",
    "code",
    "refresh_token",
    "redirect_uri",
    "scope",
    "audience",
    "code_verifier",
    "client_assertion",
    "client_assertion_type",
    "username",
    "password",
    "realm",
];

#[test]
fn op_07_token_request() {
    let (runtime, scene) = scene();
    let (runtime, scene) = (AssertUnwindSafe(runtime), AssertUnwindSafe(scene));
    check!().with_iterations(iterations()).with_type::<(bool, u8, Vec<(u8, Vec<u8>)>)>().for_each(
        |(json, grant, fields)| {
            let grants = ["authorization_code", "refresh_token", "client_credentials", "password", ""];
            let grant = grants[usize::from(*grant) % grants.len()];
            let values = fields
                .iter()
                .map(|(name, value)| (NAMES[usize::from(*name) % NAMES.len()], String::from_utf8_lossy(value)));
            let known = [("grant_type", grant.into()), ("client_id", scene.web.id().into())];
            let fields: Vec<(&str, std::borrow::Cow<'_, str>)> = known.into_iter().chain(values).collect();
            let (kind, body) = if *json {
                let object: serde_json::Map<String, serde_json::Value> =
                    fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_ref().into())).collect();
                ("application/json", serde_json::Value::Object(object).to_string())
            } else {
                let form: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
                ("application/x-www-form-urlencoded", form.join("&"))
            };
            let answer = send(&runtime, &scene, Method::POST, "/oauth/token", kind, body.as_bytes()).unwrap();
            assert!((400..500).contains(&answer.status.as_u16()) || answer.status == 501, "{body}: {answer:?}");
            let error: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
            assert!(error["error"].is_string() && error.get("access_token").is_none(), "{error}");
        },
    );
}

#[test]
fn op_07_token_body() {
    let (runtime, scene) = scene();
    let (runtime, scene) = (AssertUnwindSafe(runtime), AssertUnwindSafe(scene));
    check!().with_iterations(iterations()).with_max_len(2048).for_each(|body: &[u8]| {
        for kind in ["application/json", "application/x-www-form-urlencoded"] {
            for path in ["/oauth/token", "/oauth/revoke"] {
                let answer = send(&runtime, &scene, Method::POST, path, kind, body).unwrap();
                assert!((400..500).contains(&answer.status.as_u16()) || answer.status == 501, "{answer:?}");
            }
        }
    });
}

#[test]
fn op_07_ru_06_authorization_request() {
    let (runtime, scene) = scene();
    let (runtime, scene) = (AssertUnwindSafe(runtime), AssertUnwindSafe(scene));
    check!().with_iterations(iterations()).with_max_len(1024).for_each(|input: &[u8]| {
        let raw: String =
            input.iter().filter(|byte| byte.is_ascii_graphic() && **byte != b'#').map(|b| char::from(*b)).collect();
        for path in [
            format!("/authorize?{raw}"),
            scene.authorize_path(&scene.web, &[]) + "&" + &raw,
            format!("/v2/logout?{raw}"),
        ] {
            let Some(answer) = send(&runtime, &scene, Method::GET, &path, "text/plain", b"") else { continue };
            assert_ne!(answer.status, 500, "{path}");
            if let Some(location) = answer.headers.get("location").map(|value| value.to_str().unwrap()) {
                let own = location.starts_with("/u/") || location.starts_with("https://app.example.com/callback");
                assert!(own, "{path} leads to {location}");
            }
        }
    });
}

#[test]
fn op_07_page_form() {
    let (runtime, scene) = scene();
    let (runtime, scene) = (AssertUnwindSafe(runtime), AssertUnwindSafe(scene));
    check!().with_iterations(iterations()).with_max_len(1024).for_each(|body: &[u8]| {
        for path in ["/u/login", "/u/signup", "/u/consent", "/u/logout"] {
            let answer = send(&runtime, &scene, Method::POST, path, "application/x-www-form-urlencoded", body).unwrap();
            assert!((400..500).contains(&answer.status.as_u16()), "{path}: {answer:?}");
        }
    });
}
