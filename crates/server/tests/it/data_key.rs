//! `keywright data-key`, and the change of the master key as an operator does it (ST-03).

use std::process::Command;

use serde_json::Value;

use crate::process::{keywright, run};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW_KEY: &str = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Runs a command in `directory` with a master key behind a trusted proxy.
fn command(directory: &tempfile::TempDir, key: &str, arguments: &[&str]) -> Command {
    let mut command = keywright();
    command
        .args(arguments)
        .env("KEYWRIGHT_MASTER_KEY", key)
        .env("KEYWRIGHT_TRUSTED_PROXIES", "10.0.0.0/8")
        .env("KEYWRIGHT_DATABASE", format!("sqlite:{}/keywright.db", directory.path().display()))
        .current_dir(directory.path());
    command
}

/// A directory with a tenant's database.
fn installation() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let created = run(&mut command(&directory, KEY, &["tenant", "create", "--domain", "login.example.com"]));
    assert!(created.0.success(), "{created:?}");
    directory
}

/// What `keywright doctor` finds under these names: status and message.
fn findings(command: &mut Command, name: &str) -> Vec<(String, String)> {
    let (_, output, error) = run(command.arg("--json"));
    let answer: Value = serde_json::from_str(&output).unwrap_or_else(|_| panic!("{output} {error}"));
    let checks = answer["checks"].as_array().unwrap().iter().filter(|check| check["check"] == name);
    let text = |check: &Value, name: &str| check[name].as_str().unwrap_or_default().to_owned();
    checks.map(|check| (text(check, "status"), text(check, "message"))).collect()
}

#[test]
fn st_03_the_master_key_is_changed_by_naming_the_one_before() {
    let directory = installation();
    let list = |key: &str| command(&directory, key, &["data-key", "list"]);
    let (status, before, _) = run(&mut list(KEY));
    assert!(status.success());
    let fingerprint = |table: &str| table.lines().nth(2).unwrap().split_whitespace().nth(2).unwrap().to_owned();

    // Not yet named: refused, with what to do, and without a key.
    let (status, output, error) = run(&mut list(NEW_KEY));
    assert_eq!((status.code(), output.as_str()), (Some(1), ""));
    assert!(error.contains("the database belongs to another master key"), "{error}");
    assert!(error.contains("`previous_master_keys`") && error.contains(&fingerprint(&before)), "{error}");
    assert!(!error.contains(KEY) && !error.contains(NEW_KEY), "{error}");
    let found = findings(&mut command(&directory, NEW_KEY, &["doctor"]), "master key");
    assert_eq!(found[0].0, "fail");

    // A look changes nothing; the next start does.
    let name_it = |mut command: Command| {
        command.env("KEYWRIGHT_PREVIOUS_MASTER_KEYS", KEY);
        command
    };
    let mut doctor = name_it(command(&directory, NEW_KEY, &["doctor"]));
    let found = findings(&mut doctor, "previous master keys");
    assert!(found.len() == 1 && found[0].1.contains("has sealed data keys"), "{found:?}");
    assert_eq!(run(&mut list(KEY)).1, before);
    let (status, after, error) = run(&mut name_it(list(NEW_KEY)));
    assert!(status.success(), "{error}");
    assert_ne!(fingerprint(&after), fingerprint(&before));
    assert_eq!(after.lines().count(), 3, "{after}");

    // Now the one before can go, and doctor says so.
    let mut doctor = name_it(command(&directory, NEW_KEY, &["doctor"]));
    let found = findings(&mut doctor, "previous master keys");
    assert!(found[0].0 == "warn" && found[0].1.contains("is not needed any more"), "{found:?}");
    assert_eq!(run(&mut list(NEW_KEY)).1, after);
    let found = findings(&mut command(&directory, NEW_KEY, &["doctor"]), "previous master keys");
    assert_eq!(found, []);
    assert_eq!(run(&mut list(KEY)).0.code(), Some(1));
    let found = findings(&mut command(&directory, NEW_KEY, &["doctor"]), "master key");
    assert_eq!(found[0], ("ok".to_owned(), "opens the keys of every tenant".to_owned()));
}

#[test]
fn st_03_a_data_key_is_rotated_by_command() {
    let directory = installation();
    let (status, table, _) = run(&mut command(&directory, KEY, &["data-key", "list"]));
    assert!(status.success());
    let states: Vec<&str> = table.lines().skip(1).map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(states, ["lookup", "current"], "{table}");

    let (status, output, error) = run(&mut command(&directory, KEY, &["data-key", "rotate"]));
    assert!(status.success(), "{error}");
    assert!(output.starts_with("Generation 2 is announced and seals from "), "{output}");
    let (status, _, error) = run(&mut command(&directory, KEY, &["data-key", "rotate"]));
    assert_eq!(status.code(), Some(1));
    assert!(error.contains("the data keys were left as they are: generation 2 has just begun"), "{error}");
    let (_, table, _) = run(&mut command(&directory, KEY, &["data-key", "list"]));
    let states: Vec<&str> = table.lines().skip(1).map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    assert_eq!(states, ["lookup", "current", "next"], "{table}");
    let found = findings(&mut command(&directory, KEY, &["doctor"]), "data keys");
    assert_eq!(found, [("ok".to_owned(), "generation 1 seals".to_owned())]);
}
