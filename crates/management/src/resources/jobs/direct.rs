//! An import without a job, for the command line: batches of users, by the same rules and with the same reports.

use std::collections::HashSet;
use std::sync::Arc;

use keywright_app::{App, AppError, ImportOutcome, ImportedRow};
use keywright_store::{Tx, logs};
use keywright_types::{Connection, Tenant, TenantId};
use serde_json::{Value, json};

use super::import::repeats;
use super::record::{self, Refusal};
use crate::log;
use crate::schema::Schema;

/// Imports users into one connection, batch by batch.
pub struct UserImport {
    app: App,
    tenant: Arc<Tenant>,
    connection: Connection,
    upsert: bool,
    schema: Schema,
    seen: HashSet<(&'static str, String)>,
}

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImportedBatch {
    /// Users that were added.
    pub inserted: usize,
    /// Users that were there and were changed.
    pub updated: usize,
    /// Those that were refused, with the reasons, as `GET /jobs/{id}/errors` has them.
    pub refused: Vec<Value>,
}

impl UserImport {
    /// An import into the database connection of this name; `None` when there is none.
    pub(crate) async fn into_connection(
        app: &App,
        tenant: &Arc<Tenant>,
        name: &str,
        upsert: bool,
    ) -> Result<Option<Self>, AppError> {
        let connections = app.connections(&tenant.id).await?;
        let found = connections.iter().find(|own| own.name == name && own.is_database());
        Ok(found.map(|connection| Self {
            app: app.clone(),
            tenant: tenant.clone(),
            connection: connection.clone(),
            upsert,
            schema: record::schema(),
            seen: HashSet::new(),
        }))
    }

    /// Imports users, each a JSON text: one transaction with its entry in the tenant log. With `dry_run` nothing is written,
    /// and users who are there are not looked for.
    ///
    /// # Errors
    /// When it is not the fault of a user: then none of the batch was imported.
    pub async fn batch(&mut self, users: &[String], dry_run: bool) -> Result<ImportedBatch, AppError> {
        let (mut rows, mut sent): (Vec<ImportedRow>, Vec<String>) = (Vec::new(), Vec::new());
        let mut batch = ImportedBatch::default();
        for user in users {
            let repeated = repeats(user, &mut self.seen);
            match (record::read(&self.app, &self.connection, &self.schema, user)?, repeated) {
                (Err((shown, refusals)), _) => batch.refused.push(record::shown(&shown, &refusals)),
                (Ok(_), Some(rule)) => batch.refused.push(refused(user, &Refusal::repeated(rule))),
                (Ok(row), None) => {
                    rows.push(row);
                    sent.push(user.clone());
                }
            }
        }
        if dry_run {
            batch.inserted = rows.len();
            return Ok(batch);
        }
        let (app, connection, failed) = (self.app.clone(), self.connection.name.clone(), batch.refused.len());
        let event = log::command_line("Import users", &self.tenant);
        let finish = move |tx: &mut Tx<'_>, tenant: &TenantId, outcome: &ImportOutcome| {
            let details = json!({
                "connection": connection, "inserted": outcome.inserted, "updated": outcome.updated,
                "failed": failed + outcome.refused.len(),
            });
            logs::insert(tx, tenant, &app.log_row(event.details(details)))?;
            Ok(true)
        };
        let begin = |_: &mut Tx<'_>, _: &TenantId| Ok(true);
        let done = self.app.import_users(&self.tenant, &self.connection, rows, self.upsert, begin, finish).await?;
        let outcome = done.unwrap_or_default();
        for (place, conflict) in &outcome.refused {
            let sent = sent.get(*place).map(String::as_str).unwrap_or_default();
            batch.refused.push(refused(sent, &Refusal::conflict(*conflict)));
        }
        (batch.inserted, batch.updated) = (outcome.inserted, outcome.updated);
        Ok(batch)
    }
}

fn refused(sent: &str, refusal: &Refusal) -> Value {
    let record = serde_json::from_str(sent).unwrap_or_default();
    record::shown(&record::masked(&record), std::slice::from_ref(refusal))
}
