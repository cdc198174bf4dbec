//! Every numbered behaviour of R §2 and §3, as data: `tests/cases/{rules,actions}/*.case.json`.

use std::path::Path;

use keywright_rules::tester::{Case, differences};

use crate::engine;

async fn all_of(folder: &str, least: usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= least, "{} cases", files.len());
    let engine = engine();
    let mut wrong = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let case =
            Case::parse(&std::fs::read_to_string(&file).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let report = case.run(&engine, &folder).await.unwrap();
        let differences = differences(&case.expect, &report);
        if !differences.is_empty() {
            wrong.push(format!("{name} ({}):\n  {}", case.about.unwrap_or_default(), differences.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn rules_behave_as_documented() {
    all_of("rules", 85).await;
}

#[tokio::test]
async fn functions_behave_as_documented() {
    all_of("functions", 25).await;
}

#[tokio::test]
async fn actions_behave_as_documented() {
    all_of("actions", 55).await;
}
