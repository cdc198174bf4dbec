//! Changes documents of a development server's tenant, for the end-to-end tests: what an administrator would do.
//!
//! `configure DATA_DIRECTORY DATABASE DOMAIN` reads `{"tenant": {…}, "clients": {"ID": {…}}, "apis": {"IDENTIFIER": {…}}}` from
//! standard input; members replace those of the stored documents. The running server sees the change within a second.
#![allow(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "a tool of the tests")]

use std::collections::BTreeMap;
use std::path::Path;

use keywright_app::{App, AppOptions, Clock, Egress, EgressOptions, HashingCost, MasterKeys};
use keywright_jose::{MasterKey, Random};
use keywright_store::Store;
use keywright_types::TenantSettings;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Changes {
    tenant: Map<String, Value>,
    clients: BTreeMap<String, Map<String, Value>>,
    apis: BTreeMap<String, Map<String, Value>>,
}

fn merged<T: serde::Serialize + DeserializeOwned>(document: &T, changes: Map<String, Value>) -> T {
    let Value::Object(mut members) = serde_json::to_value(document).unwrap() else { panic!("a document is an object") };
    members.extend(changes);
    serde_json::from_value(Value::Object(members)).expect("a document")
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, database, domain] = arguments.try_into().expect("configure DATA_DIRECTORY DATABASE DOMAIN");
    let changes: Changes = serde_json::from_reader(std::io::stdin()).expect("changes on standard input");
    let master_key = std::fs::read_to_string(Path::new(&data).join("master-key")).expect("a data directory");
    let app = App::open(AppOptions {
        store: Store::open(&database).await.expect("the database"),
        master_keys: MasterKeys::only(MasterKey::from_base64(master_key.trim()).unwrap()),
        clock: Clock::system(),
        random: Random::system(),
        hashing_cost: HashingCost::Minimal,
        rate_limits: false,
        egress: Egress::new(EgressOptions::default()).unwrap(),
    })
    .await
    .unwrap();
    let tenant = app.tenant_by_domain(&domain).await.unwrap().expect("the tenant");
    for (client_id, members) in changes.clients {
        let record = app.client(&tenant.id, &client_id).await.unwrap().expect("the application");
        app.update_client(&tenant.id, &merged(&record.client, members)).await.unwrap();
    }
    for (identifier, members) in changes.apis {
        let record = app.api(&tenant.id, &identifier).await.unwrap().expect("the API");
        app.update_api(&tenant.id, &merged(&record.api, members)).await.unwrap();
    }
    if !changes.tenant.is_empty() {
        let settings: TenantSettings = merged(&tenant.settings, changes.tenant);
        app.update_tenant_settings(&tenant.id, &settings).await.unwrap();
    }
    app.store().close().await;
    println!("configured");
}
