//! Request parameters, read strictly once, before anything looks at a single one (AR-01, AR-08, DO-03).
//!
//! RFC 6749 §3.1: "Parameters sent without a value MUST be treated as if they were omitted from the request. […]
//! Request and response parameters MUST NOT be included more than once."

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use percent_encoding::percent_decode;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The parameters of one request: unique names, text values without NUL, none of them empty.
#[derive(Clone, Default)]
pub struct Parameters {
    values: BTreeMap<String, String>,
    /// Names whose JSON value is no text. An error only where the name means something.
    not_text: BTreeSet<String>,
}

/// Limits that hold before and while parsing.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of the whole query or body.
    pub total: usize,
    /// Bytes of one decoded value.
    pub value: usize,
}

/// For `/authorize` and pages: 8 KB in all, 2 KB each (AR-08).
pub const AUTHORIZATION: Limits = Limits { total: 8 * 1024, value: 2 * 1024 };
/// For the token endpoint and its neighbours, whose tokens may be longer.
pub const TOKEN: Limits = Limits { total: 64 * 1024, value: 16 * 1024 };

/// At most this many parameters are read.
const MAX_COUNT: usize = 100;

/// Why parameters were refused. The sentences are public and hold nothing but parameter names of our own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// The same of an address (RFC 9110 §15.5.15): 414.
    #[error("The request is too large")]
    AddressTooLong,
    /// More bytes than the limit, or too many parameters: 413.
    #[error("The request is too large")]
    TooLarge,
    /// One value is over its limit.
    #[error("Parameter '{0}' is too long")]
    ValueTooLong(String),
    /// The body did not arrive.
    #[error("The request body could not be read")]
    Unreadable,
    /// Not UTF-8.
    #[error("The request is not valid UTF-8")]
    NotUtf8,
    /// A NUL character in a name or value.
    #[error("The request contains a NUL character")]
    NulCharacter,
    /// The same name twice.
    #[error("Parameter '{0}' was sent more than once")]
    Duplicate(String),
    /// Not JSON, nested too deeply, or not an object.
    #[error("The request body is not a valid JSON object")]
    InvalidJson,
    /// A JSON value of a type that no parameter has.
    #[error("Parameter '{0}' must be a string")]
    NotText(String),
}

/// Handlers take `Result<Bytes, BytesRejection>`: the framework's own answer to an oversize body is plain text, which is
/// no surface's shape.
impl From<BytesRejection> for ParameterError {
    fn from(rejection: BytesRejection) -> Self {
        match rejection {
            BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Self::TooLarge,
            _ => Self::Unreadable,
        }
    }
}

impl Parameters {
    /// Reads `application/x-www-form-urlencoded` text: a query or a form.
    ///
    /// White space around names is ignored: the tutorials break long addresses into indented lines inside `href="…"`,
    /// and browsers keep those spaces (`&%20%20scope=…`).
    pub fn from_urlencoded(text: &[u8], limits: Limits) -> Result<Self, ParameterError> {
        if text.len() > limits.total {
            return Err(ParameterError::TooLarge);
        }
        let mut parameters = Self::default();
        for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decoded(halves.next().unwrap_or_default())?;
            let value = decoded(halves.next().unwrap_or_default())?;
            parameters.insert(name.trim(), &value, limits)?;
        }
        Ok(parameters.without_empty())
    }

    /// Reads the query of an address.
    pub fn from_query(query: Option<&str>, limits: Limits) -> Result<Self, ParameterError> {
        Self::from_urlencoded(query.unwrap_or_default().as_bytes(), limits).map_err(|error| match error {
            ParameterError::TooLarge => ParameterError::AddressTooLong,
            other => other,
        })
    }

    /// Reads the query of an address and the form that was posted to it: the endpoints that take GET and POST take their
    /// parameters from either. AR-01: a name in both was sent twice.
    pub fn from_query_and_form(
        query: Option<&str>,
        body: Result<Bytes, BytesRejection>,
        limits: Limits,
    ) -> Result<Self, ParameterError> {
        let query = Self::from_query(query, limits)?;
        query.merged(Self::from_urlencoded(&body?, limits)?)
    }

    /// Reads a JSON object of strings; `null` means absent, a `scope` may be an array of strings (§0.4).
    pub fn from_json(text: &[u8], limits: Limits) -> Result<Self, ParameterError> {
        if text.len() > limits.total {
            return Err(ParameterError::TooLarge);
        }
        let text = std::str::from_utf8(text).map_err(|_| ParameterError::NotUtf8)?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let members = deserializer.deserialize_map(JsonObject).map_err(|_| ParameterError::InvalidJson)?;
        deserializer.end().map_err(|_| ParameterError::InvalidJson)?;
        let mut parameters = Self::default();
        for (name, value) in members {
            match value {
                JsonValue::Null => parameters.insert(&name, "", limits)?,
                JsonValue::Text(text) => parameters.insert(&name, &text, limits)?,
                JsonValue::Texts(texts) if name == "scope" => parameters.insert(&name, &texts.join(" "), limits)?,
                JsonValue::Texts(_) | JsonValue::Other => {
                    parameters.insert(&name, "", limits)?;
                    parameters.not_text.insert(name);
                }
            }
        }
        Ok(parameters.without_empty())
    }

    /// Joins two sources; a name in both was sent twice.
    pub fn merged(mut self, other: Self) -> Result<Self, ParameterError> {
        for (name, value) in other.values {
            if self.values.contains_key(&name) {
                return Err(ParameterError::Duplicate(public_name(&name)));
            }
            self.values.insert(name, value);
        }
        self.not_text.extend(other.not_text);
        Ok(self)
    }

    /// Refuses a request in which one of the `recognized` parameters is a JSON number, boolean, array or object.
    ///
    /// RFC 6749 §3.2: "The authorization server MUST ignore unrecognized request parameters", whatever they hold.
    pub fn text_only(self, recognized: &[&str]) -> Result<Self, ParameterError> {
        match recognized.iter().find(|name| self.not_text.contains(**name)) {
            Some(name) => Err(ParameterError::NotText((*name).to_owned())),
            None => Ok(self),
        }
    }

    /// The value of a parameter; never empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Names and values, to be sent on.
    #[must_use]
    pub fn pairs(&self) -> Vec<(String, String)> {
        self.values.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn insert(&mut self, name: &str, value: &str, limits: Limits) -> Result<(), ParameterError> {
        if name.contains('\0') || value.contains('\0') {
            return Err(ParameterError::NulCharacter);
        }
        // An ID token with many claims is the one value that is long by right.
        if value.len() > limits.value && name != "id_token_hint" {
            return Err(ParameterError::ValueTooLong(public_name(name)));
        }
        if self.values.len() >= MAX_COUNT {
            return Err(ParameterError::TooLarge);
        }
        if self.values.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(ParameterError::Duplicate(public_name(name)));
        }
        Ok(())
    }

    fn without_empty(mut self) -> Self {
        self.values.retain(|name, value| !name.is_empty() && !value.is_empty());
        self
    }
}

/// Names only, because values are codes, passwords and tokens (OP-02).
impl fmt::Debug for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.values.keys()).finish()
    }
}

/// A parameter name that may stand in an error: ours are short and plain, anything else is not echoed.
fn public_name(name: &str) -> String {
    let plain = name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if plain { name.to_owned() } else { "(unknown)".to_owned() }
}

fn decoded(text: &[u8]) -> Result<String, ParameterError> {
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect::<Vec<_>>().into()
    } else {
        text.into()
    };
    percent_decode(&spaced).decode_utf8().map(Cow::into_owned).map_err(|_| ParameterError::NotUtf8)
}

enum JsonValue {
    Null,
    Text(String),
    Texts(Vec<String>),
    Other,
}

/// Visits an object member by member, so that a name sent twice is seen instead of overwritten.
struct JsonObject;

impl<'de> Visitor<'de> for JsonObject {
    type Value = Vec<(String, JsonValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while members.len() <= MAX_COUNT
            && let Some(member) = map.next_entry()?
        {
            members.push(member);
        }
        // What is beyond is read to its end, and the request is refused for its count.
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(members)
    }
}

impl<'de> serde::Deserialize<'de> for JsonValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonValueVisitor)
    }
}

struct JsonValueVisitor;

impl<'de> Visitor<'de> for JsonValueVisitor {
    type Value = JsonValue;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string or null")
    }

    fn visit_unit<E>(self) -> Result<JsonValue, E> {
        Ok(JsonValue::Null)
    }

    fn visit_str<E>(self, text: &str) -> Result<JsonValue, E> {
        Ok(JsonValue::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<JsonValue, E> {
        Ok(JsonValue::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<JsonValue, E> {
        Ok(JsonValue::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<JsonValue, E> {
        Ok(JsonValue::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<JsonValue, E> {
        Ok(JsonValue::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<JsonValue, A::Error> {
        let mut texts = Vec::new();
        let mut only_text = true;
        while let Some(value) = sequence.next_element::<JsonValue>()? {
            match value {
                JsonValue::Text(text) => texts.push(text),
                _ => only_text = false,
            }
        }
        Ok(if only_text { JsonValue::Texts(texts) } else { JsonValue::Other })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonValue, A::Error> {
        // Skipping still obeys the depth limit of serde_json.
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(JsonValue::Other)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(text: &str) -> Result<Parameters, ParameterError> {
        Parameters::from_urlencoded(text.as_bytes(), AUTHORIZATION)
    }

    fn json(text: &str) -> Result<Parameters, ParameterError> {
        Parameters::from_json(text.as_bytes(), TOKEN)
    }

    #[test]
    fn decodes_plus_percent_and_ignores_empty_values() {
        let parameters = form("scope=openid+email&state=a%2Bb%26c&empty=&&flag").unwrap();
        assert_eq!(parameters.get("scope"), Some("openid email"));
        assert_eq!(parameters.get("state"), Some("a+b&c"));
        assert_eq!((parameters.get("empty"), parameters.get("flag")), (None, None));
    }

    #[test]
    fn names_may_be_indented_as_in_the_tutorials() {
        let parameters = form("%20%20response_type=code&%20%20client_id=x&++state=%20y").unwrap();
        assert_eq!(parameters.get("response_type"), Some("code"));
        assert_eq!(parameters.get("client_id"), Some("x"));
        assert_eq!(parameters.get("state"), Some(" y"), "values are kept as they are");
    }

    #[test]
    fn ar_01_a_parameter_sent_twice_is_refused() {
        assert_eq!(form("a=1&b=2&a=1").unwrap_err(), ParameterError::Duplicate("a".to_owned()));
        assert_eq!(form("a=&a=1").unwrap_err(), ParameterError::Duplicate("a".to_owned()));
        assert_eq!(form("a=1&%20a=2").unwrap_err(), ParameterError::Duplicate("a".to_owned()));
        assert_eq!(json(r#"{"a":"1","a":"2"}"#).unwrap_err(), ParameterError::Duplicate("a".to_owned()));
        assert_eq!(json(r#"{"a":null,"a":"2"}"#).unwrap_err(), ParameterError::Duplicate("a".to_owned()));
        let split = form("a=1").unwrap().merged(form("a=2").unwrap());
        assert_eq!(split.unwrap_err(), ParameterError::Duplicate("a".to_owned()));
    }

    #[test]
    fn ar_08_sizes_are_limited_before_parsing() {
        assert_eq!(form(&format!("a={}", "x".repeat(9000))).unwrap_err(), ParameterError::TooLarge);
        assert_eq!(form(&format!("a={}", "x".repeat(3000))).unwrap_err(), ParameterError::ValueTooLong("a".to_owned()));
        assert!(form(&format!("a={}", "x".repeat(2048))).is_ok());
        assert!(form(&format!("id_token_hint={}", "x".repeat(5000))).is_ok());
        let many = (0..101).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
        assert_eq!(form(&many).unwrap_err(), ParameterError::TooLarge);
    }

    #[test]
    fn bad_text_is_refused() {
        assert_eq!(form("a=%ff").unwrap_err(), ParameterError::NotUtf8);
        assert_eq!(form("a=%00").unwrap_err(), ParameterError::NulCharacter);
        assert_eq!(json("{\"a\":\"\\u0000\"}").unwrap_err(), ParameterError::NulCharacter);
        assert_eq!(Parameters::from_json(b"{\"a\":\"\xff\"}", TOKEN).unwrap_err(), ParameterError::NotUtf8);
        for text in ["", "[]", "\"a\"", "{", "{\"a\":1} x", "null", &"[".repeat(10_000)] {
            assert_eq!(json(text).unwrap_err(), ParameterError::InvalidJson, "{text:.20}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
        assert_eq!(json(&deep).unwrap_err(), ParameterError::InvalidJson);
    }

    #[test]
    fn json_null_is_absent_and_scope_may_be_an_array() {
        let parameters = json(r#"{"scope":["a","b"],"audience":null,"code":"x"}"#).unwrap();
        assert_eq!(parameters.get("scope"), Some("a b"));
        assert_eq!(parameters.get("audience"), None);
        for text in [r#"{"code":1}"#, r#"{"code":true}"#, r#"{"code":["a"]}"#, r#"{"code":{}}"#] {
            let parameters = json(text).unwrap();
            assert_eq!(parameters.get("code"), None, "{text}");
            assert!(parameters.clone().text_only(&["grant_type"]).is_ok(), "an unrecognized parameter is ignored");
            let refused = parameters.text_only(&["grant_type", "code"]).unwrap_err();
            assert_eq!(refused, ParameterError::NotText("code".to_owned()), "{text}");
        }
        let refused = json(r#"{"scope":[1]}"#).unwrap().text_only(&["scope"]);
        assert_eq!(refused.unwrap_err(), ParameterError::NotText("scope".to_owned()));
    }

    #[test]
    fn op_02_debug_shows_no_value_and_errors_echo_no_foreign_name() {
        assert_eq!(format!("{:?}", form("password=secret").unwrap()), "{\"password\"}");
        let hostile = form("%3Cscript%3E=1&%3Cscript%3E=2").unwrap_err();
        assert_eq!(hostile, ParameterError::Duplicate("(unknown)".to_owned()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Parameters::from_urlencoded(&bytes, AUTHORIZATION);
            let _ = Parameters::from_json(&bytes, TOKEN);
        }

        #[test]
        fn what_a_form_encodes_is_read_back(name in "[a-z_]{1,10}", value in "[^\0]{1,40}") {
            let text = url::form_urlencoded::Serializer::new(String::new()).append_pair(&name, &value).finish();
            let parameters = Parameters::from_urlencoded(text.as_bytes(), AUTHORIZATION).unwrap();
            prop_assert_eq!(parameters.get(&name), Some(value.as_str()));
        }
    }
}
