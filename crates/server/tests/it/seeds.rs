//! What `keywright dev` puts into a tenant, and that a second start finds it again.

use serde_json::{Value, json};

use crate::process::{Development, Process, keywright};

#[test]
fn json_is_one_line_with_all_that_a_program_needs() {
    let server = Development::start(&["--ephemeral"]);
    let order: Vec<usize> =
        ["base_url", "domain", "ca_cert", "management", "applications", "api", "user", "playground"]
            .iter()
            .map(|member| server.line.find(&format!("\"{member}\":")).unwrap())
            .collect();
    assert!(order.is_sorted(), "{}", server.line);
    assert_eq!(server.text("/base_url"), format!("https://{}", server.text("/domain")));
    assert!(server.text("/domain").starts_with("localhost:"));
    assert!(server.authority().is_absolute() && server.authority().exists());
    assert_eq!(server.announcement["api"], json!({ "identifier": "appointments:api" }));
    assert_eq!(server.text("/user/email"), "user@example.com");

    let applications = server.announcement["applications"].as_array().unwrap();
    let types: Vec<&str> = applications.iter().map(|each| each["app_type"].as_str().unwrap()).collect();
    assert_eq!(types, ["regular_web", "spa", "native", "non_interactive"]);
    for application in applications {
        let public = ["spa", "native"].contains(&application["app_type"].as_str().unwrap());
        assert_eq!(application.get("client_secret").is_none(), public, "{application}");
        assert!(application["client_id"].as_str().unwrap().chars().all(|c| c.is_ascii_alphanumeric()));
    }
    let (rest, log) = server.process.stop();
    assert_eq!(rest, "", "one line and nothing else");
    for secret in [&server.announcement["management"]["client_secret"], &server.announcement["user"]["password"]] {
        assert!(!log.contains(secret.as_str().unwrap()), "op_02: the log holds a secret");
    }
}

/// A token by client credentials.
fn token(server: &Development, application: &Value, audience: &str) -> Value {
    let body = json!({
        "grant_type": "client_credentials",
        "client_id": application["client_id"],
        "client_secret": application["client_secret"],
        "audience": audience,
    });
    let (status, text) =
        server.curl("/oauth/token", &["--header", "content-type: application/json", "--data", &body.to_string()]);
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn the_machine_applications_get_their_scopes() {
    let server = Development::start(&["--ephemeral"]);
    let management =
        token(&server, &server.announcement["management"], &format!("{}/api/v2/", server.text("/base_url")));
    let scopes: Vec<&str> = management["scope"].as_str().unwrap().split(' ').collect();
    assert_eq!(scopes, keywright_management::SCOPES);
    let machine = token(&server, &server.announcement["applications"][3], "appointments:api");
    assert_eq!(machine["scope"], json!("appointments contacts read:contacts"));
}

#[test]
fn a_second_start_has_the_same_credentials() {
    let first = Development::start(&[]);
    let (directory, port, line) = (first.directory(), first.port(), first.line.clone());
    first.process.stop();
    let second = Development::start_in(directory, &["--port", &port]);
    assert_eq!(second.line, line);
}

#[test]
fn another_domain_is_another_tenant() {
    let first = Development::start(&[]);
    let second = Development::start_in(first.directory(), &["--port", "0", "--domain", "login.example.test"]);
    assert_ne!(first.announcement["management"], second.announcement["management"]);
    assert_ne!(first.announcement["user"]["password"], second.announcement["user"]["password"]);
    assert_eq!(first.text("/ca_cert"), second.text("/ca_cert"));
    assert_eq!(first.curl("/health", &[]).0, 200, "both run on one data directory");
}

#[test]
fn tn_07_no_credential_is_the_same_anywhere_else() {
    let credentials = |server: &Development| {
        let mut all: Vec<Value> = server.announcement["applications"].as_array().unwrap().clone();
        all.push(server.announcement["management"].clone());
        all.push(server.announcement["user"]["password"].clone());
        all
    };
    let (first, second) = (Development::start(&["--ephemeral"]), Development::start(&["--ephemeral"]));
    for (left, right) in credentials(&first).iter().zip(&credentials(&second)) {
        assert_ne!(left, right);
    }
}

#[test]
fn another_master_key_is_noticed_before_anything_is_written() {
    let first = Development::start(&[]);
    let (directory, port) = (first.directory(), first.port());
    first.process.stop();
    std::fs::remove_file(directory.path().join(".keywright/master-key")).unwrap();
    let process = Process::start(keywright().args(["dev", "--json", "--port", &port]).current_dir(directory.path()));
    let (status, output, log) = process.end();
    assert_eq!((status.code(), output.as_str()), (Some(1), ""));
    assert!(log.contains("the database belongs to another master key"), "{log}");
}

#[test]
fn the_table_shows_the_tutorial_with_real_values() {
    let mut process = Process::start(keywright().args(["dev", "--ephemeral", "--port", "0"]));
    let mut text = String::new();
    while !text.contains("\"redirect_uri\"") {
        text += &process.line();
    }
    for part in [
        "Keywright is ready at https://localhost:",
        "user@example.com",
        "Regular Web App",
        "Keywright Management",
        "(public)",
        "/playground\n",
        "/authorize?response_type=code&client_id=",
        "curl --request POST",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    assert!(!text.contains("YOUR_CLIENT") && !text.contains("YOUR_AUTH0_DOMAIN"), "{text}");
    process.stop();
}

/// A token of the Management API, as a header.
fn administrator(server: &Development) -> String {
    let audience = format!("{}/api/v2/", server.text("/base_url"));
    let token = token(server, &server.announcement["management"], &audience);
    format!("authorization: Bearer {}", token["access_token"].as_str().unwrap())
}

#[test]
fn the_playground_is_on_and_has_an_application_of_its_own() {
    let server = Development::start(&[]);
    assert_eq!(server.text("/playground"), format!("{}/playground", server.text("/base_url")));
    let (status, page) = server.curl("/playground", &[]);
    assert_eq!(status, 200);
    let administrator = administrator(&server);
    let get = |path: &str| {
        let (status, text) = server.curl(path, &["--header", &administrator]);
        assert_eq!(status, 200, "{text}");
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let own = get("/api/v2/tenants/settings?fields=playground")["playground"].clone();
    let client_id = own["client_id"].as_str().unwrap().to_owned();
    assert_eq!((&own["enabled"], &own["audience"]), (&json!(true), &json!("appointments:api")));
    assert!(page.contains(&format!("data-client-id=\"{client_id}\"")), "{page}");
    let application = get(&format!("/api/v2/clients/{client_id}"));
    assert_eq!(
        (&application["app_type"], &application["token_endpoint_auth_method"]),
        (&json!("native"), &json!("none"))
    );
    assert_eq!(application["callbacks"], json!([server.text("/playground")]));
    let grants = application["grant_types"].as_array().unwrap();
    for grant in ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"] {
        assert!(grants.contains(&json!(grant)), "{grant} in {grants:?}");
    }
    // Nobody else has it: it is none of those that are announced.
    assert!(!server.announcement["applications"].to_string().contains(&client_id));

    // Switched off, it stays off.
    let off = ["--request", "PATCH", "--header", &administrator, "--header", "content-type: application/json"];
    let off = [&off[..], &["--data", r#"{"playground":{"enabled":false}}"#]].concat();
    let (status, text) = server.curl("/api/v2/tenants/settings", &off);
    assert_eq!(status, 200, "{text}");
    let nowhere = server.curl("/no-such-page", &[]);
    assert_eq!((nowhere.0, server.curl("/playground", &[])), (404, nowhere));
    let (directory, port) = (server.directory(), server.port());
    server.process.stop();
    let again = Development::start_in(directory, &["--port", &port]);
    assert!(again.announcement.get("playground").is_none(), "{}", again.line);
    assert_eq!(again.curl("/playground", &[]).0, 404);
}
