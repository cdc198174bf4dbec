//! Jobs that callers of the Management API start and ask about (`management-api.md` §6.4), with what they read and write.
//!
//! A job is worked off in parts. Each step is one transaction that takes a part, or moves the place that was reached, on the
//! condition that nobody did it before: two nodes at one job do everything once. A job that has ended changes no more.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, params};

/// A job as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct UserJobRow {
    /// `job_…`: `user_jobs_pkey`.
    pub job_id: String,
    /// What it does: `users_import`, `users_export`, `verification_email`.
    pub kind: String,
    /// `pending`, `completed` or `failed`.
    pub status: String,
    /// What was asked for, JSON; nothing secret.
    pub request: String,
    /// The place that it has until it ends: `user_jobs_slot_key`.
    pub slot: Option<i64>,
    /// Users that it is about.
    pub total: i64,
    /// How many of them were looked at.
    pub done: i64,
    /// How many of them are new.
    pub inserted: i64,
    /// How many of them were changed.
    pub updated: i64,
    /// How many of them were refused.
    pub failed: i64,
    /// Where to go on, in the words of the job's kind; empty for the beginning.
    pub reached: String,
    /// Why it failed, a public sentence.
    pub details: Option<String>,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it went on last.
    pub updated_at: Timestamp,
}

debug_shows!(
    UserJobRow: job_id, kind, status, slot, total, done, inserted, updated, failed, details, created_at, updated_at
);

/// What a step of an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Users that were added.
    pub inserted: i64,
    /// Users that were changed.
    pub updated: i64,
    /// Users that were refused.
    pub failed: i64,
}

/// The columns in the order of [`from_row`].
macro_rules! columns {
    () => {
        "job_id, kind, status, request, slot, total, done, inserted, updated, failed, reached, details, created_at, \
         updated_at"
    };
}

statements! {
    INSERT = concat!(
        "INSERT INTO user_jobs (tenant_id, ", columns!(), ") \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
    );
    FIND = concat!("SELECT ", columns!(), " FROM user_jobs WHERE tenant_id = $1 AND job_id = $2");
    ADVANCE = "UPDATE user_jobs SET done = done + $3 + $4 + $5, inserted = inserted + $3, updated = updated + $4, \
               failed = failed + $5, updated_at = $6 \
               WHERE tenant_id = $1 AND job_id = $2 AND status = 'pending'";
    REACH = "UPDATE user_jobs SET reached = $4, done = done + $5, updated_at = $6 \
             WHERE tenant_id = $1 AND job_id = $2 AND reached = $3 AND status = 'pending'";
    END = "UPDATE user_jobs SET status = $3, details = $4, slot = NULL, updated_at = $5 \
           WHERE tenant_id = $1 AND job_id = $2 AND status = 'pending'";
    TIME_OUT = "UPDATE user_jobs SET status = 'failed', details = $3, slot = NULL, updated_at = $4 \
                WHERE tenant_id = $1 AND status = 'pending' AND created_at <= $2 RETURNING job_id";
    DELETE = "DELETE FROM user_jobs WHERE tenant_id = $1 AND job_id = $2";
    INSERT_PART = "INSERT INTO user_job_parts (tenant_id, job_id, part, content) VALUES ($1, $2, $3, $4)";
    PARTS = "SELECT part, content FROM user_job_parts \
             WHERE tenant_id = $1 AND job_id = $2 AND part > $3 AND part < $4 ORDER BY part LIMIT $5";
    TAKE_PART = "DELETE FROM user_job_parts WHERE tenant_id = $1 AND job_id = $2 AND part = $3";
    REMOVE_PARTS = "DELETE FROM user_job_parts WHERE tenant_id = $1 AND job_id = $2 AND part > $3 AND part < $4";
}

fn from_row(row: &Row) -> Result<UserJobRow, StoreError> {
    Ok(UserJobRow {
        job_id: row.get(0)?,
        kind: row.get(1)?,
        status: row.get(2)?,
        request: row.get(3)?,
        slot: row.get(4)?,
        total: row.get(5)?,
        done: row.get(6)?,
        inserted: row.get(7)?,
        updated: row.get(8)?,
        failed: row.get(9)?,
        reached: row.get(10)?,
        details: row.get(11)?,
        created_at: row.get(12)?,
        updated_at: row.get(13)?,
    })
}

/// Adds a job. Conflict on `user_jobs_pkey`, on `user_jobs_slot_key` when another one has the place, or on `foreign_key` when
/// there is no such tenant.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &UserJobRow) -> Result<(), StoreError> {
    tx.execute(
        INSERT,
        params![
            tenant,
            &row.job_id,
            &row.kind,
            &row.status,
            &row.request,
            row.slot,
            row.total,
            row.done,
            row.inserted,
            row.updated,
            row.failed,
            &row.reached,
            row.details.as_ref(),
            row.created_at,
            row.updated_at
        ],
    )?;
    Ok(())
}

/// The job with this identifier, whatever became of it.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, job_id: &str) -> Result<Option<UserJobRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, job_id])?.as_ref().map(from_row).transpose()
}

/// Counts what a step did. `false` when the job has ended meanwhile: then the step must not be.
pub fn advance(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    job_id: &str,
    progress: Progress,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Progress { inserted, updated, failed } = progress;
    Ok(tx.execute(ADVANCE, params![tenant, job_id, inserted, updated, failed, now])? == 1)
}

/// Moves the place that was reached. `false` when it is not `from` any more, or the job has ended: then the step must not be.
pub fn reach(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    job_id: &str,
    (from, to): (&str, &str),
    done: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(REACH, params![tenant, job_id, from, to, done, now])? == 1)
}

/// Ends the job, once, and gives its place back. `false` when it had ended before.
pub fn end(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    job_id: &str,
    status: &str,
    details: Option<&str>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(tx.execute(END, params![tenant, job_id, status, details, now])? == 1)
}

/// Ends jobs of the tenant that were started until `until` and have not ended, and says which.
pub fn time_out(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    until: Timestamp,
    details: &str,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    tx.query(TIME_OUT, params![tenant, until, details, now])?.iter().map(|row| row.get(0)).collect()
}

/// Removes a job with its parts. `false` when there was none.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, job_id: &str) -> Result<bool, StoreError> {
    // The foreign key of the parts cascades.
    Ok(tx.execute(DELETE, params![tenant, job_id])? == 1)
}

/// Adds a part, sealed. Conflict on `user_job_parts_pkey`, or on `foreign_key` when there is no such job.
pub fn insert_part(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    job_id: &str,
    part: &str,
    content: &[u8],
) -> Result<(), StoreError> {
    tx.execute(INSERT_PART, params![tenant, job_id, part, content])?;
    Ok(())
}

/// Names and contents of at most `limit` parts whose names are between these two, by name.
pub fn parts(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    job_id: &str,
    (after, before): (&str, &str),
    limit: i64,
) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let rows = tx.query(PARTS, params![tenant, job_id, after, before, limit])?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Removes a part, because what it holds is being done. `false` when somebody else took it.
pub fn take_part(tx: &mut Tx<'_>, tenant: &TenantId, job_id: &str, part: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(TAKE_PART, params![tenant, job_id, part])? == 1)
}

/// Removes the parts whose names are between these two, and says how many.
pub fn remove_parts(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    job_id: &str,
    (after, before): (&str, &str),
) -> Result<u64, StoreError> {
    tx.execute(REMOVE_PARTS, params![tenant, job_id, after, before])
}
