//! `keywright rule test` and `keywright action test`: scripts outside of a login (R §2.14). No database, no configuration.

use std::path::{Path, PathBuf};

use keywright_app::{Egress, EgressOptions, Exceptions};
use keywright_rules::tester::{Case, Source, differences};
use keywright_rules::{Engine, EngineOptions, FetchPolicy, Limits, PoolLimits, Trigger, WorkerProgram};
use serde_json::{Map, Value};

use crate::Failure;
use crate::cli::{ActionCommand, RuleCommand, ScriptTestOptions};
use crate::scripts::WORKER;

/// What is at the end of the names of cases.
const CASE: &str = ".case.json";

/// `keywright rule test`.
pub(crate) async fn rule(command: RuleCommand) -> Result<(), Failure> {
    let RuleCommand::Test { path, user, context, configuration, options } = command;
    if path.is_dir() {
        return cases(&path, &options).await;
    }
    let case = Case {
        rules: vec![Source::File(path.display().to_string())],
        user: object(user.as_deref())?,
        context: object(context.as_deref())?,
        configuration: object(configuration.as_deref())?,
        ..Case::default()
    };
    single(case, &options).await
}

/// `keywright action test`.
pub(crate) async fn action(command: ActionCommand) -> Result<(), Failure> {
    let ActionCommand::Test { path, trigger, event, secrets, resume, state, modules, options } = command;
    if path.is_dir() {
        return cases(&path, &options).await;
    }
    let case = Case {
        actions: vec![Source::File(path.display().to_string())],
        trigger: Some(trigger),
        event: object(event.as_deref())?,
        secrets: object(secrets.as_deref())?,
        resume: resume.then_some(0),
        state,
        modules: modules.into_iter().map(|(name, path)| (name, Source::File(path.display().to_string()))).collect(),
        ..Case::default()
    };
    single(case, &options).await
}

async fn single(case: Case, options: &ScriptTestOptions) -> Result<(), Failure> {
    let case = Case { now: options.now.clone(), seed: options.seed, ..case };
    let report = case.run(&engine(options)?, Path::new("")).await.map_err(|error| problem(&error))?;
    if options.json {
        println!("{report}");
    } else {
        print(&report)?;
    }
    match report.get("result").and_then(Value::as_str) {
        Some("continue" | "suspended") => Ok(()),
        other => Err(Failure::Script(format!("the result is: {}", other.unwrap_or("none")))),
    }
}

/// Every case of a folder and of those below it, like a test runner.
async fn cases(folder: &Path, options: &ScriptTestOptions) -> Result<(), Failure> {
    let mut files = Vec::new();
    find(folder, &mut files).map_err(Failure::Io)?;
    files.sort();
    if files.is_empty() {
        return Err(Failure::Script(format!("no *{CASE} is in {}", folder.display())));
    }
    let engine = engine(options)?;
    let mut failed = 0_usize;
    for file in &files {
        let found = one(&engine, file, options).await.unwrap_or_else(|failure| vec![failure.to_string()]);
        let name = file.strip_prefix(folder).unwrap_or(file).display().to_string();
        if options.json {
            println!("{}", serde_json::json!({ "case": name, "passed": found.is_empty(), "differences": found }));
        } else {
            println!("{} {name}", if found.is_empty() { "ok  " } else { "FAIL" });
            for line in &found {
                println!("     {line}");
            }
        }
        failed = failed.saturating_add(usize::from(!found.is_empty()));
    }
    if !options.json {
        println!("{} cases, {failed} failed", files.len());
    }
    if failed == 0 { Ok(()) } else { Err(Failure::Script(format!("{failed} of {} cases failed", files.len()))) }
}

async fn one(engine: &Engine, file: &Path, options: &ScriptTestOptions) -> Result<Vec<String>, Failure> {
    let text = std::fs::read_to_string(file).map_err(Failure::Io)?;
    let mut case = Case::parse(&text).map_err(|error| problem(&error))?;
    case.now = case.now.or_else(|| options.now.clone());
    case.seed = case.seed.or(options.seed);
    let report = case.run(engine, file.parent().unwrap_or(Path::new(""))).await.map_err(|error| problem(&error))?;
    Ok(differences(&case.expect, &report))
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            find(&path, files)?;
        } else if path.to_string_lossy().ends_with(CASE) {
            files.push(path);
        }
    }
    Ok(())
}

fn engine(options: &ScriptTestOptions) -> Result<Engine, Failure> {
    let exceptions = Exceptions::parse(options.allow.iter().map(String::as_str));
    let exceptions = exceptions.map_err(|error| Failure::Script(error.to_string()))?;
    let egress = Egress::new(EgressOptions { exceptions, ..EgressOptions::default() });
    Ok(Engine::new(EngineOptions {
        worker: WorkerProgram::this([WORKER]).map_err(Failure::Io)?,
        limits: Limits::default(),
        pool: PoolLimits::default(),
        egress: egress.map_err(|error| Failure::Script(error.to_string()))?,
        fetch: FetchPolicy { ports: None, ..FetchPolicy::default() },
    }))
}

/// The object in a file; an empty one when there is no file.
fn object(path: Option<&Path>) -> Result<Map<String, Value>, Failure> {
    let Some(path) = path else { return Ok(Map::new()) };
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| Failure::Script(format!("{shown}: {error}")))?;
    serde_json::from_str(&text).map_err(|error| Failure::Script(format!("{shown} is no JSON object: {error}")))
}

fn problem(error: &keywright_rules::tester::CaseError) -> Failure {
    Failure::Script(error.to_string())
}

/// What people read first comes last.
fn print(report: &Value) -> Result<(), Failure> {
    const PARTS: [(&str, &str); 12] = [
        ("User", "user"),
        ("Context", "context"),
        ("Changed users", "updated_users"),
        ("Calls of api", "api"),
        ("Redirect", "redirect"),
        ("App metadata", "app_metadata"),
        ("User metadata", "user_metadata"),
        ("Transaction metadata", "transaction_metadata"),
        ("Claims of the ID token", "id_token"),
        ("Claims of the access token", "access_token"),
        ("Scope of the access token", "scope"),
        ("Error", "error"),
    ];
    for (title, name) in PARTS {
        let value = report.get(name).unwrap_or(&Value::Null);
        let empty = value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty);
        if !value.is_null() && !empty {
            println!("{title}:\n{}\n", serde_json::to_string_pretty(value)?);
        }
    }
    let console = report.get("console").and_then(Value::as_array);
    if let Some(lines) = console.filter(|lines| !lines.is_empty()) {
        println!("Console:");
        for line in lines {
            let field = |name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            println!("  {:<5} {}", field("level"), field("text").replace('\n', "\n        "));
        }
        println!();
    }
    let used = |name: &str| report.get("usage").and_then(|usage| usage.get(name)).and_then(Value::as_u64).unwrap_or(0);
    let milliseconds = |micros: u64| format!("{}.{:02} ms", micros / 1000, micros % 1000 / 10);
    println!(
        "{}: {} ({} of processor time), {} kB of memory, {} requests",
        report.get("result").and_then(Value::as_str).unwrap_or_default(),
        milliseconds(used("wall_us")),
        milliseconds(used("cpu_us")),
        used("memory") / 1000,
        used("host_calls"),
    );
    Ok(())
}

/// `NAME=FILE`, for the command line.
pub(crate) fn module(text: &str) -> Result<(String, PathBuf), String> {
    let (name, path) = text
        .split_once('=')
        .filter(|(name, path)| !name.is_empty() && !path.is_empty())
        .ok_or_else(|| "write the name that the Action requires, =, and the file".to_owned())?;
    Ok((name.to_owned(), PathBuf::from(path)))
}

/// The trigger of that name, for the command line.
pub(crate) fn trigger(text: &str) -> Result<Trigger, String> {
    Trigger::of_id(text).ok_or_else(|| {
        let names: Vec<_> = Trigger::ALL.into_iter().map(Trigger::id).collect();
        format!("write one of {}", names.join(", "))
    })
}
