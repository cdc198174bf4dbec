//! `keywright doctor`: what it finds on installations with and without something wrong.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
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

/// A mail server that answers AUTH with `answer` and gives the lines that it got.
fn mail_server(answer: &'static str) -> (u16, std::thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let (mut writer, mut got) = (stream.try_clone().unwrap(), Vec::new());
        writer.write_all(b"220 mail.example.com ESMTP\r\n").unwrap();
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let reply = match line.split(' ').next().unwrap() {
                "EHLO" => "250-mail.example.com\r\n250 AUTH PLAIN",
                "AUTH" => answer,
                "QUIT" => "221 bye",
                _ => "250 OK",
            };
            got.push(line);
            if writer.write_all(format!("{reply}\r\n").as_bytes()).is_err() {
                break;
            }
        }
        got
    });
    (port, serving)
}

#[test]
fn doctor_looks_at_the_mail_server_and_sends_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mail = |port: u16| {
        let mut command = command(&directory, &["doctor"]);
        command.env("KEYWRIGHT_MAIL_SMTP_URL", format!("smtp://keywright:hunter2@127.0.0.1:{port}"));
        command.env("KEYWRIGHT_MAIL_FROM", "Example <no-reply@example.com>");
        doctor(&mut command)
    };
    for (answer, success, status) in [("235 welcome", true, "ok"), ("535 hunter2 is wrong", false, "fail")] {
        let (port, serving) = mail_server(answer);
        let (succeeded, checks) = mail(port);
        assert_eq!((succeeded, status_of(&checks, "mail")), (success, status), "{checks:?}");
        assert!(!format!("{checks:?}").contains("hunter2"), "op_02: {checks:?}");
        let lines = serving.join().unwrap();
        assert!(lines.iter().any(|line| line.starts_with("AUTH ")), "{lines:?}");
        let sent = lines.iter().any(|line| ["MAIL ", "RCPT ", "DATA"].iter().any(|start| line.starts_with(start)));
        assert!(!sent, "{lines:?}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (succeeded, checks) = mail(nobody);
    assert_eq!((succeeded, status_of(&checks, "mail")), (false, "fail"));
    // Without a server nothing fails, but nobody gets mails.
    let (succeeded, checks) = doctor(&mut command(&directory, &["doctor"]));
    assert_eq!((succeeded, status_of(&checks, "mail")), (true, "warn"));
}
