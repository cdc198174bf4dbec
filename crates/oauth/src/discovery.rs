//! Discovery (§6.10; OpenID Connect Discovery §4; RFC 8414). MD-01: what is advertised works, and only that.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use keywright_app::{App, AppError, PublishedDocument};
use keywright_jose::{AssertionAlg, DPOP_ALGORITHMS};
use keywright_types::{Profile, Tenant, TenantId};
use keywright_web::CurrentTenant;
use keywright_web::tenancy::failure;
use moka::sync::Cache;
use serde_json::{Value, json};

use crate::device_authorization;
use crate::metadata::cacheable;
use crate::profile;
use crate::pushed_authorization;

/// Ways in which an application proves who it is (§2.1).
const AUTH_METHODS: [&str; 4] = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"];

/// How many tenants' documents a node remembers.
const REMEMBERED: u64 = 10_000;

/// The documents that were asked for, each with the settings it was made from. It is good for as long as these are the
/// tenant's settings.
#[derive(Clone)]
pub(crate) struct Documents(Arc<Cache<TenantId, (Arc<Tenant>, PublishedDocument)>>);

impl Documents {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Cache::new(REMEMBERED)))
    }

    fn of(&self, tenant: &Arc<Tenant>) -> Result<PublishedDocument, AppError> {
        if let Some((settings, document)) = self.0.get(&tenant.id)
            && Arc::ptr_eq(&settings, tenant)
        {
            return Ok(document);
        }
        let document = PublishedDocument::of(&document(tenant))?;
        self.0.insert(tenant.id.clone(), (tenant.clone(), document.clone()));
        Ok(document)
    }
}

/// `GET /.well-known/openid-configuration` and `GET /.well-known/oauth-authorization-server`.
pub(crate) fn get(
    documents: &Documents,
    State(app): &State<App>,
    CurrentTenant(tenant): &CurrentTenant,
    headers: &HeaderMap,
) -> Response {
    match documents.of(tenant) {
        Ok(document) => cacheable(headers, &document),
        Err(error) => failure(app, headers, &error),
    }
}

/// Names of claims that tokens and `/userinfo` can have.
fn claims(profile: Profile) -> Vec<&'static str> {
    let mut claims = vec![
        "address",
        "aud",
        "auth_time",
        "email",
        "email_verified",
        "exp",
        "family_name",
        "given_name",
        "iat",
        "iss",
        "middle_name",
        "name",
        "nickname",
        "nonce",
        "phone_number",
        "phone_number_verified",
        "picture",
        "preferred_username",
        "sid",
        "sub",
        "updated_at",
    ];
    if profile::gives_all_profile_claims(profile) {
        claims.extend(["birthdate", "gender", "locale", "profile", "website", "zoneinfo"]);
    }
    claims
}

fn document(tenant: &Tenant) -> Value {
    let settings = &tenant.settings;
    let mut document = json!({
        "issuer": tenant.issuer(),
        "authorization_endpoint": tenant.url("/authorize"),
        "token_endpoint": tenant.url("/oauth/token"),
        "device_authorization_endpoint": tenant.url(device_authorization::PATH),
        "userinfo_endpoint": tenant.url("/userinfo"),
        "jwks_uri": tenant.url("/.well-known/jwks.json"),
        "revocation_endpoint": tenant.url("/oauth/revoke"),
        "scopes_supported": ["openid", "profile", "offline_access", "email", "phone", "address"],
        "response_types_supported": [
            "code", "token", "id_token", "id_token token", "code id_token", "code token", "code id_token token"
        ],
        "response_modes_supported": ["query", "fragment", "form_post", "web_message"],
        "grant_types_supported": [
            "authorization_code", "implicit", "refresh_token", "client_credentials", "password",
            "http://auth0.com/oauth/grant-type/password-realm", device_authorization::GRANT_TYPE
        ],
        "code_challenge_methods_supported":
            if profile::accepts_plain_challenge(settings.profile) { json!(["S256", "plain"]) } else { json!(["S256"]) },
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": AssertionAlg::ALL,
        "revocation_endpoint_auth_methods_supported": AUTH_METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": AssertionAlg::ALL,
        "dpop_signing_alg_values_supported": DPOP_ALGORITHMS,
        "claims_supported": claims(settings.profile),
        "id_token_signing_alg_values_supported": keywright_jose::SigningAlg::ALL,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "claims_parameter_supported": profile::honours_claims_parameter(settings.profile),
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    if let Some(members) = document.as_object_mut() {
        if profile::sends_iss(settings) {
            members.insert("authorization_response_iss_parameter_supported".to_owned(), true.into());
        }
        if profile::supports_pushed_requests(settings) {
            let url = tenant.url(pushed_authorization::PATH);
            members.insert("pushed_authorization_request_endpoint".to_owned(), url.into());
            if settings.flags.require_pushed_authorization_requests {
                members.insert("require_pushed_authorization_requests".to_owned(), true.into());
            }
        }
        if settings.flags.enable_dynamic_client_registration {
            members.insert("registration_endpoint".to_owned(), tenant.url("/oidc/register").into());
        }
        if settings.oidc_logout.rp_logout_end_session_endpoint_discovery {
            members.insert("end_session_endpoint".to_owned(), tenant.url("/oidc/logout").into());
        }
    }
    document
}
