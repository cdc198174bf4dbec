//! Generations of the data keys, and the columns that are sealed with them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use keywright_store::data_keys::{self, DataKeyRow};
use keywright_store::sealed_columns::{self, SEALED_COLUMNS, SealedColumn, SealedValue};
use keywright_store::signing_keys::{self, KeyState};
use keywright_store::{
    Store, StoreError, Tx, action_bindings, action_versions, actions, client_secrets, clients, config, connections,
    jobs, resource_servers, rules, tenant_documents, user_jobs,
};

use crate::database::Database;
use crate::rows::{
    acme, action, action_version, at, binding, client, connection, data_key, job, populate, resource_server,
    rule_config, secret, signing_key, tenant_document, umbrella, user_job,
};

async fn list(store: &Store) -> Vec<DataKeyRow> {
    store.read(data_keys::list).await.unwrap()
}

pub(crate) async fn are_kept_by_generation(database: Arc<Database>) {
    let store = database.open().await;
    assert_eq!(list(&store).await, []);
    for generation in [1, 0] {
        assert!(store.write(move |tx| data_keys::insert(tx, &data_key(generation))).await.unwrap());
    }
    let mut second = data_key(2);
    (second.emergency, second.resealed_at) = (true, Some(at(9)));
    let row = second.clone();
    assert!(store.write(move |tx| data_keys::insert(tx, &row)).await.unwrap());
    assert_eq!(list(&store).await, [data_key(0), data_key(1), second.clone()]);
    let mut other = data_key(2);
    other.data_key = Some(vec![9]);
    assert!(!store.write(move |tx| data_keys::insert(tx, &other)).await.unwrap(), "a generation never changes its key");
    assert_eq!(list(&store).await[2], second);
    assert!(!format!("{second:?}").contains("data_key"), "{second:?}");
}

pub(crate) async fn st_03_are_sealed_anew_as_they_were_read(database: Arc<Database>) {
    let store = database.open().await;
    store.write(|tx| data_keys::insert(tx, &data_key(1))).await.unwrap();
    let old = data_key(1).data_key.unwrap();
    for (old, done) in [(vec![8], false), (old.clone(), true), (old, false)] {
        let write = move |tx: &mut Tx<'_>| data_keys::replace_seal(tx, 1, &old, &[5, 5], "new");
        assert_eq!(store.write(write).await.unwrap(), done);
    }
    let row = list(&store).await.remove(0);
    assert_eq!((row.data_key, row.sealed_with.as_str()), (Some(vec![5, 5]), "new"));
}

pub(crate) async fn st_03_are_noted_and_erased_once(database: Arc<Database>) {
    let store = database.open().await;
    for generation in [1, 2] {
        store.write(move |tx| data_keys::insert(tx, &data_key(generation))).await.unwrap();
    }
    for (second, done) in [(10, true), (20, false)] {
        assert_eq!(store.write(move |tx| data_keys::mark_resealed(tx, 2, at(second))).await.unwrap(), done);
        assert_eq!(store.write(move |tx| data_keys::retire(tx, 1, at(second))).await.unwrap(), done);
    }
    let rows = list(&store).await;
    assert_eq!((rows[0].data_key.as_ref(), rows[0].retired_at), (None, Some(at(10))));
    assert_eq!((rows[1].resealed_at, rows[1].retired_at), (Some(at(10)), None));
    assert!(!store.write(|tx| data_keys::replace_seal(tx, 1, &[], &[5], "new")).await.unwrap(), "erased is erased");
}

pub(crate) async fn st_03_one_of_many_nodes_makes_a_generation(database: Arc<Database>) {
    let stores = [database.open().await, database.open().await, database.open().await];
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..12_u8 {
        let store = stores[usize::from(number) % stores.len()].clone();
        tasks.spawn(async move {
            let mut row = data_key(1);
            row.data_key = Some(vec![number]);
            let won = store.write(move |tx| data_keys::insert(tx, &row)).await.unwrap();
            won.then_some(number)
        });
    }
    let winners: Vec<u8> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(list(&stores[0]).await[0].data_key, Some(winners));
}

pub(crate) async fn every_node_hears_of_them(database: Arc<Database>) {
    let store = database.open().await;
    let version = |store: &Store| *store.config_changes().borrow();
    let before = version(&store);
    store.write(|tx| data_keys::insert(tx, &data_key(1))).await.unwrap();
    store.write(|tx| data_keys::retire(tx, 1, at(1))).await.unwrap();
    store.write(config::bump_instance).await.unwrap();
    assert_eq!(version(&store), before + 3);
    let changed = store.read(move |tx| config::changed_since(tx, before)).await.unwrap();
    assert_eq!(changed, [], "it is no tenant's change");
}

/// Something in every sealed column, for two tenants: `number` rows each.
fn fill(tx: &mut Tx<'_>, number: u8) -> Result<(), StoreError> {
    for tenant in [acme(), umbrella()] {
        for index in 0..number {
            let name = format!("{index:03}");
            let state = if index == 0 { KeyState::Current } else { KeyState::Previous };
            signing_keys::insert(tx, &tenant, &signing_key(&name, state))?;
            clients::insert(tx, &tenant, &client(&name))?;
            client_secrets::replace(tx, &tenant, &name, &secret(index))?;
            let mut api = resource_server(&name);
            api.signing_secret = Some(vec![index, 1]);
            resource_servers::insert(tx, &tenant, &api)?;
            jobs::insert(tx, &tenant, &job(&name, 0))?;
            tenant_documents::insert(tx, &tenant, &tenant_document(&name))?;
            rules::put_config(tx, &tenant, &rule_config(&name))?;
            actions::insert(tx, &tenant, &action(&name))?;
            action_versions::insert(tx, &tenant, &action_version(&name, 1))?;
            let bound: Vec<_> = (0..=index).map(|index| binding(&format!("{index:03}"), index.into())).collect();
            action_bindings::replace(tx, &tenant, "post-login", &bound)?;
            let mut source = connection(&name);
            source.options = Some(vec![index, 2]);
            connections::insert(tx, &tenant, &source)?;
            user_jobs::insert(tx, &tenant, &user_job(&name))?;
            user_jobs::insert_part(tx, &tenant, &name, "input1", &[index, 2])?;
        }
        // Rows without a secret.
        let mut public = client("public");
        (public.secret, public.addons) = (None, None);
        clients::insert(tx, &tenant, &public)?;
        resource_servers::insert(tx, &tenant, &resource_server("rs256"))?;
    }
    Ok(())
}

/// All values of a column, read in pages of `size`.
async fn values(store: &Store, column: &'static SealedColumn, size: i64) -> Vec<SealedValue> {
    let mut all: Vec<SealedValue> = Vec::new();
    loop {
        let after = all.last().cloned();
        let page = store.read(move |tx| sealed_columns::page(tx, column, after.as_ref(), size)).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

pub(crate) async fn st_03_every_sealed_column_is_read_in_pages(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| fill(tx, 7)).await.unwrap();
    for column in &SEALED_COLUMNS {
        let name = format!("{}.{}", column.table, column.column);
        let found = values(&store, column, 3).await;
        // The application of `populate` has a secret too.
        let own = usize::from(column.table == "clients");
        assert_eq!(found.len(), 14 + own, "{name}");
        assert!(found.iter().all(|value| !value.sealed.is_empty()), "{name}");
        for tenant in [acme(), umbrella()] {
            assert!(found.iter().filter(|value| value.tenant == tenant).count() >= 7, "{name}");
        }
        assert_eq!(values(&store, column, 1000).await, found, "{name}");
    }
}

pub(crate) async fn st_03_a_sealed_value_is_replaced_as_it_was_read(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| fill(tx, 2)).await.unwrap();
    for column in &SEALED_COLUMNS {
        let name = format!("{}.{}", column.table, column.column);
        let before = values(&store, column, 100).await;
        let old = before[1].clone();
        for done in [true, false] {
            let value = old.clone();
            let write = move |tx: &mut Tx<'_>| sealed_columns::replace(tx, column, &value, b"new");
            assert_eq!(store.write(write).await.unwrap(), done, "{name}: what is not there any more stays");
        }
        let after = values(&store, column, 100).await;
        let changed: Vec<usize> = (0..after.len()).filter(|index| after[*index] != before[*index]).collect();
        assert_eq!((changed, after[1].sealed.as_slice()), (vec![1], &b"new"[..]), "{name}");
    }
    // What is revoked has no private key that could come back.
    store.write(|tx| signing_keys::revoke(tx, &acme(), "001", KeyState::Previous, at(1))).await.unwrap();
    let column = &SEALED_COLUMNS[0];
    let erased = values(&store, column, 100).await.into_iter().find(|value| value.sealed.is_empty());
    assert!(erased.is_some_and(|value| value.tenant == acme()), "{}", column.table);
}

/// Columns with bytes that are sealed with no data key.
const NOT_SEALED: [(&str, &str); 17] = [
    // Keyed digests.
    ("sessions", "handle_digest"),
    ("transactions", "handle_digest"),
    ("transactions", "browser_digest"),
    ("authorization_codes", "code_digest"),
    ("login_failures", "account"),
    ("known_devices", "device"),
    ("tickets", "ticket_digest"),
    ("rate_limits", "bucket"),
    ("client_secrets", "secret_digest"),
    ("used_jwt_ids", "id_digest"),
    ("pushed_requests", "request_digest"),
    ("device_codes", "code_digest"),
    ("device_codes", "user_code_digest"),
    ("revoked_access_tokens", "token_digest"),
    // Public.
    ("signing_keys", "certificate"),
    ("log_seals", "entry_digests"),
    // Sealed with the master key.
    ("data_keys", "data_key"),
];

/// Whoever adds a column with bytes has to say whether it is sealed.
#[test]
fn st_03_every_column_with_bytes_is_sealed_and_listed_or_known_not_to_be() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let mut table = String::new();
        for line in text.lines().map(|line| line.split("--").next().unwrap().trim()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["CREATE", "TABLE", name, ..] => table = (*name).to_owned(),
                [column, kind, ..] if kind.trim_end_matches(',') == "BYTEA" => {
                    found.insert((table.clone(), (*column).to_owned()));
                }
                ["ALTER", "TABLE", name, "ADD", "COLUMN", column, kind, ..]
                    if kind.trim_end_matches([',', ';']) == "BYTEA" =>
                {
                    found.insert(((*name).to_owned(), (*column).to_owned()));
                }
                _ => {}
            }
        }
    }
    let sealed = SEALED_COLUMNS.iter().map(|column| (column.table, column.column));
    let known = sealed.chain(NOT_SEALED).map(|(table, column)| (table.to_owned(), column.to_owned()));
    let known: BTreeSet<(String, String)> = known.collect();
    assert_eq!(found, known);
}
