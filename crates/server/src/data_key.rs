//! `keywright data-key`: the generations of the keys that seal what is secret in the database (ST-03).

use keywright_app::{App, Clock, DataKeyInfo, DataKeyRotationError, DataKeyState};
use keywright_types::Timestamp;

use crate::cli::DataKeyCommand;
use crate::{Failure, instance, log_command};

/// Runs one command.
pub(crate) async fn run(command: DataKeyCommand) -> Result<(), Failure> {
    let (DataKeyCommand::List { source } | DataKeyCommand::Rotate { source, .. }) = &command;
    let app = instance::open(log_command::storage(source)?, Clock::system()).await?;
    let done = act(&app, &command).await;
    app.store().close().await;
    println!("{}", done?);
    Ok(())
}

async fn act(app: &App, command: &DataKeyCommand) -> Result<String, Failure> {
    let emergency = match command {
        DataKeyCommand::List { .. } => return Ok(table(&app.list_data_keys().await?)),
        DataKeyCommand::Rotate { emergency, .. } => *emergency,
    };
    let rotation = app.rotate_data_key(emergency).await.map_err(|cause| match cause {
        DataKeyRotationError::App(cause) => Failure::App(cause),
        refused => Failure::DataKeys(refused),
    })?;
    let mut text = format!(
        "Generation {} is announced and seals from {:.0} on. Running servers follow by themselves; keywright data-key list \
         shows how far they are.",
        rotation.generation, rotation.used_from
    );
    if emergency {
        let families = rotation.revoked_families;
        text = format!(
            "{text}\nEvery refresh token is revoked ({families} were alive). What else has to be done after a leak: \
             docs/guides/master-and-data-keys.md."
        );
    }
    Ok(text)
}

/// One line for each generation.
fn table(keys: &[DataKeyInfo]) -> String {
    let head = line("GENERATION", "STATE", "MASTER KEY", "SEALS FROM", "WHAT REMAINS");
    let lines = keys.iter().map(|key| {
        let name = if key.state == DataKeyState::Lookup { "-".to_owned() } else { key.generation.to_string() };
        line(&name, key.state.as_str(), &key.sealed_with, &seals_from(key), &what_remains(key))
    });
    let lines: Vec<String> = std::iter::once(head).chain(lines).map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

fn line(name: &str, state: &str, master: &str, from: &str, remains: &str) -> String {
    format!("{name:<11} {state:<9} {master:<17} {from:<21} {remains}")
}

fn seals_from(key: &DataKeyInfo) -> String {
    let shown = |at: Timestamp| format!("{at:.0}");
    if key.state == DataKeyState::Lookup { "-".to_owned() } else { shown(key.used_from) }
}

fn what_remains(key: &DataKeyInfo) -> String {
    match (key.state, key.retires_at) {
        (DataKeyState::Lookup, _) => "digests everything that is looked up by a secret".to_owned(),
        (DataKeyState::Previous, None) => "stored values are being sealed again".to_owned(),
        (DataKeyState::Previous, Some(at)) => format!("opens cookies and tokens; erased after {at:.0}"),
        (DataKeyState::Retired, Some(at)) => format!("erased {at:.0}"),
        _ => String::new(),
    }
}
