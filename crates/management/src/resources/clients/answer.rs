//! An application as it is answered, with what the caller may see of it (`management-api.md` §2.4).

use keywright_app::{App, AppError};
use keywright_jose::{Purpose, certificate};
use keywright_store::clients::ClientRow;
use keywright_types::{Tenant, TenantId};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

use super::addons::{self, ADDONS};
use crate::authentication::Bearer;
use crate::error::ApiError;
use crate::projection::Projection;

/// Members that `read:client_summary` alone shows.
const SUMMARY: [&str; 6] = ["client_id", "app_type", "name", "description", "logo_uri", "is_first_party"];
/// Members that hold keys or secrets.
const KEYS: [&str; 3] = ["client_secret", "encryption_key", "signing_keys"];

/// What the caller may see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visibility {
    /// Name and kind.
    Summary,
    /// Everything but keys and secrets.
    Plain,
    /// Everything.
    Keys,
}

impl Visibility {
    /// For who reads.
    pub(super) fn of_reader(bearer: &Bearer) -> Self {
        let holds = |scope| bearer.scopes.contains(scope);
        if holds("read:client_keys") || holds("read:client_credentials") {
            Self::Keys
        } else if holds("read:clients") {
            Self::Plain
        } else {
            Self::Summary
        }
    }

    /// For who has changed it: who may set a secret may see it.
    pub(super) fn of_writer(bearer: &Bearer) -> Self {
        let keys = ["read:client_keys", "read:client_credentials", "update:client_keys"];
        if keys.iter().any(|scope| bearer.scopes.contains(scope)) { Self::Keys } else { Self::Plain }
    }

    fn hides(self, member: &str) -> bool {
        match self {
            Self::Summary => !SUMMARY.contains(&member),
            Self::Plain => KEYS.contains(&member),
            Self::Keys => false,
        }
    }

    /// §2.4: "Requesting a hidden field explicitly […] -> 403".
    pub(super) fn check(self, projection: &Projection) -> Result<(), ApiError> {
        if KEYS.iter().any(|member| self.hides(member) && projection.names(member)) {
            let message = "Some fields cannot be read with the permissions granted by the bearer token scopes.";
            return Err(ApiError::forbidden(message).code("insufficient_scope"));
        }
        Ok(())
    }
}

/// What every application of a tenant is answered with.
pub(super) struct Presentation {
    app: App,
    tenant: TenantId,
    tenant_name: String,
    signing_keys: Value,
    visibility: Visibility,
    projection: Option<Projection>,
}

impl Presentation {
    /// Loads what does not depend on the application.
    pub(super) async fn of(
        app: &App,
        tenant: &Tenant,
        visibility: Visibility,
        projection: Option<Projection>,
    ) -> Result<Self, ApiError> {
        let keys = app.signing_keys(&tenant.id).await?;
        let der = keys.current().certificate();
        let subject = format!("/CN={}", tenant.domain.split(':').next().unwrap_or_default());
        let signing_keys =
            json!([{ "cert": certificate::pem(der), "pkcs7": certificate::pkcs7_pem(der), "subject": subject }]);
        Ok(Self {
            app: app.clone(),
            tenant: tenant.id.clone(),
            tenant_name: tenant.domain.clone(),
            signing_keys,
            visibility,
            projection,
        })
    }

    /// The application.
    pub(super) fn show(&self, row: &ClientRow) -> Result<Value, ApiError> {
        let mut document = document(row)?;
        if !self.visibility.hides(ADDONS) {
            addons::put_back(&self.app, &self.tenant, row.addons.as_deref(), &mut document)?;
        }
        let mut set = |name: &str, value: Value| {
            if !self.visibility.hides(name) {
                document.insert(name.to_owned(), value);
            }
        };
        set("tenant", json!(self.tenant_name));
        set("callback_url_template", json!(false));
        set("signing_keys", self.signing_keys.clone());
        if self.visibility == Visibility::Keys {
            let secret = self.app.unsealed(Purpose::ClientSecret, &self.tenant, row.secret.as_deref())?;
            if let Some(secret) = secret {
                set("client_secret", json!(secret.expose_secret()));
            }
        }
        document.entry("global").or_insert(json!(false));
        let cross_origin = document.get("cross_origin_authentication").cloned().unwrap_or(json!(false));
        document.insert("cross_origin_auth".to_owned(), cross_origin);
        document.retain(|name, _| !self.visibility.hides(name));
        Ok(match &self.projection {
            Some(projection) => projection.apply(document),
            None => Value::Object(document),
        })
    }
}

/// The stored document. Nothing in it is secret: what is, lies sealed in columns of its own.
pub(super) fn document(row: &ClientRow) -> Result<Map<String, Value>, ApiError> {
    serde_json::from_str(&row.document)
        .map_err(|error| AppError::internal(format!("the document of client {}: {error}", row.client_id)).into())
}
