//! Sealing what is stored again with the current generation, while everything goes on, and the end of generations before it.
//!
//! A pass goes through every sealed column in the order of its keys and replaces, one by one, what an older generation
//! sealed: `UPDATE … WHERE … AND sealed = old`, so that whoever changes or erases a value meanwhile wins. It remembers
//! nothing: who takes it up, after a crash or at the same time on another node, finds done what is done.
//!
//! Two passes that found nothing to do have to come before a generation is erased, at least [`SETTLED_AFTER_USE`] apart: in
//! between every write has ended that had read an old value before the first one.

use jiff::{SignedDuration, Timestamp};
use keywright_jose::{DataKeys, Purpose, Resealing};
use keywright_store::data_keys::{self, DataKeyRow, LOOKUP};
use keywright_store::sealed_columns::{self, Content, SEALED_COLUMNS, SealedColumn, SealedValue};
use keywright_store::{StoreError, tenants};
use keywright_types::TenantSettings;
use tokio::task::JoinSet;

use super::SETTLED_AFTER_USE;
use super::rotation::current_row;
use crate::config_cache::document;
use crate::sessions::{BROWSER_LIFETIME, later};
use crate::{App, AppError};

/// Values that are read at once.
const PAGE: i64 = 100;
/// Writes that are under way at once. Each changes one row, so that none waits for another one's rows in a circle; SQLite
/// commits them together.
const WRITES: usize = 16;

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResealingReport {
    /// Values that were sealed again.
    pub resealed: u64,
    /// Values that somebody else changed or removed at the same time.
    pub overtaken: u64,
    /// Values that no data key opens.
    pub unreadable: u64,
    /// Whether every value was looked at.
    pub complete: bool,
    /// The generation that everything is to be sealed with.
    pub generation: u16,
}

impl ResealingReport {
    /// Whether every value was looked at and found to be sealed with this generation.
    fn shows_only(self, generation: i64) -> bool {
        let Self { resealed, overtaken, unreadable, complete, .. } = self;
        complete && (resealed, overtaken, unreadable) == (0, 0, 0) && i64::from(self.generation) == generation
    }
}

impl App {
    /// Does what is due for the data keys: seals stored values again after a rotation, and erases generations that nothing
    /// needs. Called every minute, by any number of nodes.
    pub async fn tend_data_keys(&self) -> Result<(), AppError> {
        self.follow_data_keys().await?;
        let now = self.now();
        let rows = self.store().read(data_keys::list).await?;
        let Some(current) = current_row(&rows, now).cloned() else { return Ok(()) };
        // Until then a node whose clock is behind may still seal with the generation before.
        let settled = later(current.used_from, SETTLED_AFTER_USE) <= now;
        if !settled || !living_before(&rows, current.generation) {
            return Ok(());
        }
        let generation = current.generation;
        if current.resealed_at.is_none() {
            if self.reseal(u64::MAX).await?.shows_only(generation) {
                self.store().write(move |tx| data_keys::mark_resealed(tx, generation, now)).await?;
                tracing::info!(generation, "everything stored is sealed with the current data key");
            }
            return Ok(());
        }
        let longest = self.longest_life_outside().await?;
        let at_its_end = |row: &&DataKeyRow| retires_at(&rows, row, now, longest).is_some_and(|end| end <= now);
        let ending: Vec<i64> = rows.iter().filter(at_its_end).map(|row| row.generation).collect();
        // Looked at once more: what is erased now is erased for good.
        if ending.is_empty() || !self.reseal(u64::MAX).await?.shows_only(generation) {
            return Ok(());
        }
        for generation in ending {
            if self.store().write(move |tx| data_keys::retire(tx, generation, now)).await? {
                tracing::info!(generation, "a data key was retired");
            }
        }
        Ok(())
    }

    /// One pass over all sealed columns, that ends before its time when it has sealed `at_most` values again.
    pub async fn reseal(&self, at_most: u64) -> Result<ResealingReport, AppError> {
        self.follow_data_keys().await?;
        let generation = self.data_keys().current();
        let mut report = ResealingReport { complete: true, generation, ..ResealingReport::default() };
        for column in &SEALED_COLUMNS {
            let unreadable_before = report.unreadable;
            let mut after: Option<SealedValue> = None;
            loop {
                if report.resealed >= at_most {
                    report.complete = false;
                    return Ok(report);
                }
                let from = after.take();
                let page = self.store().read(move |tx| sealed_columns::page(tx, column, from.as_ref(), PAGE)).await?;
                after = page.last().cloned();
                if page.is_empty() {
                    break;
                }
                // Taken anew for each page: a pass may outlive a generation's time.
                let mut due = self.due(&self.data_keys(), column, page, &mut report);
                due.truncate(usize::try_from(at_most.saturating_sub(report.resealed)).unwrap_or(usize::MAX));
                self.replace(column, due, &mut report).await?;
            }
            let values = report.unreadable - unreadable_before;
            if values > 0 {
                let (table, column) = (column.table, column.column);
                tracing::warn!(table, column, values, "sealed values do not open: no data key is retired");
            }
        }
        if report.resealed > 0 {
            let resealed = report.resealed;
            tracing::info!(generation, resealed, "sealed stored values with the current data key");
        }
        Ok(report)
    }

    /// The values of a page that are to be replaced, and by what.
    fn due(
        &self,
        keys: &DataKeys,
        column: &SealedColumn,
        page: Vec<SealedValue>,
        report: &mut ResealingReport,
    ) -> Vec<(SealedValue, Vec<u8>)> {
        let mut due = Vec::new();
        // What was erased is empty.
        for value in page.into_iter().filter(|value| !value.sealed.is_empty()) {
            match keys.reseal(purpose(column.content), &value.tenant, &value.sealed, self.random()) {
                Resealing::Current => {}
                Resealing::Anew(anew) => due.push((value, anew)),
                Resealing::Unreadable => report.unreadable += 1,
            }
        }
        due
    }

    async fn replace(
        &self,
        column: &'static SealedColumn,
        due: Vec<(SealedValue, Vec<u8>)>,
        report: &mut ResealingReport,
    ) -> Result<(), AppError> {
        let mut due = due.into_iter();
        loop {
            let mut written: JoinSet<Result<bool, StoreError>> = JoinSet::new();
            for (value, anew) in due.by_ref().take(WRITES) {
                let store = self.store().clone();
                written.spawn(async move {
                    store.write(move |tx| sealed_columns::replace(tx, column, &value, &anew)).await
                });
            }
            if written.is_empty() {
                return Ok(());
            }
            while let Some(replaced) = written.join_next().await {
                if replaced.map_err(AppError::internal)?? {
                    report.resealed += 1;
                } else {
                    report.overtaken += 1;
                }
            }
        }
    }

    /// How long anything lives that was sealed and is not stored here: session cookies live as long as the tenants' sessions,
    /// by the limits as they are now, which hold for older sessions too; browser cookies a month; opaque tokens (a day), links
    /// and nonces shorter than those.
    pub(super) async fn longest_life_outside(&self) -> Result<SignedDuration, AppError> {
        let rows = self.store().read(|tx| tenants::list(tx).map_err(AppError::from)).await?;
        let mut longest = BROWSER_LIFETIME;
        for row in rows {
            let settings: TenantSettings = document("tenants", &row.settings)?;
            for persistent in [true, false] {
                longest = longest.max(settings.session_limits(persistent).absolute);
            }
        }
        Ok(longest)
    }
}

/// When `row` is at its end; `None` while values in the database may need it, and for what never ends: the lookup key and
/// the generation that seals.
pub(super) fn retires_at(
    rows: &[DataKeyRow],
    row: &DataKeyRow,
    now: Timestamp,
    longest_life_outside: SignedDuration,
) -> Option<Timestamp> {
    let current = current_row(rows, now)?;
    if row.generation == LOOKUP || row.generation >= current.generation || row.data_key.is_none() {
        return None;
    }
    let resealed = later(current.resealed_at?, SETTLED_AFTER_USE);
    let mut successors =
        rows.iter().filter(|other| (row.generation + 1..=current.generation).contains(&other.generation));
    let first = successors.next()?;
    if first.emergency || successors.any(|other| other.emergency) {
        return Some(resealed);
    }
    let nothing_left = later(later(first.used_from, SETTLED_AFTER_USE), longest_life_outside);
    Some(nothing_left.max(resealed))
}

/// Whether there are generations before this one that are not erased.
pub(super) fn living_before(rows: &[DataKeyRow], generation: i64) -> bool {
    rows.iter().any(|row| row.generation != LOOKUP && row.generation < generation && row.data_key.is_some())
}

/// What a column was sealed for.
fn purpose(content: Content) -> Purpose {
    match content {
        Content::ClientSecret => Purpose::ClientSecret,
        Content::SigningKey => Purpose::SigningKey,
        Content::EcSigningKey => Purpose::EcSigningKey,
        Content::ApiSigningSecret => Purpose::ApiSigningSecret,
        Content::Job => Purpose::Job,
        Content::TenantDocument => Purpose::TenantDocument,
        Content::RuleConfig => Purpose::RuleConfig,
        Content::ActionSecrets => Purpose::ActionSecrets,
        Content::ConnectionOptions => Purpose::ConnectionOptions,
        Content::ClientAddons => Purpose::ClientAddons,
        Content::UserJobPart => Purpose::UserJobPart,
    }
}
