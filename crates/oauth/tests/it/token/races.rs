//! "Once" and "at most" under parallel use, on both engines and from two nodes (CO-03, RT-01, ST-01).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use keywright_testkit::{Answer, Engine, Registered, Scene, TestApp};
use keywright_types::TenantSettings;
use tokio::task::JoinSet;

use crate::expect::{form, granted, only_one, race, refused, userinfo};
use crate::routes;

const AT_ONCE: usize = 50;

/// A scene on each engine.
async fn scenes() -> Vec<Scene> {
    let mut scenes = Vec::new();
    for engine in Engine::all() {
        scenes.push(Scene::with(routes, engine, TenantSettings::default()).await);
    }
    scenes
}

/// The same token request [`AT_ONCE`] times at the same moment, on both nodes by turns.
async fn at_once(scene: &Scene, second: &TestApp, fields: &[(&str, &str)]) -> Vec<Answer> {
    let body = form(fields);
    race(&[&scene.app, second], AT_ONCE, |node| {
        let body = body.clone();
        async move {
            let headers = [("content-type", "application/x-www-form-urlencoded")];
            node.request(http::Method::POST, "/oauth/token", &headers, body).await
        }
    })
    .await
}

/// The one success among `answers`; every other one is exactly this refusal.
fn only_success(answers: Vec<Answer>, sentence: &str) -> Answer {
    let (success, others) = only_one(answers, 200);
    for answer in &others {
        refused(answer, 403, "invalid_grant", sentence);
    }
    success
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn co_03_fifty_parallel_uses_of_one_code_give_tokens_once() {
    for scene in scenes().await {
        let second = scene.second_node().await;
        for _ in 0..4 {
            let code = scene.code(&scene.web, &[("scope", "openid offline_access")]).await;
            let fields = [
                ("grant_type", "authorization_code"),
                ("code", code.as_str()),
                ("client_id", scene.web.id()),
                ("client_secret", scene.web.secret.as_str()),
                ("redirect_uri", "https://app.example.com/callback"),
            ];
            let answers = at_once(&scene, &second, &fields).await;
            let tokens = only_success(answers, "Invalid authorization code");
            // The others were replays: what the first one was given is dead, on every node.
            for node in [&scene.app, &second] {
                let bearer = format!("Bearer {}", tokens.text("access_token"));
                assert_eq!(node.get("/userinfo", &[("authorization", &bearer)]).await.status, 401);
            }
            let answer = scene.refresh(&scene.web, &tokens.text("refresh_token"), &[]).await;
            refused(&answer, 403, "invalid_grant", "Unknown or invalid refresh token.");
            // Tokens of the next round must not share their second of issue with revoked ones.
            scene.app.advance(1);
        }
    }
}

fn refresh_fields<'a>(client: &'a Registered, token: &'a str) -> [(&'a str, &'a str); 3] {
    [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", client.id())]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rt_01_fifty_parallel_uses_of_a_rotating_token_give_one_successor_and_end_the_family() {
    for scene in scenes().await {
        let second = scene.second_node().await;
        for round in 0..4 {
            let mut token = scene.tokens(&scene.spa, "openid offline_access", "").await.text("refresh_token");
            for _ in 0..round {
                token = scene.refresh(&scene.spa, &token, &[]).await.text("refresh_token");
            }
            let answers = at_once(&scene, &second, &refresh_fields(&scene.spa, &token)).await;
            let winner = only_success(answers, "Unknown or invalid refresh token.");
            assert_ne!(winner.text("refresh_token"), token);
            for dead in [winner.text("refresh_token"), token] {
                let answer = scene.refresh(&scene.spa, &dead, &[]).await;
                refused(&answer, 403, "invalid_grant", "Unknown or invalid refresh token.");
            }
            // §4.4: "active access tokens stay valid".
            assert_eq!(userinfo(&scene, &winner.text("access_token")).await.status, 200);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn rt_01_within_the_leeway_fifty_parallel_uses_share_one_successor() {
    for scene in scenes().await {
        let spa = scene.app.change_client(&scene.spa, |client| client.refresh_token.leeway = 30).await;
        let second = scene.second_node().await;
        let token = scene.tokens(&spa, "offline_access", "").await.text("refresh_token");
        let answers = at_once(&scene, &second, &refresh_fields(&spa, &token)).await;
        let successors: BTreeSet<String> = answers
            .iter()
            .map(|answer| {
                granted(answer);
                answer.text("refresh_token")
            })
            .collect();
        assert_eq!(successors.len(), 1, "one live branch");
        let next = scene.refresh(&spa, successors.first().unwrap(), &[]).await;
        granted(&next);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_token_that_does_not_rotate_serves_fifty_at_once() {
    for scene in scenes().await {
        let second = scene.second_node().await;
        let token = scene.tokens(&scene.web, "offline_access", "").await.text("refresh_token");
        let secret = ("client_secret", scene.web.secret.as_str());
        let fields = [&refresh_fields(&scene.web, &token)[..], &[secret]].concat();
        for answer in at_once(&scene, &second, &fields).await {
            granted(&answer);
            assert!(answer.json().get("refresh_token").is_none());
        }
    }
}

/// One operation as it was seen from outside: when it began, when it was answered, and how.
struct Seen {
    began: u64,
    answered: u64,
    granted: bool,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn st_01_a_revocation_takes_effect_at_one_moment_for_all() {
    for scene in scenes().await {
        let second = scene.second_node().await;
        let token = scene.tokens(&scene.web, "offline_access", "").await.text("refresh_token");
        let order = Arc::new(AtomicU64::new(0));
        let tick = |order: &AtomicU64| order.fetch_add(1, Ordering::SeqCst);
        let mut uses = JoinSet::new();
        for number in 0..8 {
            let node = if number % 2 == 0 { scene.app.clone() } else { second.clone() };
            let (order, token, client) = (order.clone(), token.clone(), scene.web.clone());
            uses.spawn(async move {
                let mut seen = Vec::new();
                // Each of them goes on until it was refused three times, which only the revocation can bring about.
                while seen.iter().filter(|one: &&Seen| !one.granted).count() < 3 {
                    assert!(seen.len() < 2000, "no revocation took effect");
                    let began = tick(&order);
                    let fields = [&refresh_fields(&client, &token)[..], &[("client_secret", &client.secret)]].concat();
                    let answer = node.post_form("/oauth/token", &fields).await;
                    seen.push(Seen { began, answered: tick(&order), granted: answer.status == 200 });
                }
                seen
            });
        }
        while order.load(Ordering::SeqCst) < 40 {
            tokio::task::yield_now().await;
        }
        let began = tick(&order);
        let fields =
            [("token", token.as_str()), ("client_id", scene.web.id()), ("client_secret", scene.web.secret.as_str())];
        assert_eq!(second.post_form("/oauth/revoke", &fields).await.status, 200);
        let answered = tick(&order);
        let history: Vec<Seen> = uses.join_all().await.into_iter().flatten().collect();
        for one in &history {
            assert!(one.granted || one.answered > began, "refused before anybody revoked");
            assert!(!one.granted || one.began < answered, "granted after the revocation was acknowledged");
        }
        let first_refusal = history.iter().filter(|one| !one.granted).map(|one| one.answered).min().unwrap();
        let late = history.iter().filter(|one| one.granted && one.began > first_refusal).count();
        assert_eq!(late, 0, "granted again after a refusal: the revocation rolled back");
    }
}
