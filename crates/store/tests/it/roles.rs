//! Roles, permissions and who has them.

use std::sync::Arc;

use keywright_store::roles::{self, PermissionRow, RoleRow};
use keywright_store::{Store, StoreError, Tx, resource_servers, user_permissions, users};

use crate::database::Database;
use crate::rows::{acme, at, permission, populate, resource_server, role, user};

/// Acme with the API `orders:api`, the roles `editor` and `viewer` and the users ann and bob.
async fn staffed(database: &Database) -> Store {
    let store = database.open().await;
    populate(&store).await;
    let job = |tx: &mut Tx<'_>| {
        users::insert(tx, &acme(), &user("bob"))?;
        resource_servers::insert(tx, &acme(), &resource_server("orders"))?;
        resource_servers::insert(tx, &acme(), &resource_server("mail"))?;
        roles::insert(tx, &acme(), &role("editor"))?;
        let viewer = RoleRow { created_at: at(1), ..role("viewer") };
        roles::insert(tx, &acme(), &viewer)
    };
    store.write(job).await.unwrap();
    store
}

pub(crate) async fn are_kept_and_changed(database: Arc<Database>) {
    let store = staffed(&database).await;
    assert_eq!(store.read(|tx| roles::find(tx, &acme(), "rol_editor")).await.unwrap(), Some(role("editor")));
    assert_eq!(store.read(|tx| roles::find(tx, &acme(), "rol_none")).await.unwrap(), None);
    assert!(store.write(|tx| roles::update(tx, &acme(), "rol_editor", "author", "Writes")).await.unwrap());
    assert!(!store.write(|tx| roles::update(tx, &acme(), "rol_none", "x", "")).await.unwrap());
    let names: Vec<_> = store.read(|tx| roles::list(tx, &acme())).await.unwrap();
    let shown: Vec<_> = names.iter().map(|row| (row.name.as_str(), row.description.as_str())).collect();
    assert_eq!(shown, [("author", "Writes"), ("viewer", "Role viewer")]);
}

pub(crate) async fn have_unique_names(database: Arc<Database>) {
    let store = staffed(&database).await;
    let twin = RoleRow { role_id: "rol_twin".to_owned(), ..role("editor") };
    let taken = store.write(move |tx| roles::insert(tx, &acme(), &twin)).await;
    assert_eq!(taken.unwrap_err().constraint(), Some("roles_name_key"));
    let taken = store.write(|tx| roles::update(tx, &acme(), "rol_viewer", "editor", "")).await;
    assert_eq!(taken.unwrap_err().constraint(), Some("roles_name_key"));
    let again = RoleRow { name: "other".to_owned(), ..role("editor") };
    let taken = store.write(move |tx| roles::insert(tx, &acme(), &again)).await;
    assert_eq!(taken.unwrap_err().constraint(), Some("roles_pkey"));
}

pub(crate) async fn are_assigned_and_taken_away(database: Arc<Database>) {
    let store = staffed(&database).await;
    for (role_id, new) in [("rol_viewer", true), ("rol_editor", true), ("rol_editor", false)] {
        let assigned = store.write(move |tx| roles::assign(tx, &acme(), "auth0|ann", role_id)).await.unwrap();
        assert_eq!(assigned, new, "{role_id}");
    }
    store.write(|tx| roles::assign(tx, &acme(), "auth0|bob", "rol_viewer")).await.unwrap();
    let of_ann = store.read(|tx| roles::list_for_user(tx, &acme(), "auth0|ann")).await.unwrap();
    assert_eq!(of_ann.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["editor", "viewer"], "oldest first");
    let viewers = store.read(|tx| roles::list_users(tx, &acme(), "rol_viewer")).await.unwrap();
    assert_eq!(viewers, ["auth0|ann", "auth0|bob"]);
    assert!(store.write(|tx| roles::unassign(tx, &acme(), "auth0|ann", "rol_viewer")).await.unwrap());
    assert!(!store.write(|tx| roles::unassign(tx, &acme(), "auth0|ann", "rol_viewer")).await.unwrap());
    assert_eq!(store.read(|tx| roles::list_users(tx, &acme(), "rol_viewer")).await.unwrap(), ["auth0|bob"]);
    for (user_id, role_id) in [("auth0|none", "rol_viewer"), ("auth0|ann", "rol_none")] {
        let refused = store.write(move |tx| roles::assign(tx, &acme(), user_id, role_id)).await;
        assert_eq!(refused.unwrap_err().constraint(), Some("foreign_key"), "{user_id} {role_id}");
    }
}

pub(crate) async fn have_permissions(database: Arc<Database>) {
    let store = staffed(&database).await;
    let (write, read) = (permission("orders:api", "write"), permission("orders:api", "read"));
    for (one, new) in [(write.clone(), true), (read.clone(), true), (read.clone(), false)] {
        let added = store.write(move |tx| roles::add_permission(tx, &acme(), "rol_editor", &one)).await.unwrap();
        assert_eq!(added, new);
    }
    let listed = store.read(|tx| roles::list_permissions(tx, &acme(), "rol_editor")).await.unwrap();
    assert_eq!(listed, [read.clone(), write.clone()]);
    let gone = write.clone();
    assert!(store.write(move |tx| roles::remove_permission(tx, &acme(), "rol_editor", &gone)).await.unwrap());
    assert!(!store.write(move |tx| roles::remove_permission(tx, &acme(), "rol_editor", &write)).await.unwrap());
    assert_eq!(
        store.read(|tx| roles::list_permissions(tx, &acme(), "rol_editor")).await.unwrap(),
        std::slice::from_ref(&read)
    );
    for (role_id, one) in [("rol_none", read), ("rol_editor", permission("none:api", "read"))] {
        let refused = store.write(move |tx| roles::add_permission(tx, &acme(), role_id, &one)).await;
        assert_eq!(refused.unwrap_err().constraint(), Some("foreign_key"), "{role_id}");
    }
}

pub(crate) async fn users_have_permissions_of_their_own(database: Arc<Database>) {
    let store = staffed(&database).await;
    let (read, other) = (permission("orders:api", "read"), permission("mail:api", "send"));
    for (one, new) in [(read.clone(), true), (read.clone(), false), (other.clone(), true)] {
        let added = store.write(move |tx| user_permissions::insert(tx, &acme(), "auth0|ann", &one)).await.unwrap();
        assert_eq!(added, new);
    }
    let listed = store.read(|tx| user_permissions::list(tx, &acme(), "auth0|ann")).await.unwrap();
    assert_eq!(listed, [other.clone(), read.clone()]);
    let gone = other.clone();
    assert!(store.write(move |tx| user_permissions::delete(tx, &acme(), "auth0|ann", &gone)).await.unwrap());
    assert!(!store.write(move |tx| user_permissions::delete(tx, &acme(), "auth0|ann", &other)).await.unwrap());
    for (user_id, one) in [("auth0|none", read), ("auth0|ann", permission("none:api", "read"))] {
        let refused = store.write(move |tx| user_permissions::insert(tx, &acme(), user_id, &one)).await;
        assert_eq!(refused.unwrap_err().constraint(), Some("foreign_key"), "{user_id}");
    }
}

async fn effective(store: &Store, user_id: &'static str, audience: &'static str) -> Vec<String> {
    store.read(move |tx| user_permissions::effective(tx, &acme(), user_id, audience)).await.unwrap()
}

pub(crate) async fn rt_05_permissions_are_direct_or_of_a_role_as_of_now(database: Arc<Database>) {
    let store = staffed(&database).await;
    let job = |tx: &mut Tx<'_>| {
        for name in ["read", "write"] {
            roles::add_permission(tx, &acme(), "rol_editor", &permission("orders:api", name))?;
        }
        roles::add_permission(tx, &acme(), "rol_viewer", &permission("orders:api", "read"))?;
        roles::add_permission(tx, &acme(), "rol_viewer", &permission("mail:api", "send"))?;
        user_permissions::insert(tx, &acme(), "auth0|ann", &permission("orders:api", "audit"))?;
        user_permissions::insert(tx, &acme(), "auth0|ann", &permission("orders:api", "read"))?;
        roles::assign(tx, &acme(), "auth0|ann", "rol_editor")?;
        roles::assign(tx, &acme(), "auth0|ann", "rol_viewer")?;
        roles::assign(tx, &acme(), "auth0|bob", "rol_viewer")
    };
    store.write(job).await.unwrap();
    assert_eq!(effective(&store, "auth0|ann", "orders:api").await, ["audit", "read", "write"], "each once");
    assert_eq!(effective(&store, "auth0|ann", "mail:api").await, ["send"]);
    assert_eq!(effective(&store, "auth0|bob", "orders:api").await, ["read"]);
    assert_eq!(effective(&store, "auth0|none", "orders:api").await, Vec::<String>::new());

    store.write(|tx| roles::unassign(tx, &acme(), "auth0|ann", "rol_editor")).await.unwrap();
    assert_eq!(effective(&store, "auth0|ann", "orders:api").await, ["audit", "read"]);
    assert!(store.write(|tx| roles::delete(tx, &acme(), "rol_viewer")).await.unwrap());
    assert!(!store.write(|tx| roles::delete(tx, &acme(), "rol_viewer")).await.unwrap());
    assert_eq!(effective(&store, "auth0|ann", "mail:api").await, Vec::<String>::new(), "the role is gone");
    assert_eq!(effective(&store, "auth0|bob", "orders:api").await, Vec::<String>::new());
    store.write(|tx| users::delete(tx, &acme(), "auth0|ann", at(9))).await.unwrap();
    let left = store.read(|tx| user_permissions::list(tx, &acme(), "auth0|ann")).await.unwrap();
    assert_eq!(left, Vec::<PermissionRow>::new(), "the user is gone, and with them what they could do");
}

/// At once: nothing is added twice, and what is there is there once.
pub(crate) async fn are_assigned_once_by_many(database: Arc<Database>) {
    let store = staffed(&database).await;
    let writers: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.write(|tx| roles::assign(tx, &acme(), "auth0|ann", "rol_editor")).await })
        })
        .collect();
    let mut first = 0;
    for writer in writers {
        let assigned: Result<bool, StoreError> = writer.await.unwrap();
        first += usize::from(assigned.unwrap());
    }
    assert_eq!(first, 1);
}
