//! Removal of what has expired, in small batches, by one node at a time (architecture §4).
//!
//! Sessions are not among it: their end is news to applications ([`sessions::end_expired`](crate::sessions::end_expired)).
//!
//! Each batch is a write job of its own, so that logins are never held up for longer than one batch takes.

use jiff::{SignedDuration, Timestamp};

use crate::{Store, StoreError, leases, params};

/// Rows removed by one job.
const BATCH: i64 = 500;
/// How long a node may be busy cleaning before another one may start. A second node at work does no harm.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How long consumed codes and revoked families are remembered, to recognise a replay and to name its reason.
const REPLAY_MEMORY: SignedDuration = SignedDuration::from_hours(24);

statements! {
    TRANSACTIONS = "DELETE FROM transactions WHERE (tenant_id, handle_digest) IN ( \
                    SELECT tenant_id, handle_digest FROM transactions WHERE expires_at <= $1 LIMIT $2)";
    OPEN_CODES = "DELETE FROM authorization_codes WHERE (tenant_id, code_digest) IN ( \
                  SELECT tenant_id, code_digest FROM authorization_codes \
                  WHERE expires_at <= $1 AND consumed_at IS NULL LIMIT $2)";
    CONSUMED_CODES = "DELETE FROM authorization_codes WHERE (tenant_id, code_digest) IN ( \
                      SELECT tenant_id, code_digest FROM authorization_codes WHERE expires_at <= $1 LIMIT $2)";
    IDLE_REFRESH_TOKENS = "DELETE FROM refresh_tokens WHERE (tenant_id, family_id) IN ( \
                           SELECT tenant_id, family_id FROM refresh_tokens WHERE idle_expires_at <= $1 LIMIT $2)";
    REFRESH_TOKENS = "DELETE FROM refresh_tokens WHERE (tenant_id, family_id) IN ( \
                      SELECT tenant_id, family_id FROM refresh_tokens WHERE expires_at <= $1 LIMIT $2)";
    REVOKED_REFRESH_TOKENS = "DELETE FROM refresh_tokens WHERE (tenant_id, family_id) IN ( \
                              SELECT tenant_id, family_id FROM refresh_tokens WHERE revoked_at <= $1 LIMIT $2)";
    REVOCATIONS = "DELETE FROM access_token_revocations WHERE (tenant_id, client_id, user_id, issued_at) IN ( \
                   SELECT tenant_id, client_id, user_id, issued_at FROM access_token_revocations \
                   WHERE expires_at <= $1 LIMIT $2)";
    USERINFO_CLAIMS = "DELETE FROM userinfo_claims WHERE (tenant_id, user_id, client_id, issued_at) IN ( \
                       SELECT tenant_id, user_id, client_id, issued_at FROM userinfo_claims \
                       WHERE expires_at <= $1 LIMIT $2)";
    FAILED_JOBS = "DELETE FROM jobs WHERE (tenant_id, job_id) IN ( \
                   SELECT tenant_id, job_id FROM jobs WHERE failed_at <= $1 LIMIT $2)";
    RATE_LIMITS = "DELETE FROM rate_limits WHERE (tenant_id, bucket) IN ( \
                   SELECT tenant_id, bucket FROM rate_limits WHERE expires_at <= $1 LIMIT $2)";
    LOGIN_FAILURES = "DELETE FROM login_failures WHERE (tenant_id, account, origin) IN ( \
                      SELECT tenant_id, account, origin FROM login_failures WHERE expires_at <= $1 LIMIT $2)";
    NETWORK_ATTEMPTS = "DELETE FROM network_attempts WHERE (tenant_id, stage, network) IN ( \
                        SELECT tenant_id, stage, network FROM network_attempts WHERE full_at <= $1 LIMIT $2)";
    KNOWN_DEVICES = "DELETE FROM known_devices WHERE (tenant_id, user_id, device) IN ( \
                     SELECT tenant_id, user_id, device FROM known_devices WHERE expires_at <= $1 LIMIT $2)";
    TICKETS = "DELETE FROM tickets WHERE (tenant_id, ticket_digest) IN ( \
               SELECT tenant_id, ticket_digest FROM tickets WHERE expires_at <= $1 LIMIT $2)";
    REVOKED_ACCESS_TOKENS = "DELETE FROM revoked_access_tokens WHERE (tenant_id, token_digest) IN ( \
                             SELECT tenant_id, token_digest FROM revoked_access_tokens \
                             WHERE expires_at <= $1 LIMIT $2)";
    USED_JWT_IDS = "DELETE FROM used_jwt_ids WHERE (tenant_id, id_digest) IN ( \
                    SELECT tenant_id, id_digest FROM used_jwt_ids WHERE expires_at <= $1 LIMIT $2)";
    PUSHED_REQUESTS = "DELETE FROM pushed_requests WHERE (tenant_id, request_digest) IN ( \
                       SELECT tenant_id, request_digest FROM pushed_requests WHERE expires_at <= $1 LIMIT $2)";
    DEVICE_CODES = "DELETE FROM device_codes WHERE (tenant_id, code_digest) IN ( \
                    SELECT tenant_id, code_digest FROM device_codes WHERE expires_at <= $1 LIMIT $2)";
    CLIENT_SECRETS = "DELETE FROM client_secrets WHERE (tenant_id, client_id, secret_digest) IN ( \
                      SELECT tenant_id, client_id, secret_digest FROM client_secrets \
                      WHERE expires_at <= $1 LIMIT $2)";
    USER_JOBS = "DELETE FROM user_jobs WHERE (tenant_id, job_id) IN ( \
                 SELECT tenant_id, job_id FROM user_jobs WHERE created_at <= $1 LIMIT $2)";
    /// What a job that came to no end was to read: password hashes and people's data.
    USER_JOB_INPUT = "DELETE FROM user_job_parts WHERE (tenant_id, job_id, part) IN ( \
                      SELECT p.tenant_id, p.job_id, p.part FROM user_job_parts p \
                      JOIN user_jobs j ON j.tenant_id = p.tenant_id AND j.job_id = p.job_id \
                      WHERE j.created_at <= $1 AND p.part > 'input' AND p.part < 'inputs' LIMIT $2)";
}

/// `management-api.md` §6.4: "Job data kept 24 h; jobs time out after 2 h".
const USER_JOB_MEMORY: SignedDuration = SignedDuration::from_hours(24);
const USER_JOB_TIMEOUT: SignedDuration = SignedDuration::from_hours(2);

/// How long jobs that were given up are kept for people to look at.
const FAILED_JOB_MEMORY: SignedDuration = SignedDuration::from_hours(24 * 7);

/// How long a device that asks late is told that its code has expired.
const DEVICE_CODE_MEMORY: SignedDuration = SignedDuration::from_hours(1);

/// Removes everything that is expired at `now`, if `holder` (a name of this process) gets the lease for it. Returns how many
/// rows went; `None` when another node is at it.
///
/// # Errors
/// The first error of a batch; batches before it stay done, and the next run takes up the rest.
pub async fn run_once(store: &Store, now: Timestamp, holder: &str) -> Result<Option<u64>, StoreError> {
    let name = holder.to_owned();
    let until = now.saturating_add(LEASE).unwrap_or(now);
    if !store.write(move |tx| leases::acquire(tx, "cleanup", &name, now, until)).await? {
        return Ok(None);
    }
    let memory = now.saturating_sub(REPLAY_MEMORY).unwrap_or(now);
    let mut removed = 0;
    for (statement, before) in [
        (TRANSACTIONS, now),
        (OPEN_CODES, now),
        (CONSUMED_CODES, memory),
        (IDLE_REFRESH_TOKENS, now),
        (REFRESH_TOKENS, now),
        (REVOKED_REFRESH_TOKENS, memory),
        (REVOCATIONS, now),
        (USERINFO_CLAIMS, now),
        (LOGIN_FAILURES, now),
        (NETWORK_ATTEMPTS, now),
        (KNOWN_DEVICES, now),
        (TICKETS, now),
        (FAILED_JOBS, now.saturating_sub(FAILED_JOB_MEMORY).unwrap_or(now)),
        (RATE_LIMITS, now),
        (REVOKED_ACCESS_TOKENS, now),
        (USED_JWT_IDS, now),
        (PUSHED_REQUESTS, now),
        (CLIENT_SECRETS, now),
        (USER_JOB_INPUT, now.saturating_sub(USER_JOB_TIMEOUT).unwrap_or(now)),
        (USER_JOBS, now.saturating_sub(USER_JOB_MEMORY).unwrap_or(now)),
        (DEVICE_CODES, now.saturating_sub(DEVICE_CODE_MEMORY).unwrap_or(now)),
    ] {
        removed += remove(store, statement, before).await?;
    }
    let name = holder.to_owned();
    store.write(move |tx| leases::release(tx, "cleanup", &name)).await?;
    Ok(Some(removed))
}

async fn remove(store: &Store, statement: &'static str, before: Timestamp) -> Result<u64, StoreError> {
    let mut removed = 0;
    loop {
        let batch = store.write(move |tx| tx.execute(statement, params![before, BATCH])).await?;
        removed += batch;
        if i64::try_from(batch).unwrap_or(BATCH) < BATCH {
            return Ok(removed);
        }
    }
}
