//! The language of `q`, in which users and log entries are searched: a subset of Lucene's (`management-api.md` §5.4, §12.1).
//!
//! [`parse`] reads the text into a [`Node`]; [`Node::typed`] turns that into a [`Filter`] over the fields of a resource, in
//! which every value has the type of its field. Whoever compiles a filter to SQL has nothing left to check.

mod date;
mod filter;
mod log_field;
mod parser;
mod term;
#[cfg(test)]
mod tests;
mod user_field;

pub use filter::{Check, Decimal, Filter, Kind, SearchField, starts_with};
pub use log_field::LogField;
pub use parser::parse;
pub use term::{Bound, Piece};
pub use user_field::UserField;

use std::fmt;

/// Characters of a query.
pub const MOST_CHARACTERS: usize = 8_000;
/// Clauses of a query.
pub const MOST_CLAUSES: usize = 100;
/// Wildcards of one term.
pub const MOST_WILDCARDS: usize = 8;
/// Parentheses and `NOT`s inside each other.
pub const DEEPEST: usize = 40;

/// Why a query was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Which character, from 0.
    pub at: usize,
    /// What is wrong there.
    pub reason: String,
}

impl QueryError {
    fn new(at: usize, reason: impl Into<String>) -> Self {
        Self { at, reason: reason.into() }
    }
}

impl fmt::Display for QueryError {
    /// Characters are counted from 1, as people do.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at character {}", self.reason, self.at + 1)
    }
}

/// A query as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// Every one of them.
    All(Vec<Node>),
    /// At least one of them.
    Any(Vec<Node>),
    /// Not this.
    Not(Box<Node>),
    /// One test.
    Clause(Clause),
}

/// A test of one field, or of the fields that stand for "any".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause {
    /// Where it begins in the query.
    pub at: usize,
    /// The field; `None` for a term without one.
    pub field: Option<String>,
    /// What is asked of it.
    pub test: Test,
}

/// What is asked of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// It has a value.
    Exists,
    /// It is this.
    Value(String),
    /// It looks like this.
    Pattern(Vec<Piece>),
    /// It lies between these.
    Range(Bound<String>, Bound<String>),
}

/// The query in a canonical form: it means the same, and is read as the same.
impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = |nodes: &[Self], word: &str| {
            formatter.write_str("(")?;
            for (index, node) in nodes.iter().enumerate() {
                if index > 0 {
                    write!(formatter, " {word} ")?;
                }
                write!(formatter, "{node}")?;
            }
            formatter.write_str(")")
        };
        match self {
            Self::All(nodes) => list(nodes, "AND"),
            Self::Any(nodes) => list(nodes, "OR"),
            Self::Not(node) => write!(formatter, "NOT {node}"),
            Self::Clause(clause) => write!(formatter, "{clause}"),
        }
    }
}

impl fmt::Display for Clause {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field.as_deref().map(term::escaped);
        if let (Test::Exists, Some(field)) = (&self.test, &field) {
            return write!(formatter, "_exists_:{field}");
        }
        if let Some(field) = field {
            write!(formatter, "{field}:")?;
        }
        match &self.test {
            Test::Exists => formatter.write_str("*"),
            Test::Value(text) => write!(formatter, "{}", term::quoted(text)),
            Test::Pattern(pieces) => pieces.iter().try_for_each(|piece| write!(formatter, "{piece}")),
            Test::Range(low, high) => {
                let (open, close) = (low.is_excluded(), high.is_excluded());
                let text =
                    |bound: &Bound<String>| bound.value().map_or_else(|| "*".to_owned(), |text| term::quoted(text));
                let brackets = (if open { '{' } else { '[' }, if close { '}' } else { ']' });
                write!(formatter, "{}{} TO {}{}", brackets.0, text(low), text(high), brackets.1)
            }
        }
    }
}
