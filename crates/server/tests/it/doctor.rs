//! `keywright doctor`: what it finds on installations with and without something wrong.

use std::process::Command;

use serde_json::Value;

use crate::process::{keywright, run};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const OTHER_KEY: &str = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Runs a command in `directory` with a master key behind a trusted proxy.
fn command(directory: &tempfile::TempDir, arguments: &[&str]) -> Command {
    let mut command = keywright();
    command
        .args(arguments)
        .env("KEYWRIGHT_MASTER_KEY", KEY)
        .env("KEYWRIGHT_TRUSTED_PROXIES", "10.0.0.0/8")
        .env("KEYWRIGHT_DATABASE", format!("sqlite:{}/keywright.db", directory.path().display()))
        .current_dir(directory.path());
    command
}

/// Whether it succeeded, and the status of each check.
fn doctor(command: &mut Command) -> (bool, Vec<(String, String, String)>) {
    let (status, output, error) = run(command.arg("--json"));
    assert_eq!(status.success(), error.is_empty(), "{error}");
    let answer: Value = serde_json::from_str(&output).unwrap();
    let text = |check: &Value, name: &str| check[name].as_str().unwrap_or_default().to_owned();
    let checks = answer["checks"].as_array().unwrap().iter();
    (
        status.success(),
        checks.map(|check| ["check", "status", "message"].map(|name| text(check, name)).into()).collect(),
    )
}

fn status_of<'a>(checks: &'a [(String, String, String)], name: &str) -> &'a str {
    let check = checks.iter().find(|(check, ..)| check == name);
    &check.unwrap_or_else(|| panic!("no check {name} in {checks:?}")).1
}

#[test]
fn doctor_finds_a_new_installation_well_and_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let (success, checks) = doctor(&mut command(&directory, &["doctor"]));
    assert!(success, "{checks:?}");
    assert_eq!(status_of(&checks, "database"), "warn", "there is no file yet");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "nothing was made");

    let created = run(&mut command(&directory, &["tenant", "create", "--domain", "login.example.com"]));
    assert!(created.0.success(), "{created:?}");
    let (success, checks) = doctor(&mut command(&directory, &["doctor"]));
    assert!(success, "{checks:?}");
    for name in ["configuration", "database", "schema", "tenants", "master key", "trusted proxies", "test controls"] {
        assert_eq!(status_of(&checks, name), "ok", "{name} {checks:?}");
    }
    let (_, table, _) = run(&mut command(&directory, &["doctor"]));
    assert!(table.contains("OK    master key: opens the keys of every tenant\n"), "{table}");
}

#[test]
fn doctor_fails_on_what_would_not_work() {
    let directory = tempfile::tempdir().unwrap();
    run(&mut command(&directory, &["tenant", "create", "--domain", "login.example.com"]));
    let (success, checks) = doctor(command(&directory, &["doctor"]).env("KEYWRIGHT_MASTER_KEY", OTHER_KEY));
    assert_eq!((success, status_of(&checks, "master key")), (false, "fail"));
    let (success, checks) = doctor(command(&directory, &["doctor"]).env("KEYWRIGHT_TRUSTED_PROXIES", "0.0.0.0/0"));
    assert_eq!((success, status_of(&checks, "trusted proxies")), (false, "fail"));
    let (success, checks) = doctor(command(&directory, &["doctor"]).env("KEYWRIGHT_DATABSE", "x"));
    assert_eq!((success, status_of(&checks, "configuration")), (false, "fail"), "op_01");
    let unreachable = "postgres://keywright:hunter2@127.0.0.1:1/keywright";
    let (success, checks) = doctor(command(&directory, &["doctor"]).env("KEYWRIGHT_DATABASE", unreachable));
    assert_eq!((success, status_of(&checks, "database")), (false, "fail"));
    assert!(!format!("{checks:?}").contains("hunter2"), "op_02: {checks:?}");
    let (success, checks) = doctor(&mut command(&directory, &["doctor", "--url", "https://127.0.0.1:1"]));
    assert_eq!((success, status_of(&checks, "from outside")), (false, "fail"));
}
