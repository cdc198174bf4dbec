//! Two tenants on one instance: nothing of one is anything to the other (TN-01), and no other host exists (TN-02).

use http::Method;
use keywright_app::NewTenant;
use keywright_testkit::{Answer, Browser, Registered, Scene, TestApp};
use keywright_types::{AppType, Connection, ResourceServer, TenantSettings};

use crate::expect::form;
use crate::outcome::{Outcome, answer_form, credentials, handle, login_required, lost, outcome, page, refused, rows};
use crate::routes;

/// A second tenant with an application, an API and a user of its own. Everything is named as in the first one.
struct Neighbour {
    app: TestApp,
    web: Registered,
}

impl Neighbour {
    async fn beside(scene: &Scene) -> Self {
        let new = NewTenant {
            domain: "neighbour.example.com".to_owned(),
            settings: TenantSettings::default(),
            management_scopes: vec!["read:clients".to_owned()],
        };
        let (tenant, _) = scene.app.app.create_tenant(new).await.unwrap();
        let mut app = scene.app.clone();
        app.tenant = tenant;
        let web = app.register("Web", AppType::RegularWeb, "https://app.example.com/callback").await;
        let connection = Connection { enabled_clients: vec![web.id().to_owned()], ..scene.connection.clone() };
        app.app.create_connection(&app.tenant.id, &connection).await.unwrap();
        let user = keywright_app::NewUser {
            email: "jane@example.com".to_owned(),
            username: None,
            password: "Neighbours-horse-1".to_owned(),
            email_verified: true,
            ..keywright_app::NewUser::default()
        };
        app.app.create_user(&app.tenant.id, &connection, user).await.unwrap();
        let api = ResourceServer { identifier: "neighbours:api".to_owned(), ..scene.api.clone() };
        app.app.create_api(&app.tenant.id, &api, None).await.unwrap();
        Self { app, web }
    }

    fn path(&self, more: &[(&str, &str)]) -> String {
        let standard = [("response_type", "code"), ("client_id", self.web.id())];
        let pairs = [&standard[..], more].concat();
        format!("/authorize?{}", form(pairs))
    }
}

/// A browser at the neighbour's host with the cookies of `browser`.
fn carried_over(neighbour: &Neighbour, browser: &Browser) -> Browser {
    let other = neighbour.app.browser();
    for name in ["__Host-auth0", "__Host-auth0-browser"] {
        other.set_cookie(name, browser.cookie(name).as_deref());
    }
    other
}

#[tokio::test]
async fn tn_01_cookies_of_one_tenant_are_nothing_to_another() {
    let scene = Scene::new(routes).await;
    let neighbour = Neighbour::beside(&scene).await;
    let browser = scene.app.browser();
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    let start = browser.get(&scene.authorize_path(&scene.web, &[("prompt", "login")])).await;
    let csrf = browser.get(start.location()).await.input("_csrf").unwrap();
    let before = rows(&scene.app).await;

    let other = carried_over(&neighbour, &browser);
    assert_eq!(outcome(&other.get(&neighbour.path(&[("prompt", "none")])).await), login_required());
    for path in ["/u/login", "/u/signup", "/u/consent", "/authorize/resume"] {
        let got = other.get(&format!("{path}?state={}", handle(&start))).await;
        assert_eq!(outcome(&got), lost(), "{path}");
    }
    let fields = [("state", handle(&start)), ("_csrf", csrf)];
    let fields = fields.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
    let posted = other.post("/u/login", &[&fields[..], &credentials(&scene)].concat()).await;
    assert_eq!(outcome(&posted), lost());
    // To log out there logs nobody out here.
    assert_eq!(other.get("/v2/logout").await.status, 200);
    assert_eq!(rows(&scene.app).await, before);
    let silent = scene.authorize_path(&scene.web, &[("prompt", "none")]);
    assert_eq!(outcome(&browser.get(&silent).await), Outcome::Code);
}

#[tokio::test]
async fn tn_01_users_clients_apis_and_logout_urls_of_one_tenant_are_unknown_to_another() {
    let scene = Scene::new(routes).await;
    let neighbour = Neighbour::beside(&scene).await;
    let browser = neighbour.app.browser();
    let unknown = |id: &str| page(400, format!("invalid_request: Unknown client: {id}"));
    let foreign = scene.authorize_path(&scene.web, &[]);
    assert_eq!(outcome(&browser.get(&foreign).await), unknown(scene.web.id()));
    let path = format!("/v2/logout?client_id={}", scene.web.id());
    assert_eq!(outcome(&browser.get(&path).await), unknown(scene.web.id()));
    let path = neighbour.path(&[("audience", "appointments:api")]);
    let not_found = refused("access_denied", "Service not found: appointments:api");
    assert_eq!(outcome(&browser.get(&path).await), not_found);
    // One address, two users: the password of one opens nothing of the other.
    let start = browser.get(&neighbour.path(&[("scope", "openid")])).await;
    let wrong = answer_form(&browser, &start, &credentials(&scene)).await;
    assert_eq!(wrong.status, 400);
    let right = [("username", "jane@example.com"), ("password", "Neighbours-horse-1")];
    let posted = answer_form(&browser, &start, &right).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Code);
}

#[tokio::test]
async fn tn_01_codes_and_hints_of_one_tenant_are_nothing_to_another() {
    let scene = Scene::new(routes).await;
    let neighbour = Neighbour::beside(&scene).await;
    let browser = neighbour.app.browser();
    let start = browser.get(&neighbour.path(&[("scope", "openid")])).await;
    let answer = browser.log_in(&start, "jane@example.com", "Neighbours-horse-1").await;
    let code = answer.location_parameter("code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("client_id", neighbour.web.id()),
        ("client_secret", &neighbour.web.secret),
        ("redirect_uri", "https://app.example.com/callback"),
    ];
    let elsewhere = scene.app.post_form("/oauth/token", &form).await;
    assert_eq!(elsewhere.status, 401, "the client is unknown: {elsewhere:#?}");
    let mut as_ours = form;
    (as_ours[2].1, as_ours[3].1) = (scene.web.id(), &scene.web.secret);
    let stolen = scene.app.post_form("/oauth/token", &as_ours).await;
    assert_eq!(stolen.oauth_error(), (403, "invalid_grant".to_owned(), "Invalid authorization code".to_owned()));
    let tokens = neighbour.app.post_form("/oauth/token", &form).await;
    assert_eq!(tokens.status, 200, "and it was not used up: {tokens:#?}");
    assert_eq!(tokens.claims("id_token")["iss"], "https://neighbour.example.com/");

    let hint = tokens.text("id_token");
    let ours = scene.app.browser();
    scene.log_in(&ours, &scene.web, &[("scope", "openid")]).await;
    let refused = ours.get(&format!("/oidc/logout?id_token_hint={hint}")).await;
    let text = "invalid_request: The \"id_token_hint\" is not an ID token of this server.";
    assert_eq!(outcome(&refused), page(400, text));
    let silent = scene.authorize_path(&scene.web, &[("id_token_hint", &hint), ("prompt", "none")]);
    assert_eq!(outcome(&ours.get(&silent).await), Outcome::Code, "no hint of ours");
    let bearer = format!("Bearer {}", tokens.text("access_token"));
    let claims = scene.app.get("/userinfo", &[("authorization", &bearer)]).await;
    assert_eq!(claims.status, 401, "{claims:#?}");
}

/// The sealed question of a logout is the tenant's, too.
#[tokio::test]
async fn tn_01_a_logout_of_one_tenant_cannot_be_confirmed_at_another() {
    let scene = Scene::new(routes).await;
    let neighbour = Neighbour::beside(&scene).await;
    let browser = scene.app.browser();
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    let asked = browser.get("/oidc/logout").await;
    assert_eq!(browser.get(asked.location()).await.status, 200);
    let other = carried_over(&neighbour, &browser);
    let closed = page(400, "invalid_request: This logout is no longer open. Please log out again.");
    assert_eq!(outcome(&other.get(asked.location()).await), closed);
}

async fn at_host(scene: &Scene, method: &str, path: &str, hosts: &[&str]) -> Answer {
    let headers: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
    scene.app.request(method.parse::<Method>().unwrap(), path, &headers, String::new()).await
}

#[tokio::test]
async fn tn_02_an_unknown_host_is_404_before_any_handler() {
    let scene = Scene::new(routes).await;
    Neighbour::beside(&scene).await;
    let start = scene.app.browser().get(&scene.authorize_path(&scene.web, &[])).await;
    let before = rows(&scene.app).await;
    let authorize = scene.authorize_path(&scene.web, &[]);
    let paths = [
        authorize.as_str(),
        "/authorize",
        start.location(),
        "/oauth/token",
        "/oauth/revoke",
        "/userinfo",
        "/v2/logout",
        "/oidc/logout",
        "/u/logout-complete",
        "/.well-known/openid-configuration",
        "/.well-known/jwks.json",
        "/",
        "/no/such/path",
        "/api/v2/clients",
        "/api/v3/clients",
    ];
    for hosts in [
        &["ghost.example.com"][..],
        &["login.example.com:8443"],
        &["login.example.com."],
        &["evil.login.example.com"],
        &["login.example.com.evil.example"],
        &["login.example.com, ghost.example.com"],
        &["login.example.com", "ghost.example.com"],
        &["login.example.com", "login.example.com"],
        &[""],
    ] {
        for path in paths {
            for method in ["GET", "POST", "DELETE", "OPTIONS"] {
                let answer = at_host(&scene, method, path, hosts).await;
                assert_eq!(answer.status, 404, "{method} {path} at {hosts:?}");
                assert_eq!(answer.json()["message"], "No tenant answers at this host.");
                assert_eq!(answer.header("cache-control"), "no-store");
                assert!(answer.headers.get("set-cookie").is_none());
            }
        }
    }
    assert_eq!(rows(&scene.app).await, before);
    for host in ["login.example.com", "LOGIN.Example.com", "login.example.com:443", "neighbour.example.com"] {
        let answer = at_host(&scene, "GET", "/.well-known/openid-configuration", &[host]).await;
        assert_eq!(answer.status, 200, "{host}");
        let issuer =
            if host.starts_with('n') { "https://neighbour.example.com/" } else { "https://login.example.com/" };
        assert_eq!(answer.json()["issuer"], issuer);
    }
}

/// WB-04: who asks decides nothing about the addresses that are handed out.
#[tokio::test]
async fn wb_04_forwarding_headers_choose_no_tenant_and_make_no_address() {
    let scene = Scene::new(routes).await;
    let neighbour = Neighbour::beside(&scene).await;
    let lies = [
        ("forwarded", "host=neighbour.example.com;proto=http"),
        ("x-forwarded-host", "neighbour.example.com"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", "8080"),
        ("x-forwarded-prefix", "/evil"),
        ("x-original-url", "/v2/logout"),
        ("x-rewrite-url", "/v2/logout"),
        ("x-real-ip", "127.0.0.1"),
        ("x-http-method-override", "DELETE"),
    ];
    let discovery = scene.app.get("/.well-known/openid-configuration", &lies).await;
    assert_eq!(discovery.json()["issuer"], "https://login.example.com/");
    // The names of Auth0's own grant types are addresses of nothing.
    let addresses = discovery.body.replace("http://auth0.com/oauth/grant-type/", "");
    assert!(!addresses.contains("neighbour") && !addresses.contains("http://"), "{}", discovery.body);
    let foreign = scene.app.get(&neighbour.path(&[]), &lies).await;
    assert_eq!(outcome(&foreign), page(400, format!("invalid_request: Unknown client: {}", neighbour.web.id())));
    let start = scene.app.get(&scene.authorize_path(&scene.web, &[]), &lies).await;
    assert_eq!(outcome(&start), Outcome::Login);
}
