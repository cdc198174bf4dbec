//! Members of documents that are stored sealed beside them: JSON that is read back where the API answers it (ST-03).

use keywright_app::{App, AppError};
use keywright_jose::Purpose;
use keywright_types::TenantId;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::error::ApiError;

/// The members, sealed; nothing for no members.
pub(crate) fn seal(app: &App, purpose: Purpose, tenant: &TenantId, members: &Map<String, Value>) -> Vec<u8> {
    if members.is_empty() {
        return Vec::new();
    }
    let text = SecretString::from(Value::Object(members.clone()).to_string());
    app.sealed(purpose, tenant, &text)
}

/// What [`seal`] sealed; no members where there is nothing.
pub(crate) fn open(
    app: &App,
    purpose: Purpose,
    tenant: &TenantId,
    sealed: Option<&[u8]>,
) -> Result<Map<String, Value>, ApiError> {
    let sealed = sealed.filter(|sealed| !sealed.is_empty());
    match app.unsealed(purpose, tenant, sealed)? {
        None => Ok(Map::new()),
        Some(text) => Ok(serde_json::from_str(text.expose_secret()).map_err(AppError::internal)?),
    }
}
