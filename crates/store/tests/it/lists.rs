//! Lists in the order of creation, part by part, and what goes with an application or an API that is deleted.

use std::sync::Arc;

use keywright_store::{
    Range, client_grants, clients, connections, grants, refresh_tokens, resource_servers, roles, users,
};

use crate::database::Database;
use crate::rows::{
    acme, at, client, client_grant, connection, family, grant, populate, resource_server, role, umbrella, user,
};

fn after(seconds: i64, id: &str, skip: i64, limit: i64) -> Range {
    Range { after: at(seconds), after_id: id.to_owned(), skip, limit }
}

pub(crate) async fn are_read_part_by_part(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    // Two are made in the same millisecond: the identifier decides.
    for (name, seconds) in [("b", 1), ("a", 1), ("c", 2), ("d", 3)] {
        let mut row = client(name);
        row.created_at = at(seconds);
        let (mut api, mut connection) = (resource_server(name), connection(name));
        (api.created_at, connection.created_at) = (at(seconds), at(seconds));
        let mut grant = client_grant(name, "app", name);
        grant.created_at = at(seconds);
        store
            .write(move |tx| {
                clients::insert(tx, &acme(), &row)?;
                resource_servers::insert(tx, &acme(), &api)?;
                connections::insert(tx, &acme(), &connection)?;
                client_grants::insert(tx, &acme(), &grant)
            })
            .await
            .unwrap();
    }
    let ids = |range: Range, except: &'static str| {
        let store = store.clone();
        async move {
            let rows = store.read(move |tx| clients::page(tx, &acme(), &range, except)).await.unwrap();
            rows.into_iter().map(|row| row.client_id).collect::<Vec<_>>().join(" ")
        }
    };
    assert_eq!(ids(Range::first(9), "").await, "app a b c d");
    assert_eq!(ids(Range::first(2), "").await, "app a");
    assert_eq!(ids(Range { skip: 3, ..Range::first(9) }, "").await, "c d");
    assert_eq!(ids(Range { skip: 9, ..Range::first(9) }, "").await, "");
    assert_eq!(ids(after(1, "a", 0, 2), "").await, "b c");
    assert_eq!(ids(after(3, "d", 0, 2), "").await, "");
    assert_eq!(ids(Range::first(9), "b").await, "app a c d");
    let range = after(1, "a", 0, 2);
    let (apis, all, other) = store
        .read(move |tx| {
            let apis = resource_servers::page(tx, &acme(), &range)?;
            let connections = connections::page(tx, &acme(), &range)?;
            let grants = client_grants::page(tx, &acme(), &range)?;
            assert_eq!(apis.len() + connections.len() + grants.len(), 6);
            let counts = [
                resource_servers::count(tx, &acme())?,
                connections::count(tx, &acme())?,
                client_grants::count(tx, &acme())?,
            ];
            let others = [
                resource_servers::count(tx, &umbrella())?,
                connections::count(tx, &umbrella())?,
                client_grants::count(tx, &umbrella())?,
            ];
            Ok::<_, keywright_store::StoreError>((apis, counts, others))
        })
        .await
        .unwrap();
    assert_eq!((all, other), ([4, 4, 4], [0, 0, 0]));
    assert_eq!(apis.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["b", "c"]);
}

pub(crate) async fn entries_are_found_by_their_identifier(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store
        .write(|tx| {
            resource_servers::insert(tx, &acme(), &resource_server("orders"))?;
            connections::insert(tx, &acme(), &connection("a"))?;
            client_grants::insert(tx, &acme(), &client_grant("g", "app", "orders:api"))
        })
        .await
        .unwrap();
    assert!(store.read(|tx| resource_servers::find(tx, &acme(), "orders")).await.unwrap().is_some());
    assert!(store.read(|tx| resource_servers::find(tx, &acme(), "orders:api")).await.unwrap().is_none());
    assert!(store.read(|tx| connections::find(tx, &acme(), &connection("a").id)).await.unwrap().is_some());
    assert!(store.read(|tx| client_grants::find_by_id(tx, &acme(), "g")).await.unwrap().is_some());
    let named = store.read(|tx| clients::find_by_name(tx, &acme(), &client("app").name)).await.unwrap();
    assert_eq!(named, [client("app")]);
    assert_eq!(store.read(|tx| clients::find_by_name(tx, &acme(), "nobody")).await.unwrap(), []);
}

pub(crate) async fn grants_for_users_and_for_the_application_are_two(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let mut for_users = client_grant("u", "app", "orders:api");
    for_users.subject_type = "user".to_owned();
    let row = for_users.clone();
    store
        .write(move |tx| {
            client_grants::insert(tx, &acme(), &client_grant("c", "app", "orders:api"))?;
            client_grants::insert(tx, &acme(), &row)
        })
        .await
        .unwrap();
    let found = store.read(|tx| client_grants::find(tx, &acme(), "app", "orders:api", "user")).await.unwrap();
    assert_eq!(found, Some(for_users));
    let both = store.read(|tx| client_grants::list_for_audience(tx, &acme(), "orders:api")).await.unwrap();
    assert_eq!(both.len(), 2);
    assert!(store.write(|tx| client_grants::delete(tx, &acme(), "u")).await.unwrap());
    assert!(!store.write(|tx| client_grants::delete(tx, &acme(), "u")).await.unwrap());
    let gone = store.write(|tx| client_grants::delete_for_audience(tx, &acme(), "orders:api")).await.unwrap();
    assert_eq!(gone, 1);
}

pub(crate) async fn what_an_application_or_an_api_leaves_is_removed(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store
        .write(|tx| {
            grants::extend(tx, &acme(), &grant("g", "", "openid"))?;
            refresh_tokens::insert(tx, &acme(), &family("f"))?;
            resource_servers::insert(tx, &acme(), &resource_server("orders"))?;
            connections::insert(tx, &acme(), &connection("a"))
        })
        .await
        .unwrap();
    assert_eq!(store.write(|tx| grants::delete_for_client(tx, &acme(), "other")).await.unwrap(), 0);
    assert_eq!(store.write(|tx| grants::delete_for_client(tx, &acme(), "app")).await.unwrap(), 1);
    let revoked = store.write(|tx| refresh_tokens::revoke_for_client(tx, &acme(), "app", at(1))).await.unwrap();
    assert_eq!(revoked, 1);
    let again = store.write(|tx| refresh_tokens::revoke_for_client(tx, &acme(), "app", at(1))).await.unwrap();
    assert_eq!(again, 0);
    assert!(store.write(|tx| resource_servers::delete(tx, &acme(), "orders")).await.unwrap());
    assert!(!store.write(|tx| resource_servers::delete(tx, &acme(), "orders")).await.unwrap());
    assert!(store.write(|tx| connections::delete(tx, &acme(), &connection("a").id)).await.unwrap());
    assert!(!store.write(|tx| connections::delete(tx, &acme(), &connection("a").id)).await.unwrap());
}

pub(crate) async fn users_are_read_part_by_part(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store
        .write(|tx| {
            for (name, seconds) in [("bob", 1), ("cat", 2)] {
                let mut row = user(name);
                row.created_at = at(seconds);
                users::insert(tx, &acme(), &row)?;
            }
            roles::insert(tx, &acme(), &role("editor"))?;
            for name in ["auth0|ann", "auth0|bob", "auth0|cat"] {
                roles::assign(tx, &acme(), name, "rol_editor")?;
            }
            Ok::<_, keywright_store::StoreError>(())
        })
        .await
        .unwrap();
    let ids = |range: Range| {
        let store = store.clone();
        async move {
            let rows = store.read(move |tx| users::page(tx, &acme(), &range)).await.unwrap();
            rows.into_iter().map(|row| row.user_id).collect::<Vec<_>>().join(" ")
        }
    };
    assert_eq!(ids(Range::first(9)).await, "auth0|ann auth0|bob auth0|cat");
    assert_eq!(ids(after(1, "auth0|bob", 0, 9)).await, "auth0|cat");
    assert_eq!(ids(Range { skip: 1, ..Range::first(1) }).await, "auth0|bob");
    assert_eq!(store.read(|tx| users::count(tx, &acme())).await.unwrap(), 3);
    assert_eq!(store.read(|tx| users::count(tx, &umbrella())).await.unwrap(), 0);
    let members = store.read(|tx| roles::page_users(tx, &acme(), "rol_editor", "auth0|ann", 0, 1)).await.unwrap();
    assert_eq!(members, ["auth0|bob"]);
    let members = store.read(|tx| roles::page_users(tx, &acme(), "rol_editor", "", 1, 9)).await.unwrap();
    assert_eq!(members, ["auth0|bob", "auth0|cat"]);
    assert_eq!(store.read(|tx| roles::count_users(tx, &acme(), "rol_editor")).await.unwrap(), 3);
    assert_eq!(store.read(|tx| roles::count_users(tx, &umbrella(), "rol_editor")).await.unwrap(), 0);
}

pub(crate) async fn users_are_found_and_changed_for_administrators(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let ann = user("ann");
    let email = ann.email.clone().unwrap();
    let found = store.read(move |tx| users::list_by_email(tx, &acme(), &email)).await.unwrap();
    assert_eq!(found, std::slice::from_ref(&ann));
    let connection = ann.connection.clone();
    let of = store.read(move |tx| users::list_of_connection(tx, &acme(), &connection, 9)).await.unwrap();
    assert_eq!(of, ["auth0|ann"]);
    assert!(!store.read(|tx| users::exist_in(tx, &acme(), "nothing")).await.unwrap());
    let mut changed = ann;
    (changed.profile, changed.user_metadata) = (r#"{"name":"New"}"#.to_owned(), r#"{"a":1}"#.to_owned());
    (changed.app_metadata, changed.email_verified) = (r#"{"b":2}"#.to_owned(), !changed.email_verified);
    changed.updated_at = at(77);
    let row = changed.clone();
    assert!(store.write(move |tx| users::update_profile(tx, &acme(), &row)).await.unwrap());
    assert!(!store.write(|tx| users::update_profile(tx, &acme(), &user("nobody"))).await.unwrap());
    assert_eq!(store.read(|tx| users::find(tx, &acme(), "auth0|ann")).await.unwrap(), Some(changed));
}
