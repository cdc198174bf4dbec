//! Statements, rows and parameters behave alike on both engines.

use std::sync::Arc;

use keywright_store::{StoreError, clients, params, statements};

use crate::database::Database;
use crate::rows::{acme, populate};

pub(crate) async fn prepares_every_statement(database: Arc<Database>) {
    let store = database.open().await;
    let mut count = 0;
    for (module, list) in statements() {
        for sql in list {
            let prepared = store.write(|tx| tx.prepare(sql)).await;
            assert_eq!(prepared, Ok(()), "{module}: {sql}");
            count += 1;
        }
    }
    assert!(count > 70, "only {count} statements");
    let wrong = store.write(|tx| tx.prepare("SELECT nothing FROM clients")).await;
    assert!(matches!(wrong, Err(StoreError::Engine(_))), "{wrong:?}");
}

pub(crate) async fn names_table_and_column_of_an_inconsistency(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let far = i64::MAX;
    store.write(move |tx| tx.execute("UPDATE clients SET updated_at = $1", params![far])).await.unwrap();
    let corrupt = store.read(|tx| clients::find(tx, &acme(), "app")).await;
    let expected = StoreError::Corrupt {
        table: "clients".to_owned(),
        column: "updated_at".to_owned(),
        detail: "found a time out of range".to_owned(),
    };
    assert_eq!(corrupt, Err(expected));
}

pub(crate) async fn refuses_a_wrong_number_of_parameters(database: Arc<Database>) {
    let store = database.open().await;
    let wrong = store.read(|tx| tx.query("SELECT name FROM clients WHERE client_id = $1", params![])).await;
    assert!(matches!(wrong, Err(StoreError::Engine(_))), "{wrong:?}");
    let wrong = store.read(|tx| tx.query("SELECT name FROM clients WHERE client_id = $1", params!["a", "b"])).await;
    assert!(matches!(wrong, Err(StoreError::Engine(_))), "{wrong:?}");
}
