//! Refusals of `keywright serve`: each names the key and the fix, and no secret.

use crate::process::{keywright, run};

/// The refusal of `keywright serve` under these environment variables.
fn refusal(variables: &[(&str, &str)]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let mut command = keywright();
    command.arg("serve").envs(variables.iter().copied()).current_dir(directory.path());
    let (status, output, error) = run(&mut command);
    assert_eq!(status.code(), Some(1), "{error}");
    assert_eq!(output, "", "standard output is for answers");
    assert_eq!(directory.path().read_dir().unwrap().count(), 0, "a refused start leaves nothing behind");
    error
}

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn op_01_an_unknown_key_stops_the_start() {
    assert_eq!(
        refusal(&[("KEYWRIGHT_LISSTEN", "0.0.0.0:1")]),
        "keywright: unknown configuration key KEYWRIGHT_LISSTEN: did you mean KEYWRIGHT_LISTEN?\n"
    );
    assert_eq!(
        refusal(&[("KEYWRIGHT_TLS_CERT", "x.pem")]),
        "keywright: unknown configuration key KEYWRIGHT_TLS_CERT: did you mean KEYWRIGHT_TLS_CERTIFICATE?\n"
    );
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(file.path(), "[log]\ncolour = true\n").unwrap();
    let path = file.path().to_str().unwrap();
    let error = refusal(&[("KEYWRIGHT_CONFIG", path)]);
    assert!(error.starts_with(&format!("keywright: unknown configuration key `log.colour` in {path}")), "{error}");
}

#[test]
fn op_01_without_a_master_key_it_says_how_to_make_one() {
    let error = refusal(&[("KEYWRIGHT_TRUSTED_PROXIES", "127.0.0.1")]);
    assert!(error.contains("there is no master key"), "{error}");
    assert!(error.contains("keywright master-key") && error.contains("openssl rand -base64 32"), "{error}");
}

#[test]
fn op_04_without_tls_it_names_both_ways() {
    let error = refusal(&[("KEYWRIGHT_MASTER_KEY", KEY)]);
    assert!(
        error.contains("`tls.certificate` and `tls.private_key`") && error.contains("`trusted_proxies`"),
        "{error}"
    );
    let error = refusal(&[("KEYWRIGHT_MASTER_KEY", KEY), ("KEYWRIGHT_TLS_CERTIFICATE", "/nowhere/cert.pem")]);
    assert!(error.contains("without `tls.private_key`"), "{error}");
    let empty = [("KEYWRIGHT_TLS_CERTIFICATE", ""), ("KEYWRIGHT_TLS_PRIVATE_KEY", "")];
    let error = refusal(&[("KEYWRIGHT_MASTER_KEY", KEY), empty[0], empty[1]]);
    assert!(error.contains("there is no TLS"), "an unset variable of a compose file: {error}");
    let files = [("KEYWRIGHT_TLS_CERTIFICATE", "/nowhere/cert.pem"), ("KEYWRIGHT_TLS_PRIVATE_KEY", "/nowhere/key.pem")];
    let error = refusal(&[("KEYWRIGHT_MASTER_KEY", KEY), files[0], files[1]]);
    assert!(error.contains("/nowhere/cert.pem"), "{error}");
}

#[test]
fn op_02_a_refusal_never_repeats_a_secret() {
    let error = refusal(&[
        ("KEYWRIGHT_MASTER_KEY", "c2VjcmV0IGJ1dCBzaG9ydA=="),
        ("KEYWRIGHT_DATABASE", "mysql://root:hunter2@db/keywright"),
    ]);
    assert!(error.contains("`master_key`") && error.contains("`database`"), "{error}");
    assert!(!error.contains("c2VjcmV0") && !error.contains("hunter2"), "{error}");
}

#[test]
fn a_new_master_key_is_accepted() {
    let (status, key, _) = run(keywright().arg("master-key"));
    assert!(status.success());
    assert_eq!(key.trim_end().len(), 44);
    let error = refusal(&[("KEYWRIGHT_MASTER_KEY", key.trim_end())]);
    assert!(!error.contains("master key") && error.contains("there is no TLS"), "{error}");
    let (_, another, _) = run(keywright().arg("master-key"));
    assert_ne!(key, another);
}

#[test]
fn op_01_a_wrong_log_filter_is_refused() {
    let error = refusal(&[("KEYWRIGHT_LOG_FILTER", "keywright=loud")]);
    assert!(error.contains("`log.filter` is \"keywright=loud\"") && error.contains("such as \"info\""), "{error}");
}

#[test]
fn tk_02_no_option_switches_a_check_off() {
    let (_, serve, _) = run(keywright().args(["serve", "--help"]));
    let (_, dev, _) = run(keywright().args(["dev", "--help"]));
    let file = include_str!("../../../../config/keywright.toml");
    let names: Vec<String> = [&serve, &dev, file]
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && !"_-".contains(c)))
        .map(str::to_ascii_lowercase)
        .collect();
    assert!(names.iter().any(|name| name == "master_key") && names.iter().any(|name| name == "--ephemeral"));
    for word in ["skip", "disable", "insecure", "verify", "unsafe", "ignore", "allow_none", "no-tls", "bypass"] {
        let found: Vec<_> = names.iter().filter(|name| name.split(['-', '_']).any(|part| part == word)).collect();
        assert!(found.is_empty(), "{word}: {found:?}");
    }
}
