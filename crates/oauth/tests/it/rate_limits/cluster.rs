//! Several nodes on one database.

use keywright_testkit::{Answer, Engine, Scene, TestApp};

use super::{discovery, limit, limited};

fn admitted(answers: &[Answer]) -> usize {
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    let admitted = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(refused + admitted, answers.len(), "nothing but 200 and 429");
    admitted
}

/// So many requests at once, to all nodes in turn.
async fn at_once(nodes: &[TestApp], count: usize) -> usize {
    let mut requests = tokio::task::JoinSet::new();
    for number in 0..count {
        let node = nodes[number % nodes.len()].clone();
        requests.spawn(async move { discovery(&node).await });
    }
    admitted(&requests.join_all().await)
}

async fn two_nodes(scene: &Scene) -> [TestApp; 2] {
    [scene.app.clone(), scene.second_node().await]
}

#[tokio::test]
async fn do_01_a_small_bucket_is_exact_on_two_nodes() {
    for engine in Engine::all() {
        let scene = limited(engine, |limits| limits.authentication_api = limit(10, 10, 60)).await;
        let nodes = two_nodes(&scene).await;
        assert_eq!(at_once(&nodes, 40).await, 10, "{engine:?}");
        assert_eq!(at_once(&nodes, 10).await, 0);
        scene.app.advance(6);
        assert_eq!(at_once(&nodes, 10).await, 1);
        scene.app.advance(30);
        assert_eq!(at_once(&nodes, 20).await, 5);
    }
}

/// Requests come one after another, so that the nodes take tokens ahead.
#[tokio::test]
async fn do_01_a_large_bucket_is_never_exceeded_and_within_one_percent() {
    for engine in Engine::all() {
        let scene = limited(engine, |limits| limits.authentication_api = limit(400, 400, 60)).await;
        let nodes = two_nodes(&scene).await;
        let mut answers = Vec::new();
        for number in 0..420 {
            answers.push(discovery(&nodes[number % 2]).await);
        }
        let first = admitted(&answers);
        assert!((392..=400).contains(&first), "{first} of 400 on {engine:?}");
        // Half a minute at a steady pace of ten a second, which is more than comes back.
        let mut answers = Vec::new();
        for number in 0..300 {
            scene.app.app.clock().advance(jiff::SignedDuration::from_millis(100));
            answers.push(discovery(&nodes[number % 2]).await);
        }
        let second = admitted(&answers);
        assert!((196..=200 + (400 - first)).contains(&second), "{second} of 200 on {engine:?}");
    }
}

#[tokio::test]
async fn do_01_what_a_lost_node_had_comes_back() {
    let scene = limited(Engine::Sqlite, |limits| limits.authentication_api = limit(1000, 1000, 60)).await;
    let lost = scene.second_node().await;
    for _ in 0..40 {
        assert_eq!(discovery(&lost).await.status, 200);
    }
    drop(lost);
    // Its tokens lapse within a second, and all 40 are back after three.
    scene.app.advance(3);
    let admitted = at_once(std::slice::from_ref(&scene.app), 1010).await;
    assert!((990..=1000).contains(&admitted), "{admitted} of 1000");
}

#[tokio::test]
async fn do_01_a_database_that_does_not_answer_admits_nobody() {
    for engine in Engine::all() {
        let scene = limited(engine, |_| {}).await;
        assert_eq!(discovery(&scene.app).await.status, 200);
        scene.app.app.store().close().await;
        let answer = discovery(&scene.app).await;
        assert_eq!(answer.status, 503, "{answer:#?}");
        assert_eq!(answer.text("error"), "temporarily_unavailable");
        assert_eq!(scene.app.browser().get("/authorize").await.status, 503);
    }
}
