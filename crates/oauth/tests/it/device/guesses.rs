//! Guessed user codes (DV-01): few from one address, few from all together, and honest people are not kept out.

use keywright_testkit::{Browser, Engine, Scene, SceneOptions};
use keywright_types::{TenantSettings, UserCodeCharset, UserCodeFormat};

use super::{Device, build, enter, limited};

/// Digits: a billion codes, so 953 guesses in the life of one.
async fn digits(engine: Engine) -> Scene {
    let device_flow = Some(UserCodeFormat { charset: UserCodeCharset::Digits, mask: "***-***-***".to_owned() });
    let mut settings = TenantSettings { device_flow, ..TenantSettings::default() };
    // Only the guesses are looked at here.
    settings.rate_limits.authentication_api.enabled = false;
    settings.rate_limits.device_activation.enabled = false;
    settings.rate_limits.device_code.enabled = false;
    build(SceneOptions { engine, settings, limits: true, ..SceneOptions::default() }).await
}

fn at(scene: &Scene, address: &str) -> Browser {
    scene.app.from_address(address).browser()
}

/// A guess that is not the code of any device, by a browser that has the form.
async fn guess(browser: &Browser, page: &keywright_testkit::Answer) -> u16 {
    browser.submit("/activate", page, &[("user_code", "000 000 000")]).await.status.as_u16()
}

#[tokio::test]
async fn dv_01_wrong_codes_of_one_address_are_few() {
    let scene = digits(Engine::Sqlite).await;
    let device = Device::new(&scene, &[]).await;
    let guesser = at(&scene, "192.0.2.1");
    let page = guesser.get("/activate").await;
    for _ in 0..10 {
        assert_eq!(guess(&guesser, &page).await, 400);
    }
    let refused = guesser.submit("/activate", &page, &[("user_code", &device.user_code)]).await;
    assert_eq!(refused.status, 429, "not even the right one is looked up");
    assert_eq!(refused.header("retry-after"), "30");
    assert!(refused.body.contains("Too many wrong codes were entered."), "{}", refused.body);
    // Others are not concerned; nor is the same person half a minute later.
    assert_eq!(enter(&at(&scene, "192.0.2.2"), &device.user_code).await.status, 200);
    scene.app.advance(30);
    assert_eq!(enter(&guesser, &device.user_code).await.status, 200);
    // Right codes use nothing up.
    for _ in 0..30 {
        assert_eq!(enter(&guesser, &device.user_code).await.status, 200);
    }
}

#[tokio::test]
async fn dv_01_guesses_from_many_addresses_run_out_without_locking_others_out() {
    let scene = digits(Engine::Sqlite).await;
    let device = Device::new(&scene, &[]).await;
    let page_of = async |browser: &Browser| browser.get("/activate").await;
    // A botnet of 60 addresses that guesses for as long as it may.
    let (mut wrong, mut refused) = (0, 0);
    for number in 0..60 {
        let browser = at(&scene, &format!("198.51.100.{number}"));
        let page = page_of(&browser).await;
        for _ in 0..10 {
            match guess(&browser, &page).await {
                400 => wrong += 1,
                429 => refused += 1,
                other => panic!("{other}"),
            }
        }
    }
    // 238 at once of the share of those who were wrong before, and the first guess of each address.
    assert_eq!((wrong, refused), (238 + 60, 600 - 238 - 60));
    // Somebody else's first code is taken all the same, and so is the next one.
    let honest = at(&scene, "203.0.113.5");
    let page = page_of(&honest).await;
    assert_eq!(enter(&honest, &device.user_code).await.status, 200);
    assert_eq!(guess(&honest, &page).await, 400);
    // To keep those out too, every single guess needs an address of its own.
    for number in 0..(238 - 60 - 1) {
        let browser = at(&scene, &format!("203.0.{number}.1"));
        let page = page_of(&browser).await;
        assert_eq!(guess(&browser, &page).await, 400, "{number}");
    }
    let late = at(&scene, "192.0.2.200");
    let answer = late.submit("/activate", &page_of(&late).await, &[("user_code", &device.user_code)]).await;
    assert_eq!(answer.status, 429);
    scene.app.advance(4);
    assert_eq!(enter(&late, &device.user_code).await.status, 200);
}

#[tokio::test]
async fn dv_01_two_nodes_give_out_the_same_guesses() {
    for engine in Engine::all() {
        let scene = digits(engine).await;
        let device = Device::new(&scene, &[]).await;
        let second = scene.second_node().await.from_address("192.0.2.1").browser();
        let first = at(&scene, "192.0.2.1");
        let pages = [first.get("/activate").await, second.get("/activate").await];
        for _ in 0..5 {
            assert_eq!(enter(&second, &device.user_code).await.status, 200);
            assert_eq!(guess(&first, &pages[0]).await, 400);
            assert_eq!(guess(&second, &pages[1]).await, 400);
        }
        assert_eq!((guess(&first, &pages[0]).await, guess(&second, &pages[1]).await), (429, 429));
    }
}

#[tokio::test]
async fn do_02_the_pages_are_limited_by_address() {
    let scene = limited().await;
    let browser = at(&scene, "192.0.2.1");
    for _ in 0..30 {
        assert_eq!(browser.get("/activate").await.status, 200);
    }
    let answer = browser.get("/activate").await;
    assert_eq!(answer.status, 429);
    let text = "The rate limit for endpoint /activate was reached. Please retry after a few minutes.";
    assert!(answer.body.contains(text), "{}", answer.body);
    assert_eq!(at(&scene, "192.0.2.2").get("/activate").await.status, 200);
}
