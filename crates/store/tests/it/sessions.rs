//! Sessions.

use std::sync::Arc;

use keywright_store::sessions::{self, EndedSession, SessionRow};
use keywright_store::{Store, StoreError, Tx, session_clients, users};

use crate::database::Database;
use crate::rows::{acme, at, populate, session, user};

async fn with_session(database: &Database) -> Store {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| sessions::insert(tx, &acme(), &session(1))).await.unwrap();
    store
}

async fn find(store: &Store, seconds: i64) -> Option<SessionRow> {
    let by_id = store.read(move |tx| sessions::find_by_session_id(tx, &acme(), "sid-1", at(seconds))).await.unwrap();
    let by_handle = store.read(move |tx| sessions::find(tx, &acme(), &[1; 32], at(seconds))).await.unwrap();
    assert_eq!(by_id, by_handle);
    by_handle
}

pub(crate) async fn are_found_by_handle_and_session_id(database: Arc<Database>) {
    let store = with_session(&database).await;
    assert_eq!(find(&store, 1).await, Some(session(1)));
    assert_eq!(store.read(|tx| sessions::find(tx, &acme(), &[1; 31], at(1))).await.unwrap(), None);
    assert_eq!(store.read(|tx| sessions::find_by_session_id(tx, &acme(), "sid-2", at(1))).await.unwrap(), None);
}

pub(crate) async fn end_when_idle_and_absolutely(database: Arc<Database>) {
    let store = with_session(&database).await;
    assert!(find(&store, 99).await.is_some());
    assert!(find(&store, 100).await.is_none());
    // Used again and again, it still ends at its absolute end.
    store.write(|tx| sessions::touch(tx, &acme(), &[1; 32], at(99), at(5000), at(1000))).await.unwrap();
    assert!(find(&store, 999).await.is_some());
    assert!(find(&store, 1000).await.is_none());
}

pub(crate) async fn are_touched(database: Arc<Database>) {
    let store = with_session(&database).await;
    assert!(store.write(|tx| sessions::touch(tx, &acme(), &[1; 32], at(50), at(150), at(1000))).await.unwrap());
    let mut expected = session(1);
    (expected.last_active_at, expected.idle_expires_at) = (at(50), at(150));
    assert_eq!(find(&store, 120).await, Some(expected));
    assert!(!store.write(|tx| sessions::touch(tx, &acme(), &[2; 32], at(50), at(150), at(1000))).await.unwrap());
}

pub(crate) async fn an_ended_one_cannot_be_touched(database: Arc<Database>) {
    let store = with_session(&database).await;
    assert!(!store.write(|tx| sessions::touch(tx, &acme(), &[1; 32], at(100), at(200), at(1000))).await.unwrap());
    assert!(find(&store, 100).await.is_none());
    assert!(store.write(|tx| sessions::touch(tx, &acme(), &[1; 32], at(99), at(5000), at(1000))).await.unwrap());
    assert!(!store.write(|tx| sessions::touch(tx, &acme(), &[1; 32], at(1000), at(5000), at(1000))).await.unwrap());
}

pub(crate) async fn both_ends_may_come_closer(database: Arc<Database>) {
    let store = with_session(&database).await;
    assert!(store.write(|tx| sessions::touch(tx, &acme(), &[1; 32], at(50), at(60), at(70))).await.unwrap());
    let stored = find(&store, 59).await.unwrap();
    assert_eq!((stored.idle_expires_at, stored.expires_at), (at(60), at(70)));
    assert!(find(&store, 60).await.is_none());
}

pub(crate) async fn go_on_under_another_handle(database: Arc<Database>) {
    let store = with_session(&database).await;
    let mut again = session(1);
    again.handle_digest = vec![9; 32];
    (again.authenticated_at, again.idle_expires_at, again.expires_at) = (at(50), at(150), at(1050));
    again.last_active_at = at(50);
    again.persistent = false;
    let renew = |row: &SessionRow| {
        let row = row.clone();
        store.write(move |tx| sessions::renew(tx, &acme(), &row))
    };
    assert!(renew(&again).await.unwrap());
    assert!(store.read(|tx| sessions::find(tx, &acme(), &[1; 32], at(51))).await.unwrap().is_none(), "the old handle");
    assert_eq!(store.read(|tx| sessions::find(tx, &acme(), &[9; 32], at(51))).await.unwrap(), Some(again.clone()));
    // Not for another user, and not when it is over.
    let mut foreign = again.clone();
    foreign.user_id = "auth0|bob".to_owned();
    assert!(!renew(&foreign).await.unwrap());
    again.authenticated_at = at(150);
    assert!(!renew(&again).await.unwrap());
}

fn ended(id: u8, clients: &[&str]) -> EndedSession {
    EndedSession {
        session_id: format!("sid-{id}"),
        user_id: "auth0|ann".to_owned(),
        clients: clients.iter().map(|client| (*client).to_owned()).collect(),
    }
}

pub(crate) async fn end_once_with_their_applications(database: Arc<Database>) {
    let store = with_session(&database).await;
    let join =
        |client: &'static str| store.write(move |tx| session_clients::insert(tx, &acme(), "sid-1", client, at(1)));
    for client in ["web", "app", "web"] {
        join(client).await.unwrap();
    }
    assert_eq!(store.read(|tx| session_clients::list(tx, &acme(), "sid-1")).await.unwrap(), ["app", "web"]);
    let end = || store.write(|tx| sessions::end(tx, &acme(), &[1; 32]));
    assert_eq!(end().await.unwrap(), Some(ended(1, &["app", "web"])));
    assert_eq!(end().await.unwrap(), None);
    assert!(find(&store, 1).await.is_none());
    assert!(store.read(|tx| session_clients::list(tx, &acme(), "sid-1")).await.unwrap().is_empty());
    assert_eq!(join("late").await.unwrap_err().constraint(), Some("foreign_key"));

    store.write(|tx| sessions::insert(tx, &acme(), &session(2))).await.unwrap();
    let end = || store.write(|tx| sessions::end_by_session_id(tx, &acme(), "sid-2"));
    assert_eq!(end().await.unwrap(), Some(ended(2, &[])));
    assert_eq!(end().await.unwrap(), None);
}

pub(crate) async fn end_for_a_user(database: Arc<Database>) {
    let store = with_session(&database).await;
    store.write(|tx| sessions::insert(tx, &acme(), &session(2))).await.unwrap();
    store.write(|tx| session_clients::insert(tx, &acme(), "sid-2", "app", at(1))).await.unwrap();
    store.write(|tx| users::insert(tx, &acme(), &user("bob"))).await.unwrap();
    let mut of_bob = session(3);
    of_bob.user_id = "auth0|bob".to_owned();
    store.write(move |tx| sessions::insert(tx, &acme(), &of_bob)).await.unwrap();
    let end = || store.write(|tx| sessions::end_for_user(tx, &acme(), "auth0|ann"));
    let mut all = end().await.unwrap();
    all.sort_by(|left, right| left.session_id.cmp(&right.session_id));
    assert_eq!(all, [ended(1, &[]), ended(2, &["app"])]);
    assert!(end().await.unwrap().is_empty());
    assert!(store.read(|tx| sessions::find(tx, &acme(), &[3; 32], at(1))).await.unwrap().is_some());
}

pub(crate) async fn that_are_over_end_in_batches(database: Arc<Database>) {
    let store = with_session(&database).await;
    let fill = |tx: &mut Tx<'_>| {
        session_clients::insert(tx, &acme(), "sid-1", "app", at(1))?;
        for id in 2..6 {
            let mut absolute = session(id);
            (absolute.idle_expires_at, absolute.expires_at) = (at(5000), at(1000 + i64::from(id)));
            sessions::insert(tx, &acme(), &absolute)?;
        }
        Ok::<_, StoreError>(())
    };
    store.write(fill).await.unwrap();
    let expired = |seconds| store.read(move |tx| sessions::has_expired(tx, at(seconds)));
    assert!(!expired(99).await.unwrap() && expired(100).await.unwrap());
    let end = |seconds| store.write(move |tx| sessions::end_expired(tx, at(seconds), 3));
    assert!(end(99).await.unwrap().is_empty());
    assert_eq!(end(100).await.unwrap(), [(acme(), ended(1, &["app"]))]);
    assert_eq!(end(5000).await.unwrap().len(), 3);
    assert_eq!(end(5000).await.unwrap().len(), 1);
    assert!(!expired(9999).await.unwrap());
}

pub(crate) async fn one_of_many_nodes_ends_it_and_no_application_is_forgotten(database: Arc<Database>) {
    let store = with_session(&database).await;
    // Nodes that issue codes in the session, each for an application of its own, and nodes that end it.
    let mut issuing = Vec::new();
    let mut ending = Vec::new();
    for number in 0..6 {
        let (issuer, ender) = (Arc::clone(&database), Arc::clone(&database));
        issuing.push(tokio::spawn(async move {
            let client = format!("app-{number}");
            let issue = move |tx: &mut Tx<'_>| {
                let alive = sessions::touch(tx, &acme(), &[1; 32], at(1), at(100), at(1000))?;
                if alive {
                    session_clients::insert(tx, &acme(), "sid-1", &client, at(1))?;
                }
                Ok::<_, StoreError>(alive.then_some(client))
            };
            issuer.open().await.write(issue).await.unwrap()
        }));
        ending.push(tokio::spawn(async move {
            ender.open().await.write(|tx| sessions::end(tx, &acme(), &[1; 32])).await.unwrap()
        }));
    }
    let mut told = Vec::new();
    let mut ends = 0;
    for node in ending {
        if let Some(ended) = node.await.unwrap() {
            told.extend(ended.clients);
            ends += 1;
        }
    }
    let mut issued = Vec::new();
    for node in issuing {
        issued.extend(node.await.unwrap());
    }
    told.sort();
    issued.sort();
    assert_eq!((ends, told), (1, issued));
    assert!(find(&store, 1).await.is_none());
}

pub(crate) async fn have_unique_handles_and_session_ids(database: Arc<Database>) {
    let store = with_session(&database).await;
    let insert = |row| store.write(move |tx| sessions::insert(tx, &acme(), &row));
    let mut row = session(2);
    row.handle_digest = vec![1; 32];
    assert_eq!(insert(row).await.unwrap_err().constraint(), Some("sessions_pkey"));
    let mut row = session(2);
    row.session_id = "sid-1".to_owned();
    assert_eq!(insert(row).await.unwrap_err().constraint(), Some("sessions_session_id_key"));
    let mut row = session(2);
    row.user_id = "auth0|nobody".to_owned();
    assert_eq!(insert(row).await.unwrap_err().constraint(), Some("foreign_key"));
}

pub(crate) async fn are_shown_to_administrators(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    for id in [1, 2, 3] {
        store.write(move |tx| sessions::insert(tx, &acme(), &session(id))).await.unwrap();
    }
    let details = |id: &'static str, time| store.read(move |tx| sessions::details(tx, &acme(), id, at(time)));
    let shown = details("sid-1", 1).await.unwrap().unwrap();
    assert_eq!((shown.session, shown.device.as_str(), shown.metadata.as_str()), (session(1), "{}", "{}"));
    assert!(store.write(|tx| sessions::set_device(tx, &acme(), "sid-1", "{\"a\":1}")).await.unwrap());
    assert!(store.write(|tx| sessions::set_metadata(tx, &acme(), "sid-1", "{\"b\":2}", at(1))).await.unwrap());
    let shown = details("sid-1", 1).await.unwrap().unwrap();
    assert_eq!((shown.device.as_str(), shown.metadata.as_str()), ("{\"a\":1}", "{\"b\":2}"));
    assert_eq!(details("sid-1", 100).await.unwrap(), None, "it is over");
    assert!(!store.write(|tx| sessions::set_metadata(tx, &acme(), "sid-1", "{}", at(100))).await.unwrap());
    assert!(!store.write(|tx| sessions::set_device(tx, &acme(), "sid-9", "{}")).await.unwrap());
    let page = |range: keywright_store::Range| {
        store.read(move |tx| sessions::page_of_user(tx, &acme(), "auth0|ann", at(1), &range))
    };
    let first = page(keywright_store::Range::first(2)).await.unwrap();
    assert_eq!(first.iter().map(|own| own.session.session_id.as_str()).collect::<Vec<_>>(), ["sid-1", "sid-2"]);
    let after =
        keywright_store::Range { after: at(0), after_id: "sid-2".to_owned(), ..keywright_store::Range::first(2) };
    assert_eq!(page(after).await.unwrap()[0].session.session_id, "sid-3");
}
