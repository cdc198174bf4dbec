//! WB-02 on every form of this crate.

use crate::site::{EMAIL, PASSWORD, Site};

const ANSWERS: [(&str, &str); 5] = [
    ("username", EMAIL),
    ("email", "new@example.com"),
    ("password", PASSWORD),
    ("action", "accept"),
    ("_csrf", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
];

#[tokio::test]
async fn wb_02_another_sites_post_is_refused_on_every_route() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    let csrf = browser.get(&format!("/u/login?state={state}")).await.input("_csrf").unwrap();
    for path in ["/u/login", "/u/signup", "/u/consent", "/u/logout"] {
        for headers in [
            &[("sec-fetch-site", "cross-site"), ("origin", "https://login.example.com")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example")],
        ] {
            // Even with the right anti-forgery value.
            let mut fields = ANSWERS.to_vec();
            fields[4].1 = &csrf;
            fields.push(("state", &state));
            let answer = browser.post_from(path, &fields, headers).await;
            assert_eq!(answer.status, 403, "{path} {headers:?}");
        }
    }
    assert_eq!(site.progress(&browser, &state).await, Some(keywright_app::Progress::default()));
    assert_eq!(site.logged_in(&browser).await, None);
}

#[tokio::test]
async fn wb_02_a_post_needs_the_value_of_its_own_browser_and_transaction() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    let other_transaction = site.begin(&browser).await.handle;
    let other_browser = site.browser();
    let others_state = site.begin(&other_browser).await.handle;
    let foreign = [
        String::new(),
        ANSWERS[4].1.to_owned(),
        browser.get(&format!("/u/login?state={other_transaction}")).await.input("_csrf").unwrap(),
        other_browser.get(&format!("/u/login?state={others_state}")).await.input("_csrf").unwrap(),
    ];
    for path in ["/u/login", "/u/signup", "/u/consent"] {
        for csrf in &foreign {
            let mut fields = ANSWERS.to_vec();
            fields[4].1 = csrf;
            fields.push(("state", &state));
            assert_eq!(browser.post(path, &fields).await.status, 403, "{path} {csrf}");
        }
    }
    assert_eq!(site.progress(&browser, &state).await, Some(keywright_app::Progress::default()));
    assert_eq!(site.logged_in(&browser).await, None);
}
