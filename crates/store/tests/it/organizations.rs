//! Organizations, the connections that are enabled in them, and their members (§8.1).

use std::sync::Arc;

use keywright_store::organizations::OrganizationRow;
use keywright_store::{connections, organization_members, organizations, users};

use crate::database::Database;
use crate::rows::{acme, at, connection, populate};

pub(crate) fn organization(name: &str) -> OrganizationRow {
    OrganizationRow {
        organization_id: format!("org_{name}"),
        name: name.to_owned(),
        document: format!("{{\"id\":\"org_{name}\"}}"),
        created_at: at(0),
        updated_at: at(0),
    }
}

pub(crate) async fn are_found_by_id_and_name(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| organizations::insert(tx, &acme(), &organization("one"))).await.unwrap();
    let found = store.read(|tx| organizations::find(tx, &acme(), "org_one")).await.unwrap();
    assert_eq!(found, Some(organization("one")));
    let found = store.read(|tx| organizations::find_by_name(tx, &acme(), "one")).await.unwrap();
    assert_eq!(found, Some(organization("one")));
    assert_eq!(store.read(|tx| organizations::find(tx, &acme(), "one")).await.unwrap(), None);
    assert_eq!(store.read(|tx| organizations::find_by_name(tx, &acme(), "org_one")).await.unwrap(), None);
    let again = store.write(|tx| organizations::insert(tx, &acme(), &organization("one"))).await;
    assert!(again.unwrap_err().constraint().is_some());
    let mut same_name = organization("one");
    same_name.organization_id = "org_other".to_owned();
    let taken = store.write(move |tx| organizations::insert(tx, &acme(), &same_name)).await;
    assert_eq!(taken.unwrap_err().constraint(), Some("organizations_name_key"));
    let mut renamed = organization("one");
    (renamed.name, renamed.updated_at) = ("uno".to_owned(), at(9));
    let row = renamed.clone();
    assert!(store.write(move |tx| organizations::update(tx, &acme(), &row)).await.unwrap());
    assert_eq!(store.read(|tx| organizations::find_by_name(tx, &acme(), "uno")).await.unwrap(), Some(renamed));
    assert!(!store.write(|tx| organizations::update(tx, &acme(), &organization("none"))).await.unwrap());
}

pub(crate) async fn have_connections(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| organizations::insert(tx, &acme(), &organization("one"))).await.unwrap();
    store.write(|tx| connections::insert(tx, &acme(), &connection("a"))).await.unwrap();
    store.write(|tx| connections::insert(tx, &acme(), &connection("b"))).await.unwrap();
    let (a, b) = (connection("a").id, connection("b").id);
    let put = async |id: &str, document: &'static str, second: i64| {
        let id = id.to_owned();
        let put = move |tx: &mut keywright_store::Tx<'_>| {
            organizations::put_connection(tx, &acme(), "org_one", &id, document, at(second))
        };
        store.write(put).await
    };
    put(&b, "b", 2).await.unwrap();
    put(&a, "a", 1).await.unwrap();
    put(&b, "b2", 3).await.unwrap();
    let enabled = async || store.read(|tx| organizations::connections(tx, &acme(), "org_one")).await.unwrap();
    assert_eq!(enabled().await, ["a", "b2"]);
    assert_eq!(put("con_none", "x", 1).await.unwrap_err().constraint(), Some("foreign_key"));
    let id = a.clone();
    let removed = store.write(move |tx| organizations::delete_connection(tx, &acme(), "org_one", &id)).await;
    assert!(removed.unwrap());
    let removed = store.write(move |tx| organizations::delete_connection(tx, &acme(), "org_one", &a)).await;
    assert!(!removed.unwrap());
    assert_eq!(enabled().await, ["b2"]);
}

pub(crate) async fn have_members(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| organizations::insert(tx, &acme(), &organization("one"))).await.unwrap();
    let add = |user: &'static str, organization: &'static str| {
        store.write(move |tx| organization_members::insert(tx, &acme(), organization, user, at(1)))
    };
    let is_member =
        async || store.read(|tx| organization_members::exists(tx, &acme(), "org_one", "auth0|ann")).await.unwrap();
    assert!(!is_member().await);
    assert!(add("auth0|ann", "org_one").await.unwrap());
    assert!(!add("auth0|ann", "org_one").await.unwrap(), "once");
    assert!(is_member().await);
    assert_eq!(add("auth0|nobody", "org_one").await.unwrap_err().constraint(), Some("foreign_key"));
    assert_eq!(add("auth0|ann", "org_none").await.unwrap_err().constraint(), Some("foreign_key"));
    let remove = || store.write(|tx| organization_members::delete(tx, &acme(), "org_one", "auth0|ann"));
    assert!(remove().await.unwrap());
    assert!(!remove().await.unwrap());
    assert!(!is_member().await);
}

pub(crate) async fn of_a_user_are_those_of_a_connection(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let (a, b) = (connection("a").id, connection("b").id);
    store
        .write(move |tx| {
            connections::insert(tx, &acme(), &connection("a"))?;
            connections::insert(tx, &acme(), &connection("b"))?;
            for name in ["two", "one", "three", "four"] {
                organizations::insert(tx, &acme(), &organization(name))?;
            }
            for (organization, id) in [("org_one", &a), ("org_two", &a), ("org_three", &b), ("org_four", &a)] {
                organizations::put_connection(tx, &acme(), organization, id, "{}", at(1))?;
            }
            // She is no member of the fourth.
            for organization in ["org_one", "org_two", "org_three"] {
                organization_members::insert(tx, &acme(), organization, "auth0|ann", at(1))?;
            }
            Ok::<_, keywright_store::StoreError>(())
        })
        .await
        .unwrap();
    let of = async |user: &'static str, connection_id: String| {
        let read = store.read(move |tx| organization_members::organizations(tx, &acme(), user, &connection_id)).await;
        read.unwrap()
    };
    let id = |name: &str| connection(name).id;
    assert_eq!(of("auth0|ann", id("a")).await, [organization("one").document, organization("two").document]);
    assert_eq!(of("auth0|ann", id("b")).await, [organization("three").document]);
    assert_eq!(of("auth0|ann", "con_none".to_owned()).await, Vec::<String>::new());
    assert_eq!(of("auth0|nobody", id("a")).await, Vec::<String>::new());
}

pub(crate) async fn go_with_their_members_and_members_go_with_the_user(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    for name in ["one", "two"] {
        store.write(move |tx| organizations::insert(tx, &acme(), &organization(name))).await.unwrap();
        let id = format!("org_{name}");
        let added = store.write(move |tx| organization_members::insert(tx, &acme(), &id, "auth0|ann", at(1))).await;
        assert!(added.unwrap());
    }
    assert!(store.write(|tx| organizations::delete(tx, &acme(), "org_one")).await.unwrap());
    assert!(!store.write(|tx| organizations::delete(tx, &acme(), "org_one")).await.unwrap());
    let member = async |id: &'static str| {
        store.read(move |tx| organization_members::exists(tx, &acme(), id, "auth0|ann")).await.unwrap()
    };
    assert!(!member("org_one").await && member("org_two").await);
    assert!(store.write(|tx| users::delete(tx, &acme(), "auth0|ann", at(2))).await.unwrap());
    assert!(!member("org_two").await);
}

pub(crate) async fn of_a_user_are_listed(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let fill = |tx: &mut keywright_store::Tx<'_>| {
        for name in ["two", "one", "three"] {
            organizations::insert(tx, &acme(), &organization(name))?;
        }
        organization_members::insert(tx, &acme(), "org_one", "auth0|ann", at(1))?;
        organization_members::insert(tx, &acme(), "org_two", "auth0|ann", at(1))
    };
    assert!(store.write(fill).await.unwrap());
    let page =
        |skip, limit| store.read(move |tx| organization_members::page_of_user(tx, &acme(), "auth0|ann", skip, limit));
    let all = page(0, 9).await.unwrap();
    assert_eq!(all, [organization("one").document, organization("two").document]);
    assert_eq!(page(1, 1).await.unwrap(), all[1..]);
    let count = store.read(|tx| organization_members::count_of_user(tx, &acme(), "auth0|ann")).await.unwrap();
    assert_eq!(count, 2);
}
