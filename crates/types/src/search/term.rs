//! The smallest parts of a query: pieces of a pattern, ends of a range, and how text is escaped.

use std::fmt;

/// Part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// This text.
    Literal(String),
    /// `*`: any number of characters.
    Many,
    /// `?`: one character.
    One,
}

/// One end of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound<T> {
    /// `*`: there is none.
    Open,
    /// The value itself belongs to the range.
    Included(T),
    /// It does not.
    Excluded(T),
}

impl<T> Bound<T> {
    /// The value, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Open => None,
            Self::Included(value) | Self::Excluded(value) => Some(value),
        }
    }

    /// Whether the value does not belong to the range.
    #[must_use]
    pub const fn is_excluded(&self) -> bool {
        matches!(self, Self::Excluded(_))
    }

    /// The same end with another value.
    pub fn map<U>(self, other: impl FnOnce(T) -> U) -> Bound<U> {
        match self {
            Self::Open => Bound::Open,
            Self::Included(value) => Bound::Included(other(value)),
            Self::Excluded(value) => Bound::Excluded(other(value)),
        }
    }
}

impl fmt::Display for Piece {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => formatter.write_str(&escaped(text)),
            Self::Many => formatter.write_str("*"),
            Self::One => formatter.write_str("?"),
        }
    }
}

/// Text outside quotes: everything that could mean something has a backslash before it.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        if !(character.is_alphanumeric() || character == '_' || character == '.') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    // A lone word must not be taken for an operator.
    if matches!(escaped.as_str(), "AND" | "OR" | "NOT" | "TO" | "_exists_") { format!("\\{escaped}") } else { escaped }
}

/// Text in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
