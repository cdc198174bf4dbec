//! What a token request looks like, and how every malformed one is refused: in the shape of the surface, with the exact
//! status, without an effect and without an echo (§0.4, §2.2; CL-06, DO-03; client-requirements, "Requests").

use http::Method;
use keywright_testkit::{Answer, Scene};
use serde_json::{Value, json};

use crate::expect::{form, granted, refused, uncached_json};
use crate::routes;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

async fn send(scene: &Scene, path: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    scene.app.request(Method::POST, path, &[("content-type", content_type)], body.into()).await
}

/// Bodies that no endpoint can read, with status and sentence. Each of them carries the good code and the good secret.
fn unreadable(code: &str, client_id: &str, secret: &str) -> Vec<(&'static str, Vec<u8>, u16, &'static str)> {
    let with = |more: &str| {
        format!(
            r#"{{"grant_type":"authorization_code","code":"{code}","client_id":"{client_id}","client_secret":"{secret}"{more}}}"#
        )
    };
    let fields = form(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", client_id),
        ("client_secret", secret),
    ]);
    let not_json = "The request body is not a valid JSON object";
    let invalid_utf8 = |text: String| [text.trim_end_matches('}').as_bytes(), b",\"state\":\"\xff\"}"].concat();
    let deep = format!(",\"claims\":{}{}", "[".repeat(5000), "]".repeat(5000));
    let many = (0..100).map(|n| format!(",\"p{n}\":\"\"")).collect::<Vec<_>>().concat();
    let many_fields = (0..100).map(|n| format!("&p{n}=")).collect::<Vec<_>>().concat();
    vec![
        (JSON, with(",\"client_id\":\"x\"").into(), 400, "Parameter 'client_id' was sent more than once"),
        (JSON, with(",\"code\":null").into(), 400, "Parameter 'code' was sent more than once"),
        (JSON, with(",\"<b>\":\"1\",\"<b>\":\"2\"").into(), 400, "Parameter '(unknown)' was sent more than once"),
        (JSON, with(",\"redirect_uri\":5").into(), 400, "Parameter 'redirect_uri' must be a string"),
        (JSON, with(",\"redirect_uri\":1.5e3").into(), 400, "Parameter 'redirect_uri' must be a string"),
        (JSON, with(",\"redirect_uri\":true").into(), 400, "Parameter 'redirect_uri' must be a string"),
        (JSON, with(",\"redirect_uri\":[\"a\"]").into(), 400, "Parameter 'redirect_uri' must be a string"),
        (JSON, with(",\"redirect_uri\":{\"a\":\"b\"}").into(), 400, "Parameter 'redirect_uri' must be a string"),
        (JSON, with(",\"scope\":[\"openid\",1]").into(), 400, "Parameter 'scope' must be a string"),
        (JSON, with(",\"state\":\"\\u0000\"").into(), 400, "The request contains a NUL character"),
        (JSON, invalid_utf8(with("")), 400, "The request is not valid UTF-8"),
        (JSON, with(&deep).into(), 400, not_json),
        (JSON, with(&many).into(), 413, "The request is too large"),
        (JSON, with(&format!(",\"state\":\"{}\"", "x".repeat(16_385))).into(), 400, "Parameter 'state' is too long"),
        (JSON, with(&format!(",\"state\":\"{}\"", "x".repeat(65_536))).into(), 413, "The request is too large"),
        (JSON, with(&format!(",\"state\":\"{}\"", "x".repeat(3_000_000))).into(), 413, "The request is too large"),
        (JSON, format!("[{}]", with("")).into(), 400, not_json),
        (JSON, format!("{}{}", with(""), with("")).into(), 400, not_json),
        (JSON, with("").trim_end_matches('}').into(), 400, not_json),
        (JSON, fields.clone().into(), 400, not_json),
        (JSON, Vec::new(), 400, not_json),
        (JSON, "null".into(), 400, not_json),
        (FORM, format!("{fields}&client_id={client_id}").into(), 400, "Parameter 'client_id' was sent more than once"),
        (FORM, format!("{fields}&code=").into(), 400, "Parameter 'code' was sent more than once"),
        (FORM, format!("{fields}&state=%ff").into(), 400, "The request is not valid UTF-8"),
        (FORM, [fields.as_bytes(), b"&state=\xc3\x28"].concat(), 400, "The request is not valid UTF-8"),
        (FORM, format!("{fields}&state=%00").into(), 400, "The request contains a NUL character"),
        (FORM, format!("{fields}&st%00ate=1").into(), 400, "The request contains a NUL character"),
        (FORM, format!("{fields}{many_fields}").into(), 413, "The request is too large"),
        (FORM, format!("{fields}&state={}", "x".repeat(16_385)).into(), 400, "Parameter 'state' is too long"),
        (FORM, format!("{fields}&state={}", "x".repeat(65_536)).into(), 413, "The request is too large"),
        (FORM, format!("{fields}&state={}", "x".repeat(3_000_000)).into(), 413, "The request is too large"),
        ("text/plain", fields.clone().into(), 400, WRONG_TYPE),
        ("multipart/form-data; boundary=x", fields.clone().into(), 400, WRONG_TYPE),
        ("application/jsonp", with("").into(), 400, WRONG_TYPE),
        ("application/xml", with("").into(), 400, WRONG_TYPE),
    ]
}

const WRONG_TYPE: &str = "Content-Type must be application/json or application/x-www-form-urlencoded";

async fn check_unreadable(scene: &Scene) {
    let code = scene.code(&scene.web, &[("scope", "openid offline_access")]).await;
    let secret = scene.web.secret.as_str();
    for path in ["/oauth/token", "/oauth/revoke"] {
        for (content_type, body, status, sentence) in unreadable(&code, scene.web.id(), secret) {
            let answer = send(scene, path, content_type, body).await;
            refused(&answer, status, "invalid_request", sentence);
            let all = format!("{:?}{}", answer.headers, answer.body);
            assert!(!all.contains(secret) && !all.contains(&code), "{path}: an echo in {all}");
        }
    }
    granted(&scene.redeem(&scene.web, &code, &[]).await);
}

#[tokio::test]
async fn an_unreadable_body_is_refused_and_changes_nothing() {
    check_unreadable(&Scene::new(routes).await).await;
}

#[tokio::test]
async fn profile_standard_refuses_an_unreadable_body_in_the_same_way() {
    check_unreadable(&Scene::standard(routes).await).await;
}

#[tokio::test]
async fn an_empty_form_lacks_its_first_parameter() {
    let scene = Scene::new(routes).await;
    for (path, parameter) in [("/oauth/token", "grant_type"), ("/oauth/revoke", "client_id")] {
        let sentence = format!("Missing required parameter: {parameter}");
        for body in ["", "&&", "unknown=1", "grant_type=&client_id="] {
            refused(&send(&scene, path, FORM, body).await, 400, "invalid_request", &sentence);
        }
        for body in ["{}", r#"{"grant_type":null,"client_id":""}"#] {
            refused(&send(&scene, path, JSON, body).await, 400, "invalid_request", &sentence);
        }
        let without_type = scene.app.request(Method::POST, path, &[], String::new()).await;
        refused(&without_type, 400, "invalid_request", &sentence);
    }
}

#[tokio::test]
async fn json_and_form_are_equal_and_null_means_absent() {
    let scene = Scene::new(routes).await;
    let common = [
        ("grant_type", "client_credentials"),
        ("client_id", scene.machine.id()),
        ("client_secret", scene.machine.secret.as_str()),
        ("audience", "appointments:api"),
    ];
    let object: Value = common.iter().map(|(name, value)| (name.to_string(), json!(value))).collect();
    let json = |more: Value| {
        let mut object = object.clone();
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        object.to_string()
    };
    let fields = form(&common);
    let all = "appointments contacts read:contacts";
    for (content_type, body, scope) in [
        (FORM, fields.clone(), all),
        ("", fields.clone(), all),
        ("Application/X-WWW-Form-URLencoded; charset=UTF-8", fields.clone(), all),
        (FORM, format!("{fields}&scope=contacts+appointments&organization=&unknown=1"), "appointments contacts"),
        // Indented as the tutorials break their lines.
        (FORM, format!("{fields}&%20%20scope=contacts"), "contacts"),
        (JSON, json(json!({})), all),
        ("APPLICATION/JSON;charset=utf-8", json(json!({})), all),
        (JSON, json(json!({ "scope": null, "organization": null, "resource": null })), all),
        (JSON, json(json!({ "scope": "" })), all),
        (JSON, json(json!({ "scope": "contacts", "unknown": "1" })), "contacts"),
        (JSON, json(json!({ "scope": ["contacts", "appointments"] })), "appointments contacts"),
    ] {
        let headers = [("content-type", content_type), ("auth0-client", "eyJuYW1lIjoidGVzdCJ9")];
        let headers = if content_type.is_empty() { &headers[1..] } else { &headers[..] };
        let answer = scene.app.request(Method::POST, "/oauth/token", headers, body.clone()).await;
        granted(&answer);
        assert_eq!(answer.json()["scope"], scope, "{content_type}: {body}");
    }
}

#[tokio::test]
async fn cl_06_only_post_is_answered() {
    let scene = Scene::new(routes).await;
    let query = form(&[
        ("grant_type", "client_credentials"),
        ("client_id", scene.machine.id()),
        ("client_secret", &scene.machine.secret),
        ("audience", "appointments:api"),
    ]);
    for path in ["/oauth/token", "/oauth/revoke"] {
        for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
            let answer = scene.app.request(method, &format!("{path}?{query}"), &[], String::new()).await;
            refused(&answer, 405, "method_not_allowed", "Use POST");
            assert_eq!(answer.header("allow"), "POST");
        }
        // Credentials in the address do not count: they end up in logs.
        let answer = send(&scene, &format!("{path}?{query}"), FORM, "").await;
        assert_eq!(answer.status, 400, "{answer:#?}");
        uncached_json(&answer);
    }
}

#[tokio::test]
async fn the_phases_of_a_request_have_one_order() {
    let scene = Scene::new(routes).await;
    let (id, secret) = (scene.web.id(), scene.web.secret.as_str());
    let check = async |fields: &[(&str, &str)], status: u16, error: &str, description: &str| {
        refused(&scene.app.post_form("/oauth/token", fields).await, status, error, description);
    };
    // §2.2: the grant type's presence, then the client, then whether it may, then the grant's own parameters.
    check(
        &[("client_id", id), ("client_secret", "no")],
        400,
        "invalid_request",
        "Missing required parameter: grant_type",
    )
    .await;
    check(&[("grant_type", "x"), ("client_id", id), ("client_secret", "no")], 401, "access_denied", "Unauthorized")
        .await;
    check(
        &[("grant_type", "x"), ("client_id", id), ("client_secret", secret)],
        501,
        "unsupported_grant_type",
        "Unsupported grant type: x",
    )
    .await;
    scene.app.change_client(&scene.web, |client| client.grant_types = vec!["refresh_token".to_owned()]).await;
    check(
        &[("grant_type", "authorization_code"), ("client_id", id), ("client_secret", secret)],
        403,
        "unauthorized_client",
        "Grant type 'authorization_code' not allowed for the client.",
    )
    .await;
    check(
        &[("grant_type", "refresh_token"), ("client_id", id), ("client_secret", secret)],
        400,
        "invalid_request",
        "Missing required parameter: refresh_token",
    )
    .await;
}

#[tokio::test]
async fn profile_standard_says_the_errors_of_the_rfcs_without_input_of_the_caller() {
    let scene = Scene::standard(routes).await;
    let (id, secret) = (scene.web.id(), scene.web.secret.as_str());
    let mistaken = "a-secret-in-the-wrong-field";
    for (fields, error) in [
        (vec![("grant_type", mistaken)], "unsupported_grant_type"),
        (vec![("grant_type", "client_credentials"), ("audience", mistaken)], "invalid_target"),
        (vec![("grant_type", "client_credentials")], "invalid_target"),
        (vec![("grant_type", "client_credentials"), ("audience", "appointments:api")], "invalid_target"),
        (vec![("grant_type", "authorization_code"), ("code", mistaken)], "invalid_grant"),
        (vec![("grant_type", "refresh_token"), ("refresh_token", mistaken)], "invalid_grant"),
        (vec![("grant_type", "authorization_code")], "invalid_request"),
    ] {
        let fields = [fields, vec![("client_id", id), ("client_secret", secret)]].concat();
        let answer = scene.app.post_form("/oauth/token", &fields).await;
        // RFC 6749 §5.2: 400, and characters of %x20-21 / %x23-5B / %x5D-7E.
        assert_eq!((answer.status.as_u16(), answer.text("error").as_str()), (400, error), "{answer:#?}");
        assert!(!answer.body.contains(mistaken), "{answer:#?}");
        let description = answer.text("error_description");
        assert!(description.chars().all(|c| (' '..='~').contains(&c) && c != '"' && c != '\\'), "{description}");
        uncached_json(&answer);
    }
}
