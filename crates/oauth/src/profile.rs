//! Every difference between profile `auth0` and profile `standard`, in one place (architecture §1).
//!
//! Documented for users in `docs/reference/profiles.md`; the tests named `profile_…` show each of them.

use http::StatusCode;
use jiff::Timestamp;
use keywright_app::return_url::Matching;
use keywright_jose::JwtType;
use keywright_types::{AppType, Client, Profile, TenantSettings};
use serde_json::Value;

/// Status of an OAuth error at the token endpoint.
///
/// §0.3: Auth0 answers 403 where RFC 6749 §5.2 demands "an HTTP 400 (Bad Request) status code".
pub(crate) fn token_error_status(profile: Profile, code: &str) -> StatusCode {
    match (profile, code) {
        (_, "server_error") => StatusCode::INTERNAL_SERVER_ERROR,
        (_, "temporarily_unavailable") => StatusCode::SERVICE_UNAVAILABLE,
        (_, "invalid_client") => StatusCode::UNAUTHORIZED,
        (_, "method_not_allowed") => StatusCode::METHOD_NOT_ALLOWED,
        (
            Profile::Auth0,
            "invalid_grant"
            | "unauthorized_client"
            | "access_denied"
            | "unauthorized"
            | "authorization_pending"
            | "expired_token",
        ) => StatusCode::FORBIDDEN,
        (Profile::Auth0, "slow_down") => StatusCode::TOO_MANY_REQUESTS,
        (Profile::Auth0, "unsupported_grant_type") => StatusCode::NOT_IMPLEMENTED,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// Code and description for a client that could not prove who it is.
///
/// §2.1: Auth0 answers a wrong secret with `access_denied`; RFC 6749 §5.2 has `invalid_client`.
pub(crate) fn failed_client_authentication(profile: Profile) -> (&'static str, &'static str) {
    match profile {
        Profile::Auth0 => ("access_denied", "Unauthorized"),
        Profile::Standard => ("invalid_client", "Client authentication failed"),
    }
}

// Errors of the token endpoint as profile `standard` says them. The sentences hold no input of the caller: it may be a
// secret that went into the wrong parameter.

/// RFC 6749 §5.2, `invalid_grant`: "does not match the redirection URI used in the authorization request".
pub(crate) const WRONG_REDIRECT_URI: (&str, &str) =
    ("invalid_grant", "The redirect URI is not the one of the authorization request");
/// RFC 6749 §5.2.
pub(crate) const UNSUPPORTED_GRANT_TYPE: (&str, &str) = ("unsupported_grant_type", "Unsupported grant type");
/// RFC 6749 §5.2, `invalid_grant`: "is invalid, expired, revoked".
pub(crate) const BLOCKED: (&str, &str) = ("invalid_grant", "user is blocked");
/// RFC 6749 §5.2, as [`BLOCKED`].
pub(crate) const GRANT_NOT_FOUND: (&str, &str) = ("invalid_grant", "Grant not found, cannot refresh access token");
/// RFC 6749 §5.2, `invalid_grant`: "The provided authorization grant (e.g., […] resource owner credentials) […] is invalid".
pub(crate) const TOO_MANY_ATTEMPTS: (&str, &str) = ("invalid_grant", "Too many failed logins");
/// RFC 6749 §5.2, as [`TOO_MANY_ATTEMPTS`].
pub(crate) const PASSWORD_LEAKED: (&str, &str) = ("invalid_grant", "The password is known from a data breach");
/// RFC 6749 §5.2, `invalid_request`: the request can never be answered as it is.
pub(crate) const NO_DEFAULT_CONNECTION: (&str, &str) =
    ("invalid_request", "Authorization server not configured with default connection.");
/// RFC 6749 §5.2, `invalid_request`: "includes an unsupported parameter value".
pub(crate) const INVALID_PASSWORD_CONNECTION: (&str, &str) =
    ("invalid_request", "invalid connection specified for password grant");
/// RFC 8707 §2, `invalid_target`: "The requested resource is invalid, missing, unknown, or malformed."
pub(crate) const UNKNOWN_AUDIENCE: (&str, &str) = ("invalid_target", "Unknown audience");
/// RFC 8707 §2.
pub(crate) const NO_AUDIENCE: (&str, &str) =
    ("invalid_target", "No audience parameter was provided, and no default audience has been configured");
/// RFC 8707 §2: the server "does not consider the resource(s) acceptable".
pub(crate) const AUDIENCE_NOT_ALLOWED: (&str, &str) =
    ("invalid_target", "The client is not authorized to access this audience");

/// RFC 8707 §2, for a token that would have to be bound to a key (§8.7).
pub(crate) const UNBOUND_AUDIENCE: (&str, &str) =
    ("invalid_target", "The client requires proof of possession, which is not possible for this audience");

/// Whether applications may push authorization requests (RFC 9126). Auth0 has a tenant setting for it, off by default; the
/// standards' profiles build on it, so there it is on unless the tenant switches it off.
pub(crate) fn supports_pushed_requests(settings: &TenantSettings) -> bool {
    settings.pushed_authorization_requests_supported.unwrap_or(settings.profile == Profile::Standard)
}

/// Whether revoking another client's token is an error (RFC 7009 §2.1); §4.6 has 200 for it. It stays alive either way.
pub(crate) fn refuses_foreign_revocation(profile: Profile) -> bool {
    profile == Profile::Standard
}

/// Whether a public client may send a secret all the same, which is ignored (§2.1). CL-01 wants the registered method.
pub(crate) fn ignores_secret_of_public_client(profile: Profile) -> bool {
    profile == Profile::Auth0
}

/// Status of an OAuth error that the authorization endpoint shows as a page (§0.3; 400 is RFC 9110's plain choice).
pub(crate) fn authorization_page_status(profile: Profile, code: &str) -> StatusCode {
    match (profile, code) {
        (_, "server_error") => StatusCode::INTERNAL_SERVER_ERROR,
        (_, "temporarily_unavailable") => StatusCode::SERVICE_UNAVAILABLE,
        (Profile::Auth0, "access_denied") => StatusCode::FORBIDDEN,
        (Profile::Auth0, "unsupported_response_type" | "unsupported_response_mode") => StatusCode::NOT_IMPLEMENTED,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// Whether a client may authenticate by the other secret method than the registered one.
///
/// §2.1: Auth0 treats post and basic alike, and `express-openid-connect` sends Basic whatever is registered. RFC 9700
/// and CL-01 want the registered method only.
pub(crate) fn accepts_either_secret_method(profile: Profile) -> bool {
    profile == Profile::Auth0
}

/// Whether this client must send a PKCE challenge, and by S256 (RFC 9700 §2.1.1; CO-05). Auth0 never enforces it (§1.1).
pub(crate) fn requires_pkce(profile: Profile, client: &Client) -> bool {
    profile == Profile::Standard && client.is_public()
}

/// Whether `plain` is an acceptable challenge method (RFC 9700 §2.1.1: "[…] S256 […]"). Auth0 lists it in discovery.
pub(crate) fn accepts_plain_challenge(profile: Profile) -> bool {
    profile == Profile::Auth0
}

/// Status of a successful registration: §6.7 has 200, RFC 7591 §3.2.1 demands "an HTTP 201 Created status code".
pub(crate) fn registration_status(profile: Profile) -> StatusCode {
    match profile {
        Profile::Auth0 => StatusCode::OK,
        Profile::Standard => StatusCode::CREATED,
    }
}

/// How an application that registers itself authenticates unless it says so: `client_secret_basic` is the default of
/// RFC 7591 §2 "if unspecified or omitted", `client_secret_post` that of §6.7.
pub(crate) fn registered_auth_method(profile: Profile) -> &'static str {
    match profile {
        Profile::Auth0 => "client_secret_post",
        Profile::Standard => "client_secret_basic",
    }
}

/// How callbacks are compared: Auth0 knows wildcards (RU-02) and ignores fragments and the case of a host (§1.3), the
/// standards compare strings (RU-01) and let a native application choose its port on a loopback address (RU-04).
pub(crate) fn callback_matching(profile: Profile, client: &Client) -> Matching {
    Matching {
        any_loopback_port: profile == Profile::Standard && client.app_type == Some(AppType::Native),
        // §8.3: "exact URLs only" for third-party applications.
        exact: profile == Profile::Standard || !client.is_first_party,
        ..logout_matching(profile)
    }
}

/// How logout URLs are compared (RU-07).
pub(crate) fn logout_matching(profile: Profile) -> Matching {
    Matching { exact: compares_exactly(profile), ..Matching::default() }
}

/// Whether registered addresses and origins are compared as strings: a wildcard, or the place of an organization's name,
/// stands for nothing then (RU-02).
pub(crate) fn compares_exactly(profile: Profile) -> bool {
    profile == Profile::Standard
}

/// Header `typ` of logout tokens. Back-Channel Logout §2.4: "it is RECOMMENDED that the typ header parameter be
/// logout+jwt"; Auth0 says `JWT` (§8.5), and its SDKs look at nothing else.
pub(crate) fn logout_token_type(profile: Profile) -> JwtType {
    match profile {
        Profile::Auth0 => JwtType::Jwt,
        Profile::Standard => JwtType::LogoutToken,
    }
}

/// Claim `updated_at`: Auth0 gives a string with milliseconds (§3.6), OpenID Connect Core §5.1 a number of seconds.
pub(crate) fn updated_at(profile: Profile, at: Timestamp) -> Value {
    match profile {
        Profile::Auth0 => Value::from(format!("{at:.3}")),
        Profile::Standard => Value::from(at.as_second()),
    }
}

/// Whether the request parameter `claims` has an effect (OpenID Connect Core §5.5). §1.1: Auth0 accepts it and does nothing.
pub(crate) fn honours_claims_parameter(profile: Profile) -> bool {
    profile == Profile::Standard
}

/// Whether the scope `profile` opens all claims of OpenID Connect Core §5.4. §3.6: "Auth0 documents only these" seven.
pub(crate) fn gives_all_profile_claims(profile: Profile) -> bool {
    profile == Profile::Standard
}

/// Whether access tokens of the RFC 9068 dialects carry `auth_time` where the request asked for it (RFC 9068 §2.2.1); §3.3
/// has it nowhere.
pub(crate) fn access_token_says_auth_time(profile: Profile) -> bool {
    profile == Profile::Standard
}

/// Whether `/userinfo` takes its token from the query: passport-auth0 does it, RFC 9700 §4.3.2 forbids it.
pub(crate) fn accepts_query_token(profile: Profile) -> bool {
    profile == Profile::Auth0
}

/// Whether authorization responses carry `iss` (RFC 9207). Auth0 has a tenant setting for it (§1.4).
pub(crate) fn sends_iss(settings: &TenantSettings) -> bool {
    let setting = settings.other.get("authorization_response_iss_parameter_supported");
    settings.profile == Profile::Standard || setting == Some(&Value::Bool(true))
}

/// Texts for clients that read them strictly: RFC 6749 §5.2 allows `error_description` no `"` and no `\`.
pub(crate) fn description(profile: Profile, text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_graphic() || *c == ' ')
        .map(|c| if profile == Profile::Standard && matches!(c, '"' | '\\') { '\'' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profile_statuses_of_the_token_endpoint() {
        for (code, auth0, standard) in [
            ("invalid_request", 400, 400),
            ("invalid_grant", 403, 400),
            ("unauthorized_client", 403, 400),
            ("access_denied", 403, 400),
            ("unsupported_grant_type", 501, 400),
            ("invalid_client", 401, 401),
            ("authorization_pending", 403, 400),
            ("slow_down", 429, 400),
            ("expired_token", 403, 400),
            ("server_error", 500, 500),
            ("temporarily_unavailable", 503, 503),
        ] {
            assert_eq!(token_error_status(Profile::Auth0, code).as_u16(), auth0, "{code}");
            assert_eq!(token_error_status(Profile::Standard, code).as_u16(), standard, "{code}");
        }
    }

    #[test]
    fn profile_updated_at_is_text_or_number() {
        let at: Timestamp = "2019-04-01T14:43:03.445Z".parse().unwrap();
        assert_eq!(updated_at(Profile::Auth0, at), "2019-04-01T14:43:03.445Z");
        assert_eq!(updated_at(Profile::Standard, at), 1_554_129_783);
        let even: Timestamp = "2019-04-01T14:43:03Z".parse().unwrap();
        assert_eq!(updated_at(Profile::Auth0, even), "2019-04-01T14:43:03.000Z");
    }

    #[test]
    fn profile_descriptions_are_printable() {
        let text = "Client \"a\u{1F600}\r\nb\" \\ no";
        assert_eq!(description(Profile::Auth0, text), "Client \"ab\" \\ no");
        assert_eq!(description(Profile::Standard, text), "Client 'ab' ' no");
    }
}
