//! `/connections` (`management-api.md` §4).

use keywright_store::connections;
use keywright_testkit::Scene;
use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};
use crate::routes;

fn path(connection: &Value) -> String {
    format!("/connections/{}", connection["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_new_database_has_the_defaults_of_auth0() {
    let api = Api::new().await;
    let made = api.create("/connections", json!({ "name": "people", "strategy": "auth0" })).await;
    let expected = json!({
        "id": made["id"], "name": "people", "strategy": "auth0", "enabled_clients": [], "realms": ["people"],
        "is_domain_connection": false, "authentication": { "active": true }, "connected_accounts": { "active": false },
        "options": {
            "strategy_version": 2, "mfa": { "active": true, "return_enroll_settings": true },
            "brute_force_protection": true, "disable_self_service_change_password": false, "passwordPolicy": "good",
            "authentication_methods": {
                "password": { "enabled": true, "api_behavior": "required", "signup_behavior": "allow" },
                "passkey": { "enabled": false },
            },
            "passkey_options": {
                "challenge_ui": "both", "progressive_enrollment_enabled": true, "local_enrollment_enabled": true,
            },
        },
    });
    assert_eq!(made, expected);
    assert!(made["id"].as_str().unwrap().starts_with("con_") && made["id"].as_str().unwrap().len() == 20);
    assert_eq!(api.get(&path(&made)).await.json(), made);
    let again = api.post("/connections", json!({ "name": "people", "strategy": "auth0" })).await;
    let message = "A connection with the same name already exists";
    refused(&again, 409, message, Some("connection_conflict"));
    // One that the program made with its tenant has them too, so that a change of it changes nothing else.
    let own = format!("/connections/{}", api.scene.connection.id);
    let before = api.get(&own).await.json();
    assert_eq!(before["options"]["mfa"], made["options"]["mfa"]);
    let changed = api.patch(&own, json!({ "options": before["options"] })).await.json();
    assert_eq!(changed, before);
}

#[tokio::test]
async fn wrong_members_are_named() {
    let api = Api::new().await;
    for (members, reason) in [
        (
            json!({ "name": "-x" }),
            "'String does not match pattern ^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$: -x' on property name (Name of the \
             connection; never changes.).",
        ),
        (
            json!({ "strategy": "magic" }),
            "'No enum match for: magic' on property strategy (Kind of source; never changes.).",
        ),
        (
            json!({ "options": { "passwordPolicy": "weak" } }),
            "'No enum match for: weak' on property options.passwordPolicy.",
        ),
        (json!({ "options": { "x": 1 } }), "'Additional properties not allowed: x' on property options."),
    ] {
        let mut body = json!({ "name": "people", "strategy": "auth0" });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        invalid(&api.post("/connections", body).await, reason);
    }
    for (options, message) in [
        (
            json!({ "attributes": {}, "requires_username": true }),
            "Cannot set both options.attributes and options.requires_username",
        ),
        (json!({ "attributes": {}, "validation": {} }), "Cannot set both options.attributes and options.validation"),
    ] {
        let body = json!({ "name": "people", "strategy": "auth0", "options": options });
        refused(&api.post("/connections", body).await, 400, message, Some("invalid_body"));
    }
    let missing = api.get("/connections/con_nothing").await;
    refused(&missing, 404, "The connection does not exist", Some("inexistent_connection"));
}

/// §1.13: "`options` replaced whole […] then server defaults re-added".
#[tokio::test]
async fn a_change_replaces_the_options_and_counts_at_the_next_login() {
    let api = Api::new().await;
    let scene = &api.scene;
    let own = format!("/connections/{}", scene.connection.id);
    let changed =
        api.patch(&own, json!({ "options": { "disable_signup": true }, "display_name": "People" })).await.json();
    assert_eq!((&changed["options"]["disable_signup"], &changed["display_name"]), (&json!(true), &json!("People")));
    assert_eq!(changed["options"]["passwordPolicy"], "good");
    assert!(changed["options"].get("requires_username").is_none());
    let path = scene.authorize_path(&scene.web, &[("screen_hint", "signup")]);
    let answer = api.app.browser().get(&path).await;
    assert!(answer.location().contains("signup+is+disabled"), "{answer:#?}");
    invalid(&api.patch(&own, json!({ "name": "x" })).await, "'Additional properties not allowed: name'.");
    invalid(&api.patch(&own, json!({})).await, "'Too few properties defined (0), minimum 1'.");
    // Nobody logs in with a connection that is switched off.
    api.patch(&own, json!({ "authentication": { "active": false } })).await;
    let answer = api.app.browser().get(&scene.authorize_path(&scene.web, &[])).await;
    assert!(answer.location().contains("no+connections+enabled"), "{answer:#?}");
}

#[tokio::test]
async fn applications_are_enabled_one_by_one() {
    let api = Api::new().await;
    let made = api.create("/connections", json!({ "name": "people", "strategy": "auth0" })).await;
    let clients = format!("{}/clients", path(&made));
    let (web, spa) = (api.scene.web.id(), api.scene.spa.id());
    let change = json!([{ "client_id": web, "status": true }, { "client_id": spa, "status": true }]);
    assert_eq!(api.patch(&clients, change).await.status, 204);
    let listed = api.get(&clients).await.json();
    assert_eq!(listed["clients"].as_array().unwrap().len(), 2);
    assert_eq!(api.patch(&clients, json!([{ "client_id": spa, "status": false }])).await.status, 204);
    assert_eq!(api.get(&clients).await.json(), json!({ "clients": [{ "client_id": web }] }));
    let nobody = api.patch(&clients, json!([{ "client_id": "nobody", "status": true }])).await;
    refused(&nobody, 404, "The client does not exist", Some("inexistent_client"));
    let of = api.get(&format!("/clients/{web}/connections?fields=name")).await.json();
    assert_eq!(of, json!({ "connections": [{ "name": "Username-Password-Authentication" }, { "name": "people" }] }));
    invalid(&api.patch(&clients, json!([])).await, "'Array is too short (0), minimum 1'.");
    let first = api.get(&format!("/clients/{web}/connections?take=1")).await.json();
    let rest = api.get(&format!("/clients/{web}/connections?from={}", first["next"].as_str().unwrap())).await.json();
    assert_eq!(rest["connections"][0]["name"], "people");
}

#[tokio::test]
async fn connections_are_listed_and_filtered() {
    let api = Api::new().await;
    api.create("/connections", json!({ "name": "people", "strategy": "auth0" })).await;
    api.create("/connections", json!({ "name": "others", "strategy": "auth0" })).await;
    for (query, expected) in [
        ("", vec!["Username-Password-Authentication", "others", "people"]),
        ("strategy=auth0&strategy=auth0&name=people", vec!["people"]),
        ("name=nothing", vec![]),
    ] {
        let found = api.get(&format!("/connections?{query}")).await.json();
        let mut names: Vec<&str> = found.as_array().unwrap().iter().map(|own| own["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{query}");
    }
}

#[tokio::test]
async fn a_deleted_connection_takes_its_users_with_it() {
    let api = Api::of(Scene::new(routes).await, keywright_management::SCOPES).await;
    let scene = &api.scene;
    let own = format!("/connections/{}", scene.connection.id);
    let deleted = api.delete(&own).await;
    assert_eq!((deleted.status.as_u16(), deleted.text("deleted_at").as_str()), (202, "2026-03-01T12:00:00.000Z"));
    assert_eq!(api.delete(&own).await.status, 204, "nothing to delete");
    // Its name is nobody's while there are users of it.
    let body = json!({ "name": "Username-Password-Authentication", "strategy": "auth0" });
    let early = api.post("/connections", body.clone()).await;
    refused(&early, 409, "A connection with the same name is being deleted, try again later", None);
    let id = scene.user.user_id.clone();
    let gone = async {
        while api.app.app.user(&api.app.tenant.id, &id).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let jobs = api.app.app.run_jobs(async { drop(stopped.await) });
    let finish = async {
        gone.await;
        drop(stop);
    };
    tokio::join!(jobs, finish);
    assert_eq!(api.post("/connections", body).await.status, 201);
}

#[tokio::test]
async fn a_user_of_a_connection_is_deleted_by_address() {
    let api = Api::new().await;
    let own = format!("/connections/{}/users", api.scene.connection.id);
    assert_eq!(api.delete(&format!("{own}?email=Jane%40example.com")).await.status, 204);
    assert!(api.app.app.user(&api.app.tenant.id, &api.scene.user.user_id).await.unwrap().is_none());
    assert_eq!(api.delete(&format!("{own}?email=jane%40example.com")).await.status, 204);
    let missing = api.delete(&own).await;
    refused(&missing, 400, "Query validation error: 'Missing required property: email'.", Some("invalid_query_string"));
}

/// Every strategy is stored, checked and answered; nobody logs in over any of them but databases.
#[tokio::test]
async fn a_social_connection_is_kept_with_its_secrets() {
    let api = Api::new().await;
    let options = json!({
        "client_id": "id", "client_secret": "hush", "email": true, "profile": true, "youtube": true,
        "allowed_audiences": ["a"], "unknown": { "kept": [1] },
    });
    let body = json!({ "name": "google-oauth2", "strategy": "google-oauth2", "options": options });
    let made = api.create("/connections", body).await;
    let mut expected = options.clone();
    expected["scope"] = json!(["email", "profile", "https://gdata.youtube.com"]);
    assert_eq!(made["options"], expected);
    assert_eq!(api.get(&path(&made)).await.json(), made);
    let listed = api.get("/connections?strategy=google-oauth2").await.json();
    assert_eq!(listed, json!([made]));
    // Replaced as a whole, secrets included.
    let changed = api.patch(&path(&made), json!({ "options": { "email": true } })).await.json();
    assert_eq!(changed["options"], json!({ "email": true, "scope": ["email"] }));
    // A change of something else leaves them.
    let named = api.patch(&path(&made), json!({ "display_name": "Google" })).await.json();
    assert_eq!((&named["options"], &named["display_name"]), (&changed["options"], &json!("Google")));
    let clients = json!([{ "client_id": api.scene.web.id(), "status": true }]);
    assert_eq!(api.patch(&format!("{}/clients", path(&made)), clients).await.status, 204);
    assert_eq!(api.get(&path(&made)).await.json()["options"], changed["options"]);
    let refused_login = api.scene.authorize_path(&api.scene.web, &[("connection", "google-oauth2")]);
    let answer = api.app.browser().get(&refused_login).await;
    assert!(answer.location().contains("connection+was+disabled"), "{answer:#?}");
    let user = json!({ "connection": "google-oauth2", "email": "a@b.example", "password": "correct horse battery" });
    let message = "Connection does not support user creation through the API. It must either be a database or passwordless connection.";
    refused(&api.post("/users", user).await, 400, message, None);
    api.create("/connections", json!({ "name": "sms", "strategy": "sms" })).await;
    let user = json!({ "connection": "sms", "email": "a@b.example", "password": "correct horse battery" });
    let message = "This feature is not enabled for this tenant.";
    refused(&api.post("/users", user).await, 403, message, Some("feature_not_enabled"));
}

/// An application that has nothing but such a connection has no login page.
#[tokio::test]
async fn no_page_offers_what_nobody_can_log_in_over() {
    let api = Api::new().await;
    let own = format!("/connections/{}", api.scene.connection.id);
    let clients = json!([{ "client_id": api.scene.web.id(), "status": false }]);
    api.patch(&format!("{own}/clients"), clients).await;
    let enabled = [api.scene.web.id()];
    let body = json!({ "name": "github", "strategy": "github", "enabled_clients": enabled });
    api.create("/connections", body).await;
    let answer = api.app.browser().get(&api.scene.authorize_path(&api.scene.web, &[])).await;
    assert!(answer.location().contains("no+connections+enabled"), "{answer:#?}");
}

/// ST-03, OP-02: what is secret of options lies in no column in clear, and in no entry of the log.
#[tokio::test]
async fn st_03_secret_options_are_sealed_and_not_logged() {
    let api = Api::new().await;
    let scripts = json!({ "login": "function login() { hush }" });
    for (name, strategy, options) in [
        ("people", "auth0", json!({ "customScripts": scripts, "configuration": { "KEY": "hush" } })),
        ("google", "google-oauth2", json!({ "client_secret": "hush" })),
        ("okta", "okta", json!({ "client_secret": "hush", "anything": { "deep": "hush" } })),
        ("sms", "sms", json!({ "twilio_token": "hush" })),
    ] {
        api.create("/connections", json!({ "name": name, "strategy": strategy, "options": options })).await;
    }
    let tenant = api.app.tenant.id.clone();
    let rows = api.app.app.store().read(move |tx| connections::list(tx, &tenant)).await.unwrap();
    for row in rows.iter().filter(|row| row.name != "Username-Password-Authentication") {
        assert!(!row.document.contains("hush"), "{}", row.name);
        let sealed = row.options.clone().unwrap();
        assert!(sealed.len() > 20 && !String::from_utf8_lossy(&sealed).contains("hush"), "{}", row.name);
    }
    // Nor do they come out where the rest of the program reads connections.
    let read = api.app.app.connections(&api.app.tenant.id).await.unwrap();
    assert!(read.len() > 4 && !format!("{read:?}").contains("hush"));
    let log = api.get("/logs?take=100").await.json().to_string();
    assert!(log.contains("Create a connection") && !log.contains("hush"));
}

/// §4.5: "write clear text, read back as encrypted strings `2.0$…`".
#[tokio::test]
async fn configuration_of_a_database_is_written_and_not_read() {
    let api = Api::new().await;
    let options = json!({ "configuration": { "A": "one", "B": "two" }, "customScripts": { "login": "x" } });
    let made = api.create("/connections", json!({ "name": "people", "strategy": "auth0", "options": options })).await;
    let shown = made["options"]["configuration"].clone();
    for name in ["A", "B"] {
        let value = shown[name].as_str().unwrap();
        assert!(value.starts_with("2.0$") && value.len() == 68, "{value}");
    }
    assert_ne!(shown["A"], shown["B"]);
    assert_eq!(made["options"]["customScripts"], json!({ "login": "x" }));
    assert_eq!(api.get(&path(&made)).await.json()["options"]["configuration"], shown, "the same each time");
    // A tool writes what it has read, and one value anew.
    let mut options = made["options"].clone();
    options["configuration"]["B"] = json!("three");
    let changed = api.patch(&path(&made), json!({ "options": options })).await.json();
    assert_eq!(changed["options"]["configuration"]["A"], shown["A"]);
    assert_ne!(changed["options"]["configuration"]["B"], shown["B"]);
    let tenant = api.app.tenant.id.clone();
    let id = made["id"].as_str().unwrap().to_owned();
    let row = api.app.app.store().read(move |tx| connections::find(tx, &tenant, &id)).await.unwrap().unwrap();
    let purpose = keywright_jose::Purpose::ConnectionOptions;
    let stored = api.app.app.unsealed(purpose, &api.app.tenant.id, row.options.as_deref()).unwrap().unwrap();
    let stored: Value = serde_json::from_str(secrecy::ExposeSecret::expose_secret(&stored)).unwrap();
    assert_eq!(stored["configuration"], json!({ "A": "one", "B": "three" }));
    // What was encrypted elsewhere, or for another name, means nothing here.
    for value in [json!("2.0$00ff"), shown["A"].clone()] {
        let options = json!({ "configuration": { "C": value } });
        let refusal = api.patch(&path(&made), json!({ "options": options })).await;
        let message = "options.configuration.C was encrypted elsewhere; send it in clear";
        refused(&refusal, 400, message, Some("invalid_body"));
    }
    let gone = api.patch(&path(&made), json!({ "options": {} })).await.json();
    assert!(gone["options"].get("configuration").is_none() && gone["options"].get("customScripts").is_none());
}

#[tokio::test]
async fn options_are_checked_by_strategy() {
    let api = Api::new().await;
    for (strategy, options, reason) in [
        ("oidc", json!({}), "'Missing required property: client_id' on property options."),
        (
            "oidc",
            json!({ "client_id": "x", "type": "side_channel" }),
            "'No enum match for: side_channel' on property options.type.",
        ),
        ("email", json!({ "name": "email" }), "'Missing required property: email' on property options."),
        (
            "email",
            json!({ "name": "email", "email": {}, "totp": { "length": 3 } }),
            "'Value 3 is less than minimum 4' on property options.totp.length.",
        ),
        (
            "email",
            json!({ "name": "email", "email": {}, "x": 1 }),
            "'Additional properties not allowed: x' on property options.",
        ),
        (
            "sms",
            json!({ "twilio_sid": "XX1" }),
            "'String does not match pattern ^AC: XX1' on property options.twilio_sid.",
        ),
        (
            "samlp",
            json!({ "protocolBinding": "post" }),
            "'No enum match for: post' on property options.protocolBinding.",
        ),
        (
            "google-oauth2",
            json!({ "email": "yes" }),
            "'Expected type boolean but found type string' on property options.email.",
        ),
        (
            "google-oauth2",
            json!({ "client_secret": 5 }),
            "'Expected type string but found type integer' on property options.client_secret.",
        ),
        (
            "github",
            json!({ "upstream_params": { "a": { "alias": "x", "value": "y" } } }),
            "'Data does not match any schemas from 'anyOf'' on property options.upstream_params.a.",
        ),
        (
            "auth0",
            json!({ "configuration": { "KEY": 5 } }),
            "'Expected type string but found type integer' on property options.configuration.KEY.",
        ),
        (
            "auth0",
            json!({ "password_options": { "history": { "size": 25 } } }),
            "'Value 25 is greater than maximum 24' on property options.password_options.history.size.",
        ),
    ] {
        let body = json!({ "name": "some", "strategy": strategy, "options": options });
        invalid(&api.post("/connections", body).await, reason);
    }
    for (options, message) in [
        (json!({ "attributes": { "email": {} } }), "attributes must contain one active identifier"),
        (
            json!({ "attributes": { "email": { "identifier": { "active": true }, "unique": false } } }),
            "cannot add non-unique email attribute",
        ),
    ] {
        let body = json!({ "name": "some", "strategy": "auth0", "options": options });
        refused(&api.post("/connections", body).await, 400, message, Some("invalid_body"));
    }
    let body = json!({ "name": "some", "strategy": "samlp", "options": { "signingCert": "bm9uZQ==" } });
    let message = "options.signingCert is not an X.509 certificate in PEM or base64";
    refused(&api.post("/connections", body).await, 400, message, Some("invalid_body"));
    assert_eq!(api.get("/connections").await.json().as_array().unwrap().len(), 1, "nothing was written");
}

#[tokio::test]
async fn the_certificate_of_a_saml_provider_is_described() {
    let api = Api::new().await;
    // A certificate that is at hand: the tenant's own.
    let keys = api.get("/keys/signing").await.json();
    let own = &keys[0];
    let pem = own["cert"].as_str().unwrap();
    let packed = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, pem);
    for certificate in [pem.to_owned(), packed] {
        let options =
            json!({ "signInEndpoint": "https://idp.example/in", "signingCert": certificate, "expires": "sent" });
        let body = json!({ "name": "saml", "strategy": "samlp", "options": options });
        let made = api.create("/connections", body).await;
        let thumbprint = own["fingerprint"].as_str().unwrap().replace(':', "").to_lowercase();
        assert_eq!(made["options"]["thumbprints"], json!([thumbprint]));
        assert_eq!(made["options"]["subject"], json!({ "commonName": api.app.tenant.domain.split(':').next() }));
        let expires = made["options"]["expires"].as_str().unwrap();
        assert!(expires.parse::<keywright_types::Timestamp>().is_ok(), "{expires}");
        assert_eq!(made["options"]["signingCert"], json!(certificate));
        let gone = api.patch(&path(&made), json!({ "options": { "expires": "sent" } })).await.json();
        assert_eq!(gone["options"], json!({}));
        assert!(api.delete(&path(&made)).await.status.is_success());
    }
}
