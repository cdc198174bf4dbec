//! A validated authorization request, as it is kept in a transaction (§1.1 of the wire reference).
//!
//! Only `oauth` makes one, after every check of §1.2; the login pages read it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use keywright_types::ScopeSet;
use serde::{Deserialize, Serialize};

use crate::{ClaimsRequest, DeviceHandle};

/// What an application asked for, after validation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// The application.
    pub client_id: String,
    /// Where the answer goes, without a fragment.
    pub redirect_uri: String,
    /// What the answer consists of.
    #[serde(default)]
    pub response_type: ResponseType,
    /// How the answer is carried.
    pub response_mode: ResponseMode,
    /// Requested scopes.
    pub scope: ScopeSet,
    /// Claims that were asked for one by one (OpenID Connect Core §5.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<ClaimsRequest>,
    /// Values of `acr_values`, the preferred one first, as they were sent: recorded for what asks for more factors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr_values: Option<String>,
    /// The API the access token is for; `None` for `/userinfo` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Echoed byte for byte (AR-02).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Copied into the ID token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Values of `prompt`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompt: Vec<PromptValue>,
    /// Seconds since the last authentication that are still good enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
    /// Prefills the identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// Preferred languages of the pages, BCP 47 tags separated by spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ui_locales: Option<String>,
    /// Subject of a verified `id_token_hint` (AR-06).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_user_id: Option<String>,
    /// The connection that was asked for by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// The organization as whose member the user logs in, `org_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Which page comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen_hint: Option<ScreenHint>,
    /// PKCE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// Thumbprint of the key that the code is for (RFC 9449 §10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// The parameters as they were sent, for Rules and Actions; kept only where the tenant has some.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sent: BTreeMap<String, String>,
    /// The device that is to be activated. Then there is no callback: the answer waits for the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceHandle>,
}

impl AuthorizationRequest {
    /// Whether `prompt` holds `value`.
    #[must_use]
    pub fn prompts(&self, value: PromptValue) -> bool {
        self.prompt.contains(&value)
    }
}

/// What an authorization response consists of (OAuth 2.0 Multiple Response Type Encoding Practices). A code alone unless
/// something else is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResponseType {
    /// An authorization code.
    pub code: bool,
    /// An access token.
    pub token: bool,
    /// An ID token.
    pub id_token: bool,
}

impl ResponseType {
    /// Whether tokens are in the response itself, where the browser and its history see them (implicit and hybrid flows).
    #[must_use]
    pub fn bears_tokens(self) -> bool {
        self.token || self.id_token
    }

    /// The grant types that an application needs for it (§1.1).
    pub fn grant_types(self) -> impl Iterator<Item = &'static str> {
        let needed = [(self.bears_tokens(), "implicit"), (self.code, "authorization_code")];
        needed.into_iter().filter_map(|(needed, grant_type)| needed.then_some(grant_type))
    }
}

impl Default for ResponseType {
    fn default() -> Self {
        Self { code: true, token: false, id_token: false }
    }
}

/// A value of `response_type` that is none of the seven.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown response type")]
pub struct UnknownResponseType;

impl FromStr for ResponseType {
    type Err = UnknownResponseType;

    /// Multiple Response Types §2: "The order of response types does not matter".
    fn from_str(text: &str) -> Result<Self, UnknownResponseType> {
        let mut found = Self { code: false, token: false, id_token: false };
        for word in text.split(' ') {
            let flag = match word {
                "code" => &mut found.code,
                "token" => &mut found.token,
                "id_token" => &mut found.id_token,
                _ => return Err(UnknownResponseType),
            };
            if std::mem::replace(flag, true) {
                return Err(UnknownResponseType);
            }
        }
        Ok(found)
    }
}

impl fmt::Display for ResponseType {
    /// The registered name: `code id_token token`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = [(self.code, "code"), (self.id_token, "id_token"), (self.token, "token")];
        let words: Vec<_> = words.into_iter().filter_map(|(present, word)| present.then_some(word)).collect();
        formatter.write_str(&words.join(" "))
    }
}

impl TryFrom<String> for ResponseType {
    type Error = UnknownResponseType;

    fn try_from(text: String) -> Result<Self, UnknownResponseType> {
        text.parse()
    }
}

impl From<ResponseType> for String {
    fn from(value: ResponseType) -> Self {
        value.to_string()
    }
}

/// How an authorization response is carried (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode, §1.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    #[default]
    Query,
    /// In the fragment of the redirect URI.
    Fragment,
    /// In the body of a self-posting form.
    FormPost,
    /// In a message to the window that asked.
    WebMessage,
}

/// Values of `prompt` (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromptValue {
    /// Show nothing.
    None,
    /// Authenticate again.
    Login,
    /// Ask for consent again.
    Consent,
    /// Let the user choose an account.
    SelectAccount,
}

/// Values of `screen_hint`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScreenHint {
    /// The login page.
    Login,
    /// The sign-up page.
    Signup,
}

/// PKCE challenge (RFC 7636 §4.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeChallenge {
    /// The challenge as it was sent.
    pub value: String,
    /// How it was made of the verifier.
    pub method: CodeChallengeMethod,
}

/// `code_challenge_method`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CodeChallengeMethod {
    /// The verifier itself.
    #[serde(rename = "plain")]
    Plain,
    /// Base64url of the verifier's SHA-256.
    S256,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_types_are_sets_of_words() {
        for (text, name, grant_types) in [
            ("code", Some("code"), &["authorization_code"][..]),
            ("token", Some("token"), &["implicit"]),
            ("id_token", Some("id_token"), &["implicit"]),
            ("token id_token", Some("id_token token"), &["implicit"]),
            ("id_token code", Some("code id_token"), &["implicit", "authorization_code"]),
            ("token code", Some("code token"), &["implicit", "authorization_code"]),
            ("token id_token code", Some("code id_token token"), &["implicit", "authorization_code"]),
            ("", None, &[]),
            ("none", None, &[]),
            ("code none", None, &[]),
            ("code code", None, &[]),
            ("code  token", None, &[]),
            (" code", None, &[]),
            ("code,token", None, &[]),
            ("Code", None, &[]),
            ("id_token\ttoken", None, &[]),
        ] {
            let parsed = text.parse::<ResponseType>().ok();
            assert_eq!(parsed.map(|own| own.to_string()).as_deref(), name, "{text}");
            let grants: Vec<_> = parsed.into_iter().flat_map(ResponseType::grant_types).collect();
            assert_eq!(grants, grant_types, "{text}");
        }
    }

    #[test]
    fn requests_of_the_version_before_ask_for_a_code() {
        let stored = r#"{"client_id":"c","redirect_uri":"https://a.example","response_mode":"query","scope":"openid"}"#;
        let request: AuthorizationRequest = serde_json::from_str(stored).unwrap();
        assert_eq!(request.response_type, ResponseType::default());
        assert_eq!(request.response_type.to_string(), "code");
    }
}
