//! ST-03: "Rotate under load". Logins, codes, refreshes, opaque tokens and client secrets go on, on two nodes, while data key
//! and master key are changed beneath them.

use keywright_app::DataKeyState;
use keywright_jose::{MasterKey, Random};
use keywright_store::{config, data_keys};
use keywright_testkit::{Answer, Browser, Engine, Scene, TestApp};
use keywright_types::TenantSettings;
use secrecy::SecretString;
use tokio::task::JoinSet;

use crate::expect::userinfo;
use crate::routes;

const COOKIES: [&str; 2] = ["__Host-auth0", "__Host-auth0-browser"];
const SCOPE: (&str, &str) = ("scope", "openid profile offline_access");
const DAY: i64 = 24 * 60 * 60;

/// What a user holds after a login: made by one node, to be used at every other one.
#[derive(Clone)]
struct Held {
    browser: Browser,
    access_token: String,
    refresh_token: String,
}

/// The same browser, asking another node.
fn browser_at(node: &TestApp, browser: &Browser) -> Browser {
    let other = node.browser();
    for name in COOKIES {
        other.set_cookie(name, browser.cookie(name).as_deref());
    }
    other
}

fn ok(answer: Answer, what: &str) -> Answer {
    assert_eq!(answer.status, 200, "{what}: {answer:#?}");
    answer
}

async fn token(node: &TestApp, scene: &Scene, fields: &[(&str, &str)]) -> Answer {
    let client = [("client_id", scene.web.id()), ("client_secret", scene.web.secret.as_str())];
    let fields: Vec<_> = client.into_iter().chain(fields.iter().copied()).collect();
    ok(node.post_form("/oauth/token", &fields).await, "token")
}

async fn redeem(node: &TestApp, scene: &Scene, code: &str) -> Answer {
    let callback = scene.web.client.callbacks[0].as_str();
    token(node, scene, &[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", callback)]).await
}

/// A login that begins at one node; the code is redeemed at another one.
async fn log_in(scene: &Scene, one: &TestApp, another: &TestApp) -> Held {
    let browser = one.browser();
    let answer = scene.log_in(&browser, &scene.web, &[SCOPE]).await;
    let code = answer.location_parameter("code").unwrap_or_else(|| panic!("no code: {answer:#?}"));
    let tokens = redeem(another, scene, &code).await;
    Held { browser, access_token: tokens.text("access_token"), refresh_token: tokens.text("refresh_token") }
}

/// Uses all of it at `node`.
async fn use_held(scene: &Scene, node: &TestApp, held: &Held) {
    let bearer = format!("Bearer {}", held.access_token);
    ok(node.get("/userinfo", &[("authorization", &bearer)]).await, "userinfo");
    token(node, scene, &[("grant_type", "refresh_token"), ("refresh_token", &held.refresh_token)]).await;
    let silent = scene.authorize_path(&scene.web, &[SCOPE, ("prompt", "none")]);
    let answer = browser_at(node, &held.browser).get(&silent).await;
    let code = answer.location_parameter("code").unwrap_or_else(|| panic!("not signed in: {answer:#?}"));
    redeem(node, scene, &code).await;
    let machine = [
        ("grant_type", "client_credentials"),
        ("audience", "appointments:api"),
        ("client_id", scene.machine.id()),
        ("client_secret", scene.machine.secret.as_str()),
    ];
    ok(node.post_form("/oauth/token", &machine).await, "client credentials");
}

/// What users do at the same time, crosswise over the nodes; gives what the new ones hold.
async fn load(scene: &Scene, nodes: &[TestApp], held: &[Held]) -> Vec<Held> {
    let mut tasks = JoinSet::new();
    for round in 0..2 {
        for (index, node) in nodes.iter().enumerate() {
            let (scene, one, another) = (scene.clone(), node.clone(), nodes[(index + round) % nodes.len()].clone());
            tasks.spawn(async move { Some(log_in(&scene, &one, &another).await) });
        }
    }
    for (index, held) in held.iter().enumerate() {
        let (scene, node, held) = (scene.clone(), nodes[index % nodes.len()].clone(), held.clone());
        tasks.spawn(async move {
            use_held(&scene, &node, &held).await;
            None
        });
    }
    tasks.join_all().await.into_iter().flatten().collect()
}

/// Waits until every node has heard of everything that was changed so far: a second at most, but not of the test's clock.
async fn heard(nodes: &[TestApp]) {
    for node in nodes {
        let newest = node.app.store().read(config::current).await.unwrap();
        node.app.store().config_changes().wait_for(|version| *version >= newest).await.unwrap();
    }
}

async fn states(node: &TestApp) -> Vec<DataKeyState> {
    node.app.list_data_keys().await.unwrap().iter().map(|key| key.state).collect()
}

fn new_key() -> SecretString {
    MasterKey::generate(&Random::system()).to_base64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn st_03_keys_are_rotated_under_load_and_nothing_fails() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let mut nodes = vec![scene.app.clone(), scene.second_node().await];
        let mut held = load(&scene, &nodes, &[]).await;

        // The master key, while everybody works: one node is started anew with it, the other one goes on with the old one.
        let (old, new) = (scene.master_key.clone(), new_key());
        let before = [&old];
        let (more, started) = tokio::join!(load(&scene, &nodes, &held), scene.start_node(&new, &before));
        held.extend(more);
        nodes.push(started.unwrap());
        held.extend(load(&scene, &nodes, &held).await);
        nodes[1] = scene.start_node(&new, &[&old]).await.unwrap();
        // The scene's own node keeps the old master key; it is not asked any more.
        let nodes = &nodes[1..];

        // The data key: announced, in use, everything sealed again by both nodes at once, each under load.
        let (more, rotated) = tokio::join!(load(&scene, nodes, &held), nodes[0].app.rotate_data_key(false));
        assert_eq!(rotated.unwrap().generation, 2);
        held.extend(more);
        heard(nodes).await;
        scene.app.advance(59);
        held.extend(load(&scene, nodes, &held[..6]).await);
        scene.app.advance(1);
        held.extend(load(&scene, nodes, &held).await);
        scene.app.advance(60);
        for _ in 0..2 {
            let (more, one, another) =
                tokio::join!(load(&scene, nodes, &held), nodes[0].app.tend_data_keys(), nodes[1].app.tend_data_keys());
            held.extend(more.into_iter().take(2));
            one.unwrap();
            another.unwrap();
        }
        assert!(nodes[0].app.list_data_keys().await.unwrap()[2].resealed_at.is_some(), "{engine:?}");

        // A month later the first generation goes, under load again. Refresh tokens live on.
        scene.app.advance(31 * DAY);
        let fresh = load(&scene, nodes, &[]).await;
        let (more, tended) = tokio::join!(load(&scene, nodes, &fresh), nodes[1].app.tend_data_keys());
        tended.unwrap();
        assert_eq!(states(&nodes[0]).await, [DataKeyState::Lookup, DataKeyState::Retired, DataKeyState::Current]);
        heard(nodes).await;
        load(&scene, nodes, &[fresh, more].concat()).await;
        for Held { refresh_token, .. } in &held {
            token(&nodes[0], &scene, &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await;
        }
        // A node that never knew anything else, with the new master key alone.
        let last = scene.start_node(&new, &[]).await.unwrap();
        load(&scene, std::slice::from_ref(&last), &[]).await;
        assert_eq!(last.app.reseal(u64::MAX).await.unwrap().unreadable, 0, "{engine:?}");
        let rows = last.app.store().read(data_keys::list).await.unwrap();
        assert_eq!((rows[1].data_key.as_ref(), rows.len()), (None, 3));
    }
}

#[tokio::test]
async fn st_03_after_a_leak_nothing_that_was_made_with_the_old_key_is_accepted() {
    for engine in Engine::all() {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let node = scene.app.clone();
        let held = log_in(&scene, &node, &node).await;
        let rotation = node.app.rotate_data_key(true).await.unwrap();
        assert_eq!(rotation.revoked_families, 1);
        let fields = [
            ("grant_type", "refresh_token"),
            ("refresh_token", held.refresh_token.as_str()),
            ("client_id", scene.web.id()),
            ("client_secret", scene.web.secret.as_str()),
        ];
        let answer = node.post_form("/oauth/token", &fields).await;
        assert_eq!(answer.json()["error"], "invalid_grant", "{answer:#?}");
        assert_eq!(userinfo(&scene, &held.access_token).await.status, 200, "not before everything is sealed again");
        for seconds in [120, 60, 60] {
            scene.app.advance(seconds);
            node.app.tend_data_keys().await.unwrap();
        }
        assert_eq!(states(&node).await[1], DataKeyState::Retired, "{engine:?}");
        assert_eq!(userinfo(&scene, &held.access_token).await.status, 401);
        let silent = scene.authorize_path(&scene.web, &[SCOPE, ("prompt", "none")]);
        let answer = held.browser.get(&silent).await;
        assert_eq!(answer.location_parameter("error").as_deref(), Some("login_required"), "{answer:#?}");
        let held = log_in(&scene, &node, &node).await;
        use_held(&scene, &node, &held).await;
    }
}
