//! Settings of a tenant that are one document each, found by a name: from a [`Part`] come the operations that read, change and
//! replace it. What its members say is secret lies sealed beside the document (`management-api.md` §14; ST-03).

use http::Method;
use keywright_app::App;
use keywright_jose::Purpose;
use keywright_store::tenant_documents::{self, TenantDocumentRow};
use keywright_store::{Tx, tenant_documents::find};
use keywright_types::{TenantId, Timestamp};
use serde_json::{Map, Value};

use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::fields::{Field, answer_schema, merge, update_schema};
use crate::operation::{Operation, Outcome};
use crate::schema::Schema;
use crate::sealed;

/// A document, and where it is.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) path: &'static str,
    /// Summary of reading it, `Get …`.
    pub(crate) get: &'static str,
    /// Summary of changing it, `Update …`.
    pub(crate) update: &'static str,
    /// Name of its description in the OpenAPI document.
    pub(crate) schema: &'static str,
    /// Kind and name of the stored document. Two paths may lead to one.
    pub(crate) stored: (&'static str, &'static str),
    pub(crate) members: fn() -> Vec<Field>,
    /// The document of a tenant that has none.
    pub(crate) default: fn() -> Value,
    /// What it can be written with: PUT replaces it, PATCH changes what is sent.
    pub(crate) writes: &'static [Method],
    /// Whether who reads it gets what is secret.
    pub(crate) shows_secrets: bool,
    pub(crate) read: &'static [&'static str],
    pub(crate) write: &'static [&'static str],
}

/// The operations on a document.
pub(crate) fn operations(part: &'static Part) -> Vec<Operation> {
    let fields = (part.members)();
    let answer = || answer_schema(&fields).named(part.schema);
    let mut all = vec![
        Operation::get(part.path, part.get)
            .scopes(part.read)
            .answers(answer())
            .handled_by(move |call| async move { Ok(Reply::json(read(&call, part).await?)) }),
    ];
    for method in part.writes {
        let operation = if *method == Method::PUT {
            Operation::put(part.path, part.update).body(update_schema(&fields))
        } else {
            Operation::patch(part.path, part.update).body(update_schema(&fields).sized(1, usize::MAX))
        };
        let replaces = *method == Method::PUT;
        all.push(operation.scopes(part.write).answers(answer()).handled_by(move |call| write(call, part, replaces)));
    }
    all
}

/// The document as it is answered.
pub(crate) async fn read(call: &Call, part: &'static Part) -> Result<Value, ApiError> {
    let app = call.app.clone();
    let document = call.read(move |tx, tenant| stored(&app, tx, tenant, part)).await?;
    Ok(shown(part, document))
}

async fn write(call: Call, part: &'static Part, replaces: bool) -> Outcome {
    let (app, now, body) = (call.app.clone(), call.app.now(), call.members());
    let document = call
        .configure(move |tx, tenant| {
            let mut document = if replaces { Map::new() } else { stored(&app, tx, tenant, part)? };
            merge(&(part.members)(), &mut document, body);
            put(&app, tx, tenant, part, document.clone(), now)?;
            Ok(document)
        })
        .await?;
    Ok(Reply::json(shown(part, document)))
}

/// The whole document, secrets included; the default where there is none.
pub(crate) fn stored(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    part: &'static Part,
) -> Result<Map<String, Value>, ApiError> {
    let Some(row) = find(tx, tenant, part.stored.0, part.stored.1)? else {
        return Ok((part.default)().as_object().cloned().unwrap_or_default());
    };
    let mut document: Value = serde_json::from_str(&row.document).map_err(keywright_app::AppError::internal)?;
    let secrets = sealed::open(app, Purpose::TenantDocument, tenant, row.secrets.as_deref())?;
    put_back(&mut document, Value::Object(secrets));
    Ok(document.as_object().cloned().unwrap_or_default())
}

/// Stores the document, its secrets sealed.
pub(crate) fn put(
    app: &App,
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    part: &'static Part,
    document: Map<String, Value>,
    now: Timestamp,
) -> Result<(), ApiError> {
    let mut document = Value::Object(document);
    let secrets = schema(part).take_secrets(&mut document);
    let secrets = secrets.and_then(|secrets| secrets.as_object().cloned());
    let row = TenantDocumentRow {
        kind: part.stored.0.to_owned(),
        name: part.stored.1.to_owned(),
        document: document.to_string(),
        secrets: secrets.map(|secrets| sealed::seal(app, Purpose::TenantDocument, tenant, &secrets)),
        created_at: now,
        updated_at: now,
    };
    Ok(tenant_documents::put(tx, tenant, &row)?)
}

fn shown(part: &'static Part, document: Map<String, Value>) -> Value {
    let mut document = Value::Object(document);
    if !part.shows_secrets {
        schema(part).take_secrets(&mut document);
    }
    document
}

fn schema(part: &'static Part) -> Schema {
    // The answer's members are those of the document: none of a part is set by the server alone.
    update_schema(&(part.members)())
}

/// Puts members back where they were taken from.
fn put_back(document: &mut Value, secrets: Value) {
    match (document, secrets) {
        (Value::Object(document), Value::Object(secrets)) => {
            for (name, secret) in secrets {
                match document.get_mut(&name) {
                    Some(own) => put_back(own, secret),
                    None => drop(document.insert(name, secret)),
                }
            }
        }
        (document, secret) => *document = secret,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{object, optional, text};

    #[test]
    fn secrets_are_taken_out_and_put_back_where_they_were() {
        let schema = object(vec![
            optional("key", text().secret()),
            optional("provider", object(vec![optional("site", text()), optional("secret", text().secret())])),
            optional("other", object(vec![optional("secret", text().secret())])),
        ]);
        let whole = json!({
            "key": "k", "provider": { "site": "s", "secret": "t" }, "other": { "secret": "u" }, "unknown": 1,
        });
        let mut document = whole.clone();
        let secrets = schema.take_secrets(&mut document).unwrap();
        assert_eq!(document, json!({ "provider": { "site": "s" }, "other": {}, "unknown": 1 }));
        assert_eq!(secrets, json!({ "key": "k", "provider": { "secret": "t" }, "other": { "secret": "u" } }));
        put_back(&mut document, secrets);
        assert_eq!(document, whole);
        assert_eq!(schema.take_secrets(&mut json!({ "provider": { "site": "s" } })), None);
    }
}
