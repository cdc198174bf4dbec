//! `keywright import`: makes the tenant what the files say, type by type in the order of the table. Entries with identifiers are
//! `entries.rs`, settings at fixed addresses `set.rs`. What differs is changed, what is not there is made, and nothing is deleted
//! unless that is asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::kind::{Access, Kind, Resource};
use super::kinds::KINDS;
use super::parts::Planned;
use super::remote::{Names, Remote};
use super::summary::{Outcome, Summary};
use super::tree::{Entry, Tree};
use crate::Failure;

/// One import.
pub(super) struct Import<'a> {
    pub(super) remote: Remote<'a>,
    /// Whoever may use this administers the tenant.
    pub(super) management_audience: &'a str,
    pub(super) dry_run: bool,
    pub(super) delete: bool,
}

impl Import<'_> {
    pub(super) async fn run(self, mut tree: Tree) -> Result<Summary, Failure> {
        let mut summary = Summary::default();
        for (name, entries) in std::mem::take(&mut tree.not_stored) {
            let reason = match entries {
                1 => "this version of Keywright does not store this type: 1 entry was not imported".to_owned(),
                entries => {
                    format!("this version of Keywright does not store this type: {entries} entries were not imported")
                }
            };
            summary.note(&name, "", Outcome::Refused(reason));
        }
        let planned = if self.dry_run { Planned::of(&tree) } else { Planned::default() };
        let mut names: BTreeMap<&str, Names> = BTreeMap::new();
        let mut present: Vec<(&Kind, &Resource, BTreeSet<String>)> = Vec::new();
        for kind in KINDS {
            let entries = tree.lists.remove(kind.name);
            match &kind.access {
                Access::Settings(settings) => {
                    self.set(kind, *settings, entries.unwrap_or_default(), &mut summary).await?;
                }
                Access::Resource(resource) if self.remote.has(resource) => {
                    if let Some(entries) = entries {
                        let kept = self.list(kind, resource, entries, (&names, &planned), &mut summary).await?;
                        present.push((kind, resource, kept));
                    }
                    if is_referenced(kind) {
                        names.insert(kind.name, self.remote.names(resource).await?);
                    }
                }
                Access::Resource(_) => {
                    for Entry { file, .. } in entries.unwrap_or_default() {
                        let reason = "this version has no such type".to_owned();
                        summary.note(kind.name, &file.unwrap_or_default(), Outcome::Refused(reason));
                    }
                }
            }
        }
        if self.delete {
            // Those who refer to others go first.
            for (kind, resource, wanted) in present.iter().rev() {
                self.remove_others(kind, resource, wanted, &mut summary).await?;
            }
        }
        Ok(summary)
    }

    /// What an entry is called in the line about it: with its file where it has one of its own.
    pub(super) fn shown(title: &str, file: Option<&str>, outcome: &Outcome) -> String {
        match (file, outcome) {
            (Some(file), Outcome::Refused(_)) if title.is_empty() => format!("({file})"),
            (Some(file), Outcome::Refused(_)) => format!("{title} ({file})"),
            _ => title.to_owned(),
        }
    }
}

/// Whether entries of other types name entries of this one.
pub(super) fn is_referenced(kind: &Kind) -> bool {
    KINDS.iter().any(|other| other.references.iter().any(|reference| reference.to == kind.name))
}

/// Says which values of an entry the environment lacks.
pub(super) fn note_unresolved(kind: &str, title: &str, unresolved: &[String]) {
    for place in unresolved {
        println!("left out  {kind} {title}: {place} is not in the environment");
    }
}
