//! A version and the one before it serve one database together while it is updated (ST-05; architecture §4).

use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::database::Database;

/// Every statement of the version that knew the first schema only, one per line. When a version is released, its statements
/// take the place of these.
const PREVIOUS: &str = include_str!("previous/statements_of_schema_1.sql");

pub(crate) async fn st_05_statements_of_the_version_before_still_work(database: Arc<Database>) {
    let store = database.open().await;
    let statements: Vec<&'static str> = PREVIOUS.lines().collect();
    assert!(statements.len() > 70, "only {} statements", statements.len());
    for sql in statements {
        let prepared = store.write(move |tx| tx.prepare(sql)).await;
        assert_eq!(prepared, Ok(()), "{sql}");
    }
}

/// What a step must not do while the version before may still run: it would break what that version writes.
#[test]
fn st_05_migrations_only_add() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("0001") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code: String = text.lines().map(|line| line.split("--").next().unwrap().to_uppercase() + "\n").collect();
        for statement in code.split(';') {
            let words = statement.split_whitespace().collect::<Vec<_>>().join(" ");
            for forbidden in ["DROP TABLE", "DROP COLUMN", "RENAME", "ALTER COLUMN"] {
                assert!(!words.contains(forbidden), "{}: {words}", path.display());
            }
            let adds = words.contains("ADD COLUMN") && words.contains("NOT NULL");
            assert!(!adds || words.contains("DEFAULT"), "{}: {words}", path.display());
        }
    }
}
