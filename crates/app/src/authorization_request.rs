//! A validated authorization request, as it is kept in a transaction (§1.1 of the wire reference).
//!
//! Only `oauth` makes one, after every check of §1.2; the login pages read it.

use keywright_types::ScopeSet;
use serde::{Deserialize, Serialize};

/// What an application asked for, after validation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// The application.
    pub client_id: String,
    /// Where the answer goes, without a fragment.
    pub redirect_uri: String,
    /// How the answer is carried.
    pub response_mode: ResponseMode,
    /// Requested scopes as they were sent.
    pub scope: ScopeSet,
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
    /// Which page comes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen_hint: Option<ScreenHint>,
    /// PKCE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
}

impl AuthorizationRequest {
    /// Whether `prompt` holds `value`.
    #[must_use]
    pub fn prompts(&self, value: PromptValue) -> bool {
        self.prompt.contains(&value)
    }
}

/// How an authorization response is carried (OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In the body of a self-posting form.
    FormPost,
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
