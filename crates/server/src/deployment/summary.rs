//! What became of the entries of an import: a line for each, and their number.

use std::fmt;

/// How many became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) created: usize,
    pub(super) changed: usize,
    pub(super) deleted: usize,
    pub(super) unchanged: usize,
    pub(super) refused: usize,
}

/// What became of one entry.
#[derive(Debug)]
pub(super) enum Outcome {
    Created,
    /// With the members that are others now.
    Changed(Vec<String>),
    Deleted,
    Unchanged,
    /// With the reason.
    Refused(String),
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { created, changed, deleted, unchanged, refused } = self;
        if created + changed + deleted + refused == 0 {
            return write!(formatter, "no changes ({unchanged} entries are as in the files)");
        }
        write!(
            formatter,
            "{created} created, {changed} changed, {deleted} deleted, {unchanged} unchanged, {refused} refused"
        )
    }
}

impl Summary {
    /// Prints what became of an entry, and counts it.
    pub(super) fn note(&mut self, kind: &str, title: &str, outcome: Outcome) {
        let (count, what, more) = match outcome {
            Outcome::Created => (&mut self.created, "created", String::new()),
            Outcome::Changed(members) => (&mut self.changed, "changed", format!(": {}", members.join(", "))),
            Outcome::Deleted => (&mut self.deleted, "deleted", String::new()),
            Outcome::Unchanged => (&mut self.unchanged, "unchanged", String::new()),
            Outcome::Refused(reason) => (&mut self.refused, "refused", format!(": {reason}")),
        };
        *count += 1;
        println!("{what:<10}{kind} {title}{more}");
    }
}
