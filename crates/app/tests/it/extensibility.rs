//! Rules and bound actions as the engine reads them.

use keywright_app::{ActionSecrets, App};
use keywright_jose::Purpose;
use keywright_store::action_bindings::ActionBindingRow;
use keywright_store::action_versions::ActionVersionRow;
use keywright_store::actions::ActionRow;
use keywright_store::rules::{RuleConfigRow, RuleRow};
use keywright_store::{StoreError, action_bindings, action_versions, actions, rules};
use keywright_testkit::{Engine, Scene};
use keywright_types::{ActionContent, TenantId, TenantSettings, TriggerReference};
use secrecy::{ExposeSecret, SecretString};

use crate::no_routes;

fn rule(app: &App, name: &str, position: i64, enabled: bool, stage: &str) -> RuleRow {
    RuleRow {
        rule_id: format!("rul_{name}"),
        name: name.to_owned(),
        position,
        enabled,
        stage: stage.to_owned(),
        script: format!("function {name}(user, context, callback) {{ callback(); }}"),
        created_at: app.now(),
        updated_at: app.now(),
    }
}

fn secrets(values: &[(&str, &str)]) -> ActionSecrets {
    values.iter().map(|(name, value)| ((*name).to_owned(), SecretString::from(*value))).collect()
}

fn content(code: &str) -> String {
    let content = ActionContent {
        code: code.to_owned(),
        runtime: "node22".to_owned(),
        supported_triggers: vec![TriggerReference { id: "post-login".to_owned(), version: "v3".to_owned() }],
        ..ActionContent::default()
    };
    serde_json::to_string(&content).unwrap()
}

fn action(app: &App, tenant: &TenantId, name: &str, deployed: Option<i64>) -> ActionRow {
    ActionRow {
        action_id: name.to_owned(),
        name: name.to_owned(),
        trigger_id: "post-login".to_owned(),
        deployed_version: deployed.map(|number| format!("{name}-{number}")),
        document: content("draft"),
        secrets: app.sealed_action_secrets(tenant, &secrets(&[("KEY", "draft")])),
        created_at: app.now(),
        updated_at: app.now(),
    }
}

fn version(app: &App, tenant: &TenantId, action: &str, number: i64) -> ActionVersionRow {
    let values = [("KEY", "deployed"), ("OTHER", "other")];
    ActionVersionRow {
        version_id: format!("{action}-{number}"),
        action_id: action.to_owned(),
        number,
        document: content(&format!("{action} {number}")),
        secrets: app.sealed_action_secrets(tenant, &secrets(&values)),
        created_at: app.now(),
    }
}

fn binding(app: &App, action: &str, position: i64, secrets: Option<Vec<u8>>) -> ActionBindingRow {
    ActionBindingRow {
        binding_id: format!("bin-{action}"),
        trigger_id: "post-login".to_owned(),
        position,
        action_id: action.to_owned(),
        display_name: action.to_owned(),
        document: "{}".to_owned(),
        secrets,
        created_at: app.now(),
        updated_at: app.now(),
    }
}

/// Something in every sealed column of rules and actions.
pub(crate) async fn fill(app: &App, tenant: &TenantId) {
    let value = app.sealed(Purpose::RuleConfig, tenant, &SecretString::from("value"));
    let config = RuleConfigRow { name: "NAME".to_owned(), value, updated_at: app.now() };
    let rows = (action(app, tenant, "a", Some(1)), version(app, tenant, "a", 1));
    let bound = binding(app, "a", 0, app.sealed_action_secrets(tenant, &secrets(&[("KEY", "bound")])));
    let id = tenant.clone();
    let write = app.store().write(move |tx| {
        rules::put_config(tx, &id, &config)?;
        actions::insert(tx, &id, &rows.0)?;
        action_versions::insert(tx, &id, &rows.1)?;
        action_bindings::replace(tx, &id, "post-login", &[bound])
    });
    let written: Result<(), StoreError> = write.await;
    written.unwrap();
}

#[tokio::test]
async fn rules_are_read_in_order_with_their_settings() {
    for engine in Engine::all() {
        let scene = Scene::with(no_routes, engine, TenantSettings::default()).await;
        let (app, tenant) = (&scene.app.app, &scene.app.tenant.id);
        assert!(app.rule_set(tenant).await.unwrap().rules.is_empty());
        for row in [
            rule(app, "second", 20, true, "login_success"),
            rule(app, "first", 3, true, "login_success"),
            rule(app, "off", 4, false, "login_success"),
            rule(app, "elsewhere", 5, true, "login_failure"),
        ] {
            let id = tenant.clone();
            app.store().write(move |tx| rules::insert(tx, &id, &row)).await.unwrap();
        }
        fill(app, tenant).await;
        let set = app.rule_set(tenant).await.unwrap();
        assert_eq!(set.rules.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(), ["first", "second"]);
        assert!(set.rules[0].script.starts_with("function first("));
        assert_eq!(set.configuration["NAME"].expose_secret(), "value");
        assert!(!format!("{set:?}").contains("value"), "{set:?}");
        let id = tenant.clone();
        assert!(app.store().write(move |tx| rules::delete(tx, &id, "rul_first")).await.unwrap());
        assert_eq!(app.rule_set(tenant).await.unwrap().rules.len(), 1, "a change is seen at once");
    }
}

#[tokio::test]
async fn of_bound_actions_the_deployed_version_runs_with_the_secrets_of_its_binding() {
    for engine in Engine::all() {
        let scene = Scene::with(no_routes, engine, TenantSettings::default()).await;
        let (app, tenant) = (&scene.app.app, &scene.app.tenant.id);
        assert!(app.bound_actions(tenant, "post-login").await.unwrap().is_empty());
        fill(app, tenant).await;
        let rows = (action(app, tenant, "b", Some(2)), version(app, tenant, "b", 1), version(app, tenant, "b", 2));
        let draft = action(app, tenant, "draft", None);
        let order = [binding(app, "b", 0, None), binding(app, "draft", 1, None), binding(app, "a", 2, None)];
        let id = tenant.clone();
        let write = app.store().write(move |tx| {
            actions::insert(tx, &id, &rows.0)?;
            actions::insert(tx, &id, &draft)?;
            action_versions::insert(tx, &id, &rows.1)?;
            action_versions::insert(tx, &id, &rows.2)?;
            let mut order = order;
            order[2].secrets = action_bindings::list(tx, &id, "post-login")?[0].secrets.clone();
            action_bindings::replace(tx, &id, "post-login", &order)
        });
        let written: Result<(), StoreError> = write.await;
        written.unwrap();
        let bound = app.bound_actions(tenant, "post-login").await.unwrap();
        let codes: Vec<&str> = bound.iter().map(|action| action.code.as_str()).collect();
        assert_eq!(codes, ["b 2", "a 1"], "in order, and no draft");
        assert_eq!((bound[0].number, bound[0].trigger_version.as_str()), (2, "v3"));
        let values = |index: usize| {
            bound[index].secrets.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect::<Vec<_>>()
        };
        assert_eq!(values(0), [("KEY", "deployed"), ("OTHER", "other")]);
        assert_eq!(values(1), [("KEY", "bound"), ("OTHER", "other")]);
        assert!(!format!("{bound:?}").contains("deployed\""), "{bound:?}");
        assert!(app.bound_actions(tenant, "credentials-exchange").await.unwrap().is_empty());
        assert!(app.bound_actions(&TenantId::new("other"), "post-login").await.unwrap().is_empty());
    }
}
