//! `keywright log`: reads and checks the tenant log (`management-api.md` §12.1; OP-03).

use std::io::Write as _;

use keywright_app::{App, log_entry};
use keywright_store::logs;
use keywright_types::Tenant;

use crate::cli::{DatabaseSource, TenantSource};
use crate::config::{Document, Storage};
use crate::{Failure, config, dev, instance};

/// Entries read at once.
const PAGE: i64 = 500;

/// `keywright log list`: one line of JSON per entry, oldest first.
pub(crate) async fn list(source: TenantSource, after: Option<String>) -> Result<(), Failure> {
    let (app, tenant) = open(&source).await?;
    let mut after = after.unwrap_or_default();
    loop {
        let (id, from, now) = (tenant.id.clone(), after.clone(), app.now());
        let rows = app.store().read(move |tx| logs::list_after(tx, &id, &from, now, PAGE)).await;
        let rows = rows.map_err(keywright_app::AppError::from)?;
        let mut output = std::io::stdout().lock();
        for row in &rows {
            writeln!(output, "{}", serde_json::Value::Object(log_entry(row))).map_err(Failure::Io)?;
        }
        match rows.last() {
            Some(last) => after.clone_from(&last.log_id),
            None => return Ok(()),
        }
    }
}

/// `keywright log verify`: names every entry that is not as it was written.
pub(crate) async fn verify(source: TenantSource) -> Result<(), Failure> {
    let (app, tenant) = open(&source).await?;
    let verification = app.verify_log(&tenant).await?;
    for problem in &verification.problems {
        println!("{problem}");
    }
    println!(
        "{} seals over {} entries, {} problems",
        verification.seals,
        verification.entries,
        verification.problems.len()
    );
    if verification.problems.is_empty() { Ok(()) } else { Err(Failure::TamperedLog(tenant.domain)) }
}

pub(crate) async fn open(source: &TenantSource) -> Result<(App, Tenant), Failure> {
    let app = instance::open(storage(&source.database)?, keywright_app::Clock::system()).await?;
    let tenant = app.tenant_by_domain(&source.domain).await?;
    let tenant = tenant.ok_or_else(|| Failure::UnknownTenant(source.domain.clone()))?;
    Ok((app, (*tenant).clone()))
}

/// The development server's database, or the configured one.
pub(crate) fn storage(source: &DatabaseSource) -> Result<Storage, Failure> {
    if let Some(data) = &source.data {
        return dev::storage(data);
    }
    let path = source.configuration.config.as_deref();
    Ok(Document::load(path, config::environment(), source.database.as_deref())?.storage()?)
}
