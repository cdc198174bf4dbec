//! Secrets in links: used once, and only the newest of its kind is good, as long as the user has the address that it was made
//! for (LG-12).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, params};

/// A ticket as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketRow {
    /// Keyed digest of the secret. With the tenant the key of the table.
    pub ticket_digest: Vec<u8>,
    /// What it is for. A name of the program.
    pub kind: String,
    /// Whose it is.
    pub user_id: String,
    /// The address that it was made for; `None` for any.
    pub email: Option<String>,
    /// What else it says, JSON.
    pub document: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

debug_shows!(TicketRow: kind, user_id, created_at, expires_at);

/// How a ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketStanding {
    /// It can be used.
    Good,
    /// It was used, or there is a newer one.
    Used,
    /// It has ended.
    Expired,
    /// The user has another address by now.
    Foreign,
}

/// A ticket that was found.
#[derive(Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Whose it is.
    pub user_id: String,
    /// What else it says, JSON.
    pub document: Option<String>,
    /// Whether it is good.
    pub standing: TicketStanding,
}

debug_shows!(Ticket: user_id, standing);

statements! {
    SUPERSEDE = "UPDATE tickets SET used_at = $5 WHERE tenant_id = $1 AND user_id = $2 AND kind = $3 \
                 AND ticket_digest <> $4 AND used_at IS NULL AND created_at <= $5";
    YIELD = "UPDATE tickets SET used_at = $5 WHERE tenant_id = $1 AND ticket_digest = $4 AND EXISTS ( \
             SELECT 1 FROM tickets AS newer WHERE newer.tenant_id = $1 AND newer.user_id = $2 AND newer.kind = $3 \
             AND newer.created_at > $5)";
    INSERT = "INSERT INTO tickets (tenant_id, ticket_digest, kind, user_id, email, document, created_at, expires_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant_id, ticket_digest) DO NOTHING";
    FIND = "SELECT tickets.user_id, tickets.document, tickets.used_at, tickets.expires_at, tickets.email, users.email \
            FROM tickets, users WHERE tickets.tenant_id = $1 AND tickets.ticket_digest = $2 AND tickets.kind = $3 \
            AND users.tenant_id = tickets.tenant_id AND users.user_id = tickets.user_id";
    TAKE = "UPDATE tickets SET used_at = $4 WHERE tenant_id = $1 AND ticket_digest = $2 AND kind = $3 \
            AND used_at IS NULL AND expires_at > $4 AND (email IS NULL OR email = (SELECT users.email FROM users \
            WHERE users.tenant_id = tickets.tenant_id AND users.user_id = tickets.user_id)) RETURNING user_id";
    SET_DOCUMENT = "UPDATE tickets SET document = $4 WHERE tenant_id = $1 AND ticket_digest = $2 AND kind = $3 \
                    AND used_at IS NULL";
    END_KIND = "UPDATE tickets SET used_at = $4 WHERE tenant_id = $1 AND user_id = $2 AND kind = $3 AND used_at IS NULL";
    END = "UPDATE tickets SET used_at = $3 WHERE tenant_id = $1 AND user_id = $2 AND used_at IS NULL";
}

/// Adds a ticket and ends the older ones of its kind; where there was a newer one, this one has ended. One that is there already, used or not, stays as it is. Conflict on
/// `foreign_key` when there is no such user.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &TicketRow) -> Result<(), StoreError> {
    let TicketRow { ticket_digest, kind, user_id, email, document, created_at, expires_at } = row;
    let (email, document) = (email.as_ref(), document.as_ref());
    let params = params![tenant, ticket_digest.as_slice(), kind, user_id, email, document, *created_at, *expires_at];
    if tx.execute(INSERT, params)? == 1 {
        tx.execute(SUPERSEDE, params![tenant, user_id, kind, ticket_digest.as_slice(), *created_at])?;
        tx.execute(YIELD, params![tenant, user_id, kind, ticket_digest.as_slice(), *created_at])?;
    }
    Ok(())
}

/// Replaces what a ticket says. `false` when there is none that is still good.
pub fn set_document(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    digest: &[u8],
    kind: &str,
    document: &str,
) -> Result<bool, StoreError> {
    Ok(tx.execute(SET_DOCUMENT, params![tenant, digest, kind, document])? == 1)
}

/// The ticket, good or not; `None` when there never was one, or it is long over.
pub fn find(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    digest: &[u8],
    kind: &str,
    now: Timestamp,
) -> Result<Option<Ticket>, StoreError> {
    let row = tx.query_opt(FIND, params![tenant, digest, kind])?;
    row.map(|row| ticket(&row, now)).transpose()
}

fn ticket(row: &Row, now: Timestamp) -> Result<Ticket, StoreError> {
    let (used_at, expires_at) = (row.get::<Option<Timestamp>>(2)?, row.get::<Timestamp>(3)?);
    let (made_for, email) = (row.get::<Option<String>>(4)?, row.get::<Option<String>>(5)?);
    let standing = match used_at {
        Some(_) => TicketStanding::Used,
        None if expires_at <= now => TicketStanding::Expired,
        None if made_for.is_some() && made_for != email => TicketStanding::Foreign,
        None => TicketStanding::Good,
    };
    Ok(Ticket { user_id: row.get(0)?, document: row.get(1)?, standing })
}

/// Uses the ticket up and says whose it was; `None` when it is not good (any more).
pub fn take(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    digest: &[u8],
    kind: &str,
    now: Timestamp,
) -> Result<Option<String>, StoreError> {
    tx.query_opt(TAKE, params![tenant, digest, kind, now])?.map(|row| row.get(0)).transpose()
}

/// Ends the tickets of a kind that a user has.
pub fn end_kind(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    kind: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(END_KIND, params![tenant, user_id, kind, now]).map(drop)
}

/// Ends every ticket of a user: they were made for an account that is another one now.
pub fn end_for_user(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(END, params![tenant, user_id, now]).map(drop)
}
