//! `/clients/{id}/credentials`: public keys that an application authenticates with (`management-api.md` §2.8).

use http::StatusCode;
use keywright_app::{ClientCredential, CredentialError, NewClientCredential};
use keywright_jose::{AssertionAlg, PublicKey};
use keywright_store::client_credentials::{self, ClientCredentialRow};
use keywright_store::{StoreError, Tx, clients};
use keywright_types::{Client, TenantId, Timestamp};
use serde_json::{Map, Value, json};
use x509_parser::pem::parse_x509_pem;

use super::list::missing;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::json::set;
use crate::operation::{Operation, Outcome};
use crate::schema::formats::DATE_TIME;
use crate::schema::{Schema, boolean, formatted, list as list_of, object, one_of, optional, required, text, text_of};

const LIST: &str = "/clients/{id}/credentials";
const ONE: &str = "/clients/{id}/credentials/{credential_id}";

/// A credential to make. Of the kinds of Auth0 only public keys work here; certificates are for mutual TLS.
pub(super) fn create_schema() -> Schema {
    object(vec![
        required("credential_type", one_of(&["public_key"])),
        optional("name", text_of(0, 128)),
        required("pem", text_of(1, 4096).about("A public key or a certificate in PEM.")),
        optional("alg", one_of(&["RS256", "RS384", "PS256", "PS384", "ES256", "ES384"])),
        optional("kid", text_of(10, 64).pattern("^[0-9A-Za-z_-]+$")),
        optional("parse_expiry_from_cert", boolean().about("Whether it ends when the certificate does.")),
        optional("expires_at", formatted(DATE_TIME)),
    ])
}

pub(super) fn operations() -> Vec<Operation> {
    let members = ["id", "credential_type", "name", "kid", "alg", "created_at", "updated_at", "expires_at"];
    let answer = || object(members.map(|name| optional(name, text())).to_vec()).named("ClientCredential");
    vec![
        Operation::get(LIST, "List credentials of a client")
            .scopes(&["read:client_credentials"])
            .answers(list_of(answer()))
            .handled_by(list),
        Operation::post(LIST, "Create a credential of a client")
            .scopes(&["create:client_credentials"])
            .body(create_schema().named("ClientCredentialCreate"))
            .answers(answer())
            .handled_by(create),
        Operation::get(ONE, "Get a credential of a client")
            .scopes(&["read:client_credentials"])
            .answers(answer())
            .handled_by(get),
        Operation::patch(ONE, "Update a credential of a client")
            .scopes(&["update:client_credentials"])
            .body(object(vec![optional("expires_at", formatted(DATE_TIME).or_null())]).sized(1, 1))
            .answers(answer())
            .handled_by(update),
        Operation::delete(ONE, "Delete a credential of a client")
            .scopes(&["delete:client_credentials"])
            .status(StatusCode::NO_CONTENT)
            .handled_by(delete),
    ]
}

async fn list(call: Call) -> Outcome {
    Ok(Reply::json(all(&call).await?.iter().map(shown).collect::<Vec<_>>()))
}

async fn get(call: Call) -> Outcome {
    one(&call).await
}

async fn create(call: Call) -> Outcome {
    let new = new_credential(&call.members())?;
    let made = call.app.create_client_credential(&call.tenant.id, call.path("id"), new).await;
    match made {
        Ok(credential) => Ok(Reply::json(shown(&credential))),
        Err(CredentialError::NotFound) => Err(missing()),
        Err(error) => Err(failure(error)),
    }
}

async fn update(call: Call) -> Outcome {
    let expires_at = call.text("expires_at").and_then(|text| text.parse().ok());
    if expires_at.is_some_and(|end: Timestamp| end <= call.app.now()) {
        return Err(ApiError::invalid_body("expires_at must be in the future"));
    }
    let (client, credential) = (call.path("id"), call.path("credential_id"));
    let changed = call.app.set_client_credential_expiry(&call.tenant.id, client, credential, expires_at).await;
    changed.map_err(failure)?;
    one(&call).await
}

async fn delete(call: Call) -> Outcome {
    let (client, credential) = (call.path("id"), call.path("credential_id"));
    match call.app.delete_client_credential(&call.tenant.id, client, credential).await {
        Ok(()) => Ok(Reply::empty()),
        Err(error) => Err(failure(error)),
    }
}

async fn all(call: &Call) -> Result<Vec<ClientCredential>, ApiError> {
    let id = call.path("id").to_owned();
    call.read(move |tx, tenant| clients::find(tx, tenant, &id)?.map(drop).ok_or_else(missing)).await?;
    Ok(call.app.client_credentials(&call.tenant.id, call.path("id")).await?)
}

async fn one(call: &Call) -> Outcome {
    let wanted = call.path("credential_id");
    let found = all(call).await?.into_iter().find(|credential| credential.id == wanted);
    found.map(|credential| Reply::json(shown(&credential))).ok_or_else(|| failure(CredentialError::NotFound))
}

/// "pem never returned".
fn shown(credential: &ClientCredential) -> Value {
    let time = |time: Timestamp| format!("{time:.3}");
    let mut value = json!({
        "id": credential.id, "credential_type": "public_key", "kid": credential.kid, "alg": credential.alg,
        "created_at": time(credential.created_at), "updated_at": time(credential.updated_at),
    });
    if let Some(name) = &credential.name {
        set(&mut value, "name", json!(name));
    }
    if let Some(end) = credential.expires_at {
        set(&mut value, "expires_at", json!(time(end)));
    }
    value
}

/// The credential that a body describes.
fn new_credential(body: &Map<String, Value>) -> Result<NewClientCredential, ApiError> {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let pem = text("pem").unwrap_or_default();
    let key = PublicKey::from_pem(pem)
        .map_err(|error| ApiError::invalid_body("pem is no public key that can be used").cause(error))?;
    let named = match text("alg") {
        Some(alg) => AssertionAlg::named(alg),
        // §2.8: "RS256 (default)"; a P-256 key has no use for it.
        None => key.algorithms().first().copied(),
    };
    let alg = named.ok_or_else(|| ApiError::invalid_body("alg is not supported"))?;
    let mut expires_at = text("expires_at").and_then(|text| text.parse().ok());
    if body.get("parse_expiry_from_cert") == Some(&json!(true)) {
        expires_at = Some(
            end_of_certificate(pem)
                .ok_or_else(|| ApiError::invalid_body("parse_expiry_from_cert needs a certificate in pem"))?,
        );
    }
    Ok(NewClientCredential {
        name: text("name").map(str::to_owned),
        kid: text("kid").map(str::to_owned),
        alg,
        key,
        expires_at,
    })
}

fn end_of_certificate(text: &str) -> Option<Timestamp> {
    let (_, block) = parse_x509_pem(text.as_bytes()).ok()?;
    let certificate = block.parse_x509().ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}

/// Takes the credentials that come inline out of a new application, and leaves their identifiers in their place.
pub(super) fn taken_out(
    call: &Call,
    client_id: &str,
    document: &mut Map<String, Value>,
) -> Result<Vec<ClientCredentialRow>, ApiError> {
    let mut rows = Vec::new();
    for (owner, inner) in [("client_authentication_methods", Some("private_key_jwt")), ("signed_request_object", None)]
    {
        let own = document.get_mut(owner);
        let own = if let Some(inner) = inner { own.and_then(|own| own.get_mut(inner)) } else { own };
        let Some(Value::Array(credentials)) = own.and_then(|own| own.get_mut("credentials")) else { continue };
        for credential in credentials {
            let body = credential.as_object().cloned().unwrap_or_default();
            let row = call.app.client_credential_row(client_id, new_credential(&body)?).map_err(failure)?;
            *credential = json!({ "id": row.credential_id });
            rows.push(row);
        }
    }
    Ok(rows)
}

/// Every credential that the application authenticates with is one of its own.
pub(super) fn all_known(tx: &mut Tx<'_>, tenant: &TenantId, client: &Client) -> Result<(), ApiError> {
    let methods = client.client_authentication_methods.as_ref();
    let Some(named) = methods.and_then(|methods| methods.private_key_jwt.as_ref()) else { return Ok(()) };
    let known = client_credentials::list(tx, tenant, &client.client_id)?;
    if named.credentials.iter().all(|own| known.iter().any(|row| row.credential_id == own.id)) {
        return Ok(());
    }
    Err(ApiError::invalid_body("client_authentication_methods names a credential that does not exist"))
}

/// What the database says of a credential that was made with its application.
pub(super) fn refused(error: StoreError) -> ApiError {
    ApiError::from(error).when("client_credentials_kid_key", || failure(CredentialError::Exists))
}

fn failure(error: CredentialError) -> ApiError {
    match error {
        CredentialError::NotFound => ApiError::not_found("Credential does not exist"),
        CredentialError::Exists => ApiError::conflict("A credential with the same kid already exists"),
        CredentialError::InUse => {
            ApiError::bad_request("The credential is in use by client_authentication_methods and cannot be deleted")
        }
        CredentialError::TooMany => {
            ApiError::bad_request("The client has too many credentials").code("too_many_entities")
        }
        CredentialError::App(error) => error.into(),
        error @ (CredentialError::WrongAlgorithm | CredentialError::BadKid | CredentialError::BadName) => {
            ApiError::invalid_body(error.to_string())
        }
    }
}
