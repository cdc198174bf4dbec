//! `/actions` (`management-api.md` §15.1).

use http::Method;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};

const CODE: &str = "exports.onExecutePostLogin = async () => {};";

fn body(name: &str) -> Value {
    json!({ "name": name, "supported_triggers": [{ "id": "post-login", "version": "v3" }], "code": CODE })
}

fn with(name: &str, members: &Value) -> Value {
    let mut body = body(name);
    body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    body
}

fn path(action: &Value) -> String {
    format!("/actions/actions/{}", action["id"].as_str().unwrap())
}

async fn deploy(api: &Api, action: &Value) -> Value {
    let answer = api.send(Method::POST, &format!("{}/deploy", path(action)), None).await;
    assert_eq!(answer.status, 200, "{answer:#?}");
    answer.json()
}

/// A deployed action: its identifier and its version's.
pub(crate) async fn deployed(api: &Api, name: &str) -> (String, String) {
    let action = api.create("/actions/actions", body(name)).await;
    let version = deploy(api, &action).await;
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    (id(&action), id(&version))
}

/// Binds it, alone.
pub(crate) async fn bind(api: &Api, name: &str) {
    let reference = json!({ "type": "action_name", "value": name });
    let bound = api.patch("/actions/triggers/post-login/bindings", json!({ "bindings": [{ "ref": reference }] })).await;
    assert_eq!(bound.status, 200, "{bound:#?}");
}

#[tokio::test]
async fn a_new_action_is_a_built_draft() {
    let api = Api::new().await;
    let made = api.create("/actions/actions", body("add claim")).await;
    let time = "2026-03-01T12:00:00.000000000Z";
    let expected = json!({
        "id": made["id"], "name": "add claim", "code": CODE, "runtime": "node22", "status": "built", "dependencies": [],
        "secrets": [], "supported_triggers": [{ "id": "post-login", "version": "v3" }], "all_changes_deployed": false,
        "created_at": time, "updated_at": time, "built_at": time,
    });
    assert_eq!(made, expected);
    assert_eq!(made["id"].as_str().unwrap().len(), 36);
    assert_eq!(api.get(&path(&made)).await.json(), made);
    let all = json!({
        "runtime": "node18",
        "dependencies": [{ "name": "lodash", "version": "4.17.21" }, { "name": "own", "version": "latest", "registry_url": "https://npm.example/" }],
        "secrets": [{ "name": "KEY", "value": "hush" }],
    });
    let full = api.create("/actions/actions", with("full", &all)).await;
    assert_eq!(
        (&full["runtime"], &full["dependencies"][1]["registry_url"]),
        (&json!("node18"), &json!("https://npm.example/"))
    );
    let version_left_out = json!({ "supported_triggers": [{ "id": "credentials-exchange" }] });
    let made = api.create("/actions/actions", with("full", &version_left_out)).await;
    assert_eq!(made["supported_triggers"], json!([{ "id": "credentials-exchange", "version": "v2" }]));
    // What is answered of a trigger may come back.
    let triggers = api.get("/actions/triggers").await.json();
    let answered = json!({ "supported_triggers": [triggers["triggers"][0]] });
    api.create("/actions/actions", with("echo", &answered)).await;
    let at_once = api.create("/actions/actions", with("at once", &json!({ "deploy": true }))).await;
    assert_eq!((&at_once["all_changes_deployed"], &at_once["deployed_version"]["number"]), (&json!(true), &json!(1)));
}

#[tokio::test]
async fn wrong_members_of_an_action_are_named_and_write_nothing() {
    let api = Api::new().await;
    let made = api.create("/actions/actions", body("one")).await;
    for (members, message) in [
        (json!({ "supported_triggers": [{ "id": "nothing" }] }), "There is no trigger nothing"),
        (
            json!({ "supported_triggers": [{ "id": "post-login", "version": "v9" }] }),
            "The trigger post-login has no version v9",
        ),
        (
            json!({ "secrets": [{ "name": "A", "value": "1" }, { "name": "A", "value": "2" }] }),
            "A secret is named twice",
        ),
        (
            json!({ "dependencies": [{ "name": "a", "version": "1" }, { "name": "a", "version": "2" }] }),
            "A dependency is named twice",
        ),
    ] {
        refused(&api.post("/actions/actions", with("two", &members)).await, 400, message, Some("invalid_body"));
        refused(&api.patch(&path(&made), members).await, 400, message, Some("invalid_body"));
    }
    for (members, reason) in [
        (json!({ "runtime": "node99" }), "'No enum match for: node99' on property runtime (The Node runtime.)."),
        (
            json!({ "supported_triggers": [] }),
            "'Array is too short (0), minimum 1' on property supported_triggers (The trigger that it is for; never changes.).",
        ),
        (json!({ "status": "built" }), "'Additional properties not allowed: status'."),
        (json!({ "secrets": [{ "value": "x" }] }), "'Missing required property: name' on property secrets[0]."),
        (
            json!({ "name": "" }),
            "'String is too short (0 chars), minimum 1' on property name (The name of an action.).",
        ),
    ] {
        invalid(&api.post("/actions/actions", with("two", &members)).await, reason);
        invalid(&api.patch(&path(&made), members).await, reason);
    }
    let many: Vec<Value> = (0..31).map(|n| json!({ "name": format!("S{n}"), "value": "" })).collect();
    assert_eq!(api.post("/actions/actions", with("two", &json!({ "secrets": many }))).await.status, 400);
    assert_eq!(api.post("/actions/actions", with("two", &json!({ "code": "x".repeat(100_001) }))).await.status, 400);
    let empty = api.post("/actions/actions", with("two", &json!({ "code": "", "deploy": true }))).await;
    refused(&empty, 400, "An action without code cannot be deployed", Some("invalid_body"));
    let other = api.patch(&path(&made), json!({ "supported_triggers": [{ "id": "credentials-exchange" }] })).await;
    refused(&other, 400, "The trigger of an action never changes", Some("invalid_body"));
    let again = api.post("/actions/actions", body("one")).await;
    refused(&again, 409, "An action of this trigger with the same name already exists", None);
    assert_eq!(api.get("/actions/actions").await.json()["total"], 1);
    assert_eq!(api.get(&path(&made)).await.json(), made);
}

#[tokio::test]
async fn lists_of_actions_leave_out_what_is_zero() {
    let api = Api::new().await;
    assert_eq!(api.get("/actions/actions").await.json(), json!({ "actions": [], "per_page": 50 }));
    for name in ["a", "b", "c"] {
        api.app.advance(1);
        api.create("/actions/actions", body(name)).await;
    }
    api.app.advance(1);
    let (id, _) = deployed(&api, "d").await;
    let names = |answer: &Value| -> Vec<String> {
        answer["actions"].as_array().unwrap().iter().map(|own| own["name"].as_str().unwrap().to_owned()).collect()
    };
    for (query, expected, total) in [
        ("", &["a", "b", "c", "d"][..], 4),
        ("?per_page=2&page=1", &["c", "d"], 4),
        ("?page=9&per_page=100", &[], 4),
        ("?deployed=true", &["d"], 1),
        ("?deployed=false", &["a", "b", "c"], 3),
        ("?actionName=b", &["b"], 1),
        ("?triggerId=post-login&installed=false", &["a", "b", "c", "d"], 4),
    ] {
        let found = api.get(&format!("/actions/actions{query}")).await.json();
        assert_eq!(
            (names(&found), &found["total"]),
            (expected.iter().map(ToString::to_string).collect(), &json!(total)),
            "{query}"
        );
    }
    for query in ["?installed=true", "?triggerId=send-phone-message"] {
        assert_eq!(api.get(&format!("/actions/actions{query}")).await.json(), json!({ "actions": [], "per_page": 50 }));
    }
    let page = api.get("/actions/actions?page=1&per_page=3").await.json();
    assert_eq!((&page["page"], &page["per_page"], &page["actions"][0]["id"]), (&json!(1), &json!(3), &json!(id)));
    assert_eq!(page["actions"][0]["deployed_version"]["deployed"], true);
    let totals = api.get("/actions/actions?include_totals=true").await;
    let message = "Query validation error: 'Additional properties not allowed: include_totals'.";
    refused(&totals, 400, message, Some("invalid_query_string"));
}

#[tokio::test]
async fn deploying_makes_versions_and_a_change_of_the_draft_shows() {
    let api = Api::new().await;
    let made = api.create("/actions/actions", body("add claim")).await;
    let first = deploy(&api, &made).await;
    assert_eq!((&first["number"], &first["deployed"], &first["status"]), (&json!(1), &json!(false), &json!("built")));
    assert_eq!((&first["action"]["id"], &first["action"]["name"]), (&made["id"], &json!("add claim")));
    let read = api.get(&path(&made)).await.json();
    assert_eq!((&read["all_changes_deployed"], &read["deployed_version"]["deployed"]), (&json!(true), &json!(true)));
    assert_eq!(read["deployed_version"]["id"], first["id"]);
    api.app.advance(1);
    let changed = api.patch(&path(&made), json!({ "code": "exports.changed = 1;" })).await.json();
    assert_eq!((&changed["all_changes_deployed"], &changed["deployed_version"]["code"]), (&json!(false), &json!(CODE)));
    assert_eq!(
        (&changed["updated_at"], &changed["created_at"]),
        (&json!("2026-03-01T12:00:01.000000000Z"), &made["created_at"])
    );
    let renamed = api.patch(&path(&made), json!({ "code": CODE, "name": "renamed" })).await.json();
    assert_eq!(renamed["all_changes_deployed"], true, "the name is no part of what runs");
    api.patch(&path(&made), json!({ "code": "exports.changed = 2;" })).await;
    let second = deploy(&api, &made).await;
    let versions = api.get(&format!("{}/versions", path(&made))).await.json();
    let numbers: Vec<(i64, bool)> = versions["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| (own["number"].as_i64().unwrap(), own["deployed"].as_bool().unwrap()))
        .collect();
    assert_eq!(numbers, [(2, true), (1, false)], "newest first");
    let version = |version: &Value| format!("{}/versions/{}", path(&made), version["id"].as_str().unwrap());
    assert_eq!(api.get(&version(&first)).await.json()["code"], CODE);
    // Going back makes a new version of the old one, and leaves the draft.
    let back = api.send(Method::POST, &format!("{}/deploy", version(&first)), None).await;
    assert_eq!((back.status.as_u16(), &back.json()["number"], &back.json()["code"]), (200, &json!(3), &json!(CODE)));
    let read = api.get(&path(&made)).await.json();
    assert_eq!((&read["code"], &read["all_changes_deployed"]), (&json!("exports.changed = 2;"), &json!(false)));
    let again = api.post(&format!("{}/deploy", version(&first)), json!({ "update_draft": true })).await.json();
    let read = api.get(&path(&made)).await.json();
    assert_eq!((&read["code"], &read["all_changes_deployed"]), (&json!(CODE), &json!(true)));
    assert_eq!(read["deployed_version"]["id"], again["id"]);
    assert_ne!(second["id"], again["id"]);
    let missing = "That version does not exist.";
    refused(&api.get(&format!("{}/versions/x", path(&made))).await, 404, missing, None);
    let nothing = api.send(Method::POST, "/actions/actions/x/deploy", None).await;
    refused(&nothing, 404, "That action does not exist.", None);
    let empty = api.create("/actions/actions", with("empty", &json!({ "code": " " }))).await;
    let refusal = api.send(Method::POST, &format!("{}/deploy", path(&empty)), None).await;
    refused(&refusal, 400, "An action without code cannot be deployed", Some("invalid_body"));
}

#[tokio::test]
async fn fifty_versions_are_kept() {
    let api = Api::new().await;
    let made = api.create("/actions/actions", body("often")).await;
    for _ in 0..52 {
        deploy(&api, &made).await;
    }
    let versions = api.get(&format!("{}/versions?per_page=100", path(&made))).await.json();
    let numbers: Vec<i64> =
        versions["versions"].as_array().unwrap().iter().map(|own| own["number"].as_i64().unwrap()).collect();
    assert_eq!((numbers.len(), numbers[0], numbers[49]), (50, 52, 3));
}

/// §1.13: "list replaces the previous list; `{name}` without value keeps the stored value, a missing entry is deleted".
#[tokio::test]
async fn st_03_secrets_are_sealed_and_an_entry_without_value_keeps_it() {
    let api = Api::new().await;
    let secrets = json!([{ "name": "A", "value": "hush-a" }, { "name": "B", "value": "hush-b" }]);
    let made = api.create("/actions/actions", with("secretive", &json!({ "secrets": secrets }))).await;
    let time = "2026-03-01T12:00:00.000000000Z";
    assert_eq!(made["secrets"], json!([{ "name": "A", "updated_at": time }, { "name": "B", "updated_at": time }]));
    deploy(&api, &made).await;
    bind(&api, "secretive").await;
    let bound = || async {
        let bound = api.app.app.bound_actions(&api.app.tenant.id, "post-login").await.unwrap();
        let secrets = bound[0].secrets.iter().map(|(name, value)| format!("{name}={}", value.expose_secret()));
        secrets.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(bound().await, "A=hush-a B=hush-b");
    api.app.advance(5);
    let later = "2026-03-01T12:00:05.000000000Z";
    let change = json!({ "secrets": [{ "name": "A" }, { "name": "C", "value": "hush-c" }] });
    let changed = api.patch(&path(&made), change).await.json();
    assert_eq!(changed["secrets"], json!([{ "name": "A", "updated_at": time }, { "name": "C", "updated_at": later }]));
    assert_eq!(changed["all_changes_deployed"], false);
    assert_eq!(bound().await, "A=hush-a B=hush-b", "what runs is what was deployed");
    deploy(&api, &made).await;
    assert_eq!(bound().await, "A=hush-a C=hush-c");
    // Secrets of a binding count before those of the action.
    let bindings = json!([{
        "ref": { "type": "action_id", "value": made["id"] }, "display_name": "Shown",
        "secrets": [{ "name": "A", "value": "hush-bound" }],
    }]);
    let answer = api.patch("/actions/triggers/post-login/bindings", json!({ "bindings": bindings })).await.json();
    assert_eq!(answer["bindings"][0]["secrets"], json!([{ "name": "A", "updated_at": later }]));
    assert_eq!(bound().await, "A=hush-bound C=hush-c");
    let kept = json!([{ "ref": { "type": "action_name", "value": "secretive" } }]);
    api.patch("/actions/triggers/post-login/bindings", json!({ "bindings": kept })).await;
    assert_eq!(bound().await, "A=hush-bound C=hush-c", "a binding that stays keeps them");
    // A change without secrets keeps all of them.
    api.patch(&path(&made), json!({ "name": "still secretive" })).await;
    deploy(&api, &made).await;
    assert_eq!(bound().await, "A=hush-bound C=hush-c");
    let all = [
        api.get("/actions/actions").await.json(),
        api.get(&format!("{}/versions", path(&made))).await.json(),
        api.get("/actions/triggers/post-login/bindings").await.json(),
        api.get("/logs").await.json(),
    ];
    assert!(!json!(all).to_string().contains("hush"), "{all:?}");
    let tenant = api.app.tenant.id.clone();
    let rows = api.app.app.store().read(move |tx| keywright_store::actions::list(tx, &tenant)).await.unwrap();
    assert!(rows.iter().all(|row| !String::from_utf8_lossy(row.secrets.as_ref().unwrap()).contains("hush")));
    assert!(rows.iter().all(|row| !row.document.contains("hush")));
    let none = api.patch(&path(&made), json!({ "secrets": [] })).await.json();
    assert_eq!(none["secrets"], json!([]));
}

#[tokio::test]
async fn triggers_are_those_of_the_protocol() {
    let api = Api::new().await;
    let triggers = api.get("/actions/triggers").await.json();
    let current: Vec<(&str, &str)> = triggers["triggers"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|own| own["status"] == "CURRENT")
        .map(|own| (own["id"].as_str().unwrap(), own["version"].as_str().unwrap()))
        .collect();
    assert_eq!(current.len(), 14);
    assert_eq!(current[..2], [("post-login", "v3"), ("credentials-exchange", "v2")]);
    let first = json!({
        "id": "post-login", "version": "v3", "status": "CURRENT", "runtimes": ["node22", "node18"],
        "default_runtime": "node22", "binding_policy": "trigger-bound", "compatible_triggers": [],
    });
    assert_eq!(triggers["triggers"][0], first);
}

#[tokio::test]
async fn bindings_are_an_ordered_list_that_is_replaced() {
    let api = Api::new().await;
    let own = "/actions/triggers/post-login/bindings";
    assert_eq!(api.get(own).await.json(), json!({ "bindings": [], "per_page": 50 }));
    let (a, _) = deployed(&api, "a").await;
    deployed(&api, "b").await;
    let reference = |kind: &str, value: &str| json!({ "ref": { "type": kind, "value": value } });
    let set = |bindings: Value| {
        let api = api.clone();
        async move { api.patch(own, json!({ "bindings": bindings })).await }
    };
    let both = set(json!([reference("action_name", "b"), reference("action_id", &a)])).await.json();
    let shown = |answer: &Value| -> Vec<String> {
        answer["bindings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|own| own["display_name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!((shown(&both), &both["total"]), (vec!["b".to_owned(), "a".to_owned()], &json!(2)));
    assert_eq!(
        (&both["bindings"][0]["trigger_id"], &both["bindings"][1]["action"]["id"]),
        (&json!("post-login"), &json!(a))
    );
    assert_eq!(api.get(&format!("{own}?page=0&per_page=50")).await.json(), both);
    let first = both["bindings"][1]["id"].as_str().unwrap().to_owned();
    let one = set(json!([{ "ref": { "type": "binding_id", "value": first }, "display_name": "A!" }])).await.json();
    assert_eq!((shown(&one), &one["bindings"][0]["id"]), (vec!["A!".to_owned()], &json!(first)));
    let order = api.app.app.bound_actions(&api.app.tenant.id, "post-login").await.unwrap();
    assert_eq!(order.iter().map(|action| action.name.as_str()).collect::<Vec<_>>(), ["a"]);

    api.create("/actions/actions", body("draft")).await;
    let other = json!({ "supported_triggers": [{ "id": "credentials-exchange" }], "deploy": true });
    let other = api.create("/actions/actions", with("other", &other)).await;
    let other = other["id"].as_str().unwrap();
    for (bindings, status, message, code) in [
        (json!([reference("action_name", "nobody")]), 404, "That action does not exist.", None),
        (json!([reference("action_id", "nobody")]), 404, "That action does not exist.", None),
        (json!([reference("binding_id", "nobody")]), 404, "That binding does not exist.", None),
        (
            json!([reference("action_id", other)]),
            400,
            "The action other is not for the trigger post-login",
            Some("invalid_body"),
        ),
        (
            json!([reference("action_name", "draft")]),
            400,
            "The action draft must be deployed before it can be bound",
            Some("invalid_body"),
        ),
        (
            json!([reference("action_name", "a"), reference("action_id", &a)]),
            400,
            "An action is bound twice",
            Some("invalid_body"),
        ),
    ] {
        refused(&set(bindings).await, status, message, code);
        assert_eq!(shown(&api.get(own).await.json()), ["A!"], "nothing is written");
    }
    let many: Vec<Value> = (0..21).map(|_| reference("action_name", "a")).collect();
    assert_eq!(set(json!(many)).await.status, 400);
    invalid(&api.patch(own, json!({})).await, "'Missing required property: bindings'.");
    assert_eq!(set(json!([])).await.json(), json!({ "bindings": [], "per_page": 50 }));
    refused(&api.get("/actions/triggers/nothing/bindings").await, 404, "That trigger does not exist.", None);
    let entity = "/actions/triggers/custom-email-provider/bindings";
    let refusal = api.patch(entity, json!({ "bindings": [reference("action_name", "a")] })).await;
    refused(&refusal, 400, "The trigger custom-email-provider has no list of bindings", Some("invalid_body"));
    assert_eq!(api.patch(entity, json!({ "bindings": [] })).await.status, 200);
}

/// §1.14: "refused while bound (400) unless `?force=true`".
#[tokio::test]
async fn an_action_that_is_bound_is_deleted_by_force_only() {
    let api = Api::new().await;
    let (id, _) = deployed(&api, "a").await;
    bind(&api, "a").await;
    let own = format!("/actions/actions/{id}");
    let message = "The action is bound to a trigger. Remove the binding first, or delete it with force=true.";
    refused(&api.delete(&own).await, 400, message, None);
    assert_eq!(api.delete(&format!("{own}?force=true")).await.status, 204);
    assert_eq!(
        api.get("/actions/triggers/post-login/bindings").await.json(),
        json!({ "bindings": [], "per_page": 50 })
    );
    for answer in [api.get(&own).await, api.delete(&own).await, api.get(&format!("{own}/versions")).await] {
        refused(&answer, 404, "That action does not exist.", None);
    }
}

#[tokio::test]
async fn what_does_not_run_says_so() {
    let api = Api::new().await;
    let (id, _) = deployed(&api, "a").await;
    let tried = api.post(&format!("/actions/actions/{id}/test"), json!({ "payload": { "event": {} } })).await;
    refused(&tried, 403, "This feature is not enabled for this tenant.", Some("feature_not_enabled"));
    refused(&api.get("/actions/executions/x").await, 404, "That execution does not exist.", None);
    assert_eq!(api.get("/actions/modules?page=0&per_page=100").await.json(), json!({ "modules": [], "per_page": 100 }));
    let module = api.post("/actions/modules", json!({ "name": "m", "code": "x" })).await;
    refused(&module, 403, "This feature is not enabled for this tenant.", Some("feature_not_enabled"));
    refused(&api.get("/actions/modules/x").await, 404, "That module does not exist.", None);
}

#[tokio::test]
async fn a_tenant_has_a_hundred_actions() {
    let api = Api::new().await;
    for number in 0..100 {
        api.create("/actions/actions", body(&format!("action {number}"))).await;
    }
    let beyond = api.post("/actions/actions", body("one more")).await;
    let message = "You reached the limit of entities of this type for this tenant.";
    refused(&beyond, 403, message, Some("too_many_entities"));
}
