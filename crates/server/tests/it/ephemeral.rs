//! `--ephemeral`: nothing on disk outlives the server.

use crate::process::{Process, keywright};

fn leaves_nothing(signal: &str) {
    let (temporary, working) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut process = Process::start(
        keywright()
            .args(["dev", "--json", "--port", "0", "--ephemeral"])
            .env("TMPDIR", temporary.path())
            .current_dir(working.path()),
    );
    let announcement: serde_json::Value = serde_json::from_str(&process.line()).unwrap();
    let authority = announcement["ca_cert"].as_str().unwrap().to_owned();
    assert!(authority.starts_with(temporary.path().to_str().unwrap()), "{authority}");
    assert!(std::path::Path::new(&authority).exists());
    process.signal(signal);
    let (status, _, log) = process.end();
    assert!(status.success(), "{status} {log}");
    for directory in [&temporary, &working] {
        let left: Vec<_> = directory.path().read_dir().unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn leaves_nothing_after_sigterm() {
    leaves_nothing("TERM");
}

#[test]
fn leaves_nothing_after_ctrl_c() {
    leaves_nothing("INT");
}

#[test]
fn leaves_nothing_when_the_start_fails() {
    let temporary = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let process =
        Process::start(keywright().args(["dev", "--ephemeral", "--port", &port]).env("TMPDIR", temporary.path()));
    let (status, output, log) = process.end();
    assert_eq!((status.code(), output.as_str()), (Some(1), ""));
    assert!(log.contains(&format!("cannot listen on port {port}")) && log.contains("choose another port"), "{log}");
    assert_eq!(temporary.path().read_dir().unwrap().count(), 0);
}

#[test]
fn and_a_data_directory_exclude_each_other() {
    let (status, _, error) = crate::process::run(keywright().args(["dev", "--ephemeral", "--data", "x"]));
    assert_eq!(status.code(), Some(2));
    assert!(error.contains("cannot be used with"), "{error}");
}
