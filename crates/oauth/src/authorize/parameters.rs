//! The parameters of an authorization request, one function each: what a value means, or why it is refused (§1.1, §1.2).
//!
//! Nothing here asks the database; what depends on configuration is in `checks.rs`.

use keywright_app::return_url;
use keywright_app::{
    AuthorizationRequest, CodeChallenge, CodeChallengeMethod, PromptValue, ResponseMode, ResponseType, ScreenHint,
};
use keywright_types::{Client, ScopeSet, Tenant};
use keywright_web::Parameters;

use super::checks::invalid;
use super::denial::AuthorizeError;
use super::scopes::{OFFLINE_ACCESS, ONLINE_ACCESS, without_refresh_token};
use crate::profile;

/// Check 3. OpenID Connect Core §6: "Should an OP not support this parameter and an RP uses it, the OP MUST return the
/// `request_not_supported` error." The redirect URI is not proven here, so the error is a page.
pub(super) fn no_request_object(parameters: &Parameters) -> Result<(), AuthorizeError> {
    if parameters.get("request").is_some() {
        return Err(AuthorizeError::page("request_not_supported", "Parameter 'request' is not supported"));
    }
    if parameters.get("request_uri").is_some() {
        return Err(AuthorizeError::page("request_uri_not_supported", "Parameter 'request_uri' is not supported"));
    }
    Ok(())
}

/// Check 4.
pub(super) fn response_type(value: Option<&str>) -> Result<ResponseType, AuthorizeError> {
    let Some(value) = value else {
        return Err(AuthorizeError::page("invalid_request", "Missing required parameter: response_type"));
    };
    let unsupported =
        |_| AuthorizeError::page("unsupported_response_type", format!("Unsupported response type: {value}"));
    value.parse().map_err(unsupported)
}

/// §1.1: "Default `query` for `code`, `fragment` otherwise". A mode that cannot reach the redirect URI is shown on a page.
pub(super) fn response_mode(
    response_type: ResponseType,
    redirect_uri: &str,
    value: Option<&str>,
) -> Result<ResponseMode, AuthorizeError> {
    match value {
        // Multiple Response Types §5, of each that bears a token: "The default Response Mode […] is the fragment encoding".
        None => Ok(if response_type.bears_tokens() { ResponseMode::Fragment } else { ResponseMode::Query }),
        // Refused below, in the mode that it should have had.
        Some("query") if response_type.bears_tokens() => Ok(ResponseMode::Fragment),
        Some("query") => Ok(ResponseMode::Query),
        Some("fragment") => Ok(ResponseMode::Fragment),
        // RU-05: a form and a message go to web pages only.
        Some("form_post") => Ok(ResponseMode::FormPost),
        Some("web_message") if return_url::origin(redirect_uri).is_some() => Ok(ResponseMode::WebMessage),
        Some("web_message") => {
            let text = "Parameter 'response_mode' is 'web_message', but the redirect URI has no web origin";
            Err(AuthorizeError::page("invalid_request", text))
        }
        Some(other) => {
            Err(AuthorizeError::page("unsupported_response_mode", format!("Unsupported response mode: {other}")))
        }
    }
}

/// Multiple Response Types §5: "the query encoding MUST NOT be used" for responses that bear tokens.
pub(super) fn no_tokens_in_query(request: &AuthorizationRequest, mode: Option<&str>) -> Result<(), AuthorizeError> {
    if mode == Some("query") && request.response_type.bears_tokens() {
        return Err(invalid(request, "Parameter 'response_mode' must not be 'query' for this response type"));
    }
    Ok(())
}

/// Check 7. OpenID Connect Core §3.2.2.1 and §3.3.2.11: "nonce REQUIRED" with an ID token from this endpoint.
pub(super) fn nonce_with_id_token(request: &AuthorizationRequest) -> Result<(), AuthorizeError> {
    if request.response_type.id_token && request.nonce.is_none() {
        return Err(invalid(request, "Missing required parameter: nonce"));
    }
    Ok(())
}

/// The scopes that count. An ID token is not asked for without `openid` (OpenID Connect Core §3.2.2.1), and without a code
/// there can be no refresh token (§4.1).
pub(super) fn scope(response_type: ResponseType, value: Option<&str>) -> ScopeSet {
    let scope = ScopeSet::parse(value.unwrap_or_default());
    let scope = if response_type.code { scope } else { without_refresh_token(&scope) };
    if response_type.id_token && !scope.contains("openid") {
        return ScopeSet::parse(&format!("openid {scope}"));
    }
    scope
}

/// §1.5: a refresh token either ends with the session or outlives it.
pub(super) fn one_kind_of_refresh_token(request: &AuthorizationRequest) -> Result<(), AuthorizeError> {
    if request.scope.contains(OFFLINE_ACCESS) && request.scope.contains(ONLINE_ACCESS) {
        return Err(invalid(request, "Cannot request both online_access and offline_access scopes"));
    }
    Ok(())
}

/// Unknown hints are hints that we do not know: ignored.
pub(super) fn screen_hint(value: Option<&str>) -> Option<ScreenHint> {
    match value {
        Some("signup") => Some(ScreenHint::Signup),
        Some("login") => Some(ScreenHint::Login),
        _ => None,
    }
}

/// OpenID Connect Core §3.1.2.1: "If this parameter contains none with any other value, an error is returned."
pub(super) fn prompt(request: &AuthorizationRequest, value: Option<&str>) -> Result<Vec<PromptValue>, AuthorizeError> {
    let mut values = Vec::new();
    for word in value.unwrap_or_default().split_ascii_whitespace() {
        let value = match word {
            "none" => PromptValue::None,
            "login" => PromptValue::Login,
            "consent" => PromptValue::Consent,
            "select_account" => PromptValue::SelectAccount,
            _ => return Err(invalid(request, "Parameter 'prompt' has an unknown value")),
        };
        if !values.contains(&value) {
            values.push(value);
        }
    }
    if values.contains(&PromptValue::None) && values.len() > 1 {
        return Err(invalid(request, "Parameter 'prompt' has 'none' beside another value"));
    }
    Ok(values)
}

pub(super) fn max_age(request: &AuthorizationRequest, value: Option<&str>) -> Result<Option<i64>, AuthorizeError> {
    let Some(value) = value else { return Ok(None) };
    match value.parse::<i64>() {
        Ok(seconds) if seconds >= 0 => Ok(Some(seconds)),
        _ => Err(invalid(request, "Parameter 'max_age' must be a number of seconds")),
    }
}

/// RFC 7636 §4.2, §4.3. CO-05: who must send a challenge is decided by the profile.
pub(super) fn code_challenge(
    tenant: &Tenant,
    client: &Client,
    request: &AuthorizationRequest,
    parameters: &Parameters,
) -> Result<Option<CodeChallenge>, AuthorizeError> {
    let profile = tenant.settings.profile;
    let method = parameters.get("code_challenge_method");
    let Some(value) = parameters.get("code_challenge") else {
        if method.is_some() || (request.response_type.code && profile::requires_pkce(profile, client)) {
            return Err(invalid(request, "Parameter 'code_challenge' is required"));
        }
        return Ok(None);
    };
    // RFC 7636 §4.3: "code_challenge_method OPTIONAL, defaults to "plain" if not present in the request."
    let method = match method {
        Some("S256") => CodeChallengeMethod::S256,
        None | Some("plain") if profile::accepts_plain_challenge(profile) => CodeChallengeMethod::Plain,
        _ => return Err(invalid(request, "Parameter 'code_challenge_method' has an unsupported value")),
    };
    // RFC 7636 §4.2: "code-challenge = 43*128unreserved"; a SHA-256 in base64url always has 43 characters.
    let length_ok = match method {
        CodeChallengeMethod::S256 => value.len() == 43,
        CodeChallengeMethod::Plain => (43..=128).contains(&value.len()),
    };
    let unreserved = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    if !length_ok || !unreserved {
        return Err(invalid(request, "Parameter 'code_challenge' is malformed"));
    }
    Ok(Some(CodeChallenge { value: value.to_owned(), method }))
}

/// RFC 9449 §10: "The value of the dpop_jkt authorization request parameter is the JWK Thumbprint [RFC7638] of the
/// proof-of-possession public key using the SHA-256 hash function", which has 43 characters in base64url.
pub(super) fn dpop_jkt(request: &AuthorizationRequest, value: Option<&str>) -> Result<Option<String>, AuthorizeError> {
    let is_thumbprint = |value: &str| {
        value.len() == 43 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    match value {
        Some(value) if !is_thumbprint(value) => Err(invalid(request, "Parameter 'dpop_jkt' is malformed")),
        value => Ok(value.map(str::to_owned)),
    }
}

/// §1.1: `audience`, else `resource`, else the tenant's default. `None` for `/userinfo` alone.
pub(super) fn audience(tenant: &Tenant, parameters: &Parameters) -> Option<String> {
    let named = parameters.get("audience").or_else(|| parameters.get("resource"));
    let default = Some(tenant.settings.default_audience.as_str()).filter(|audience| !audience.is_empty());
    named.or(default).filter(|audience| *audience != tenant.userinfo_audience()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_audience_is_named_else_the_resource_else_the_default() {
        let parameters = |text: &str| {
            Parameters::from_urlencoded(text.as_bytes(), keywright_web::parameters::AUTHORIZATION).unwrap()
        };
        let mut tenant = Tenant {
            id: keywright_types::TenantId::new("t"),
            domain: "d.example".to_owned(),
            settings: keywright_types::TenantSettings::default(),
            appearance: std::sync::Arc::default(),
        };
        assert_eq!(audience(&tenant, &parameters("audience=a&resource=b")).as_deref(), Some("a"));
        assert_eq!(audience(&tenant, &parameters("resource=b")).as_deref(), Some("b"));
        assert_eq!(audience(&tenant, &parameters("audience=https://d.example/userinfo")), None);
        assert_eq!(audience(&tenant, &parameters("scope=openid")), None);
        "default".clone_into(&mut tenant.settings.default_audience);
        assert_eq!(audience(&tenant, &parameters("scope=openid")).as_deref(), Some("default"));
    }
}
