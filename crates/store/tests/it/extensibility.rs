//! Rules, their settings, actions, versions and bindings.

use std::sync::Arc;

use keywright_store::{Tx, action_bindings, action_versions, actions, rules};

use crate::database::Database;
use crate::rows::{acme, action, action_version, at, binding, populate, rule, rule_config};

pub(crate) async fn rules_are_kept_in_their_order(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    assert_eq!(store.read(|tx| rules::last_position(tx, &acme())).await.unwrap(), None);
    for (name, position) in [("b", 7), ("a", 2)] {
        store.write(move |tx| rules::insert(tx, &acme(), &rule(name, position))).await.unwrap();
    }
    assert_eq!(store.read(|tx| rules::list(tx, &acme())).await.unwrap(), [rule("a", 2), rule("b", 7)]);
    assert_eq!(store.read(|tx| rules::last_position(tx, &acme())).await.unwrap(), Some(7));
    let mut known = rule("c", 9);
    known.rule_id = "rul_a".to_owned();
    for (row, constraint) in
        [(known, "rules_pkey"), (rule("c", 2), "rules_position_key"), (rule("A", 9), "rules_name_key")]
    {
        let refused = store.write(move |tx| rules::insert(tx, &acme(), &row)).await;
        assert_eq!(refused.unwrap_err().constraint(), Some(constraint));
    }
    let mut changed = rule("a", 8);
    (changed.enabled, changed.script, changed.updated_at) = (false, "async (u, c, cb) => cb()".to_owned(), at(9));
    let row = changed.clone();
    assert!(store.write(move |tx| rules::update(tx, &acme(), &row)).await.unwrap());
    assert_eq!(store.read(|tx| rules::find(tx, &acme(), "rul_a")).await.unwrap(), Some(changed));
    for done in [true, false] {
        assert_eq!(store.write(|tx| rules::delete(tx, &acme(), "rul_a")).await.unwrap(), done);
        assert!(!store.write(|tx| rules::update(tx, &acme(), &rule("a", 1))).await.unwrap());
    }
    assert!(!format!("{:?}", rule("a", 1)).contains("function"));
}

pub(crate) async fn settings_of_rules_are_set_and_removed(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    for name in ["B", "A"] {
        store.write(move |tx| rules::put_config(tx, &acme(), &rule_config(name))).await.unwrap();
    }
    let mut changed = rule_config("A");
    (changed.value, changed.updated_at) = (vec![1, 2], at(5));
    let row = changed.clone();
    store.write(move |tx| rules::put_config(tx, &acme(), &row)).await.unwrap();
    assert_eq!(store.read(|tx| rules::list_configs(tx, &acme())).await.unwrap(), [changed, rule_config("B")]);
    for done in [true, false] {
        assert_eq!(store.write(|tx| rules::delete_config(tx, &acme(), "A")).await.unwrap(), done);
    }
}

pub(crate) async fn actions_have_versions(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| actions::insert(tx, &acme(), &action("a"))).await.unwrap();
    let again = store.write(|tx| actions::insert(tx, &acme(), &action("A"))).await;
    assert_eq!(again.unwrap_err().constraint(), Some("actions_name_key"));
    store.write(|tx| actions::insert(tx, &acme(), &action("b"))).await.unwrap();
    assert_eq!(store.read(|tx| action_versions::last_number(tx, &acme(), "act-a")).await.unwrap(), None);
    for number in [1, 2] {
        store.write(move |tx| action_versions::insert(tx, &acme(), &action_version("a", number))).await.unwrap();
    }
    let mut second = action_version("a", 2);
    second.version_id = "another".to_owned();
    let again = store.write(move |tx| action_versions::insert(tx, &acme(), &second)).await;
    assert_eq!(again.unwrap_err().constraint(), Some("action_versions_number_key"));
    let nobody = store.write(|tx| action_versions::insert(tx, &acme(), &action_version("x", 1))).await;
    assert_eq!(nobody.unwrap_err().constraint(), Some("foreign_key"));
    let versions = store.read(|tx| action_versions::list(tx, &acme(), "act-a")).await.unwrap();
    assert_eq!(versions, [action_version("a", 2), action_version("a", 1)]);
    assert_eq!(store.read(|tx| action_versions::list_deployed(tx, &acme())).await.unwrap(), []);
    let mut deployed = action("a");
    (deployed.deployed_version, deployed.document, deployed.secrets) =
        (Some("ver-a-1".to_owned()), "{}".to_owned(), None);
    let row = deployed.clone();
    assert!(store.write(move |tx| actions::update(tx, &acme(), &row)).await.unwrap());
    assert_eq!(store.read(|tx| actions::find(tx, &acme(), "act-a")).await.unwrap(), Some(deployed.clone()));
    let by_name = store.read(|tx| actions::find_by_name(tx, &acme(), "post-login", "act A")).await.unwrap();
    assert_eq!(by_name, Some(deployed.clone()));
    assert_eq!(store.read(|tx| action_versions::list_deployed(tx, &acme())).await.unwrap(), [action_version("a", 1)]);
    assert_eq!(store.read(|tx| actions::list(tx, &acme())).await.unwrap(), [deployed, action("b")]);
    assert_eq!(store.read(|tx| actions::count(tx, &acme())).await.unwrap(), 2);
    let find = |tx: &mut Tx<'_>| action_versions::find(tx, &acme(), "act-b", "ver-a-1");
    assert_eq!(store.read(find).await.unwrap(), None, "of another action");
    assert!(store.write(|tx| action_versions::delete(tx, &acme(), "ver-a-2")).await.unwrap());
    for done in [true, false] {
        assert_eq!(store.write(|tx| actions::delete(tx, &acme(), "act-a")).await.unwrap(), done);
    }
    assert_eq!(store.read(|tx| action_versions::list(tx, &acme(), "act-a")).await.unwrap(), []);
}

pub(crate) async fn actions_are_bound_in_an_order(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    for name in ["a", "b"] {
        store.write(move |tx| actions::insert(tx, &acme(), &action(name))).await.unwrap();
    }
    let bind = |rows: Vec<action_bindings::ActionBindingRow>| {
        store.write(move |tx| action_bindings::replace(tx, &acme(), "post-login", &rows))
    };
    bind(vec![binding("b", 0), binding("a", 1)]).await.unwrap();
    let list = || store.read(|tx| action_bindings::list(tx, &acme(), "post-login"));
    assert_eq!(list().await.unwrap(), [binding("b", 0), binding("a", 1)]);
    let mut twice = binding("a", 1);
    twice.binding_id = "another".to_owned();
    let refused = bind(vec![binding("a", 0), twice]).await;
    assert_eq!(refused.unwrap_err().constraint(), Some("action_bindings_action_key"));
    assert_eq!(list().await.unwrap().len(), 2, "nothing half-written");
    let nobody = bind(vec![binding("x", 0)]).await;
    assert_eq!(nobody.unwrap_err().constraint(), Some("foreign_key"));
    assert!(store.write(|tx| actions::delete(tx, &acme(), "act-a")).await.is_err(), "it is bound");
    assert_eq!(store.read(|tx| action_bindings::count_for_action(tx, &acme(), "act-a")).await.unwrap(), 1);
    assert_eq!(store.write(|tx| action_bindings::delete_for_action(tx, &acme(), "act-a")).await.unwrap(), 1);
    assert!(store.write(|tx| actions::delete(tx, &acme(), "act-a")).await.unwrap());
    assert_eq!(list().await.unwrap(), [binding("b", 0)]);
    bind(Vec::new()).await.unwrap();
    assert_eq!(list().await.unwrap(), []);
}
