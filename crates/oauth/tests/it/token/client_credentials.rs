//! Grant `client_credentials` (§2.5; RFC 6749 §4.4).

use keywright_testkit::{Answer, Scene};
use keywright_types::{AccessPolicy, ClientGrant, OtherMembers, ResourceServer, TenantSettings};
use serde_json::{Value, json};

use crate::expect::{change_api, granted, refused};
use crate::routes;

const NO_AUDIENCE: &str = "No audience parameter was provided, and no default audience has been configured";

async fn ask(scene: &Scene, more: &[(&str, &str)]) -> Answer {
    let common = [
        ("grant_type", "client_credentials"),
        ("client_id", scene.machine.id()),
        ("client_secret", &scene.machine.secret),
    ];
    scene.app.post_form("/oauth/token", &[&common[..], more].concat()).await
}

#[tokio::test]
async fn the_answer_holds_an_access_token_and_nothing_about_a_user() {
    let scene = Scene::new(routes).await;
    let answer = ask(&scene, &[("audience", "appointments:api"), ("scope", "openid offline_access contacts")]).await;
    granted(&answer);
    let body = answer.json();
    let members: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["access_token", "expires_in", "scope", "token_type"], "never id_token or refresh_token");
    assert_eq!((&body["scope"], &body["expires_in"]), (&json!("contacts"), &json!(86_400)), "exp - iat");
    let id = scene.machine.id();
    assert_eq!(
        answer.claims("access_token"),
        json!({
            "iss": "https://login.example.com/", "sub": format!("{id}@clients"), "aud": "appointments:api",
            "iat": 1_772_366_400, "exp": 1_772_452_800, "scope": "contacts", "gty": "client-credentials", "azp": id
        })
    );
}

#[tokio::test]
async fn scopes_are_those_of_the_grant_narrowed_by_the_request() {
    let scene = Scene::new(routes).await;
    for (asked, given) in [
        ("", Some("appointments contacts read:contacts")),
        ("read:contacts", Some("read:contacts")),
        ("read:contacts  appointments read:contacts", Some("appointments read:contacts")),
        // §12.6: what is beyond the grant is dropped.
        ("contacts delete:all openid", Some("contacts")),
        ("delete:all", None),
        ("Contacts", None),
    ] {
        let answer = ask(&scene, &[("audience", "appointments:api"), ("scope", asked)]).await;
        granted(&answer);
        let scope = |value: &Value| value.get("scope").and_then(Value::as_str).map(str::to_owned);
        assert_eq!(scope(&answer.json()).as_deref(), given, "{asked}");
        assert_eq!(scope(&answer.claims("access_token")).as_deref(), given, "{asked}");
    }
}

#[tokio::test]
async fn the_refusals_have_auth0s_sentences() {
    let scene = Scene::new(routes).await;
    refused(&ask(&scene, &[]).await, 403, "access_denied", NO_AUDIENCE);
    refused(&ask(&scene, &[("audience", "")]).await, 403, "access_denied", NO_AUDIENCE);
    let unknown = ask(&scene, &[("audience", "https://nowhere.example/api")]).await;
    refused(&unknown, 403, "access_denied", "Service not found: https://nowhere.example/api");
    let other_case = ask(&scene, &[("audience", "Appointments:API")]).await;
    refused(&other_case, 403, "access_denied", "Service not found: Appointments:API");
    let management = ask(&scene, &[("audience", "https://login.example.com/api/v2/")]).await;
    let sentence = "Client is not authorized to access \"https://login.example.com/api/v2/\". You need to create a \
                    \"client-grant\" associated to this API. See: \
                    https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants";
    refused(&management, 403, "access_denied", sentence);
    let userinfo = ask(&scene, &[("audience", "https://login.example.com/userinfo")]).await;
    refused(&userinfo, 403, "access_denied", "Service not found: https://login.example.com/userinfo");
}

#[tokio::test]
async fn the_apis_policy_for_applications_decides() {
    let scene = Scene::new(routes).await;
    let open = ResourceServer { id: "5f0c0000000000000000bbbb".into(), identifier: "open".into(), ..scene.api.clone() };
    let mut open = open;
    open.subject_type_authorization.client.policy = AccessPolicy::AllowAll;
    scene.app.app.create_api(&scene.app.tenant.id, &open, None).await.unwrap();
    let answer = ask(&scene, &[("audience", "open")]).await;
    granted(&answer);
    assert_eq!(answer.json()["scope"], "appointments contacts read:contacts");
    // With a grant, deny_all still denies.
    change_api(&scene, |api| api.subject_type_authorization.client.policy = AccessPolicy::DenyAll).await;
    let denied = ask(&scene, &[("audience", "appointments:api")]).await;
    assert_eq!((denied.status.as_u16(), denied.text("error").as_str()), (403, "access_denied"));
    // The policy for users is another one.
    change_api(&scene, |api| api.subject_type_authorization.user.policy = AccessPolicy::DenyAll).await;
    granted(&ask(&scene, &[("audience", "appointments:api")]).await);
}

#[tokio::test]
async fn a_changed_grant_counts_at_once() {
    let scene = Scene::new(routes).await;
    let tenant = &scene.app.tenant.id;
    let grant = scene
        .app
        .app
        .client_grant(tenant, scene.machine.id(), "appointments:api", keywright_types::SubjectType::Client)
        .await
        .unwrap()
        .unwrap();
    let narrower = ClientGrant { scope: vec!["contacts".to_owned()], other: OtherMembers::new(), ..(*grant).clone() };
    scene.app.app.update_client_grant(tenant, &narrower).await.unwrap();
    assert_eq!(ask(&scene, &[("audience", "appointments:api")]).await.json()["scope"], "contacts");
}

#[tokio::test]
async fn resource_names_the_api_where_audience_does_not_and_the_tenant_may_have_a_default() {
    let scene = Scene::new(routes).await;
    granted(&ask(&scene, &[("resource", "appointments:api")]).await);
    let both = ask(&scene, &[("resource", "appointments:api"), ("audience", "nowhere")]).await;
    refused(&both, 403, "access_denied", "Service not found: nowhere");
    let settings = TenantSettings { default_audience: "appointments:api".to_owned(), ..TenantSettings::default() };
    scene.app.app.update_tenant_settings(&scene.app.tenant.id, &settings).await.unwrap();
    let answer = ask(&scene, &[]).await;
    granted(&answer);
    assert_eq!(answer.claims("access_token")["aud"], "appointments:api");
}
