//! `/jobs` (`management-api.md` §6.4): imports and exports of users.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use http::Method;
use keywright_management::SCOPES;
use keywright_store::{params, user_jobs, users};
use keywright_testkit::{Answer, Engine, Scene, SceneOptions};
use keywright_types::{ConnectionOptions, TenantSettings};
use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};
use crate::routes;

const BOUNDARY: &str = "multipart/form-data; boundary=xYzZY";

/// A form with a file and other parts.
pub(crate) fn form(file: &[u8], parts: &[(&str, &str)]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in parts {
        let head = format!("--xYzZY\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(head.as_bytes());
    }
    let head = "--xYzZY\r\ncontent-disposition: form-data; name=\"users\"; filename=\"u.json\"\r\n\
                content-type: application/json\r\n\r\n";
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--xYzZY--\r\n");
    body
}

async fn send(api: &Api, file: &[u8], parts: &[(&str, &str)]) -> Answer {
    let mut all = vec![("connection_id", api.scene.connection.id.as_str())];
    all.extend_from_slice(parts);
    api.raw(Method::POST, "/jobs/users-imports", BOUNDARY, form(file, &all)).await
}

/// Starts an import and answers its identifier.
async fn start(api: &Api, users: &Value, parts: &[(&str, &str)]) -> String {
    let answer = send(api, users.to_string().as_bytes(), parts).await;
    assert_eq!(answer.status, 202, "{answer:#?}");
    answer.text("id")
}

/// Imports users, and answers the job when it has ended.
async fn import(api: &Api, users: &Value, parts: &[(&str, &str)]) -> Value {
    let id = start(api, users, parts).await;
    api.app.app.run_due_jobs().await.unwrap();
    let job = api.get(&format!("/jobs/{id}")).await.json();
    assert_eq!(job["status"], "completed", "{job}");
    job
}

/// What was refused of an import: for each user the rules and the paths.
async fn errors(api: &Api, job: &Value) -> Vec<String> {
    let answer = api.get(&format!("/jobs/{}/errors", job["id"].as_str().unwrap())).await;
    if answer.status == 204 {
        return Vec::new();
    }
    assert_eq!(answer.status, 200, "{answer:#?}");
    let all = answer.json();
    let shown =
        |error: &Value| format!("{} {}", error["code"].as_str().unwrap(), error["path"].as_str().unwrap_or("-"));
    let each = |entry: &Value| entry["errors"].as_array().unwrap().iter().map(shown).collect::<Vec<_>>().join(", ");
    all.as_array().unwrap().iter().map(each).collect()
}

async fn user(api: &Api, email: &str) -> Value {
    let found = api.get(&format!("/users-by-email?email={}", email.replace('@', "%40"))).await.json();
    assert_eq!(found.as_array().unwrap().len(), 1, "{email}: {found}");
    found[0].clone()
}

const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

#[tokio::test]
async fn users_are_imported_and_the_job_says_how_far_it_is() {
    for engine in Engine::all() {
        let api = Api::of(Scene::with(routes, engine, TenantSettings::default()).await, SCOPES).await;
        let users = json!([
            {
                "email": "Ann@Example.com", "email_verified": true, "user_id": "own-1", "given_name": "Ann",
                "user_metadata": { "a": 1 }, "app_metadata": { "plan": "x" }, "phone_number": "+491234",
                "password_hash": BCRYPT,
            },
            { "email": "bob@example.com", "blocked": true, "nickname": "bobby" },
        ]);
        let answer = send(&api, users.to_string().as_bytes(), &[("external_id", "mine"), ("upsert", "false")]).await;
        assert_eq!(answer.status, 202, "{answer:#?}");
        let id = answer.text("id");
        assert!(id.starts_with("job_") && id.len() == 20, "{id}");
        let expected = json!({
            "id": id, "type": "users_import", "status": "pending", "created_at": "2026-03-01T12:00:00.000Z",
            "connection_id": api.scene.connection.id, "connection": "Username-Password-Authentication", "upsert": false,
            "external_id": "mine", "send_completion_email": true,
        });
        assert_eq!(answer.json(), expected);
        let before = api.get(&format!("/jobs/{id}")).await.json();
        assert_eq!((&before["percentage_done"], &before["status"]), (&json!(0), &json!("pending")));
        assert!(before.get("summary").is_none() && before.get("time_left_seconds").is_some(), "{before}");
        api.app.app.run_due_jobs().await.unwrap();
        let after = api.get(&format!("/jobs/{id}")).await.json();
        assert_eq!(after["summary"], json!({ "failed": 0, "updated": 0, "inserted": 2, "total": 2 }));
        assert_eq!((&after["percentage_done"], &after["status"]), (&json!(100), &json!("completed")));
        assert_eq!(api.get(&format!("/jobs/{id}/errors")).await.status, 204);
        let ann = user(&api, "ann@example.com").await;
        assert_eq!(ann["user_id"], "auth0|own-1");
        assert_eq!((&ann["email_verified"], &ann["name"]), (&json!(true), &json!("ann@example.com")));
        assert_eq!((&ann["user_metadata"], &ann["app_metadata"]), (&json!({ "a": 1 }), &json!({ "plan": "x" })));
        assert_eq!((&ann["given_name"], &ann["phone_number"]), (&json!("Ann"), &json!("+491234")));
        let bob = user(&api, "bob@example.com").await;
        assert_eq!((&bob["blocked"], &bob["nickname"]), (&json!(true), &json!("bobby")));
    }
}

/// Every rule of the closed description, and those that it cannot say.
#[tokio::test]
async fn refused_users_are_reported_with_their_reasons_and_without_passwords() {
    let api = Api::new().await;
    let deep = (0..80).fold(json!(1), |inner, _| json!([inner]));
    let md5 = |value: &str| json!({ "algorithm": "md5", "hash": { "value": value, "encoding": "hex" } });
    let wrong = [
        (json!({}), "OBJECT_REQUIRED -"),
        (json!("text"), "INVALID_TYPE -"),
        (json!({ "email": 5 }), "INVALID_TYPE email"),
        (json!({ "email": "nobody" }), "FORMAT email"),
        (json!({ "email": "a@b" }), "FORMAT email"),
        (json!({ "email": "a<b>@c.example" }), "FORMAT email"),
        (json!({ "email_verified": "yes" }), "INVALID_TYPE email_verified"),
        (json!({ "unknown": 1 }), "NOT_PASSED -"),
        (json!({ "password": "in clear" }), "NOT_PASSED -"),
        (json!({ "name": "" }), "MIN_LENGTH name"),
        (json!({ "name": "x".repeat(301) }), "MAX_LENGTH name"),
        (json!({ "phone_number": "0123" }), "PATTERN phone_number"),
        (json!({ "user_id": "a b" }), "PATTERN user_id"),
        (json!({ "user_id": "auth0|x" }), "PATTERN user_id"),
        (json!({ "picture": "nothing" }), "FORMAT picture"),
        (json!({ "username": "ann" }), "NOT_PASSED username"),
        (json!({ "password_hash": "$2y$05$x" }), "PATTERN password_hash"),
        (json!({ "password_hash": "$2a$05$x" }), "FORMAT password_hash"),
        (json!({ "password_hash": BCRYPT.replace("$05$", "$31$") }), "MAXIMUM password_hash"),
        (json!({ "password_hash": BCRYPT, "custom_password_hash": md5(&"00".repeat(16)) }), "NOT_PASSED password_hash"),
        (json!({ "custom_password_hash": md5("00") }), "FORMAT custom_password_hash"),
        (
            json!({ "custom_password_hash": { "algorithm": "rot13", "hash": { "value": "x" } } }),
            "ENUM_MISMATCH custom_password_hash.algorithm",
        ),
        (json!({ "custom_password_hash": { "algorithm": "md5" } }), "OBJECT_REQUIRED custom_password_hash"),
        (
            json!({ "custom_password_hash": { "algorithm": "scrypt", "hash": { "value": "x" }, "cost": 0 } }),
            "MINIMUM custom_password_hash.cost",
        ),
        (
            json!({ "custom_password_hash": { "algorithm": "hmac", "hash": { "value": "x", "digest": "whirlpool" } } }),
            "ENUM_MISMATCH custom_password_hash",
        ),
        (json!({ "user_metadata": [] }), "INVALID_TYPE user_metadata"),
        (json!({ "user_metadata": { "a": "b\u{0}" } }), "PATTERN user_metadata.a"),
        (json!({ "user_metadata": { "deep": deep } }), "NOT_PASSED -"),
        (json!({ "app_metadata": { "user_id": "x" } }), "NOT_PASSED app_metadata.user_id"),
        (json!({ "mfa_factors": [{ "totp": { "secret": "JBSWY3DPEHPK3PXP" } }] }), "MFA_FACTORS_FAILED mfa_factors"),
        (json!({ "mfa_factors": (0..11).map(|_| json!({})).collect::<Vec<_>>() }), "ARRAY_LENGTH_LONG mfa_factors"),
        (json!({ "email": "jane@example.com" }), "DUPLICATED_USER -"),
    ];
    let mut users: Vec<Value> = Vec::new();
    for (number, (members, _)) in wrong.iter().enumerate() {
        let mut record = members.clone();
        if let Some(record) = record.as_object_mut().filter(|record| !record.is_empty()) {
            record.entry("email").or_insert_with(|| json!(format!("user-{number}@example.com")));
        }
        users.push(record);
    }
    users.push(json!({ "email": "good@example.com", "mfa_factors": [] }));
    let job = import(&api, &json!(users), &[]).await;
    let failed = wrong.len();
    assert_eq!(job["summary"], json!({ "failed": failed, "updated": 0, "inserted": 1, "total": failed + 1 }));
    let expected: Vec<String> = wrong.iter().map(|(_, error)| (*error).to_owned()).collect();
    assert_eq!(errors(&api, &job).await, expected);
    user(&api, "good@example.com").await;
    let answer = api.get(&format!("/jobs/{}/errors", job["id"].as_str().unwrap())).await;
    for secret in ["in clear", BCRYPT, "$2y$05$x", "JBSWY3DPEHPK3PXP", &"00".repeat(16)] {
        assert!(!answer.body.contains(secret), "{secret} is shown");
    }
    let entry = answer.json().as_array().unwrap().iter().find(|entry| entry["user"].get("password").is_some()).cloned();
    assert_eq!(entry.unwrap()["user"]["password"], "*****");
}

#[tokio::test]
async fn a_user_is_in_a_file_once() {
    let api = Api::new().await;
    let users = json!([
        { "email": "ann@example.com", "user_id": "1" },
        { "email": " ANN@example.com" },
        { "email": "bob@example.com", "user_id": "1" },
        { "email": "bob@example.com" },
    ]);
    for upsert in ["false", "true"] {
        let job = import(&api, &users, &[("upsert", upsert)]).await;
        let repeated = ["CONFLICT_EMAIL email", "CONFLICT user_id", "CONFLICT_EMAIL email"].map(str::to_owned).to_vec();
        let mut expected = repeated;
        if upsert == "false" {
            assert_eq!(job["summary"], json!({ "failed": 3, "updated": 0, "inserted": 1, "total": 4 }));
        } else {
            assert_eq!(job["summary"], json!({ "failed": 3, "updated": 1, "inserted": 0, "total": 4 }));
        }
        // The address with a blank is no address.
        expected[0] = "FORMAT email".to_owned();
        assert_eq!(errors(&api, &job).await, expected);
    }
}

#[tokio::test]
async fn upsert_replaces_what_the_file_has_and_nothing_else() {
    for engine in Engine::all() {
        let options = ConnectionOptions { requires_username: true, ..ConnectionOptions::default() };
        let options = SceneOptions { engine, connection: options, ..SceneOptions::default() };
        let api = Api::of(Scene::build(routes, options).await, SCOPES).await;
        let first = json!([{
            "email": "ann@example.com", "username": "ann", "user_id": "1", "email_verified": true, "given_name": "Ann",
            "user_metadata": { "a": 1, "b": 2 }, "app_metadata": { "plan": "x" }, "password_hash": BCRYPT,
        }, { "username": "nomail" }]);
        let job = import(&api, &first, &[]).await;
        assert_eq!(job["summary"]["inserted"], 2, "{job}");
        let before = user(&api, "ann@example.com").await;
        let refused = import(&api, &first, &[]).await;
        assert_eq!(refused["summary"], json!({ "failed": 2, "updated": 0, "inserted": 0, "total": 2 }));
        assert_eq!(errors(&api, &refused).await, ["DUPLICATED_USER -", "DUPLICATED_USER -"]);

        let second = json!([{
            "email": "ann@example.com", "family_name": "Arbor", "user_metadata": { "c": 3 }, "user_id": "2",
            "custom_password_hash": { "algorithm": "md5", "hash": { "value": "00".repeat(16), "encoding": "hex" } },
        }]);
        let job = import(&api, &second, &[("upsert", "true")]).await;
        assert_eq!(job["summary"], json!({ "failed": 0, "updated": 1, "inserted": 0, "total": 1 }));
        let after = user(&api, "ann@example.com").await;
        let mut expected = before.clone();
        expected["family_name"] = json!("Arbor");
        expected["user_metadata"] = json!({ "c": 3 });
        assert_eq!(after, expected, "address, identifier, app_metadata and what was not sent stay");
        let tenant = api.app.tenant.id.clone();
        let row = api.app.app.store().read(move |tx| users::find(tx, &tenant, "auth0|1")).await.unwrap().unwrap();
        assert_eq!(row.password_hash.as_deref(), Some(BCRYPT), "no import changes a password");

        // By another identifier: what is said of one address is not true of another one.
        let third = json!([{ "email": "other@example.com", "username": "ann", "email_verified": false }]);
        import(&api, &third, &[("upsert", "true")]).await;
        assert_eq!(user(&api, "ann@example.com").await["email_verified"], true);
        // Two users at once.
        let fourth = json!([{ "email": "ann@example.com", "username": "nomail" }]);
        let job = import(&api, &fourth, &[("upsert", "true")]).await;
        assert_eq!(errors(&api, &job).await, ["CONFLICT -"]);
        // Neither address nor user name.
        let job = import(&api, &json!([{ "name": "Nobody" }]), &[]).await;
        assert_eq!(errors(&api, &job).await, ["ANY_OF_MISSING -"]);
    }
}

#[tokio::test]
async fn se_04_a_user_who_is_blocked_by_an_import_is_logged_out() {
    let api = Api::new().await;
    let browser = api.app.browser();
    api.scene.log_in(&browser, &api.scene.web, &[("scope", "openid")]).await;
    let job = import(&api, &json!([{ "email": "jane@example.com", "blocked": true }]), &[("upsert", "true")]).await;
    assert_eq!(job["summary"]["updated"], 1);
    let silent = browser.get(&api.scene.authorize_path(&api.scene.web, &[("prompt", "none")])).await;
    assert_eq!(silent.location_parameter("error").as_deref(), Some("login_required"), "{silent:#?}");
    import(&api, &json!([{ "email": "jane@example.com", "blocked": false }]), &[("upsert", "true")]).await;
    assert!(user(&api, "jane@example.com").await.get("blocked").is_none());
}

/// One hash of each algorithm of §6.4, for "Correct-horse-1" where no published vector says otherwise.
#[tokio::test]
async fn lg_06_every_algorithm_logs_in_and_is_replaced() {
    let api = Api::new().await;
    let hex =
        |algorithm: &str, value: &str| json!({ "algorithm": algorithm, "hash": { "value": value, "encoding": "hex" } });
    let phc = |algorithm: &str, value: &str| json!({ "algorithm": algorithm, "hash": { "value": value, "encoding": "utf8" } });
    let hashes = [
        ("bcrypt", phc("bcrypt", BCRYPT), "U*U"),
        (
            "argon2",
            phc("argon2", "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA"),
            "password",
        ),
        ("pbkdf2", phc("pbkdf2", "$pbkdf2-sha1$i=4096,l=20$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE"), "password"),
        (
            "scrypt",
            json!({
                "algorithm": "scrypt", "keylen": 64, "cost": 16384, "blockSize": 8, "parallelization": 1,
                "salt": { "value": "SodiumChloride" },
                "hash": {
                    "value": "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
                    "encoding": "hex",
                },
            }),
            "pleaseletmein",
        ),
        ("md4", hex("md4", "a448017aaf21d8525fc10ae87aa6729d"), "abc"),
        ("md5", hex("md5", "900150983cd24fb0d6963f7d28e17f72"), "abc"),
        ("sha1", hex("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"), "abc"),
        ("sha256", hex("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"), "abc"),
        (
            "sha512",
            hex(
                "sha512",
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
            "abc",
        ),
        (
            "hmac",
            json!({
                "algorithm": "hmac",
                "hash": {
                    "value": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "encoding": "hex",
                    "digest": "sha256", "key": { "value": "Jefe", "encoding": "utf8" },
                },
            }),
            "what do ya want for nothing?",
        ),
        ("ldap", phc("ldap", "{SSHA}SQVdkutJq5x/bTBAYfQn0cYg/CpzYWx0"), "Correct-horse-1"),
    ];
    let mut users: Vec<Value> = Vec::new();
    for (name, hash, _) in &hashes {
        users.push(json!({ "email": format!("{name}@example.com"), "custom_password_hash": hash, "user_id": name }));
    }
    users.push(json!({ "email": "plain@example.com", "password_hash": BCRYPT, "user_id": "plain" }));
    let job = import(&api, &json!(users), &[]).await;
    assert_eq!(errors(&api, &job).await, Vec::<String>::new());
    let plain = ("plain", json!(null), "U*U");
    for (name, _, password) in hashes.iter().chain([&plain]) {
        let log_in = |password: &'static str| {
            let api = api.clone();
            let email = format!("{name}@example.com");
            async move {
                let browser = api.app.browser();
                let page = browser.get(&api.scene.authorize_path(&api.scene.web, &[("scope", "openid")])).await;
                let fields = [("username", email.as_str()), ("password", password)];
                let answer = browser.fill_in(page.location(), &fields).await;
                answer.status == 303
            }
        };
        assert!(!log_in("Wrong-horse-1").await, "{name}");
        assert!(log_in(password).await, "{name}");
        let (tenant, id) = (api.app.tenant.id.clone(), format!("auth0|{name}"));
        let row = api.app.app.store().read(move |tx| users::find(tx, &tenant, &id)).await.unwrap().unwrap();
        assert!(row.password_hash.unwrap().starts_with("$argon2id$v=19$"), "{name} is as it was");
        assert!(log_in(password).await, "{name} with the new hash");
    }
}

#[tokio::test]
async fn bad_requests_start_nothing() {
    let api = Api::new().await;
    let too_long = send(&api, &vec![b' '; 512_001], &[]).await;
    refused(&too_long, 413, "Payload content length greater than maximum allowed: 512000.", None);
    let far_too_long = send(&api, &vec![b' '; 2_000_000], &[]).await;
    refused(&far_too_long, 413, "Payload content length greater than maximum allowed: 512000.", None);
    let unknown = send(&api, b"[]", &[("unknown", "x")]).await;
    invalid(&unknown, "'Additional properties not allowed: unknown'.");
    let wrong = send(&api, b"[]", &[("upsert", "1")]).await;
    let about = "Whether users who are there are changed; otherwise they are refused.";
    invalid(&wrong, &format!("'Expected type boolean but found type string' on property upsert ({about})."));
    let twice = send(&api, b"[]", &[("upsert", "true"), ("upsert", "false")]).await;
    assert_eq!(twice.status, 400, "{twice:#?}");
    let path = "/jobs/users-imports";
    let raw = |parts: &'static [(&'static str, &'static str)]| {
        let api = api.clone();
        async move { api.raw(Method::POST, path, BOUNDARY, form(b"[]", parts)).await }
    };
    invalid(&raw(&[]).await, "'Missing required property: connection_id'.");
    let unknown = raw(&[("connection_id", "con_1")]).await;
    refused(&unknown, 400, "The connection does not exist.", Some("inexistent_connection"));
    let without = "--xYzZY\r\ncontent-disposition: form-data; name=\"connection_id\"\r\n\r\ncon_1\r\n--xYzZY--\r\n";
    let without = api.raw(Method::POST, path, BOUNDARY, without).await;
    invalid(&without, "'Missing required property: users'.");
    let cut = api
        .raw(Method::POST, path, BOUNDARY, "--xYzZY\r\ncontent-disposition: form-data; name=\"users\"\r\n\r\n[")
        .await;
    refused(&cut, 400, "The form cannot be read", Some("invalid_body"));
    let json = api.raw(Method::POST, path, "application/json", "{}").await;
    refused(&json, 415, "Unsupported Media Type", None);
    let count = api.app.app.store().read(|tx| tx.query("SELECT job_id FROM user_jobs", params![])).await.unwrap().len();
    assert_eq!(count, 0);
    refused(&api.get("/jobs/job_x").await, 404, "The job does not exist", Some("inexistent_job"));
    refused(&api.get("/jobs/job_x/errors").await, 404, "The job does not exist", Some("inexistent_job"));
    let fields = json!({ "fields": [{ "name": "a..b" }] });
    refused(
        &api.post("/jobs/users-exports", fields).await,
        400,
        "The field a..b is no member of a profile",
        Some("invalid_body"),
    );
}

#[tokio::test]
async fn a_file_that_is_no_array_is_a_job_that_failed() {
    let api = Api::new().await;
    let details = "Failed to parse users file JSON when importing users. Make sure it is valid JSON.";
    for file in [&b"{"[..], b"{}", b"", b"[1,", b"\xff\xfe[]", b"[{}] x"] {
        let answer = send(&api, file, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.text("status").as_str()), (202, "failed"), "{file:?}");
        let path = format!("/jobs/{}/errors", answer.text("id"));
        let errors = api.get(&path).await.json();
        assert_eq!((&errors["status_details"], &errors["type"]), (&json!(details), &json!("users_import")), "{errors}");
    }
    let empty = import(&api, &json!([]), &[]).await;
    assert_eq!(empty["summary"], json!({ "failed": 0, "updated": 0, "inserted": 0, "total": 0 }));
    let marked = send(&api, b"\xef\xbb\xbf[]", &[]).await;
    assert_eq!(marked.text("status"), "pending");
}

#[tokio::test]
async fn two_imports_run_at_the_same_time_and_their_places_come_back() {
    for engine in Engine::all() {
        let api = Api::of(Scene::with(routes, engine, TenantSettings::default()).await, SCOPES).await;
        // At once: whoever takes a place has it.
        let mut racing = tokio::task::JoinSet::new();
        for number in 0..6 {
            let api = api.clone();
            let file = json!([{ "email": format!("u{number}@example.com") }]).to_string();
            racing.spawn(async move { send(&api, file.as_bytes(), &[]).await });
        }
        let answers = racing.join_all().await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 2, "{answers:#?}");
        let message = "There are 2 active import users jobs, please wait until some of them are finished and try again";
        for refusal in answers.iter().filter(|answer| answer.status != 202) {
            refused(refusal, 429, message, Some("too_many_requests"));
        }
        api.app.app.run_due_jobs().await.unwrap();
        let job = import(&api, &json!([{ "email": "late@example.com" }]), &[]).await;
        assert_eq!(job["summary"]["inserted"], 1);
        // A file that cannot be read takes no place.
        for _ in 0..3 {
            assert_eq!(send(&api, b"{", &[]).await.status, 202);
        }
        // Nobody works on these; after two hours they are over.
        let first = start(&api, &json!([{ "email": "never@example.com" }]), &[]).await;
        start(&api, &json!([]), &[]).await;
        assert_eq!(send(&api, b"[]", &[]).await.status, 429);
        api.app.advance(2 * 60 * 60);
        let api = api.with_scopes(SCOPES).await;
        let over = api.get(&format!("/jobs/{first}")).await.json();
        assert_eq!(
            (&over["status"], &over["status_details"]),
            (&json!("failed"), &json!("The job was not finished within two hours."))
        );
        assert_eq!(send(&api, b"[]", &[]).await.status, 202);
        let tenant = api.app.tenant.id.clone();
        let parts =
            move |tx: &mut keywright_store::Tx<'_>| user_jobs::parts(tx, &tenant, &first, ("input", "inputs"), 9);
        assert_eq!(api.app.app.store().read(parts).await.unwrap(), [], "what was to be imported is gone");
        api.app.app.run_due_jobs().await.unwrap();
        let nobody = api.get("/users-by-email?email=never%40example.com").await.json();
        assert_eq!(nobody, json!([]), "a job that is over does nothing");
    }
}

/// More users than one batch has, with a node that dies between batches and one that does the same job at the same time.
#[tokio::test]
async fn an_import_goes_on_where_it_was() {
    for engine in Engine::all() {
        let api = Api::of(Scene::with(routes, engine, TenantSettings::default()).await, SCOPES).await;
        let other = api.scene.second_node().await;
        let mut users: Vec<Value> = (0..1700).map(|n| json!({ "email": format!("u{n}@example.com") })).collect();
        users[3] = json!({ "email": "nobody" });
        users[1600] = json!({ "email": "jane@example.com" });
        let id = start(&api, &json!(users), &[]).await;
        // The same work twice, as when a node was only slow.
        let (app, tenant, job) = (api.app.app.clone(), api.app.tenant.id.clone(), id.clone());
        let rows =
            app.store().read(|tx| tx.query("SELECT payload FROM jobs WHERE kind = 'users-import'", params![])).await;
        assert_eq!(rows.unwrap().len(), 1);
        let kind = keywright_app::JobKind { name: "users-import", delays: &[], lease: 300, places: 1 };
        let queueing = app.clone();
        app.store().write(move |tx| queueing.enqueue(tx, &tenant, &kind, &job)).await.unwrap();
        let (one, two) = tokio::join!(app.run_due_jobs(), other.app.run_due_jobs());
        one.unwrap();
        two.unwrap();
        let job = api.get(&format!("/jobs/{id}")).await.json();
        let failures = app.store().read(|tx| tx.query("SELECT failure FROM jobs", params![])).await.unwrap();
        let failures: Vec<Option<String>> = failures.iter().map(|row| row.get(0).unwrap()).collect();
        assert_eq!(failures, [], "{job}");
        assert_eq!(job["summary"], json!({ "failed": 2, "updated": 0, "inserted": 1698, "total": 1700 }), "{job}");
        assert_eq!(errors(&api, &job).await, ["FORMAT email", "DUPLICATED_USER -"]);
        let tenant = api.app.tenant.id.clone();
        assert_eq!(app.store().read(move |tx| users::count(tx, &tenant)).await.unwrap(), 1699);
        let left =
            app.store().read(|tx| tx.query("SELECT part FROM user_job_parts WHERE part < 'error'", params![])).await;
        assert!(left.unwrap().is_empty());
    }
}

#[tokio::test]
async fn st_03_what_is_uploaded_is_sealed_and_goes_with_the_job() {
    let api = Api::new().await;
    let id = start(&api, &json!([{ "email": "secret@example.com", "password_hash": BCRYPT }, { "email": "bad" }]), &[])
        .await;
    let contents = || async {
        let rows =
            api.app.app.store().read(|tx| tx.query("SELECT content FROM user_job_parts", params![])).await.unwrap();
        rows.iter().map(|row| row.get::<Vec<u8>>(0).unwrap()).collect::<Vec<_>>()
    };
    let holds = |content: &[u8], text: &str| content.windows(text.len()).any(|part| part == text.as_bytes());
    let stored = contents().await;
    assert_eq!(stored.len(), 1);
    assert!(!holds(&stored[0], "secret@example.com") && !holds(&stored[0], BCRYPT));
    api.app.app.run_due_jobs().await.unwrap();
    let left = contents().await;
    assert_eq!(left.len(), 1, "the error alone");
    assert!(!holds(&left[0], "bad"));
    assert_eq!(errors(&api, &json!({ "id": id })).await, ["FORMAT email"]);
    // "Job data kept 24 h".
    api.app.advance(24 * 60 * 60);
    keywright_store::cleanup::run_once(api.app.app.store(), api.app.app.now(), "test").await.unwrap();
    assert!(contents().await.is_empty());
    let api = api.with_scopes(SCOPES).await;
    refused(&api.get(&format!("/jobs/{id}")).await, 404, "The job does not exist", Some("inexistent_job"));
}

async fn export(api: &Api, body: Value) -> Value {
    let answer = api.post("/jobs/users-exports", body).await;
    assert_eq!((answer.status.as_u16(), answer.text("status").as_str()), (200, "pending"), "{answer:#?}");
    api.app.app.run_due_jobs().await.unwrap();
    let job = api.get(&format!("/jobs/{}", answer.text("id"))).await.json();
    assert_eq!((&job["status"], &job["percentage_done"]), (&json!("completed"), &json!(100)), "{job}");
    job
}

/// Path and query of the file.
fn location(api: &Api, job: &Value) -> String {
    let location = job["location"].as_str().unwrap();
    location.strip_prefix(&format!("https://{}", api.app.tenant.domain)).unwrap().to_owned()
}

async fn file(api: &Api, job: &Value) -> String {
    let answer = api.app.get(&location(api, job), &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/gzip"), "{answer:#?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    let mut text = String::new();
    MultiGzDecoder::new(answer.bytes.as_slice()).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn users_are_exported_as_lines_and_as_a_table() {
    for engine in Engine::all() {
        let api = Api::of(Scene::with(routes, engine, TenantSettings::default()).await, SCOPES).await;
        api.app.advance(1);
        let users: Vec<Value> = (0..1200)
            .map(|n| json!({ "email": format!("u{n:04}@example.com"), "app_metadata": { "n": n }, "password_hash": BCRYPT }))
            .collect();
        import(&api, &json!(users), &[]).await;
        let all = file(&api, &export(&api, json!({ "format": "json" })).await).await;
        let lines: Vec<Value> = all.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 1201);
        let distinct: std::collections::HashSet<String> =
            lines.iter().map(|user| user["user_id"].to_string()).collect();
        assert_eq!(distinct.len(), 1201);
        assert_eq!(lines.iter().filter(|user| user["app_metadata"]["n"] == 77).count(), 1);
        assert!(!all.contains("$2a$") && !all.contains("argon2"));

        let fields = json!([
            { "name": "email" },
            { "name": "identities[0].connection", "export_as": "source" },
            { "name": "app_metadata.n" },
        ]);
        let request =
            json!({ "format": "csv", "limit": 3, "fields": fields, "connection_id": api.scene.connection.id });
        let table = file(&api, &export(&api, request).await).await;
        let rows: Vec<&str> = table.split("\r\n").collect();
        assert_eq!((rows.len(), rows[0]), (5, "email,source,app_metadata.n"), "{table}");
        assert_eq!(rows[1], "jane@example.com,Username-Password-Authentication,");
        assert!(rows[2].starts_with('u') && rows[3].starts_with('u') && rows[4].is_empty(), "{table}");
        let none = api.create("/connections", json!({ "name": "empty", "strategy": "auth0" })).await;
        let nobody =
            export(&api, json!({ "format": "csv", "connection_id": none["id"], "fields": [{ "name": "email" }] }))
                .await;
        assert_eq!(file(&api, &nobody).await, "email\r\n");
    }
}

#[tokio::test]
async fn tn_01_the_file_is_for_whoever_has_its_address_for_a_minute() {
    let api = Api::new().await;
    let job = export(&api, json!({})).await;
    let path = location(&api, &job);
    let message = "The location of the export has expired or is not valid";
    for wrong in [
        "/user-exports",
        "/user-exports?token=",
        "/user-exports?token=AAAA",
        &path[..path.len() - 2],
        &format!("{path}A"),
    ] {
        refused(&api.app.get(wrong, &[]).await, 403, message, None);
    }
    // Not in another tenant.
    let new = keywright_app::NewTenant {
        domain: "neighbour.example.com".to_owned(),
        settings: TenantSettings::default(),
        management_scopes: Vec::new(),
    };
    let mut neighbour = api.app.clone();
    neighbour.tenant = api.app.app.create_tenant(new).await.unwrap().0;
    refused(&neighbour.get(&path, &[]).await, 403, message, None);
    api.app.advance(59);
    assert_eq!(api.app.get(&path, &[]).await.status, 200);
    api.app.advance(1);
    refused(&api.app.get(&path, &[]).await, 403, message, None);
    let again = api.get(&format!("/jobs/{}", job["id"].as_str().unwrap())).await.json();
    assert_eq!(api.app.get(&location(&api, &again), &[]).await.status, 200);
    // Of an import there is nothing to fetch.
    let import = import(&api, &json!([]), &[]).await;
    assert!(import.get("location").is_none());
}

#[tokio::test]
async fn the_tenant_log_has_the_start_and_no_user() {
    let api = Api::new().await;
    import(&api, &json!([{ "email": "private@example.com", "password_hash": BCRYPT }]), &[]).await;
    let log = api.get("/logs?take=100").await.body.clone();
    assert!(log.contains("Create an import of users") && !log.contains("private@") && !log.contains(BCRYPT), "{log}");
}

/// "Bulk import and export jobs run under the caller's scopes and tenant; files are scanned for size and depth."
#[tokio::test]
async fn tn_06_a_job_does_what_its_caller_may_do() {
    let api = Api::new().await;
    let reader = api.with_scopes(&["read:users"]).await;
    let message = "Insufficient scope, expected any of: create:users";
    refused(&send(&reader, b"[]", &[]).await, 403, message, Some("insufficient_scope"));
    let writer = api.with_scopes(&["create:users", "update:users"]).await;
    let message = "Insufficient scope, expected any of: read:users";
    refused(&writer.post("/jobs/users-exports", json!({})).await, 403, message, Some("insufficient_scope"));
    // A connection of another tenant is none.
    let new = keywright_app::NewTenant {
        domain: "neighbour.example.com".to_owned(),
        settings: TenantSettings::default(),
        management_scopes: SCOPES.iter().map(ToString::to_string).collect(),
    };
    let mut neighbour = api.clone();
    neighbour.app.tenant = api.app.app.create_tenant(new).await.unwrap().0;
    neighbour.token = crate::caller::token(&neighbour.app, SCOPES).await;
    let code = Some("inexistent_connection");
    refused(&send(&neighbour, b"[]", &[]).await, 400, "The connection does not exist.", code);
    let theirs = neighbour.post("/jobs/users-exports", json!({ "connection_id": api.scene.connection.id })).await;
    refused(&theirs, 400, "The connection does not exist.", code);
    // A name that another tenant has as well stays apart, and so do the files.
    let connection =
        neighbour.create("/connections", json!({ "name": api.scene.connection.name, "strategy": "auth0" })).await;
    let parts = [("connection_id", connection["id"].as_str().unwrap()), ("upsert", "true")];
    let file = form(json!([{ "email": "jane@example.com", "blocked": true }]).to_string().as_bytes(), &parts);
    let started = neighbour.raw(Method::POST, "/jobs/users-imports", BOUNDARY, file).await;
    api.app.app.run_due_jobs().await.unwrap();
    let job = neighbour.get(&format!("/jobs/{}", started.text("id"))).await.json();
    assert_eq!(job["summary"], json!({ "failed": 0, "updated": 0, "inserted": 1, "total": 1 }));
    assert!(user(&api, "jane@example.com").await.get("blocked").is_none());
    let all = file_of(&neighbour).await;
    assert_eq!(all.lines().count(), 1);
    // Deeper than any profile is.
    let deep = format!("[{}1{}]", "{\"user_metadata\":".repeat(5000), "}".repeat(5000));
    let job = send(&api, deep.as_bytes(), &[]).await;
    api.app.app.run_due_jobs().await.unwrap();
    assert_eq!(errors(&api, &job.json()).await, ["NOT_PASSED -"]);
}

async fn file_of(api: &Api) -> String {
    let job = export(api, json!({})).await;
    file(api, &job).await
}

#[tokio::test]
async fn a_verification_mail_is_sent_once_more() {
    let api = Api::new().await;
    let inbox = keywright_app::mail::Inbox::default();
    api.app.app.send_mails_with(std::sync::Arc::new(inbox.clone()));
    let user_id = api.scene.user.user_id.clone();
    let post = |body: Value| {
        let api = api.clone();
        async move { api.post("/jobs/verification-email", body).await }
    };
    let own = user_id.split('|').nth(1).unwrap();
    // Who has proven the address is asked no more.
    api.patch(&format!("/users/{}", user_id.replace('|', "%7C")), json!({ "email_verified": false })).await;
    let answer = post(json!({ "user_id": user_id, "identity": { "provider": "auth0", "user_id": own } })).await;
    assert_eq!(answer.status, 201, "{answer:#?}");
    assert_eq!((answer.text("type").as_str(), answer.text("status").as_str()), ("verification_email", "pending"));
    let job = api.get(&format!("/jobs/{}", answer.text("id"))).await.json();
    assert_eq!((&job["status"], &job["percentage_done"]), (&json!("completed"), &json!(100)));
    api.app.app.run_due_jobs().await.unwrap();
    let mails = inbox.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].message.to, "jane@example.com");

    let missing = post(json!({ "user_id": "auth0|nobody" })).await;
    refused(&missing, 404, "The user does not exist.", Some("inexistent_user"));
    let client = post(json!({ "user_id": user_id, "client_id": "nobody" })).await;
    refused(&client, 404, "The client does not exist", Some("inexistent_client"));
    let organization = post(json!({ "user_id": user_id, "organization_id": "org_x" })).await;
    refused(&organization, 404, "No organization found by that id or name", None);
    let identity = post(json!({ "user_id": user_id, "identity": { "provider": "github", "user_id": "1" } })).await;
    refused(&identity, 400, "The user has no such identity.", None);
    api.app.app.run_due_jobs().await.unwrap();
    assert_eq!(inbox.mails().len(), 1);
}
