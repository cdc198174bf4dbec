//! Grants `password` and `password-realm` (§2.6).

use keywright_store::logs;
use keywright_testkit::{Answer, Engine, Registered, Scene};
use keywright_types::{AppType, TenantSettings};

use crate::routes;

const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";
const CONNECTION: &str = "Username-Password-Authentication";
const BLOCKED: &str = "Your account has been blocked after multiple consecutive login attempts. We've sent you a notification \
                       via your preferred contact method with instructions on how to unblock it.";

/// A scene whose regular web application may use both grants.
async fn scene(settings: TenantSettings) -> (Scene, Registered) {
    let settings = TenantSettings { default_directory: CONNECTION.to_owned(), ..settings };
    let scene = Scene::with(routes, Engine::Sqlite, settings).await;
    let web = allow(&scene, &scene.web).await;
    (scene, web)
}

async fn allow(scene: &Scene, registered: &Registered) -> Registered {
    let grants = |client: &mut keywright_types::Client| {
        client.grant_types.extend(["password".to_owned(), REALM.to_owned()]);
    };
    scene.app.change_client(registered, grants).await
}

async fn exchange(scene: &Scene, registered: &Registered, more: &[(&str, &str)]) -> Answer {
    let standard = [
        ("grant_type", "password"),
        ("client_id", registered.id()),
        ("client_secret", registered.secret.as_str()),
        ("username", "jane@example.com"),
        ("password", scene.password()),
    ];
    let kept = standard.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
    let fields: Vec<_> = kept.chain(more).copied().filter(|(_, value)| !value.is_empty()).collect();
    scene.app.post_form("/oauth/token", &fields).await
}

fn error(status: u16, code: &str, description: &str) -> (u16, String, String) {
    (status, code.to_owned(), description.to_owned())
}

async fn events(scene: &Scene) -> Vec<String> {
    let id = scene.app.tenant.id.clone();
    let rows = scene.app.app.store().read(move |tx| logs::list_after(tx, &id, "", jiff::Timestamp::MAX, 1000)).await;
    rows.unwrap().into_iter().map(|row| row.kind).collect()
}

#[tokio::test]
async fn cl_07_password_grants_are_off_for_new_applications_and_never_for_third_parties() {
    let (scene, web) = scene(TenantSettings::default()).await;
    for app_type in [AppType::RegularWeb, AppType::Spa, AppType::Native, AppType::NonInteractive] {
        let new = scene.app.register("New", app_type, "https://new.example.com/callback").await;
        for grant_type in ["password", REALM] {
            let secret = if new.client.is_public() { "" } else { new.secret.as_str() };
            let answer = exchange(&scene, &new, &[("grant_type", grant_type), ("client_secret", secret)]).await;
            let expected = format!("Grant type '{grant_type}' not allowed for the client.");
            assert_eq!(answer.oauth_error(), error(403, "unauthorized_client", &expected));
        }
    }
    let third_party = scene.app.change_client(&web, |client| client.is_first_party = false).await;
    let answer = exchange(&scene, &third_party, &[]).await;
    let expected = "Grant type 'password' not allowed for the client.";
    assert_eq!(answer.oauth_error(), error(403, "unauthorized_client", expected));
}

#[tokio::test]
async fn a_right_password_gives_tokens_without_a_session() {
    let (scene, web) = scene(TenantSettings::default()).await;
    for more in [vec![], vec![("grant_type", REALM), ("realm", CONNECTION)]] {
        let answer = exchange(&scene, &web, &[&more[..], &[("audience", "appointments:api")]].concat()).await;
        assert_eq!(answer.status, 200, "{answer:#?}");
        assert_eq!(answer.text("scope"), "appointments contacts read:contacts", "all scopes of the API");
        let claims = answer.claims("access_token");
        assert_eq!((&claims["gty"], &claims["sub"]), (&"password".into(), &scene.user.user_id.as_str().into()));
        assert!(answer.json().get("refresh_token").is_none() && answer.json().get("id_token").is_none());
        assert!(answer.headers.get("set-cookie").is_none());
    }
    let answer = exchange(&scene, &web, &[("scope", "openid")]).await;
    assert_eq!(answer.text("scope"), "openid profile email address phone");
    assert!(answer.claims("id_token").get("sid").is_none(), "there is no session");
    let answer = exchange(&scene, &web, &[("scope", "openid contacts"), ("audience", "appointments:api")]).await;
    assert_eq!(answer.text("scope"), "openid contacts");
    assert_eq!(events(&scene).await, ["sepft"; 4]);
    let user = scene.app.app.store();
    let (id, user_id) = (scene.app.tenant.id.clone(), scene.user.user_id.clone());
    let row = user.read(move |tx| keywright_store::users::find(tx, &id, &user_id)).await.unwrap().unwrap();
    assert_eq!(row.logins_count, 4);
}

#[tokio::test]
async fn offline_access_gives_a_refresh_token_that_no_logout_ends() {
    let (scene, web) = scene(TenantSettings::default()).await;
    let more = [("scope", "openid offline_access contacts"), ("audience", "appointments:api")];
    let answer = exchange(&scene, &web, &more).await;
    let refreshed = scene.refresh(&web, &answer.text("refresh_token"), &[]).await;
    assert_eq!(refreshed.status, 200, "{refreshed:#?}");
    assert_eq!(refreshed.text("scope"), "openid offline_access contacts");
    assert_eq!(events(&scene).await, ["sepft", "sertft"]);
}

#[tokio::test]
async fn every_refusal_has_its_answer() {
    let (scene, web) = scene(TenantSettings::default()).await;
    let (app, id) = (&scene.app.app, &scene.app.tenant.id);
    for (more, expected) in [
        (vec![("username", "")], error(400, "invalid_request", "Missing required parameter: username")),
        (vec![("password", "")], error(400, "invalid_request", "Missing required parameter: password")),
        (vec![("grant_type", REALM)], error(400, "invalid_request", "Missing required parameter: realm")),
        (
            vec![("grant_type", REALM), ("realm", "nowhere")],
            error(403, "invalid_request", "invalid connection specified for password grant"),
        ),
        (vec![("audience", "nothing")], error(403, "access_denied", "Service not found: nothing")),
        (vec![("password", "wrong")], error(403, "invalid_grant", "Wrong email or password.")),
        (vec![("username", "nobody@example.com")], error(403, "invalid_grant", "Wrong email or password.")),
    ] {
        assert_eq!(exchange(&scene, &web, &more).await.oauth_error(), expected, "{more:?}");
    }
    assert_eq!(events(&scene).await[5..], ["fp", "fepft", "fu", "fepft"]);
    let (tenant, user_id, now) = (id.clone(), scene.user.user_id.clone(), app.now());
    let block =
        move |tx: &mut keywright_store::Tx<'_>| keywright_store::users::set_blocked(tx, &tenant, &user_id, true, now);
    app.store().write(block).await.unwrap();
    assert_eq!(exchange(&scene, &web, &[]).await.oauth_error(), error(403, "unauthorized", "user is blocked"));
    let mut settings = scene.app.tenant.settings.clone();
    settings.default_directory = String::new();
    app.update_tenant_settings(id, &settings).await.unwrap();
    let expected = "Authorization server not configured with default connection.";
    assert_eq!(exchange(&scene, &web, &[]).await.oauth_error(), error(403, "access_denied", expected));
}

#[tokio::test]
async fn lg_07_pages_grants_and_nodes_share_one_count() {
    for engine in Engine::all() {
        let settings = TenantSettings { default_directory: CONNECTION.to_owned(), ..TenantSettings::default() };
        let scene = Scene::with(routes, engine, settings).await;
        let web = allow(&scene, &scene.web).await;
        let other = scene.second_node().await;
        for _ in 0..4 {
            assert_eq!(exchange(&scene, &web, &[("password", "wrong")]).await.status, 403);
        }
        let browser = other.browser();
        let path = browser.get(&scene.authorize_path(&web, &[])).await.location().to_owned();
        let page = browser.get(&path).await;
        for _ in 0..6 {
            let fields = [("username", "jane@example.com"), ("password", "wrong")];
            assert_eq!(browser.submit(&path, &page, &fields).await.status, 400);
        }
        assert_eq!(exchange(&scene, &web, &[]).await.oauth_error(), error(429, "too_many_attempts", BLOCKED));
        let fields = [("username", "jane@example.com"), ("password", scene.password())];
        assert_eq!(browser.submit(&path, &page, &fields).await.status, 429);
    }
}

#[tokio::test]
async fn lg_07_many_guesses_at_once_are_no_more_than_ten() {
    let (scene, web) = scene(TenantSettings::default()).await;
    let mut guesses = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (scene, web) = (scene.clone(), web.clone());
        guesses.spawn(async move { exchange(&scene, &web, &[("password", "wrong")]).await.status.as_u16() });
    }
    let mut statuses = guesses.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [[403; 10], [429; 10]].concat());
}

#[tokio::test]
async fn profile_standard_answers_password_grants_with_the_codes_of_rfc_6749() {
    let settings = TenantSettings { profile: keywright_types::Profile::Standard, ..TenantSettings::default() };
    let (scene, web) = scene(settings).await;
    let wrong = exchange(&scene, &web, &[("password", "wrong")]).await;
    assert_eq!(wrong.oauth_error(), error(400, "invalid_grant", "Wrong email or password."));
    for _ in 0..9 {
        exchange(&scene, &web, &[("password", "wrong")]).await;
    }
    let blocked = exchange(&scene, &web, &[]).await;
    assert_eq!(blocked.oauth_error(), error(400, "invalid_grant", "Too many failed logins"));
    let realm = exchange(&scene, &web, &[("grant_type", REALM), ("realm", "nowhere")]).await;
    let expected = error(400, "invalid_request", "invalid connection specified for password grant");
    assert_eq!(realm.oauth_error(), expected);
}
