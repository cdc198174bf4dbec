//! `GET|POST /userinfo` (§6.1; OpenID Connect Core §5.3; RFC 6750).

use http::Method;
use keywright_store::users;
use keywright_testkit::{Answer, Scene};
use keywright_types::Profile;
use serde_json::{Value, json};

use crate::expect::{change_api, form, uncached, uncached_json, userinfo};
use crate::routes;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const ALL_SCOPES: &str = "openid profile email phone address";

/// §6.1: status, challenge and a body of plain text.
#[track_caller]
fn denied(answer: &Answer, status: u16, challenge: &str, body: &str) {
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (status, body), "{answer:#?}");
    assert_eq!(answer.header("www-authenticate"), challenge);
    assert!(answer.header("content-type").starts_with("text/plain"), "{answer:#?}");
    uncached(answer);
}

fn invalid(description: &str) -> String {
    format!("Bearer realm=\"Users\", error=\"invalid_token\", error_description=\"{description}\"")
}

async fn access_token(scene: &Scene, scope: &str) -> String {
    scene.tokens(&scene.web, scope, "").await.text("access_token")
}

/// Gives the user all attributes there are.
async fn fill_profile(scene: &Scene) {
    let (id, user) = (scene.app.tenant.id.clone(), scene.user.user_id.clone());
    let profile = json!({
        "name": "Jane Doe", "given_name": "Jane", "family_name": "Doe", "middle_name": "Q", "nickname": "jd",
        "picture": "https://cdn.example.com/jane.png", "preferred_username": "jane", "phone_number": "+4930123",
        "phone_verified": true, "address": { "country": "DE" }, "locale": "de", "secret_note": "x", "empty": ""
    });
    let changed = scene.app.app.store().write(move |tx| {
        let sql = "UPDATE users SET profile = $3 WHERE tenant_id = $1 AND user_id = $2";
        tx.execute(sql, &[(&id).into(), user.into(), profile.to_string().into()])
    });
    assert_eq!(changed.await.unwrap(), 1);
}

/// `more` are the members of scope `profile` that only one profile gives.
async fn check_claims(scene: &Scene, updated_at: Value, more: Value) {
    fill_profile(scene).await;
    let sub = json!(scene.user.user_id);
    let mut profile = json!({
        "sub": sub, "name": "Jane Doe", "given_name": "Jane", "family_name": "Doe", "middle_name": "Q",
        "nickname": "jd", "picture": "https://cdn.example.com/jane.png", "preferred_username": "jane",
        "updated_at": updated_at
    });
    profile.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    for (scope, claims) in [
        ("openid", json!({ "sub": sub })),
        ("openid profile", profile),
        ("openid email", json!({ "sub": sub, "email": "jane@example.com", "email_verified": true })),
        ("openid phone", json!({ "sub": sub, "phone_number": "+4930123", "phone_number_verified": true })),
        ("openid address", json!({ "sub": sub, "address": { "country": "DE" } })),
    ] {
        let tokens = scene.tokens(&scene.web, scope, "").await;
        let answer = userinfo(scene, &tokens.text("access_token")).await;
        assert_eq!(answer.status, 200, "{answer:#?}");
        uncached_json(&answer);
        assert_eq!(answer.json(), claims, "{scope}");
        // OpenID Connect Core §5.3.2: "The sub Claim in the UserInfo Response MUST be verified to exactly match the sub
        // Claim in the ID Token"; §3.6: the scopes open the same claims in both.
        let id_token = tokens.claims("id_token");
        for (name, value) in claims.as_object().unwrap() {
            assert_eq!(id_token[name], *value, "{scope}: {name}");
        }
    }
}

#[tokio::test]
async fn claims_follow_the_scopes_and_are_those_of_the_id_token() {
    check_claims(&Scene::new(routes).await, json!("2026-03-01T12:00:00.000Z"), json!({})).await;
}

#[tokio::test]
async fn profile_standard_gives_updated_at_as_a_number() {
    check_claims(&Scene::standard(routes).await, json!(1_772_366_400), json!({ "locale": "de" })).await;
}

#[tokio::test]
async fn claims_are_those_of_now() {
    let scene = Scene::new(routes).await;
    let token = access_token(&scene, ALL_SCOPES).await;
    assert_eq!(userinfo(&scene, &token).await.json()["nickname"], "jane");
    fill_profile(&scene).await;
    assert_eq!(userinfo(&scene, &token).await.json()["nickname"], "jd");
}

/// The ways of RFC 6750 §2, and what `profile` says of each of them alone.
#[tokio::test]
async fn a_token_comes_by_header_form_or_in_profile_auth0_by_query() {
    for scene in [Scene::new(routes).await, Scene::standard(routes).await] {
        let token = access_token(&scene, "openid").await;
        let bearer = format!("Bearer {token}");
        let lower = format!("bearer {token}");
        let body = form(&[("access_token", &token)]);
        let get =
            async |query: &str, headers: &[(&str, &str)]| scene.app.get(&format!("/userinfo{query}"), headers).await;
        let post = async |query: &str, headers: &[(&str, &str)], body: &str| {
            scene.app.request(Method::POST, &format!("/userinfo{query}"), headers, body.to_owned()).await
        };
        let header = ("authorization", bearer.as_str());
        assert_eq!(get("", &[header]).await.status, 200);
        assert_eq!(get("", &[("authorization", &lower)]).await.status, 200);
        assert_eq!(post("", &[header], "").await.status, 200);
        assert_eq!(post("", &[header, FORM], "").await.status, 200);
        assert_eq!(post("", &[FORM], &body).await.status, 200);
        let by_query = get(&format!("?{body}"), &[]).await;
        if scene.app.tenant.settings.profile == Profile::Auth0 {
            // passport-auth0 sends it so (client-requirements).
            assert_eq!(by_query.status, 200);
        } else {
            let text = "The token must be sent in the Authorization header";
            denied(&by_query, 400, &bad_request(text), "Bad Request");
        }
        // RFC 6750 §2: "Clients MUST NOT use more than one method to transmit the token in each request."
        let two = bad_request("More than one token was sent");
        denied(&post("", &[header, FORM], &body).await, 400, &two, "Bad Request");
        denied(&get("", &[header, header]).await, 400, &two, "Bad Request");
        assert_eq!(get(&format!("?{body}"), &[header]).await.status, 400);
        assert_eq!(post(&format!("?{body}"), &[FORM], &body).await.status, 400);
        for text in [format!("{body}&{body}"), "access_token=%ff".to_owned(), "access_token=%00".to_owned()] {
            denied(&post("", &[FORM], &text).await, 400, &bad_request("The parameters are malformed"), "Bad Request");
        }
        let large = format!("access_token={}", "x".repeat(100_000));
        assert_eq!(post("", &[FORM], &large).await.status, 400);
    }
}

fn bad_request(description: &str) -> String {
    format!("Bearer realm=\"Users\", error=\"invalid_request\", error_description=\"{description}\"")
}

#[tokio::test]
async fn without_a_token_the_challenge_has_no_error() {
    let scene = Scene::new(routes).await;
    let token = access_token(&scene, "openid").await;
    let basic = crate::expect::basic(scene.web.id(), &scene.web.secret);
    // RFC 6750 §3.1: "If the request lacks any authentication information (e.g., the client was unaware that
    // authentication is necessary or attempted using an unsupported authentication method), the resource server SHOULD
    // NOT include an error code or other error information."
    for headers in [vec![], vec![("authorization", basic.as_str())], vec![("authorization", "Negotiate abc")]] {
        denied(&scene.app.get("/userinfo", &headers).await, 401, "Bearer realm=\"Users\"", "Unauthorized");
        denied(
            &scene.app.get("/userinfo?access_token=", &headers).await,
            401,
            "Bearer realm=\"Users\"",
            "Unauthorized",
        );
    }
    let as_json = json!({ "access_token": token });
    denied(&scene.app.post_json("/userinfo", &as_json).await, 401, "Bearer realm=\"Users\"", "Unauthorized");
    let malformed = bad_request("The Authorization header is malformed");
    denied(&scene.app.get("/userinfo", &[("authorization", "Bearer")]).await, 400, &malformed, "Bad Request");
    let put = scene.app.request(Method::PUT, "/userinfo", &[], String::new()).await;
    assert_eq!(put.status, 405);
}

#[tokio::test]
async fn a_token_ends_on_its_second_and_with_its_user() {
    let scene = Scene::new(routes).await;
    let (opaque, jwt) = (
        access_token(&scene, "openid").await,
        scene.tokens(&scene.web, "openid", "appointments:api").await.text("access_token"),
    );
    for token in [&opaque, &jwt] {
        assert_eq!(userinfo(&scene, token).await.status, 200);
    }
    let set_blocked = async |blocked: bool| {
        let (id, user, now) = (scene.app.tenant.id.clone(), scene.user.user_id.clone(), scene.app.app.now());
        scene.app.app.store().write(move |tx| users::set_blocked(tx, &id, &user, blocked, now)).await.unwrap();
    };
    set_blocked(true).await;
    for token in [&opaque, &jwt] {
        denied(&userinfo(&scene, token).await, 401, &invalid("The access token is invalid"), "Unauthorized");
    }
    set_blocked(false).await;
    scene.app.advance(86_399);
    for token in [&opaque, &jwt] {
        assert_eq!(userinfo(&scene, token).await.status, 200);
    }
    scene.app.advance(1);
    for token in [&opaque, &jwt] {
        denied(&userinfo(&scene, token).await, 401, &invalid("The token has expired"), "Unauthorized");
    }
}

#[tokio::test]
async fn a_token_without_openid_is_not_enough() {
    let scene = Scene::new(routes).await;
    let text = "Bearer realm=\"Users\", error=\"insufficient_scope\", \
                error_description=\"The access token has no openid scope\"";
    for scope in ["", "profile email"] {
        denied(&userinfo(&scene, &access_token(&scene, scope).await).await, 403, text, "Forbidden");
    }
    // An API's token without it is not for this endpoint at all, nor is an application's own.
    let jwt = scene.tokens(&scene.web, "profile contacts", "appointments:api").await.text("access_token");
    denied(&userinfo(&scene, &jwt).await, 401, &invalid("The access token is invalid"), "Unauthorized");
    // §3.2: only APIs that sign by RS256 share their tokens with it.
    change_api(&scene, |api| api.signing_alg = "PS256".to_owned()).await;
    let jwt = scene.tokens(&scene.web, "openid", "appointments:api").await.text("access_token");
    denied(&userinfo(&scene, &jwt).await, 401, &invalid("The access token is invalid"), "Unauthorized");
}

#[tokio::test]
async fn tk_04_every_truncation_and_extension_of_an_opaque_token_is_refused() {
    let scene = Scene::new(routes).await;
    let token = access_token(&scene, "openid").await;
    let gone = invalid("The access token is invalid");
    for at in 0..token.len() {
        let (before, after) = token.split_at(at);
        let other = if after.starts_with('A') { "B" } else { "A" };
        let mut forged = vec![format!("{before}{other}{}", &after[1..])];
        if at > 0 {
            forged.extend([before.to_owned(), after.to_owned()]);
        }
        for forged in forged {
            denied(&userinfo(&scene, &forged).await, 401, &gone, "Unauthorized");
        }
    }
    for longer in [format!("{token}A"), format!("{token}="), format!("{token}."), format!("{token}.{token}")] {
        denied(&userinfo(&scene, &longer).await, 401, &gone, "Unauthorized");
    }
    assert_eq!(userinfo(&scene, &token).await.status, 200);
}
