//! Who calls the token endpoint (§2.1; CL-01, CL-02).

use std::sync::Arc;

use keywright_app::{App, ClientRecord};
use keywright_jose::{Digest, Purpose};
use keywright_types::{Tenant, TenantId, TokenEndpointAuthMethod};
use secrecy::{ExposeSecret as _, SecretString};

use super::TokenRequest;
use crate::error::OAuthError;
use crate::profile;

/// How the request tries to prove its client.
enum Presented {
    Nothing,
    Post(SecretString),
    Basic(SecretString),
}

/// The client of this request, once it has proven who it is.
pub(crate) async fn authenticate(
    app: &App,
    tenant: &Tenant,
    request: &TokenRequest,
) -> Result<Arc<ClientRecord>, OAuthError> {
    let profile = tenant.settings.profile;
    let (client_id, presented) = presented(request)?;
    let basic = matches!(presented, Presented::Basic(_));
    let failed = |cause| Err(OAuthError::client_authentication_failed(profile, basic, cause));
    let Some(record) = app.client(&tenant.id, client_id).await? else {
        return match presented {
            // §12.3: an unknown client without a secret is `invalid_client`; with one it is a failed authentication.
            Presented::Nothing => Err(OAuthError::invalid_client("Unknown client")),
            _ => failed("unknown client"),
        };
    };
    let registered = record.client.token_endpoint_auth_method;
    match (registered, presented) {
        (TokenEndpointAuthMethod::None, Presented::Nothing) => Ok(record),
        (TokenEndpointAuthMethod::None, _) if profile::ignores_secret_of_public_client(profile) => Ok(record),
        (TokenEndpointAuthMethod::None, _) => failed("a secret from a client that has none"),
        (_, Presented::Nothing) => failed("no client secret was sent"),
        (TokenEndpointAuthMethod::ClientSecretPost, Presented::Basic(_))
        | (TokenEndpointAuthMethod::ClientSecretBasic, Presented::Post(_))
            if !profile::accepts_either_secret_method(profile) =>
        {
            failed("another authentication method than the registered one")
        }
        (_, Presented::Post(secret) | Presented::Basic(secret)) => {
            if is_secret(app, &tenant.id, record.secret.as_ref(), &secret) {
                Ok(record)
            } else {
                failed("wrong client secret")
            }
        }
    }
}

/// RFC 6749 §2.3: "The client MUST NOT use more than one authentication method in each request."
fn presented(request: &TokenRequest) -> Result<(&str, Presented), OAuthError> {
    let (client_id, secret) = (request.get("client_id"), request.get("client_secret"));
    if request.get("client_assertion").is_some() || request.get("client_assertion_type").is_some() {
        return Err(OAuthError::invalid_client("Client assertions are not enabled for the client"));
    }
    match (request.basic(), client_id, secret) {
        (Some(_), _, Some(_)) => {
            Err(OAuthError::invalid_request("More than one client authentication method was used"))
        }
        (Some(basic), Some(id), None) if basic.client_id != id => {
            Err(OAuthError::invalid_request("Parameter 'client_id' differs from the Authorization header"))
        }
        (Some(basic), _, None) => Ok((&basic.client_id, Presented::Basic(basic.secret.clone()))),
        (None, Some(id), Some(secret)) => Ok((id, Presented::Post(SecretString::from(secret.to_owned())))),
        (None, Some(id), None) => Ok((id, Presented::Nothing)),
        (None, None, _) => Err(OAuthError::missing("client_id")),
    }
}

/// CL-02: secrets are compared as keyed digests, in constant time.
fn is_secret(app: &App, tenant: &TenantId, own: Option<&SecretString>, presented: &SecretString) -> bool {
    let digest = |secret: &SecretString| -> Digest {
        app.master_key().digest(Purpose::ClientSecret, tenant, secret.expose_secret().as_bytes())
    };
    own.is_some_and(|own| digest(own) == digest(presented))
}
