//! The log never holds up an answer.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::process::{curl, keywright};

#[test]
fn a_log_that_nobody_reads_stops_no_request() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = keywright();
    command.args(["dev", "--json", "--ephemeral", "--port", "0"]).env("TMPDIR", directory.path());
    let mut server = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let announcement: Value = serde_json::from_str(&line).unwrap();
    let authority = announcement["ca_cert"].as_str().unwrap().to_owned();

    // A pipe holds 64 KiB; each of these requests writes a line of more than a hundred bytes.
    let base = announcement["base_url"].as_str().unwrap();
    let requests = format!("{base}/.well-known/jwks.json?[1-2000]");
    let quiet = ["--max-time", "60", "--output", "/dev/null", "--fail"];
    let (status, _) = curl(&requests, Some(authority.as_ref()), &quiet);
    assert_eq!(status, 200, "the last of them too");

    let stopped = Command::new("kill").args(["-s", "TERM", &server.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert!(server.wait().unwrap().success(), "an unread log does not hold up the end either");
}
