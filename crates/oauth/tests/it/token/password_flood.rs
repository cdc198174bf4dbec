//! LG-04: a flood of passwords fills the pool that hashes them, and nothing else waits for it.
//!
//! A request that has its place in the pool is not asked for its answer any more, so it keeps the place: the pool is full
//! because of what the test did, and stays full for as long as the test wants, on any machine.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use keywright_testkit::{Answer, Engine, Registered, Scene};
use keywright_types::{AppType, TenantSettings};

use crate::expect::uncached;
use crate::routes;

type Asked = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A request for the tokens of an account that is nobody's, from an address of its own: nothing but the pool is in its way.
fn guess(scene: &Scene, web: &Registered, number: usize) -> Asked {
    let [high, low] = u16::try_from(number).unwrap().to_be_bytes();
    let app = scene.app.from_address(&format!("203.{high}.{low}.1"));
    let (id, secret) = (web.id().to_owned(), web.secret.clone());
    Box::pin(async move {
        let username = format!("user{number}@example.com");
        let fields = [
            ("grant_type", "password"),
            ("client_id", &*id),
            ("client_secret", &*secret),
            ("username", &*username),
            ("password", "wrong"),
        ];
        app.post_form("/oauth/token", &fields).await
    })
}

/// Goes on with a request until it has a place in the pool, or an answer.
async fn admitted(scene: &Scene, asked: &mut Asked) -> Option<Answer> {
    let places = || {
        let load = scene.app.app.password_hashing();
        load.running + load.waiting
    };
    let before = places();
    poll_fn(|context| match asked.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if places() > before => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

#[track_caller]
fn sent_away(answer: &Answer) {
    let sentence = "The server cannot answer now. Please try again.";
    assert_eq!(answer.oauth_error(), (503, "temporarily_unavailable".to_owned(), sentence.to_owned()), "{answer:#?}");
    assert_eq!(answer.header("retry-after"), "1");
    assert!(answer.header("content-type").starts_with("application/json"), "{answer:#?}");
    uncached(answer);
}

#[track_caller]
fn wrong(answer: &Answer) {
    let expected = (403, "invalid_grant".to_owned(), "Wrong email or password.".to_owned());
    assert_eq!(answer.oauth_error(), expected, "{answer:#?}");
}

#[tokio::test]
async fn lg_04_a_flood_of_passwords_does_not_starve_the_token_endpoint() {
    let directory = "Username-Password-Authentication".to_owned();
    let settings = TenantSettings { default_directory: directory, ..TenantSettings::default() };
    let scene = Scene::with(routes, Engine::Sqlite, settings).await;
    let password = |client: &mut keywright_types::Client| client.grant_types.push("password".to_owned());
    let web = scene.app.change_client(&scene.web, password).await;
    assert_eq!(web.client.app_type, Some(AppType::RegularWeb));
    let tokens = scene.tokens(&scene.web, "openid offline_access", "").await;
    let (mut held, mut number) = (Vec::new(), 0);
    loop {
        number += 1;
        let mut asked = guess(&scene, &web, number);
        match admitted(&scene, &mut asked).await {
            None => held.push(asked),
            Some(answer) if answer.status == 503 => break sent_away(&answer),
            Some(answer) => wrong(&answer),
        }
    }
    assert!(held.len() > 32, "each core has a queue: {}", held.len());
    // Ten times what the pool takes, and somebody else's business in between.
    let machine = [
        ("grant_type", "client_credentials"),
        ("client_id", scene.machine.id()),
        ("client_secret", &*scene.machine.secret),
        ("audience", "appointments:api"),
    ];
    for more in 0..9 * held.len() {
        sent_away(&guess(&scene, &web, number + more + 1).await);
        if more % 8 == 0 {
            let answer = scene.app.post_form("/oauth/token", &machine).await;
            assert_eq!(answer.status, 200, "{answer:#?}");
        }
    }
    assert_eq!(scene.refresh(&scene.web, &tokens.text("refresh_token"), &[]).await.status, 200);
    let userinfo = crate::expect::userinfo(&scene, &tokens.text("access_token")).await;
    assert_eq!(userinfo.status, 200, "{userinfo:#?}");
    // Who had a place gets an answer, and then there are places again.
    for asked in held {
        wrong(&asked.await);
    }
    wrong(&guess(&scene, &web, 0).await);
}
