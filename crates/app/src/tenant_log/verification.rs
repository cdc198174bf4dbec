//! Checking the tenant log against its seals (OP-03: "Alter one record: verifier names it").

use std::collections::HashSet;
use std::fmt;

use jiff::Timestamp;
use keywright_jose::{Expected, JwtType, VerifyingKey, verify};
use keywright_store::log_seals::{self, LogSealRow};
use keywright_store::logs::{self, LogRow};
use keywright_store::signing_keys;
use keywright_types::Tenant;
use serde_json::Value;

use super::oldest_kept;
use super::seal::{SealClaims, digest, fingerprint};
use crate::{App, AppError};

/// Seals read at once.
const PAGE: i64 = 100;

/// What a check of the log came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogVerification {
    /// Seals that were checked.
    pub seals: usize,
    /// Entries under them.
    pub entries: usize,
    /// Everything that is wrong. Empty: the log is as it was written.
    pub problems: Vec<LogProblem>,
}

/// One thing that is wrong with a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogProblem {
    /// The entry is not what was sealed.
    Altered {
        /// Its identifier.
        log_id: String,
    },
    /// An entry that was sealed is gone.
    Missing {
        /// The entry before it; the first of the seal when there is none.
        after: String,
    },
    /// The entry was not there when its time was sealed.
    Added {
        /// Its identifier.
        log_id: String,
    },
    /// The seal is not one of this tenant's keys, or does not fit the one before it.
    BrokenSeal {
        /// Its number.
        sequence: i64,
        /// What does not hold.
        cause: &'static str,
    },
}

impl fmt::Display for LogProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { log_id } => write!(formatter, "entry {log_id} was altered"),
            Self::Missing { after } => write!(formatter, "an entry is missing after {after}"),
            Self::Added { log_id } => write!(formatter, "entry {log_id} was added later"),
            Self::BrokenSeal { sequence, cause } => write!(formatter, "seal {sequence}: {cause}"),
        }
    }
}

impl App {
    /// Checks every seal of the tenant's log, its place in the chain, and every entry under it.
    pub async fn verify_log(&self, tenant: &Tenant) -> Result<LogVerification, AppError> {
        let (id, oldest) = (tenant.id.clone(), oldest_kept(tenant, self.now()));
        let keys = self.store().read(move |tx| signing_keys::list(tx, &id).map_err(AppError::from)).await?;
        // Revoked keys too: they sign nothing any more, and what they sealed stays sealed.
        let keys = keys.into_iter().filter_map(|row| VerifyingKey::from_certificate(row.kid, &row.certificate).ok());
        let keys: Vec<VerifyingKey> = keys.collect();
        let mut verification = LogVerification::default();
        let mut previous: Option<LogSealRow> = None;
        loop {
            let (id, after) = (tenant.id.clone(), previous.as_ref().map_or(0, |seal| seal.sequence));
            let seals = self.store().read(move |tx| log_seals::list_after(tx, &id, after, PAGE)).await?;
            if seals.is_empty() {
                return Ok(verification);
            }
            for seal in seals {
                if let Err(cause) = genuine(tenant, &keys, previous.as_ref(), &seal, self.now()) {
                    verification.problems.push(LogProblem::BrokenSeal { sequence: seal.sequence, cause });
                }
                // What lies between two seals belongs to the later one: nothing can be slipped in between them.
                let after = previous.as_ref().map(|last| last.last_log_id.clone()).unwrap_or_default();
                let (id, until) = (tenant.id.clone(), seal.last_log_id.clone());
                let entries = self.store().read(move |tx| logs::list_between(tx, &id, &after, &until)).await?;
                verification.seals += 1;
                verification.entries += entries.len();
                // Beyond the retention the entries are gone on purpose.
                if seal.last_log_id >= oldest || !entries.is_empty() {
                    compare(&seal, &entries, &mut verification.problems)?;
                }
                previous = Some(seal);
            }
        }
    }
}

/// Signature, chain, and that the row says what was signed.
fn genuine(
    tenant: &Tenant,
    keys: &[VerifyingKey],
    previous: Option<&LogSealRow>,
    seal: &LogSealRow,
    now: Timestamp,
) -> Result<(), &'static str> {
    let (issuer, keys) = (tenant.issuer(), keys.iter().collect::<Vec<_>>());
    let expected = Expected { issuer: &issuer, audience: None, typ: JwtType::LogSeal, now, allow_expired: true };
    let claims =
        verify(&seal.signature, &keys, &expected).map_err(|_| "the signature is not one of the tenant's keys")?;
    let claims: SealClaims = serde_json::from_value(Value::Object(claims)).map_err(|_| "the token is no seal")?;
    if (claims.sequence, &claims.first_log_id, &claims.last_log_id)
        != (seal.sequence, &seal.first_log_id, &seal.last_log_id)
        || claims.entries != fingerprint(&seal.entry_digests)
    {
        return Err("the row is not what was signed");
    }
    match previous {
        Some(previous) if seal.sequence != previous.sequence.saturating_add(1) => Err("the seal before it is missing"),
        Some(previous) if claims.previous != fingerprint(previous.signature.as_bytes()) => {
            Err("it is not chained to the seal before it")
        }
        _ => Ok(()),
    }
}

/// Names every entry that is not what was sealed.
fn compare(seal: &LogSealRow, entries: &[LogRow], problems: &mut Vec<LogProblem>) -> Result<(), AppError> {
    let sealed: Vec<&[u8]> = seal.entry_digests.chunks(32).collect();
    let found =
        entries.iter().map(|row| Ok((row.log_id.as_str(), digest(row)?))).collect::<Result<Vec<_>, AppError>>()?;
    let (known, present): (HashSet<&[u8]>, HashSet<&[u8]>) =
        (sealed.iter().copied().collect(), found.iter().map(|(_, digest)| digest.as_slice()).collect());
    let mut after = seal.first_log_id.as_str();
    let (mut sealed, mut found) = (sealed.into_iter().peekable(), found.iter().peekable());
    loop {
        let gone = sealed.peek().is_some_and(|digest| !present.contains(digest));
        let foreign = found.peek().is_some_and(|(_, digest)| !known.contains(digest.as_slice()));
        match (gone, foreign) {
            (true, true) => {
                sealed.next();
                problems.extend(found.next().map(|(log_id, _)| LogProblem::Altered { log_id: (*log_id).to_owned() }));
            }
            (true, false) => {
                sealed.next();
                problems.push(LogProblem::Missing { after: after.to_owned() });
            }
            (false, true) => {
                problems.extend(found.next().map(|(log_id, _)| LogProblem::Added { log_id: (*log_id).to_owned() }));
            }
            (false, false) => {
                let next = found.next();
                if sealed.next().is_none() && next.is_none() {
                    return Ok(());
                }
                after = next.map_or(after, |(log_id, _)| log_id);
            }
        }
    }
}
