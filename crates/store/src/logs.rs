//! The tenant log: append-only entries that sort by time (`management-api.md` §12.1; OP-03).

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, params};

/// An entry as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct LogRow {
    /// Decimal digits that sort by time. Made by the program: `logs_pkey`.
    pub log_id: String,
    /// Auth0's event code: `s`, `fp`, `seacft`, ….
    pub kind: String,
    /// When it happened.
    pub logged_at: Timestamp,
    /// One sentence.
    pub description: Option<String>,
    /// The application.
    pub client_id: Option<String>,
    /// Its name at that time.
    pub client_name: Option<String>,
    /// The user.
    pub user_id: Option<String>,
    /// Address or username, as it was known or entered.
    pub user_name: Option<String>,
    /// Name of the connection.
    pub connection: Option<String>,
    /// Its identifier.
    pub connection_id: Option<String>,
    /// Its strategy.
    pub strategy: Option<String>,
    /// Address of the caller.
    pub ip: Option<String>,
    /// What the caller says it is.
    pub user_agent: Option<String>,
    /// Domain that the request came to.
    pub hostname: String,
    /// Identifier of the API.
    pub audience: Option<String>,
    /// Space-separated scopes.
    pub scope: Option<String>,
    /// More about it, a JSON object.
    pub details: Option<String>,
}

debug_shows!(LogRow: log_id, kind, logged_at, client_id, hostname);

/// The columns in the order of [`from_row`].
macro_rules! columns {
    () => {
        "log_id, type, logged_at, description, client_id, client_name, user_id, user_name, connection, connection_id, \
         strategy, ip, user_agent, hostname, audience, scope, details"
    };
}

pub(crate) use columns;

statements! {
    INSERT = concat!(
        "INSERT INTO logs (tenant_id, ", columns!(), ") \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
    );
    FIND = concat!("SELECT ", columns!(), " FROM logs WHERE tenant_id = $1 AND log_id = $2");
    LIST_AFTER = concat!(
        "SELECT ", columns!(), " FROM logs WHERE tenant_id = $1 AND log_id > $2 AND logged_at <= $3 \
         ORDER BY log_id LIMIT $4"
    );
    LIST_BETWEEN = concat!(
        "SELECT ", columns!(), " FROM logs WHERE tenant_id = $1 AND log_id > $2 AND log_id <= $3 ORDER BY log_id"
    );
    LIST_OF_USER = concat!(
        "SELECT ", columns!(), " FROM logs WHERE tenant_id = $1 AND user_id = $2 ORDER BY log_id DESC LIMIT $3"
    );
    COUNT_OF_KIND = "SELECT COUNT(*) FROM logs WHERE tenant_id = $1 AND type = $2 AND log_id >= $3 AND log_id < $4";
    DELETE_UNTIL = "DELETE FROM logs WHERE tenant_id = $1 AND log_id IN ( \
                    SELECT log_id FROM logs WHERE tenant_id = $1 AND log_id <= $2 ORDER BY log_id LIMIT $3)";
}

pub(crate) fn from_row(row: &Row) -> Result<LogRow, StoreError> {
    Ok(LogRow {
        log_id: row.get(0)?,
        kind: row.get(1)?,
        logged_at: row.get(2)?,
        description: row.get(3)?,
        client_id: row.get(4)?,
        client_name: row.get(5)?,
        user_id: row.get(6)?,
        user_name: row.get(7)?,
        connection: row.get(8)?,
        connection_id: row.get(9)?,
        strategy: row.get(10)?,
        ip: row.get(11)?,
        user_agent: row.get(12)?,
        hostname: row.get(13)?,
        audience: row.get(14)?,
        scope: row.get(15)?,
        details: row.get(16)?,
    })
}

/// Adds an entry. There is no function that changes one.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &LogRow) -> Result<(), StoreError> {
    tx.execute(
        INSERT,
        params![
            tenant,
            &row.log_id,
            &row.kind,
            row.logged_at,
            row.description.as_ref(),
            row.client_id.as_ref(),
            row.client_name.as_ref(),
            row.user_id.as_ref(),
            row.user_name.as_ref(),
            row.connection.as_ref(),
            row.connection_id.as_ref(),
            row.strategy.as_ref(),
            row.ip.as_ref(),
            row.user_agent.as_ref(),
            &row.hostname,
            row.audience.as_ref(),
            row.scope.as_ref(),
            row.details.as_ref()
        ],
    )?;
    Ok(())
}

/// The entry with this identifier.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, log_id: &str) -> Result<Option<LogRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, log_id])?.as_ref().map(from_row).transpose()
}

/// Up to `limit` entries after `log_id` (exclusive; `""` for the first) that were made until `until`, oldest first.
pub fn list_after(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    log_id: &str,
    until: Timestamp,
    limit: i64,
) -> Result<Vec<LogRow>, StoreError> {
    tx.query(LIST_AFTER, params![tenant, log_id, until, limit])?.iter().map(from_row).collect()
}

/// All entries after `after` (exclusive; `""` for the first) until `last` (inclusive), oldest first.
pub fn list_between(tx: &mut Tx<'_>, tenant: &TenantId, after: &str, last: &str) -> Result<Vec<LogRow>, StoreError> {
    tx.query(LIST_BETWEEN, params![tenant, after, last])?.iter().map(from_row).collect()
}

/// The newest `limit` entries about a user, newest first.
pub fn list_of_user(tx: &mut Tx<'_>, tenant: &TenantId, user_id: &str, limit: i64) -> Result<Vec<LogRow>, StoreError> {
    tx.query(LIST_OF_USER, params![tenant, user_id, limit])?.iter().map(from_row).collect()
}

/// How many entries of a kind there are from `from` (inclusive) until `until` (exclusive).
pub fn count_of_kind(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    kind: &str,
    from: &str,
    until: &str,
) -> Result<i64, StoreError> {
    tx.query_opt(COUNT_OF_KIND, params![tenant, kind, from, until])?.map_or(Ok(0), |row| row.get(0))
}

/// Removes up to `limit` of the oldest entries until `log_id` (inclusive); returns how many.
pub fn delete_until(tx: &mut Tx<'_>, tenant: &TenantId, log_id: &str, limit: i64) -> Result<u64, StoreError> {
    tx.execute(DELETE_UNTIL, params![tenant, log_id, limit])
}
