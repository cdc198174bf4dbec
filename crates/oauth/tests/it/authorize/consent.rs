//! Consent (§1.10, AR-07): when it is asked, what an answer is worth, and for whom.

use keywright_store::StoreError;
use keywright_testkit::{Browser, Registered, Scene};
use keywright_types::AppType;

use crate::expect::change_api;
use crate::outcome::{Outcome, add_client, add_user, answer_form, credentials, handle, outcome, refused};
use crate::routes;

const API: &[(&str, &str)] = &[("audience", "appointments:api"), ("scope", "openid appointments")];

async fn led_to(scene: &Scene, browser: &Browser, client: &Registered, more: &[(&str, &str)]) -> Outcome {
    outcome(&browser.get(&scene.authorize_path(client, more)).await)
}

/// Goes through the consent page with `action` and says where that leads.
async fn decide(scene: &Scene, browser: &Browser, more: &[(&str, &str)], action: &str) -> Outcome {
    let asked = browser.get(&scene.authorize_path(&scene.web, more)).await;
    assert_eq!(outcome(&asked), Outcome::Consent, "{more:?}");
    let posted = answer_form(browser, &asked, &[("action", action)]).await;
    outcome(&browser.get(posted.location()).await)
}

/// A browser whose user is logged in.
async fn signed_in(scene: &Scene) -> Browser {
    let browser = scene.app.browser();
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    browser
}

/// Grants as (client, audience, scopes).
async fn grants(scene: &Scene) -> Vec<(String, String, String)> {
    let read = scene.app.app.store().read(|tx| {
        let rows = tx.query("SELECT client_id, audience, scope FROM grants ORDER BY client_id, audience", &[])?;
        rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).collect::<Result<_, StoreError>>()
    });
    read.await.unwrap()
}

#[tokio::test]
async fn ar_07_consent_is_skipped_only_for_first_parties_whose_callbacks_nobody_else_can_receive() {
    let web = "https://app2.example.com/cb";
    for scene in [Scene::new(routes).await, Scene::standard(routes).await] {
        let browser = signed_in(&scene).await;
        let challenge = "c".repeat(43);
        let pkce = [("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")];
        // First party, callbacks, the API's switch; then what plain OpenID and the API lead to.
        for (first_party, callbacks, switch, openid, api) in [
            (true, &[web][..], false, Outcome::Code, Outcome::Consent),
            (true, &[web], true, Outcome::Code, Outcome::Code),
            (false, &[web], false, Outcome::Consent, Outcome::Consent),
            (false, &[web], true, Outcome::Consent, Outcome::Consent),
            (true, &["http://localhost:3000/cb"], true, Outcome::Consent, Outcome::Consent),
            (true, &["https://localhost/cb"], true, Outcome::Consent, Outcome::Consent),
            (true, &["http://app.localhost/cb"], true, Outcome::Consent, Outcome::Consent),
            (true, &["http://127.0.0.1:3000/cb"], true, Outcome::Consent, Outcome::Consent),
            (true, &["http://[::1]/cb"], true, Outcome::Consent, Outcome::Consent),
            (true, &["com.example.app:/cb"], true, Outcome::Consent, Outcome::Consent),
            // A loopback address anywhere in the list.
            (true, &[web, "http://localhost:3000/cb"], true, Outcome::Consent, Outcome::Consent),
            (true, &[web, "com.example.app:/cb"], true, Outcome::Code, Outcome::Code),
        ] {
            change_api(&scene, |api| api.skip_consent_for_verifiable_first_party_clients = switch).await;
            let client = add_client(&scene, "Asking", AppType::Native, callbacks[0]).await;
            let client = scene
                .app
                .change_client(&client, |client| {
                    client.is_first_party = first_party;
                    client.callbacks = callbacks.iter().map(ToString::to_string).collect();
                })
                .await;
            for (more, expected) in [(&[("scope", "openid profile")][..], &openid), (API, &api)] {
                let all = [more, &pkce].concat();
                let case = format!("{first_party} {callbacks:?} {switch} {more:?}");
                assert_eq!(led_to(&scene, &browser, &client, &all).await, *expected, "{case}");
                // AR-05: silently, the question is an error.
                let silent = [&all, &[("prompt", "none")][..]].concat();
                let expected = match expected {
                    Outcome::Consent => refused("consent_required", "Consent required"),
                    code => code.clone(),
                };
                assert_eq!(led_to(&scene, &browser, &client, &silent).await, expected, "{case}");
            }
        }
    }
}

#[tokio::test]
async fn ar_07_a_grant_counts_for_its_client_user_audience_and_scopes() {
    let scene = Scene::new(routes).await;
    let browser = signed_in(&scene).await;
    assert_eq!(decide(&scene, &browser, API, "accept").await, Outcome::Code);
    let granted = ("appointments:api".to_owned(), "openid appointments".to_owned());
    assert_eq!(grants(&scene).await, [(scene.web.id().to_owned(), granted.0.clone(), granted.1)]);

    let with = |scope| [("audience", "appointments:api"), ("scope", scope)];
    for (scope, expected) in [
        ("openid appointments", Outcome::Code),
        ("appointments", Outcome::Code),
        ("", Outcome::Code),
        // A scope that the API does not define is dropped before anybody is asked (§8.2).
        ("openid appointments no:such", Outcome::Code),
        ("openid appointments contacts", Outcome::Consent),
        ("openid profile appointments", Outcome::Consent),
        ("offline_access", Outcome::Consent),
    ] {
        assert_eq!(led_to(&scene, &browser, &scene.web, &with(scope)).await, expected, "{scope}");
    }
    assert_eq!(led_to(&scene, &browser, &scene.spa, API).await, Outcome::Consent, "another application");
    // Another user, in another browser.
    add_user(&scene, "john@example.com").await;
    let john = scene.app.browser();
    let start = john.get(&scene.authorize_path(&scene.web, API)).await;
    let posted = answer_form(&john, &start, &[("username", "john@example.com"), ("password", scene.password())]).await;
    assert_eq!(outcome(&john.get(posted.location()).await), Outcome::Consent, "another user");
    // The next answer extends the grant.
    assert_eq!(decide(&scene, &browser, &with("contacts"), "accept").await, Outcome::Code);
    assert_eq!(led_to(&scene, &browser, &scene.web, &with("openid appointments contacts")).await, Outcome::Code);
    assert_eq!(grants(&scene).await[0].2, "openid appointments contacts");
}

#[tokio::test]
async fn ar_07_a_grant_that_is_deleted_brings_the_question_back() {
    let scene = Scene::new(routes).await;
    let browser = signed_in(&scene).await;
    assert_eq!(decide(&scene, &browser, API, "accept").await, Outcome::Code);
    let tenant = scene.app.tenant.id.clone();
    let (user, client) = (scene.user.user_id.clone(), scene.web.id().to_owned());
    let deleted = scene.app.app.store().write(move |tx| {
        let grant = keywright_store::grants::find(tx, &tenant, &user, &client, "appointments:api")?.unwrap();
        keywright_store::grants::delete(tx, &tenant, &grant.grant_id)
    });
    assert!(deleted.await.unwrap());
    assert_eq!(led_to(&scene, &browser, &scene.web, API).await, Outcome::Consent);
}

#[tokio::test]
async fn a_no_is_an_error_and_is_not_remembered() {
    let scene = Scene::new(routes).await;
    let browser = signed_in(&scene).await;
    for _ in 0..2 {
        let declined = refused("access_denied", "User did not authorize the request");
        assert_eq!(decide(&scene, &browser, API, "deny").await, declined);
        assert_eq!(grants(&scene).await, []);
    }
    assert_eq!(decide(&scene, &browser, API, "accept").await, Outcome::Code);
}

#[tokio::test]
async fn prompt_consent_asks_every_time() {
    let scene = Scene::new(routes).await;
    let browser = signed_in(&scene).await;
    let asking = [API, &[("prompt", "consent")]].concat();
    for _ in 0..2 {
        assert_eq!(decide(&scene, &browser, &asking, "accept").await, Outcome::Code);
    }
    let declined = refused("access_denied", "User did not authorize the request");
    assert_eq!(decide(&scene, &browser, &asking, "deny").await, declined);
    assert_eq!(led_to(&scene, &browser, &scene.web, API).await, Outcome::Code, "the grant is still there");
    // Also for an application that need not ask.
    assert_eq!(decide(&scene, &browser, &[("prompt", "consent"), ("scope", "openid")], "accept").await, Outcome::Code);
}

#[tokio::test]
async fn an_answer_that_is_neither_yes_nor_no_decides_nothing() {
    let scene = Scene::new(routes).await;
    let browser = signed_in(&scene).await;
    let asked = browser.get(&scene.authorize_path(&scene.web, API)).await;
    for action in ["", "yes", "ACCEPT", "accept deny"] {
        let answer = answer_form(&browser, &asked, &[("action", action)]).await;
        let expected = Outcome::Page(400, "invalid_request: Parameter 'action' must be 'accept' or 'deny'".to_owned());
        assert_eq!(outcome(&answer), expected, "{action}");
    }
    let resumed = browser.get(&format!("/authorize/resume?state={}", handle(&asked))).await;
    assert_eq!(outcome(&resumed), Outcome::Consent);
    assert_eq!(grants(&scene).await, []);
}

#[tokio::test]
async fn the_page_names_the_application_the_tenant_the_user_and_the_scopes() {
    let scene = Scene::new(routes).await;
    let browser = signed_in(&scene).await;
    let asked = browser.get(&scene.authorize_path(&scene.web, API)).await;
    let page = browser.get(asked.location()).await;
    for text in [
        "<h1>Authorize App</h1>",
        "<strong>Regular Web App</strong> is requesting access to your",
        "Logged in as jane@example.com",
        "appointments",
        "name=\"action\" value=\"accept\">Accept<",
        "name=\"action\" value=\"deny\" class=\"quiet\">Decline<",
    ] {
        assert!(page.body.contains(text), "{text} in {}", page.body);
    }
    assert!(!page.body.contains("Contacts"), "only what was asked for");
}

/// What the page asked is what an accept is worth: a request that wants more by now asks again.
#[tokio::test]
async fn ar_07_an_accept_is_worth_the_scopes_that_were_on_the_page() {
    let scene = Scene::new(routes).await;
    let browser = signed_in(&scene).await;
    let more = [("audience", "appointments:api"), ("scope", "appointments new:scope")];
    let asked = browser.get(&scene.authorize_path(&scene.web, &more)).await;
    let page = browser.get(asked.location()).await;
    change_api(&scene, |api| {
        api.scopes.push(keywright_types::ResourceServerScope { value: "new:scope".to_owned(), description: None });
    })
    .await;
    let posted = browser.submit(asked.location(), &page, &[("action", "accept")]).await;
    let again = browser.get(posted.location()).await;
    assert_eq!(outcome(&again), Outcome::Consent);
    assert_eq!(grants(&scene).await, []);
    let posted = answer_form(&browser, &again, &[("action", "accept")]).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Code);
    assert_eq!(grants(&scene).await[0].2, "appointments new:scope");
}

/// The page said that Jane is logged in. An accept that comes when John is logged in says nothing about John.
#[tokio::test]
async fn ar_07_an_accept_counts_for_the_user_who_was_on_the_page() {
    let scene = Scene::new(routes).await;
    add_user(&scene, "john@example.com").await;
    let browser = signed_in(&scene).await;
    let asked = browser.get(&scene.authorize_path(&scene.web, API)).await;
    let page = browser.get(asked.location()).await;
    assert!(page.body.contains("Logged in as jane@example.com"));
    let other_tab = browser.get(&scene.authorize_path(&scene.web, &[("prompt", "login")])).await;
    answer_form(&browser, &other_tab, &[("username", "john@example.com"), ("password", scene.password())]).await;
    let posted = browser.submit(asked.location(), &page, &[("action", "accept")]).await;
    let again = browser.get(posted.location()).await;
    assert_eq!(outcome(&again), Outcome::Consent);
    assert_eq!(grants(&scene).await, []);
    let page = browser.get(again.location()).await;
    assert!(page.body.contains("Logged in as john@example.com"), "{}", page.body);
    let posted = browser.submit(again.location(), &page, &[("action", "accept")]).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Code);
}

#[tokio::test]
async fn lg_01_consent_cannot_be_given_before_it_is_asked() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = browser.get(&scene.authorize_path(&scene.web, API)).await;
    assert_eq!(outcome(&start), Outcome::Login);
    let login_page = browser.get(start.location()).await;
    let consent = format!("/u/consent?state={}", handle(&start));
    assert_eq!(outcome(&browser.get(&consent).await), Outcome::Resume);
    let posted = browser.submit(&consent, &login_page, &[("action", "accept")]).await;
    assert_eq!(outcome(&posted), Outcome::Resume);
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Login);
    let posted = browser.submit(start.location(), &login_page, &credentials(&scene)).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Consent);
    assert_eq!(grants(&scene).await, []);
}

#[tokio::test]
async fn ar_07_a_grant_that_nobody_gave_answers_no_question() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    // Consent is skipped, and the refresh token still needs a grant that can be deleted.
    scene.log_in(&browser, &scene.web, &[("scope", "openid offline_access")]).await;
    assert_eq!(grants(&scene).await.len(), 1);
    // The application gets a callback that anybody on the machine can receive, so from now on it has to ask.
    let asking =
        scene.app.change_client(&scene.web, |client| client.callbacks.push("http://localhost/cb".to_owned())).await;
    assert_eq!(led_to(&scene, &browser, &asking, &[("scope", "openid offline_access")]).await, Outcome::Consent);
}
