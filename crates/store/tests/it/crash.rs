//! `kill -9` between acknowledgement and restart: every acknowledged write is there, and no half of an unacknowledged one.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use keywright_store::{Store, StoreError, Tx, authorization_codes, params, refresh_tokens};

use crate::cluster::Cluster;
use crate::database::{Database, postgres_is_left_out};
use crate::rows::{acme, at, code, family};

const CHILD_DATABASE: &str = "KEYWRIGHT_TEST_CRASH_DATABASE";
const CHILD_ROUND: &str = "KEYWRIGHT_TEST_CRASH_ROUND";
const WRITERS: u32 = 16;

/// One redemption: a code is taken and a family begins. Both, or neither.
fn redeem(tx: &mut Tx<'_>, name: &str) -> Result<(), StoreError> {
    let mut row = code(0);
    row.code_digest = name.as_bytes().to_vec();
    authorization_codes::insert(tx, &acme(), &row)?;
    authorization_codes::consume(tx, &acme(), name.as_bytes(), at(1))?;
    refresh_tokens::insert(tx, &acme(), &family(name))?;
    authorization_codes::record_issued(tx, &acme(), name.as_bytes(), Some(name), 1, name)?;
    Ok(())
}

/// Writes until it is stopped or the database goes, telling of each write when it was acknowledged.
async fn write_on(store: Store, prefix: String, acknowledge: impl Fn(&str)) {
    for number in 0.. {
        let name = format!("{prefix}-{number}");
        let job = name.clone();
        match store.write(move |tx| redeem(tx, &job)).await {
            Ok(()) => acknowledge(&name),
            Err(StoreError::Unavailable(_)) => return,
            Err(other) => panic!("{other}"),
        }
    }
}

async fn assert_all_there(store: &Store, acknowledged: &HashSet<String>) {
    let rows = store.read(|tx| tx.query("SELECT family_id FROM refresh_tokens", params![])).await.unwrap();
    let families: HashSet<String> = rows.iter().map(|row| row.get(0).unwrap()).collect();
    let consumed = "SELECT family_id FROM authorization_codes WHERE consumed_at IS NOT NULL";
    let rows = store.read(move |tx| tx.query(consumed, params![])).await.unwrap();
    let codes: HashSet<String> = rows.iter().map(|row| row.get(0).unwrap()).collect();
    let lost: Vec<_> = acknowledged.difference(&families).collect();
    assert!(lost.is_empty(), "{} acknowledged writes are lost: {lost:?}", lost.len());
    assert_eq!(families, codes, "no half of a job");
    let open = "SELECT code_digest FROM authorization_codes WHERE consumed_at IS NULL";
    assert!(store.read(move |tx| tx.query(open, params![])).await.unwrap().is_empty());
}

/// The process that is killed. It is this test binary again, told by the environment where to write.
#[test]
#[ignore = "is started, and killed, by the tests beside it"]
fn child() {
    let url = std::env::var(CHILD_DATABASE).expect("started by the tests beside it");
    let round = std::env::var(CHILD_ROUND).expect("started by the tests beside it");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&url).await.unwrap();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let say = |name: &str| writeln!(std::io::stdout(), "acknowledged {name}").unwrap();
                tokio::spawn(write_on(store.clone(), format!("{round}-{writer}"), say))
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

/// Starts the child, kills it after some acknowledgements, and returns all it has acknowledged.
fn run_and_kill(url: &str, round: u32) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["crash::child", "--exact", "--ignored", "--nocapture"])
        .env(CHILD_DATABASE, url)
        .env(CHILD_ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    let mut killed = false;
    for line in lines {
        if let Some(name) = line.unwrap().strip_prefix("acknowledged ") {
            acknowledged.push(name.to_owned());
        }
        // At another moment of the group commit in each round.
        if !killed && acknowledged.len() >= 40 + 37 * round as usize {
            child.kill().unwrap();
            killed = true;
        }
    }
    child.wait().unwrap();
    assert!(killed, "the child ended by itself after {} acknowledgements", acknowledged.len());
    acknowledged
}

pub(crate) async fn every_acknowledged_write_survives_a_kill(database: Arc<Database>) {
    let mut acknowledged = HashSet::new();
    for round in 0..5 {
        let url = database.url().to_owned();
        acknowledged.extend(tokio::task::spawn_blocking(move || run_and_kill(&url, round)).await.unwrap());
        let store = database.open().await;
        assert_all_there(&store, &acknowledged).await;
        store.close().await;
        if !database.is_postgres() {
            let connection = rusqlite::Connection::open(database.url().strip_prefix("sqlite:").unwrap()).unwrap();
            let state: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(state, "ok");
        }
    }
}

#[test]
fn every_acknowledged_write_survives_a_crash_of_postgresql() {
    if postgres_is_left_out() {
        return;
    }
    let cluster = Cluster::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let acknowledged = Arc::new(Mutex::new(HashSet::new()));
        let store = Store::open(&cluster.url()).await.unwrap();
        for (round, down) in (0..).zip([Cluster::crash, Cluster::stop, Cluster::crash]) {
            let before = acknowledged.lock().unwrap().len();
            let writers: Vec<_> = (0..WRITERS)
                .map(|writer| {
                    let acknowledged = Arc::clone(&acknowledged);
                    let note = move |name: &str| {
                        acknowledged.lock().unwrap().insert(name.to_owned());
                    };
                    tokio::spawn(write_on(store.clone(), format!("{round}-{writer}"), note))
                })
                .collect();
            while acknowledged.lock().unwrap().len() < before + 100 {
                tokio::task::yield_now().await;
            }
            down(&cluster);
            for writer in writers {
                writer.await.unwrap();
            }
            cluster.resume();
            let acknowledged = acknowledged.lock().unwrap().clone();
            assert_all_there(&store, &acknowledged).await;
        }
    });
}
