//! `keywright import --users`: a file of users, as a JSON array or one on each line, straight into the database.

use std::fs::File;
use std::io::{BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use keywright_app::App;
use keywright_management::{Administration, UserImport};
use keywright_types::Tenant;
use serde_json::Value;
use serde_json::value::RawValue;

use super::files::failure;
use super::summary::Summary;
use crate::Failure;

/// Users of one transaction.
const BATCH: usize = 500;

/// One import of users.
pub(super) struct Import<'a> {
    pub(super) app: &'a App,
    pub(super) tenant: &'a Tenant,
    pub(super) connection: &'a str,
    pub(super) upsert: bool,
}

impl Import<'_> {
    pub(super) async fn run(&self, path: &Path, dry_run: bool) -> Result<Summary, Failure> {
        let administration = Administration::new(self.app, Arc::new(self.tenant.clone()));
        let import = administration.user_import(self.connection, self.upsert).await?;
        let missing = || Failure::Tree(format!("there is no database connection {}", self.connection));
        let mut run = Batches { import: import.ok_or_else(missing)?, dry_run, summary: Summary::default() };
        let mut file = File::open(path).map_err(|cause| failure(path, cause))?;
        let mut batch = Vec::with_capacity(BATCH);
        if begins_with_bracket(&mut file).map_err(|cause| failure(path, cause))? {
            let mut text = String::new();
            file.read_to_string(&mut text).map_err(|cause| failure(path, cause))?;
            let users: Vec<&RawValue> = serde_json::from_str(&text).map_err(|cause| failure(path, cause))?;
            for user in users {
                run.take(&mut batch, user.get().to_owned()).await?;
            }
        } else {
            for user in serde_json::Deserializer::from_reader(BufReader::new(file)).into_iter::<Box<RawValue>>() {
                let user = user.map_err(|cause| failure(path, cause))?;
                run.take(&mut batch, user.get().to_owned()).await?;
            }
        }
        run.write(&mut batch).await?;
        Ok(run.summary)
    }
}

struct Batches {
    import: UserImport,
    dry_run: bool,
    summary: Summary,
}

impl Batches {
    async fn take(&mut self, batch: &mut Vec<String>, user: String) -> Result<(), Failure> {
        batch.push(user);
        if batch.len() == BATCH { self.write(batch).await } else { Ok(()) }
    }

    async fn write(&mut self, batch: &mut Vec<String>) -> Result<(), Failure> {
        let done = self.import.batch(batch, self.dry_run).await?;
        batch.clear();
        self.summary.created += done.inserted;
        self.summary.changed += done.updated;
        self.summary.refused += done.refused.len();
        for refused in &done.refused {
            let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
            let user = refused.get("user");
            let name = ["email", "username", "user_id"].iter().find_map(|name| user?.get(*name)?.as_str());
            for error in refused.get("errors").and_then(Value::as_array).into_iter().flatten() {
                let (code, path, message) =
                    (text(error.get("code")), text(error.get("path")), text(error.get("message")));
                println!("refused   users {}: {code} {path}: {message}", name.unwrap_or("(unnamed)"));
            }
        }
        Ok(())
    }
}

/// Whether the first character that is not white space opens a list.
fn begins_with_bracket(file: &mut File) -> std::io::Result<bool> {
    let mut head = [0; 64];
    let length = file.read(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    let first = head.iter().take(length).find(|byte| !byte.is_ascii_whitespace());
    Ok(first == Some(&b'['))
}
