//! Linked identities over HTTP, and what logs in with them (`management-api.md` §5.5).

use http::{Method, StatusCode};
use keywright_store::users;
use keywright_testkit::{Engine, Scene};
use keywright_types::TenantSettings;
use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};
use crate::routes;

const CONNECTION: &str = "Username-Password-Authentication";

fn path(user: &Value) -> String {
    format!("/users/{}", user["user_id"].as_str().unwrap().replace('|', "%7C"))
}

async fn bob(api: &Api) -> Value {
    let body = json!({
        "connection": CONNECTION, "email": "bob@example.com", "password": "Correct-horse-2", "given_name": "Bob",
        "app_metadata": { "plan": "gold" },
    });
    api.create("/users", body).await
}

fn jane(api: &Api) -> String {
    format!("/users/{}", api.scene.user.user_id.replace('|', "%7C"))
}

/// Who is logged in with these, by the ID token; `None` when nobody is.
async fn logs_in(api: &Api, email: &str, password: &str) -> Option<String> {
    let (scene, browser) = (&api.scene, api.app.browser());
    let page = browser.get(&scene.authorize_path(&scene.web, &[("scope", "openid")])).await;
    let answer = browser.fill_in(page.location(), &[("username", email), ("password", password)]).await;
    if answer.status != StatusCode::SEE_OTHER {
        return None;
    }
    let answer = browser.consent(browser.get(answer.location()).await, "accept").await;
    let code = answer.location_parameter("code")?;
    let claims = scene.redeem(&scene.web, &code, &[]).await.claims("id_token");
    Some(claims["sub"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_linked_identity_logs_in_as_the_primary_user() {
    for engine in Engine::all() {
        let api =
            Api::of(Scene::with(routes, engine, TenantSettings::default()).await, keywright_management::SCOPES).await;
        let (bob, jane) = (bob(&api).await, jane(&api));
        let own = &bob["user_id"].as_str().unwrap()["auth0|".len()..];
        // He is logged in and holds a refresh token.
        let (scene, browser) = (&api.scene, api.app.browser());
        let page = browser.get(&scene.authorize_path(&scene.web, &[("scope", "openid offline_access")])).await;
        let code = browser.log_in(&page, "bob@example.com", "Correct-horse-2").await;
        let held = scene.redeem(&scene.web, &code.location_parameter("code").unwrap(), &[]).await.text("refresh_token");

        let linked = api.post(&format!("{jane}/identities"), json!({ "provider": "auth0", "user_id": own })).await;
        assert_eq!(linked.status, 201, "{linked:#?}");
        let identities = linked.json();
        assert_eq!(identities[0]["user_id"], scene.user.user_id["auth0|".len()..]);
        let second = &identities[1];
        assert_eq!(
            (&second["user_id"], &second["connection"], &second["provider"]),
            (&json!(own), &json!(CONNECTION), &json!("auth0"))
        );
        assert_eq!(
            (&second["profileData"]["email"], &second["profileData"]["given_name"]),
            (&json!("bob@example.com"), &json!("Bob"))
        );
        assert!(second["profileData"].get("app_metadata").is_none());
        let shown = api.get(&jane).await.json();
        assert_eq!((&shown["identities"][1], shown["identities"][0].get("profileData")), (second, None));
        assert!(shown.get("app_metadata").is_none(), "metadata is not merged");

        // He is nobody any more, and what he held is worth nothing.
        refused(&api.get(&path(&bob)).await, 404, "The user does not exist.", Some("inexistent_user"));
        assert_eq!(api.get("/users-by-email?email=bob%40example.com").await.json(), json!([]));
        assert_eq!(api.get("/users?q=email%3Abob*").await.json(), json!([]));
        assert_eq!(
            api.get(&format!("/users?q=identities.user_id%3A{own}&fields=email")).await.json(),
            json!([{ "email": "jane@example.com" }])
        );
        let silent = scene.authorize_path(&scene.web, &[("scope", "openid"), ("prompt", "none")]);
        assert!(browser.get(&silent).await.location_parameter("code").is_none(), "his session is over");
        assert_eq!(scene.refresh(&scene.web, &held, &[]).await.status, 403);
        assert_eq!(api.delete(&path(&bob)).await.status, 204);

        // His address and password are one of hers.
        let jane_id = Some(scene.user.user_id.clone());
        assert_eq!(logs_in(&api, "bob@example.com", "Correct-horse-2").await, jane_id);
        assert_eq!(logs_in(&api, "jane@example.com", scene.password()).await, jane_id);
        assert_eq!(logs_in(&api, "bob@example.com", scene.password()).await, None);
        api.patch(&jane, json!({ "blocked": true })).await;
        assert_eq!(
            logs_in(&api, "bob@example.com", "Correct-horse-2").await,
            None,
            "she is blocked, whoever she says she is"
        );
        api.patch(&jane, json!({ "blocked": false })).await;
        let taken = json!({ "connection": CONNECTION, "email": "bob@example.com", "password": "Correct-horse-3" });
        refused(&api.post("/users", taken).await, 409, "The user already exists.", Some("auth0_idp_error"));

        // Unlinked he is himself again, with his password and without metadata.
        let rest = api.send(Method::DELETE, &format!("{jane}/identities/auth0/{own}"), None).await;
        assert_eq!((rest.status, rest.json().as_array().unwrap().len()), (StatusCode::OK, 1));
        let again = api.get(&path(&bob)).await.json();
        assert_eq!((&again["given_name"], again.get("app_metadata")), (&json!("Bob"), None));
        assert_eq!(logs_in(&api, "bob@example.com", "Correct-horse-2").await.as_deref(), bob["user_id"].as_str());
    }
}

#[tokio::test]
async fn wrong_links_are_refused_and_change_nothing() {
    let api = Api::new().await;
    let (bob, jane) = (bob(&api).await, jane(&api));
    let link = format!("{jane}/identities");
    let main = "Main identity and the new one are the same.";
    refused(&api.post(&link, json!({ "provider": "auth0", "user_id": api.scene.user.user_id })).await, 400, main, None);
    let nobody = "Linking to an inexistent identity is not allowed.";
    for body in [
        json!({ "provider": "auth0", "user_id": "nobody" }),
        json!({ "provider": "google-oauth2", "user_id": 1234 }),
        json!({ "provider": "auth0", "user_id": bob["user_id"], "connection_id": "con_0000000000000000" }),
    ] {
        refused(&api.post(&link, body).await, 400, nobody, None);
    }
    invalid(&api.post(&link, json!({ "provider": "auth0" })).await, "'Missing required property: user_id'.");
    invalid(&api.post(&link, json!({ "user_id": "x" })).await, "'Missing required property: provider'.");
    assert_eq!(api.post(&link, json!({})).await.status, 400);
    assert_eq!(api.post(&link, json!({ "link_with": "a.b.c", "provider": "auth0" })).await.status, 400);
    let missing =
        api.post("/users/auth0%7Cnobody/identities", json!({ "provider": "auth0", "user_id": bob["user_id"] })).await;
    refused(&missing, 404, "The user does not exist.", Some("inexistent_user"));
    assert_eq!(api.get(&path(&bob)).await.status, 200);
    let body = json!({ "provider": "auth0", "user_id": bob["user_id"], "connection_id": api.scene.connection.id });
    assert_eq!(api.post(&link, body.clone()).await.status, 201);
    refused(&api.post(&link, body).await, 409, "Specified identity already exists.", Some("identity_conflict"));
    let own = &api.scene.user.user_id["auth0|".len()..];
    let main = api.send(Method::DELETE, &format!("{link}/auth0/{own}"), None).await;
    refused(&main, 400, "Main identity cannot be removed.", None);
    refused(
        &api.send(Method::DELETE, &format!("{link}/auth0/nobody"), None).await,
        404,
        "The identity does not exist.",
        None,
    );
    // The password of the linked identity is changed by its connection; here both are in one.
    let other = api.patch(&jane, json!({ "connection": "another", "password": "Another-horse-3" })).await;
    refused(&other, 400, "The user has no identity in this connection.", None);
    let deleted = api.delete(&jane).await;
    assert_eq!(deleted.status, 204);
    let (tenant, id) = (api.app.tenant.id.clone(), bob["user_id"].as_str().unwrap().to_owned());
    let left = api.app.app.store().read(move |tx| users::find_account(tx, &tenant, &id)).await.unwrap();
    assert_eq!(left, None, "linked identities vanish with the user");
}

/// A token of a user for the system API.
async fn own_token(api: &Api, email: &str, password: &str) -> (Api, String) {
    let audience = api.app.tenant.management_audience();
    let mut server = api.app.app.api(&api.app.tenant.id, &audience).await.unwrap().unwrap().api.clone();
    server.scopes =
        serde_json::from_value(json!([{ "value": "update:current_user_identities", "description": "x" }])).unwrap();
    api.app.app.update_api(&api.app.tenant.id, &server).await.unwrap();
    let (scene, browser) = (&api.scene, api.app.browser());
    let more = [("scope", "openid update:current_user_identities"), ("audience", audience.as_str())];
    let page = browser.get(&scene.authorize_path(&scene.web, &more)).await;
    let answer = browser.log_in(&page, email, password).await;
    let tokens = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
    (Api { token: tokens.text("access_token"), ..api.clone() }, tokens.text("id_token"))
}

#[tokio::test]
async fn tn_03_a_user_links_only_what_they_hold_a_token_of() {
    let api = Api::new().await;
    let (bob, jane) = (bob(&api).await, jane(&api));
    let link = format!("{jane}/identities");
    let (his, his_token) = own_token(&api, "bob@example.com", "Correct-horse-2").await;
    let (hers, her_token) = own_token(&api, "jane@example.com", api.scene.password()).await;
    // Not by naming somebody.
    let named = hers.post(&link, json!({ "provider": "auth0", "user_id": bob["user_id"] })).await;
    refused(&named, 403, "With a token of the user, identities are linked by link_with.", None);
    // Not into somebody else.
    let message = "User to be acted on does not match subject in bearer token.";
    refused(&his.post(&link, json!({ "link_with": his_token })).await, 403, message, None);
    let audience = "JWT (link_with) must have an aud claim that matches that of the calling token's azp.";
    let foreign = "JWT (link_with) is not an ID token of this tenant.";
    // An access token is no ID token, whoever has it.
    refused(&hers.post(&link, json!({ "link_with": his.token })).await, 400, audience, None);
    let forged = format!("{his_token}x");
    refused(&hers.post(&link, json!({ "link_with": forged })).await, 400, foreign, None);
    refused(&hers.post(&link, json!({ "link_with": "nonsense" })).await, 400, foreign, None);
    // One for another application.
    let (scene, browser) = (&api.scene, api.app.browser());
    let spa = &scene.spa;
    let pkce = keywright_testkit::Pkce::of('v');
    let more = [("scope", "openid"), ("code_challenge", pkce.challenge.as_str()), ("code_challenge_method", "S256")];
    let page = browser.get(&scene.authorize_path(spa, &more)).await;
    let code = browser.log_in(&page, "bob@example.com", "Correct-horse-2").await.location_parameter("code").unwrap();
    let other = scene.redeem(spa, &code, &[("code_verifier", &pkce.verifier)]).await.text("id_token");
    refused(&hers.post(&link, json!({ "link_with": other })).await, 400, audience, None);
    refused(
        &hers.post(&link, json!({ "link_with": her_token })).await,
        400,
        "Main identity and the new one are the same.",
        None,
    );
    // Nobody who is blocked escapes into another user.
    api.patch(&path(&bob), json!({ "blocked": true })).await;
    let blocked = hers.post(&link, json!({ "link_with": his_token })).await;
    refused(&blocked, 400, "Linking to an inexistent identity is not allowed.", None);
    api.patch(&path(&bob), json!({ "blocked": false })).await;

    let linked = hers.post(&link, json!({ "link_with": his_token })).await;
    assert_eq!((linked.status, linked.json().as_array().unwrap().len()), (StatusCode::CREATED, 2), "{linked:#?}");
    let again = hers.post(&link, json!({ "link_with": his_token })).await;
    refused(&again, 409, "Specified identity already exists.", Some("identity_conflict"));
    assert_eq!(his.get("/users").await.status, 401, "his token speaks for nobody");
    let own = &bob["user_id"].as_str().unwrap()["auth0|".len()..];
    assert_eq!(hers.send(Method::DELETE, &format!("{link}/auth0/{own}"), None).await.status, 200);
    api.app.advance(11 * 3600);
    let (hers, _) = own_token(&api, "jane@example.com", api.scene.password()).await;
    refused(&hers.post(&link, json!({ "link_with": his_token })).await, 400, "JWT (link_with) is expired.", None);
}
