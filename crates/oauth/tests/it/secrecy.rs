//! What is told about private keys: nothing, by no answer and in no file of the database (TK-05, ST-03). That logs, metrics and
//! traces tell nothing either is tested where they are made, in `crates/server`.

use keywright_testkit::{Answer, Scene, spellings};
use keywright_types::ResourceServer;
use secrecy::SecretString;

use crate::expect::{basic, change_api, form};
use crate::routes;

const SHARED: &str = "a-signing-secret-of-the-api";

/// Every kind of answer that has to do with keys, and errors.
async fn answers(scene: &Scene) -> Vec<Answer> {
    let mut answers = Vec::new();
    for path in [
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/pem",
        "/rawpem",
        "/cer",
        "/pb7",
        "/fingerprint",
        "/userinfo",
        "/authorize?client_id=nobody",
        "/oidc/logout?id_token_hint=x",
    ] {
        answers.push(scene.app.get(path, &[]).await);
    }
    for audience in ["appointments:api", "hmac", ""] {
        let tokens = scene.tokens(&scene.web, "openid offline_access", audience).await;
        answers.push(scene.refresh(&scene.web, &tokens.text("refresh_token"), &[]).await);
        answers.push(tokens);
    }
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("authorization", &*basic(scene.machine.id(), &scene.machine.secret)),
    ];
    for fields in
        [[("grant_type", "client_credentials"), ("audience", "hmac")], [("grant_type", "x"), ("audience", "")]]
    {
        answers.push(scene.app.request(http::Method::POST, "/oauth/token", &headers, form(&fields)).await);
    }
    answers
}

/// Bytes as a text of as many letters, because texts are searched quickly.
fn latin_1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

#[tokio::test]
async fn tk_05_private_keys_are_in_no_answer_and_in_no_file_of_the_database() {
    let scene = Scene::new(routes).await;
    let hmac = ResourceServer {
        id: "5f0c0000000000000000cccc".to_owned(),
        identifier: "hmac".to_owned(),
        signing_alg: "HS256".to_owned(),
        ..scene.api.clone()
    };
    scene.app.app.create_api(&scene.app.tenant.id, &hmac, Some(&SecretString::from(SHARED))).await.unwrap();
    let mut told: Vec<u8> = Vec::new();
    let mut keys = scene.private_keys().await;
    for algorithm in ["RS256", "PS256", "ES256"] {
        change_api(&scene, |api| api.signing_alg = algorithm.to_owned()).await;
        for answer in answers(&scene).await {
            told.extend(format!("{:?}\n", answer.headers).into_bytes());
            // PEM breaks its lines.
            told.extend(answer.bytes.into_iter().filter(|byte| !b"\r\n".contains(byte)));
        }
        scene.app.advance(60);
        scene.app.app.rotate_signing_keys(&scene.app.tenant).await.unwrap();
        keys.extend(scene.private_keys().await);
    }
    let (told, files) = (latin_1(&told), latin_1(&scene.database_files()));
    let holds = |place: &str, part: &[u8]| spellings(part).iter().any(|needle| place.contains(&latin_1(needle)));
    let published = keys.iter().filter(|key| holds(&told, &key.public)).count();
    assert!(published >= 2 * 4 && holds(&files, &keys[0].public), "a search that finds nothing proves nothing");
    for key in &keys {
        for part in &key.private {
            assert!(!holds(&told, part), "an answer tells a private key");
            assert!(!holds(&files, part), "the database holds a private key in clear");
        }
    }
    assert!(!holds(&told, SHARED.as_bytes()) && !holds(&files, SHARED.as_bytes()), "the API's secret");
}
