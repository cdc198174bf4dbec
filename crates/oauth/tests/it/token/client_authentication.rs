//! Who calls: the methods of §2.1 and everything that is not one of them (CL-01, CL-02, CL-07).

use http::Method;
use keywright_testkit::{Answer, Engine, Registered, Scene};
use keywright_types::{TenantSettings, TokenEndpointAuthMethod};

use crate::expect::{basic, form, granted, refused};
use crate::routes;

/// A `client_credentials` request with these body fields and this `Authorization`.
async fn request(scene: &Scene, authorization: Option<&str>, fields: &[(&str, &str)]) -> Answer {
    let common = [("grant_type", "client_credentials"), ("audience", "appointments:api")];
    let body = form(&[&common[..], fields].concat());
    let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
    headers.extend(authorization.map(|value| ("authorization", value)));
    scene.app.request(Method::POST, "/oauth/token", &headers, body).await
}

/// The ways of presenting a client, alone and in pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Nothing,
    Post,
    Basic,
    Assertion,
    PostAndBasic,
    PostAndAssertion,
    BasicAndAssertion,
}

const ALL: [Sent; 7] = [
    Sent::Nothing,
    Sent::Post,
    Sent::Basic,
    Sent::Assertion,
    Sent::PostAndBasic,
    Sent::PostAndAssertion,
    Sent::BasicAndAssertion,
];

async fn present(scene: &Scene, client: &Registered, sent: Sent) -> Answer {
    let credentials = basic(client.id(), &client.secret);
    let header = matches!(sent, Sent::Basic | Sent::PostAndBasic | Sent::BasicAndAssertion);
    let mut fields = vec![("client_id", client.id())];
    if matches!(sent, Sent::Post | Sent::PostAndBasic | Sent::PostAndAssertion) {
        fields.push(("client_secret", &client.secret));
    }
    if matches!(sent, Sent::Assertion | Sent::PostAndAssertion | Sent::BasicAndAssertion) {
        fields.push(("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
        fields.push(("client_assertion", "eyJhbGciOiJub25lIn0.e30."));
    }
    request(scene, header.then_some(credentials.as_str()), &fields).await
}

/// Status of every way of presenting a client whose registered method is `method`.
async fn check_methods(scene: &Scene, method: TokenEndpointAuthMethod, expected: [u16; 7]) {
    let client = scene
        .app
        .change_client(&scene.machine, |client| {
            client.token_endpoint_auth_method = method;
            // Something that a public client may ask for too, so that only the authentication decides.
            client.grant_types.push("authorization_code".to_owned());
        })
        .await;
    for (sent, status) in ALL.into_iter().zip(expected) {
        let answer = present(scene, &client, sent).await;
        assert_eq!(answer.status.as_u16(), status, "{method:?}, {sent:?}: {answer:#?}");
        assert_eq!(answer.json().get("access_token").is_some(), status == 200, "{method:?}, {sent:?}");
        if status == 401 && sent == Sent::Basic {
            assert_eq!(answer.header("www-authenticate"), "Basic realm=\"oauth\"", "RFC 6749 §5.2");
        }
    }
}

#[tokio::test]
async fn cl_01_profile_auth0_takes_either_secret_method_but_only_one() {
    use TokenEndpointAuthMethod as Method;
    let scene = Scene::new(routes).await;
    check_methods(&scene, Method::ClientSecretPost, [401, 200, 200, 401, 400, 400, 400]).await;
    check_methods(&scene, Method::ClientSecretBasic, [401, 200, 200, 401, 400, 400, 400]).await;
    // A public client's secret is ignored (§2.1); 403 is the grant's refusal, after the authentication.
    check_methods(&scene, Method::None, [403, 403, 403, 401, 400, 400, 400]).await;
}

#[tokio::test]
async fn cl_01_profile_standard_takes_the_registered_method_only() {
    use TokenEndpointAuthMethod as Method;
    let scene = Scene::standard(routes).await;
    check_methods(&scene, Method::ClientSecretPost, [401, 200, 401, 401, 400, 400, 400]).await;
    check_methods(&scene, Method::ClientSecretBasic, [401, 401, 200, 401, 400, 400, 400]).await;
    check_methods(&scene, Method::None, [400, 401, 401, 401, 400, 400, 400]).await;
}

#[tokio::test]
async fn cl_02_only_the_whole_secret_is_the_secret() {
    for (scene, error, description) in [
        (Scene::new(routes).await, "access_denied", "Unauthorized"),
        (Scene::standard(routes).await, "invalid_client", "Client authentication failed"),
    ] {
        let (id, secret) = (scene.machine.id(), scene.machine.secret.as_str());
        let (shorter, longer) = (&secret[..secret.len() - 1], format!("{secret}A"));
        let swapped = secret.to_ascii_uppercase();
        for wrong in [shorter, &longer, &swapped, "x", scene.web.secret.as_str(), id] {
            let answer = request(&scene, None, &[("client_id", id), ("client_secret", wrong)]).await;
            refused(&answer, 401, error, description);
            assert!(answer.headers.get("www-authenticate").is_none(), "no Basic was tried");
        }
        granted(&request(&scene, None, &[("client_id", id), ("client_secret", secret)]).await);
        // §12.3. A stranger with a secret cannot be told from a client with a wrong one.
        let stranger = request(&scene, None, &[("client_id", "nobody"), ("client_secret", secret)]).await;
        refused(&stranger, 401, error, description);
        refused(&request(&scene, None, &[("client_id", "nobody")]).await, 401, "invalid_client", "Unknown client");
        refused(&request(&scene, None, &[("client_id", id)]).await, 401, error, description);
        let nameless = request(&scene, None, &[("client_secret", secret)]).await;
        refused(&nameless, 400, "invalid_request", "Missing required parameter: client_id");
    }
}

#[tokio::test]
async fn basic_credentials_are_read_encoded_or_not_and_refused_when_malformed() {
    for engine in Engine::all() {
        let settings = TenantSettings::default();
        let scene = Scene::with(routes, engine, settings).await;
        let (id, secret) = (scene.machine.id(), scene.machine.secret.as_str());
        // RFC 6749 §2.3.1 encodes both halves; an encoder may escape more than it must.
        let escaped = secret.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        for good in [basic(id, secret), basic(id, &escaped), basic(id, secret).replacen("Basic", "bAsIc", 1)] {
            granted(&request(&scene, Some(&good), &[]).await);
            granted(&request(&scene, Some(&good), &[("client_id", id)]).await);
        }
        let sentence = "Parameter 'client_id' differs from the Authorization header";
        let other = request(&scene, Some(&basic(id, secret)), &[("client_id", scene.web.id())]).await;
        refused(&other, 400, "invalid_request", sentence);
        for malformed in [
            "Basic",
            "Basic ",
            "Basic !!!!",
            "Basic YQ==",
            "Bearer abc",
            "Digest username=\"a\"",
            &basic("a\0b", secret),
            &basic("a%00b", secret),
            &basic(id, "a%00b"),
            &basic(id, "%ff"),
        ] {
            let answer = request(&scene, Some(malformed), &[("client_id", id), ("client_secret", secret)]).await;
            refused(&answer, 400, "invalid_request", "The Authorization header is malformed");
        }
        let mut twice = http::Request::post("/oauth/token").header("content-type", "application/json");
        for _ in 0..2 {
            twice = twice.header("authorization", basic(id, secret));
        }
        let answer = scene.app.send(twice.body("{\"grant_type\":\"x\"}").unwrap()).await;
        refused(&answer, 400, "invalid_request", "The Authorization header is malformed");
        let wrong = request(&scene, Some(&basic(id, "no")), &[]).await;
        refused(&wrong, 401, "access_denied", "Unauthorized");
        assert_eq!(wrong.header("www-authenticate"), "Basic realm=\"oauth\"");
    }
}

/// Grants of §2.2 that an application without them must not have, and those that this server does not know at all.
#[tokio::test]
async fn cl_07_each_client_may_use_its_own_grants_only() {
    let scene = Scene::new(routes).await;
    let grants = [
        "authorization_code",
        "refresh_token",
        "client_credentials",
        "password",
        "implicit",
        "http://auth0.com/oauth/grant-type/password-realm",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ];
    for client in [&scene.web, &scene.spa, &scene.native, &scene.machine] {
        for grant in grants {
            let mut fields = vec![("grant_type", grant), ("client_id", client.id())];
            if !client.client.is_public() {
                fields.push(("client_secret", &client.secret));
            }
            let answer = scene.app.post_form("/oauth/token", &fields).await;
            let name = &client.client.name;
            match grant {
                // Allowed: the request goes on to the grant's own parameters.
                "authorization_code" | "refresh_token" if client.id() != scene.machine.id() => {
                    let missing = if grant == "refresh_token" { grant } else { "code" };
                    let sentence = format!("Missing required parameter: {missing}");
                    refused(&answer, 400, "invalid_request", &sentence);
                }
                "client_credentials" if !client.client.is_public() => {
                    let sentence = "No audience parameter was provided, and no default audience has been configured";
                    refused(&answer, 403, "access_denied", sentence);
                }
                "authorization_code"
                | "refresh_token"
                | "client_credentials"
                | "password"
                | "urn:ietf:params:oauth:grant-type:device_code"
                | "http://auth0.com/oauth/grant-type/password-realm" => {
                    let sentence = format!("Grant type '{grant}' not allowed for the client.");
                    refused(&answer, 403, "unauthorized_client", &sentence);
                    let uri = "https://auth0.com/docs/clients/client-grant-types";
                    assert_eq!(answer.json()["error_uri"], uri, "{name}, {grant}");
                }
                _ => {
                    let sentence = format!("Unsupported grant type: {grant}");
                    refused(&answer, 501, "unsupported_grant_type", &sentence);
                }
            }
        }
    }
}

#[tokio::test]
async fn cl_07_a_public_client_has_no_credentials_even_with_the_grant_type_on() {
    let scene = Scene::new(routes).await;
    let spa = scene.app.change_client(&scene.spa, |client| client.grant_types.push("client_credentials".into())).await;
    scene.app.grant(&spa, "appointments:api", vec!["contacts".to_owned()]).await;
    let answer = request(&scene, None, &[("client_id", spa.id())]).await;
    refused(&answer, 403, "unauthorized_client", "Grant type 'client_credentials' not allowed for the client.");
}
