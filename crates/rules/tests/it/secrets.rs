//! Secrets of scripts (SB-04): each reaches the script that it belongs to, and no log.

use std::sync::Arc;

use keywright_rules::{
    ActionScript, ActionsPass, FunctionKind, FunctionPass, ManagementAccess, NoHost, RulesPass, ScriptClock, Trigger,
};
use serde_json::{Map, Value, json};

use crate::{engine, pass};

const KEY: &str = "-----BEGIN KEY-----\nQUJDREVG\n-----END KEY-----";

fn text(console: &[keywright_rules::ConsoleLine]) -> String {
    console.iter().map(|line| line.text.clone() + "\n").collect()
}

#[tokio::test]
async fn sb_04_an_action_finds_its_own_secrets_and_the_log_none() {
    let code = "const seen = []; for (const name of Object.getOwnPropertyNames(globalThis)) seen.push(String(globalThis[name])); \
                exports.onExecutePostLogin = async (event, api) => { console.log(event.secrets, event.secrets.KEY); \
                console.log(JSON.stringify(event.secrets)); console.error('%j %s', event, event.secrets.KEY); \
                api.idToken.setCustomClaim('mine', [Object.keys(event.secrets), event.secrets.KEY.length, \
                seen.join().includes('secret')]); api.idToken.setCustomClaim(event.secrets.KEY.slice(-1), \
                event.secrets.KEY === undefined); };";
    let action = |number: usize, secrets: &[(&str, &str)]| ActionScript {
        id: number.to_string(),
        name: format!("action {number}"),
        code: code.to_owned(),
        secrets: secrets.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        modules: Vec::new(),
    };
    let actions = vec![
        action(1, &[("KEY", "first-secret"), ("FIRST", "another-secret")]),
        action(2, &[("KEY", KEY), ("X", "x")]),
    ];
    assert!(!format!("{actions:?}").contains("secret"), "{actions:?}");
    let pass = ActionsPass {
        trigger: Trigger::PostLogin,
        actions,
        event: json!({ "user": { "user_id": "auth0|1" } }),
        resume: None,
        state: None,
        executed_rules: Vec::new(),
        clock: ScriptClock::from(0),
    };
    let report = engine().run_actions("tenant", pass, Arc::new(NoHost)).await;
    let outcome = report.result.unwrap();
    assert_eq!(outcome.error, None);
    let mine: Vec<_> = outcome.commands.iter().filter(|command| command.arguments[0] == "mine").collect();
    assert_eq!(mine[0].arguments[1], json!([["FIRST", "KEY"], 12, false]));
    assert_eq!(mine[1].arguments[1], json!([["KEY", "X"], KEY.len(), false]));
    let log = text(&report.console);
    for secret in ["first-secret", "another-secret", "QUJDREVG", KEY] {
        assert!(!log.contains(secret), "{log}");
    }
    assert!(log.contains("KEY: '[secret]'"), "{log}");
}

#[tokio::test]
async fn sb_04_configuration_tokens_and_passwords_are_in_no_log() {
    let script = "function (user, context, callback) { console.log(configuration, auth0.accessToken); callback(null, user, context); }";
    let configuration = json!({ "API_KEY": "key-of-an-api", "ON": "true" }).as_object().unwrap().clone();
    let management =
        Some(ManagementAccess { domain: "acme.example".to_owned(), access_token: "token-of-the-rule".to_owned() });
    let pass = RulesPass { configuration, management, ..pass(&[script]) };
    let report = engine().run_rules("tenant", pass, Arc::new(NoHost)).await;
    assert_eq!(text(&report.console), "{ API_KEY: '[secret]', ON: 'true' } [secret]\n");

    let pass = FunctionPass {
        kind: FunctionKind::DatabaseLogin,
        name: "login".to_owned(),
        script: "function (email, password, callback) { console.log(email, password); callback(null, {}); }".to_owned(),
        arguments: vec![Value::from("ann@example.com"), Value::from("correct horse")],
        configuration: Map::new(),
        clock: ScriptClock::from(0),
    };
    assert!(!format!("{pass:?}").contains("horse"));
    let report = engine().run_function("tenant", pass, Arc::new(NoHost)).await;
    assert_eq!(text(&report.console), "ann@example.com [secret]\n");
}
