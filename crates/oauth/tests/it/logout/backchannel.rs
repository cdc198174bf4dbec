//! Back-channel logout (§8.5; OpenID Connect Back-Channel Logout 1.0; SE-06, EG-03).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_app::Caller;
use keywright_store::{jobs, logs};
use keywright_testkit::{Behaviour, Browser, Engine, Receiver, Registered, Scene};
use keywright_types::{
    BackchannelLogoutInitiators, ClientOidcLogout, InitiatorsMode, OtherMembers, Profile, TenantSettings,
};
use serde_json::{Value, json};

use crate::outcome::{add_user, answer_form, change_settings};
use crate::routes;

/// The application hears of ends at the receiver: of all of them, or of the named ones.
async fn listens(scene: &Scene, client: &Registered, url: &str, mode: InitiatorsMode, selected: &[&str]) {
    let initiators = BackchannelLogoutInitiators {
        mode,
        selected_initiators: selected.iter().map(|name| (*name).to_owned()).collect(),
        other: OtherMembers::new(),
    };
    let logout = ClientOidcLogout {
        backchannel_logout_urls: vec![url.to_owned()],
        backchannel_logout_initiators: Some(initiators),
        other: OtherMembers::new(),
    };
    scene.app.change_client(client, |client| client.oidc_logout = Some(logout)).await;
}

/// A browser with a session in which the web application got an ID token; and that token's claims.
async fn signed_in(scene: &Scene) -> (Browser, Value, String) {
    let browser = scene.app.browser();
    let answer = scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    let tokens = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
    (browser, tokens.claims("id_token"), tokens.text("id_token"))
}

async fn run(scene: &Scene) -> usize {
    scene.app.app.run_due_jobs().await.unwrap()
}

fn part(token: &str, index: usize) -> Value {
    let text = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

/// The logout tokens that came.
fn tokens(receiver: &Receiver) -> Vec<String> {
    let received = receiver.take();
    for request in &received {
        assert!(request.head.starts_with("POST /backchannel_logout HTTP/1.1\r\n"), "{}", request.head);
        assert!(request.head.to_lowercase().contains("content-type: application/x-www-form-urlencoded"));
    }
    received.into_iter().map(|request| request.body.strip_prefix("logout_token=").unwrap().to_owned()).collect()
}

/// Types of the tenant's log about back-channel logout.
async fn logged(scene: &Scene) -> Vec<String> {
    let tenant = scene.app.tenant.id.clone();
    let entries =
        scene.app.app.store().read(move |tx| logs::list_after(tx, &tenant, "", jiff::Timestamp::MAX, 99)).await;
    let kinds = entries.unwrap().into_iter().map(|entry| entry.kind);
    kinds.filter(|kind| kind.starts_with("oidc_backchannel")).collect()
}

#[tokio::test]
async fn se_06_oidcc_backchannel_rp_initiated_logout() {
    for (profile, typ) in [(Profile::Auth0, "JWT"), (Profile::Standard, "logout+jwt")] {
        let settings = TenantSettings { profile, ..TenantSettings::default() };
        let scene = Scene::with(routes, Engine::Sqlite, settings).await;
        let receiver = Receiver::start().await;
        listens(&scene, &scene.web, &receiver.url("/backchannel_logout"), InitiatorsMode::Custom, &[]).await;
        let (browser, id_token, hint) = signed_in(&scene).await;
        let query = format!("id_token_hint={hint}&post_logout_redirect_uri=https://app.example.com/bye&state=s");
        let answer = browser.get(&format!("/oidc/logout?{query}")).await;
        assert_eq!(answer.location(), "https://app.example.com/bye?state=s");
        assert!(receiver.take().is_empty(), "the logout does not wait for it");
        assert_eq!(run(&scene).await, 1);
        let received = tokens(&receiver);
        let [token] = received.as_slice() else { panic!("{received:?}") };
        let (header, claims) = (part(token, 0), part(token, 1));
        assert_eq!((header["alg"].as_str(), header["typ"].as_str()), (Some("RS256"), Some(typ)));
        let keys = scene.app.get("/.well-known/jwks.json", &[]).await.json();
        assert_eq!(header["kid"], keys["keys"][0]["kid"]);
        let now = scene.app.app.now().as_second();
        let jti = claims["jti"].as_str().unwrap();
        assert!(jti.len() >= 16);
        assert_eq!(
            claims,
            json!({
                "iss": "https://login.example.com/", "sub": id_token["sub"], "aud": scene.web.id(), "iat": now,
                "exp": now + 120, "jti": jti, "sid": id_token["sid"],
                "events": { "http://schemas.openid.net/event/backchannel-logout": {} }
            })
        );
        assert_eq!(logged(&scene).await, ["oidc_backchannel_logout_succeeded"]);
        assert_eq!(run(&scene).await, 0);
    }
}

#[tokio::test]
async fn se_06_every_application_of_the_session_hears_once_and_no_other() {
    let scene = Scene::new(routes).await;
    let (web, spa, native) = (Receiver::start().await, Receiver::start().await, Receiver::start().await);
    for (client, receiver) in [(&scene.web, &web), (&scene.spa, &spa), (&scene.native, &native)] {
        listens(&scene, client, &receiver.url("/backchannel_logout"), InitiatorsMode::All, &[]).await;
    }
    let (browser, id_token, _) = signed_in(&scene).await;
    // Twice the same application; one that asked for no ID token; one that nobody went to.
    browser.get(&scene.authorize_path(&scene.web, &[("scope", "openid")])).await;
    let start = browser.get(&scene.authorize_path(&scene.spa, &[("scope", "openid")])).await;
    assert!(browser.consent(start, "accept").await.location_parameter("code").is_some());
    let start = browser.get(&scene.authorize_path(&scene.native, &[("audience", "appointments:api")])).await;
    browser.consent(start, "accept").await;
    browser.get("/v2/logout").await;
    assert_eq!(run(&scene).await, 2);
    let (of_web, of_spa) = (tokens(&web), tokens(&spa));
    assert_eq!((of_web.len(), of_spa.len()), (1, 1));
    for (token, client) in [(&of_web[0], &scene.web), (&of_spa[0], &scene.spa)] {
        assert_eq!((&part(token, 1)["aud"], &part(token, 1)["sid"]), (&json!(client.id()), &id_token["sid"]));
    }
    assert!(native.take().is_empty());
}

#[tokio::test]
async fn se_06_a_flaky_receiver_hears_in_the_end() {
    let scene = Scene::new(routes).await;
    let receiver = Receiver::start().await;
    receiver.answer(&[Behaviour::Status(503), Behaviour::Silent, Behaviour::Status(302), Behaviour::Status(204)]);
    listens(&scene, &scene.web, &receiver.url("/backchannel_logout"), InitiatorsMode::Custom, &[]).await;
    let (browser, _, _) = signed_in(&scene).await;
    browser.get("/v2/logout").await;
    for wait in [0, 5, 30, 120] {
        scene.app.advance(wait);
        assert_eq!(run(&scene).await, 1, "after {wait} s");
    }
    let received = tokens(&receiver);
    assert_eq!(received.len(), 4);
    // Each attempt is a token of its own: the first would have expired.
    let times: Vec<i64> = received.iter().map(|token| part(token, 1)["iat"].as_i64().unwrap()).collect();
    assert_eq!(times.last().unwrap() - times[0], 155);
    assert_eq!(logged(&scene).await, ["oidc_backchannel_logout_succeeded"]);
    scene.app.advance(1_000_000);
    assert_eq!(run(&scene).await, 0);
}

#[tokio::test]
async fn se_06_failures_are_visible() {
    let scene = Scene::new(routes).await;
    let receiver = Receiver::start().await;
    let (refusing, gone) =
        (receiver.url("/backchannel_logout"), format!("https://localhost:{}/x", Receiver::start().await.port()));
    for (url, attempts, cause) in [
        (refusing.as_str(), 1, "refused the logout token with 400"),
        ("https://10.0.0.1/logout", 1, "not public"),
        ("http://localhost/logout", 1, "only https is spoken"),
        (gone.as_str(), 7, "no "),
    ] {
        receiver.answer(&[Behaviour::Status(400)]);
        listens(&scene, &scene.web, url, InitiatorsMode::Custom, &[]).await;
        let (browser, _, _) = signed_in(&scene).await;
        let before = logged(&scene).await.len();
        browser.get("/v2/logout").await;
        let mut made = 0;
        for _ in 0..10 {
            made += run(&scene).await;
            scene.app.advance(7200);
        }
        assert_eq!(made, attempts, "{url}");
        let tenant = scene.app.tenant.id.clone();
        let failed = scene.app.app.store().read(move |tx| jobs::failed(tx, &tenant, 1)).await.unwrap();
        assert!(failed[0].failure.as_ref().unwrap().contains(cause), "{url}: {failed:?}");
        let entries = logged(&scene).await;
        assert_eq!(entries.get(before..).unwrap(), ["oidc_backchannel_logout_failed"], "{url}");
    }
}

/// The receiver takes connections and says nothing. Logins and logouts go on as if it were not there: none waits for it.
#[tokio::test]
async fn eg_03_a_dead_receiver_slows_no_login_and_no_logout() {
    let scene = Scene::new(routes).await;
    let receiver = Receiver::start().await;
    receiver.answer(&[Behaviour::Silent]);
    listens(&scene, &scene.web, &receiver.url("/backchannel_logout"), InitiatorsMode::Custom, &[]).await;
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let app = scene.app.app.clone();
    let runner = tokio::spawn(async move { app.run_jobs(async { drop(stopped.await) }).await });
    let mut fastest = [std::time::Duration::MAX; 2];
    for _ in 0..5 {
        let began = std::time::Instant::now();
        let (browser, _, _) = signed_in(&scene).await;
        let logged_in = began.elapsed();
        assert_eq!(browser.get("/v2/logout").await.status, 200);
        fastest = [fastest[0].min(logged_in), fastest[1].min(began.elapsed().checked_sub(logged_in).unwrap())];
    }
    // One delivery takes the whole time of the client, two seconds here.
    assert!(fastest.iter().all(|took| *took < std::time::Duration::from_secs(2)), "{fastest:?}");
    let tenant = scene.app.tenant.id.clone();
    let waiting = scene
        .app
        .app
        .store()
        .read(move |tx| tx.query("SELECT job_id FROM jobs WHERE tenant_id = $1", keywright_store::params![&tenant]))
        .await;
    assert_eq!(waiting.unwrap().len(), 5, "none is lost");
    drop(stop);
    runner.await.unwrap();
}

#[tokio::test]
async fn an_application_chooses_what_it_hears_of() {
    let scene = Scene::new(routes).await;
    let receiver = Receiver::start().await;
    let url = receiver.url("/backchannel_logout");
    let caller = Caller::default();
    for (mode, selected, initiator, expected) in [
        (InitiatorsMode::Custom, &[][..], "rp-logout", 1),
        (InitiatorsMode::Custom, &[], "idp-logout", 1),
        (InitiatorsMode::Custom, &[], "password-changed", 0),
        (InitiatorsMode::Custom, &["password-changed"], "password-changed", 1),
        (InitiatorsMode::Custom, &["password-changed"], "email-identifier-changed", 0),
        (InitiatorsMode::Custom, &["email-identifier-changed"], "email-identifier-changed", 1),
        (InitiatorsMode::Custom, &["session-expired"], "session-expired", 1),
        (InitiatorsMode::Custom, &["session-revoked"], "session-expired", 0),
        (InitiatorsMode::Custom, &["session-revoked"], "session-revoked", 1),
        (InitiatorsMode::All, &[], "account-deactivated", 1),
        (InitiatorsMode::All, &[], "account-deleted", 1),
    ] {
        listens(&scene, &scene.web, &url, mode, selected).await;
        let (browser, id_token, _) = signed_in(&scene).await;
        let (app, tenant, user) = (&scene.app.app, &scene.app.tenant, scene.user.user_id.as_str());
        match initiator {
            "rp-logout" => drop(browser.get("/v2/logout").await),
            "idp-logout" => {
                add_user(&scene, "john@example.com").await;
                let start = browser.get(&scene.authorize_path(&scene.web, &[("prompt", "login")])).await;
                let johns = [("username", "john@example.com"), ("password", scene.password())];
                answer_form(&browser, &start, &johns).await;
            }
            "password-changed" => app.change_password(tenant, user, scene.password(), &caller).await.unwrap(),
            "email-identifier-changed" => {
                app.change_email(tenant, user, "jane@example.com", true, &caller).await.unwrap();
            }
            "session-expired" => {
                scene.app.advance(72 * 3600);
                assert!(app.end_expired_sessions().await.unwrap() >= 1);
                assert_eq!(app.end_expired_sessions().await.unwrap(), 0);
            }
            "session-revoked" => {
                let sid = id_token["sid"].as_str().unwrap();
                assert!(app.revoke_session(tenant, sid, false, &caller).await.unwrap());
                assert!(!app.revoke_session(tenant, sid, false, &caller).await.unwrap());
            }
            "account-deactivated" => {
                app.block_user(tenant, user, &caller).await.unwrap();
                app.unblock_user(tenant, user, &caller).await.unwrap();
            }
            _ => app.delete_user(tenant, user, &caller).await.unwrap(),
        }
        assert_eq!(run(&scene).await, expected, "{mode:?} {selected:?} {initiator}");
        let received = tokens(&receiver);
        assert_eq!(received.len(), expected, "{mode:?} {selected:?} {initiator}");
        assert!(received.iter().all(|token| part(token, 1)["sid"] == id_token["sid"]));
    }
}

/// TK-03: a logout token passes for no other, nor any other for it.
#[tokio::test]
async fn tk_03_a_logout_token_is_taken_nowhere() {
    for profile in [Profile::Auth0, Profile::Standard] {
        let settings = TenantSettings { profile, ..TenantSettings::default() };
        let scene = Scene::with(routes, Engine::Sqlite, settings).await;
        let receiver = Receiver::start().await;
        listens(&scene, &scene.web, &receiver.url("/backchannel_logout"), InitiatorsMode::Custom, &[]).await;
        let (browser, _, _) = signed_in(&scene).await;
        browser.get("/v2/logout").await;
        run(&scene).await;
        let token = tokens(&receiver).remove(0);
        let bearer = format!("Bearer {token}");
        assert_eq!(scene.app.get("/userinfo", &[("authorization", &bearer)]).await.status, 401);
        let (browser, _, _) = signed_in(&scene).await;
        let hinted = browser.get(&format!("/oidc/logout?id_token_hint={token}")).await;
        assert_eq!(hinted.status, 400, "{hinted:?}");
        assert_ne!(scene.refresh(&scene.web, &token, &[]).await.status, 200);
        assert_ne!(scene.redeem(&scene.web, &token, &[]).await.status, 200);
    }
}

/// The job is there exactly when the session has ended, and another node delivers it when this one is gone.
#[tokio::test]
async fn se_06_another_node_delivers_what_a_dead_one_left() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let other = scene.second_node().await;
        let receiver = Receiver::start().await;
        listens(&scene, &scene.web, &receiver.url("/backchannel_logout"), InitiatorsMode::Custom, &[]).await;
        let (browser, _, _) = signed_in(&scene).await;
        browser.get("/v2/logout").await;
        // This node takes the job and dies.
        let (now, kind) = (scene.app.app.now(), keywright_app::BACKCHANNEL_LOGOUT);
        let lost_at = now + jiff::SignedDuration::from_secs(kind.lease);
        let taken = scene.app.app.store().write(move |tx| jobs::claim(tx, kind.name, now, "dead", lost_at, 9)).await;
        assert_eq!(taken.unwrap().len(), 1, "{engine:?}");
        assert_eq!(other.app.run_due_jobs().await.unwrap(), 0, "{engine:?}");
        scene.app.advance(kind.lease);
        assert_eq!(other.app.run_due_jobs().await.unwrap(), 1, "{engine:?}");
        assert_eq!(tokens(&receiver).len(), 1, "{engine:?}");
    }
}

#[tokio::test]
async fn a_tenant_may_log_out_without_asking() {
    let scene = Scene::new(routes).await;
    let (browser, _, _) = signed_in(&scene).await;
    assert!(browser.get("/oidc/logout").await.location().starts_with("/u/logout?state="));
    change_settings(&scene, |settings| settings.sessions.oidc_logout_prompt_enabled = false).await;
    assert_eq!(browser.get("/oidc/logout").await.location(), "/u/logout-complete");
    assert_eq!(browser.cookie("__Host-auth0"), None);
}
