//! `/keys/signing`: the keys that sign the tenant's tokens (`management-api.md` §13).

use http::StatusCode;
use keywright_app::{KeyRotationError, SigningKeyInfo};
use keywright_jose::certificate;
use keywright_store::signing_keys::KeyState;
use serde_json::{Value, json};

use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::json::set;
use crate::operation::{Operation, Outcome, Resource};
use crate::schema::{Schema, boolean, list as list_of, object, optional, text};

const ABOUT: &str = "\
The RSA keys that sign tokens, each with the P-256 key that rotates with it. See [Signing
keys](../../guides/signing-keys.md). A rotation within 60 seconds of the one before is refused (409), because verifiers may not
know the next key yet; only previous keys are revoked. An emergency is for `keywright keys revoke --at-once`.";

pub(super) fn resource() -> Resource {
    Resource {
        name: "keys-signing",
        title: "Signing keys",
        about: ABOUT,
        operations: vec![
            Operation::get("/keys/signing", "List signing keys")
                .scopes(&["read:signing_keys"])
                .answers(list_of(key()))
                .handled_by(list),
            Operation::get("/keys/signing/{kid}", "Get a signing key")
                .scopes(&["read:signing_keys"])
                .answers(key())
                .handled_by(get),
            Operation::post("/keys/signing/rotate", "Rotate the signing keys")
                .scopes(&["create:signing_keys"])
                .and_scopes(&["update:signing_keys"])
                .answers(key_and_certificate())
                .handled_by(rotate),
            Operation::put("/keys/signing/{kid}/revoke", "Revoke a signing key")
                .scopes(&["update:signing_keys"])
                .status(StatusCode::OK)
                .answers(key_and_certificate())
                .handled_by(revoke),
        ],
    }
}

fn key() -> Schema {
    let texts = ["kid", "cert", "pkcs7", "current_since", "current_until", "fingerprint", "thumbprint", "revoked_at"];
    let switches = ["current", "next", "previous", "revoked"];
    let texts = texts.map(|name| optional(name, text())).to_vec();
    object([texts, switches.map(|name| optional(name, boolean())).to_vec()].concat()).named("SigningKey")
}

fn key_and_certificate() -> Schema {
    object(vec![optional("kid", text()), optional("cert", text())])
}

fn shown(key: &SigningKeyInfo) -> Value {
    let fingerprint = certificate::fingerprint(&key.certificate);
    let mut value = json!({
        "kid": key.kid,
        "cert": certificate::pem(&key.certificate),
        "pkcs7": certificate::pkcs7_pem(&key.certificate),
        "current": key.state == KeyState::Current,
        "next": key.state == KeyState::Next,
        "previous": key.state == KeyState::Previous,
        "revoked": key.state == KeyState::Revoked,
        "fingerprint": fingerprint,
        "thumbprint": fingerprint.replace(':', ""),
    });
    for (name, time) in
        [("current_since", key.current_since), ("current_until", key.current_until), ("revoked_at", key.revoked_at)]
    {
        if let Some(time) = time {
            set(&mut value, name, json!(format!("{time:.3}")));
        }
    }
    value
}

fn missing() -> ApiError {
    ApiError::not_found("The signing key does not exist")
}

async fn find(call: &Call, kid: &str) -> Result<SigningKeyInfo, ApiError> {
    let keys = call.app.list_signing_keys(&call.tenant.id).await?;
    keys.into_iter().find(|key| key.kid == kid || key.ec_kid.as_deref() == Some(kid)).ok_or_else(missing)
}

async fn list(call: Call) -> Outcome {
    let keys = call.app.list_signing_keys(&call.tenant.id).await?;
    Ok(Reply::json(keys.iter().map(shown).collect::<Vec<_>>()))
}

async fn get(call: Call) -> Outcome {
    Ok(Reply::json(shown(&find(&call, call.path("kid")).await?)))
}

async fn rotate(call: Call) -> Outcome {
    let rotation = call.app.rotate_signing_keys(&call.tenant).await.map_err(failure)?;
    let current = find(&call, &rotation.current).await?;
    Ok(Reply::json(json!({ "kid": current.kid, "cert": certificate::pem(&current.certificate) })))
}

async fn revoke(call: Call) -> Outcome {
    let key = find(&call, call.path("kid")).await?;
    call.app.revoke_signing_key(&call.tenant.id, &key.kid).await.map_err(failure)?;
    Ok(Reply::json(json!({ "kid": key.kid, "cert": certificate::pem(&key.certificate) })))
}

fn failure(error: KeyRotationError) -> ApiError {
    match error {
        KeyRotationError::UnknownKey => missing(),
        KeyRotationError::App(error) => error.into(),
        KeyRotationError::NotPrevious(_) => ApiError::bad_request("Only previous signing keys can be revoked."),
        error @ (KeyRotationError::TooEarly(_) | KeyRotationError::Raced) => ApiError::conflict(error.to_string()),
    }
}
