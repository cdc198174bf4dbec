//! `/oidc/logout` and the page that asks (§6.3; OpenID Connect RP-Initiated Logout 1.0; RU-07, SE-05).

use keywright_testkit::{Answer, Scene};

use super::{OPEN_REDIRECTS, signed_in};
use crate::expect::form;
use crate::outcome::{answer_form, change_settings, is_logged_in, outcome, page};
use crate::routes;

const BYE: &str = "https://app.example.com/bye";

fn path(parameters: &[(&str, &str)]) -> String {
    format!("/oidc/logout?{}", form(parameters))
}

fn sid(tokens: &Answer) -> String {
    tokens.claims("id_token")["sid"].as_str().unwrap().to_owned()
}

fn asks(answer: &Answer) -> bool {
    answer.location().starts_with("/u/logout?state=")
}

#[tokio::test]
async fn a_hint_about_this_session_logs_out_at_once_by_get_and_by_post() {
    let scene = Scene::new(routes).await;
    for (expired, by_post) in [(false, false), (false, true), (true, false)] {
        let (browser, tokens) = signed_in(&scene).await;
        let hint = tokens.text("id_token");
        if expired {
            scene.app.advance(36_001);
        }
        let parameters = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", BYE),
            ("state", "a b&c"),
            ("federated", ""),
        ];
        let answer = if by_post {
            browser.post("/oidc/logout", &parameters).await
        } else {
            browser.get(&path(&parameters)).await
        };
        let status = if by_post { 303 } else { 302 };
        assert_eq!((answer.status.as_u16(), answer.location()), (status, "https://app.example.com/bye?state=a+b%26c"));
        assert_eq!(answer.header("set-cookie"), "__Host-auth0=; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=0");
        assert!(!is_logged_in(&scene, &browser).await);
    }
}

#[tokio::test]
async fn other_ways_to_say_which_session_it_is() {
    let scene = Scene::new(routes).await;
    change_settings(&scene, |settings| settings.allowed_logout_urls = vec!["https://www.example.com".to_owned()]).await;
    for (with_client, target, lands_at) in [
        (true, BYE, BYE),
        (true, "", "/u/logout-complete"),
        (false, "", "/u/logout-complete"),
        // §6.3: "`Location` is normalised".
        (false, "https://www.example.com", "https://www.example.com/"),
    ] {
        let (browser, tokens) = signed_in(&scene).await;
        let (sid, id) = (sid(&tokens), if with_client { scene.web.id() } else { "" });
        let answer =
            browser.get(&path(&[("logout_hint", &sid), ("client_id", id), ("post_logout_redirect_uri", target)])).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (302, lands_at));
        assert!(!is_logged_in(&scene, &browser).await);
    }
    let done = scene.app.browser().get("/u/logout-complete").await;
    assert!(done.status == 200 && done.body.contains("<h1>Logged out</h1>"), "{done:#?}");
}

#[tokio::test]
async fn se_05_without_a_hint_about_this_session_the_user_is_asked() {
    let scene = Scene::new(routes).await;
    let (_, others) = signed_in(&scene).await;
    let (others_hint, others_sid) = (others.text("id_token"), sid(&others));
    for (parameters, name) in [
        (&[][..], "login.example.com"),
        (&[("client_id", scene.web.id())], "Regular Web App"),
        (&[("logout_hint", "x"), ("client_id", scene.web.id())], "Regular Web App"),
        (&[("logout_hint", others_sid.as_str())], "login.example.com"),
        (&[("id_token_hint", others_hint.as_str())], "Regular Web App"),
        (&[("state", "s")], "login.example.com"),
    ] {
        let (browser, _) = signed_in(&scene).await;
        // A no.
        let asked = browser.get(&path(parameters)).await;
        assert!(asks(&asked) && asked.headers.get("set-cookie").is_none(), "{asked:#?}");
        let question = browser.get(asked.location()).await;
        let text = format!("Are you sure you want to log out from {name}?");
        assert!(question.status == 200 && question.body.contains(&text), "{text} in {}", question.body);
        assert!(is_logged_in(&scene, &browser).await, "to be asked changes nothing");
        let answer = answer_form(&browser, &asked, &[("action", "deny")]).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, "/u/logout-aborted"));
        assert!(browser.get(answer.location()).await.body.contains("<h1>Still logged in</h1>"));
        assert!(is_logged_in(&scene, &browser).await);
        // A yes.
        let answer = answer_form(&browser, &asked, &[("action", "accept")]).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (303, "/u/logout-complete"));
        assert_eq!(answer.header("set-cookie"), "__Host-auth0=; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=0");
        assert!(!is_logged_in(&scene, &browser).await);
    }
}

#[tokio::test]
async fn se_05_a_leaked_hint_logs_nobody_out_from_another_browser() {
    let scene = Scene::new(routes).await;
    let (victim, leaked) = signed_in(&scene).await;
    let (attacker, _) = signed_in(&scene).await;
    let stranger = scene.app.browser();
    let (hint, sid) = (leaked.text("id_token"), sid(&leaked));
    for parameters in [
        &[("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE)][..],
        &[("id_token_hint", &hint)],
        &[("logout_hint", &sid)],
        &[("logout_hint", &sid), ("client_id", scene.web.id())],
    ] {
        let asked = attacker.get(&path(parameters)).await;
        assert!(asks(&asked), "{asked:#?}");
        stranger.get(&path(parameters)).await;
        stranger.post("/oidc/logout", parameters).await;
        assert!(is_logged_in(&scene, &victim).await && is_logged_in(&scene, &attacker).await, "{parameters:?}");
    }
    // The question of one browser, sent to another: the answer is about the browser that gives it.
    let asked = attacker.get(&path(&[("id_token_hint", &hint)])).await;
    answer_form(&attacker, &asked, &[("action", "accept")]).await;
    assert!(!is_logged_in(&scene, &attacker).await);
    assert!(is_logged_in(&scene, &victim).await);
}

/// §6.3: the confirmed logout goes on to where the application asked for.
#[tokio::test]
async fn a_confirmed_logout_leads_to_the_application() {
    let scene = Scene::new(routes).await;
    let (browser, _) = signed_in(&scene).await;
    let more = [("client_id", scene.web.id()), ("post_logout_redirect_uri", BYE), ("state", "s")];
    let asked = browser.get(&path(&more)).await;
    let answer = answer_form(&browser, &asked, &[("action", "accept")]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, "https://app.example.com/bye?state=s"));
    assert!(!is_logged_in(&scene, &browser).await);
}

#[tokio::test]
async fn wb_02_the_answer_needs_its_own_form_and_site() {
    let scene = Scene::new(routes).await;
    let (browser, _) = signed_in(&scene).await;
    let asked = browser.get("/oidc/logout").await;
    let good = browser.get(asked.location()).await.input("_csrf").unwrap();
    let state = asked.location_parameter("state").unwrap();
    let (other, _) = signed_in(&scene).await;
    let of_other = other.get(asked.location()).await.input("_csrf").unwrap();
    let text =
        "invalid_request: The form was not sent from its own page. Go back, load the page again and try once more.";
    for csrf in ["", "x", &of_other] {
        let answer = browser.post("/u/logout", &[("state", &state), ("_csrf", csrf), ("action", "accept")]).await;
        assert_eq!(outcome(&answer), page(403, text));
    }
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let fields = [("state", state.as_str()), ("_csrf", &good), ("action", "accept")];
        let answer = browser.post_from("/u/logout", &fields, &[(name, value)]).await;
        assert_eq!(outcome(&answer), page(403, text));
    }
    // A question that was never asked, or too long ago.
    let closed = page(400, "invalid_request: This logout is no longer open. Please log out again.");
    assert_eq!(outcome(&browser.get("/u/logout?state=x").await), closed);
    scene.app.advance(1800);
    assert_eq!(outcome(&browser.get(asked.location()).await), closed);
    assert!(is_logged_in(&scene, &browser).await);
}

#[tokio::test]
async fn ru_07_the_redirect_is_never_open() {
    let scene = Scene::new(routes).await;
    change_settings(&scene, |settings| settings.allowed_logout_urls = vec![BYE.to_owned()]).await;
    let (browser, tokens) = signed_in(&scene).await;
    let hint = tokens.text("id_token");
    let query_counts = ["https://app.example.com/bye?x=1", "https://app.example.com/bye?"];
    for hostile in OPEN_REDIRECTS.into_iter().chain(query_counts) {
        for by in [&[][..], &[("client_id", scene.web.id())], &[("id_token_hint", &hint)]] {
            let answer = browser.get(&path(&[&[("post_logout_redirect_uri", hostile)], by].concat())).await;
            let text = format!(
                "invalid_request: The \"post_logout_redirect_uri\" parameter \"{hostile}\" is not defined as a valid \
                 URL in \"Allowed Logout URLs\"."
            );
            assert_eq!(outcome(&answer), page(400, text), "{hostile:?}");
            assert!(answer.headers.get("set-cookie").is_none());
        }
    }
    assert!(is_logged_in(&scene, &browser).await, "an error logs nobody out");
}

#[tokio::test]
async fn a_hint_that_is_none_is_an_error() {
    let scene = Scene::new(routes).await;
    let (browser, tokens) = signed_in(&scene).await;
    let hint = tokens.text("id_token");
    let no_hint = "The \"id_token_hint\" is not an ID token of this server.";
    let other_client = "The \"client_id\" is not the audience of the \"id_token_hint\".";
    for (parameters, description) in [
        (&[("id_token_hint", "x")][..], no_hint),
        (&[("id_token_hint", &hint[..hint.len() - 2])], no_hint),
        (&[("id_token_hint", &tokens.text("access_token"))], no_hint),
        (&[("id_token_hint", hint.as_str()), ("client_id", scene.spa.id())], other_client),
        (&[("client_id", "nobody")], "Unknown client: nobody"),
        (&[("state", "1"), ("state", "2")], "Parameter 'state' was sent more than once"),
    ] {
        let by_get = browser.get(&path(parameters)).await;
        let by_post = browser.post("/oidc/logout", parameters).await;
        for answer in [by_get, by_post] {
            assert_eq!(outcome(&answer), page(400, format!("invalid_request: {description}")), "{parameters:?}");
            assert!(answer.headers.get("set-cookie").is_none());
        }
    }
    let split = browser.post("/oidc/logout?state=1", &[("state", "2")]).await;
    assert_eq!(outcome(&split), page(400, "invalid_request: Parameter 'state' was sent more than once"));
    let large = browser.post("/oidc/logout", &[("a", &"x".repeat(70_000))]).await;
    assert_eq!(outcome(&large), page(400, "invalid_request: The request is too large"));
    assert!(is_logged_in(&scene, &browser).await);
}
