//! Configuration of a tenant that is read by its name: branding, texts, mail templates, settings of factors. One document for
//! each kind and name.

use jiff::Timestamp;
use keywright_types::TenantId;

use crate::{Row, StoreError, Tx, config, params};

/// A document as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct TenantDocumentRow {
    /// What it is: `email-template`, `branding`. A name of the program.
    pub kind: String,
    /// Which one of them; empty where there is one only. With the kind: `tenant_documents_pkey`.
    pub name: String,
    /// The document, JSON.
    pub document: String,
    /// What of it is secret, JSON, sealed.
    pub secrets: Option<Vec<u8>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

debug_shows!(TenantDocumentRow: kind, name, created_at, updated_at);

statements! {
    INSERT = "INSERT INTO tenant_documents (tenant_id, kind, name, document, secrets, created_at, updated_at) \
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    PUT = "INSERT INTO tenant_documents (tenant_id, kind, name, document, secrets, created_at, updated_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant_id, kind, name) \
           DO UPDATE SET document = excluded.document, secrets = excluded.secrets, updated_at = excluded.updated_at";
    FIND = "SELECT kind, name, document, secrets, created_at, updated_at FROM tenant_documents \
            WHERE tenant_id = $1 AND kind = $2 AND name = $3";
    LIST = "SELECT kind, name, document, secrets, created_at, updated_at FROM tenant_documents \
            WHERE tenant_id = $1 AND kind = $2 ORDER BY name";
    DELETE = "DELETE FROM tenant_documents WHERE tenant_id = $1 AND kind = $2 AND name = $3";
}

fn from_row(row: &Row) -> Result<TenantDocumentRow, StoreError> {
    Ok(TenantDocumentRow {
        kind: row.get(0)?,
        name: row.get(1)?,
        document: row.get(2)?,
        secrets: row.get(3)?,
        created_at: row.get(4)?,
        updated_at: row.get(5)?,
    })
}

/// Adds a document. Conflict on `tenant_documents_pkey` when there is one, or on `foreign_key` when there is no such tenant.
pub fn insert(tx: &mut Tx<'_>, tenant: &TenantId, row: &TenantDocumentRow) -> Result<(), StoreError> {
    write(tx, tenant, row, INSERT)
}

/// Adds a document, or replaces the one that is there but for its `created_at`. Conflict on `foreign_key` when there is no
/// such tenant.
pub fn put(tx: &mut Tx<'_>, tenant: &TenantId, row: &TenantDocumentRow) -> Result<(), StoreError> {
    write(tx, tenant, row, PUT)
}

fn write(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    row: &TenantDocumentRow,
    statement: &'static str,
) -> Result<(), StoreError> {
    let TenantDocumentRow { kind, name, document, secrets, created_at, updated_at } = row;
    config::bump(tx, tenant)?;
    tx.execute(statement, params![tenant, kind, name, document, secrets.as_deref(), *created_at, *updated_at])?;
    Ok(())
}

/// The document of this kind and name.
pub fn find(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    kind: &str,
    name: &str,
) -> Result<Option<TenantDocumentRow>, StoreError> {
    tx.query_opt(FIND, params![tenant, kind, name])?.as_ref().map(from_row).transpose()
}

/// All documents of this kind, by name.
pub fn list(tx: &mut Tx<'_>, tenant: &TenantId, kind: &str) -> Result<Vec<TenantDocumentRow>, StoreError> {
    tx.query(LIST, params![tenant, kind])?.iter().map(from_row).collect()
}

/// Removes the document. `false` when there was none.
pub fn delete(tx: &mut Tx<'_>, tenant: &TenantId, kind: &str, name: &str) -> Result<bool, StoreError> {
    config::bump(tx, tenant)?;
    Ok(tx.execute(DELETE, params![tenant, kind, name])? == 1)
}
