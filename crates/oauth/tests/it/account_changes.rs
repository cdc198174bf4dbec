//! What ends what (§4.6; RT-08, SE-04): each change of an account, then the session, the refresh token and the access token.

use keywright_app::{AccountError, Caller, PasswordRefusal};
use keywright_store::logs;
use keywright_testkit::{Answer, Browser, Engine, Scene};
use keywright_types::TenantSettings;

use crate::outcome::{add_user, is_logged_in};
use crate::routes;

/// A session of the user, and tokens with offline access that came from it.
struct Held {
    browser: Browser,
    tokens: Answer,
}

async fn held(scene: &Scene) -> Held {
    let browser = scene.app.browser();
    let answer = scene.log_in(&browser, &scene.web, &[("scope", "openid offline_access")]).await;
    let tokens = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    Held { browser, tokens }
}

impl Held {
    async fn refresh(&self, scene: &Scene) -> Answer {
        scene.refresh(&scene.web, &self.tokens.text("refresh_token"), &[]).await
    }

    async fn userinfo(&self, scene: &Scene) -> u16 {
        let bearer = format!("Bearer {}", self.tokens.text("access_token"));
        scene.app.get("/userinfo", &[("authorization", &bearer)]).await.status.as_u16()
    }
}

async fn kinds(scene: &Scene) -> Vec<String> {
    let tenant = scene.app.tenant.id.clone();
    let all = scene.app.app.store().read(move |tx| logs::list_after(tx, &tenant, "", jiff::Timestamp::MAX, 999)).await;
    all.unwrap().into_iter().map(|entry| entry.kind).collect()
}

fn strict() -> TenantSettings {
    let mut settings = TenantSettings::default();
    settings.flags.revoke_refresh_tokens_on_account_change = true;
    settings
}

#[tokio::test]
async fn rt_08_password_email_and_username_end_sessions_and_tokens_where_the_tenant_says_so() {
    for engine in Engine::all() {
        for settings in [TenantSettings::default(), strict()] {
            let tokens_stay = !settings.flags.revoke_refresh_tokens_on_account_change;
            let scene = Scene::with(routes, engine, settings).await;
            let (app, tenant, user) = (&scene.app.app, &scene.app.tenant, scene.user.user_id.as_str());
            let caller = Caller::default();
            for (change, kind) in [("password", "scp"), ("email", "sce"), ("username", "scu")] {
                let held = held(&scene).await;
                match change {
                    "password" => app.change_password(tenant, user, scene.password(), &caller).await.unwrap(),
                    "email" => app.change_email(tenant, user, " Jane@example.com", true, &caller).await.unwrap(),
                    _ => app.change_username(tenant, user, "jane", &caller).await.unwrap(),
                }
                assert!(!is_logged_in(&scene, &held.browser).await, "{change}");
                let refreshed = held.refresh(&scene).await;
                assert_eq!(refreshed.status == 200, tokens_stay, "{change} {engine:?}: {refreshed:?}");
                assert_eq!(held.userinfo(&scene).await, 200, "access tokens live until they expire");
                assert_eq!(kinds(&scene).await.iter().filter(|own| *own == kind).count(), 1);
            }
        }
    }
}

#[tokio::test]
async fn rt_08_a_blocked_user_has_no_session_and_no_exchange() {
    for settings in [TenantSettings::default(), strict()] {
        let tokens_stay = !settings.flags.revoke_refresh_tokens_on_account_change;
        let scene = Scene::with(routes, Engine::Sqlite, settings).await;
        let (app, tenant, user) = (&scene.app.app, &scene.app.tenant, scene.user.user_id.as_str());
        let held = held(&scene).await;
        app.block_user(tenant, user, &Caller::default()).await.unwrap();
        let refreshed = held.refresh(&scene).await;
        assert_eq!(refreshed.status, 403, "{refreshed:?}");
        if tokens_stay {
            assert_eq!(refreshed.text("error_description"), "user is blocked");
        }
        assert!(!is_logged_in(&scene, &held.browser).await);
        app.unblock_user(tenant, user, &Caller::default()).await.unwrap();
        assert!(!is_logged_in(&scene, &held.browser).await, "what has ended stays ended");
        assert_eq!(held.refresh(&scene).await.status == 200, tokens_stay);
    }
}

#[tokio::test]
async fn rt_08_a_deleted_user_is_gone_for_good() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let (app, tenant, user) = (&scene.app.app, &scene.app.tenant, scene.user.user_id.as_str());
        let held = held(&scene).await;
        app.delete_user(tenant, user, &Caller::default()).await.unwrap();
        let gone = "The refresh_token was generated for a user who doesn't exist anymore.";
        assert_eq!(held.refresh(&scene).await.oauth_error(), (403, "invalid_grant".to_owned(), gone.to_owned()));
        let other = scene.app.browser();
        other.set_cookie("__Host-auth0", held.browser.cookie("__Host-auth0").as_deref());
        assert!(!is_logged_in(&scene, &other).await);
        let again = add_user(&scene, "jane@example.com").await;
        assert_ne!(again.user_id, user, "the identifier is never reused");
        assert_eq!(held.refresh(&scene).await.status, 403);
        let missing = app.delete_user(tenant, user, &Caller::default()).await;
        assert!(matches!(missing, Err(AccountError::NotFound)), "{missing:?}");
        assert_eq!(kinds(&scene).await.iter().filter(|kind| *kind == "sdu").count(), 1);
    }
}

#[tokio::test]
async fn rt_08_a_revoked_session_takes_its_refresh_tokens_along_unless_they_are_preserved() {
    let scene = Scene::new(routes).await;
    let (app, tenant) = (&scene.app.app, &scene.app.tenant);
    for preserve in [false, true] {
        let (held, elsewhere) = (held(&scene).await, held(&scene).await);
        let sid = held.tokens.claims("id_token")["sid"].as_str().unwrap().to_owned();
        assert!(app.revoke_session(tenant, &sid, preserve, &Caller::default()).await.unwrap());
        assert!(!is_logged_in(&scene, &held.browser).await);
        assert_eq!(held.refresh(&scene).await.status == 200, preserve);
        assert!(is_logged_in(&scene, &elsewhere.browser).await);
        assert_eq!(elsewhere.refresh(&scene).await.status, 200);
    }
    // A logout is no revocation.
    let held = held(&scene).await;
    held.browser.get("/v2/logout").await;
    assert_eq!(held.refresh(&scene).await.status, 200);
}

#[tokio::test]
async fn rt_08_refresh_tokens_and_grants_are_revoked_one_by_one() {
    let scene = Scene::new(routes).await;
    let (app, tenant) = (&scene.app.app, &scene.app.tenant);
    let (one, two) = (held(&scene).await, held(&scene).await);
    let id = tenant.id.clone();
    let sid = one.tokens.claims("id_token")["sid"].as_str().unwrap().to_owned();
    let sql = "SELECT family_id FROM refresh_tokens WHERE tenant_id = $1 AND session_id = $2";
    let rows = app.store().read(move |tx| tx.query(sql, keywright_store::params![&id, &sid])).await.unwrap();
    let family: String = rows[0].get(0).unwrap();
    assert!(app.revoke_refresh_token(tenant, &family, &Caller::default()).await.unwrap());
    assert!(!app.revoke_refresh_token(tenant, &family, &Caller::default()).await.unwrap());
    assert_eq!((one.refresh(&scene).await.status.as_u16(), two.refresh(&scene).await.status.as_u16()), (403, 200));
    let (id, user, client) = (tenant.id.clone(), scene.user.user_id.clone(), scene.web.id().to_owned());
    let grant = app.store().read(move |tx| keywright_store::grants::find(tx, &id, &user, &client, "")).await.unwrap();
    let grant = grant.unwrap().grant_id;
    assert!(app.delete_grant(tenant, &grant, &Caller::default()).await.unwrap());
    assert!(!app.delete_grant(tenant, &grant, &Caller::default()).await.unwrap());
    assert_eq!(two.refresh(&scene).await.status, 403);
    assert!(is_logged_in(&scene, &two.browser).await, "sessions remain");
    let kinds = kinds(&scene).await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "sapi").count(), 1);
    assert!(kinds.iter().any(|kind| kind == "srrt"));
}

#[tokio::test]
async fn changes_that_are_refused_change_nothing() {
    let scene = Scene::new(routes).await;
    let (app, tenant, user) = (&scene.app.app, &scene.app.tenant, scene.user.user_id.as_str());
    add_user(&scene, "john@example.com").await;
    let (held, caller) = (held(&scene).await, Caller::default());
    let weak = app.change_password(tenant, user, "short", &caller).await;
    assert!(matches!(weak, Err(AccountError::Password(PasswordRefusal::TooWeak(_)))), "{weak:?}");
    let taken = app.change_email(tenant, user, "John@example.com", true, &caller).await;
    assert!(matches!(taken, Err(AccountError::Taken)), "{taken:?}");
    let no_address = app.change_email(tenant, user, "john", true, &caller).await;
    assert!(matches!(no_address, Err(AccountError::InvalidEmail)), "{no_address:?}");
    let no_name = app.change_username(tenant, user, "a@b", &caller).await;
    assert!(matches!(no_name, Err(AccountError::InvalidUsername)), "{no_name:?}");
    let nobody = app.change_password(tenant, "auth0|nobody", "Correct-horse-9", &caller).await;
    assert!(matches!(nobody, Err(AccountError::NotFound)), "{nobody:?}");
    let nobody = app.block_user(tenant, "auth0|nobody", &caller).await;
    assert!(matches!(nobody, Err(AccountError::NotFound)), "{nobody:?}");
    assert!(is_logged_in(&scene, &held.browser).await);
    assert_eq!(held.refresh(&scene).await.status, 200);
}
