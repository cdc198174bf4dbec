//! `POST /dev/clock`.

use serde_json::{Value, json};

use crate::process::{Development, keywright, run};

const JSON: &str = "content-type: application/json";

fn post(server: &Development, body: &Value) -> (u16, Value) {
    let (status, text) = server.curl("/dev/clock", &["--header", JSON, "--data", &body.to_string()]);
    (status, serde_json::from_str(&text).unwrap())
}

#[test]
fn moves_the_servers_clock() {
    let server = Development::start(&["--ephemeral", "--test-controls"]);
    let (status, _) = post(&server, &json!({ "freeze": true }));
    assert_eq!(status, 200);
    let (_, answer) = post(&server, &json!({ "now": "2031-05-06T07:08:09Z" }));
    assert_eq!(answer, json!({ "now": "2031-05-06T07:08:09Z", "frozen": true }));
    let (_, answer) = post(&server, &json!({ "advance_seconds": 3600 }));
    assert_eq!(answer, json!({ "now": "2031-05-06T08:08:09Z", "frozen": true }));
    let (_, answer) = post(&server, &json!({ "freeze": false }));
    assert_eq!(answer["frozen"], json!(false));
    assert!(answer["now"].as_str().unwrap().starts_with("2031-05-06T08:08"), "{answer}");
}

#[test]
fn says_what_it_takes() {
    let server = Development::start(&["--ephemeral", "--test-controls"]);
    for wrong in [json!({}), json!({ "advance": 1 }), json!({ "freeze": true, "advance_seconds": 1 }), json!(null)] {
        let (status, answer) = post(&server, &wrong);
        assert_eq!(status, 400, "{wrong}");
        assert!(answer["error"].as_str().unwrap().contains("advance_seconds"), "{answer}");
    }
    let tunnelled = ["--header", JSON, "--header", "x-forwarded-for: 203.0.113.9", "--data", r#"{"freeze":true}"#];
    assert_eq!(server.curl("/dev/clock", &tunnelled).0, 403);
    let form = server.curl("/dev/clock", &["--data", r#"{"freeze":true}"#]);
    assert_eq!(form.0, 400, "a page of another origin can send forms and plain text, but no JSON");
    assert_eq!(server.curl("/dev/clock", &[]).0, 405);
}

#[test]
fn op_05_exists_only_when_asked_for() {
    let server = Development::start(&["--ephemeral"]);
    let (status, _) = server.curl("/dev/clock", &["--header", JSON, "--data", r#"{"freeze":true}"#]);
    assert_eq!(status, 404);
}

#[test]
fn op_05_every_answer_says_that_there_are_test_controls() {
    let headers = ["--dump-header", "-"];
    let banner = "x-keywright-test-controls: on";
    let server = Development::start(&["--ephemeral", "--test-controls"]);
    for path in ["/.well-known/jwks.json", "/u/login", "/nowhere"] {
        assert!(server.curl(path, &headers).1.contains(banner), "{path}");
    }
    let server = Development::start(&["--ephemeral"]);
    assert!(!server.curl("/.well-known/jwks.json", &headers).1.contains(banner));
}

#[test]
fn op_05_is_refused_on_a_listener_that_is_not_loopback() {
    for address in ["0.0.0.0", "::", "192.0.2.1"] {
        let directory = tempfile::tempdir().unwrap();
        let mut command = keywright();
        command.args(["dev", "--port", "0", "--test-controls", "--listen", address]).current_dir(directory.path());
        let (status, output, error) = run(&mut command);
        assert_eq!((status.code(), output.as_str()), (Some(1), ""));
        assert!(error.contains("--test-controls") && error.contains("not a loopback address"), "{error}");
        assert_eq!(directory.path().read_dir().unwrap().count(), 0);
    }
}
