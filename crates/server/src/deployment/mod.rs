//! `keywright import` and `keywright export`: the configuration of a tenant as files, in the two layouts of auth0-deploy-cli
//! (`management-api.md` §18).
//!
//! Everything is read and written by operations of the Management API (`keywright_management::Administration`): nothing here
//! knows what a valid application is. `kinds.rs` is the table of what there is; `tree.rs` reads and writes files, `import.rs`
//! and `export.rs` go between the two.

mod comparison;
mod entries;
mod export;
mod files;
mod import;
mod keywords;
mod kind;
mod kinds;
mod parts;
mod prompt_files;
mod reading;
mod remote;
mod rule_order;
mod secrets;
mod set;
mod settings;
mod summary;
mod texts;
mod tree;
mod users;
mod writing;

use std::path::Path;
use std::sync::Arc;

use keywright_app::App;
use keywright_management::Administration;

use crate::cli::{ExportOptions, ImportOptions};
use crate::{Failure, log_command};
use import::Import;
use remote::Remote;
use summary::Summary;

/// `keywright import`.
pub(crate) async fn import(options: ImportOptions) -> Result<(), Failure> {
    let ImportOptions { path, dry_run, delete, users, connection, upsert, source } = options;
    let (app, tenant) = log_command::open(&source).await?;
    let administration = Administration::new(&app, Arc::new(tenant.clone()));
    let done = match (path, users) {
        (_, Some(file)) => {
            let wanted =
                users::Import { app: &app, tenant: &tenant, connection: &connection.unwrap_or_default(), upsert };
            wanted.run(&file, dry_run).await
        }
        (Some(path), None) => apply(&administration, &tenant.management_audience(), &path, dry_run, delete).await,
        // The command line needs one of the two.
        (None, None) => Ok(Summary::default()),
    };
    closed(&app).await;
    let summary = done?;
    println!("{summary}");
    if summary.refused == 0 { Ok(()) } else { Err(Failure::Refused(summary.refused)) }
}

/// `keywright export`.
pub(crate) async fn export(options: ExportOptions) -> Result<(), Failure> {
    let ExportOptions { path, source } = options;
    let (app, tenant) = log_command::open(&source).await?;
    let administration = Administration::new(&app, Arc::new(tenant));
    let tree = export::tree(&Remote::new(&administration)).await;
    closed(&app).await;
    let written = tree::write(&path, &tree?)?;
    println!("{written} files in {}", path.display());
    Ok(())
}

async fn apply(
    administration: &Administration,
    management_audience: &str,
    path: &Path,
    dry_run: bool,
    delete: bool,
) -> Result<Summary, Failure> {
    let tree = tree::read(path, &keywords::environment())?;
    Import { remote: Remote::new(administration), management_audience, dry_run, delete }.run(tree).await
}

/// The jobs that were queued are the server's.
async fn closed(app: &App) {
    app.store().close().await;
}
