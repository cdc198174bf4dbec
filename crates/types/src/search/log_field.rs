//! The fields of log entries (`management-api.md` §12.1).

use super::filter::{Kind, SearchField};

/// A field of a log entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogField {
    /// A text, by the name of its column.
    Text(&'static str),
    /// `date`.
    Date,
    /// A name that entries do not have.
    Unknown,
}

/// Names of texts, and of their columns.
const TEXTS: [(&str, &str); 15] = [
    ("log_id", "log_id"),
    ("_id", "log_id"),
    ("type", "type"),
    ("description", "description"),
    ("client_id", "client_id"),
    ("client_name", "client_name"),
    ("user_id", "user_id"),
    ("user_name", "user_name"),
    ("connection", "connection"),
    ("connection_id", "connection_id"),
    ("strategy", "strategy"),
    ("ip", "ip"),
    ("hostname", "hostname"),
    ("audience", "audience"),
    ("user_agent", "user_agent"),
];

impl SearchField for LogField {
    fn named(name: &str) -> Self {
        match name {
            "date" => Self::Date,
            _ => TEXTS.iter().find(|(own, _)| *own == name).map_or(Self::Unknown, |(_, column)| Self::Text(column)),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::Date => Kind::Time,
            Self::Text(_) | Self::Unknown => Kind::Text { folded: false },
        }
    }

    fn defaults() -> Vec<Self> {
        ["type", "description", "client_name", "user_name", "user_id", "ip", "connection"].map(Self::Text).to_vec()
    }
}
