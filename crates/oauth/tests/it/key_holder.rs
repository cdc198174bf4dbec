//! An application with a key of its own: assertions and `DPoP` proofs, good ones and any other.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_app::NewClientCredential;
use keywright_jose::{AssertionAlg, PublicKey, sha256};
use keywright_testkit::{Registered, Scene, TestApp};
use keywright_types::{ClientAuthenticationMethods, CredentialReference, OtherMembers, PrivateKeyJwt};
use serde_json::{Value, json};

static COUNTER: AtomicU64 = AtomicU64::new(0);

/// A P-256 key pair.
pub(crate) struct KeyHolder(EcdsaKeyPair);

impl KeyHolder {
    pub(crate) fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn jwk(&self) -> Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        json!({ "kty": "EC", "crv": "P-256", "x": encode(x), "y": encode(y) })
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::from_jwk(self.jwk().as_object().unwrap()).unwrap()
    }

    pub(crate) fn thumbprint(&self) -> String {
        self.public().thumbprint()
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let signature = self.0.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", encode(signature.as_ref()))
    }

    /// An assertion of `client_id` for the scene's tenant; `changes` replaces claims, or removes those that are null.
    pub(crate) fn assertion(&self, scene: &Scene, client_id: &str, changes: &Value) -> String {
        let now = scene.app.app.now().as_second();
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": scene.app.tenant.issuer(), "jti": next_id(), "iat": now,
            "exp": now + 60
        });
        self.sign(&json!({ "alg": "ES256" }), &changed(claims, changes))
    }

    /// A proof for a request to `path`.
    pub(crate) fn proof(&self, scene: &Scene, method: &str, path: &str, changes: &Value) -> String {
        let now = scene.app.app.now().as_second();
        let claims = json!({ "jti": next_id(), "htm": method, "htu": scene.app.tenant.url(path), "iat": now });
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk() });
        self.sign(&header, &changed(claims, changes))
    }

    /// A proof for `/userinfo` with a token.
    pub(crate) fn userinfo_proof(&self, scene: &Scene, token: &str) -> String {
        self.proof(scene, "GET", "/userinfo", &json!({ "ath": encode(sha256(token.as_bytes())) }))
    }
}

/// Lets an application authenticate with this key, and with nothing else.
pub(crate) async fn with_key(scene: &Scene, registered: &Registered, holder: &KeyHolder) -> Registered {
    let new = NewClientCredential {
        name: Some("Test".to_owned()),
        kid: None,
        alg: AssertionAlg::ES256,
        key: holder.public(),
        expires_at: None,
    };
    let app: &TestApp = &scene.app;
    let credential = app.app.create_client_credential(&app.tenant.id, registered.id(), new).await.unwrap();
    app.change_client(registered, |client| {
        let references = client.client_authentication_methods.take().and_then(|methods| methods.private_key_jwt);
        let mut credentials = references.unwrap_or_default().credentials;
        credentials.push(CredentialReference { id: credential.id });
        let private_key_jwt = Some(PrivateKeyJwt { credentials });
        client.client_authentication_methods =
            Some(ClientAuthenticationMethods { private_key_jwt, other: OtherMembers::new() });
    })
    .await
}

/// The fields of an assertion in a form.
pub(crate) fn asserted(assertion: &str) -> [(&'static str, &str); 2] {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    [("client_assertion_type", kind), ("client_assertion", assertion)]
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn next_id() -> String {
    format!("id-{}", COUNTER.fetch_add(1, Ordering::Relaxed))
}

fn changed(mut claims: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    claims
}
