//! `/u/reset-password/request` and `/u/reset-password`.

use keywright_app::{Caller, LinkRequest};
use keywright_types::ConnectionOptions;

use crate::site::{EMAIL, PASSWORD, Site, link};

const PATH: &str = "/u/reset-password?ticket=";
const NEW: &str = "Another-horse-2";

/// Asks for a link on the page of a login, and gives the page that comes.
async fn ask(site: &Site, identifier: &str) -> keywright_testkit::Answer {
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    let login = browser.get(&format!("/u/login?state={state}")).await;
    let path = format!("/u/reset-password/request?state={state}");
    assert!(login.body.contains(&format!("href=\"{path}\"")), "{}", login.body);
    browser.fill_in(&path, &[("username", identifier), ("action", "default")]).await
}

/// The link of a new mail.
async fn mailed(site: &Site) -> String {
    assert_eq!(ask(site, EMAIL).await.status, 200);
    let mail = site.mail().await;
    assert_eq!((mail.to.as_str(), mail.template), (EMAIL, "reset_email"));
    link(&mail, PATH)
}

async fn log_in(site: &Site, password: &str) -> u16 {
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    let fields = [("username", EMAIL), ("password", password)];
    browser.fill_in(&format!("/u/login?state={state}"), &fields).await.status.as_u16()
}

#[tokio::test]
async fn lg_01_a_forgotten_password_is_set_by_the_link_of_the_mail_and_by_nothing_else() {
    let site = Site::start().await;
    site.unverify(&site.user.user_id).await;
    let elsewhere = site.browser();
    let state = site.begin(&elsewhere).await.handle;
    let fields = [("username", EMAIL), ("password", PASSWORD)];
    elsewhere.fill_in(&format!("/u/login?state={state}"), &fields).await;
    assert!(site.logged_in(&elsewhere).await.is_some());

    let path = mailed(&site).await;
    let reader = site.browser();
    let page = reader.get(&path).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains(EMAIL) && page.body.contains("At least 8 characters in length"), "{}", page.body);
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    let submit = |fields: &'static [(&'static str, &'static str)]| {
        let (reader, page) = (reader.clone(), page.clone());
        async move { reader.submit("/u/reset-password", &page, fields).await }
    };
    for (fields, text) in [
        (&[][..], "Password is required"),
        (&[("password", NEW)], "The two passwords are not the same"),
        (&[("password", NEW), ("re-enter-password", "another")], "The two passwords are not the same"),
        (&[("password", "short"), ("re-enter-password", "short")], "The password is too weak"),
    ] {
        let answer = submit(fields).await;
        assert_eq!(answer.status, 400, "{text}");
        assert!(answer.body.contains(text) && !answer.body.contains(NEW), "{text}: {}", answer.body);
    }
    assert_eq!(log_in(&site, PASSWORD).await, 303, "nothing has changed");
    let done = submit(&[("password", NEW), ("re-enter-password", NEW)]).await;
    assert_eq!(done.status, 200, "{done:#?}");
    assert!(done.body.contains("Password changed"), "{}", done.body);
    assert_eq!(site.events().await.last().map(String::as_str), Some("scp"));
    assert_eq!((log_in(&site, PASSWORD).await, log_in(&site, NEW).await), (400, 303));
    assert_eq!(site.logged_in(&elsewhere).await, None, "sessions end");
    let user = site.app.user(&site.tenant.id, &site.user.user_id).await.unwrap().unwrap();
    assert!(user.email_verified, "who got the mail reads the address");
    let again = submit(&[("password", "A-third-horse-3"), ("re-enter-password", "A-third-horse-3")]).await;
    assert_eq!(again.status, 400);
    assert!(again.body.contains("This link is not valid"), "{}", again.body);
    assert_eq!(site.events().await.last().map(String::as_str), Some("fcp"));
    assert_eq!(log_in(&site, NEW).await, 303);
}

#[tokio::test]
async fn lg_12_links_end_by_age_by_a_newer_one_by_another_address_and_by_another_password() {
    let site = Site::start().await;
    let (first, second) = (mailed(&site).await, mailed(&site).await);
    let reader = site.browser();
    assert_eq!(reader.get(&first).await.status, 400, "there is a newer one");
    site.app.clock().advance(jiff::SignedDuration::from_secs(432_000 - 1));
    assert_eq!(reader.get(&second).await.status, 200);
    site.app.clock().advance(jiff::SignedDuration::from_secs(1));
    assert_eq!(reader.get(&second).await.status, 400);
    let caller = Caller::default();
    let third = mailed(&site).await;
    site.app.change_password(&site.tenant, &site.user.user_id, NEW, &caller).await.unwrap();
    assert_eq!(reader.get(&third).await.status, 400);
    let fourth = mailed(&site).await;
    let page = reader.get(&fourth).await;
    site.app.change_email(&site.tenant, &site.user.user_id, "joan@example.com", true, &caller).await.unwrap();
    let fields = [("password", "A-third-horse-3"), ("re-enter-password", "A-third-horse-3")];
    assert_eq!(reader.submit("/u/reset-password", &page, &fields).await.status, 400);
    for nothing in ["", "?ticket=", "?ticket=abc", "?ticket=%00"] {
        assert_eq!(reader.get(&format!("/u/reset-password{nothing}")).await.status, 400, "{nothing}");
    }
}

#[tokio::test]
async fn lg_03_nothing_but_the_mail_tells_whether_there_is_an_account() {
    let site = Site::start().await;
    let (known, unknown) = (ask(&site, EMAIL).await, ask(&site, "nobody@example.com").await);
    assert_eq!((known.status.as_u16(), unknown.status.as_u16()), (200, 200));
    let plain = |answer: &keywright_testkit::Answer| {
        let (before, rest) = answer.body.split_once("nonce=\"").unwrap();
        format!("{before}{}", rest.split_once('"').unwrap().1)
    };
    assert_eq!(plain(&known), plain(&unknown));
    assert!(known.body.contains("Check your email"));
    let events = site.events().await;
    assert_eq!(events[events.len() - 2..], ["scpr", "fcpr"]);
    site.app.run_due_jobs().await.unwrap();
    let mails = site.inbox.mails();
    assert_eq!((mails.len(), mails[0].message.to.as_str()), (1, EMAIL));
}

#[tokio::test]
async fn where_links_are_disabled_nobody_is_offered_one() {
    let site = Site::start().await;
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    let path = format!("/u/reset-password/request?state={state}");
    let page = browser.get(&path).await;
    assert_eq!(page.status, 200);
    site.configure(|connection| {
        connection.options.other.insert("disable_self_service_change_password".to_owned(), true.into());
    })
    .await;
    let login = format!("/u/login?state={state}");
    assert!(!browser.get(&login).await.body.contains("/u/reset-password"));
    let answer = browser.get(&path).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (302, login.as_str()));
    let answer = browser.submit(&path, &page, &[("username", EMAIL)]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (303, login.as_str()));
    assert_eq!(site.app.run_due_jobs().await.unwrap(), 0);
}

#[tokio::test]
async fn names_and_hints_are_accepted_where_the_connection_has_them() {
    let options = ConnectionOptions { requires_username: true, ..ConnectionOptions::default() };
    let site = Site::with(options, keywright_app::HashingCost::Minimal).await;
    let browser = site.browser();
    let mut request = site.request();
    request.login_hint = Some("Jane".to_owned());
    let state = site.begin_with(&browser, request).await.handle;
    let path = format!("/u/reset-password/request/Username-Password-Authentication?state={state}");
    let page = browser.get(&path).await;
    assert_eq!(page.input("username").as_deref(), Some("Jane"));
    assert_eq!(browser.submit(&path, &page, &[("username", " ")]).await.status, 400);
    assert_eq!(browser.submit(&path, &page, &[("username", "JANE")]).await.status, 200);
    assert_eq!(site.mail().await.to, EMAIL);
}

/// §2.11: "1/min per IP+email, burst 10".
#[tokio::test]
async fn do_02_links_for_one_account_are_limited_by_address() {
    let site = Site::limited().await;
    for _ in 0..10 {
        assert_eq!(ask(&site, EMAIL).await.status, 200);
    }
    let over = ask(&site, " JANE@example.com ").await;
    assert_eq!(over.status, 429);
    assert!(over.body.contains("too many messages") && over.headers.contains_key("retry-after"), "{}", over.body);
    assert_eq!(ask(&site, "nobody@example.com").await.status, 200);
    site.app.clock().advance(jiff::SignedDuration::from_secs(60));
    assert_eq!(ask(&site, EMAIL).await.status, 200);
}

/// ST-01: "every 'once' promise is a conditional write".
#[tokio::test]
async fn st_01_of_two_posts_at_once_one_sets_its_password() {
    let site = Site::start().await;
    let path = mailed(&site).await;
    let reader = site.browser();
    let page = reader.get(&path).await;
    let posts = ["First-horse-11", "Second-horse-22"].map(|password| {
        let (reader, page) = (reader.clone(), page.clone());
        tokio::spawn(async move {
            let fields = [("password", password), ("re-enter-password", password)];
            (password, reader.submit("/u/reset-password", &page, &fields).await.status.as_u16())
        })
    });
    let mut answers = Vec::new();
    for post in posts {
        answers.push(post.await.unwrap());
    }
    answers.sort_by_key(|(_, status)| *status);
    assert_eq!((answers[0].1, answers[1].1), (200, 400), "{answers:?}");
    assert_eq!((log_in(&site, answers[0].0).await, log_in(&site, answers[1].0).await), (303, 400));
}

/// A link of the Management API proves the address only where it says so.
#[tokio::test]
async fn a_link_that_was_not_mailed_proves_no_address() {
    for marked in [false, true] {
        let site = Site::start().await;
        site.unverify(&site.user.user_id).await;
        let request = LinkRequest {
            user_id: site.user.user_id.clone(),
            result_url: Some("https://app.example.com/done".to_owned()),
            mark_email_as_verified: marked,
            ..LinkRequest::default()
        };
        let made = site.app.password_change_link(&site.tenant, request).await.unwrap();
        let path = made.strip_prefix("https://login.example.com").unwrap().trim_end_matches('#');
        let page = site.browser();
        let form = page.get(path).await;
        let done = page.submit("/u/reset-password", &form, &[("password", NEW), ("re-enter-password", NEW)]).await;
        let expected = "https://app.example.com/done?success=true&message=You+can+now+login+to+the+application+with+the+new+\
                        password.";
        assert_eq!((done.status.as_u16(), done.location()), (303, expected));
        let user = site.app.user(&site.tenant.id, &site.user.user_id).await.unwrap().unwrap();
        assert_eq!(user.email_verified, marked);
    }
}

/// A linked account keeps its own address and password; the sessions are those of the user.
#[tokio::test]
async fn the_password_of_a_linked_account_is_set_by_a_link_to_its_own_address() {
    let site = Site::start().await;
    let new = keywright_app::NewUser {
        email: "second@example.com".to_owned(),
        username: None,
        password: "Second-horse-1".to_owned(),
        email_verified: true,
        ..keywright_app::NewUser::default()
    };
    let second = site.app.create_user(&site.tenant.id, site.connection(), new).await.unwrap().user_id;
    let (id, first, now) = (site.tenant.id.clone(), site.user.user_id.clone(), site.app.now());
    let link_them = site.app.store().write(move |tx| keywright_store::identities::link(tx, &id, &first, &second, now));
    assert_eq!(link_them.await.unwrap(), keywright_store::identities::Linked::Done);
    let elsewhere = site.browser();
    let state = site.begin(&elsewhere).await.handle;
    elsewhere.fill_in(&format!("/u/login?state={state}"), &[("username", EMAIL), ("password", PASSWORD)]).await;
    assert!(site.logged_in(&elsewhere).await.is_some());

    assert_eq!(ask(&site, "second@example.com").await.status, 200);
    let mail = site.mail().await;
    assert_eq!(mail.to, "second@example.com");
    let fields = [("password", NEW), ("re-enter-password", NEW)];
    assert_eq!(site.browser().fill_in(&link(&mail, PATH), &fields).await.status, 200);
    assert_eq!(site.logged_in(&elsewhere).await, None, "the user's sessions end");
    assert_eq!((log_in(&site, PASSWORD).await, log_in(&site, NEW).await), (303, 400), "the user's own password stays");
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    let fields = [("username", "second@example.com"), ("password", NEW)];
    assert_eq!(browser.fill_in(&format!("/u/login?state={state}"), &fields).await.status, 303);
    assert_eq!(site.logged_in(&browser).await, Some(site.user.user_id.clone()));
}
