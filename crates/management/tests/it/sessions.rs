//! Sessions, refresh tokens, grants and device credentials over HTTP (`management-api.md` §6.1–6.3).

use http::Method;
use keywright_management::SCOPES;
use keywright_store::jobs;
use keywright_testkit::{Browser, Receiver};
use keywright_types::{ClientOidcLogout, OtherMembers};
use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};

fn jane(api: &Api) -> String {
    format!("/users/{}", api.scene.user.user_id.replace('|', "%7C"))
}

/// A browser with a session, its `sid`, and the identifier of a refresh token from it.
pub(crate) async fn logged_in(api: &Api) -> (Browser, String, String) {
    let (browser, tokens, family) = held(api).await;
    let session = tokens["sid"].as_str().unwrap().to_owned();
    (browser, session, family.0)
}

/// The same with the claims of the ID token and the refresh token itself.
async fn held(api: &Api) -> (Browser, Value, (String, String)) {
    let (scene, browser) = (&api.scene, api.app.browser());
    let answer = scene.log_in(&browser, &scene.web, &[("scope", "openid offline_access")]).await;
    let code = answer.location_parameter("code").unwrap();
    let tokens = scene.redeem(&scene.web, &code, &[]).await;
    let claims = tokens.claims("id_token");
    let list = api.get(&format!("{}/refresh-tokens?take=100", jane(api))).await.json();
    let sid = claims["sid"].clone();
    let own = list["tokens"].as_array().unwrap().iter().find(|token| token["session_id"] == sid).unwrap();
    let family = own["id"].as_str().unwrap().to_owned();
    (browser, claims, (family, tokens.text("refresh_token")))
}

async fn is_logged_in(api: &Api, browser: &Browser) -> bool {
    let silent = api.scene.authorize_path(&api.scene.web, &[("scope", "openid"), ("prompt", "none")]);
    browser.get(&silent).await.location_parameter("code").is_some()
}

/// Logout tokens that are owed.
async fn owed(api: &Api) -> usize {
    let counted = api.app.app.store().read(jobs::count).await.unwrap();
    counted.pending
}

#[tokio::test]
async fn sessions_are_shown_changed_and_ended() {
    let api = Api::new().await;
    let agent = api.app.from_address("192.0.2.9");
    let api = Api { app: agent, ..api };
    let (browser, session, _) = logged_in(&api).await;
    let shown = api.get(&format!("/sessions/{session}")).await.json();
    assert_eq!((&shown["id"], &shown["user_id"]), (&json!(session), &json!(api.scene.user.user_id)));
    assert_eq!(shown["clients"], json!([{ "client_id": api.scene.web.id() }]));
    assert_eq!(
        (&shown["cookie"]["mode"], &shown["authentication"]["methods"][0]["name"]),
        (&json!("persistent"), &json!("pwd"))
    );
    assert_eq!((&shown["created_at"], &shown["session_metadata"]), (&json!("2026-03-01T12:00:00.000Z"), &json!({})));
    assert_eq!(shown["device"]["initial_ip"], "192.0.2.9", "{shown}");
    let list = api.get(&format!("{}/sessions?include_totals=true&per_page=50", jane(&api))).await.json();
    assert_eq!(list, json!({ "sessions": [shown] }));

    let path = format!("/sessions/{session}");
    let changed = api.patch(&path, json!({ "session_metadata": { "a": "b" } })).await.json();
    assert_eq!(changed["session_metadata"], json!({ "a": "b" }));
    assert_eq!(api.patch(&path, json!({ "session_metadata": null })).await.json()["session_metadata"], json!({}));
    let many: serde_json::Map<String, Value> = (0..26).map(|number| (number.to_string(), json!("x"))).collect();
    for wrong in [
        json!({}),
        json!({ "user_id": "x" }),
        json!({ "session_metadata": { "a": 1 } }),
        json!({ "session_metadata": many }),
    ] {
        assert_eq!(api.patch(&path, wrong.clone()).await.status, 400, "{wrong}");
    }
    refused(&api.get("/sessions/nothing").await, 404, "The session does not exist.", None);
    refused(
        &api.patch("/sessions/nothing", json!({ "session_metadata": {} })).await,
        404,
        "The session does not exist.",
        None,
    );

    assert!(is_logged_in(&api, &browser).await);
    assert_eq!(api.delete(&path).await.status, 202);
    assert_eq!(api.delete(&path).await.status, 202, "it is idempotent");
    assert!(!is_logged_in(&api, &browser).await);
    assert_eq!(api.get(&format!("{}/sessions", jane(&api))).await.json(), json!({ "sessions": [] }));
}

#[tokio::test]
async fn se_04_what_ends_tells_its_applications_and_takes_tokens_along() {
    let api = Api::new().await;
    let receiver = Receiver::start().await;
    let logout = ClientOidcLogout {
        backchannel_logout_urls: vec![receiver.url("/backchannel_logout")],
        backchannel_logout_initiators: Some(serde_json::from_value(json!({ "mode": "all" })).unwrap()),
        other: OtherMembers::new(),
    };
    let web = api.app.change_client(&api.scene.web, |client| client.oidc_logout = Some(logout)).await;
    let scene = &api.scene;
    let lives = async |token: &str| scene.refresh(&web, token, &[]).await.status == 200;
    let user = jane(&api);
    // (what is called, whether the refresh token lives after it)
    for (method, path, body, stays) in [
        (Method::DELETE, "/sessions/{sid}", None, true),
        (Method::POST, "/sessions/{sid}/revoke", None, false),
        (Method::DELETE, "{user}/sessions", None, true),
        (Method::POST, "{user}/revoke-access", None, false),
        (Method::POST, "{user}/revoke-access", Some(json!({ "preserve_refresh_tokens": true })), true),
        (Method::POST, "{user}/revoke-access", Some(json!({ "session_id": "{sid}" })), false),
    ] {
        let (browser, claims, (_, token)) = held(&api).await;
        let sid = claims["sid"].as_str().unwrap();
        let before = owed(&api).await;
        let body = body.map(|body| serde_json::from_str(&body.to_string().replace("{sid}", sid)).unwrap());
        let path = path.replace("{sid}", sid).replace("{user}", &user);
        let answer = api.send(method.clone(), &path, body).await;
        assert_eq!(answer.status, 202, "{path}: {answer:#?}");
        assert!(!is_logged_in(&api, &browser).await, "{method} {path}");
        assert_eq!(lives(&token).await, stays, "{method} {path}");
        assert_eq!(owed(&api).await, before + 1, "{method} {path}");
    }
    refused(&api.send(Method::POST, "/sessions/nothing/revoke", None).await, 404, "The session does not exist.", None);
    let foreign = api.post(&format!("{user}/revoke-access"), json!({ "session_id": "nothing" })).await;
    refused(&foreign, 404, "The session does not exist.", None);
    // Sessions alone are not enough to end tokens.
    let sessions = api.with_scopes(&["delete:sessions"]).await;
    assert_eq!(sessions.send(Method::POST, &format!("{user}/revoke-access"), None).await.status, 403);
}

#[tokio::test]
async fn refresh_tokens_are_shown_changed_and_revoked() {
    let api = Api::new().await;
    let (_, claims, (family, token)) = held(&api).await;
    let path = format!("/refresh-tokens/{family}");
    let shown = api.get(&path).await.json();
    assert_eq!((&shown["user_id"], &shown["client_id"]), (&json!(api.scene.user.user_id), &json!(api.scene.web.id())));
    assert_eq!((&shown["session_id"], &shown["rotating"]), (&claims["sid"], &json!(false)));
    assert_eq!(shown["resource_servers"], json!([{ "audience": "", "scopes": "openid offline_access" }]));
    assert_eq!((&shown["last_exchanged_at"], &shown["refresh_token_metadata"]), (&Value::Null, &json!({})));
    assert!(!shown.to_string().contains(&token), "an identifier is no token");
    let by_user = |more: &str| format!("/refresh-tokens?user_id={}{more}", api.scene.user.user_id.replace('|', "%7C"));
    assert_eq!(api.get(&by_user("")).await.json(), json!({ "refresh_tokens": [shown] }));
    assert_eq!(api.get(&by_user("&client_id=another")).await.json(), json!({ "refresh_tokens": [] }));
    assert_eq!(api.get("/refresh-tokens").await.status, 400, "user_id is required");
    let changed = api.patch(&path, json!({ "refresh_token_metadata": { "device": "phone" } })).await.json();
    assert_eq!(changed["refresh_token_metadata"], json!({ "device": "phone" }));
    let missing = "The refresh token does not exist.";
    refused(&api.get("/refresh-tokens/nothing").await, 404, missing, None);
    refused(&api.patch("/refresh-tokens/nothing", json!({ "refresh_token_metadata": {} })).await, 404, missing, None);

    let scene = &api.scene;
    assert_eq!(scene.refresh(&scene.web, &token, &[]).await.status, 200);
    assert_eq!(api.delete(&path).await.status, 202);
    assert_eq!(scene.refresh(&scene.web, &token, &[]).await.status, 403);
    refused(&api.get(&path).await, 404, missing, None);

    // In pages.
    for _ in 0..3 {
        held(&api).await;
    }
    let (mut from, mut seen) = (String::new(), Vec::new());
    loop {
        let page = api.get(&format!("{}/refresh-tokens?take=2{from}", jane(&api))).await.json();
        seen.extend(page["tokens"].as_array().unwrap().iter().map(|token| token["id"].to_string()));
        match page["next"].as_str() {
            Some(next) => from = format!("&from={next}"),
            None => break,
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 3);
    for wrong in [
        json!({}),
        json!({ "ids": [] }),
        json!({ "ids": ["a"], "user_id": "b" }),
        json!({ "audience": "a" }),
        json!({ "user_id": "a", "audience": "b" }),
    ] {
        assert_eq!(api.post("/refresh-tokens/revoke", wrong.clone()).await.status, 400, "{wrong}");
    }
    let count =
        async || api.get(&format!("{}/refresh-tokens", jane(&api))).await.json()["tokens"].as_array().unwrap().len();
    let (user, client) = (json!(api.scene.user.user_id), json!(api.scene.web.id()));
    let first: Value = serde_json::from_str(&seen[0]).unwrap();
    for (body, left) in [
        (json!({ "user_id": "auth0|nobody" }), 3),
        (json!({ "user_id": user, "client_id": "another" }), 3),
        (json!({ "client_id": client, "audience": "appointments:api" }), 3),
        (json!({ "ids": [first, "nothing"] }), 2),
        (json!({ "user_id": user, "client_id": client }), 0),
    ] {
        assert_eq!(api.post("/refresh-tokens/revoke", body.clone()).await.status, 202, "{body}");
        assert_eq!(count().await, left, "{body}");
    }
    held(&api).await;
    assert_eq!(api.post("/refresh-tokens/revoke", json!({ "client_id": client })).await.status, 202);
    held(&api).await;
    assert_eq!(count().await, 1);
    assert_eq!(api.delete(&format!("{}/refresh-tokens", jane(&api))).await.status, 202);
    assert_eq!(count().await, 0);
}

#[tokio::test]
async fn rt_08_grants_are_listed_and_deleted_with_their_tokens() {
    let api = Api::new().await;
    let (_, _, (_, token)) = held(&api).await;
    let user = api.scene.user.user_id.replace('|', "%7C");
    let grants = api.get(&format!("/grants?user_id={user}&include_totals=true")).await.json();
    assert_eq!((&grants["total"], &grants["limit"]), (&json!(1), &json!(50)));
    let grant = &grants["grants"][0];
    let expected = json!({
        "id": grant["id"], "clientID": api.scene.web.id(), "user_id": api.scene.user.user_id, "audience": "",
        "scope": ["openid", "offline_access"],
    });
    assert_eq!(*grant, expected);
    assert_eq!(api.get("/grants?client_id=another").await.json(), json!([]));
    assert_eq!(api.get("/grants?audience=another").await.json(), json!([]));
    let path = format!("/grants/{}", grant["id"].as_str().unwrap());
    assert_eq!(api.delete(&path).await.status, 204);
    assert_eq!(api.delete(&path).await.status, 204, "it is idempotent");
    let scene = &api.scene;
    assert_eq!(scene.refresh(&scene.web, &token, &[]).await.status, 403);
    let (_, _, (_, token)) = held(&api).await;
    assert_eq!(api.delete("/grants").await.status, 400, "user_id is required");
    assert_eq!(api.delete(&format!("/grants?user_id={user}")).await.status, 204);
    assert_eq!(scene.refresh(&scene.web, &token, &[]).await.status, 403);
    assert_eq!(api.get("/grants").await.json(), json!([]));
    let beyond = api.get("/grants?page=10&per_page=100").await;
    refused(&beyond, 400, "Requesting page exceeds the allowed maximum of 1000 records", None);
}

#[tokio::test]
async fn device_credentials_are_of_a_user_and_list_refresh_tokens_too() {
    let api = Api::new().await;
    let (_, _, (family, token)) = held(&api).await;
    let audience = api.app.tenant.management_audience();
    let mut server = api.app.app.api(&api.app.tenant.id, &audience).await.unwrap().unwrap().api.clone();
    let scope = "create:current_user_device_credentials delete:current_user_device_credentials";
    let described = |value: &str| json!({ "value": value, "description": "x" });
    server.scopes = serde_json::from_value(scope.split(' ').map(described).collect()).unwrap();
    api.app.app.update_api(&api.app.tenant.id, &server).await.unwrap();
    let own = api.scene.tokens(&api.scene.web, &format!("openid {scope}"), &audience).await.text("access_token");
    let own = Api { token: own, ..api.clone() };
    let body = json!({ "device_name": "Phone", "type": "public_key", "value": "MIIB", "device_id": "d1" });
    let made = own.post("/device-credentials", body.clone()).await;
    assert_eq!(made.status, 201, "{made:#?}");
    let id = made.text("id");
    refused(&own.post("/device-credentials", body.clone()).await, 409, "The device has a credential already.", None);
    let machine = api.post("/device-credentials", body.clone()).await;
    refused(&machine, 403, "Device credentials are created with a token of the user.", None);
    let mut wrong = body.clone();
    wrong["client_id"] = json!("another");
    assert_eq!(own.post("/device-credentials", wrong).await.status, 403);
    invalid(
        &own.post("/device-credentials", json!({ "type": "public_key", "value": "x", "device_id": "x" })).await,
        "'Missing required property: device_name'.",
    );

    let listed = api.get("/device-credentials?include_totals=true").await.json();
    let credential = json!({
        "id": id, "device_name": "Phone", "device_id": "d1", "type": "public_key", "user_id": api.scene.user.user_id,
        "client_id": api.scene.web.id(),
    });
    assert_eq!(listed, json!({ "start": 0, "limit": 50, "total": 1, "device_credentials": [credential] }));
    let tokens = api.get("/device-credentials?type=refresh_token&fields=id,type").await.json();
    assert_eq!(tokens, json!([{ "id": family, "type": "refresh_token" }]));
    assert_eq!(api.get("/device-credentials?type=rotating_refresh_token").await.json(), json!([]));
    assert_eq!(api.get("/device-credentials?type=nothing").await.status, 400);
    let scene = &api.scene;
    assert_eq!(scene.refresh(&scene.web, &token, &[]).await.status, 200);
    // A user's own token deletes nothing of somebody else, and does not say whether there was anything.
    let other = api.scene.tokens(&api.scene.web, "openid", &audience).await.text("access_token");
    assert_eq!(Api { token: other, ..api.clone() }.delete(&format!("/device-credentials/{id}")).await.status, 403);
    let second = json!({ "device_name": "TV", "type": "public_key", "value": "MIIB", "device_id": "d2" });
    let second = own.post("/device-credentials", second).await.text("id");
    let foreign = "UPDATE device_credentials SET user_id = $3 WHERE tenant_id = $1 AND credential_id = $2";
    let give = |user: &str| {
        let (tenant, id, user) = (api.app.tenant.id.clone(), second.clone(), user.to_owned());
        api.app.app.store().write(move |tx| tx.execute(foreign, keywright_store::params![&tenant, &id, &user]))
    };
    crate::users::user(&api, json!({ "email": "other@example.com", "user_id": "other" })).await;
    give("auth0|other").await.unwrap();
    assert_eq!(own.delete(&format!("/device-credentials/{second}")).await.status, 204);
    assert_eq!(api.get("/device-credentials?user_id=auth0%7Cother").await.json().as_array().unwrap().len(), 1);
    give(&api.scene.user.user_id).await.unwrap();
    assert_eq!(own.delete(&format!("/device-credentials/{second}")).await.status, 204);
    assert_eq!(api.get("/device-credentials").await.json().as_array().unwrap().len(), 1);
    for id in [&id, &family] {
        assert_eq!(api.delete(&format!("/device-credentials/{id}")).await.status, 204);
    }
    assert_eq!(scene.refresh(&scene.web, &token, &[]).await.status, 403);
    assert_eq!(api.get("/device-credentials").await.json(), json!([]));
}

/// What a user without further factors has of them.
#[tokio::test]
async fn factors_are_none_and_cannot_be_enrolled() {
    let api = Api::new().await;
    let user = jane(&api);
    for (path, expected) in [
        ("enrollments", json!([])),
        ("authentication-methods", json!([])),
        (
            "authentication-methods?include_totals=true",
            json!({ "start": 0, "limit": 50, "total": 0, "authenticators": [] }),
        ),
        ("connected-accounts", json!({ "connected_accounts": [] })),
        ("federated-connections-tokensets", json!([])),
        ("organizations", json!([])),
    ] {
        let answer = api.get(&format!("{user}/{path}")).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, expected), "{path}");
    }
    for (method, path) in [
        (Method::DELETE, "authentication-methods"),
        (Method::DELETE, "authentication-methods/totp%7Cdev_1"),
        (Method::DELETE, "authenticators"),
        (Method::DELETE, "multifactor/duo"),
        (Method::DELETE, "multifactor/google-authenticator"),
        (Method::POST, "multifactor/actions/invalidate-remember-browser"),
        (Method::POST, "risk-assessments/clear"),
    ] {
        assert_eq!(api.send(method, &format!("{user}/{path}"), None).await.status, 204, "{path}");
    }
    let provider = api.send(Method::DELETE, &format!("{user}/multifactor/other"), None).await;
    assert_eq!((provider.status.as_u16(), provider.json()["errorCode"].as_str()), (400, Some("invalid_uri")));
    let enable = "This feature is not enabled for this tenant.";
    let create = api.post(&format!("{user}/authentication-methods"), json!({ "type": "totp" })).await;
    refused(&create, 403, enable, Some("feature_not_enabled"));
    let put = |body: Value| {
        let (api, path) = (api.clone(), format!("{user}/authentication-methods"));
        async move { api.send(Method::PUT, &path, Some(body)).await }
    };
    refused(&put(json!([{ "type": "email" }])).await, 403, enable, Some("feature_not_enabled"));
    assert_eq!(put(json!([])).await.json(), json!([]));
    let code = api.send(Method::POST, &format!("{user}/recovery-code-regeneration"), None).await;
    refused(&code, 404, "The user does not have an enrollment.", None);
    refused(
        &api.get(&format!("{user}/authentication-methods/x")).await,
        404,
        "The authentication method does not exist.",
        None,
    );
    let nobody = api.get("/users/auth0%7Cnobody/enrollments").await;
    refused(&nobody, 404, "The user does not exist.", Some("inexistent_user"));
}

#[tokio::test]
async fn organizations_of_a_user_are_listed() {
    let api = Api::new().await;
    let organization: keywright_types::Organization =
        serde_json::from_value(json!({ "id": "", "name": "acme", "display_name": "Acme", "metadata": { "a": "b" } }))
            .unwrap();
    let made = api.app.app.create_organization(&api.app.tenant.id, organization).await.unwrap();
    let (tenant, id, user) = (api.app.tenant.id.clone(), made.id.clone(), api.scene.user.user_id.clone());
    let now = api.app.app.now();
    let join = move |tx: &mut keywright_store::Tx<'_>| {
        keywright_store::organization_members::insert(tx, &tenant, &id, &user, now)
    };
    api.app.app.store().write(join).await.unwrap();
    let api = api.with_scopes(SCOPES).await;
    let shown = api.get(&format!("{}/organizations?include_totals=true", jane(&api))).await.json();
    let expected = json!({ "id": made.id, "name": "acme", "display_name": "Acme", "metadata": { "a": "b" } });
    assert_eq!(shown, json!({ "start": 0, "limit": 50, "total": 1, "organizations": [expected] }));
}
