//! Partials: stored (`management-api.md` §10.3).

use keywright_store::tenant_documents;
use serde_json::Value;

use super::names;
use crate::call::{Call, Reply};
use crate::document::{self, Stored};
use crate::error::ApiError;
use crate::operation::Outcome;

const KIND: &str = "partials";

pub(super) async fn get(call: Call) -> Outcome {
    let name = names::prompt_with_partials(&call)?;
    let found = call.read(move |tx, tenant| document::find(tx, tenant, KIND, name)).await?;
    Ok(Reply::json(Value::Object(found.map(|own| own.document).unwrap_or_default())))
}

pub(super) async fn put(call: Call) -> Outcome {
    let name = names::prompt_with_partials(&call)?;
    let own = Stored::new(name, call.members(), call.app.now());
    let screens = names::screens();
    if let Some(unknown) = own.document.keys().find(|screen| !screens.contains(&screen.as_str())) {
        let shown: String = unknown.chars().filter(|c| !c.is_control()).take(100).collect();
        return Err(ApiError::invalid_body(format!("There is no screen {shown}")));
    }
    call.configure(move |tx, tenant| {
        if own.document.is_empty() {
            tenant_documents::delete(tx, tenant, KIND, name)?;
        } else {
            document::put(tx, tenant, KIND, &own)?;
        }
        Ok(())
    })
    .await?;
    Ok(Reply::json(call.body))
}
