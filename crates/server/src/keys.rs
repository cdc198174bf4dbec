//! `keywright keys`: the signing keys of a tenant (TK-06).

use keywright_app::{App, KeyRotationError, SigningKeyInfo};
use keywright_types::{Tenant, Timestamp};

use crate::cli::KeysCommand;
use crate::{Failure, instance, log_command};

/// Runs one command.
pub(crate) async fn run(command: KeysCommand) -> Result<(), Failure> {
    let (KeysCommand::List { source } | KeysCommand::Rotate { source } | KeysCommand::Revoke { source, .. }) = &command;
    let (app, tenant) = log_command::open(source).await?;
    let done = act(&app, &tenant, &command).await;
    app.store().close().await;
    println!("{}", done?);
    Ok(())
}

async fn act(app: &App, tenant: &Tenant, command: &KeysCommand) -> Result<String, Failure> {
    instance::check_master_key(app, &tenant.id).await?;
    let done = match command {
        KeysCommand::List { .. } => return Ok(table(&app.list_signing_keys(&tenant.id).await?)),
        KeysCommand::Rotate { .. } => app.rotate_signing_keys(tenant).await.map(|rotation| {
            format!(
                "{} signs now. {} is published next. {} is still accepted: revoke it when its last token has expired.",
                rotation.current, rotation.next, rotation.previous
            )
        }),
        KeysCommand::Revoke { kid, emergency: false, .. } => {
            app.revoke_signing_key(&tenant.id, kid).await.map(|()| revoked(kid))
        }
        KeysCommand::Revoke { kid, emergency: true, .. } => {
            app.revoke_signing_key_at_once(tenant, kid).await.map(|()| revoked(kid))
        }
    };
    done.map_err(|cause| match cause {
        KeyRotationError::App(cause) => Failure::App(cause),
        refused => Failure::Keys(refused),
    })
}

fn revoked(kid: &str) -> String {
    format!("{kid} is revoked: every node refuses what it signed within a second.")
}

/// One line for each key.
fn table(keys: &[SigningKeyInfo]) -> String {
    let since = |at: Option<Timestamp>| at.map_or_else(|| "-".to_owned(), |at| format!("{at:.0}"));
    let head = format!("{:<22} {:<22} {:<9} {:<21} {:<21}", "KID (RSA)", "KID (P-256)", "STATE", "MADE", "SIGNS SINCE");
    let lines = keys.iter().map(|key| {
        format!(
            "{:<22} {:<22} {:<9} {:<21} {:<21}",
            key.kid,
            key.ec_kid.as_deref().unwrap_or("-"),
            key.state.as_str(),
            since(Some(key.created_at)),
            since(key.current_since)
        )
    });
    let lines: Vec<String> = std::iter::once(head).chain(lines).map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}
