//! Custom texts (`management-api.md` §10.3: "GET `{}` when none (must be 200, never 404); PUT replaces").

use keywright_app::appearance::{CUSTOM_TEXT, custom_text_name};
use keywright_store::tenant_documents;
use serde_json::Value;

use super::names;
use crate::call::{Call, Reply};
use crate::document::{self, Stored};
use crate::error::ApiError;
use crate::operation::Outcome;

/// Bytes of the texts of one prompt in one language.
const LONGEST: usize = 64 * 1024;
/// Bytes of all texts of a tenant: they are read with it.
const LONGEST_OF_ALL: usize = 4 * 1024 * 1024;

pub(super) async fn get(call: Call) -> Outcome {
    let name = custom_text_name(names::language(&call)?, names::prompt(&call)?);
    let found = call.read(move |tx, tenant| document::find(tx, tenant, CUSTOM_TEXT, &name)).await?;
    Ok(Reply::json(Value::Object(found.map(|own| own.document).unwrap_or_default())))
}

pub(super) async fn put(call: Call) -> Outcome {
    let name = custom_text_name(names::language(&call)?, names::prompt(&call)?);
    let own = Stored::new(&name, call.members(), call.app.now());
    let length = call.body.to_string().len();
    if length > LONGEST {
        return Err(ApiError::invalid_body(format!("The texts are too long ({length} bytes), maximum {LONGEST}")));
    }
    let nothing = own.document.values().all(|texts| texts.as_object().is_none_or(serde_json::Map::is_empty));
    call.configure(move |tx, tenant| {
        if nothing {
            tenant_documents::delete(tx, tenant, CUSTOM_TEXT, &name)?;
            return Ok(());
        }
        let others = tenant_documents::list(tx, tenant, CUSTOM_TEXT)?;
        let others: usize = others.iter().filter(|row| row.name != name).map(|row| row.document.len()).sum();
        if others.saturating_add(length) > LONGEST_OF_ALL {
            return Err(ApiError::too_many_entities());
        }
        Ok(document::put(tx, tenant, CUSTOM_TEXT, &own)?)
    })
    .await?;
    Ok(Reply::json(call.body))
}
