//! Data keys: how they come into being, how the master key is changed over them, how they are rotated and retired (ST-03).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keywright_app::{App, DataKeyRotationError, DataKeyState, JobKind, OpenError};
use keywright_jose::{DataKeys, MasterKey, Purpose, Random};
use keywright_store::data_keys::DataKeyRow;
use keywright_store::sealed_columns::{self, Content, SEALED_COLUMNS, SealedColumn, SealedValue};
use keywright_store::tenant_documents::{self, TenantDocumentRow};
use keywright_store::user_jobs::{self, UserJobRow};
use keywright_store::{Row, StoreError, Tx, clients, config, connections, data_keys, params};
use keywright_testkit::{Engine, Scene, TestApp};
use keywright_types::{ResourceServer, TenantId, TenantSettings};
use secrecy::{ExposeSecret as _, SecretString};

use crate::no_routes;

const DAY: i64 = 24 * 60 * 60;

/// A scene with something in every sealed column.
async fn scene(engine: Engine) -> Scene {
    let scene = Scene::with(no_routes, engine, TenantSettings::default()).await;
    let (app, tenant) = (&scene.app.app, &scene.app.tenant.id);
    app.rotate_client_secret(tenant, scene.machine.id(), jiff::SignedDuration::from_hours(24 * 365)).await.unwrap();
    let api = ResourceServer {
        id: "hs".to_owned(),
        identifier: "hs:api".to_owned(),
        signing_alg: "HS256".to_owned(),
        ..ResourceServer::default()
    };
    app.create_api(tenant, &api, Some(&SecretString::from("a shared secret of an API"))).await.unwrap();
    let kind = JobKind { name: "test", delays: &[], lease: 30, places: 1 };
    let (queueing, id) = (app.clone(), tenant.clone());
    app.store().write(move |tx| queueing.enqueue(tx, &id, &kind, &"about something")).await.unwrap();
    let secrets = app.data_keys().seal(Purpose::TenantDocument, tenant, b"{}", app.random());
    let (id, now) = (tenant.clone(), app.now());
    let row = TenantDocumentRow {
        kind: "test".to_owned(),
        name: String::new(),
        document: "{}".to_owned(),
        secrets: Some(secrets),
        created_at: now,
        updated_at: now,
    };
    app.store().write(move |tx| tenant_documents::put(tx, &id, &row)).await.unwrap();
    crate::extensibility::fill(app, tenant).await;
    let options = app.data_keys().seal(Purpose::ConnectionOptions, tenant, b"{}", app.random());
    let addons = app.data_keys().seal(Purpose::ClientAddons, tenant, b"{}", app.random());
    let (id, connection, client) = (tenant.clone(), scene.connection.id.clone(), scene.web.id().to_owned());
    let fill = move |tx: &mut Tx<'_>| {
        let mut row = connections::find(tx, &id, &connection)?.unwrap();
        row.options = Some(options);
        connections::update(tx, &id, &row)?;
        let mut row = clients::find(tx, &id, &client)?.unwrap();
        row.addons = Some(addons);
        clients::update(tx, &id, &row)
    };
    assert!(app.store().write(fill).await.unwrap());
    let part = app.data_keys().seal(Purpose::UserJobPart, tenant, b"[]", app.random());
    let job = UserJobRow {
        job_id: "job_0000000000000001".to_owned(),
        kind: "users_import".to_owned(),
        status: "pending".to_owned(),
        request: "{}".to_owned(),
        slot: None,
        total: 1,
        done: 0,
        inserted: 0,
        updated: 0,
        failed: 0,
        reached: String::new(),
        details: None,
        created_at: now,
        updated_at: now,
    };
    let id = tenant.clone();
    let insert = move |tx: &mut Tx<'_>| {
        user_jobs::insert(tx, &id, &job)?;
        user_jobs::insert_part(tx, &id, &job.job_id, "input1", &part)
    };
    app.store().write(insert).await.unwrap();
    scene
}

fn purpose(content: Content) -> Purpose {
    match content {
        Content::ClientSecret => Purpose::ClientSecret,
        Content::SigningKey => Purpose::SigningKey,
        Content::EcSigningKey => Purpose::EcSigningKey,
        Content::ApiSigningSecret => Purpose::ApiSigningSecret,
        Content::Job => Purpose::Job,
        Content::TenantDocument => Purpose::TenantDocument,
        Content::RuleConfig => Purpose::RuleConfig,
        Content::ActionSecrets => Purpose::ActionSecrets,
        Content::ConnectionOptions => Purpose::ConnectionOptions,
        Content::ClientAddons => Purpose::ClientAddons,
        Content::UserJobPart => Purpose::UserJobPart,
    }
}

async fn page(app: &App, column: &'static SealedColumn) -> Vec<SealedValue> {
    app.store().read(move |tx| sealed_columns::page(tx, column, None, 10_000)).await.unwrap()
}

/// How many stored values these keys open, and how many not.
async fn opened_by(app: &App, keys: &DataKeys) -> (usize, usize) {
    let (mut opened, mut closed) = (0, 0);
    for column in &SEALED_COLUMNS {
        let values = page(app, column).await;
        assert!(!values.is_empty(), "the scene has nothing in {}.{}", column.table, column.column);
        for value in values {
            match keys.open(purpose(column.content), &value.tenant, &value.sealed) {
                Some(_) => opened += 1,
                None => closed += 1,
            }
        }
    }
    (opened, closed)
}

async fn rows(app: &App) -> Vec<DataKeyRow> {
    app.store().read(data_keys::list).await.unwrap()
}

/// Waits until the node has heard of everything that was changed so far.
async fn heard(node: &TestApp) {
    let newest = node.app.store().read(config::current).await.unwrap();
    node.app.store().config_changes().wait_for(|version| *version >= newest).await.unwrap();
}

fn new_key() -> SecretString {
    MasterKey::generate(&Random::system()).to_base64()
}

fn read(key: &SecretString) -> MasterKey {
    MasterKey::from_base64(key.expose_secret()).unwrap()
}

/// Rotates, and lets time pass until everything stored is sealed with the new generation.
async fn rotate_and_reseal(scene: &Scene, emergency: bool) {
    scene.app.app.rotate_data_key(emergency).await.unwrap();
    scene.app.advance(121);
    for _ in 0..2 {
        scene.app.app.tend_data_keys().await.unwrap();
    }
}

async fn states(app: &App) -> Vec<(i64, DataKeyState)> {
    app.list_data_keys().await.unwrap().iter().map(|key| (key.generation, key.state)).collect()
}

#[tokio::test]
async fn st_03_a_new_database_has_data_keys_of_its_own() {
    for engine in Engine::all() {
        let scene = scene(engine).await;
        let app = &scene.app.app;
        assert_eq!(states(app).await, [(0, DataKeyState::Lookup), (1, DataKeyState::Current)]);
        let (opened, closed) = opened_by(app, &app.data_keys()).await;
        assert!(opened > 10 && closed == 0, "{opened} {closed}");
        let (opened, _) = opened_by(app, &DataKeys::only(read(&scene.master_key).as_data_key())).await;
        assert_eq!(opened, 0, "the master key seals data keys and nothing else");
        for row in rows(app).await {
            assert_eq!(row.sealed_with, read(&scene.master_key).fingerprint());
            assert_eq!(row.data_key.unwrap().len(), 12 + 32 + 16);
        }
        let second = scene.second_node().await;
        assert_eq!(opened_by(&second.app, &second.app.data_keys()).await.1, 0);
        let digest = |app: &App| app.data_keys().digest(Purpose::SessionHandle, &scene.app.tenant.id, b"x");
        assert_eq!(digest(app), digest(&second.app));
    }
}

/// Makes of the scene's database what it was before there were data keys: sealed with the master key itself.
async fn age(scene: &Scene) {
    let app = &scene.app.app;
    let (now, old) = (app.data_keys(), Arc::new(DataKeys::only(read(&scene.master_key).as_data_key())));
    for column in &SEALED_COLUMNS {
        for value in page(app, column).await {
            let purpose = purpose(column.content);
            let plain = now.open(purpose, &value.tenant, &value.sealed).unwrap();
            let sealed = old.seal(purpose, &value.tenant, &plain, app.random());
            app.store().write(move |tx| sealed_columns::replace(tx, column, &value, &sealed)).await.unwrap();
        }
    }
    app.store().write(|tx| tx.execute("DELETE FROM data_keys", params![])).await.unwrap();
}

#[tokio::test]
async fn st_03_a_database_from_before_goes_on_with_its_master_key() {
    for engine in Engine::all() {
        let scene = scene(engine).await;
        let digest_before = DataKeys::only(read(&scene.master_key).as_data_key());
        age(&scene).await;
        // With a key that is not its own nothing is written.
        let (strange, changed) = (new_key(), new_key());
        let refused = scene.start_node(&strange, &[]).await.err().unwrap();
        assert!(
            matches!(&refused, OpenError::AnotherMasterKey(cause) if cause.contains("login.example.com")),
            "{refused}"
        );
        assert_eq!(rows(&scene.app.app).await, []);
        // Two nodes take it over at the same time, one of them with another master key already.
        let before = [&scene.master_key];
        let (first, second) = tokio::join!(scene.start_node(&changed, &before), scene.start_node(&changed, &before));
        for node in [first.unwrap(), second.unwrap()] {
            let (opened, closed) = opened_by(&node.app, &node.app.data_keys()).await;
            assert!(opened > 10 && closed == 0, "{engine:?}: {opened} {closed}");
            let digest = |keys: &DataKeys| keys.digest(Purpose::RefreshToken, &scene.app.tenant.id, b"x");
            assert_eq!(digest(&node.app.data_keys()), digest(&digest_before), "handles and tokens stay good");
        }
        assert!(scene.start_node(&scene.master_key, &[]).await.is_err(), "the old master key opens it no more");
    }
}

#[tokio::test]
async fn st_03_another_master_key_is_refused_and_told_by_its_fingerprint() {
    let scene = scene(Engine::Sqlite).await;
    let wrong = new_key();
    let before = rows(&scene.app.app).await;
    for previous in [vec![], vec![&wrong]] {
        let error = scene.start_node(&wrong, &previous).await.err().unwrap().to_string();
        assert!(error.contains(&read(&wrong).fingerprint()), "{error}");
        assert!(error.contains(&read(&scene.master_key).fingerprint()), "{error}");
        for secret in [wrong.expose_secret(), scene.master_key.expose_secret()] {
            assert!(!error.contains(secret), "{error}");
        }
    }
    assert_eq!(rows(&scene.app.app).await, before, "nothing was changed");
}

#[tokio::test]
async fn st_03_a_changed_master_key_seals_the_data_keys_anew_while_old_nodes_go_on() {
    for engine in Engine::all() {
        let scene = scene(engine).await;
        let (old, new) = (scene.master_key.clone(), new_key());
        let before = [&old];
        let nodes = tokio::join!(scene.start_node(&new, &before), scene.start_node(&new, &before));
        let nodes = [nodes.0.unwrap(), nodes.1.unwrap()];
        for row in rows(&scene.app.app).await {
            assert_eq!(row.sealed_with, read(&new).fingerprint(), "{engine:?}");
        }
        heard(&scene.app).await;
        scene.app.app.follow_data_keys().await.unwrap();
        for node in nodes.iter().chain([&scene.app]) {
            assert_eq!(opened_by(&node.app, &node.app.data_keys()).await.1, 0, "{engine:?}");
        }
        assert!(scene.start_node(&old, &[]).await.is_err());
        assert!(scene.start_node(&new, &[]).await.is_ok(), "the one before is not needed any more");

        // A new generation is nothing that a node with the old master key can open: it stops before others seal with it.
        nodes[0].app.rotate_data_key(false).await.unwrap();
        heard(&scene.app).await;
        heard(&nodes[1]).await;
        scene.app.app.follow_data_keys().await.unwrap();
        scene.app.advance(60);
        let error = scene.app.app.tenant_by_domain("login.example.com").await.err().unwrap();
        assert!(error.is_temporary() && error.to_string().contains("restart"), "{error}");
        nodes[1].app.tenant_by_domain("login.example.com").await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn st_03_looking_at_a_database_changes_nothing() {
    let scene = scene(Engine::Sqlite).await;
    age(&scene).await;
    let options = |current: &SecretString, previous: &[&SecretString]| keywright_app::AppOptions {
        store: scene.app.app.store().clone(),
        master_keys: keywright_app::MasterKeys {
            current: read(current),
            previous: previous.iter().map(|key| read(key)).collect(),
        },
        clock: scene.app.app.clock().clone(),
        random: Random::system(),
        hashing_cost: keywright_app::HashingCost::Minimal,
        rate_limits: false,
        egress: keywright_app::Egress::new(keywright_app::EgressOptions::default()).unwrap(),
    };
    let app = App::open_unchanged(options(&scene.master_key, &[])).await.unwrap();
    assert_eq!(opened_by(&app, &app.data_keys()).await.1, 0);
    assert_eq!(rows(&app).await, []);
    let node = scene.start_node(&scene.master_key, &[]).await.unwrap();
    let before = rows(&node.app).await;
    let app = App::open_unchanged(options(&new_key(), &[&scene.master_key])).await.unwrap();
    assert_eq!(opened_by(&app, &app.data_keys()).await.1, 0);
    assert_eq!(rows(&app).await, before);
    assert!(App::open_unchanged(options(&new_key(), &[])).await.is_err());
}

#[tokio::test]
async fn st_03_a_generation_is_announced_before_it_seals() {
    for engine in Engine::all() {
        let scene = scene(engine).await;
        let other = scene.second_node().await;
        let tenant = &scene.app.tenant.id;
        let seal = |node: &TestApp| node.app.data_keys().seal(Purpose::Job, tenant, b"x", node.app.random());
        let opens = |node: &TestApp, sealed: &[u8]| node.app.data_keys().open(Purpose::Job, tenant, sealed).is_some();
        let rotation = scene.app.app.rotate_data_key(false).await.unwrap();
        assert_eq!((rotation.generation, rotation.revoked_families), (2, 0));
        assert_eq!(rotation.used_from.duration_since(scene.app.app.now()).as_secs(), 60);
        heard(&other).await;
        for node in [&scene.app, &other] {
            node.app.tenant_by_domain("login.example.com").await.unwrap();
            assert_eq!(node.app.data_keys().current(), 1, "{engine:?}");
        }
        scene.app.advance(59);
        assert_eq!(scene.app.app.data_keys().current(), 1);
        let early = seal(&scene.app);
        scene.app.advance(1);
        // Both without reading anything.
        for (one, another) in [(&scene.app, &other), (&other, &scene.app)] {
            assert_eq!(one.app.data_keys().current(), 2, "{engine:?}");
            assert!(opens(another, &seal(one)) && opens(another, &early));
        }
        let refused = scene.app.app.rotate_data_key(false).await.unwrap_err();
        assert!(matches!(refused, DataKeyRotationError::TooEarly { generation: 2, .. }), "{refused}");
        let listed = [(0, DataKeyState::Lookup), (1, DataKeyState::Previous), (2, DataKeyState::Current)];
        assert_eq!(states(&scene.app.app).await, listed);
    }
}

#[tokio::test]
async fn st_03_of_two_administrators_one_makes_the_generation() {
    for engine in Engine::all() {
        let scene = scene(engine).await;
        let other = scene.second_node().await;
        let (one, another) = tokio::join!(scene.app.app.rotate_data_key(false), other.app.rotate_data_key(false));
        assert_eq!(usize::from(one.is_ok()) + usize::from(another.is_ok()), 1, "{engine:?}");
        assert_eq!(rows(&other.app).await.len(), 3);
    }
}

#[tokio::test]
async fn st_03_everything_stored_is_sealed_again_and_the_generation_before_ends_when_nothing_needs_it() {
    for engine in Engine::all() {
        let scene = scene(engine).await;
        let app = &scene.app.app;
        let first = app.data_keys();
        let cookie = first.seal_text(Purpose::SessionCookie, &scene.app.tenant.id, b"x", app.random());
        app.rotate_data_key(false).await.unwrap();
        scene.app.advance(119);
        app.tend_data_keys().await.unwrap();
        assert_eq!(opened_by(app, &first).await.1, 0, "a node whose clock is behind may still use the first");
        scene.app.advance(1);
        app.tend_data_keys().await.unwrap();
        assert_eq!(opened_by(app, &first).await.0, 0, "{engine:?}");
        assert_eq!(app.list_data_keys().await.unwrap()[2].resealed_at, None, "only the next pass can tell");
        app.tend_data_keys().await.unwrap();
        assert_eq!(app.list_data_keys().await.unwrap()[2].resealed_at, Some(app.now()));

        // Cookies are not stored here; a browser keeps its own for a month.
        for _ in 0..2 {
            assert!(app.data_keys().open_text(Purpose::SessionCookie, &scene.app.tenant.id, &cookie).is_some());
            scene.app.advance(15 * DAY - 1);
            app.tend_data_keys().await.unwrap();
        }
        scene.app.advance(2);
        app.tend_data_keys().await.unwrap();
        let last = [(0, DataKeyState::Lookup), (1, DataKeyState::Retired), (2, DataKeyState::Current)];
        assert_eq!(states(app).await, last, "{engine:?}");
        assert_eq!(rows(app).await[1].data_key, None, "it is erased");
        let node = scene.second_node().await;
        assert_eq!(opened_by(&node.app, &node.app.data_keys()).await.1, 0);
        for node in [&scene.app, &node] {
            node.app.follow_data_keys().await.unwrap();
            assert!(node.app.data_keys().open_text(Purpose::SessionCookie, &scene.app.tenant.id, &cookie).is_none());
        }
        // And once more from the second to the third.
        rotate_and_reseal(&scene, false).await;
        assert_eq!(states(app).await[2..], [(2, DataKeyState::Previous), (3, DataKeyState::Current)]);
        assert_eq!(opened_by(app, &node.app.data_keys()).await.0, 0);
    }
}

#[tokio::test]
async fn st_03_sessions_that_last_longer_keep_the_generation_longer() {
    let settings = TenantSettings { session_lifetime: 24.0 * 100.0, ..TenantSettings::default() };
    let scene = Scene::with(no_routes, Engine::Sqlite, settings).await;
    rotate_and_reseal(&scene, false).await;
    scene.app.advance(99 * DAY);
    scene.app.app.tend_data_keys().await.unwrap();
    assert_eq!(states(&scene.app.app).await[1], (1, DataKeyState::Previous));
    scene.app.advance(DAY);
    scene.app.app.tend_data_keys().await.unwrap();
    assert_eq!(states(&scene.app.app).await[1], (1, DataKeyState::Retired));
}

#[tokio::test]
async fn st_03_in_an_emergency_nothing_outside_is_waited_for() {
    for engine in Engine::all() {
        let scene = scene(engine).await;
        let app = &scene.app.app;
        rotate_and_reseal(&scene, true).await;
        assert_eq!(states(app).await[1], (1, DataKeyState::Previous), "writes under way end first");
        scene.app.advance(60);
        app.tend_data_keys().await.unwrap();
        assert_eq!(states(app).await[1], (1, DataKeyState::Retired), "{engine:?}");
        assert_eq!(opened_by(app, &app.data_keys()).await.1, 0);
    }
}

#[tokio::test]
async fn st_03_resealing_that_broke_off_is_taken_up() {
    for engine in Engine::all() {
        let scene = scene(engine).await;
        let first = scene.app.app.data_keys();
        let all = opened_by(&scene.app.app, &first).await.0;
        scene.app.app.rotate_data_key(false).await.unwrap();
        scene.app.advance(120);
        let report = scene.app.app.reseal(3).await.unwrap();
        assert_eq!((report.resealed, report.complete), (3, false));
        assert_eq!(opened_by(&scene.app.app, &first).await, (all - 3, 3), "{engine:?}");
        // The node dies; two others go on at the same time.
        let nodes = [scene.second_node().await, scene.second_node().await];
        let (one, another) = tokio::join!(nodes[0].app.reseal(5), nodes[1].app.reseal(u64::MAX));
        assert_eq!(one.unwrap().resealed + another.unwrap().resealed, u64::try_from(all - 3).unwrap(), "{engine:?}");
        assert_eq!(opened_by(&scene.app.app, &first).await.0, 0);
        assert_eq!(opened_by(&nodes[0].app, &nodes[0].app.data_keys()).await, (all, 0));
        let report = nodes[0].app.reseal(u64::MAX).await.unwrap();
        assert_eq!((report.resealed, report.overtaken, report.complete), (0, 0, true));
    }
}

#[tokio::test]
async fn st_03_whoever_writes_while_everything_is_sealed_again_wins() {
    for engine in Engine::all() {
        let scene = scene(engine).await;
        let (app, tenant) = (&scene.app.app, &scene.app.tenant.id);
        let other = scene.second_node().await;
        app.rotate_data_key(false).await.unwrap();
        heard(&other).await;
        scene.app.advance(120);
        let hour = jiff::SignedDuration::from_hours(1);
        for _ in 0..5 {
            let (resealed, rotated, tended) = tokio::join!(
                app.reseal(u64::MAX),
                other.app.rotate_client_secret(tenant, scene.web.id(), hour),
                other.app.tend_data_keys()
            );
            resealed.unwrap();
            tended.unwrap();
            let secret = rotated.unwrap();
            let record = app.client(tenant, scene.web.id()).await.unwrap().unwrap();
            heard(&scene.app).await;
            let record_now = app.client(tenant, scene.web.id()).await.unwrap().unwrap();
            let current = record_now.secret.as_ref().or(record.secret.as_ref()).unwrap();
            assert_eq!(current.expose_secret(), secret.expose_secret(), "{engine:?}");
        }
        assert_eq!(opened_by(app, &app.data_keys()).await.1, 0);
    }
}

#[tokio::test]
async fn st_03_a_value_that_nobody_can_read_keeps_every_generation() {
    let scene = scene(Engine::Sqlite).await;
    let app = &scene.app.app;
    let column = SEALED_COLUMNS.iter().find(|column| column.table == "jobs").unwrap();
    let value = page(app, column).await.remove(0);
    app.store().write(move |tx| sealed_columns::replace(tx, column, &value, b"nothing")).await.unwrap();
    rotate_and_reseal(&scene, true).await;
    let report = app.reseal(u64::MAX).await.unwrap();
    assert_eq!((report.unreadable, report.resealed), (1, 0));
    scene.app.advance(60 * DAY);
    app.tend_data_keys().await.unwrap();
    assert_eq!(states(app).await[1], (1, DataKeyState::Previous), "somebody should look at it first");
}

/// Looks into every column of the database: what opens for any purpose has to be on the list, or it is lost one day.
#[tokio::test]
async fn st_03_no_column_is_sealed_that_is_not_on_the_list() {
    let scene = scene(Engine::Sqlite).await;
    let app = &scene.app.app;
    let schema = "SELECT tables.name, columns.name FROM sqlite_master AS tables \
                  JOIN pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'";
    let columns = app.store().read(move |tx| tx.query(schema, params![])).await.unwrap();
    assert!(columns.len() > 150, "{}", columns.len());
    let mut sealed = Vec::new();
    for row in columns {
        let (table, column) = (row.get::<String>(0).unwrap(), row.get::<String>(1).unwrap());
        if holds_sealed_values(app, &scene.app.tenant.id, &table, &column).await {
            sealed.push((table, column));
        }
    }
    sealed.sort();
    let mut listed: Vec<(String, String)> =
        SEALED_COLUMNS.iter().map(|column| (column.table.to_owned(), column.column.to_owned())).collect();
    listed.sort();
    assert_eq!(sealed, listed);
}

async fn holds_sealed_values(app: &App, tenant: &TenantId, table: &str, column: &str) -> bool {
    // Statements are constants of the program; this one lives as long as the test does.
    let sql: &'static str =
        Box::leak(format!("SELECT {column} FROM {table} WHERE {column} IS NOT NULL").into_boxed_str());
    let rows: Result<Vec<Row>, StoreError> = app.store().read(move |tx| tx.query(sql, params![])).await;
    let keys = app.data_keys();
    let opens = |row: &Row| match (row.get::<Vec<u8>>(0), row.get::<String>(0)) {
        (Ok(bytes), _) => Purpose::ALL.iter().any(|purpose| keys.open(*purpose, tenant, &bytes).is_some()),
        (_, Ok(text)) => Purpose::ALL.iter().any(|purpose| keys.open_text(*purpose, tenant, &text).is_some()),
        _ => false,
    };
    rows.unwrap().iter().any(opens)
}

/// ST-03: "Raw file scan". Neither a sealed secret nor a key is in the file as it is.
#[tokio::test]
async fn st_03_raw_file_scan_finds_no_secret_and_no_key() {
    let scene = scene(Engine::Sqlite).await;
    rotate_and_reseal(&scene, false).await;
    let path = scene.database.strip_prefix("sqlite:").unwrap();
    let mut file = std::fs::read(path).unwrap();
    file.extend(std::fs::read(format!("{path}-wal")).unwrap_or_default());
    let contains = |part: &[u8]| file.windows(part.len()).any(|window| window == part);
    assert!(contains(b"Regular Web App") && contains(b"hs:api"), "the file is not the database");
    for secret in
        [scene.web.secret.as_str(), scene.machine.secret.as_str(), "a shared secret of an API", "about something"]
    {
        assert!(!contains(secret.as_bytes()), "{secret}");
    }
    // PKCS#8 of an RSA key and of a P-256 key begin with these object identifiers.
    for identifier in
        [&b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00\x04"[..], b"\x2a\x86\x48\xce\x3d\x03\x01\x07\x04"]
    {
        assert!(!contains(identifier));
    }
    let master = STANDARD.decode(scene.master_key.expose_secret()).unwrap();
    assert!(!contains(&master) && !contains(scene.master_key.expose_secret().as_bytes()));
}
