//! Two nodes on one database (DV-06, ST-01): a code requested on one, activated on the other, and fetched on both at once.

use keywright_testkit::{Engine, TestApp};

use super::{Device, INVALID, on, say};
use crate::expect::{granted, only_one, race, refused};

const AT_ONCE: usize = 50;

async fn fetched_at_once(
    nodes: &[&TestApp],
    device: &Device,
    client: &keywright_testkit::Registered,
) -> Vec<keywright_testkit::Answer> {
    race(nodes, AT_ONCE, |node| {
        let (device, client) = (device.clone(), client.clone());
        async move { device.poll(&node, &client).await }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn dv_06_fifty_parallel_questions_on_two_nodes_give_tokens_once() {
    for engine in Engine::all() {
        let scene = on(engine).await;
        let second = scene.second_node().await;
        for _ in 0..3 {
            let device = Device::of(&scene.app, &scene.native, &[("scope", "openid offline_access")]).await;
            let done = device.activate(&second.browser()).await;
            assert_eq!(done.location(), "/activate/complete");
            let (tokens, others) = only_one(fetched_at_once(&[&scene.app, &second], &device, &scene.native).await, 200);
            for answer in &others {
                refused(answer, 403, "invalid_grant", INVALID);
            }
            granted(&scene.refresh(&scene.native, &tokens.text("refresh_token"), &[]).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn dv_06_of_a_yes_and_a_no_at_the_same_moment_one_counts() {
    for engine in Engine::all() {
        let scene = on(engine).await;
        let second = scene.second_node().await;
        let browser = crate::expect::logged_in(&scene).await;
        // Agreed to before, so that a "yes" needs no page in between.
        let first = Device::new(&scene, &[]).await;
        first.activate(&browser).await;
        granted(&first.poll(&scene.app, &scene.native).await);
        for round in 0..6 {
            let device = Device::new(&scene, &[]).await;
            let page = device.question(&browser).await;
            let resume = say(&browser, &page, "confirm").await.location().to_owned();
            let (yes, no) = tokio::join!(browser.get(&resume), say(&browser, &page, "cancel"));
            let outcomes = (yes.location(), no.location());
            let agreed = outcomes == ("/activate/complete", "/activate/expired");
            assert!(agreed || outcomes == ("/activate/expired", "/activate/denied"), "{round}: {outcomes:?}");
            let answers = fetched_at_once(&[&scene.app, &second], &device, &scene.native).await;
            if agreed {
                only_one(answers, 200);
            } else {
                let told = answers.iter().filter(|answer| answer.text("error") == "access_denied");
                assert_eq!(told.count(), 1, "a refusal is told once");
            }
        }
    }
}
