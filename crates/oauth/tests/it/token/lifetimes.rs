//! The two ends of a refresh token, and how many there may be (§4.2, §4.4; RT-06, RT-09).

use keywright_testkit::{Registered, Scene};
use keywright_types::{Client, ExpirationType};

use crate::expect::{granted, logged_in, next_code, refused};
use crate::routes;

const INVALID: &str = "Unknown or invalid refresh token.";

fn expiring(absolute: u32, idle: u32) -> impl FnOnce(&mut Client) {
    move |client| {
        let settings = &mut client.refresh_token;
        settings.expiration_type = ExpirationType::Expiring;
        settings.token_lifetime = absolute;
        settings.idle_token_lifetime = idle;
    }
}

async fn first(scene: &Scene, client: &Registered) -> String {
    scene.tokens(client, "openid offline_access", "").await.text("refresh_token")
}

/// Uses `token` after each of `steps` seconds; `good` of them succeed, the one after that is refused.
async fn check(scene: &Scene, client: &Registered, steps: &[i64], good: usize) {
    let mut token = first(scene, client).await;
    for (number, step) in steps.iter().enumerate() {
        scene.app.advance(*step);
        let answer = scene.refresh(client, &token, &[]).await;
        if number < good {
            granted(&answer);
            token = answer.json()["refresh_token"].as_str().unwrap_or(&token).to_owned();
        } else {
            refused(&answer, 403, "invalid_grant", INVALID);
        }
    }
}

#[tokio::test]
async fn rt_06_both_ends_hold_to_the_second_with_and_without_rotation() {
    let scene = Scene::new(routes).await;
    for client in [&scene.spa, &scene.web] {
        let client = scene.app.change_client(client, expiring(1000, 100)).await;
        // Idle end.
        check(&scene, &client, &[99], 1).await;
        check(&scene, &client, &[100], 0).await;
        check(&scene, &client, &[101], 0).await;
        // Each use begins a new idle time.
        check(&scene, &client, &[99, 99, 100], 2).await;
        // No use moves the absolute end: 10 × 99 s, then 9 s, 1 s before it; at it; after it.
        check(&scene, &client, &[&[99; 10][..], &[9]].concat(), 11).await;
        check(&scene, &client, &[&[99; 10][..], &[10]].concat(), 10).await;
        check(&scene, &client, &[&[99; 10][..], &[9, 1]].concat(), 11).await;
        check(&scene, &client, &[&[99; 10][..], &[11]].concat(), 10).await;
    }
}

#[tokio::test]
async fn rt_06_the_defaults_are_thirty_days_for_expiring_and_none_for_others() {
    let scene = Scene::new(routes).await;
    let month = 2_592_000;
    check(&scene, &scene.spa, &[month - 1], 1).await;
    check(&scene, &scene.spa, &[month], 0).await;
    check(&scene, &scene.web, &[100 * month], 1).await;
}

#[tokio::test]
async fn an_infinite_lifetime_switches_one_end_off() {
    let scene = Scene::new(routes).await;
    let no_absolute = scene
        .app
        .change_client(&scene.spa, |client| {
            expiring(100, 100)(client);
            client.refresh_token.infinite_token_lifetime = true;
        })
        .await;
    check(&scene, &no_absolute, &[99, 99, 99, 100], 3).await;
    let no_idle = scene
        .app
        .change_client(&scene.spa, |client| {
            expiring(1000, 100)(client);
            client.refresh_token.infinite_idle_token_lifetime = true;
        })
        .await;
    check(&scene, &no_idle, &[999], 1).await;
    check(&scene, &no_idle, &[500, 500], 1).await;
}

#[tokio::test]
async fn a_token_that_never_ended_gets_its_ends_at_the_next_use_and_keeps_them() {
    let scene = Scene::new(routes).await;
    let token = first(&scene, &scene.web).await;
    scene.app.advance(10_000);
    let web = scene.app.change_client(&scene.web, expiring(1000, 500)).await;
    granted(&scene.refresh(&web, &token, &[]).await);
    scene.app.advance(499);
    granted(&scene.refresh(&web, &token, &[]).await);
    // §4.4: "A non-expiring token that becomes expiring never reverts."
    let web = scene
        .app
        .change_client(&web, |client| client.refresh_token.expiration_type = ExpirationType::NonExpiring)
        .await;
    scene.app.advance(400);
    granted(&scene.refresh(&web, &token, &[]).await);
    scene.app.advance(100);
    granted(&scene.refresh(&web, &token, &[]).await);
    scene.app.advance(1);
    refused(&scene.refresh(&web, &token, &[]).await, 403, "invalid_grant", INVALID);
}

#[tokio::test]
async fn rt_06_a_longer_setting_does_not_move_the_absolute_end_of_a_token() {
    let scene = Scene::new(routes).await;
    let spa = scene.app.change_client(&scene.spa, expiring(1000, 1000)).await;
    let token = first(&scene, &spa).await;
    let spa = scene.app.change_client(&spa, expiring(100_000, 100_000)).await;
    scene.app.advance(999);
    let token = scene.refresh(&spa, &token, &[]).await.text("refresh_token");
    scene.app.advance(1);
    refused(&scene.refresh(&spa, &token, &[]).await, 403, "invalid_grant", INVALID);
}

#[tokio::test]
async fn rt_09_the_201st_token_of_a_user_and_application_removes_the_first() {
    let scene = Scene::new(routes).await;
    let browser = logged_in(&scene).await;
    let more = [("scope", "offline_access")];
    let others = first(&scene, &scene.native).await;
    let mut tokens = Vec::new();
    for _ in 0..200 {
        scene.app.advance(1);
        let code = next_code(&scene, &browser, &scene.web, &more).await;
        tokens.push(scene.redeem(&scene.web, &code, &[]).await.text("refresh_token"));
    }
    granted(&scene.refresh(&scene.web, &tokens[0], &[]).await);
    scene.app.advance(1);
    let code = next_code(&scene, &browser, &scene.web, &more).await;
    let last = scene.redeem(&scene.web, &code, &[]).await.text("refresh_token");
    refused(&scene.refresh(&scene.web, &tokens[0], &[]).await, 403, "invalid_grant", INVALID);
    for kept in [&tokens[1], &tokens[199], &last] {
        granted(&scene.refresh(&scene.web, kept, &[]).await);
    }
    granted(&scene.refresh(&scene.native, &others, &[]).await);
}
