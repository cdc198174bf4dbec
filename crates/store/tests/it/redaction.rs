//! What may be logged shows no secrets, digests or personal data (OP-02).

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use keywright_store::signing_keys::KeyState;
use keywright_store::{
    Row, authorization_codes, clients, connections, device_codes, params, refresh_tokens, resource_servers, sessions,
    signing_keys, transactions, users,
};
use log::{LevelFilter, Log, Metadata, Record};

use crate::database::Database;
use crate::rows::{
    acme, approval, at, client, code, connection, device_code, family, populate, resource_server, session, signing_key,
    transaction, user,
};

/// Stands for a secret in every column that may hold one.
const SECRET: &str = "Correct-Horse";
/// The same as `Debug` would show it in a column of bytes.
const SECRET_BYTES: &str = "67, 111, 114, 114, 101, 99, 116";

fn assert_hidden(shown: &str) {
    assert!(!shown.contains(SECRET) && !shown.contains(SECRET_BYTES), "{shown}");
}

fn secret() -> String {
    SECRET.to_owned()
}

fn bytes() -> Vec<u8> {
    SECRET.as_bytes().to_vec()
}

fn secret_user() -> users::UserRow {
    users::UserRow {
        email: Some(secret()),
        username: Some(secret()),
        password_hash: Some(secret()),
        profile: secret(),
        user_metadata: secret(),
        app_metadata: secret(),
        last_ip: Some(secret()),
        ..user("bob")
    }
}

fn secret_session() -> sessions::SessionRow {
    sessions::SessionRow { handle_digest: bytes(), ..session(1) }
}

fn secret_transaction() -> transactions::TransactionRow {
    transactions::TransactionRow {
        handle_digest: bytes(),
        browser_digest: bytes(),
        request: secret(),
        progress: secret(),
        ..transaction(1)
    }
}

fn secret_code() -> authorization_codes::AuthorizationCodeRow {
    authorization_codes::AuthorizationCodeRow { code_digest: bytes(), binding: secret(), ..code(1) }
}

fn secret_device_code() -> device_codes::DeviceCodeRow {
    device_codes::DeviceCodeRow {
        code_digest: bytes(),
        user_code_digest: Some(bytes()),
        request: secret(),
        ip: Some(secret()),
        approval: Some(device_codes::DeviceApproval { binding: secret(), ..approval() }),
        ..device_code(1)
    }
}

fn secret_family() -> refresh_tokens::RefreshTokenRow {
    refresh_tokens::RefreshTokenRow { payload: secret(), ..family("f") }
}

fn secret_client() -> clients::ClientRow {
    clients::ClientRow { document: secret(), secret: Some(bytes()), addons: Some(bytes()), ..client("other") }
}

fn secret_api() -> resource_servers::ResourceServerRow {
    resource_servers::ResourceServerRow {
        document: secret(),
        signing_secret: Some(bytes()),
        ..resource_server("orders")
    }
}

fn secret_connection() -> connections::ConnectionRow {
    connections::ConnectionRow { document: secret(), options: Some(bytes()), ..connection("a") }
}

fn secret_key() -> signing_keys::SigningKeyRow {
    signing_keys::SigningKeyRow { private_key: bytes(), certificate: bytes(), ..signing_key("kid", KeyState::Next) }
}

#[test]
fn op_02_a_row_shows_its_names_and_times_but_no_secrets() {
    let rows: [(&str, &dyn Debug); 10] = [
        ("auth0|bob", &secret_user()),
        ("sid-1", &secret_session()),
        ("app", &secret_transaction()),
        ("sid-1", &secret_code()),
        ("sid-1", &secret_device_code()),
        ("orders:api", &secret_family()),
        ("Application other", &secret_client()),
        ("orders:api", &secret_api()),
        ("a-database", &secret_connection()),
        ("Next", &secret_key()),
    ];
    for (name, row) in rows {
        let shown = format!("{row:?}");
        assert_hidden(&shown);
        assert!(shown.contains(name) && shown.contains(&at(0).to_string()), "{shown}");
    }
}

/// Everything that libraries log, in this process.
struct Logged(Mutex<Vec<String>>);

static LOGGED: Logged = Logged(Mutex::new(Vec::new()));

impl Log for Logged {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        self.0.lock().unwrap().push(record.args().to_string());
    }

    fn flush(&self) {}
}

pub(crate) async fn op_02_libraries_log_no_parameters_and_no_answers(database: Arc<Database>) {
    // Refused when the test of the other engine was here first: then it is installed already.
    let _ = log::set_logger(&LOGGED);
    log::set_max_level(LevelFilter::Trace);
    let store = database.open().await;
    populate(&store).await;
    store
        .write(|tx| {
            users::insert(tx, &acme(), &secret_user())?;
            sessions::insert(tx, &acme(), &secret_session())?;
            transactions::insert(tx, &acme(), &secret_transaction())?;
            authorization_codes::insert(tx, &acme(), &secret_code())?;
            device_codes::insert(tx, &acme(), &secret_device_code())?;
            refresh_tokens::insert(tx, &acme(), &secret_family())?;
            clients::insert(tx, &acme(), &secret_client())
        })
        .await
        .unwrap();
    // A refusal, whose message must not repeat the address.
    let twin = users::UserRow { user_id: "auth0|eve".to_owned(), ..secret_user() };
    let refused = store.write(move |tx| users::insert(tx, &acme(), &twin)).await.unwrap_err();
    assert_hidden(&format!("{refused:?} {refused}"));
    let read: Vec<Row> = store
        .read(|tx| tx.query("SELECT email, password_hash FROM users WHERE user_id = $1", params!["auth0|bob"]))
        .await
        .unwrap();
    assert_eq!(read[0].get::<String>(0).unwrap(), SECRET);
    assert_hidden(&format!("{read:?}"));

    let logged = LOGGED.0.lock().unwrap().clone();
    for line in &logged {
        assert_hidden(line);
    }
    let heard = logged.iter().any(|line| line.contains("with parameters"));
    assert!(!database.is_postgres() || heard, "the logger heard of no statement: {logged:#?}");
}
