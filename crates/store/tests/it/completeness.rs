//! The suite watches itself: a store function without a conformance test does not exist.

use std::fs;
use std::path::Path;

#[test]
fn every_public_function_is_called_by_the_suite() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |folder: &str| -> Vec<(String, String)> {
        let files = fs::read_dir(crate_folder.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let sources = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
        sources
            .map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap()))
            .collect()
    };
    let suite: String = read("tests/it").into_iter().map(|(_, text)| text).collect();
    let mut functions = 0;
    let mut untested = Vec::new();
    for (module, text) in read("src") {
        for (_, rest) in text.match_indices("\npub fn ").map(|(index, found)| text.split_at(index + found.len())) {
            let name = rest.split('(').next().unwrap();
            let called = format!("{module}::{name}");
            functions += 1;
            if module != "lib" && !suite.contains(&format!("{called}(")) && !suite.contains(&format!("({called})")) {
                untested.push(called);
            }
        }
    }
    assert!(functions > 60, "only {functions} functions were found");
    assert_eq!(untested, Vec::<String>::new());
}
