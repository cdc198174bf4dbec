//! AR-03: what was allowed when a login began is looked at again when it ends, from what the server holds.

use keywright_testkit::{Answer, Browser, Scene};
use keywright_types::{AccessPolicy, TokenEndpointAuthMethod};

use crate::expect::{change_api, form};
use crate::outcome::{
    Outcome, answer_form, change_connection, credentials, handle, lost, outcome, page, refused, rows,
};
use crate::routes;

const REQUEST: &[(&str, &str)] =
    &[("audience", "appointments:api"), ("scope", "openid appointments contacts"), ("state", "s")];

/// A change of the configuration, and what a pending request comes to after it.
enum Change {
    CallbackRemoved,
    GrantTypeRemoved,
    ClientDeleted,
    ApiClosed,
    ApiDeleted,
    ApiNeedsGrant,
    ConnectionDisabled,
    MadePublicWithoutPkce,
}

const CHANGES: [Change; 8] = [
    Change::CallbackRemoved,
    Change::GrantTypeRemoved,
    Change::ClientDeleted,
    Change::ApiClosed,
    Change::ApiDeleted,
    Change::ApiNeedsGrant,
    Change::ConnectionDisabled,
    Change::MadePublicWithoutPkce,
];

impl Change {
    async fn make(&self, scene: &Scene) -> Outcome {
        let (web, id) = (&scene.web, scene.web.id().to_owned());
        let not_authorized = format!("Client '{id}' is not authorized to access resource server 'appointments:api'.");
        match self {
            Self::CallbackRemoved => {
                let other = vec!["https://app.example.com/other".to_owned()];
                scene.app.change_client(web, |client| client.callbacks = other).await;
                let url = "https://app.example.com/callback";
                let text =
                    "unauthorized_client: Callback URL mismatch. URL is not in the list of allowed callback URLs";
                page(400, text.replace("URL is", &format!("{url} is")))
            }
            Self::GrantTypeRemoved => {
                scene
                    .app
                    .change_client(web, |client| client.grant_types.retain(|grant| grant == "refresh_token"))
                    .await;
                page(403, "unauthorized_client: Grant type 'authorization_code' not allowed for the client.")
            }
            Self::ClientDeleted => {
                let (tenant, client) = (scene.app.tenant.id.clone(), id.clone());
                let store = scene.app.app.store();
                let deleted = store.write(move |tx| keywright_store::clients::delete(tx, &tenant, &client)).await;
                assert!(deleted.is_ok_and(|found: bool| found));
                // Any configuration write of this node; it makes the cache read again at once.
                change_api(scene, |_| {}).await;
                page(400, format!("invalid_request: Unknown client: {id}"))
            }
            Self::ApiClosed => {
                change_api(scene, |api| api.subject_type_authorization.user.policy = AccessPolicy::DenyAll).await;
                refused("invalid_request", &not_authorized)
            }
            Self::ApiDeleted => {
                let deleted = scene.app.app.store().write(|tx| {
                    tx.execute("DELETE FROM resource_servers WHERE identifier = $1", &["appointments:api".into()])
                });
                assert_eq!(deleted.await.unwrap(), 1);
                change_connection(scene, |_| {}).await;
                refused("access_denied", "Service not found: appointments:api")
            }
            Self::ApiNeedsGrant => {
                let policy = AccessPolicy::RequireClientGrant;
                change_api(scene, |api| api.subject_type_authorization.user.policy = policy).await;
                refused("invalid_request", &not_authorized)
            }
            Self::ConnectionDisabled => {
                change_connection(scene, |connection| connection.enabled_clients.clear()).await;
                refused("invalid_request", "no connections enabled for the client")
            }
            Self::MadePublicWithoutPkce => {
                let public = TokenEndpointAuthMethod::None;
                scene.app.change_client(web, |client| client.token_endpoint_auth_method = public).await;
                refused("invalid_request", "Parameter 'code_challenge' is required")
            }
        }
    }
}

/// The steps of one login. The change happens before the step that is answered with what the change comes to.
async fn check(change: &Change, logged_in_before: bool) {
    let scene = Scene::standard(routes).await;
    let browser = scene.app.browser();
    let start = browser.get(&scene.authorize_path(&scene.web, REQUEST)).await;
    let resume = format!("/authorize/resume?state={}", handle(&start));
    if logged_in_before {
        let asked = browser.get(answer_form(&browser, &start, &credentials(&scene)).await.location()).await;
        assert_eq!(outcome(&asked), Outcome::Consent);
        assert_eq!(outcome(&answer_form(&browser, &asked, &[("action", "accept")]).await), Outcome::Resume);
    }
    let expected = change.make(&scene).await;
    let before = rows(&scene.app).await;
    assert_eq!(outcome(&browser.get(&resume).await), expected);
    assert_eq!(rows(&scene.app).await, before, "neither a code nor a grant");
}

#[tokio::test]
async fn ar_03_a_change_between_start_and_finish_counts() {
    for change in &CHANGES {
        for logged_in_before in [false, true] {
            check(change, logged_in_before).await;
        }
    }
}

#[tokio::test]
async fn ar_03_without_a_change_the_same_steps_lead_to_a_code() {
    let scene = Scene::standard(routes).await;
    let browser = scene.app.browser();
    let start = browser.get(&scene.authorize_path(&scene.web, REQUEST)).await;
    assert_eq!(outcome(&scene_finish(&scene, &browser, &start).await), Outcome::Code);
}

async fn scene_finish(scene: &Scene, browser: &Browser, start: &Answer) -> Answer {
    let asked = browser.get(answer_form(browser, start, &credentials(scene)).await.location()).await;
    let posted = answer_form(browser, &asked, &[("action", "accept")]).await;
    browser.get(posted.location()).await
}

#[tokio::test]
async fn ar_03_scopes_are_what_the_api_defines_when_the_code_is_issued() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = browser.get(&scene.authorize_path(&scene.web, REQUEST)).await;
    change_api(&scene, |api| api.scopes.retain(|scope| scope.value != "contacts")).await;
    let answer = scene_finish(&scene, &browser, &start).await;
    let tokens = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
    assert_eq!(tokens.claims("access_token")["scope"], "openid appointments");
}

#[tokio::test]
async fn ar_03_an_application_that_becomes_a_third_party_has_to_ask() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = browser.get(&scene.authorize_path(&scene.web, &[("scope", "openid")])).await;
    scene.app.change_client(&scene.web, |client| client.is_first_party = false).await;
    let posted = answer_form(&browser, &start, &credentials(&scene)).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Consent);
}

/// The browser cannot add to, or replace, what the server holds.
#[tokio::test]
async fn ar_03_parameters_of_a_step_change_nothing_of_the_request() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = browser.get(&scene.authorize_path(&scene.web, &[("scope", "openid"), ("state", "s")])).await;
    let page = browser.get(start.location()).await;
    let edited = [
        ("redirect_uri", "https://evil.example/cb"),
        ("client_id", scene.spa.id()),
        ("response_mode", "form_post"),
        ("scope", "openid email"),
        ("audience", "appointments:api"),
        ("connection", "Other"),
        ("prompt", "none"),
        ("nonce", "n"),
    ];
    let fields = [&credentials(&scene)[..], &edited].concat();
    let posted = browser.submit(start.location(), &page, &fields).await;
    let query = form(&edited);
    let answer = browser.get(&format!("{}&{query}", posted.location())).await;
    let code = answer.location_parameter("code").unwrap();
    assert_eq!(answer.location(), format!("https://app.example.com/callback?code={code}&state=s"));
    let tokens = scene.redeem(&scene.web, &code, &[]).await;
    let claims = tokens.claims("id_token");
    assert_eq!((&claims["email"], &claims["nonce"]), (&serde_json::Value::Null, &serde_json::Value::Null));
}

#[tokio::test]
async fn a_user_who_is_deleted_meanwhile_is_nobody() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = browser.get(&scene.authorize_path(&scene.web, REQUEST)).await;
    let asked = browser.get(answer_form(&browser, &start, &credentials(&scene)).await.location()).await;
    let consent_page = browser.get(asked.location()).await;
    let (tenant, user, now) = (scene.app.tenant.id.clone(), scene.user.user_id.clone(), scene.app.app.now());
    let deleted = scene.app.app.store().write(move |tx| keywright_store::users::delete(tx, &tenant, &user, now));
    assert!(deleted.await.is_ok_and(|found: bool| found));
    assert_eq!(outcome(&browser.get(asked.location()).await), Outcome::Resume);
    let posted = browser.submit(asked.location(), &consent_page, &[("action", "accept")]).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Login);
    let answer = answer_form(&browser, &start, &credentials(&scene)).await;
    assert_eq!(answer.status, 400, "and cannot log in");
    let fresh = browser.get(&scene.authorize_path(&scene.web, &[("prompt", "none")])).await;
    assert_eq!(outcome(&fresh), refused("login_required", "Login required"));
    assert_eq!(rows(&scene.app).await[2..4], [0, 0], "neither a code nor a grant");
}

/// A step of a transaction whose application is gone cannot be shown for anybody.
#[tokio::test]
async fn the_pages_of_a_deleted_application_are_gone() {
    let scene = Scene::standard(routes).await;
    let browser = scene.app.browser();
    let start = browser.get(&scene.authorize_path(&scene.web, REQUEST)).await;
    Change::ClientDeleted.make(&scene).await;
    assert_eq!(outcome(&browser.get(start.location()).await), lost());
}
