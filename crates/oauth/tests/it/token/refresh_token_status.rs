//! Who and what a refresh token depends on: everything is looked at again at every use (RT-04), and what ends, ends the
//! token (RT-08, §4.6).

use keywright_store::{grants, refresh_tokens, users};
use keywright_testkit::{Registered, Scene};
use keywright_types::{AccessPolicy, Client};

use crate::expect::{change_api, granted, refused, userinfo};
use crate::routes;

const INVALID: &str = "Unknown or invalid refresh token.";
const SCOPE: &str = "openid offline_access appointments contacts";
const AUDIENCE: &str = "appointments:api";

async fn token(scene: &Scene, client: &Registered) -> String {
    scene.tokens(client, SCOPE, AUDIENCE).await.text("refresh_token")
}

/// Refused, and once things are as before the very same token works: a refusal neither rotates nor revokes.
async fn check_while(
    scene: &Scene,
    client: &Registered,
    expected: (u16, &str, &str),
    disable: impl AsyncFnOnce(&Scene),
    enable: impl AsyncFnOnce(&Scene),
) {
    let token = token(scene, client).await;
    disable(scene).await;
    for _ in 0..2 {
        let answer = scene.refresh(client, &token, &[]).await;
        refused(&answer, expected.0, expected.1, expected.2);
    }
    enable(scene).await;
    let answer = scene.refresh(client, &token, &[]).await;
    assert_eq!(answer.status, 200, "after {expected:?}: {answer:#?}");
}

async fn set_blocked(scene: &Scene, blocked: bool) {
    let (id, user, now) = (scene.app.tenant.id.clone(), scene.user.user_id.clone(), scene.app.app.now());
    assert!(scene.app.app.store().write(move |tx| users::set_blocked(tx, &id, &user, blocked, now)).await.unwrap());
}

async fn set_user_policy(scene: &Scene, policy: AccessPolicy) {
    change_api(scene, |api| api.subject_type_authorization.user.policy = policy).await;
}

async fn set_connection(scene: &Scene, enabled_clients: Vec<String>) {
    let connection = keywright_types::Connection { enabled_clients, ..scene.connection.clone() };
    scene.app.app.update_connection(&scene.app.tenant.id, &connection).await.unwrap();
}

#[tokio::test]
async fn rt_04_each_thing_a_token_depends_on_disabled_in_turn() {
    let scene = Scene::new(routes).await;
    let invalid = (403, "invalid_grant", INVALID);
    for client in [&scene.spa, &scene.web] {
        check_while(
            &scene,
            client,
            (403, "unauthorized", "user is blocked"),
            async |scene| set_blocked(scene, true).await,
            async |scene| set_blocked(scene, false).await,
        )
        .await;
        check_while(
            &scene,
            client,
            (403, "unauthorized_client", "Grant type 'refresh_token' not allowed for the client."),
            async |scene| {
                let without = |own: &mut Client| own.grant_types.retain(|grant| grant != "refresh_token");
                scene.app.change_client(client, without).await;
            },
            async |scene| {
                scene.app.change_client(client, |_| ()).await;
            },
        )
        .await;
        check_while(
            &scene,
            client,
            invalid,
            async |scene| change_api(scene, |api| api.allow_offline_access = false).await,
            async |scene| change_api(scene, |_| ()).await,
        )
        .await;
        for policy in [AccessPolicy::DenyAll, AccessPolicy::RequireClientGrant] {
            check_while(
                &scene,
                client,
                invalid,
                async |scene| set_user_policy(scene, policy).await,
                async |scene| set_user_policy(scene, AccessPolicy::AllowAll).await,
            )
            .await;
        }
        check_while(
            &scene,
            client,
            invalid,
            async |scene| set_connection(scene, Vec::new()).await,
            async |scene| set_connection(scene, scene.connection.enabled_clients.clone()).await,
        )
        .await;
    }
}

#[tokio::test]
async fn rt_04_a_client_grant_limits_the_scopes_where_the_api_wants_one() {
    let scene = Scene::new(routes).await;
    let token = token(&scene, &scene.web).await;
    scene
        .app
        .grant_for(
            keywright_types::SubjectType::User,
            &scene.web,
            AUDIENCE,
            vec!["contacts".to_owned(), "read:contacts".to_owned()],
        )
        .await;
    set_user_policy(&scene, AccessPolicy::RequireClientGrant).await;
    let answer = scene.refresh(&scene.web, &token, &[]).await;
    granted(&answer);
    assert_eq!(answer.json()["scope"], "openid offline_access contacts");
}

#[tokio::test]
async fn rt_04_profile_standard_has_the_rfcs_codes() {
    let scene = Scene::standard(routes).await;
    let token = token(&scene, &scene.web).await;
    set_blocked(&scene, true).await;
    refused(&scene.refresh(&scene.web, &token, &[]).await, 400, "invalid_grant", "user is blocked");
    set_blocked(&scene, false).await;
    delete_grant(&scene, &scene.web, false).await;
    let sentence = "Grant not found, cannot refresh access token";
    refused(&scene.refresh(&scene.web, &token, &[]).await, 400, "invalid_grant", sentence);
}

/// Deletes the user's grant, and with `revoke` what was issued under it.
async fn delete_grant(scene: &Scene, client: &Registered, revoke: bool) {
    let (id, user, now) = (scene.app.tenant.id.clone(), scene.user.user_id.clone(), scene.app.app.now());
    let client = client.id().to_owned();
    let deleted = scene.app.app.store().write(move |tx| {
        let grant = grants::find(tx, &id, &user, &client, AUDIENCE)?.expect("a grant");
        if revoke {
            refresh_tokens::revoke_for_grant(tx, &id, &client, &user, AUDIENCE, now)?;
        }
        grants::delete(tx, &id, &grant.grant_id)
    });
    assert!(deleted.await.unwrap());
}

#[tokio::test]
async fn rt_08_a_deleted_grant_ends_its_tokens() {
    let scene = Scene::new(routes).await;
    let elsewhere = scene.tokens(&scene.web, "offline_access", "").await.text("refresh_token");
    let orphan = token(&scene, &scene.web).await;
    delete_grant(&scene, &scene.web, false).await;
    let sentence = "Grant not found, cannot refresh access token";
    // §4.3: the code is `server_error`, but the status is that of a refusal.
    refused(&scene.refresh(&scene.web, &orphan, &[]).await, 403, "server_error", sentence);
    let revoked = token(&scene, &scene.web).await;
    delete_grant(&scene, &scene.web, true).await;
    // A new consent revives nothing that was revoked with the old one.
    let _ = token(&scene, &scene.web).await;
    refused(&scene.refresh(&scene.web, &revoked, &[]).await, 403, "invalid_grant", INVALID);
    granted(&scene.refresh(&scene.web, &elsewhere, &[]).await);
}

#[tokio::test]
async fn rt_08_a_deleted_user_ends_all_tokens_of_the_user() {
    let scene = Scene::new(routes).await;
    let (web, spa) = (token(&scene, &scene.web).await, token(&scene, &scene.spa).await);
    let access = scene.tokens(&scene.web, "openid", "").await.text("access_token");
    assert_eq!(userinfo(&scene, &access).await.status, 200);
    let (id, user, now) = (scene.app.tenant.id.clone(), scene.user.user_id.clone(), scene.app.app.now());
    assert!(scene.app.app.store().write(move |tx| users::delete(tx, &id, &user, now)).await.unwrap());
    let sentence = "The refresh_token was generated for a user who doesn't exist anymore.";
    refused(&scene.refresh(&scene.web, &web, &[]).await, 403, "invalid_grant", sentence);
    refused(&scene.refresh(&scene.spa, &spa, &[]).await, 403, "invalid_grant", sentence);
    assert_eq!(userinfo(&scene, &access).await.status, 401);
}

/// §4.6: "Logout does not revoke offline refresh tokens" (§1.11), nor does a new password.
#[tokio::test]
async fn rt_08_logout_and_a_new_password_leave_offline_tokens_alone() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let answer = scene.log_in(&browser, &scene.web, &[("scope", "openid offline_access")]).await;
    let code = answer.location_parameter("code").unwrap();
    let tokens = scene.redeem(&scene.web, &code, &[]).await;
    assert_eq!(browser.get("/v2/logout").await.status, 200);
    let again = browser.get(&scene.authorize_path(&scene.web, &[("prompt", "none")])).await;
    assert_eq!(again.location_parameter("error").as_deref(), Some("login_required"), "the session is over");
    granted(&scene.refresh(&scene.web, &tokens.text("refresh_token"), &[]).await);
    let (id, user, now) = (scene.app.tenant.id.clone(), scene.user.user_id.clone(), scene.app.app.now());
    let changed = scene.app.app.store().write(move |tx| {
        let old = users::find(tx, &id, &user)?.expect("the user").password_hash;
        users::set_password_hash(tx, &id, &user, old.as_deref(), "$argon2id$other", now)
    });
    assert!(changed.await.unwrap());
    granted(&scene.refresh(&scene.web, &tokens.text("refresh_token"), &[]).await);
}
