//! Applications, APIs, grants of applications, connections: documents that an administrator writes.

use std::sync::Arc;

use keywright_store::clients::ClientRow;
use keywright_store::resource_servers::ResourceServerRow;
use keywright_store::{Tx, client_grants, clients, connections, resource_servers, signing_keys, tenant_documents};
use keywright_types::TenantId;

use crate::database::Database;
use crate::rows::{
    acme, at, client, client_grant, connection, populate, resource_server, signing_key, tenant_document, umbrella,
};

pub(crate) async fn clients_are_kept(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let mut spa = client("spa");
    (spa.secret, spa.created_at) = (None, at(9));
    let row = spa.clone();
    store.write(move |tx| clients::insert(tx, &acme(), &row)).await.unwrap();
    assert_eq!(store.read(|tx| clients::find(tx, &acme(), "app")).await.unwrap(), Some(client("app")));
    assert_eq!(store.read(|tx| clients::find(tx, &acme(), "APP")).await.unwrap(), None);
    assert_eq!(store.read(|tx| clients::list(tx, &acme())).await.unwrap(), [client("app"), spa]);
    assert_eq!(store.read(|tx| clients::count(tx, &acme())).await.unwrap(), 2);
    assert_eq!(store.read(|tx| clients::count(tx, &umbrella())).await.unwrap(), 0);
}

pub(crate) async fn clients_are_changed_and_deleted(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let mut changed = client("app");
    (changed.name, changed.document) = ("New".to_owned(), r#"{"a":1}"#.to_owned());
    changed.updated_at = at(50);
    let row = ClientRow { secret: None, ..changed.clone() };
    assert!(store.write(move |tx| clients::update(tx, &acme(), &row)).await.unwrap());
    assert_eq!(
        store.read(|tx| clients::find(tx, &acme(), "app")).await.unwrap().as_ref(),
        Some(&changed),
        "a row without a secret leaves the one that is there"
    );
    changed.secret = Some(vec![9, 9]);
    let row = changed.clone();
    assert!(store.write(move |tx| clients::update(tx, &acme(), &row)).await.unwrap());
    assert_eq!(store.read(|tx| clients::find(tx, &acme(), "app")).await.unwrap(), Some(changed));
    assert!(!store.write(|tx| clients::update(tx, &acme(), &client("none"))).await.unwrap());
    assert!(store.write(|tx| clients::delete(tx, &acme(), "app")).await.unwrap());
    assert!(!store.write(|tx| clients::delete(tx, &acme(), "app")).await.unwrap());
    assert_eq!(store.read(|tx| clients::list(tx, &acme())).await.unwrap(), []);
}

pub(crate) async fn tenant_documents_are_kept_replaced_and_deleted(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    for name in ["welcome", "blocked"] {
        store.write(move |tx| tenant_documents::insert(tx, &acme(), &tenant_document(name))).await.unwrap();
    }
    let again = store.write(|tx| tenant_documents::insert(tx, &acme(), &tenant_document("welcome"))).await;
    assert_eq!(again.unwrap_err().constraint(), Some("tenant_documents_pkey"));
    let mut changed = tenant_document("welcome");
    (changed.document, changed.secrets, changed.updated_at) = (r#"{"a":1}"#.to_owned(), None, at(9));
    let mut row = changed.clone();
    row.created_at = at(9);
    store.write(move |tx| tenant_documents::put(tx, &acme(), &row)).await.unwrap();
    let find = |name: &'static str| store.read(move |tx| tenant_documents::find(tx, &acme(), "email-template", name));
    assert_eq!(find("welcome").await.unwrap(), Some(changed.clone()), "created_at stays");
    let list = |kind: &'static str| store.read(move |tx| tenant_documents::list(tx, &acme(), kind));
    assert_eq!(list("email-template").await.unwrap(), [tenant_document("blocked"), changed]);
    assert_eq!(list("branding").await.unwrap(), []);
    for done in [true, false] {
        let delete = |tx: &mut Tx<'_>| tenant_documents::delete(tx, &acme(), "email-template", "welcome");
        assert_eq!(store.write(delete).await.unwrap(), done);
    }
    assert_eq!(find("welcome").await.unwrap(), None);
    assert!(!format!("{:?}", tenant_document("x")).contains("Hello"));
}

pub(crate) async fn clients_are_unique(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let again = store.write(|tx| clients::insert(tx, &acme(), &client("app"))).await;
    assert_eq!(again.unwrap_err().constraint(), Some("clients_pkey"));
}

pub(crate) async fn resource_servers_are_kept_and_changed(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| resource_servers::insert(tx, &acme(), &resource_server("orders"))).await.unwrap();
    let found = store.read(|tx| resource_servers::find_by_identifier(tx, &acme(), "orders:api")).await.unwrap();
    assert_eq!(found, Some(resource_server("orders")));
    let mut changed = resource_server("orders");
    (changed.document, changed.signing_secret, changed.updated_at) = ("{}".to_owned(), Some(vec![0, 9]), at(7));
    let row = changed.clone();
    assert!(store.write(move |tx| resource_servers::update(tx, &acme(), &row)).await.unwrap());
    assert!(!store.write(|tx| resource_servers::update(tx, &acme(), &resource_server("none"))).await.unwrap());
    let row = ResourceServerRow { signing_secret: None, ..changed.clone() };
    assert!(store.write(move |tx| resource_servers::update(tx, &acme(), &row)).await.unwrap());
    assert_eq!(store.read(|tx| resource_servers::list(tx, &acme())).await.unwrap(), [changed], "the secret stays");
    let other = store.read(|tx| resource_servers::find_by_identifier(tx, &acme(), "orders")).await.unwrap();
    assert_eq!(other, None);
}

pub(crate) async fn resource_servers_are_unique(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| resource_servers::insert(tx, &acme(), &resource_server("orders"))).await.unwrap();
    let mut same_audience = resource_server("other");
    same_audience.identifier = "orders:api".to_owned();
    let taken = store.write(move |tx| resource_servers::insert(tx, &acme(), &same_audience)).await;
    assert_eq!(taken.unwrap_err().constraint(), Some("resource_servers_identifier_key"));
    let mut same_id = resource_server("orders");
    same_id.identifier = "other".to_owned();
    let taken = store.write(move |tx| resource_servers::insert(tx, &acme(), &same_id)).await;
    assert_eq!(taken.unwrap_err().constraint(), Some("resource_servers_pkey"));
}

pub(crate) async fn client_grants_are_kept_and_changed(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let (orders, mut users) = (client_grant("g1", "app", "orders"), client_grant("g2", "app", "users"));
    users.created_at = at(3);
    for row in [orders.clone(), users.clone()] {
        store.write(move |tx| client_grants::insert(tx, &acme(), &row)).await.unwrap();
    }
    assert_eq!(
        store.read(|tx| client_grants::find(tx, &acme(), "app", "users", "client")).await.unwrap(),
        Some(users.clone())
    );
    assert_eq!(store.read(|tx| client_grants::find(tx, &acme(), "app", "none", "client")).await.unwrap(), None);
    users.document = "{}".to_owned();
    let row = users.clone();
    assert!(store.write(move |tx| client_grants::update(tx, &acme(), &row)).await.unwrap());
    assert!(!store.write(|tx| client_grants::update(tx, &acme(), &client_grant("g9", "app", "x"))).await.unwrap());
    assert_eq!(store.read(|tx| client_grants::list_for_client(tx, &acme(), "app")).await.unwrap(), [orders, users]);
    assert_eq!(store.read(|tx| client_grants::list_for_client(tx, &acme(), "other")).await.unwrap(), []);
}

pub(crate) async fn client_grants_are_unique_and_go_with_the_client(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| client_grants::insert(tx, &acme(), &client_grant("g1", "app", "orders"))).await.unwrap();
    let taken = store.write(|tx| client_grants::insert(tx, &acme(), &client_grant("g2", "app", "orders"))).await;
    assert_eq!(taken.unwrap_err().constraint(), Some("client_grants_subject_key"));
    let taken = store.write(|tx| client_grants::insert(tx, &acme(), &client_grant("g1", "app", "users"))).await;
    assert_eq!(taken.unwrap_err().constraint(), Some("client_grants_pkey"));
    let orphan = store.write(|tx| client_grants::insert(tx, &acme(), &client_grant("g3", "none", "orders"))).await;
    assert_eq!(orphan.unwrap_err().constraint(), Some("foreign_key"));
    assert!(store.write(|tx| clients::delete(tx, &acme(), "app")).await.unwrap());
    assert_eq!(store.read(|tx| client_grants::find(tx, &acme(), "app", "orders", "client")).await.unwrap(), None);
}

pub(crate) async fn connections_are_kept_and_changed(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| connections::insert(tx, &acme(), &connection("a"))).await.unwrap();
    let found = store.read(|tx| connections::find_by_name(tx, &acme(), "a-database")).await.unwrap();
    assert_eq!(found, Some(connection("a")));
    assert_eq!(store.read(|tx| connections::find_by_name(tx, &acme(), "a")).await.unwrap(), None);
    let mut changed = connection("a");
    (changed.document, changed.updated_at) = (r#"{"options":{}}"#.to_owned(), at(8));
    let row = changed.clone();
    assert!(store.write(move |tx| connections::update(tx, &acme(), &row)).await.unwrap());
    assert!(!store.write(|tx| connections::update(tx, &acme(), &connection("none"))).await.unwrap());
    assert_eq!(store.read(|tx| connections::list(tx, &acme())).await.unwrap(), [changed]);
}

pub(crate) async fn connections_are_unique(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| connections::insert(tx, &acme(), &connection("a"))).await.unwrap();
    let mut same_name = connection("b");
    same_name.name = "a-database".to_owned();
    let taken = store.write(move |tx| connections::insert(tx, &acme(), &same_name)).await;
    assert_eq!(taken.unwrap_err().constraint(), Some("connections_name_key"));
    let mut same_id = connection("a");
    same_id.name = "other".to_owned();
    let taken = store.write(move |tx| connections::insert(tx, &acme(), &same_id)).await;
    assert_eq!(taken.unwrap_err().constraint(), Some("connections_pkey"));
}

pub(crate) async fn belong_to_a_tenant_that_exists(database: Arc<Database>) {
    fn nobody() -> TenantId {
        TenantId::new("nobody")
    }
    let store = database.open().await;
    let key = signing_key("k", signing_keys::KeyState::Next);
    for refused in [
        store.write(|tx| clients::insert(tx, &nobody(), &client("app"))).await,
        store.write(|tx| resource_servers::insert(tx, &nobody(), &resource_server("orders"))).await,
        store.write(|tx| connections::insert(tx, &nobody(), &connection("a"))).await,
        store.write(|tx| tenant_documents::put(tx, &nobody(), &tenant_document("a"))).await,
        store.write(move |tx| signing_keys::insert(tx, &nobody(), &key)).await,
    ] {
        assert_eq!(refused.unwrap_err().constraint(), Some("foreign_key"));
    }
}
