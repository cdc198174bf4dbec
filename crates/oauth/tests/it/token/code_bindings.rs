//! What a code is bound to (CO-02), and the nine cells of PKCE (CO-05, CO-06; RFC 7636).

use keywright_testkit::{Pkce, Registered, Scene};
use keywright_types::{AppType, Profile, ResourceServer};

use crate::expect::{granted, refused};
use crate::routes;

const INVALID: &str = "Invalid authorization code";
const VERIFIER_FAILED: &str = "Failed to verify code verifier";

#[tokio::test]
async fn co_02_each_binding_swapped_alone_is_refused_and_the_code_stays_good() {
    let scene = Scene::new(routes).await;
    let callbacks =
        ["https://app.example.com/callback", "https://app.example.com:444/callback", "http://localhost:4201/x"];
    let web =
        scene.app.change_client(&scene.web, |client| client.callbacks = callbacks.map(str::to_owned).to_vec()).await;
    let other = scene.app.register("Other", AppType::RegularWeb, callbacks[0]).await;
    let pkce = Pkce::of('v');
    let code = scene
        .code(&web, &[("code_challenge", &pkce.challenge), ("code_challenge_method", "S256"), ("scope", "openid")])
        .await;
    let verifier = ("code_verifier", pkce.verifier.as_str());

    // Client: the other one proves who it is, and sends everything else right.
    refused(&scene.redeem(&other, &code, &[verifier]).await, 403, "invalid_grant", INVALID);
    let spa = scene.redeem(&scene.spa, &code, &[verifier, ("redirect_uri", callbacks[0])]).await;
    refused(&spa, 403, "invalid_grant", INVALID);

    // Redirect URI: the sentence names scheme, host and port only (§2.3).
    for (uri, named) in [
        (callbacks[1], "https://app.example.com:444"),
        (callbacks[2], "http://localhost:4201"),
        ("https://app.example.com/callback/", "https://app.example.com"),
        ("https://app.example.com/Callback", "https://app.example.com"),
        ("https://app.example.com/callback?x=secret", "https://app.example.com"),
        ("https://APP.example.com/callback", "https://APP.example.com"),
        ("", ""),
    ] {
        let answer = scene.redeem(&web, &code, &[verifier, ("redirect_uri", uri)]).await;
        let sentence = format!("The redirect URI is wrong. You sent {named}, and we expected https://app.example.com");
        refused(&answer, 403, "unauthorized_client", &sentence);
    }

    // Challenge.
    let wrong = Pkce::of('w');
    let answer = scene.redeem(&web, &code, &[("code_verifier", &wrong.verifier)]).await;
    refused(&answer, 403, "invalid_grant", VERIFIER_FAILED);
    let answer = scene.redeem(&web, &code, &[("code_verifier", &pkce.challenge)]).await;
    refused(&answer, 403, "invalid_grant", VERIFIER_FAILED);
    refused(&scene.redeem(&web, &code, &[]).await, 400, "invalid_request", "Parameter 'code_verifier' is required");
    // PKCE does not replace the secret of a client that has one (§2.3).
    let answer = scene.redeem(&web, &code, &[verifier, ("client_secret", "")]).await;
    refused(&answer, 401, "access_denied", "Unauthorized");

    granted(&scene.redeem(&web, &code, &[verifier]).await);
}

#[tokio::test]
async fn co_02_the_token_request_cannot_choose_nonce_scope_resource_or_session() {
    let scene = Scene::new(routes).await;
    let billing =
        ResourceServer { id: "5f0c0000000000000000bbbb".into(), identifier: "billing".into(), ..scene.api.clone() };
    scene.app.app.create_api(&scene.app.tenant.id, &billing, None).await.unwrap();
    let asked = [("scope", "openid contacts"), ("audience", "appointments:api"), ("nonce", "n-1")];
    let code = scene.code(&scene.web, &asked).await;
    let answer = scene
        .redeem(
            &scene.web,
            &code,
            &[
                ("nonce", "n-2"),
                ("scope", "openid contacts appointments offline_access"),
                ("audience", "billing"),
                ("resource", "billing"),
                ("sid", "x"),
            ],
        )
        .await;
    granted(&answer);
    assert_eq!(answer.claims("id_token")["nonce"], "n-1");
    assert_eq!(answer.json()["scope"], "openid contacts");
    assert!(answer.json().get("refresh_token").is_none());
    let userinfo = "https://login.example.com/userinfo";
    assert_eq!(answer.claims("access_token")["aud"], serde_json::json!(["appointments:api", userinfo]));
}

#[tokio::test]
async fn co_02_a_code_ends_with_the_login_it_came_from() {
    let scene = Scene::new(routes).await;
    let (one, two) = (scene.app.browser(), scene.app.browser());
    let code_of = |answer: keywright_testkit::Answer| answer.location_parameter("code").unwrap();
    let ended = code_of(scene.log_in(&one, &scene.web, &[]).await);
    let other = code_of(scene.log_in(&two, &scene.web, &[]).await);
    assert_eq!(one.get("/v2/logout").await.status, 200);
    refused(&scene.redeem(&scene.web, &ended, &[]).await, 403, "invalid_grant", INVALID);
    // The same user's other login goes on.
    granted(&scene.redeem(&scene.web, &other, &[]).await);
    // Logging in again does not revive it.
    let again = code_of(scene.log_in(&one, &scene.web, &[]).await);
    refused(&scene.redeem(&scene.web, &ended, &[]).await, 403, "invalid_grant", INVALID);
    granted(&scene.redeem(&scene.web, &again, &[]).await);
}

#[tokio::test]
async fn ar_03_a_code_gives_what_may_be_given_when_it_comes() {
    use keywright_types::AccessPolicy;
    let scene = Scene::new(routes).await;
    let more = [("scope", "openid offline_access contacts appointments"), ("audience", "appointments:api")];
    let policy = async |policy| {
        crate::expect::change_api(&scene, |api| api.subject_type_authorization.user.policy = policy).await;
    };
    let code = scene.code(&scene.web, &more).await;
    policy(AccessPolicy::DenyAll).await;
    refused(&scene.redeem(&scene.web, &code, &[]).await, 403, "invalid_grant", INVALID);
    policy(AccessPolicy::AllowAll).await;
    crate::expect::change_api(&scene, |api| api.scopes.retain(|scope| scope.value != "contacts")).await;
    let narrowed = scene.redeem(&scene.web, &code, &[]).await;
    granted(&narrowed);
    assert_eq!(narrowed.json()["scope"], "openid offline_access appointments");
    crate::expect::change_api(&scene, |_| ()).await;
    let code = scene.code(&scene.web, &more).await;
    crate::expect::change_api(&scene, |api| api.allow_offline_access = false).await;
    let answer = scene.redeem(&scene.web, &code, &[]).await;
    granted(&answer);
    assert_eq!(answer.json()["scope"], "openid contacts appointments");
    assert!(answer.json().get("refresh_token").is_none(), "§4.1: only if the API and the client allow it");
}

#[tokio::test]
async fn a_redirect_uri_fragment_never_counts() {
    let scene = Scene::new(routes).await;
    let code = scene.code(&scene.web, &[("redirect_uri", "https://app.example.com/callback#a")]).await;
    granted(&scene.redeem(&scene.web, &code, &[("redirect_uri", "https://app.example.com/callback#b")]).await);
}

#[tokio::test]
async fn profile_standard_calls_a_wrong_redirect_uri_an_invalid_grant() {
    let scene = Scene::standard(routes).await;
    let code = scene.code(&scene.web, &[]).await;
    let answer = scene.redeem(&scene.web, &code, &[("redirect_uri", "https://evil.example/secret")]).await;
    refused(&answer, 400, "invalid_grant", "The redirect URI is not the one of the authorization request");
}

/// A cell of the matrix: challenge sent to `/authorize`, verifier sent to the token endpoint, and what comes of it.
type Cell = (Option<&'static str>, Verifier, Outcome);

#[derive(Clone, Copy, Debug)]
enum Verifier {
    Absent,
    Right,
    Wrong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Tokens,
    /// At `/authorize` already: no code exists.
    NoCode,
    Required,
    Failed,
}

/// Profile `auth0` enforces PKCE for nobody and takes `plain`, but what was begun with a challenge ends with it.
const AUTH0: [Cell; 9] = [
    (None, Verifier::Absent, Outcome::Tokens),
    (None, Verifier::Right, Outcome::Failed),
    (None, Verifier::Wrong, Outcome::Failed),
    (Some("S256"), Verifier::Absent, Outcome::Required),
    (Some("S256"), Verifier::Right, Outcome::Tokens),
    (Some("S256"), Verifier::Wrong, Outcome::Failed),
    (Some("plain"), Verifier::Absent, Outcome::Required),
    (Some("plain"), Verifier::Right, Outcome::Tokens),
    (Some("plain"), Verifier::Wrong, Outcome::Failed),
];

/// The matrix where `plain` is not taken, and where a challenge is demanded or not.
fn strict(challenge_demanded: bool) -> [Cell; 9] {
    let mut cells = AUTH0;
    for (challenge, _, outcome) in &mut cells {
        if *challenge == Some("plain") || (challenge.is_none() && challenge_demanded) {
            *outcome = Outcome::NoCode;
        }
    }
    cells
}

async fn check_matrix(scene: &Scene, client: &Registered, cells: [Cell; 9]) {
    let standard = scene.app.tenant.settings.profile == Profile::Standard;
    let (right, wrong) = (Pkce::of('r'), Pkce::of('w'));
    for (method, sent, outcome) in cells {
        let challenge = if method == Some("plain") { &right.verifier } else { &right.challenge };
        let more: Vec<(&str, &str)> = match method {
            Some(method) => vec![("code_challenge", challenge), ("code_challenge_method", method)],
            None => Vec::new(),
        };
        let cell = format!("{}: {method:?}, {sent:?}", client.client.name);
        if outcome == Outcome::NoCode {
            let answer = scene.app.browser().get(&scene.authorize_path(client, &more)).await;
            assert_eq!(answer.location_parameter("error").as_deref(), Some("invalid_request"), "{cell}: {answer:#?}");
            assert_eq!(answer.location_parameter("code"), None, "{cell}");
            continue;
        }
        let code = scene.code(client, &more).await;
        let verifier = match sent {
            Verifier::Absent => "",
            Verifier::Right => &right.verifier,
            Verifier::Wrong => &wrong.verifier,
        };
        let answer = scene.redeem(client, &code, &[("code_verifier", verifier)]).await;
        match outcome {
            Outcome::Tokens => assert_eq!(answer.status, 200, "{cell}: {answer:#?}"),
            Outcome::Required => {
                refused(&answer, 400, "invalid_request", "Parameter 'code_verifier' is required");
            }
            _ => refused(&answer, if standard { 400 } else { 403 }, "invalid_grant", VERIFIER_FAILED),
        }
    }
}

#[tokio::test]
async fn co_05_the_nine_cells_in_profile_auth0() {
    let scene = Scene::new(routes).await;
    for client in [&scene.spa, &scene.native, &scene.web] {
        check_matrix(&scene, client, AUTH0).await;
    }
}

#[tokio::test]
async fn co_05_the_nine_cells_in_profile_standard() {
    let scene = Scene::standard(routes).await;
    for client in [&scene.spa, &scene.native] {
        check_matrix(&scene, client, strict(true)).await;
    }
    check_matrix(&scene, &scene.web, strict(false)).await;
}

#[tokio::test]
async fn co_06_verifiers_of_another_length_or_alphabet_are_refused() {
    let scene = Scene::new(routes).await;
    // RFC 7636 §4.1: "code-verifier = 43*128unreserved".
    for (verifier, good) in [
        ("v".repeat(42), false),
        ("v".repeat(43), true),
        (format!("{}-._~", "v".repeat(124)), true),
        ("v".repeat(129), false),
        (format!("{}+", "v".repeat(43)), false),
        (format!("{}=", "v".repeat(43)), false),
        (format!("{} ", "v".repeat(43)), false),
        (format!("{}é", "v".repeat(43)), false),
    ] {
        use base64::Engine as _;
        let hash = keywright_jose::sha256(verifier.as_bytes());
        let challenge = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash);
        let more = [("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")];
        let code = scene.code(&scene.spa, &more).await;
        let answer = scene.redeem(&scene.spa, &code, &[("code_verifier", &verifier)]).await;
        if good { granted(&answer) } else { refused(&answer, 403, "invalid_grant", VERIFIER_FAILED) }
    }
}
