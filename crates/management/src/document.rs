//! Configuration of a tenant that is a document found by its name (`tenant_documents`).

use keywright_app::AppError;
use keywright_store::tenant_documents::{self, TenantDocumentRow};
use keywright_store::{StoreError, Tx};
use keywright_types::{TenantId, Timestamp};
use serde_json::{Map, Value};

use crate::error::ApiError;

/// A document as it is stored: the members of its row that a resource changes.
#[derive(Clone, PartialEq)]
pub(crate) struct Stored {
    pub(crate) name: String,
    pub(crate) document: Map<String, Value>,
    pub(crate) secrets: Option<Vec<u8>>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Stored {
    /// A new one.
    pub(crate) fn new(name: &str, document: Map<String, Value>, now: Timestamp) -> Self {
        Self { name: name.to_owned(), document, secrets: None, created_at: now, updated_at: now }
    }

    fn row(&self, kind: &str) -> TenantDocumentRow {
        TenantDocumentRow {
            kind: kind.to_owned(),
            name: self.name.clone(),
            document: Value::Object(self.document.clone()).to_string(),
            secrets: self.secrets.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

fn stored(row: TenantDocumentRow) -> Result<Stored, ApiError> {
    let TenantDocumentRow { name, document, secrets, created_at, updated_at, .. } = row;
    let document = serde_json::from_str(&document).map_err(AppError::internal)?;
    Ok(Stored { name, document, secrets, created_at, updated_at })
}

/// The document of this kind and name.
pub(crate) fn find(tx: &mut Tx<'_>, tenant: &TenantId, kind: &str, name: &str) -> Result<Option<Stored>, ApiError> {
    tenant_documents::find(tx, tenant, kind, name)?.map(stored).transpose()
}

/// All documents of this kind, by name.
pub(crate) fn list(tx: &mut Tx<'_>, tenant: &TenantId, kind: &str) -> Result<Vec<Stored>, ApiError> {
    tenant_documents::list(tx, tenant, kind)?.into_iter().map(stored).collect()
}

/// Adds a document. Conflict on `tenant_documents_pkey` when there is one.
pub(crate) fn insert(tx: &mut Tx<'_>, tenant: &TenantId, kind: &str, document: &Stored) -> Result<(), StoreError> {
    tenant_documents::insert(tx, tenant, &document.row(kind))
}

/// Adds or replaces a document.
pub(crate) fn put(tx: &mut Tx<'_>, tenant: &TenantId, kind: &str, document: &Stored) -> Result<(), StoreError> {
    tenant_documents::put(tx, tenant, &document.row(kind))
}
