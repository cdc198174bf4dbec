//! No unsafe code of our own, and a policy for everybody else's (OP-06). `make deny` enforces the policy itself.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

#[test]
fn op_06_unsafe_code_is_forbidden_in_every_crate() {
    let workspace = read("Cargo.toml");
    assert!(workspace.contains("[workspace.lints.rust]\nunsafe_code = \"forbid\""), "the workspace forbids it");
    let mut crates = 0;
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let manifest = entry.unwrap().path().join("Cargo.toml");
        if let Ok(text) = fs::read_to_string(&manifest) {
            assert!(
                text.contains("[lints]\nworkspace = true"),
                "{} leaves the workspace's lints out",
                manifest.display()
            );
            crates += 1;
        }
    }
    assert!(crates > 10, "only {crates} crates");
}

#[test]
fn op_06_dependencies_are_pinned_and_come_from_one_registry() {
    let lock = read("Cargo.lock");
    let sources: Vec<&str> = lock.lines().filter(|line| line.starts_with("source = ")).collect();
    assert!(sources.len() > 100);
    assert!(sources.iter().all(|line| *line == "source = \"registry+https://github.com/rust-lang/crates.io-index\""));
    assert_eq!(lock.matches("\nchecksum = ").count(), sources.len(), "every dependency has its checksum");
    let policy = read("deny.toml");
    for section in ["[advisories]", "[licenses]", "[bans]", "[sources]"] {
        assert!(policy.contains(section), "{section}");
    }
    assert!(read("scripts/test").contains("scripts/dependency-policy"), "make test runs it");
}

/// What could ask another server, and who may: the guarded client; the exporter of traces and the sender of mails, whose
/// addresses only the operator's configuration names; and the benchmark.
#[test]
fn eg_02_nothing_but_the_guarded_client_asks_addresses_that_tenants_enter() {
    let allowed = [
        ("hyper", vec!["bench", "egress"]),
        ("hyper-rustls", vec!["server"]),
        ("lettre", vec!["app"]),
        ("reqwest", vec![]),
        ("ureq", vec![]),
        ("tokio-rustls", vec!["egress"]),
    ];
    for entry in fs::read_dir(root().join("crates")).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else { continue };
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap();
        for (library, users) in &allowed {
            let asks = dependencies.lines().any(|line| line.split(['.', ' ', '=']).next() == Some(*library));
            let is_test_code = matches!(name.as_str(), "testkit" | "e2e" | "fuzz");
            assert!(!asks || is_test_code || users.contains(&name.as_str()), "{name} depends on {library}");
        }
    }
}
