//! A query whose fields are known and whose values have the types of their fields.

use jiff::Timestamp;

use super::term::{Bound, Piece};
use super::{Clause, Node, QueryError, Test, date};

/// What a field holds, and so what may be asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text; `folded` where it is compared in lower case.
    Text {
        /// Compared in lower case.
        folded: bool,
    },
    /// Text that is compared as a whole: no wildcards and no ranges.
    Whole,
    /// Texts, numbers and truth values, whatever the document has.
    Mixed,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Number,
    /// A time.
    Time,
}

/// A field of a resource that can be searched.
pub trait SearchField: Clone {
    /// The field of this name. A name that the resource does not know is a field without values.
    fn named(name: &str) -> Self;
    /// What it holds.
    fn kind(&self) -> Kind;
    /// The fields that a term without a field is looked for in; all of them are texts.
    fn defaults() -> Vec<Self>;
}

/// A query over the fields of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter<F> {
    /// Every one of them.
    All(Vec<Filter<F>>),
    /// At least one of them.
    Any(Vec<Filter<F>>),
    /// Not this.
    Not(Box<Filter<F>>),
    /// One check.
    Is(F, Check),
}

/// What is asked of a field. Texts are folded already where the field is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// It has a value.
    Exists,
    /// The text is this.
    Text(String),
    /// The text looks like this.
    Pattern(Vec<Piece>),
    /// The text lies between these.
    Texts(Bound<String>, Bound<String>),
    /// The number, of a field that also has texts, lies between these.
    Decimals(Bound<Decimal>, Bound<Decimal>),
    /// The truth value.
    Truth(bool),
    /// The number lies between these, both included.
    Numbers(Option<i64>, Option<i64>),
    /// The time is not before the first and before the second.
    Times(Option<Timestamp>, Option<Timestamp>),
}

/// A number by its bits, so that checks can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal(u64);

impl Decimal {
    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl From<f64> for Decimal {
    fn from(number: f64) -> Self {
        Self(number.to_bits())
    }
}

impl Node {
    /// The query over the fields of a resource.
    ///
    /// # Errors
    /// With the place and the reason, when a value is not one of its field.
    pub fn typed<F: SearchField>(&self) -> Result<Filter<F>, QueryError> {
        let all = |nodes: &[Self]| nodes.iter().map(Self::typed).collect::<Result<Vec<_>, _>>();
        Ok(match self {
            Self::All(nodes) => Filter::All(all(nodes)?),
            Self::Any(nodes) => Filter::Any(all(nodes)?),
            Self::Not(node) => Filter::Not(Box::new(node.typed()?)),
            Self::Clause(clause) => match &clause.field {
                Some(name) => one(clause, F::named(name))?,
                None => {
                    Filter::Any(F::defaults().into_iter().map(|field| one(clause, field)).collect::<Result<_, _>>()?)
                }
            },
        })
    }
}

fn one<F: SearchField>(clause: &Clause, field: F) -> Result<Filter<F>, QueryError> {
    let refused = |reason: &str| QueryError::new(clause.at, reason);
    let kind = field.kind();
    let fold = |text: &String| if kind == (Kind::Text { folded: true }) { text.to_lowercase() } else { text.clone() };
    let check = match (&clause.test, kind) {
        (Test::Exists, _) => Check::Exists,
        (Test::Value(text), Kind::Text { .. } | Kind::Whole | Kind::Mixed) => Check::Text(fold(text)),
        (Test::Value(text), Kind::Boolean) => Check::Truth(match text.as_str() {
            "true" => true,
            "false" => false,
            _ => return Err(refused("the field is true or false")),
        }),
        (Test::Value(text), Kind::Number) => {
            let number = whole_number(text).ok_or_else(|| refused("the field needs a whole number"))?;
            Check::Numbers(Some(number), Some(number))
        }
        (Test::Value(text), Kind::Time) => {
            let (from, until) = date::interval(text).ok_or_else(|| refused(DATE))?;
            Check::Times(Some(from), Some(until))
        }
        (Test::Pattern(pieces), Kind::Text { .. } | Kind::Mixed) => {
            let folded = |piece: &Piece| match piece {
                Piece::Literal(text) => Piece::Literal(fold(text)),
                other => other.clone(),
            };
            Check::Pattern(pieces.iter().map(folded).collect())
        }
        (Test::Pattern(_), Kind::Whole) => return Err(refused("wildcards are not possible on this field")),
        (Test::Pattern(_), _) => return Err(refused("wildcards are for texts")),
        (Test::Range(low, high), Kind::Text { .. }) => {
            Check::Texts(low.clone().map(|own| fold(&own)), high.clone().map(|own| fold(&own)))
        }
        (Test::Range(low, high), Kind::Mixed) => match (decimal(low), decimal(high)) {
            (Some(low), Some(high)) => Check::Decimals(low, high),
            _ => Check::Texts(low.clone(), high.clone()),
        },
        (Test::Range(..), Kind::Whole) => return Err(refused("ranges are not possible on this field")),
        (Test::Range(..), Kind::Boolean) => return Err(refused("the field is true or false, and has no ranges")),
        (Test::Range(low, high), Kind::Number) => {
            let number = |bound: &Bound<String>, step: i64| match bound {
                Bound::Open => Ok(None),
                Bound::Included(text) => whole_number(text).map(Some).ok_or(()),
                // What lies beyond the last number is nothing, and so is what a range up to there leaves out.
                Bound::Excluded(text) => whole_number(text).map(|own| Some(own.saturating_add(step))).ok_or(()),
            };
            let wrong = |()| refused("the field needs a whole number");
            Check::Numbers(number(low, 1).map_err(wrong)?, number(high, -1).map_err(wrong)?)
        }
        (Test::Range(low, high), Kind::Time) => {
            let time = |bound: &Bound<String>| match bound.value() {
                None => Ok(None),
                Some(text) => date::interval(text).map(Some).ok_or_else(|| refused(DATE)),
            };
            let (low_is_excluded, high_is_excluded) = (low.is_excluded(), high.is_excluded());
            let from = time(low)?.map(|(from, until)| if low_is_excluded { until } else { from });
            let until = time(high)?.map(|(from, until)| if high_is_excluded { from } else { until });
            Check::Times(from, until)
        }
    };
    Ok(Filter::Is(field, check))
}

const DATE: &str = "the field needs a date such as 2025-12-31 or \"2025-12-31T10:30:00Z\"";

fn whole_number(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// An end of a range of numbers; `None` when it is no number.
fn decimal(bound: &Bound<String>) -> Option<Bound<Decimal>> {
    let number = |text: &String| text.parse::<f64>().ok().filter(|number| number.is_finite()).map(Decimal::from);
    Some(match bound {
        Bound::Open => Bound::Open,
        Bound::Included(text) => Bound::Included(number(text)?),
        Bound::Excluded(text) => Bound::Excluded(number(text)?),
    })
}

/// The text that a value must begin with to look like the pattern; whether that is all there is to it.
#[must_use]
pub fn starts_with(pieces: &[Piece]) -> Option<(&str, bool)> {
    match pieces {
        [Piece::Literal(text), Piece::Many] => Some((text, true)),
        [Piece::Literal(text), ..] => Some((text, false)),
        _ => None,
    }
}
