//! Background jobs: work that is queued in the transaction of what causes it and done after the answer (architecture §4).
//!
//! Taking a job is one conditional update that also sets the time at which a node that dies at it is replaced. What a node
//! says about a job counts only while its claim is the newest one.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, params};

/// A job as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct JobRow {
    /// Made by the program: `jobs_pkey`.
    pub job_id: String,
    /// Who can do it.
    pub kind: String,
    /// What is to be done, sealed.
    pub payload: Vec<u8>,
    /// How often it was taken.
    pub attempts: i64,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it may be taken (again).
    pub run_at: Timestamp,
    /// Who took it last: a name of that one attempt.
    pub claim: Option<String>,
    /// When it was given up.
    pub failed_at: Option<Timestamp>,
    /// Why the last attempt failed; holds no secret.
    pub failure: Option<String>,
}

debug_shows!(JobRow: job_id, kind, attempts, created_at, run_at, failed_at, failure);

/// The columns in the order of [`from_row`].
macro_rules! columns {
    () => {
        "job_id, kind, payload, attempts, created_at, run_at, claim, failed_at, failure"
    };
}

statements! {
    INSERT = concat!(
        "INSERT INTO jobs (tenant_id, ", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    );
    FIND = concat!("SELECT ", columns!(), " FROM jobs WHERE tenant_id = $1 AND job_id = $2");
    FAILED = concat!(
        "SELECT ", columns!(), " FROM jobs WHERE tenant_id = $1 AND failed_at IS NOT NULL \
         ORDER BY failed_at DESC, job_id LIMIT $2"
    );
    IS_DUE = "SELECT run_at FROM jobs WHERE kind = $1 AND failed_at IS NULL AND run_at <= $2 LIMIT 1";
    /// The condition stands there twice: PostgreSQL looks at the outer one again after it has waited for another node.
    CLAIM = concat!(
        "UPDATE jobs SET claim = $3, attempts = attempts + 1, run_at = $4 WHERE (tenant_id, job_id) IN ( \
         SELECT tenant_id, job_id FROM jobs WHERE kind = $1 AND failed_at IS NULL AND run_at <= $2 \
         ORDER BY run_at LIMIT $5) \
         AND failed_at IS NULL AND run_at <= $2 RETURNING tenant_id, ", columns!()
    );
    COMPLETE = "DELETE FROM jobs WHERE tenant_id = $1 AND job_id = $2 AND claim = $3";
    RETRY = "UPDATE jobs SET claim = NULL, run_at = $4, failure = $5 \
             WHERE tenant_id = $1 AND job_id = $2 AND claim = $3";
    COUNT = "SELECT COUNT(*), COUNT(failed_at) FROM jobs";
    GIVE_UP = "UPDATE jobs SET claim = NULL, failed_at = $4, failure = $5 \
               WHERE tenant_id = $1 AND job_id = $2 AND claim = $3";
}

fn from_row(row: &Row, first: usize) -> Result<JobRow, StoreError> {
    Ok(JobRow {
        job_id: row.get(first)?,
        kind: row.get(first + 1)?,
        payload: row.get(first + 2)?,
        attempts: row.get(first + 3)?,
        created_at: row.get(first + 4)?,
        run_at: row.get(first + 5)?,
        claim: row.get(first + 6)?,
        failed_at: row.get(first + 7)?,
        failure: row.get(first + 8)?,
    })
}

/// Queues a job. Conflict on `jobs_pkey`.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &JobRow) -> Result<(), StoreError> {
    tx.execute(
        INSERT,
        params![
            tenant,
            &row.job_id,
            &row.kind,
            &row.payload,
            row.attempts,
            row.created_at,
            row.run_at,
            row.claim.as_ref(),
            row.failed_at,
            row.failure.as_ref()
        ],
    )?;
    Ok(())
}

/// The job with this identifier, waiting, at work or given up.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, job_id: &str) -> Result<Option<JobRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, job_id])?.as_ref().map(|row| from_row(row, 0)).transpose()
}

/// Jobs of all tenants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobCount {
    /// Queued or at work.
    pub pending: usize,
    /// Given up.
    pub failed: usize,
}

/// How many jobs there are, for the operator.
pub fn count(tx: &mut Tx<'_>) -> Result<JobCount, StoreError> {
    let Some(row) = tx.query_opt(COUNT, params![])? else { return Ok(JobCount::default()) };
    let (all, failed): (i64, i64) = (row.get(0)?, row.get(1)?);
    let size = |count: i64| usize::try_from(count).unwrap_or(usize::MAX);
    Ok(JobCount { pending: size(all.saturating_sub(failed)), failed: size(failed) })
}

/// Jobs of the tenant that were given up, the newest first, at most `limit`.
pub fn failed(tx: &mut Tx<'_>, tenant: &TenantId, limit: i64) -> Result<Vec<JobRow>, StoreError> {
    tx.query(FAILED, params![tenant, limit])?.iter().map(|row| from_row(row, 0)).collect()
}

/// Whether a job of this kind may be taken at `now`, in any tenant.
pub fn is_due(tx: &mut Tx<'_>, kind: &str, now: Timestamp) -> Result<bool, StoreError> {
    Ok(tx.query_opt(IS_DUE, params![kind, now])?.is_some())
}

/// Takes up to `limit` jobs of this kind that are due, of all tenants, the oldest first. Until `lost_at` no other node takes
/// them; after that whoever comes counts as the successor of a node that died. `claim` is a new name for this taking.
pub fn claim(
    tx: &mut Tx<'_>,
    kind: &str,
    now: Timestamp,
    claim: &str,
    lost_at: Timestamp,
    limit: i64,
) -> Result<Vec<(TenantId, JobRow)>, StoreError> {
    let rows = tx.query(CLAIM, params![kind, now, claim, lost_at, limit])?;
    rows.iter().map(|row| Ok((TenantId::new(row.get::<String>(0)?), from_row(row, 1)?))).collect()
}

/// Removes a job that is done. `false` when the claim is no longer the newest one: then the answer counts for nothing.
pub fn complete(tx: &mut Tx<'_>, tenant: &TenantId, job_id: &str, claim: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(COMPLETE, params![tenant, job_id, claim])? == 1)
}

/// Puts a job back until `run_at`. `false` as for [`complete`].
pub fn retry(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    job_id: &str,
    claim: &str,
    run_at: Timestamp,
    failure: &str,
) -> Result<bool, StoreError> {
    Ok(tx.execute(RETRY, params![tenant, job_id, claim, run_at, failure])? == 1)
}

/// Keeps a job as failed; nobody takes it again. `false` as for [`complete`].
pub fn give_up(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    job_id: &str,
    claim: &str,
    now: Timestamp,
    failure: &str,
) -> Result<bool, StoreError> {
    Ok(tx.execute(GIVE_UP, params![tenant, job_id, claim, now, failure])? == 1)
}
