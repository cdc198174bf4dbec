//! Who calls the token endpoint and its neighbours (§2.1; CL-01 to CL-04, CL-08).

use std::sync::Arc;

use jiff::Timestamp;
use keywright_app::{App, AppError, ClientRecord};
use keywright_jose::{Digest, ExpectedAssertion, Purpose, unverified_subject, verify_assertion};
use keywright_store::used_jwt_ids;
use keywright_types::{Tenant, TenantId, TokenEndpointAuthMethod};
use secrecy::SecretString;

use super::TokenRequest;
use crate::error::OAuthError;
use crate::profile;

/// RFC 7523 §2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How the request tries to prove its client.
enum Presented {
    Nothing,
    Post(SecretString),
    Basic(SecretString),
    Assertion(String),
}

/// A client that has proven who it is, or has nothing to prove it with.
pub(crate) struct AuthenticatedClient {
    /// The client.
    pub(crate) record: Arc<ClientRecord>,
    /// Whether it was a client secret that proved it.
    pub(crate) by_secret: bool,
}

/// The client of this request, once it has proven who it is.
pub(crate) async fn authenticate(
    app: &App,
    tenant: &Tenant,
    request: &TokenRequest,
) -> Result<AuthenticatedClient, OAuthError> {
    let profile = tenant.settings.profile;
    let (client_id, presented) = presented(request)?;
    let basic = matches!(presented, Presented::Basic(_));
    let failed = |cause| Err(OAuthError::client_authentication_failed(profile, basic, cause));
    let Some(record) = app.client(&tenant.id, &client_id).await? else {
        return match presented {
            // §12.3: an unknown client without a secret is `invalid_client`; with one it is a failed authentication.
            Presented::Nothing => Err(OAuthError::invalid_client("Unknown client")),
            Presented::Assertion(_) => Err(OAuthError::assertion_failed("unknown client")),
            _ => failed("unknown client"),
        };
    };
    match (record.client.auth_method(), presented) {
        (TokenEndpointAuthMethod::PrivateKeyJwt, Presented::Assertion(assertion)) => {
            accept_assertion(app, tenant, &record, &assertion).await?;
            Ok(AuthenticatedClient { record, by_secret: false })
        }
        (TokenEndpointAuthMethod::PrivateKeyJwt, _) => {
            Err(OAuthError::assertion_failed("no assertion from a client that authenticates by one"))
        }
        (_, Presented::Assertion(_)) => {
            Err(OAuthError::assertion_failed("an assertion from a client that authenticates otherwise"))
        }
        (TokenEndpointAuthMethod::None, Presented::Nothing) => Ok(AuthenticatedClient { record, by_secret: false }),
        (TokenEndpointAuthMethod::None, _) if profile::ignores_secret_of_public_client(profile) => {
            Ok(AuthenticatedClient { record, by_secret: false })
        }
        (TokenEndpointAuthMethod::None, _) => failed("a secret from a client that has none"),
        (_, Presented::Nothing) => failed("no client secret was sent"),
        (TokenEndpointAuthMethod::ClientSecretPost, Presented::Basic(_))
        | (TokenEndpointAuthMethod::ClientSecretBasic, Presented::Post(_))
            if !profile::accepts_either_secret_method(profile) =>
        {
            failed("another authentication method than the registered one")
        }
        (_, Presented::Post(secret) | Presented::Basic(secret)) => {
            let Some(digest) = known_secret(app, &tenant.id, &record, &secret) else {
                return failed("wrong client secret");
            };
            app.record_secret_use(&tenant.id, &client_id, &digest).await;
            Ok(AuthenticatedClient { record, by_secret: true })
        }
    }
}

/// The client that a request names, before it has proven anything; for the log.
pub(super) fn named_client(request: &TokenRequest) -> Option<String> {
    presented(request).ok().map(|(client_id, _)| client_id)
}

/// RFC 6749 §2.3: "The client MUST NOT use more than one authentication method in each request."
fn presented(request: &TokenRequest) -> Result<(String, Presented), OAuthError> {
    let (client_id, secret) = (request.get("client_id"), request.get("client_secret"));
    let assertion = request.get("client_assertion").or_else(|| request.get("client_assertion_type"));
    let several = || Err(OAuthError::invalid_request("More than one client authentication method was used"));
    let post = |secret: &str| Presented::Post(SecretString::from(secret.to_owned()));
    match (request.basic(), assertion, client_id, secret) {
        (Some(_), Some(_), _, _) | (Some(_), _, _, Some(_)) | (_, Some(_), _, Some(_)) => several(),
        (Some(basic), None, Some(id), None) if basic.client_id != id => {
            Err(OAuthError::invalid_request("Parameter 'client_id' differs from the Authorization header"))
        }
        (Some(basic), None, _, None) => Ok((basic.client_id.clone(), Presented::Basic(basic.secret.clone()))),
        (None, Some(_), _, None) => presented_assertion(request),
        (None, None, Some(id), Some(secret)) => Ok((id.to_owned(), post(secret))),
        (None, None, Some(id), None) => Ok((id.to_owned(), Presented::Nothing)),
        (None, None, None, _) => Err(OAuthError::missing("client_id")),
    }
}

/// RFC 7521 §4.2: "The "client_id" is unnecessary for client assertion authentication because the client is identified by
/// the subject within the assertion. If present, the value of the "client_id" parameter MUST identify the same client as is
/// identified by the client assertion."
fn presented_assertion(request: &TokenRequest) -> Result<(String, Presented), OAuthError> {
    let assertion = request.required("client_assertion")?;
    if request.required("client_assertion_type")? != ASSERTION_TYPE {
        return Err(OAuthError::invalid_request("Parameter 'client_assertion_type' has an unsupported value"));
    }
    let subject = unverified_subject(assertion);
    match (subject, request.get("client_id")) {
        (Some(subject), Some(id)) if subject != id => {
            Err(OAuthError::assertion_failed("client_id and the subject of the assertion differ"))
        }
        (Some(subject), _) => Ok((subject, Presented::Assertion(assertion.to_owned()))),
        (None, _) => Err(OAuthError::assertion_failed("the assertion has no subject")),
    }
}

/// CL-02: secrets are compared as keyed digests, in constant time. CL-08: while a secret is being replaced, both are good.
fn known_secret(app: &App, tenant: &TenantId, record: &ClientRecord, presented: &SecretString) -> Option<Digest> {
    let presented = app.secret_digest(tenant, presented);
    let previous = record.previous_secret.as_ref().filter(|previous| app.now() < previous.expires_at);
    let own = record.secret.iter().chain(previous.map(|previous| &previous.secret));
    own.map(|own| app.secret_digest(tenant, own)).find(|own| *own == presented)
}

/// CL-03. An assertion that passed every check is taken, so that it passes once.
async fn accept_assertion(
    app: &App,
    tenant: &Tenant,
    record: &ClientRecord,
    assertion: &str,
) -> Result<(), OAuthError> {
    let (client_id, issuer) = (&record.client.client_id, tenant.issuer());
    let expected = ExpectedAssertion { client_id, audience: &issuer, now: app.now() };
    let accepted = verify_assertion(assertion, &record.assertion_keys, &expected);
    let accepted = accepted.map_err(|error| OAuthError::assertion_failed(&error.to_string()))?;
    // No client id holds a line feed, so that two pairs never share a digest.
    let identity = format!("{client_id}\n{}", accepted.jti);
    let digest = app.data_keys().digest(Purpose::ClientAssertionId, &tenant.id, identity.as_bytes());
    if take_once(app, tenant, digest, accepted.refused_from).await? {
        Ok(())
    } else {
        Err(OAuthError::assertion_failed("the assertion was used before"))
    }
}

/// Takes an identifier that counts once; `false` when it was taken before. CL-04: a store that does not answer is an error,
/// never a yes. `until` is in seconds since 1970.
pub(crate) async fn take_once(app: &App, tenant: &Tenant, digest: Digest, until: i64) -> Result<bool, AppError> {
    let until = Timestamp::from_second(until).unwrap_or(Timestamp::MAX);
    let id = tenant.id.clone();
    Ok(app.store().write(move |tx| used_jwt_ids::take(tx, &id, digest.as_bytes(), until)).await?)
}
