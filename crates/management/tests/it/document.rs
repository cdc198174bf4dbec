//! The OpenAPI document and the reference are those of the program.

use std::fs;
use std::path::{Path, PathBuf};

use keywright_management::{openapi, reference_pages};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Compares a file of the repository with what the program makes; writes it when `UPDATE_DOCS` is set.
fn is_up_to_date(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    let shown = path.display();
    assert!(kept == text, "{shown}: run UPDATE_DOCS=1 cargo nextest run -p keywright-management up_to_date");
}

#[test]
fn the_openapi_document_is_up_to_date() {
    let text = serde_json::to_string_pretty(&openapi()).unwrap() + "\n";
    is_up_to_date(&root().join("openapi/management-v2.json"), &text);
}

#[test]
fn the_reference_is_up_to_date() {
    let folder = root().join("docs/reference/management-api");
    let pages = reference_pages();
    for (name, text) in &pages {
        is_up_to_date(&folder.join(name), text);
    }
    let kept: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(kept.len(), pages.len(), "a page without a resource: {kept:?}");
}

#[test]
fn references_of_the_document_lead_somewhere() {
    fn walk(value: &serde_json::Value, document: &serde_json::Value, found: &mut usize) {
        if let Some(reference) = value.get("$ref").and_then(serde_json::Value::as_str) {
            assert!(document.pointer(&reference[1..]).is_some(), "{reference}");
            *found += 1;
        }
        match value {
            serde_json::Value::Array(values) => values.iter().for_each(|value| walk(value, document, found)),
            serde_json::Value::Object(members) => members.values().for_each(|value| walk(value, document, found)),
            _ => {}
        }
    }
    let (document, mut found) = (openapi(), 0);
    walk(&document, &document, &mut found);
    assert!(found > 20);
    let ids: Vec<&str> = document["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|methods| methods.as_object().unwrap().values())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let distinct: std::collections::HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
}
