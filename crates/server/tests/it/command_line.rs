//! Commands that end by themselves.

use crate::process::{keywright, run};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

#[test]
fn shows_its_version_and_its_commands() {
    let (status, output, _) = run(keywright().arg("--version"));
    assert!(status.success());
    assert_eq!(output, format!("keywright {}\n", env!("CARGO_PKG_VERSION")));
    let (_, output, _) = run(keywright().arg("--help"));
    for command in ["dev", "serve", "tenant", "log", "import", "export", "keys", "data-key", "master-key"] {
        assert!(output.contains(&format!("\n  {command} ")), "{output}");
    }
}

#[test]
fn a_wrong_option_is_refused_with_the_right_one() {
    let (status, _, error) = run(keywright().args(["dev", "--domian", "localhost"]));
    assert_eq!(status.code(), Some(2));
    assert!(error.contains("--domain"), "{error}");
    for wrong in ["https://localhost", "localhost:8443", ""] {
        let (status, _, error) = run(keywright().args(["dev", "--domain", wrong]));
        assert_eq!(status.code(), Some(2));
        assert!(error.contains("write a host name"), "{error}");
    }
}

#[test]
fn dev_ca_says_where_the_authority_is_and_how_to_trust_it() {
    let directory = tempfile::tempdir().unwrap();
    let (status, output, error) = run(keywright().args(["dev", "ca"]).current_dir(directory.path()));
    assert!(status.success(), "{error}");
    let certificate = directory.path().canonicalize().unwrap().join(".keywright/ca.pem");
    assert!(certificate.exists(), "it is made by the first who asks for it");
    for part in [
        "CURL_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
        "REQUESTS_CA_BUNDLE",
        "SSL_CERT_FILE",
        "keytool",
        "update-ca-certificates",
        "security add-trusted-cert",
        "certutil -user",
        "Firefox",
        "nssdb",
    ] {
        assert!(output.contains(part), "{part} is missing in {output}");
    }
    assert!(output.contains(&format!("export NODE_EXTRA_CA_CERTS=\"{}\"", certificate.display())), "{output}");
    let (_, again, _) = run(keywright().args(["dev", "ca", "--data", ".keywright"]).current_dir(directory.path()));
    assert_eq!(again, output);
}

#[test]
fn tn_07_tenant_create_prints_the_first_credentials_once() {
    let directory = tempfile::tempdir().unwrap();
    let create = |domain: &str| {
        let mut command = keywright();
        command.args(["tenant", "create", "--domain", domain, "--name", "Example", "--database", "sqlite:tenants.db"]);
        run(command.env("KEYWRIGHT_MASTER_KEY", KEY).current_dir(directory.path()))
    };
    let (status, output, error) = create("Login.Example.com");
    assert!(status.success(), "{error}");
    let value = |name: &str| {
        let line = output.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    assert_eq!(value("domain"), "login.example.com");
    assert_eq!(value("audience"), "https://login.example.com/api/v2/");
    let secret = value("client_secret");
    assert_eq!((value("client_id").len(), secret.len()), (32, 64));
    assert_eq!(output.matches(&secret).count(), 1, "the secret stands in one place");
    assert!(!error.contains(&secret), "and not in the log");

    let (status, output, error) = create("login.example.com");
    assert_eq!((status.code(), output.as_str()), (Some(1), ""));
    assert!(error.contains("a tenant with the domain login.example.com exists already"), "{error}");

    let (status, output, _) = create("other.example.com");
    assert!(status.success());
    assert!(!output.contains(&secret), "no two tenants share a credential");

    let (_, another_key, _) = run(keywright().arg("master-key"));
    let mut command = keywright();
    command.args(["tenant", "create", "--domain", "third.example.com", "--database", "sqlite:tenants.db"]);
    let (status, _, error) =
        run(command.env("KEYWRIGHT_MASTER_KEY", another_key.trim_end()).current_dir(directory.path()));
    assert_eq!(status.code(), Some(1));
    assert!(error.contains("the database belongs to another master key"), "{error}");
}

#[test]
fn tenant_create_needs_a_master_key() {
    let directory = tempfile::tempdir().unwrap();
    let (status, _, error) =
        run(keywright().args(["tenant", "create", "--domain", "a.example"]).current_dir(directory.path()));
    assert_eq!(status.code(), Some(1));
    assert!(error.contains("keywright master-key"), "{error}");
    assert!(!error.contains("tls"), "TLS is the server's affair: {error}");
}

#[test]
fn op_03_log_verify_checks_the_log_of_one_tenant() {
    let directory = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}/keywright.db", directory.path().display());
    let command = |arguments: &[&str]| {
        let mut command = keywright();
        command.env("KEYWRIGHT_MASTER_KEY", KEY).args(arguments).args(["--database", &database]);
        run(&mut command)
    };
    let (status, _, error) = command(&["tenant", "create", "--domain", "login.example.com"]);
    assert!(status.success(), "{error}");
    let (status, output, error) = command(&["log", "verify", "--domain", "login.example.com"]);
    assert!(status.success(), "{error}");
    assert_eq!(output, "0 seals over 0 entries, 0 problems\n");
    let (status, output, _) = command(&["log", "list", "--domain", "login.example.com"]);
    assert_eq!((status.success(), output.as_str()), (true, ""));
    let (status, _, error) = command(&["log", "verify", "--domain", "other.example.com"]);
    assert!(!status.success() && error.contains("no tenant has the domain other.example.com"), "{error}");
    let (status, _, error) =
        run(keywright().args(["log", "list", "--domain", "localhost", "--data", "/nowhere/at/all"]));
    assert!(!status.success() && error.contains("no development server"), "{error}");
}

#[test]
fn tk_06_keys_are_listed_rotated_and_revoked() {
    let directory = tempfile::tempdir().unwrap();
    let command = |arguments: &[&str]| {
        let mut command = keywright();
        command.args(arguments).args(["--domain", "login.example.com", "--database", "sqlite:keys.db"]);
        run(command.env("KEYWRIGHT_MASTER_KEY", KEY).current_dir(directory.path()))
    };
    let (status, _, error) = command(&["tenant", "create"]);
    assert!(status.success(), "{error}");
    // Kid, P-256 kid and state of each line.
    let list = || -> Vec<[String; 3]> {
        let (status, output, error) = command(&["keys", "list"]);
        assert!(status.success(), "{error}");
        let lines = output.lines().skip(1).map(|line| line.split_whitespace().take(3).map(str::to_owned).collect());
        lines.map(|words: Vec<String>| words.try_into().unwrap()).collect()
    };
    let kid = |state: &str| list().into_iter().find(|line| line[2] == state).map(|line| line[0].clone()).unwrap();
    let (current, next) = (kid("current"), kid("next"));
    assert_eq!(list().len(), 2);

    // The tenant is seconds old: nobody has to know its next key yet.
    let (status, output, error) = command(&["keys", "rotate"]);
    assert_eq!((status.code(), output.as_str()), (Some(1), ""));
    assert!(error.contains("the next key may sign from "), "{error}");
    let (status, _, error) = command(&["keys", "revoke", &current]);
    assert_eq!(status.code(), Some(1));
    assert!(error.contains("the key is the current one, and only previous keys are revoked"), "{error}");
    let (status, _, error) = command(&["keys", "revoke", "nobody"]);
    assert_eq!(status.code(), Some(1));
    assert!(error.contains("the tenant has no such key"), "{error}");
    assert_eq!((kid("current"), kid("next")), (current.clone(), next.clone()), "nothing was changed");

    let (status, output, error) = command(&["keys", "revoke", &current, "--emergency"]);
    assert!(status.success(), "{error}");
    assert!(output.starts_with(&format!("{current} is revoked")), "{output}");
    assert_eq!((kid("revoked"), kid("current")), (current, next));
    assert_eq!(list().len(), 3, "and another next one");
    let (status, _, error) = run(keywright()
        .args(["keys", "list", "--domain", "other.example.com", "--database", "sqlite:keys.db"])
        .env("KEYWRIGHT_MASTER_KEY", KEY)
        .current_dir(directory.path()));
    assert_eq!(status.code(), Some(1));
    assert!(error.contains("no tenant has the domain other.example.com"), "{error}");
}
