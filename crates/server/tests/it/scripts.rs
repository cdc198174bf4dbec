//! `keywright rule test` and `keywright action test`: exit status, reports, cases, a clock and chance that stand still.

use std::path::Path;

use serde_json::{Value, json};

use crate::process::{keywright, run};

const RULE: &str = "function (user, context, callback) {\n  console.log('hello', configuration.NAME);\n  context.idToken.mine = \
                    [Math.random(), Date.now(), require('uuid').v4(), require('crypto').randomBytes(4).toString('hex')];\n  \
                    context.idToken.sub = 'mallory';\n  if (user.email === 'eve@example.com') return callback(new \
                    UnauthorizedError('Not you'));\n  callback(null, user, context);\n}\n";

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// The report that `--json` prints in the first line.
fn report(output: &str) -> Value {
    serde_json::from_str(output.lines().next().unwrap_or_default()).unwrap_or_else(|error| panic!("{error}: {output}"))
}

/// Status, and what was printed: the report first, what went wrong behind it.
fn test(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let (status, output, error) = run(keywright().args(arguments).current_dir(folder));
    (status.code().unwrap(), output + &error)
}

#[test]
fn a_rule_is_run_and_what_comes_out_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "rule.js", RULE);
    write(folder, "eve.json", "{\"email\":\"eve@example.com\"}");
    write(folder, "context.json", "{\"idToken\":{},\"accessToken\":{}}");
    write(folder, "configuration.json", "{\"NAME\":\"a-secret-name\"}");
    let base = ["rule", "test", "rule.js", "--context", "context.json", "--configuration", "configuration.json"];
    let with = |more: &[&str]| test(folder, &[&base[..], more].concat());

    let (status, output) = with(&[]);
    assert_eq!(status, 0, "{output}");
    assert!(output.contains("Claims of the ID token") && output.contains("hello [secret]"), "{output}");

    // The same every time.
    let fixed = ["--json", "--now", "2026-01-01T00:00:00Z", "--seed", "7"];
    let ((one, first), (_, second)) = (with(&fixed), with(&fixed));
    let (first, second) = (report(&first), report(&second));
    assert_eq!(one, 0);
    assert_eq!(first["id_token"], second["id_token"]);
    assert_eq!(first["id_token"]["mine"][1], json!(1_767_225_600_000_u64));
    assert_eq!(first["id_token"].get("sub"), None);
    let (_, other) = with(&["--json", "--seed", "8"]);
    let other = report(&other);
    assert_ne!(other["id_token"]["mine"][0], first["id_token"]["mine"][0]);

    let (status, output) = with(&["--user", "eve.json"]);
    assert_eq!(status, 1);
    assert!(output.contains("Not you") && output.contains("unauthorized"), "{output}");

    let (status, output) = test(folder, &["rule", "test", "missing.js"]);
    assert_eq!((status, output.contains("missing.js")), (1, true), "{output}");
    let (status, output) = with(&["--now", "yesterday"]);
    assert_eq!((status, output.contains("yesterday")), (1, true), "{output}");
}

#[test]
fn an_action_is_run_with_its_packages_and_goes_on_after_a_redirect() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(
        folder,
        "action.js",
        "const greet = require('greet');\nexports.onExecutePostLogin = async (event, api) => { \
         api.redirect.sendUserTo(greet(event.user.name)); };\nexports.onContinuePostLogin = async (event, api) => { \
         api.access.deny('later'); };\n",
    );
    write(folder, "greet.js", "module.exports = (name) => 'https://' + name + '.example/';\n");
    write(folder, "event.json", "{\"user\":{\"name\":\"ann\"}}");
    let base = ["action", "test", "action.js", "--event", "event.json"];
    let (status, output) = test(folder, &[&base[..], &["--module", "greet=greet.js", "--json"]].concat());
    let printed = report(&output);
    assert_eq!(
        (status, &printed["result"], &printed["redirect"]),
        (0, &json!("suspended"), &json!("https://ann.example/"))
    );
    let (status, output) = test(folder, &[&base[..], &["--module", "greet=greet.js", "--resume", "--json"]].concat());
    let printed = report(&output);
    assert_eq!((status, &printed["error"]["message"]), (1, &json!("later")));
    let (status, output) = test(folder, &base);
    assert_eq!((status, output.contains("Cannot find module 'greet'")), (1, true), "{output}");
}

#[test]
fn a_folder_of_cases_is_run_like_tests() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write(folder, "rules/rule.js", RULE);
    let case = |expect: &str| {
        format!(
            "{{\"rules\":[\"../rules/rule.js\"],\"user\":{{\"email\":\"eve@example.com\"}},\"context\":{{}},\"expect\":{expect}}}"
        )
    };
    write(folder, "cases/a.case.json", &case("{\"result\":\"denied\"}"));
    write(
        folder,
        "cases/login.case.json",
        "{\"kind\":\"database-login\",\"function\":{\"code\":[\"function (email, password, callback) {\",\"callback(new \
         WrongUsernameOrPasswordError(email)); }\"]},\"arguments\":[\"ann\",\"x\"],\"expect\":{\"error\":{\"detail\":\"ann\"}}}",
    );
    let (status, output) = test(folder, &["rule", "test", "cases"]);
    assert_eq!(status, 0, "{output}");
    assert!(output.contains("ok   a.case.json") && output.contains("2 cases, 0 failed"), "{output}");
    write(folder, "cases/more/b.case.json", &case("{\"result\":\"continue\"}").replace("../", "../../"));
    let (status, output) = test(folder, &["rule", "test", "cases"]);
    assert_eq!(status, 1, "{output}");
    assert!(output.contains("FAIL more/b.case.json") && output.contains("/result: expected \"continue\""), "{output}");
    let (status, _) = test(folder, &["rule", "test", "rules"]);
    assert_eq!(status, 1, "a folder without a case");
}
