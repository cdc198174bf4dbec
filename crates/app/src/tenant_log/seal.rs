//! Sealing the tenant log (OP-03: "append-only, hash-chained, signed at intervals, verifiable offline").
//!
//! A seal covers the entries since the one before it: the SHA-256 of each, in order, and a token signed by the tenant's key
//! that holds the SHA-256 of all of these and of the token of the seal before. Writing an entry costs nothing more by it,
//! and whoever has the tenant's public keys can check a copy of both tables.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use keywright_jose::{JwtType, Signer, SigningAlg, sha256, sign};
use keywright_store::log_seals::{self, LogSealRow};
use keywright_store::logs::{self, LogRow};
use keywright_types::Tenant;
use serde::{Deserialize, Serialize};

use crate::{App, AppError};

/// Entries younger than this are not sealed yet: a request that was slow, or a node whose clock is behind, may still add one
/// with an earlier identifier.
const SETTLED_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// Entries under one seal at most.
const LONGEST: i64 = 1000;

/// Claims of a seal's token.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SealClaims {
    pub(super) iss: String,
    pub(super) iat: i64,
    /// When the tenant's retention lets go of the entries.
    pub(super) exp: i64,
    pub(super) sequence: i64,
    pub(super) first_log_id: String,
    pub(super) last_log_id: String,
    /// Base64url of the SHA-256 of the digests of the entries.
    pub(super) entries: String,
    /// Base64url of the SHA-256 of the token of the seal before; empty for the first.
    pub(super) previous: String,
}

impl App {
    /// Seals all entries that are old enough. Of two nodes that do it at once, one wins.
    pub(super) async fn seal_log(&self, tenant: &Tenant) -> Result<(), AppError> {
        let settled = self.now().checked_sub(SETTLED_AFTER).unwrap_or(Timestamp::UNIX_EPOCH);
        loop {
            let id = tenant.id.clone();
            let (last, entries) = self
                .store()
                .read(move |tx| {
                    let last = log_seals::last(tx, &id)?;
                    let after = last.as_ref().map(|seal| seal.last_log_id.as_str()).unwrap_or_default();
                    let entries = logs::list_after(tx, &id, after, settled, LONGEST)?;
                    Ok::<_, AppError>((last, entries))
                })
                .await?;
            let full = i64::try_from(entries.len()).unwrap_or(LONGEST) == LONGEST;
            let Some(seal) = self.seal(tenant, last.as_ref(), &entries).await? else { return Ok(()) };
            let id = tenant.id.clone();
            if !self.store().write(move |tx| log_seals::insert(tx, &id, &seal)).await? || !full {
                return Ok(());
            }
        }
    }

    /// The seal of `entries`; `None` when there are none.
    async fn seal(
        &self,
        tenant: &Tenant,
        last: Option<&LogSealRow>,
        entries: &[LogRow],
    ) -> Result<Option<LogSealRow>, AppError> {
        let (Some(first_entry), Some(last_entry)) = (entries.first(), entries.last()) else { return Ok(None) };
        let now = self.now();
        let entry_digests = entries.iter().map(digest).collect::<Result<Vec<_>, _>>()?.concat();
        let kept = i64::from(tenant.settings.log_retention_days) * 86_400;
        let claims = SealClaims {
            iss: tenant.issuer(),
            iat: now.as_second(),
            exp: now.as_second().saturating_add(kept),
            sequence: last.map_or(1, |seal| seal.sequence.saturating_add(1)),
            first_log_id: first_entry.log_id.clone(),
            last_log_id: last_entry.log_id.clone(),
            entries: fingerprint(&entry_digests),
            previous: last.map(|seal| fingerprint(seal.signature.as_bytes())).unwrap_or_default(),
        };
        let keys = self.signing_keys(&tenant.id).await?;
        let signature = sign(JwtType::LogSeal, Signer::Rsa(keys.current(), SigningAlg::RS256), &claims);
        Ok(Some(LogSealRow {
            sequence: claims.sequence,
            first_log_id: claims.first_log_id,
            last_log_id: claims.last_log_id,
            entry_digests,
            signature: signature.map_err(AppError::internal)?,
            sealed_at: now,
        }))
    }
}

/// SHA-256 of the entry as a JSON array of its columns: text, number or null, in the order of the table.
pub(super) fn digest(row: &LogRow) -> Result<[u8; 32], AppError> {
    let columns = (
        (&row.log_id, &row.kind, row.logged_at.as_millisecond(), &row.description),
        (&row.client_id, &row.client_name, &row.user_id, &row.user_name),
        (&row.connection, &row.connection_id, &row.strategy, &row.ip),
        (&row.user_agent, &row.hostname, &row.audience, &row.scope, &row.details),
    );
    Ok(sha256(&serde_json::to_vec(&columns).map_err(AppError::internal)?))
}

pub(super) fn fingerprint(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(sha256(bytes))
}
