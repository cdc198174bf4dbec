//! Scripts that are one function with a callback: Hooks (R §4), scripts of custom databases (R §5), and those of custom social
//! connections (R §6). The caller gives the arguments, and decides what the result means.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::outcome::{FailureKind, ScriptFailure};
use crate::pass::ScriptClock;

/// What a function is for: its shape, and which of its arguments are secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FunctionKind {
    /// Hook: `(client, scope, audience, context, cb)`.
    HookCredentialsExchange,
    /// Hook: `(user, context, cb)`.
    HookPreUserRegistration,
    /// Hook: `(user, context, cb)`.
    HookPostUserRegistration,
    /// Hook: `(user, context, cb)`.
    HookPostChangePassword,
    /// Hook: `(recipient, text, context, cb)`.
    HookSendPhoneMessage,
    /// Database: `(userNameOrEmail, password, callback)`.
    DatabaseLogin,
    /// Database: `(user, callback)`.
    DatabaseCreate,
    /// Database: `(email, callback)`.
    DatabaseVerify,
    /// Database: `(email, newPassword, callback)`.
    DatabaseChangePassword,
    /// Database: `(email, callback)`.
    DatabaseGetUser,
    /// Database: `(id, callback)`.
    DatabaseDelete,
    /// Database: `(email, newEmail, verified, callback)`.
    DatabaseChangeEmail,
    /// Social connection: `(accessToken, context, callback)`.
    FetchUserProfile,
}

impl FunctionKind {
    /// R §4: "CommonJS: `module.exports = function (…, cb)`". The others are one function expression.
    pub(crate) fn is_module(self) -> bool {
        matches!(
            self,
            Self::HookCredentialsExchange
                | Self::HookPreUserRegistration
                | Self::HookPostUserRegistration
                | Self::HookPostChangePassword
                | Self::HookSendPhoneMessage
        )
    }

    /// Arguments that no log may show: passwords, tokens of other services, one-time codes.
    fn secrets(self, arguments: &[Value]) -> Vec<String> {
        let places: &[(usize, &str)] = match self {
            Self::DatabaseLogin | Self::DatabaseChangePassword => &[(1, "")],
            Self::DatabaseCreate | Self::HookPreUserRegistration => &[(0, "/password")],
            Self::HookSendPhoneMessage => &[(2, "/code")],
            Self::FetchUserProfile => &[(0, ""), (1, "/access_token"), (1, "/id_token"), (1, "/refresh_token")],
            _ => &[],
        };
        let found = places.iter().filter_map(|(index, pointer)| arguments.get(*index)?.pointer(pointer)?.as_str());
        found.map(str::to_owned).collect()
    }
}

/// One call of one function.
#[derive(Clone, PartialEq)]
pub struct FunctionPass {
    /// What it is for.
    pub kind: FunctionKind,
    /// For messages.
    pub name: String,
    /// Its source.
    pub script: String,
    /// All but the callback.
    pub arguments: Vec<Value>,
    /// Databases and connections: the global `configuration`. Hooks: `context.webtask.secrets` of the last argument.
    pub configuration: Map<String, Value>,
    /// The clock and the chance that the script sees.
    pub clock: ScriptClock,
}

impl std::fmt::Debug for FunctionPass {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("FunctionPass")
            .field("kind", &self.kind)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl FunctionPass {
    /// What its console output must not show.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let configuration = self.configuration.values().filter_map(Value::as_str).map(str::to_owned);
        configuration.chain(self.kind.secrets(&self.arguments)).collect()
    }
}

/// It called back.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionOutcome {
    /// What it was called back with: the error, or the first value after it, `null` when there is none.
    pub result: Result<Value, FunctionError>,
}

/// It called back with an error, or threw one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// Which one.
    pub kind: FunctionErrorKind,
    /// Its message.
    pub message: String,
    /// Where in the script, for the tenant's log only.
    pub stack: Option<String>,
}

/// The errors that mean something (R §4, §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FunctionErrorKind {
    /// Any other.
    Other,
    /// `UnauthorizedError(message)`.
    Unauthorized,
    /// `WrongUsernameOrPasswordError(id, message)`; the id is missing when there is no such user.
    WrongUsernameOrPassword(Option<String>),
    /// `ValidationError(code, message)`, such as `user_exists`.
    Validation(String),
    /// `InvalidScopeError(message)`.
    InvalidScope,
    /// `InvalidRequestError(message)`.
    InvalidRequest,
    /// `ServerError(message)`.
    Server,
    /// `PreUserRegistrationError(logMessage, userMessage)`: the second is for the user.
    PreUserRegistration(Option<String>),
}

/// What the driver says.
#[derive(Deserialize)]
struct RawFunction {
    error: Option<RawFunctionError>,
    #[serde(default)]
    value: Value,
}

#[derive(Deserialize)]
struct RawFunctionError {
    name: String,
    message: String,
    #[serde(default)]
    stack: String,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    stalled: bool,
}

/// Longest text of an error that is passed on, in bytes.
const MESSAGE: usize = 2048;

fn bounded(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MESSAGE));
    text
}

/// Reads what a worker gave back.
pub(crate) fn outcome(text: &str) -> Result<FunctionOutcome, ScriptFailure> {
    let raw: RawFunction = serde_json::from_str(text).map_err(|_| ScriptFailure::new(FailureKind::Result))?;
    let Some(error) = raw.error else { return Ok(FunctionOutcome { result: Ok(raw.value) }) };
    if error.stalled {
        return Err(ScriptFailure { script: Some(0), ..ScriptFailure::new(FailureKind::Stalled) });
    }
    let detail = error.detail.map(bounded);
    let kind = match error.name.as_str() {
        "UnauthorizedError" => FunctionErrorKind::Unauthorized,
        "WrongUsernameOrPasswordError" => FunctionErrorKind::WrongUsernameOrPassword(detail),
        "ValidationError" => FunctionErrorKind::Validation(detail.unwrap_or_default()),
        "InvalidScopeError" => FunctionErrorKind::InvalidScope,
        "InvalidRequestError" => FunctionErrorKind::InvalidRequest,
        "ServerError" => FunctionErrorKind::Server,
        "PreUserRegistrationError" => FunctionErrorKind::PreUserRegistration(detail),
        _ => FunctionErrorKind::Other,
    };
    let stack = Some(bounded(error.stack)).filter(|stack| !stack.is_empty());
    Ok(FunctionOutcome { result: Err(FunctionError { kind, message: bounded(error.message), stack }) })
}
