//! The checks of §1.2: each with its answer, and in their order.

use keywright_app::App;
use keywright_testkit::{Pkce, Registered, Scene};
use keywright_types::{AccessPolicy, AppType, Profile, ResourceServer};

use crate::outcome::{Outcome, add_client, change_connection, login_required, outcome, page, refused, rows};
use crate::routes;

const UNKNOWN_CLIENT: &str = "invalid_request: Unknown client: nobody";
const STATE: &str = "a b+c&d=\"e\"";

/// One way to be wrong, at one place of the list.
struct Wrong {
    place: u8,
    parameters: &'static [(&'static str, &'static str)],
    outcome: Outcome,
}

/// One wrong request for each check that there is.
fn wrongs(profile: Profile, client: &Registered) -> Vec<Wrong> {
    let unsupported = if profile == Profile::Auth0 { 501 } else { 400 };
    let quote = if profile == Profile::Auth0 { '"' } else { '\'' };
    let id = client.id();
    let not_authorized =
        format!("Client {quote}{id}{quote} is not authorized to access resource server {quote}closed:api{quote}.");
    let wrong = |place, parameters, outcome| Wrong { place, parameters, outcome };
    vec![
        wrong(2, &[("client_id", "nobody")], page(400, UNKNOWN_CLIENT)),
        wrong(3, &[("request", "e30.e30.")], page(400, "request_not_supported: Parameter 'request' is not supported")),
        wrong(
            4,
            &[("response_type", "bogus")],
            page(unsupported, "unsupported_response_type: Unsupported response type: bogus"),
        ),
        wrong(
            5,
            &[("redirect_uri", "https://evil.example/cb")],
            page(
                400,
                "unauthorized_client: Callback URL mismatch. https://evil.example/cb is not in the list of allowed \
                 callback URLs",
            ),
        ),
        // The marker is taken out again; the application without the grant type is named instead.
        wrong(
            6,
            &[("no-grant", "")],
            page(403, "unauthorized_client: Grant type 'authorization_code' not allowed for the client."),
        ),
        wrong(8, &[("audience", "no:api")], refused("access_denied", "Service not found: no:api")),
        wrong(9, &[("audience", "closed:api")], refused("invalid_request", &not_authorized)),
        wrong(11, &[("connection", "nowhere")], refused("invalid_request", "the connection was not found")),
        wrong(12, &[("screen_hint", "signup")], refused("invalid_request", "signup is disabled")),
        wrong(13, &[("prompt", "none")], login_required()),
    ]
}

async fn scene_of(profile: Profile) -> Scene {
    let scene = if profile == Profile::Auth0 { Scene::new(routes).await } else { Scene::standard(routes).await };
    change_connection(&scene, |connection| connection.options.disable_signup = true).await;
    let mut api = ResourceServer {
        id: "5f0c0000000000000000bbbb".to_owned(),
        identifier: "closed:api".to_owned(),
        ..ResourceServer::default()
    };
    api.subject_type_authorization.user.policy = AccessPolicy::DenyAll;
    scene.app.app.create_api(&scene.app.tenant.id, &api, None).await.unwrap();
    scene
}

/// Sends a request and compares. Nothing may be begun by a request that is refused, and every error at the application
/// carries its `state`.
async fn check(scene: &Scene, path: &str, expected: &Outcome) {
    let before = rows(&scene.app).await;
    let answer = scene.app.browser().get(path).await;
    assert_eq!(outcome(&answer), *expected, "{path}");
    if matches!(expected, Outcome::Refused(..)) {
        assert!(answer.location().starts_with("https://app.example.com/callback?"), "{path}: {}", answer.location());
        assert_eq!(answer.location_parameter("state").as_deref(), Some(STATE), "{path}");
    }
    if matches!(expected, Outcome::Refused(..) | Outcome::Page(..)) {
        assert_eq!(rows(&scene.app).await, before, "{path}");
        assert!(answer.headers.get("set-cookie").is_none(), "{path}");
    }
}

#[tokio::test]
async fn a_request_that_is_wrong_in_two_ways_gets_the_earlier_answer() {
    for profile in [Profile::Auth0, Profile::Standard] {
        let scene = scene_of(profile).await;
        let without_grant =
            add_client(&scene, "Without the grant", AppType::RegularWeb, "https://app.example.com/callback").await;
        let without_grant = scene.app.change_client(&without_grant, |client| client.grant_types.clear()).await;
        let wrongs = wrongs(profile, &scene.web);
        let mut pairs = 0;
        for first in &wrongs {
            for second in wrongs.iter().filter(|second| second.place >= first.place) {
                let both = [first.parameters, second.parameters].concat();
                if first.place != second.place && both.first().map(|p| p.0) == both.get(1).map(|p| p.0) {
                    continue;
                }
                let client = if both.iter().any(|(name, _)| *name == "no-grant") { &without_grant } else { &scene.web };
                let mut more: Vec<_> = both.into_iter().filter(|(name, _)| *name != "no-grant").collect();
                more.dedup();
                more.push(("state", STATE));
                check(&scene, &scene.authorize_path(client, &more), &first.outcome).await;
                pairs += 1;
            }
        }
        assert_eq!(pairs, 10 + 9 * 10 / 2 - 1, "one pair of checks cannot fail together");
    }
}

#[tokio::test]
async fn every_check_before_the_redirect_uri_is_proven_has_its_page() {
    for (profile, unsupported) in [(Profile::Auth0, 501), (Profile::Standard, 400)] {
        let scene = scene_of(profile).await;
        let web = scene.web.id().to_owned();
        let callback = "https://app.example.com/callback";
        let response_type =
            |value: &str| page(unsupported, format!("unsupported_response_type: Unsupported response type: {value}"));
        let response_mode =
            |value: &str| page(unsupported, format!("unsupported_response_mode: Unsupported response mode: {value}"));
        let no_implicit = "unauthorized_client: Grant type 'implicit' not allowed for the client.";
        let cases: Vec<(&[(&str, &str)], Outcome)> = vec![
            (&[("client_id", "")], page(400, "invalid_request: Missing required parameter: client_id")),
            (&[("client_id", "nobody")], page(400, UNKNOWN_CLIENT)),
            (&[("client_id", "<script>")], page(400, "invalid_request: Unknown client: <script>")),
            (
                &[("request_uri", "https://app.example.com/request")],
                page(400, "request_uri_not_supported: Parameter 'request_uri' is not supported"),
            ),
            (&[("response_type", "")], page(400, "invalid_request: Missing required parameter: response_type")),
            (&[("response_type", "token")], page(403, no_implicit)),
            (&[("response_type", "id_token")], page(403, no_implicit)),
            (&[("response_type", "code id_token")], page(403, no_implicit)),
            (&[("response_type", "code token bogus")], response_type("code token bogus")),
            (&[("response_type", "Code")], response_type("Code")),
            (&[("response_type", "none")], response_type("none")),
            (&[("response_mode", "jwt")], response_mode("jwt")),
            (&[("response_mode", "FORM_POST")], response_mode("FORM_POST")),
        ];
        for (more, expected) in cases {
            check(&scene, &scene.authorize_path(&scene.web, more), &expected).await;
        }
        // A client id is compared to the letter.
        let other_case: String =
            web.chars().map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c }).collect();
        assert_ne!(other_case, web);
        let path = scene.authorize_path(&scene.web, &[("client_id", &other_case), ("redirect_uri", callback)]);
        check(&scene, &path, &page(400, format!("invalid_request: Unknown client: {other_case}"))).await;
        // An application without callbacks, which names none either.
        let path = scene.authorize_path(&scene.machine, &[]);
        check(&scene, &path, &page(400, "invalid_request: Missing required parameter: redirect_uri")).await;
    }
}

#[tokio::test]
async fn every_later_check_answers_the_application() {
    for profile in [Profile::Auth0, Profile::Standard] {
        let scene = scene_of(profile).await;
        let invalid = |text: &str| refused("invalid_request", text);
        let number = invalid("Parameter 'max_age' must be a number of seconds");
        let beside_none = invalid("Parameter 'prompt' has 'none' beside another value");
        let malformed = invalid("Parameter 'code_challenge' is malformed");
        let method = invalid("Parameter 'code_challenge_method' has an unsupported value");
        let (short, long) = ("a".repeat(42), "a".repeat(129));
        let good = "a".repeat(43);
        let plain = if profile == Profile::Auth0 { Outcome::Login } else { method.clone() };
        let cases: Vec<(Vec<(&str, &str)>, Outcome)> = vec![
            (vec![("prompt", "none login")], beside_none.clone()),
            (vec![("prompt", "consent none")], beside_none),
            (vec![("prompt", "unknown")], invalid("Parameter 'prompt' has an unknown value")),
            (vec![("prompt", "None")], invalid("Parameter 'prompt' has an unknown value")),
            (vec![("prompt", "login consent")], Outcome::Login),
            (vec![("max_age", "-1")], number.clone()),
            (vec![("max_age", "1.5")], number.clone()),
            (vec![("max_age", "soon")], number.clone()),
            (vec![("max_age", "99999999999999999999")], number),
            (vec![("max_age", "9223372036854775807")], Outcome::Login),
            (vec![("code_challenge", &good), ("code_challenge_method", "S256")], Outcome::Login),
            (vec![("code_challenge", &good), ("code_challenge_method", "plain")], plain.clone()),
            (vec![("code_challenge", &good)], plain),
            (vec![("code_challenge", &good), ("code_challenge_method", "s256")], method.clone()),
            (vec![("code_challenge", &good), ("code_challenge_method", "S512")], method),
            (vec![("code_challenge", &short), ("code_challenge_method", "S256")], malformed.clone()),
            (vec![("code_challenge", &long), ("code_challenge_method", "S256")], malformed.clone()),
            (vec![("code_challenge", "ä"), ("code_challenge_method", "S256")], malformed),
            (vec![("code_challenge_method", "S256")], invalid("Parameter 'code_challenge' is required")),
            (vec![("audience", "no:api")], refused("access_denied", "Service not found: no:api")),
            (vec![("resource", "no:api")], refused("access_denied", "Service not found: no:api")),
            (vec![("audience", "appointments:api"), ("resource", "no:api")], Outcome::Login),
            (vec![("audience", "https://login.example.com/userinfo")], Outcome::Login),
            (vec![("connection", "Username-Password-Authentication")], Outcome::Login),
            (vec![("connection", "username-password-authentication")], invalid("the connection was not found")),
            (vec![("screen_hint", "signup")], invalid("signup is disabled")),
            (vec![("screen_hint", "login")], Outcome::Login),
            (vec![("screen_hint", "something")], Outcome::Login),
            (vec![("ext-theme", "dark"), ("auth0Client", "e30"), ("something", "else")], Outcome::Login),
        ];
        for (more, expected) in cases {
            let more = [&more[..], &[("state", STATE)]].concat();
            check(&scene, &scene.authorize_path(&scene.web, &more), &expected).await;
        }
    }
}

#[tokio::test]
async fn connections_that_the_application_may_not_use() {
    let scene = Scene::new(routes).await;
    let named = [("connection", "Username-Password-Authentication"), ("state", STATE)];
    change_connection(&scene, |connection| connection.enabled_clients = vec![scene.spa.id().to_owned()]).await;
    for (more, text) in
        [(&named[..], "the connection was disabled"), (&named[1..], "no connections enabled for the client")]
    {
        check(&scene, &scene.authorize_path(&scene.web, more), &refused("invalid_request", text)).await;
    }
}

#[tokio::test]
async fn an_api_that_wants_a_client_grant_gives_its_scopes_only() {
    let scene = Scene::new(routes).await;
    let mut api = scene.api.clone();
    api.subject_type_authorization.user.policy = AccessPolicy::RequireClientGrant;
    api.skip_consent_for_verifiable_first_party_clients = true;
    scene.app.app.update_api(&scene.app.tenant.id, &api).await.unwrap();
    let more = [("audience", "appointments:api"), ("scope", "openid appointments contacts"), ("state", STATE)];
    let text =
        format!("Client \"{}\" is not authorized to access resource server \"appointments:api\".", scene.web.id());
    check(&scene, &scene.authorize_path(&scene.web, &more), &refused("invalid_request", &text)).await;
    scene
        .app
        .grant_for(keywright_types::SubjectType::User, &scene.web, "appointments:api", vec!["contacts".to_owned()])
        .await;
    let code = scene.code(&scene.web, &more).await;
    let tokens = scene.redeem(&scene.web, &code, &[]).await;
    assert_eq!(tokens.claims("access_token")["scope"], "openid contacts");
}

#[tokio::test]
async fn profile_standard_wants_pkce_from_public_applications_and_auth0_does_not() {
    let challenge = Pkce::of('p').challenge;
    let with = [("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")];
    for (profile, expected) in [
        (Profile::Auth0, Outcome::Login),
        (Profile::Standard, refused("invalid_request", "Parameter 'code_challenge' is required")),
    ] {
        let scene = scene_of(profile).await;
        for client in [&scene.spa, &scene.native] {
            let answer = scene.app.browser().get(&scene.authorize_path(client, &[])).await;
            assert_eq!(outcome(&answer), expected, "{profile:?}");
            let answer = scene.app.browser().get(&scene.authorize_path(client, &with)).await;
            assert_eq!(outcome(&answer), Outcome::Login, "{profile:?}");
        }
        check(&scene, &scene.authorize_path(&scene.web, &[("state", STATE)]), &Outcome::Login).await;
    }
}

/// The routes are asked in the order of the tenant's own default audience as well (§1.1).
#[tokio::test]
async fn the_default_audience_is_checked_like_a_named_one() {
    let scene = Scene::new(routes).await;
    let mut settings = scene.app.tenant.settings.clone();
    settings.default_audience = "gone:api".to_owned();
    let app: &App = &scene.app.app;
    app.update_tenant_settings(&scene.app.tenant.id, &settings).await.unwrap();
    let expected = refused("access_denied", "Service not found: gone:api");
    check(&scene, &scene.authorize_path(&scene.web, &[("state", STATE)]), &expected).await;
    let named = [("audience", "appointments:api"), ("state", STATE)];
    check(&scene, &scene.authorize_path(&scene.web, &named), &Outcome::Login).await;
}
