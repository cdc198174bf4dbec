//! Values between the program and SQL: the five types that both engines store alike (architecture §4).

use std::fmt;

use jiff::Timestamp;
use keywright_types::TenantId;

/// A parameter of a statement or a column of a row.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// TEXT; identifiers, scopes, JSON.
    Text(String),
    /// BIGINT; counters and times in milliseconds.
    Int(i64),
    /// BOOLEAN. `SQLite` answers it as an integer, which [`FromValue`] takes for `bool`.
    Bool(bool),
    /// BYTEA; digests and sealed secrets.
    Bytes(Vec<u8>),
}

/// Kind and length only: values are password hashes, addresses and requests, and the PostgreSQL client logs the parameters
/// of its statements at debug level.
impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(formatter, "text of {} bytes", text.len()),
            Self::Bytes(bytes) => write!(formatter, "{} bytes", bytes.len()),
            other => formatter.write_str(other.kind()),
        }
    }
}

/// Builds the parameters of a statement: `params![tenant, client_id, now]` binds `$1`, `$2`, `$3`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] };
}

macro_rules! from {
    ($($from:ty, $value:ident => $make:expr;)*) => {
        $(impl From<$from> for Value { fn from($value: $from) -> Self { $make } })*
    };
}

from! {
    &TenantId, value => Self::Text(value.as_str().to_owned());
    &str, value => Self::Text(value.to_owned());
    &String, value => Self::Text(value.clone());
    String, value => Self::Text(value);
    i64, value => Self::Int(value);
    bool, value => Self::Bool(value);
    Timestamp, value => Self::Int(value.as_millisecond());
    &[u8], value => Self::Bytes(value.to_vec());
    &[u8; 32], value => Self::Bytes(value.to_vec());
    &Vec<u8>, value => Self::Bytes(value.clone());
    Vec<u8>, value => Self::Bytes(value);
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A type that a column can be read as.
pub trait FromValue: Sized {
    /// Takes the value, or says what was found instead (without the value itself, which may be a secret).
    fn from_value(value: &Value) -> Result<Self, &'static str>;
}

impl Value {
    /// Name of the kind of this value, for error messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Text(_) => "text",
            Self::Int(_) => "an integer",
            Self::Bool(_) => "a boolean",
            Self::Bytes(_) => "bytes",
        }
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Result<Self, &'static str> {
        match value {
            Value::Text(text) => Ok(text.clone()),
            other => Err(other.kind()),
        }
    }
}

impl FromValue for TenantId {
    fn from_value(value: &Value) -> Result<Self, &'static str> {
        String::from_value(value).map(Self::new)
    }
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Result<Self, &'static str> {
        match value {
            Value::Int(number) => Ok(*number),
            other => Err(other.kind()),
        }
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Result<Self, &'static str> {
        match value {
            Value::Bool(truth) => Ok(*truth),
            Value::Int(0) => Ok(false),
            Value::Int(1) => Ok(true),
            other => Err(other.kind()),
        }
    }
}

impl FromValue for Timestamp {
    fn from_value(value: &Value) -> Result<Self, &'static str> {
        Self::from_millisecond(i64::from_value(value)?).map_err(|_| "a time out of range")
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: &Value) -> Result<Self, &'static str> {
        match value {
            Value::Bytes(bytes) => Ok(bytes.clone()),
            other => Err(other.kind()),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: &Value) -> Result<Self, &'static str> {
        match value {
            Value::Null => Ok(None),
            present => T::from_value(present).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_stored_in_milliseconds_and_read_back() {
        let time = Timestamp::from_millisecond(1_795_219_200_123).unwrap();
        assert_eq!(Value::from(time), Value::Int(1_795_219_200_123));
        assert_eq!(Timestamp::from_value(&Value::Int(1_795_219_200_123)), Ok(time));
        assert_eq!(Timestamp::from_value(&Value::Int(i64::MAX)), Err("a time out of range"));
    }

    #[test]
    fn a_boolean_is_read_from_both_engines() {
        assert_eq!(bool::from_value(&Value::Bool(true)), Ok(true));
        assert_eq!(bool::from_value(&Value::Int(0)), Ok(false));
        assert_eq!(bool::from_value(&Value::Int(2)), Err("an integer"));
    }

    #[test]
    fn null_is_read_only_as_an_option() {
        assert_eq!(Option::<String>::from_value(&Value::Null), Ok(None));
        assert_eq!(Option::<i64>::from_value(&Value::Int(7)), Ok(Some(7)));
        assert_eq!(String::from_value(&Value::Null), Err("NULL"));
        assert_eq!(Value::from(None::<&str>), Value::Null);
    }

    #[test]
    fn no_content_is_shown_for_debugging() {
        let values = [Value::from("$argon2id$secret"), Value::from(vec![83_u8; 6]), Value::Int(83), Value::Bool(true)];
        assert_eq!(format!("{values:?}"), "[text of 16 bytes, 6 bytes, an integer, a boolean]");
    }
}
