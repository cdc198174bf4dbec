//! Who is let in (`management-api.md` §1.2, §1.3, §1.7; TK-03).

use jiff::SignedDuration;
use keywright_testkit::Scene;
use serde_json::json;

use crate::caller::{Api, client_credentials, refused};
use crate::routes;

async fn with(api: &Api, authorization: &str) -> keywright_testkit::Answer {
    api.app.get("/api/v2/clients", &[("authorization", authorization)]).await
}

fn refused_token(answer: &keywright_testkit::Answer, message: &str) {
    assert_eq!(answer.status, 401, "{answer:#?}");
    let expected = json!({
        "statusCode": 401, "error": "Unauthorized", "message": message, "attributes": { "error": message },
    });
    assert_eq!(answer.json(), expected);
    assert_eq!(answer.header("www-authenticate"), "Bearer error=\"invalid_token\"");
}

#[tokio::test]
async fn tk_03_only_a_good_token_for_this_api_is_one() {
    let api = Api::new().await;
    let nobody = api.app.get("/api/v2/clients", &[]).await;
    refused(&nobody, 401, "Missing authentication", None);
    assert_eq!(nobody.header("www-authenticate"), "Bearer");
    for malformed in ["Bearer", "Bearer x", "Bearer a.b", "Bearer a..c", "Bearer a.b.c.d.e", "Basic a.b.c", "x"] {
        refused(&with(&api, malformed).await, 400, "Bad HTTP authentication header format", Some("Bearer"));
    }
    refused_token(&with(&api, "Bearer a.b.c").await, "Invalid token");
    let (head, _) = api.token.rsplit_once('.').unwrap();
    let forged = format!("Bearer {head}.{}", "A".repeat(342));
    refused_token(&with(&api, &forged).await, "Invalid signature received for JSON Web Token validation");
    let other = client_credentials(&api.app, &api.scene.machine, "appointments:api").await;
    refused_token(&with(&api, &format!("Bearer {other}")).await, "Bad audience: appointments:api");
    assert_eq!(with(&api, &format!("bearer {}", api.token)).await.status, 200);
    api.app.app.clock().advance(SignedDuration::from_secs(86_400 + 20));
    let late = "Expired token received for JSON Web Token validation";
    refused_token(&with(&api, &format!("Bearer {}", api.token)).await, late);
}

/// An ID token has another audience, an opaque one is no JWT.
#[tokio::test]
async fn tk_03_tokens_of_users_for_something_else_are_none() {
    let api = Api::of(Scene::new(routes).await, &[]).await;
    let tokens = api.scene.tokens(&api.scene.web, "openid", "").await;
    let id_token = with(&api, &format!("Bearer {}", tokens.text("id_token"))).await;
    refused_token(&id_token, &format!("Bad audience: {}", api.scene.web.id()));
    let opaque = with(&api, &format!("Bearer {}", tokens.text("access_token"))).await;
    refused(&opaque, 400, "Bad HTTP authentication header format", Some("Bearer"));
}

#[tokio::test]
async fn a_revoked_token_and_that_of_a_deleted_application_are_good_no_more() {
    let api = Api::new().await;
    let caller = api.app.register("Caller", keywright_types::AppType::NonInteractive, "").await;
    let audience = api.app.tenant.management_audience();
    api.app.grant(&caller, &audience, vec!["read:clients".to_owned()]).await;
    let bearer = format!("Bearer {}", client_credentials(&api.app, &caller, &audience).await);
    assert_eq!(with(&api, &bearer).await.status, 200);
    let fields = [
        ("client_id", caller.id()),
        ("client_secret", caller.secret.as_str()),
        ("token", bearer.split(' ').nth(1).unwrap()),
    ];
    assert_eq!(api.app.post_form("/oauth/revoke", &fields).await.status, 200);
    refused_token(&with(&api, &bearer).await, "Invalid token");

    api.app.advance(1);
    let again = format!("Bearer {}", client_credentials(&api.app, &caller, &audience).await);
    assert_eq!(with(&api, &again).await.status, 200);
    assert_eq!(api.delete(&format!("/clients/{}", caller.id())).await.status, 204);
    refused_token(&with(&api, &again).await, "Invalid token");
}

/// §1.3: a user's token administers nothing, whatever its scopes.
#[tokio::test]
async fn tn_03_a_users_token_does_not_administer_the_tenant() {
    let api = Api::new().await;
    let audience = api.app.tenant.management_audience();
    let tokens = api.scene.tokens(&api.scene.web, "openid read:clients", &audience).await;
    let answer = with(&api, &format!("Bearer {}", tokens.text("access_token"))).await;
    assert_eq!(answer.status, 403, "{answer:#?}");
    assert_eq!(answer.json()["errorCode"], "insufficient_scope");
}
