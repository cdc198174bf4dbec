//! What an Action may ask for (R §3.5): one table of the methods of `api`, for each trigger, with their arguments.
//!
//! The worker builds `api` from the table and checks each call, so that a script hears of a wrong argument at once; the
//! parent checks the same again, because nothing that a worker sends is believed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::trigger::Trigger;

/// One call of a method of `api`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// Such as `accessToken.setCustomClaim`.
    pub method: String,
    /// As they were given; missing ones at the end are `null`.
    pub arguments: Vec<Value>,
}

/// The call cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("api.{method}: {problem}")]
pub struct InvalidCommand {
    method: String,
    problem: String,
}

/// What an argument is.
#[derive(Clone, Copy)]
enum Kind {
    /// Text of at most so many bytes, not empty.
    Text(usize),
    /// The same, or nothing.
    OptionalText(usize),
    /// Text, or `null` for none.
    NullableText(usize),
    /// Anything, with its most bytes as JSON.
    Json(usize),
    Boolean,
    /// A whole number that is not negative.
    Count,
    /// An object, or nothing.
    Options,
    /// One of these.
    Word(&'static [&'static str]),
    /// An address with http or https.
    Url,
    /// `{type, options?}` of a factor.
    Factor,
    /// A list of them.
    Factors,
    /// `null`, text, a number that JSON keeps exactly, or a truth value.
    Scalar(usize),
    /// Texts, in the number and length given.
    Texts(usize, usize),
}

use Kind::{
    Boolean, Count, Factor, Factors, Json, NullableText, OptionalText, Options, Scalar, Text, Texts, Url, Word,
};
use Trigger::{CredentialsExchange, PasswordResetPostChallenge, PostLogin, PreUserRegistration};

const REASON: usize = 2048;
const METADATA: usize = 32 * 1024;
const CLAIMS: usize = 100 * 1024;
const LOGIN: &[Trigger] = &[PostLogin];
const RESET: &[Trigger] = &[PasswordResetPostChallenge];
const SIGN_UP: &[Trigger] = &[PreUserRegistration];
const MACHINE: &[Trigger] = &[CredentialsExchange];
const BOTH: &[Trigger] = &[PostLogin, PasswordResetPostChallenge];
const PROVIDERS: &[&str] = &["any", "none", "guardian", "google-authenticator", "duo"];
const DENIALS: &[&str] = &["invalid_scope", "invalid_request", "server_error"];

/// Method, where it is, what it takes.
const METHODS: &[(&str, &[Trigger], &[Kind])] = &[
    ("access.deny", BOTH, &[Text(REASON), OptionalText(REASON)]),
    ("access.deny", MACHINE, &[Word(DENIALS), OptionalText(REASON)]),
    ("access.deny", SIGN_UP, &[Text(REASON), OptionalText(REASON)]),
    ("accessToken.addScope", LOGIN, &[Text(280)]),
    ("accessToken.removeScope", LOGIN, &[Text(280)]),
    ("accessToken.setCustomClaim", &[PostLogin, CredentialsExchange], &[Text(1024), Json(CLAIMS)]),
    ("authentication.challengeWith", BOTH, &[Factor, Options]),
    ("authentication.challengeWithAny", BOTH, &[Factors]),
    ("authentication.enrollWith", LOGIN, &[Factor, Options]),
    ("authentication.enrollWithAny", LOGIN, &[Factors]),
    ("authentication.recordMethod", LOGIN, &[Url]),
    ("authentication.setPrimaryUser", LOGIN, &[Text(128)]),
    ("idToken.setCustomClaim", LOGIN, &[Text(1024), Json(CLAIMS)]),
    ("multifactor.enable", LOGIN, &[Word(PROVIDERS), Options]),
    ("prompt.render", BOTH, &[Text(64), Options]),
    ("redirect.sendUserTo", BOTH, &[Url, Options]),
    ("refreshToken.deleteMetadata", LOGIN, &[Text(64)]),
    ("refreshToken.evictMetadata", LOGIN, &[]),
    ("refreshToken.revoke", LOGIN, &[OptionalText(REASON)]),
    ("refreshToken.setExpiresAt", LOGIN, &[Count]),
    ("refreshToken.setIdleExpiresAt", LOGIN, &[Count]),
    ("refreshToken.setMetadata", LOGIN, &[Text(255), NullableText(255)]),
    ("samlResponse.setAttribute", LOGIN, &[Text(1024), Json(2048)]),
    ("samlResponse.setAudience", LOGIN, &[Text(2048)]),
    ("samlResponse.setAuthnContextClassRef", LOGIN, &[Text(512)]),
    ("samlResponse.setCert", LOGIN, &[Text(4096)]),
    ("samlResponse.setCreateUpnClaim", LOGIN, &[Boolean]),
    ("samlResponse.setDestination", LOGIN, &[Text(2048)]),
    ("samlResponse.setDigestAlgorithm", LOGIN, &[Word(&["sha1", "sha256"])]),
    ("samlResponse.setEncryptionAlgorithm", LOGIN, &[Word(&["aes256-cbc", "aes256-gcm"])]),
    ("samlResponse.setEncryptionCert", LOGIN, &[Text(4096)]),
    ("samlResponse.setEncryptionPublicKey", LOGIN, &[Text(4096)]),
    ("samlResponse.setIncludeAttributeNameFormat", LOGIN, &[Boolean]),
    ("samlResponse.setIssuer", LOGIN, &[Text(2048)]),
    ("samlResponse.setKey", LOGIN, &[Text(4096)]),
    ("samlResponse.setLifetimeInSeconds", LOGIN, &[Count]),
    ("samlResponse.setMapIdentities", LOGIN, &[Boolean]),
    ("samlResponse.setMapUnknownClaimsAsIs", LOGIN, &[Boolean]),
    ("samlResponse.setNameIdentifierFormat", LOGIN, &[Text(512)]),
    ("samlResponse.setNameIdentifierProbes", LOGIN, &[Texts(10, 512)]),
    ("samlResponse.setPassthroughClaimsWithNoMapping", LOGIN, &[Boolean]),
    ("samlResponse.setRecipient", LOGIN, &[Text(2048)]),
    ("samlResponse.setRelayState", LOGIN, &[Text(2048)]),
    ("samlResponse.setSignResponse", LOGIN, &[Boolean]),
    ("samlResponse.setSignatureAlgorithm", LOGIN, &[Word(&["rsa-sha1", "rsa-sha256"])]),
    ("samlResponse.setSigningCert", LOGIN, &[Text(4096)]),
    ("samlResponse.setTypedAttributes", LOGIN, &[Boolean]),
    ("session.deleteMetadata", LOGIN, &[Text(64)]),
    ("session.evictMetadata", LOGIN, &[]),
    ("session.revoke", LOGIN, &[OptionalText(REASON), Options]),
    ("session.setCookieMode", LOGIN, &[Word(&["persistent", "non-persistent"])]),
    ("session.setExpiresAt", LOGIN, &[Count]),
    ("session.setIdleExpiresAt", LOGIN, &[Count]),
    ("session.setMetadata", LOGIN, &[Text(255), NullableText(255)]),
    ("transaction.addTargetScope", MACHINE, &[Text(280)]),
    ("transaction.clearTargetScopes", MACHINE, &[]),
    ("transaction.removeTargetScope", MACHINE, &[Text(280)]),
    ("transaction.setMetadata", LOGIN, &[Text(64), Scalar(8 * 1024)]),
    ("transaction.setResultUrl", RESET, &[Url, Options]),
    ("transaction.setTargetScopes", MACHINE, &[Texts(1000, 280)]),
    ("user.setAppMetadata", &[PostLogin, PreUserRegistration], &[Text(255), Json(METADATA)]),
    ("user.setUserMetadata", &[PostLogin, PreUserRegistration], &[Text(255), Json(METADATA)]),
    ("validation.error", &[PostLogin, PreUserRegistration], &[Text(255), Text(REASON)]),
];

/// Factors that an Action may ask for (R §3.5).
const FACTORS: [&str; 8] =
    ["otp", "email", "phone", "push", "push-notification", "webauthn-roaming", "webauthn-platform", "recovery-code"];

impl Command {
    /// Most calls in a pass.
    pub(crate) const MOST: usize = 1_000;

    /// Checks a call.
    ///
    /// # Errors
    /// When the trigger has no such method, or an argument is none that it takes.
    pub fn new(trigger: Trigger, method: &str, mut arguments: Vec<Value>) -> Result<Self, InvalidCommand> {
        let invalid = |problem: String| InvalidCommand { method: method.to_owned(), problem };
        let Some((_, _, kinds)) = METHODS.iter().find(|(name, at, _)| *name == method && at.contains(&trigger)) else {
            return Err(invalid(format!("is not a function of {}", trigger.id())));
        };
        // More than it takes are ignored, as JavaScript does.
        arguments.resize(kinds.len(), Value::Null);
        for (index, (kind, value)) in kinds.iter().zip(&arguments).enumerate() {
            kind.check(value).map_err(|problem| invalid(format!("argument {} {problem}", index.saturating_add(1))))?;
        }
        Ok(Self { method: method.to_owned(), arguments })
    }

    /// Checks what a worker sent.
    pub(crate) fn checked(self, trigger: Trigger) -> Result<Self, InvalidCommand> {
        Self::new(trigger, &self.method, self.arguments)
    }

    /// The methods of a trigger.
    pub(crate) fn methods(trigger: Trigger) -> impl Iterator<Item = &'static str> {
        METHODS.iter().filter(move |(_, at, _)| at.contains(&trigger)).map(|(name, _, _)| *name)
    }

    /// Whether the Actions after this one do not run: it denies, or sends the user away (R §3.5, §3.6).
    pub(crate) fn ends_the_trigger(&self) -> bool {
        matches!(self.method.as_str(), "access.deny" | "validation.error") || self.suspends()
    }

    /// Whether the user comes back to the Action later (R §3.6).
    #[must_use]
    pub fn suspends(&self) -> bool {
        matches!(
            self.method.as_str(),
            "redirect.sendUserTo"
                | "prompt.render"
                | "authentication.challengeWith"
                | "authentication.challengeWithAny"
                | "authentication.enrollWith"
                | "authentication.enrollWithAny"
        )
    }

    /// An argument that is text.
    pub(crate) fn text(&self, index: usize) -> Option<&str> {
        self.arguments.get(index).and_then(Value::as_str)
    }

    /// An argument, `null` when it is missing.
    pub(crate) fn value(&self, index: usize) -> Value {
        self.arguments.get(index).cloned().unwrap_or(Value::Null)
    }
}

impl Kind {
    fn check(self, value: &Value) -> Result<(), String> {
        let text = |most: usize| match value {
            Value::String(text) if text.is_empty() => Err("must not be empty".to_owned()),
            Value::String(text) if text.len() > most => Err(format!("must not be longer than {most} bytes")),
            Value::String(_) => Ok(()),
            _ => Err("must be a string".to_owned()),
        };
        let size = |most: usize| match serde_json::to_string(value) {
            Ok(json) if json.len() <= most => Ok(()),
            _ => Err(format!("must not be longer than {most} bytes")),
        };
        match self {
            OptionalText(_) | NullableText(_) | Options if value.is_null() => Ok(()),
            // An empty message is one that says nothing.
            OptionalText(_) | NullableText(_) if value.as_str().is_some_and(str::is_empty) => Ok(()),
            Text(most) | OptionalText(most) | NullableText(most) => text(most),
            Json(most) => size(most),
            Boolean => value.as_bool().map(|_| ()).ok_or_else(|| "must be true or false".to_owned()),
            Count => value.as_u64().map(|_| ()).ok_or_else(|| "must be a whole number".to_owned()),
            Options if value.is_object() => size(METADATA),
            Options => Err("must be an object".to_owned()),
            Word(words) => match value.as_str() {
                Some(word) if words.contains(&word) => Ok(()),
                _ => Err(format!("must be one of {}", words.join(", "))),
            },
            Url => address(value),
            Factor => factor(value),
            Factors => match value.as_array() {
                Some(all) if (1..=20).contains(&all.len()) => all.iter().try_for_each(factor),
                _ => Err("must be a list of factors".to_owned()),
            },
            Scalar(most) => match value {
                Value::Null | Value::Bool(_) => Ok(()),
                Value::Number(number) => safe(number),
                Value::String(text) if text.len() <= most => Ok(()),
                _ => Err(format!("must be a string of at most {most} bytes, a safe number, true, false or null")),
            },
            Texts(many, most) => match value.as_array() {
                Some(all) if all.len() <= many && all.iter().all(|one| Text(most).check(one).is_ok()) => Ok(()),
                _ => Err(format!("must be a list of at most {many} strings")),
            },
        }
    }
}

/// R §3.5: "unsafe integers rejected".
fn safe(number: &serde_json::Number) -> Result<(), String> {
    const SAFE: f64 = 9_007_199_254_740_991.0;
    let whole = number.as_f64().filter(|number| number.fract() != 0.0 || number.abs() <= SAFE);
    whole.map(|_| ()).ok_or_else(|| "must be a safe number".to_owned())
}

fn address(value: &Value) -> Result<(), String> {
    let url = value.as_str().filter(|text| text.len() <= 4096).and_then(|text| url::Url::parse(text).ok());
    match url {
        Some(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(()),
        _ => Err("must be an absolute URL with http or https".to_owned()),
    }
}

fn factor(value: &Value) -> Result<(), String> {
    let kind = value.get("type").and_then(Value::as_str);
    let options = value.get("options").is_none_or(|options| options.is_object() || options.is_null());
    match kind {
        Some(kind) if FACTORS.contains(&kind) && options => Ok(()),
        _ => Err(format!("must be a factor with a type of {}", FACTORS.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_method_is_there_once_for_each_trigger() {
        for trigger in Trigger::ALL {
            let mut names: Vec<_> = Command::methods(trigger).collect();
            let all = names.len();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), all, "{}", trigger.id());
        }
    }

    #[test]
    fn arguments_are_checked() {
        let call = |method, arguments: Value| {
            Command::new(PostLogin, method, arguments.as_array().unwrap().clone()).map_err(|error| error.problem)
        };
        for (method, arguments) in [
            ("access.deny", json!(["no"])),
            ("access.deny", json!(["code", "text"])),
            ("accessToken.setCustomClaim", json!(["https://x/y", {"a": 1}])),
            ("accessToken.setCustomClaim", json!(["x"])),
            ("redirect.sendUserTo", json!(["https://x.example/", {"query": {"a": "b"}}])),
            ("authentication.challengeWithAny", json!([[{"type": "otp"}, {"type": "email"}]])),
            ("multifactor.enable", json!(["any", {"allowRememberBrowser": true}])),
            ("session.setExpiresAt", json!([1_700_000_000_000_u64])),
            ("transaction.setMetadata", json!(["a", null])),
            ("session.evictMetadata", json!([1, 2, 3])),
        ] {
            assert!(call(method, arguments.clone()).is_ok(), "{method} {arguments}");
        }
        for (method, arguments) in [
            ("access.deny", json!([])),
            ("access.deny", json!([""])),
            ("access.deny", json!([{"toString": 1}])),
            ("access.deny", json!(["x".repeat(3000)])),
            ("accessToken.setCustomClaim", json!(["x", "y".repeat(200_000)])),
            ("redirect.sendUserTo", json!(["javascript:alert(1)"])),
            ("redirect.sendUserTo", json!(["/relative"])),
            ("authentication.challengeWith", json!([{"type": "palm"}])),
            ("authentication.challengeWithAny", json!([[]])),
            ("multifactor.enable", json!(["sms"])),
            ("session.setExpiresAt", json!([-1])),
            ("session.setExpiresAt", json!(["soon"])),
            ("transaction.setMetadata", json!(["a", {"b": 1}])),
            ("transaction.setMetadata", json!(["a", 9_007_199_254_740_993_u64])),
            ("transaction.setResultUrl", json!(["https://x.example/"])),
            ("nothing.such", json!([])),
        ] {
            assert!(call(method, arguments.clone()).is_err(), "{method} {arguments}");
        }
    }
}
