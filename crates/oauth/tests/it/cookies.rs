//! SE-03: the cookies' attributes, and that only what was sealed here, whole and in time, is believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keywright_testkit::{Browser, Scene};

use crate::outcome::{Outcome, answer_form, change_settings, credentials, is_logged_in, login_required, lost, outcome};
use crate::routes;

const SESSION: &str = "__Host-auth0";
const BROWSER: &str = "__Host-auth0-browser";

/// Every value that differs from `sealed` in one bit, in one character, or in its length.
fn forgeries(sealed: &str) -> Vec<String> {
    let bytes = URL_SAFE_NO_PAD.decode(sealed).unwrap();
    let mut forged = Vec::new();
    for bit in 0..bytes.len() * 8 {
        let mut copy = bytes.clone();
        copy[bit / 8] ^= 1 << (bit % 8);
        forged.push(URL_SAFE_NO_PAD.encode(copy));
    }
    // Characters, because the last one has bits that no byte has.
    for at in 0..sealed.len() {
        let letter = if &sealed[at..=at] == "A" { "B" } else { "A" };
        forged.push(format!("{}{letter}{}", &sealed[..at], &sealed[at + 1..]));
        forged.push(sealed[..at].to_owned());
    }
    forged.extend((0..64).map(|n| URL_SAFE_NO_PAD.encode([n << 2])).map(|text| {
        let letter = text.chars().next().unwrap();
        format!("{}{}", &sealed[..sealed.len() - 1], letter)
    }));
    forged.retain(|text| *text != sealed);
    forged.extend([format!("{sealed}A"), format!("{sealed}="), format!("{sealed}.{sealed}"), "x".repeat(4000)]);
    forged
}

#[tokio::test]
async fn se_03_attributes_of_both_cookies() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = browser.get(&scene.authorize_path(&scene.web, &[])).await;
    let value = browser.cookie(BROWSER).unwrap();
    let expected = format!("__Host-auth0-browser={value}; HttpOnly; SameSite=Lax; Secure; Path=/");
    assert_eq!(start.header("set-cookie"), expected);
    let posted = answer_form(&browser, &start, &credentials(&scene)).await;
    let value = browser.cookie(SESSION).unwrap();
    let expected = format!("__Host-auth0={value}; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=604800");
    assert_eq!(posted.header("set-cookie"), expected);
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Code);
    let left = browser.get("/v2/logout").await;
    let expected = "__Host-auth0=; HttpOnly; SameSite=None; Secure; Path=/; Max-Age=0";
    assert_eq!(left.header("set-cookie"), expected);
    // What is inside cannot be read, nor seen to repeat.
    let again = scene.app.browser();
    scene.log_in(&again, &scene.web, &[]).await;
    assert_ne!(again.cookie(SESSION).unwrap()[..10], value[..10]);
}

#[tokio::test]
async fn se_03_every_flipped_bit_of_the_session_cookie_is_noticed() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    let sealed = browser.cookie(SESSION).unwrap();
    let path = scene.authorize_path(&scene.web, &[("prompt", "none")]);
    for forged in forgeries(&sealed) {
        browser.set_cookie(SESSION, Some(&forged));
        assert_eq!(outcome(&browser.get(&path).await), login_required(), "{forged}");
    }
    browser.set_cookie(SESSION, Some(&sealed));
    assert!(is_logged_in(&scene, &browser).await);
}

#[tokio::test]
async fn se_03_every_flipped_bit_of_the_browser_cookie_is_noticed() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = browser.get(&scene.authorize_path(&scene.web, &[])).await;
    let sealed = browser.cookie(BROWSER).unwrap();
    for forged in forgeries(&sealed) {
        browser.set_cookie(BROWSER, Some(&forged));
        assert_eq!(outcome(&browser.get(start.location()).await), lost(), "{forged}");
    }
    browser.set_cookie(BROWSER, Some(&sealed));
    assert_eq!(browser.get(start.location()).await.status, 200);
}

#[tokio::test]
async fn se_03_one_cookie_is_not_the_other() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let start = browser.get(&scene.authorize_path(&scene.web, &[])).await;
    answer_form(&browser, &start, &credentials(&scene)).await;
    let (session, of_browser) = (browser.cookie(SESSION).unwrap(), browser.cookie(BROWSER).unwrap());
    let swapped = scene.app.browser();
    swapped.set_cookie(SESSION, Some(&of_browser));
    swapped.set_cookie(BROWSER, Some(&session));
    assert!(!is_logged_in(&scene, &swapped).await);
    assert_eq!(outcome(&swapped.get(start.location()).await), lost());
}

/// The end inside the sealed value counts by itself: here the record in the store would live on.
#[tokio::test]
async fn se_03_a_session_cookie_is_not_believed_after_its_own_end() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    let forever = scene.app.app.store().write(|tx| {
        let far: i64 = 4_102_444_800_000;
        let sql = "UPDATE sessions SET expires_at = $1, idle_expires_at = $1";
        tx.execute(sql, &[far.into()])
    });
    assert_eq!(forever.await.unwrap(), 1);
    change_settings(&scene, |settings| {
        settings.session_lifetime = 10_000.0;
        settings.idle_session_lifetime = 10_000.0;
    })
    .await;
    let session = browser.cookie(SESSION).unwrap();
    let alive = async |browser: &Browser| {
        let session = browser.cookie(SESSION);
        let tenant = scene.app.app.tenant_by_domain(&scene.app.tenant.domain).await.unwrap().unwrap();
        scene.app.app.session(&tenant, session.as_deref()).await.unwrap().is_some()
    };
    scene.app.advance(168 * 3600 - 1);
    assert!(alive(&browser).await);
    scene.app.advance(1);
    assert!(!alive(&browser).await);
    let path = scene.authorize_path(&scene.web, &[("prompt", "none")]);
    assert_eq!(outcome(&browser.get(&path).await), login_required());
    assert_eq!(browser.cookie(SESSION), Some(session));
}

#[tokio::test]
async fn se_03_a_browser_cookie_is_not_believed_after_its_own_end() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let path = scene.authorize_path(&scene.web, &[]);
    browser.get(&path).await;
    let old = browser.cookie(BROWSER).unwrap();
    let month = 30 * 24 * 3600;
    for (advance, believed) in [(month - 1, true), (1, false)] {
        scene.app.advance(advance);
        let other = scene.app.browser();
        other.set_cookie(BROWSER, Some(&old));
        let start = other.get(&path).await;
        other.set_cookie(BROWSER, Some(&old));
        let page = other.get(start.location()).await;
        assert_eq!(page.status == 200, believed, "{page:#?}");
    }
}

#[tokio::test]
async fn of_two_cookies_with_one_name_only_one_counts() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    scene.log_in(&browser, &scene.web, &[("scope", "openid")]).await;
    let (session, path) = (browser.cookie(SESSION).unwrap(), scene.authorize_path(&scene.web, &[("prompt", "none")]));
    for (line, expected) in [
        (format!("{SESSION}={session}; {SESSION}=x"), Outcome::Code),
        (format!("{SESSION}=x; {SESSION}={session}"), login_required()),
        (format!("a=b; ; =; {SESSION}={session}"), Outcome::Code),
        (format!("auth0={session}; __host-auth0={session}"), login_required()),
    ] {
        let headers = [("cookie", line.as_str()), ("accept", "text/html")];
        assert_eq!(outcome(&scene.app.get(&path, &headers).await), expected, "{line}");
    }
}
