//! `POST /oauth/revoke` (§4.6; RFC 7009; TX-03).

use keywright_store::grants;
use keywright_testkit::{Answer, Registered, Scene};
use keywright_types::{TenantFlags, TenantSettings};
use serde_json::json;

use crate::expect::{basic, form, granted, refused, uncached, userinfo};
use crate::routes;

const INVALID: &str = "Unknown or invalid refresh token.";

async fn revoke(scene: &Scene, client: &Registered, token: &str) -> Answer {
    let secret = if client.client.is_public() { "" } else { &client.secret };
    let fields = [("token", token), ("client_id", client.id()), ("client_secret", secret)];
    scene.app.post_form("/oauth/revoke", &fields).await
}

/// §4.6: "`200` empty body".
#[track_caller]
fn done(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""), "{answer:#?}");
    uncached(answer);
}

async fn token(scene: &Scene, client: &Registered) -> String {
    scene.tokens(client, "openid offline_access", "").await.text("refresh_token")
}

#[tokio::test]
async fn tx_03_a_revoked_token_is_refused_from_then_on_by_every_way_of_sending() {
    let scene = Scene::new(routes).await;
    let json = |token: &str, more: serde_json::Value| {
        let mut body = json!({ "token": token, "client_id": scene.web.id(), "client_secret": scene.web.secret });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let credentials = basic(scene.web.id(), &scene.web.secret);
    for way in 0..4 {
        let token = token(&scene, &scene.web).await;
        let answer = match way {
            0 => revoke(&scene, &scene.web, &token).await,
            1 => scene.app.post_json("/oauth/revoke", &json(&token, json!({}))).await,
            2 => {
                let hint = json!({ "token_type_hint": "access_token", "scope": null });
                scene.app.post_json("/oauth/revoke", &json(&token, hint)).await
            }
            _ => {
                let headers =
                    [("authorization", credentials.as_str()), ("content-type", "application/x-www-form-urlencoded")];
                let body = form(&[("token", token.as_str()), ("token_type_hint", "refresh_token")]);
                scene.app.request(http::Method::POST, "/oauth/revoke", &headers, body).await
            }
        };
        done(&answer);
        refused(&scene.refresh(&scene.web, &token, &[]).await, 403, "invalid_grant", INVALID);
        done(&revoke(&scene, &scene.web, &token).await);
    }
}

#[tokio::test]
async fn tx_03_any_token_of_a_rotating_family_ends_all_of_it() {
    let scene = Scene::new(routes).await;
    for which in 0..2 {
        let first = token(&scene, &scene.spa).await;
        let second = scene.refresh(&scene.spa, &first, &[]).await;
        let tokens = [first, second.text("refresh_token")];
        let other = token(&scene, &scene.spa).await;
        done(&revoke(&scene, &scene.spa, &tokens[which]).await);
        refused(&scene.refresh(&scene.spa, &tokens[1], &[]).await, 403, "invalid_grant", INVALID);
        granted(&scene.refresh(&scene.spa, &other, &[]).await);
        // §4.6: access tokens are not revoked.
        assert_eq!(userinfo(&scene, &second.text("access_token")).await.status, 200);
    }
}

#[tokio::test]
async fn tx_03_unknown_tokens_are_fine_and_foreign_ones_stay_alive() {
    let scene = Scene::new(routes).await;
    let foreign = token(&scene, &scene.spa).await;
    for unknown in ["x", "v1.AAAA", &format!("{foreign}A"), &foreign[..foreign.len() - 1]] {
        done(&revoke(&scene, &scene.web, unknown).await);
    }
    // §4.6: 200 "also for unknown/foreign tokens".
    done(&revoke(&scene, &scene.web, &foreign).await);
    done(&revoke(&scene, &scene.native, &foreign).await);
    granted(&scene.refresh(&scene.spa, &foreign, &[]).await);
}

#[tokio::test]
async fn tx_03_profile_standard_tells_the_client_that_the_token_is_foreign() {
    let scene = Scene::standard(routes).await;
    let pkce = keywright_testkit::Pkce::of('v');
    let more = [
        ("scope", "openid offline_access"),
        ("code_challenge", pkce.challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let code = scene.code(&scene.spa, &more).await;
    let tokens = scene.redeem(&scene.spa, &code, &[("code_verifier", &pkce.verifier)]).await;
    let foreign = tokens.text("refresh_token");
    let answer = revoke(&scene, &scene.web, &foreign).await;
    refused(&answer, 400, "unauthorized_client", "The token was issued to another client");
    done(&revoke(&scene, &scene.web, "x").await);
    granted(&scene.refresh(&scene.spa, &foreign, &[]).await);
    done(&revoke(&scene, &scene.spa, &foreign).await);
}

#[tokio::test]
async fn the_caller_is_authenticated_first() {
    for scene in [Scene::new(routes).await, Scene::standard(routes).await] {
        let wrong = Registered { secret: "no".to_owned(), ..scene.web.clone() };
        let token = token(&scene, &scene.web).await;
        // §4.6: `invalid_client`, unlike the token endpoint.
        refused(&revoke(&scene, &wrong, &token).await, 401, "invalid_client", "Client authentication failed");
        let headers =
            [("authorization", &*basic(scene.web.id(), "no")), ("content-type", "application/x-www-form-urlencoded")];
        let body = form(&[("token", &token)]);
        let answer = scene.app.request(http::Method::POST, "/oauth/revoke", &headers, body).await;
        refused(&answer, 401, "invalid_client", "Client authentication failed");
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"oauth\"");
        let answer = revoke(&scene, &scene.web, "").await;
        refused(&answer, 400, "invalid_request", "Missing required parameter: token");
        granted(&scene.refresh(&scene.web, &token, &[]).await);
    }
}

#[tokio::test]
async fn the_tenants_flag_makes_revocation_delete_the_whole_grant() {
    let flags = TenantFlags { revoke_refresh_token_grant: true, ..TenantFlags::default() };
    let settings = TenantSettings { flags, ..TenantSettings::default() };
    let scene = Scene::with(routes, keywright_testkit::Engine::Sqlite, settings).await;
    let (one, two) = (token(&scene, &scene.web).await, token(&scene, &scene.web).await);
    let scope = "openid offline_access contacts";
    let for_api = scene.tokens(&scene.web, scope, "appointments:api").await.text("refresh_token");
    let of_native = token(&scene, &scene.native).await;
    done(&revoke(&scene, &scene.web, &one).await);
    refused(
        &scene.refresh(&scene.web, &two, &[]).await,
        403,
        "server_error",
        "Grant not found, cannot refresh access token",
    );
    // The same user's other grants stay: another API, another application.
    granted(&scene.refresh(&scene.web, &for_api, &[]).await);
    granted(&scene.refresh(&scene.native, &of_native, &[]).await);
    let (id, user, client) = (scene.app.tenant.id.clone(), scene.user.user_id.clone(), scene.web.id().to_owned());
    let left = scene.app.app.store().read(move |tx| grants::find(tx, &id, &user, &client, "")).await.unwrap();
    assert_eq!(left, None);
    // A new login begins a new grant; what was revoked stays so.
    granted(&scene.refresh(&scene.web, &token(&scene, &scene.web).await, &[]).await);
    refused(&scene.refresh(&scene.web, &two, &[]).await, 403, "invalid_grant", INVALID);
}

#[tokio::test]
async fn tx_03_an_access_token_is_revoked_alone_and_on_every_node() {
    for engine in keywright_testkit::Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let second = scene.second_node().await;
        // Opaque, and as a JWT of Auth0's and of RFC 9068's dialect; two of each in the same second.
        for (audience, dialect) in [
            ("", keywright_types::TokenDialect::AccessToken),
            ("appointments:api", keywright_types::TokenDialect::AccessToken),
            ("appointments:api", keywright_types::TokenDialect::Rfc9068Profile),
        ] {
            crate::expect::change_api(&scene, |api| api.token_dialect = dialect).await;
            let tokens = scene.tokens(&scene.web, "openid email", audience).await.text("access_token");
            let other = scene.tokens(&scene.web, "openid profile", audience).await.text("access_token");
            // A foreign client changes nothing.
            done(&revoke(&scene, &scene.spa, &tokens).await);
            assert_eq!(userinfo(&scene, &tokens).await.status, 200);
            done(&revoke(&scene, &scene.web, &tokens).await);
            done(&revoke(&scene, &scene.web, &tokens).await);
            for node in [&scene.app, &second] {
                let authorization = format!("Bearer {tokens}");
                let answer = node.get("/userinfo", &[("authorization", &authorization)]).await;
                assert_eq!(answer.status, 401, "{answer:#?}");
            }
            assert_eq!(userinfo(&scene, &other).await.status, 200, "only the one that was sent");
        }
    }
}

#[tokio::test]
async fn tx_03_what_is_no_live_access_token_of_the_client_changes_nothing() {
    let scene = Scene::new(routes).await;
    let tokens = scene.tokens(&scene.web, "openid", "appointments:api").await;
    let (access, id) = (tokens.text("access_token"), tokens.text("id_token"));
    for other in [id.as_str(), &access[1..], &format!("{access}A"), "a.b.c", "a.b.c.d.e"] {
        done(&revoke(&scene, &scene.web, other).await);
    }
    assert_eq!(userinfo(&scene, &access).await.status, 200);
    scene.app.advance(86_400);
    done(&revoke(&scene, &scene.web, &access).await);
    let standard = Scene::standard(routes).await;
    let foreign = standard.tokens(&standard.web, "openid", "").await.text("access_token");
    let answer = revoke(&standard, &standard.spa, &foreign).await;
    refused(&answer, 400, "unauthorized_client", "The token was issued to another client");
    assert_eq!(userinfo(&standard, &foreign).await.status, 200);
}

#[tokio::test]
async fn tx_03_a_token_that_an_api_signs_with_its_secret_is_known_too() {
    let scene = Scene::new(routes).await;
    let api = keywright_types::ResourceServer {
        id: "5f0c0000000000000000cccc".to_owned(),
        identifier: "secret:api".to_owned(),
        signing_alg: "HS256".to_owned(),
        ..keywright_types::ResourceServer::default()
    };
    let secret = secrecy::SecretString::from("s".repeat(64));
    scene.app.app.create_api(&scene.app.tenant.id, &api, Some(&secret)).await.unwrap();
    scene.app.grant(&scene.machine, "secret:api", vec![]).await;
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", scene.machine.id()),
        ("client_secret", scene.machine.secret.as_str()),
        ("audience", "secret:api"),
    ];
    let token = scene.app.post_form("/oauth/token", &fields).await.text("access_token");
    let revoked = async || {
        let id = scene.app.tenant.id.clone();
        let rows = scene.app.app.store().read(move |tx| {
            tx.query("SELECT expires_at FROM revoked_access_tokens WHERE tenant_id = $1", keywright_store::params![&id])
        });
        rows.await.unwrap().len()
    };
    done(&revoke(&scene, &scene.web, &token).await);
    assert_eq!(revoked().await, 0);
    done(&revoke(&scene, &scene.machine, &token).await);
    assert_eq!(revoked().await, 1);
}
