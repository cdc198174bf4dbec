//! Each bucket: what it counts, exactly how much, and what a refusal looks like.

use keywright_app::NewUser;
use keywright_testkit::{Answer, Browser, Engine, Scene, TestApp};

use super::{discovery, headers, limit, limited, logged, refused};

async fn userinfo(app: &TestApp, token: &str) -> Answer {
    app.get("/userinfo", &[("authorization", &format!("Bearer {token}"))]).await
}

async fn access_token(scene: &Scene) -> String {
    scene.tokens(&scene.web, "openid", "").await.text("access_token")
}

#[tokio::test]
async fn do_01_burst_and_refill_of_userinfo_are_exact() {
    for engine in Engine::all() {
        let scene = limited(engine, |_| {}).await;
        let token = access_token(&scene).await;
        for remaining in (0..10).rev() {
            let answer = userinfo(&scene.app, &token).await;
            assert_eq!(answer.status, 200, "{answer:#?}");
            assert_eq!(headers(&scene.app, &answer), (10, remaining, 12), "{engine:?}");
            assert!(!answer.headers.contains_key("retry-after"));
        }
        let answer = userinfo(&scene.app, &token).await;
        refused(&answer, "12");
        assert_eq!(headers(&scene.app, &answer), (10, 0, 12));
        // Five in a minute: one every twelve seconds.
        scene.app.advance(11);
        refused(&userinfo(&scene.app, &token).await, "1");
        scene.app.advance(1);
        assert_eq!(userinfo(&scene.app, &token).await.status, 200);
        refused(&userinfo(&scene.app, &token).await, "12");
        scene.app.advance(60);
        for _ in 0..5 {
            assert_eq!(userinfo(&scene.app, &token).await.status, 200);
        }
        refused(&userinfo(&scene.app, &token).await, "12");
        // Full after two minutes, and not fuller later.
        scene.app.advance(60 * 60);
        for _ in 0..10 {
            assert_eq!(userinfo(&scene.app, &token).await.status, 200);
        }
        refused(&userinfo(&scene.app, &token).await, "12");
    }
}

#[tokio::test]
async fn do_02_userinfo_is_counted_by_user() {
    let scene = limited(Engine::Sqlite, |limits| limits.userinfo = limit(2, 1, 60)).await;
    let (one, same_user) = (access_token(&scene).await, access_token(&scene).await);
    let new = NewUser {
        email: "john@example.com".to_owned(),
        username: None,
        password: scene.password().to_owned(),
        email_verified: true,
        ..NewUser::default()
    };
    scene.app.app.create_user(&scene.app.tenant.id, &scene.connection, new).await.unwrap();
    let browser = scene.app.browser();
    let login = browser.get(&scene.authorize_path(&scene.web, &[("scope", "openid")])).await;
    let code = browser.log_in(&login, "john@example.com", scene.password()).await.location_parameter("code").unwrap();
    let other = scene.redeem(&scene.web, &code, &[]).await.text("access_token");
    assert_eq!(userinfo(&scene.app, &one).await.status, 200);
    assert_eq!(userinfo(&scene.app, &same_user).await.status, 200);
    refused(&userinfo(&scene.app, &one).await, "60");
    assert_eq!(userinfo(&scene.app, &other).await.status, 200);
    // Whoever has no token uses up nobody's limit.
    assert_eq!(userinfo(&scene.app, "nonsense").await.status, 401);
}

#[tokio::test]
async fn do_02_refresh_is_counted_by_token_and_address() {
    let scene = limited(Engine::Sqlite, |limits| limits.refresh_token = limit(2, 1, 60)).await;
    let token = scene.tokens(&scene.web, "openid offline_access", "").await.text("refresh_token");
    let other = scene.tokens(&scene.web, "openid offline_access", "").await.text("refresh_token");
    let refresh = async |app: &TestApp, token: &str| {
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", scene.web.id()),
            ("client_secret", &scene.web.secret),
        ];
        app.post_form("/oauth/token", &fields).await
    };
    let (here, there) = (scene.app.from_address("192.0.2.1"), scene.app.from_address("192.0.2.2"));
    for _ in 0..2 {
        assert_eq!(refresh(&here, &token).await.status, 200);
    }
    refused(&refresh(&here, &token).await, "60");
    assert_eq!(refresh(&here, &other).await.status, 200, "another token");
    assert_eq!(refresh(&there, &token).await.status, 200, "another address");
    scene.app.advance(60);
    assert_eq!(refresh(&here, &token).await.status, 200);
}

#[tokio::test]
async fn do_01_the_token_endpoint_is_counted_where_it_is_switched_on() {
    let scene = limited(Engine::Sqlite, |limits| limits.oauth_token = limit(2, 2, 1)).await;
    for _ in 0..2 {
        assert_eq!(scene.app.post_form("/oauth/token", &[]).await.status, 400);
    }
    refused(&scene.app.post_form("/oauth/token", &[]).await, "1");
    assert_eq!(discovery(&scene.app).await.status, 200);
}

#[tokio::test]
async fn do_01_keys_are_counted_by_network_and_apart_from_the_rest() {
    let scene = limited(Engine::Sqlite, |limits| {
        limits.jwks = limit(2, 1, 1);
        limits.authentication_api = limit(1, 1, 60);
    })
    .await;
    let keys = async |address: &str| scene.app.from_address(address).get("/.well-known/jwks.json", &[]).await;
    for address in ["2001:db8:1:2::1", "2001:db8:1:2:ffff::2"] {
        assert_eq!(keys(address).await.status, 200);
    }
    refused(&keys("2001:db8:1:2::3").await, "1");
    assert_eq!(keys("2001:db8:1:3::3").await.status, 200);
    assert_eq!(keys("192.0.2.1").await.status, 200);
    assert_eq!(discovery(&scene.app).await.status, 200, "keys do not use up the tenant's requests");
    refused(&discovery(&scene.app).await, "60");
}

#[tokio::test]
async fn do_01_a_page_over_the_limit_is_an_error_page() {
    let scene = limited(Engine::Sqlite, |limits| limits.authentication_api = limit(1, 1, 60)).await;
    assert_eq!(discovery(&scene.app).await.status, 200);
    for path in ["/authorize", "/u/login", "/v2/logout"] {
        let answer = scene.app.browser().get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "60"), "{path}");
        assert!(answer.header("content-type").starts_with("text/html"));
        let text = format!("The rate limit for endpoint {path} was reached. Please retry after a few minutes.");
        assert!(answer.body.contains(&text) && answer.body.contains("invalid_request"), "{}", answer.body);
        assert_eq!(headers(&scene.app, &answer), (1, 0, 60));
    }
}

#[tokio::test]
async fn do_01_a_script_of_another_origin_can_read_the_refusal() {
    let scene = limited(Engine::Sqlite, |limits| limits.authentication_api = limit(1, 1, 60)).await;
    assert_eq!(discovery(&scene.app).await.status, 200);
    let origin = [("origin", "https://spa.example.com"), ("content-type", "application/json")];
    let answer = scene.app.request(http::Method::POST, "/oauth/token", &origin, "{}").await;
    refused(&answer, "60");
    assert_eq!(answer.header("access-control-allow-origin"), "https://spa.example.com");
    assert!(answer.header("access-control-expose-headers").contains("x-ratelimit-reset"));
}

async fn login(browser: &Browser, path: &str, username: &str) -> Answer {
    let page = browser.get(path).await;
    browser.submit(path, &page, &[("username", username), ("password", "Wrong-1-password")]).await
}

#[tokio::test]
async fn do_02_logins_are_counted_by_account_and_address() {
    let scene = limited(Engine::Sqlite, |limits| limits.authentication_api.enabled = false).await;
    let mut settings = scene.app.tenant.settings.clone();
    settings.attack_protection.brute_force_protection.enabled = false;
    scene.app.app.update_tenant_settings(&scene.app.tenant.id, &settings).await.unwrap();
    let browser = scene.app.from_address("192.0.2.1").browser();
    let path = browser.get(&scene.authorize_path(&scene.web, &[])).await.location().to_owned();
    for attempt in 0..20 {
        // The account is one, however it is written.
        let name = if attempt % 2 == 0 { "nobody@example.com" } else { " Nobody@Example.com " };
        assert_eq!(login(&browser, &path, name).await.status, 400, "{attempt}");
    }
    for _ in 0..3 {
        let answer = login(&browser, &path, "nobody@example.com").await;
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "6"), "{answer:#?}");
        assert!(
            answer.body.contains("Too many login attempts for this user. Please wait, and try again later."),
            "{}",
            answer.body
        );
    }
    assert_eq!(login(&browser, &path, "somebody@example.com").await.status, 400);
    let elsewhere = scene.app.from_address("192.0.2.2").browser();
    let other = elsewhere.get(&scene.authorize_path(&scene.web, &[])).await.location().to_owned();
    assert_eq!(login(&elsewhere, &other, "nobody@example.com").await.status, 400);
    // Ten in a minute: one every six seconds.
    scene.app.advance(6);
    assert_eq!(login(&browser, &path, "nobody@example.com").await.status, 400);
    assert_eq!(login(&browser, &path, "nobody@example.com").await.status, 429);
    assert_eq!(logged(&scene).await, [("limit_sul".to_owned(), Some("nobody@example.com".to_owned()))]);
}

#[tokio::test]
async fn do_01_new_login_transactions_are_counted_by_address() {
    let scene = limited(Engine::Sqlite, |limits| limits.authorize = limit(3, 1, 1)).await;
    let path = scene.authorize_path(&scene.web, &[]);
    let (here, there) = (scene.app.from_address("192.0.2.1"), scene.app.from_address("192.0.2.2"));
    for _ in 0..3 {
        assert_eq!(here.browser().get(&path).await.status, 302);
    }
    let answer = here.browser().get(&path).await;
    assert_eq!(answer.status, 429, "{answer:#?}");
    assert!(answer.body.contains("The rate limit for endpoint /authorize was reached."), "{}", answer.body);
    assert_eq!(there.browser().get(&path).await.status, 302);
    // What begins no transaction is not counted.
    let silent = here.browser().get(&scene.authorize_path(&scene.web, &[("prompt", "none")])).await;
    assert_eq!(silent.location_parameter("error").as_deref(), Some("login_required"));
}
