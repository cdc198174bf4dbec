//! Rules and Actions at the token endpoint (`rules-and-actions.md` §2.4): before a refresh token rotates, before a password gives
//! tokens, and before an application gets a token for itself.

use keywright_app::{App, AppError, Denial, Facts, LoginVerdict, RequestFacts, TokenChanges};
use serde_json::{Map, Value};

use super::TokenRequest;
use crate::error::OAuthError;

/// Parameters that scripts are not told: they prove who somebody is, or are worth tokens themselves.
const CREDENTIALS: [&str; 8] =
    ["client_secret", "client_assertion", "password", "refresh_token", "code", "code_verifier", "device_code", "token"];

/// The request that scripts are told of.
pub(super) fn request_facts(request: &TokenRequest) -> RequestFacts {
    let body: Map<String, Value> = request
        .parameters()
        .pairs()
        .into_iter()
        .filter(|(name, _)| !CREDENTIALS.contains(&name.as_str()))
        .map(|(name, value)| (name, Value::String(value)))
        .collect();
    RequestFacts { method: "POST".to_owned(), query: Map::new(), body, language: None }
}

/// What scripts change about the tokens of an exchange, or why there are none.
pub(super) async fn changes(app: &App, facts: &Facts<'_>) -> Result<TokenChanges, OAuthError> {
    if !app.has_login_scripts(&facts.tenant.id).await? {
        return Ok(TokenChanges::default());
    }
    match app.run_login_scripts(facts, None).await? {
        LoginVerdict::Passed(changes) => Ok(changes),
        LoginVerdict::Denied(Denial { error, description }) => Err(OAuthError::of_scripts(&error, description)),
        LoginVerdict::Away(_) => Err(AppError::internal("scripts sent a program elsewhere").into()),
    }
}
