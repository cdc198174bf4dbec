//! `keywright import` and `keywright export`: a tree of auth0-deploy-cli goes in, comes out, and goes in again without a change.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{keywright, run};

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const TREE: &str = r#"
tenant:
  friendly_name: Shop
  support_email: help@##MAIL_DOMAIN##
attackProtection:
  bruteForceProtection: { enabled: true, max_attempts: 7 }
resourceServers:
  - name: Orders
    identifier: https://orders.example/
    token_lifetime: 3600
    enforce_policies: true
    scopes:
      - { value: "read:orders", description: Read orders }
      - { value: "write:orders" }
clients:
  - name: Web Shop
    app_type: regular_web
    callbacks: @@CALLBACKS@@
    custom_login_page: ./Web Shop_custom_login_page.html
    jwt_configuration: { alg: RS256, lifetime_in_seconds: 1234 }
  - name: Backend
    app_type: non_interactive
    grant_types: [client_credentials]
databases:
  - name: Customers
    strategy: auth0
    enabled_clients: [Web Shop]
    options: { passwordPolicy: excellent, brute_force_protection: true }
clientGrants:
  - client_id: Backend
    audience: https://orders.example/
    scope: ["read:orders"]
roles:
  - name: Editor
    description: "Yes: 'no', on"
    permissions:
      - { permission_name: "write:orders", resource_server_identifier: https://orders.example/ }
prompts: {}
rules: []
"#;

/// A database with a tenant, and the fixture.
pub(crate) struct Place(pub(crate) TempDir);

impl Place {
    fn new() -> Self {
        let place = Self::empty();
        fs::create_dir_all(place.path("tree/clients")).unwrap();
        fs::write(place.path("tree/tenant.yaml"), TREE).unwrap();
        let page = "<html>\n<title>Shop</title>\n</html>\n";
        fs::write(place.path("tree/clients/Web Shop_custom_login_page.html"), page).unwrap();
        place
    }

    /// A database with a tenant.
    pub(crate) fn empty() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let create = ["tenant", "create", "--domain", "login.example.com", "--database", "sqlite:a.db"];
        assert!(place.run(&create).0, "the tenant is made");
        place
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = keywright();
        command.args(arguments).env("KEYWRIGHT_MASTER_KEY", KEY).current_dir(self.0.path());
        command.env("MAIL_DOMAIN", "shop.example").env("CALLBACKS", r#"["https://shop.example/cb"]"#);
        command
    }

    /// Whether it succeeded, and what it printed.
    pub(crate) fn run(&self, arguments: &[&str]) -> (bool, String) {
        let (status, output, error) = run(&mut self.command(arguments));
        (status.success(), format!("{output}{error}"))
    }

    pub(crate) fn deploy(&self, arguments: &[&str]) -> (bool, String) {
        let source = ["--domain", "login.example.com", "--database", "sqlite:a.db"];
        self.run(&[arguments, &source].concat())
    }

    /// Writes a file, and the folders that lead to it.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }
}

/// Every file below a folder, by its address.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                let name = entry.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read_to_string(&entry).unwrap());
            }
        }
    }
    found
}

#[test]
fn what_goes_in_comes_out_and_goes_in_without_a_change() {
    let place = Place::new();
    // First what would be done: the same, and nothing is.
    let (_, would) = place.deploy(&["import", "tree/tenant.yaml", "--dry-run"]);
    let (done, said) = place.deploy(&["import", "tree/tenant.yaml"]);
    assert!(done, "{said}");
    for line in [
        "changed   tenant : friendly_name, support_email",
        "changed   attack-protection/brute-force-protection : max_attempts",
        "created   resourceServers Orders",
        "created   clients Web Shop",
        "created   clients Backend",
        "created   databases Customers",
        "created   clientGrants Backend https://orders.example/",
        "created   roles Editor",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(said.ends_with("6 created, 2 changed, 0 deleted, 0 unchanged, 0 refused\n"), "{said}");
    assert!(would.contains("created   databases Customers") && would.contains("6 created, 2 changed"), "{would}");
    let (done, said) = place.deploy(&["import", "tree/tenant.yaml"]);
    assert!(done && said.ends_with("no changes (8 entries are as in the files)\n"), "{said}");

    for (target, again) in [("out/tenant.yaml", "out2/tenant.yaml"), ("folder", "folder2")] {
        let (done, said) = place.deploy(&["export", target]);
        assert!(done, "{said}");
        let (done, said) = place.deploy(&["import", target]);
        assert!(done && said.contains("\nno changes ("), "{target}: {said}");
        place.deploy(&["export", again]);
        let folder = |name: &str| place.path(name.split('/').next().unwrap());
        let (first, second) = (files(&folder(target)), files(&folder(again)));
        assert_eq!(first, second, "{target}");
        let all = first.values().cloned().collect::<String>();
        for secret in
            ["client_secret:", "\"client_secret\"", "signing_keys: ", "\"signing_keys\": ", "signing_secret", "BEGIN"]
        {
            assert!(!all.contains(secret), "{secret}: {all}");
        }
        assert!(first.values().any(|text| text == "<html>\n<title>Shop</title>\n</html>\n"), "{first:#?}");
    }
    let folder = files(&place.path("folder"));
    let names: Vec<&str> = folder.keys().map(String::as_str).collect();
    for name in [
        "attack-protection/brute-force-protection.json",
        "clients/Backend.json",
        "clients/Web Shop.json",
        "clients/Web Shop_custom_login_page.html",
        "database-connections/Customers/database.json",
        "grants/Backend-Orders.json",
        "resource-servers/Orders.json",
        "roles/Editor.json",
        "tenant.json",
    ] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
    let json = |name: &str| serde_json::from_str::<Value>(&folder[name]).unwrap();
    assert_eq!(json("clients/Web Shop.json")["callbacks"], json!(["https://shop.example/cb"]));
    assert_eq!(json("clients/Web Shop.json")["custom_login_page"], "./Web Shop_custom_login_page.html");
    assert_eq!(json("grants/Backend-Orders.json")["client_id"], "Backend");
    assert_eq!(json("database-connections/Customers/database.json")["enabled_clients"], json!(["Web Shop"]));
    assert_eq!(json("roles/Editor.json")["permissions"][0]["permission_name"], "write:orders");

    // Into another tenant, from both layouts.
    for target in ["out/tenant.yaml", "folder"] {
        let domain = if target == "folder" { "two.example.com" } else { "one.example.com" };
        assert!(place.run(&["tenant", "create", "--domain", domain, "--database", "sqlite:a.db"]).0);
        let source = ["--domain", domain, "--database", "sqlite:a.db"];
        let (_, said) = place.run(&[&["import", target][..], &source].concat());
        assert!(said.contains("created   roles Editor") && said.contains("created   clients Web Shop"), "{said}");
        // The grant for the other tenant's Management API is for nothing here.
        let refused: Vec<&str> = said.lines().filter(|line| line.starts_with("refused")).collect();
        assert!(refused.iter().all(|line| line.contains("https://login.example.com/api/v2/")), "{said}");
    }
}

#[test]
fn what_cannot_be_is_refused_with_its_reason_and_the_rest_is_done() {
    let place = Place::new();
    assert!(place.deploy(&["import", "tree/tenant.yaml"]).0);
    let wrong = "clients:\n  - { name: Good }\n  - { name: Bad, callbacks: [\"javascript:alert(1)\"] }\n  \
                 - { name: Web Shop, unknown: 1, callbacks: [\"https://new.example/\"] }\n\
                 roles:\n  - { name: Editor, permissions: [{ permission_name: no, resource_server_identifier: none }] }\n\
                 resourceServers: []\nhooks:\n  - { name: x }\n";
    for dry in [true, false] {
        place.write("wrong.yaml", wrong);
        let arguments: &[&str] = if dry { &["import", "wrong.yaml", "--dry-run"] } else { &["import", "wrong.yaml"] };
        let (done, said) = place.deploy(arguments);
        assert!(!done, "{said}");
        assert!(said.contains("created   clients Good"), "{said}");
        assert!(
            said.contains("refused   clients Bad: Payload validation error: 'Object didn't pass validation"),
            "{said}"
        );
        let unknown =
            "refused   clients Web Shop: Payload validation error: 'Additional properties not allowed: unknown'.";
        assert!(said.contains(unknown), "{said}");
        assert!(
            said.contains(
                "refused   hooks : this version of Keywright does not store this type: 1 entry was not imported"
            ),
            "{said}"
        );
        assert!(said.contains("of the entries were refused"), "{said}");
    }
    // What cannot be read changes nothing.
    for (name, text) in
        [("a.yaml", "clients: [}"), ("b.yaml", "- 1"), ("c.yaml", "clients: 5"), ("d.yaml", "clients: [5]")]
    {
        place.write(name, text);
        let (done, said) = place.deploy(&["import", name]);
        assert!(!done && said.contains(name), "{said}");
    }
    assert!(!place.deploy(&["import", "nothing.yaml"]).0);
    place.write("outside.yaml", "clients:\n  - { name: X, custom_login_page: ../a.db }\n");
    fs::create_dir_all(place.path("clients")).unwrap();
    let outside = place.path("inner");
    fs::create_dir_all(outside.join("clients")).unwrap();
    fs::write(outside.join("t.yaml"), "clients:\n  - { name: X, custom_login_page: ../../a.db }\n").unwrap();
    let (done, said) = place.deploy(&["import", "inner/t.yaml"]);
    assert!(!done && said.contains("outside of the folder"), "{said}");
    // The same thing twice, and a value that the environment does not have.
    place.write(
        "twice.yaml",
        "roles:\n  - { name: Editor }\n  - { name: Editor }\n  - { name: R, description: '##NOTHING_HERE##' }\n",
    );
    let (_, said) = place.deploy(&["import", "twice.yaml"]);
    assert!(said.contains("refused   roles Editor: another entry of the files is the same one"), "{said}");
    assert!(said.contains("left out  roles R: description (##NOTHING_HERE##) is not in the environment"), "{said}");
    // A bomb of references.
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n\
                g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nclients: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n";
    place.write("bomb.yaml", bomb);
    assert!(!place.deploy(&["import", "bomb.yaml"]).0);
}

#[test]
fn nothing_is_deleted_unless_it_is_asked_for() {
    let place = Place::new();
    assert!(place.deploy(&["import", "tree/tenant.yaml"]).0);
    place.write("less.yaml", "clients:\n  - { name: Web Shop }\nroles: []\n");
    let (done, said) = place.deploy(&["import", "less.yaml"]);
    assert!(done && said.contains("no changes"), "{said}");
    let (done, said) = place.deploy(&["import", "less.yaml", "--delete", "--dry-run"]);
    assert!(done && said.contains("deleted   clients Backend") && said.contains("deleted   roles Editor"), "{said}");
    assert!(!said.contains("deleted   clients Web Shop"), "{said}");
    let (done, said) = place.deploy(&["import", "less.yaml", "--delete"]);
    assert!(done && said.ends_with("2 deleted, 1 unchanged, 0 refused\n"), "{said}");
    place.deploy(&["export", "rest.yaml"]);
    let rest = fs::read_to_string(place.path("rest.yaml")).unwrap();
    assert!(!rest.contains("Backend") && !rest.contains("Editor"), "{rest}");
    assert!(rest.contains("Orders") && rest.contains("Customers"), "types that are not in the file stay: {rest}");
    let (_, log) = place.run(&["log", "list", "--domain", "login.example.com", "--database", "sqlite:a.db"]);
    assert!(log.contains("\"channel\":\"command_line\"") && log.contains("keywright command line"), "{log}");
}

#[test]
fn users_come_in_from_both_kinds_of_files() {
    let place = Place::new();
    assert!(place.deploy(&["import", "tree/tenant.yaml"]).0);
    let hash = "$2b$10$w4kfaZVjrcQ6ZOMiG.M8JeNvnVQkPKZV03pbDUHbxy9Ug0h/McDXi";
    let line = |n| format!("{{\"email\":\"u{n}@example.com\",\"password_hash\":\"{hash}\"}}\n");
    let lines = (0..1200).map(line).collect::<Vec<_>>().concat();
    place.write("users.ndjson", &format!("{lines}{{\"email\":\"u3@example.com\"}}\n{{\"email\":\"bad\"}}\n"));
    let import =
        |more: &[&str]| place.deploy(&[&["import", "--connection", "Customers", "--users"][..], more].concat());
    let (done, said) = import(&["users.ndjson", "--dry-run"]);
    assert!(!done && said.contains("1200 created, 0 changed, 0 deleted, 0 unchanged, 2 refused"), "{said}");
    let (done, said) = import(&["users.ndjson"]);
    assert!(!done && said.contains("1200 created, 0 changed, 0 deleted, 0 unchanged, 2 refused"), "{said}");
    assert!(said.contains("refused   users u3@example.com: CONFLICT_EMAIL email"), "{said}");
    assert!(said.contains("refused   users bad: FORMAT email") && !said.contains(hash), "{said}");
    place.write("users.json", " [{\"email\":\"u7@example.com\",\"name\":\"Seven\"}, {\"email\":\"new@example.com\"}]");
    let (done, said) = import(&["users.json", "--upsert"]);
    assert!(done && said.ends_with("1 created, 1 changed, 0 deleted, 0 unchanged, 0 refused\n"), "{said}");
    let (done, said) = import(&["users.json"]);
    assert!(!done && said.contains("DUPLICATED_USER"), "{said}");
    let (done, said) = place.deploy(&["import", "--users", "users.json", "--connection", "Nobody"]);
    assert!(!done && said.contains("there is no database connection Nobody"), "{said}");
    place.write("broken.json", "[{\"email\":");
    assert!(!import(&["broken.json"]).0);
}
