//! A request to the token endpoint, parsed once, before any grant runs (§0.4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use keywright_app::Caller;
use keywright_web::Parameters;
use keywright_web::parameters::{Limits, TOKEN};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use crate::error::OAuthError;

/// Parameters that mean something at the token and revocation endpoints.
const RECOGNIZED: [&str; 19] = [
    "audience",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "grant_type",
    "organization",
    "password",
    "realm",
    "redirect_uri",
    "refresh_token",
    "resource",
    "scope",
    "token",
    "token_type_hint",
    "username",
];

/// Body parameters, the credentials of HTTP Basic, and who sent them.
pub(crate) struct TokenRequest {
    parameters: Parameters,
    basic: Option<BasicCredentials>,
    caller: Caller,
    jkt: Option<String>,
}

/// Client id and secret of an `Authorization: Basic` header.
pub(crate) struct BasicCredentials {
    pub(crate) client_id: String,
    pub(crate) secret: SecretString,
}

impl TokenRequest {
    /// Reads a body by its content type: JSON or form.
    pub(crate) fn read(headers: &HeaderMap, body: &[u8], caller: Caller) -> Result<Self, OAuthError> {
        Self::read_with(headers, body, TOKEN, caller)
    }

    /// The same with limits of an endpoint's own.
    pub(crate) fn read_with(
        headers: &HeaderMap,
        body: &[u8],
        limits: Limits,
        caller: Caller,
    ) -> Result<Self, OAuthError> {
        let parameters = match media_type(headers).as_str() {
            "application/json" => Parameters::from_json(body, limits)?.text_only(&RECOGNIZED)?,
            "application/x-www-form-urlencoded" | "" => Parameters::from_urlencoded(body, limits)?,
            _ => {
                return Err(OAuthError::invalid_request(
                    "Content-Type must be application/json or application/x-www-form-urlencoded",
                ));
            }
        };
        Ok(Self { parameters, basic: basic_credentials(headers)?, caller, jkt: None })
    }

    /// Reads a form, for endpoints that take nothing else (§0.4).
    pub(crate) fn read_form(
        headers: &HeaderMap,
        body: &[u8],
        limits: Limits,
        caller: Caller,
    ) -> Result<Self, OAuthError> {
        if media_type(headers) != "application/x-www-form-urlencoded" {
            return Err(OAuthError::invalid_request("Content-Type must be application/x-www-form-urlencoded"));
        }
        let parameters = Parameters::from_urlencoded(body, limits)?;
        Ok(Self { parameters, basic: basic_credentials(headers)?, caller, jkt: None })
    }

    /// All parameters.
    pub(crate) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Who makes the request, for the tenant log and for limits.
    pub(crate) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Thumbprint of the key that a `DPoP` proof showed; `None` without a proof.
    pub(crate) fn jkt(&self) -> Option<&str> {
        self.jkt.as_deref()
    }

    /// Notes whose key a verified proof was made with.
    pub(crate) fn proven_with(&mut self, jkt: Option<String>) {
        self.jkt = jkt;
    }

    /// §0.4: `auth0-forwarded-for` "supplies the user's IP", when an application with a server side acts for its users. The
    /// application must be trusted for it; that is checked where it authenticates.
    pub(crate) fn trust_forwarded_address(&mut self, headers: &HeaderMap) {
        let forwarded = headers.get("auth0-forwarded-for").and_then(|value| value.to_str().ok());
        if let Some(address) = forwarded.and_then(|text| text.trim().parse().ok()) {
            self.caller.ip = Some(address);
        }
    }

    /// A parameter, if it was sent with a value.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name)
    }

    /// A parameter that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, OAuthError> {
        self.get(name).ok_or_else(|| OAuthError::missing(name))
    }

    /// Credentials of HTTP Basic.
    pub(crate) fn basic(&self) -> Option<&BasicCredentials> {
        self.basic.as_ref()
    }
}

/// The type of a body, without its parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// RFC 6749 §2.3.1: "The client identifier is encoded using the "application/x-www-form-urlencoded" encoding algorithm".
/// Some clients do not encode; since our ids and secrets are unreserved characters only, decoding is right for both.
fn basic_credentials(headers: &HeaderMap) -> Result<Option<BasicCredentials>, OAuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let malformed = || OAuthError::invalid_request("The Authorization header is malformed");
    let text = value.to_str().map_err(|_| malformed())?;
    let (scheme, credentials) = text.split_once(' ').ok_or_else(malformed)?;
    if values.next().is_some() || !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let decoded = STANDARD.decode(credentials.trim()).map_err(|_| malformed())?;
    let text = String::from_utf8(decoded).map_err(|_| malformed())?;
    let (client_id, secret) = text.split_once(':').ok_or_else(malformed)?;
    let decode = |text: &str| match percent_decode_str(text).decode_utf8() {
        // As in a body: no text with NUL goes to the database.
        Ok(text) if !text.contains('\0') => Ok(String::from(text)),
        _ => Err(malformed()),
    };
    Ok(Some(BasicCredentials { client_id: decode(client_id)?, secret: SecretString::from(decode(secret)?) }))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn read(headers: &HeaderMap, body: &[u8]) -> Result<TokenRequest, OAuthError> {
        TokenRequest::read(headers, body, Caller::default())
    }

    fn headers(content_type: &'static str, authorization: &'static str) -> HeaderMap {
        HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
            (header::AUTHORIZATION, HeaderValue::from_static(authorization)),
        ])
    }

    #[test]
    fn basic_credentials_are_decoded() {
        let request = read(&headers("application/x-www-form-urlencoded", "basic YSUyRGI6Yzpk"), b"").unwrap();
        let basic = request.basic().unwrap();
        assert_eq!((basic.client_id.as_str(), basic.secret.expose_secret()), ("a-b", "c:d"));
    }

    #[test]
    fn a_strange_authorization_header_or_content_type_is_refused() {
        for authorization in ["Basic", "Bearer abc", "Basic !!!", "Basic YQ=="] {
            assert!(read(&headers("application/json", authorization), b"{}").is_err(), "{authorization}");
        }
        let plain = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"))]);
        assert!(read(&plain, b"a=b").is_err());
        let json =
            HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static("Application/JSON; charset=utf-8"))]);
        assert_eq!(read(&json, b"{\"a\":\"b\"}").unwrap().get("a"), Some("b"));
    }
}
