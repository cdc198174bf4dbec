//! `/keys/signing` (`management-api.md` §13).

use http::Method;
use serde_json::json;

use crate::caller::{Api, refused};

#[tokio::test]
async fn keys_are_listed_rotated_and_revoked() {
    let api = Api::new().await;
    let keys = api.get("/keys/signing").await.json();
    let keys = keys.as_array().unwrap();
    assert_eq!(keys.len(), 2);
    let of = |state: &str| keys.iter().find(|key| key[state] == true).unwrap();
    let (current, next) = (of("current"), of("next"));
    assert!(current["cert"].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(current["fingerprint"].as_str().unwrap().replace(':', ""), current["thumbprint"].as_str().unwrap());
    let path = |key: &serde_json::Value| format!("/keys/signing/{}", key["kid"].as_str().unwrap());
    assert_eq!(api.get(&path(current)).await.json(), *current);
    // Verifiers may not know the next key yet.
    assert_eq!(api.send(Method::POST, "/keys/signing/rotate", None).await.status, 409);
    api.app.advance(61);
    let rotated = api.send(Method::POST, "/keys/signing/rotate", None).await;
    assert_eq!((rotated.status.as_u16(), rotated.json()["kid"].clone()), (201, next["kid"].clone()));
    let revoke = |key: &serde_json::Value| {
        let (api, path) = (api.clone(), format!("{}/revoke", path(key)));
        async move { api.send(Method::PUT, &path, None).await }
    };
    refused(&revoke(next).await, 400, "Only previous signing keys can be revoked.", None);
    // A token that the previous key signed is good until that is revoked.
    let revoked = revoke(current).await;
    assert_eq!((revoked.status.as_u16(), revoked.json()["kid"].clone()), (200, current["kid"].clone()));
    assert_eq!(api.get("/keys/signing").await.status, 401, "the token of this test was signed by it");
    let api = api.with_scopes(keywright_management::SCOPES).await;
    assert_eq!(api.get(&path(current)).await.json()["revoked"], json!(true));
    refused(&api.get("/keys/signing/nothing").await, 404, "The signing key does not exist", None);
}
