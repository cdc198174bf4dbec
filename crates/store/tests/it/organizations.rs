//! Organizations, the connections that are enabled in them, and their members (§8.1).

use std::sync::Arc;

use keywright_store::organizations::OrganizationRow;
use keywright_store::{
    Range, StoreError, client_grants, connections, organization_client_grants, organization_member_roles,
    organization_members, organizations, resource_servers, roles, user_permissions, users,
};

use crate::database::Database;
use crate::rows::{acme, at, client_grant, connection, permission, populate, resource_server, role};

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
    let switch = async |id: &str, enabled: bool| {
        let id = id.to_owned();
        let switch = move |tx: &mut keywright_store::Tx<'_>| {
            organizations::switch_connection(tx, &acme(), "org_one", &id, enabled)
        };
        store.write(switch).await.unwrap()
    };
    assert!(switch(&a, false).await && !switch("con_none", false).await);
    assert_eq!(enabled().await, ["b2"]);
    let all = store.read(|tx| organizations::all_connections(tx, &acme(), "org_one")).await.unwrap();
    assert_eq!(all, [("a".to_owned(), false), ("b2".to_owned(), true)]);
    put(&a, "a", 1).await.unwrap();
    assert_eq!(enabled().await, ["b2"], "what it is enabled with is not whether it is");
    assert!(switch(&a, true).await);
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

pub(crate) async fn are_listed_with_their_members(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let fill = |tx: &mut keywright_store::Tx<'_>| {
        for (name, second) in [("one", 3), ("two", 1), ("three", 2)] {
            let row = OrganizationRow { created_at: at(second), ..organization(name) };
            organizations::insert(tx, &acme(), &row)?;
        }
        organization_members::insert(tx, &acme(), "org_one", "auth0|ann", at(1))
    };
    store.write(fill).await.unwrap();
    let page = async |range: Range| {
        let rows = store.read(move |tx| organizations::page(tx, &acme(), &range)).await.unwrap();
        rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    assert_eq!(page(Range::first(2)).await, ["two", "three"]);
    assert_eq!(page(Range { skip: 2, ..Range::first(2) }).await, ["one"]);
    let after = Range { after: at(2), after_id: "org_three".to_owned(), ..Range::first(9) };
    assert_eq!(page(after).await, ["one"]);
    assert_eq!(store.read(|tx| organizations::count(tx, &acme())).await.unwrap(), 3);
    let members = async |after: &'static str, skip: i64| {
        store.read(move |tx| organization_members::page(tx, &acme(), "org_one", after, skip, 9)).await.unwrap()
    };
    assert_eq!(members("", 0).await, ["auth0|ann"]);
    assert_eq!(members("", 1).await, [""; 0]);
    assert_eq!(members("auth0|ann", 0).await, [""; 0]);
    assert_eq!(store.read(|tx| organization_members::count(tx, &acme(), "org_one")).await.unwrap(), 1);
}

pub(crate) async fn rt_05_roles_of_a_member_count_in_that_organization_only(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let fill = |tx: &mut keywright_store::Tx<'_>| {
        resource_servers::insert(tx, &acme(), &resource_server("orders"))?;
        roles::insert(tx, &acme(), &role("editor"))?;
        roles::add_permission(tx, &acme(), "rol_editor", &permission("orders:api", "read"))?;
        for name in ["one", "two"] {
            organizations::insert(tx, &acme(), &organization(name))?;
        }
        organization_members::insert(tx, &acme(), "org_one", "auth0|ann", at(1))
    };
    store.write(fill).await.unwrap();
    let give = |organization: &'static str| {
        store.write(move |tx| organization_member_roles::insert(tx, &acme(), organization, "auth0|ann", "rol_editor"))
    };
    assert!(give("org_one").await.unwrap());
    assert!(!give("org_one").await.unwrap(), "once");
    assert_eq!(give("org_two").await.unwrap_err().constraint(), Some("foreign_key"), "no member there");
    let may = async |organization: &'static str| {
        let read = move |tx: &mut keywright_store::Tx<'_>| {
            user_permissions::effective_as_member(tx, &acme(), "auth0|ann", "orders:api", organization)
        };
        store.read(read).await.unwrap()
    };
    assert_eq!(may("org_one").await, ["read"]);
    assert_eq!(may("org_two").await, [""; 0]);
    let everywhere = store.read(|tx| user_permissions::effective(tx, &acme(), "auth0|ann", "orders:api")).await;
    assert_eq!(everywhere.unwrap(), [""; 0]);
    let list =
        async || store.read(|tx| organization_member_roles::list(tx, &acme(), "org_one", "auth0|ann")).await.unwrap();
    assert_eq!(list().await, [role("editor")]);
    // Who is no member any more has no role there, and none when they come back.
    let again = |tx: &mut keywright_store::Tx<'_>| {
        organization_members::delete(tx, &acme(), "org_one", "auth0|ann")?;
        organization_members::insert(tx, &acme(), "org_one", "auth0|ann", at(2))
    };
    store.write(again).await.unwrap();
    assert_eq!(list().await, []);
    assert!(give("org_one").await.unwrap());
    let take =
        || store.write(|tx| organization_member_roles::delete(tx, &acme(), "org_one", "auth0|ann", "rol_editor"));
    assert!(take().await.unwrap());
    assert!(!take().await.unwrap());
    assert_eq!(may("org_one").await, [""; 0]);
}

pub(crate) async fn have_client_grants(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let fill = |tx: &mut keywright_store::Tx<'_>| {
        resource_servers::insert(tx, &acme(), &resource_server("orders"))?;
        client_grants::insert(tx, &acme(), &client_grant("cg", "app", "orders:api"))?;
        organizations::insert(tx, &acme(), &organization("one"))
    };
    store.write(fill).await.unwrap();
    let add = |organization: &'static str, grant: &'static str| {
        store.write(move |tx| organization_client_grants::insert(tx, &acme(), organization, grant, at(1)))
    };
    assert!(add("org_one", "cg").await.unwrap());
    assert!(!add("org_one", "cg").await.unwrap(), "once");
    assert_eq!(add("org_one", "cg_none").await.unwrap_err().constraint(), Some("foreign_key"));
    assert_eq!(add("org_none", "cg").await.unwrap_err().constraint(), Some("foreign_key"));
    let both = async || {
        let read = |tx: &mut keywright_store::Tx<'_>| {
            let grants = organization_client_grants::list(tx, &acme(), "org_one")?;
            Ok::<_, StoreError>((grants, organization_client_grants::organizations(tx, &acme(), "cg")?))
        };
        store.read(read).await.unwrap()
    };
    assert_eq!(both().await, (vec!["cg".to_owned()], vec!["org_one".to_owned()]));
    assert!(store.write(|tx| organization_client_grants::delete(tx, &acme(), "org_one", "cg")).await.unwrap());
    assert!(!store.write(|tx| organization_client_grants::delete(tx, &acme(), "org_one", "cg")).await.unwrap());
    add("org_one", "cg").await.unwrap();
    assert!(store.write(|tx| client_grants::delete(tx, &acme(), "cg")).await.unwrap());
    assert_eq!(both().await, (vec![], vec![]), "a grant that is gone is good nowhere");
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
