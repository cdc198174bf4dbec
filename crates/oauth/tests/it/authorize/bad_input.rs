//! Input that no honest client sends: refused with a page and the right status, and nothing has changed (AR-01, AR-08).

use http::Method;
use keywright_testkit::{Answer, Browser, Scene};

use crate::outcome::{Outcome, handle, outcome, page, rows};
use crate::routes;

/// Every parameter of §1.1.
const KNOWN: [&str; 33] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "response_mode",
    "scope",
    "audience",
    "resource",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "login_hint",
    "connection",
    "connection_scope",
    "screen_hint",
    "organization",
    "invitation",
    "ui_locales",
    "acr_values",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "dpop_jkt",
    "authorization_details",
    "display",
    "id_token_hint",
    "claims",
    "session_transfer_token",
    "login_ticket",
    "correlation_id",
    "device",
    "ext-theme",
];

fn base(scene: &Scene) -> String {
    scene.authorize_path(&scene.web, &[("scope", "openid"), ("state", "s")])
}

async fn post(browser: &Browser, path: &str, body: String) -> Answer {
    let request = browser.request(Method::POST, path).header("content-type", "application/x-www-form-urlencoded");
    browser.send(request.body(body).unwrap()).await
}

/// `path` with `body`, where there is one, is answered with a page of this status and description, and changes nothing.
async fn check(scene: &Scene, path: &str, body: Option<String>, status: u16, description: &str) {
    let browser = scene.app.browser();
    let before = rows(&scene.app).await;
    let label = format!("{path:.120} {:?}", body.as_ref().map(String::len));
    let answer = match body {
        None => browser.get(path).await,
        Some(body) => post(&browser, path, body).await,
    };
    assert_eq!(outcome(&answer), page(status, format!("invalid_request: {description}")), "{label}");
    assert!(answer.headers.get("set-cookie").is_none(), "{label}");
    assert_eq!(rows(&scene.app).await, before, "{label}");
}

#[tokio::test]
async fn ar_01_a_parameter_sent_twice_is_refused_in_query_in_body_and_split() {
    for scene in [Scene::new(routes).await, Scene::standard(routes).await] {
        let base = base(&scene);
        let query = base.split_once('?').unwrap().1;
        for name in KNOWN {
            let description = format!("Parameter '{name}' was sent more than once");
            let other: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with(&format!("{name}="))).collect();
            let rest = other.join("&");
            for (one, two) in [("1", "2"), ("1", "1"), ("", "1")] {
                let (one, two) = (format!("{name}={one}"), format!("{name}={two}"));
                let twice = format!("{rest}&{one}&{two}");
                check(&scene, &format!("/authorize?{twice}"), None, 400, &description).await;
                check(&scene, "/authorize", Some(twice), 400, &description).await;
            }
            let (one, two) = (format!("{name}=1"), format!("{name}=2"));
            check(&scene, &format!("/authorize?{one}"), Some(format!("{rest}&{two}")), 400, &description).await;
            check(&scene, &format!("/authorize?{rest}&{one}"), Some(two), 400, &description).await;
        }
        // Encoded otherwise, it is the same name.
        let encoded = format!("{base}&%73tate=x");
        check(&scene, &encoded, None, 400, "Parameter 'state' was sent more than once").await;
        // Once is enough: query and body may share the work.
        let (client, rest) = query.split_once('&').unwrap();
        let answer = post(&scene.app.browser(), &format!("/authorize?{client}"), rest.to_owned()).await;
        assert_eq!((answer.status.as_u16(), outcome(&answer)), (303, Outcome::Login));
    }
}

#[tokio::test]
async fn ar_08_sizes_are_limited_at_their_boundary() {
    let scene = Scene::new(routes).await;
    let base = scene.authorize_path(&scene.web, &[]);
    let query = base.split_once('?').unwrap().1.to_owned();
    let too_long = "Parameter 'nonce' is too long";
    for (length, refused) in [(2048, false), (2049, true)] {
        let nonce = format!("&nonce={}", "n".repeat(length));
        let browser = scene.app.browser();
        if refused {
            check(&scene, &(base.clone() + &nonce), None, 400, too_long).await;
            check(&scene, "/authorize", Some(query.clone() + &nonce), 400, too_long).await;
        } else {
            assert_eq!(outcome(&browser.get(&(base.clone() + &nonce)).await), Outcome::Login);
            assert_eq!(outcome(&post(&browser, "/authorize", query.clone() + &nonce).await), Outcome::Login);
        }
    }
    // Two bytes for each character.
    check(&scene, &format!("{base}&nonce={}", "%C3%A4".repeat(1025)), None, 400, too_long).await;
    let filler = |total: usize| {
        let mut text = query.clone();
        while text.len() + 1100 < total {
            text = format!("{text}&ext-{}={}", text.len(), "x".repeat(1000));
        }
        let name = format!("&ext-{}=", text.len());
        let missing = total - text.len() - name.len();
        text + &name + &"x".repeat(missing)
    };
    let browser = scene.app.browser();
    assert_eq!(filler(8192).len(), 8192);
    assert_eq!(outcome(&browser.get(&format!("/authorize?{}", filler(8192))).await), Outcome::Login);
    assert_eq!(outcome(&post(&browser, "/authorize", filler(8192)).await), Outcome::Login);
    let large = "The request is too large";
    for length in [8193, 20_000, 65_000] {
        check(&scene, &format!("/authorize?{}", filler(length)), None, 414, large).await;
        check(&scene, "/authorize", Some(filler(length)), 413, large).await;
    }
    // Beyond what is read at all.
    for length in [65_537, 65_538, 1_000_000] {
        check(&scene, "/authorize", Some("x".repeat(length)), 413, large).await;
    }
    let many = (0..101).fold(String::new(), |text, n| format!("{text}&p{n}=1"));
    check(&scene, &(base.clone() + &many), None, 414, large).await;
    check(&scene, "/authorize", Some(query.clone() + &many), 413, large).await;
}

#[tokio::test]
async fn text_that_is_no_text_is_refused() {
    let scene = Scene::new(routes).await;
    let base = base(&scene);
    let query = base.split_once('?').unwrap().1.to_owned();
    let (utf8, nul) = ("The request is not valid UTF-8", "The request contains a NUL character");
    for (more, description) in [
        ("nonce=%FF", utf8),
        ("nonce=%C3", utf8),
        ("nonce=%C0%80", utf8),
        ("nonce=%ED%A0%80", utf8),
        ("%FF=x", utf8),
        ("nonce=a%00b", nul),
        ("nonce%00=a", nul),
        ("%00=", nul),
    ] {
        check(&scene, &format!("{base}&{more}"), None, 400, description).await;
        check(&scene, "/authorize", Some(format!("{query}&{more}")), 400, description).await;
        check(&scene, &format!("/authorize?{more}"), Some(query.clone()), 400, description).await;
        let before = rows(&scene.app).await;
        for path in ["/authorize/resume", "/u/login", "/u/signup", "/u/consent", "/u/logout", "/oidc/logout"] {
            let answer = scene.app.browser().get(&format!("{path}?{more}")).await;
            assert_eq!(outcome(&answer), page(400, format!("invalid_request: {description}")), "{path} {more}");
        }
        assert_eq!(rows(&scene.app).await, before);
    }
    // A broken escape is the characters that it is made of.
    let answer = scene.app.browser().get(&format!("{base}&nonce=%zz&login_hint=100%")).await;
    assert_eq!(outcome(&answer), Outcome::Login);
}

#[tokio::test]
async fn a_body_that_is_no_form_is_no_request() {
    let scene = Scene::new(routes).await;
    let missing = "Missing required parameter: client_id";
    for body in ["", "{}", "{\"client_id\":\"x\"}", "<xml/>", "&&&", "=", "client_id", "client_id=", "client_id=+&"] {
        let expected = if body == "client_id=+&" { "Unknown client:  " } else { missing };
        let answer = post(&scene.app.browser(), "/authorize", body.to_owned()).await;
        assert_eq!(outcome(&answer), page(400, format!("invalid_request: {expected}")), "{body}");
    }
}

#[tokio::test]
async fn forms_of_the_pages_have_the_same_limits() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = browser.get(&base(&scene)).await;
    let csrf = browser.get(start.location()).await.input("_csrf").unwrap();
    let keys = format!("state={}&_csrf={csrf}", handle(&start));
    let before = rows(&scene.app).await;
    for path in ["/u/login", "/u/signup", "/u/consent"] {
        for (more, status, description) in [
            ("username=a&username=b".to_owned(), 400, "Parameter 'username' was sent more than once"),
            (format!("state={}", handle(&start)), 400, "Parameter 'state' was sent more than once"),
            ("password=%FF".to_owned(), 400, "The request is not valid UTF-8"),
            ("password=a%00b".to_owned(), 400, "The request contains a NUL character"),
            (format!("password={}", "x".repeat(2049)), 400, "Parameter 'password' is too long"),
            (format!("a={0}&b={0}&c={0}&d={0}&e={0}", "x".repeat(2000)), 413, "The request is too large"),
        ] {
            let answer = post(&browser, path, format!("{keys}&{more}")).await;
            assert_eq!(outcome(&answer), page(status, format!("invalid_request: {description}")), "{path} {more:.40}");
        }
    }
    assert_eq!(rows(&scene.app).await, before);
}

#[tokio::test]
async fn other_methods_are_refused_and_name_the_right_ones() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    let query = base(&scene);
    let before = rows(&scene.app).await;
    for (path, allowed) in [
        (query.as_str(), "GET,HEAD,POST"),
        ("/authorize/resume", "GET,HEAD"),
        ("/v2/logout", "GET,HEAD"),
        ("/logout", "GET,HEAD"),
        ("/oidc/logout", "GET,HEAD,POST"),
        ("/u/login", "GET,HEAD,POST"),
        ("/u/signup", "GET,HEAD,POST"),
        ("/u/consent", "GET,HEAD,POST"),
        ("/u/logout", "GET,HEAD,POST"),
    ] {
        let mut methods = vec!["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "BREW"];
        if !allowed.contains("POST") {
            methods.push("POST");
        }
        for method in methods {
            let request = browser.request(method.parse().unwrap(), path).header("origin", "https://app.example.com");
            let answer = browser.send(request.body(String::new()).unwrap()).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert_eq!(answer.header("allow"), allowed, "{method} {path}");
            assert!(answer.headers.get("access-control-allow-origin").is_none(), "§9: no CORS for {path}");
            assert!(answer.headers.get("set-cookie").is_none());
        }
    }
    assert_eq!(rows(&scene.app).await, before);
}
