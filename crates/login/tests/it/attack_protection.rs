//! Guessed passwords: counts, blocks, and the way out of them.

use keywright_app::{App, HashingCost};
use keywright_store::{Tx, params};
use keywright_types::{BruteForceMode, ConnectionOptions};

use crate::site::{EMAIL, PASSWORD, Site};
use keywright_testkit::{Answer, Browser};

const BLOCKED: &str = "Your account has been blocked after multiple consecutive login attempts.";
const SUSPICIOUS: &str = "We have detected suspicious login behavior and further attempts will be blocked.";
const DAY: i64 = 24 * 60 * 60;

/// A browser at an address that nobody has used, with an open login page.
struct Visitor {
    browser: Browser,
    path: String,
}

impl Visitor {
    async fn at(site: &Site, address: &str) -> Self {
        let browser = site.browser_at(address);
        let path = format!("/u/login?state={}", site.begin(&browser).await.handle);
        Self { browser, path }
    }

    async fn try_password(&self, username: &str, password: &str) -> Answer {
        self.browser.fill_in(&self.path, &[("username", username), ("password", password)]).await
    }

    async fn fail(&self, username: &str, times: usize) {
        for _ in 0..times {
            let answer = self.try_password(username, "wrong").await;
            assert_eq!(answer.status, 400, "{}", answer.body);
        }
    }

    /// Begins another login in the same browser.
    async fn again(mut self, site: &Site) -> Self {
        self.path = format!("/u/login?state={}", site.begin(&self.browser).await.handle);
        self
    }
}

#[tokio::test]
async fn lg_07_ten_failures_block_the_account_for_the_address_for_thirty_days() {
    let site = Site::start().await;
    let visitor = Visitor::at(&site, "192.0.2.7").await;
    visitor.fail(EMAIL, 10).await;
    let answer = visitor.try_password(EMAIL, PASSWORD).await;
    assert_eq!(answer.status, 429);
    assert!(answer.body.contains(BLOCKED), "{}", answer.body);
    assert!(answer.headers.get("set-cookie").is_none());
    assert_eq!(site.logged_in(&visitor.browser).await, None, "the right password is not even looked at");
    let events = site.events().await;
    assert_eq!(events[..10], ["fp"; 10]);
    assert_eq!(events[10..], ["limit_wc", "limit_wc"], "when the block began, and the refused attempt");
    let entry = site.log().await.pop().unwrap();
    assert_eq!((entry.ip.as_deref(), entry.user_name.as_deref()), (Some("192.0.2.7"), Some(EMAIL)));
    assert_eq!(entry.user_id.as_deref(), Some(site.user.user_id.as_str()));
    // An attempt during the block does not prolong it. The pages of a login live an hour, so it is another one each time.
    site.app.clock().advance(jiff::SignedDuration::from_secs(30 * DAY - 1));
    let visitor = visitor.again(&site).await;
    assert_eq!(visitor.try_password(EMAIL, PASSWORD).await.status, 429);
    site.app.clock().advance(jiff::SignedDuration::from_secs(1));
    let visitor = Visitor::at(&site, "192.0.2.7").await;
    assert_eq!(visitor.try_password(EMAIL, PASSWORD).await.status, 303);
}

#[tokio::test]
async fn lg_07_a_right_password_begins_the_count_anew() {
    let site = Site::start().await;
    let visitor = Visitor::at(&site, "192.0.2.7").await;
    visitor.fail(EMAIL, 9).await;
    assert_eq!(visitor.try_password(EMAIL, PASSWORD).await.status, 303);
    let visitor = Visitor::at(&site, "192.0.2.7").await;
    visitor.fail(EMAIL, 10).await;
    assert_eq!(visitor.try_password(EMAIL, "wrong").await.status, 429);
}

#[tokio::test]
async fn lg_07_an_account_has_one_count_by_all_its_names() {
    let options = ConnectionOptions { requires_username: true, ..ConnectionOptions::default() };
    let site = Site::with(options, HashingCost::Minimal).await;
    let visitor = Visitor::at(&site, "192.0.2.7").await;
    visitor.fail(EMAIL, 5).await;
    visitor.fail("JANE", 5).await;
    assert_eq!(visitor.try_password(EMAIL, PASSWORD).await.status, 429);
}

#[tokio::test]
async fn lg_08_the_owner_logs_in_elsewhere_and_on_a_known_device() {
    let site = Site::start().await;
    for mode in [BruteForceMode::CountPerIdentifierAndIp, BruteForceMode::CountPerIdentifier] {
        site.set(|settings| settings.attack_protection.brute_force_protection.mode = mode).await;
        // The owner has logged in at the same address before, as two people behind one router do.
        let owner = Visitor::at(&site, "192.0.2.7").await;
        assert_eq!(owner.try_password(EMAIL, PASSWORD).await.status, 303);
        let attacker = Visitor::at(&site, "192.0.2.7").await;
        attacker.fail(EMAIL, 10).await;
        assert_eq!(attacker.try_password(EMAIL, PASSWORD).await.status, 429);
        let owner = owner.again(&site).await;
        assert_eq!(owner.try_password(EMAIL, "mistyped").await.status, 400, "{mode:?}");
        assert_eq!(owner.try_password(EMAIL, PASSWORD).await.status, 303, "{mode:?}");
        assert_eq!(attacker.try_password(EMAIL, PASSWORD).await.status, 429, "the owner's login unblocks nobody else");
        let elsewhere = Visitor::at(&site, "198.51.100.1").await.try_password(EMAIL, PASSWORD).await.status;
        let expected = if mode == BruteForceMode::CountPerIdentifier { 429 } else { 303 };
        assert_eq!(elsewhere, expected, "{mode:?}");
        // A known device has as many attempts as everybody, not more.
        let owner = owner.again(&site).await;
        owner.fail(EMAIL, 10).await;
        assert_eq!(owner.try_password(EMAIL, PASSWORD).await.status, 429, "{mode:?}");
    }
}

#[tokio::test]
async fn addresses_on_the_allowlist_are_not_counted() {
    let site = Site::start().await;
    site.set(|settings| {
        settings.attack_protection.brute_force_protection.allowlist = vec!["192.0.2.0/24".to_owned()];
    })
    .await;
    let visitor = Visitor::at(&site, "192.0.2.7").await;
    visitor.fail(EMAIL, 11).await;
    assert_eq!(visitor.try_password(EMAIL, PASSWORD).await.status, 303);
}

#[tokio::test]
async fn protection_follows_its_settings() {
    let site = Site::start().await;
    site.set(|settings| settings.attack_protection.brute_force_protection.max_attempts = 3).await;
    let visitor = Visitor::at(&site, "192.0.2.7").await;
    visitor.fail(EMAIL, 3).await;
    assert_eq!(visitor.try_password(EMAIL, PASSWORD).await.status, 429);
    site.set(|settings| settings.attack_protection.brute_force_protection.shields.clear()).await;
    visitor.fail(EMAIL, 3).await;
    assert_eq!(visitor.try_password(EMAIL, PASSWORD).await.status, 303, "counted, but nobody is blocked");
    site.set(|settings| settings.attack_protection.brute_force_protection.enabled = false).await;
    let visitor = Visitor::at(&site, "192.0.2.8").await;
    visitor.fail(EMAIL, 12).await;
    assert_eq!(visitor.try_password(EMAIL, PASSWORD).await.status, 303);
}

#[tokio::test]
async fn an_address_that_fails_with_many_accounts_is_throttled() {
    let site = Site::limited().await;
    site.set(|settings| {
        settings.attack_protection.suspicious_ip_throttling.stage.pre_login.max_attempts = 5;
    })
    .await;
    let mut visitor = Visitor::at(&site, "2001:db8::1").await;
    for number in 0..5 {
        assert_eq!(visitor.try_password(EMAIL, PASSWORD).await.status, 303, "successes cost nothing");
        visitor = visitor.again(&site).await;
        visitor.fail(&format!("user{number}@example.com"), 1).await;
    }
    let answer = visitor.try_password(EMAIL, PASSWORD).await;
    assert_eq!(answer.status, 429);
    assert!(answer.body.contains(SUSPICIOUS), "{}", answer.body);
    assert_eq!(answer.headers["retry-after"], "864");
    assert_eq!(site.events().await.last().unwrap(), "limit_mu");
    let neighbour = Visitor::at(&site, "2001:db8::ffff:1").await;
    assert_eq!(neighbour.try_password(EMAIL, PASSWORD).await.status, 429, "one customer has the whole /64");
    let somebody = Visitor::at(&site, "2001:db8:0:1::1").await;
    assert_eq!(somebody.try_password(EMAIL, PASSWORD).await.status, 303);
    site.app.clock().advance(jiff::SignedDuration::from_secs(864));
    assert_eq!(visitor.try_password(EMAIL, PASSWORD).await.status, 303);
}

#[tokio::test]
async fn an_address_that_signs_up_too_often_is_throttled() {
    let site = Site::limited().await;
    site.set(|settings| {
        let stage = &mut settings.attack_protection.suspicious_ip_throttling.stage;
        stage.pre_user_registration.max_attempts = 2;
    })
    .await;
    let browser = site.browser_at("192.0.2.7");
    let path = format!("/u/signup?state={}", site.begin(&browser).await.handle);
    let sign_up = async |browser: &Browser, email: &str| {
        browser.fill_in(&path, &[("email", email), ("password", PASSWORD)]).await
    };
    assert_eq!(sign_up(&browser, EMAIL).await.status, 400);
    assert_eq!(sign_up(&browser, "not an address").await.status, 400);
    let answer = sign_up(&browser, "new@example.com").await;
    assert_eq!((answer.status.as_u16(), answer.headers["retry-after"].to_str().unwrap()), (429, "2"));
    assert!(answer.body.contains("Too many signups from the same IP"), "{}", answer.body);
    site.app.clock().advance(jiff::SignedDuration::from_secs(2));
    assert_eq!(sign_up(&browser, "new@example.com").await.status, 303);
    assert_eq!(site.events().await, ["fs", "fs", "limit_mu", "ss", "s"]);
}

#[tokio::test]
async fn lg_15_a_password_that_is_known_to_be_public_is_refused_where_the_tenant_wants_it() {
    const LEAKED: &str = "AUTH0-TEST-Password1";
    let site = Site::start().await;
    let browser = site.browser();
    let path = format!("/u/signup?state={}", site.begin(&browser).await.handle);
    let fields = [("email", "new@example.com"), ("password", LEAKED)];
    let turn_on = |on: bool| {
        site.set(move |settings| {
            let detection = &mut settings.attack_protection.breached_password_detection;
            detection.enabled = on;
            detection.shields = vec!["block".to_owned()];
            detection.stage.pre_user_registration.shields = vec!["block".to_owned()];
        })
    };
    turn_on(true).await;
    let answer = browser.fill_in(&path, &fields).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("This password is known from a data breach"), "{}", answer.body);
    turn_on(false).await;
    assert_eq!(browser.fill_in(&path, &fields).await.status, 303);
    turn_on(true).await;
    let visitor = Visitor::at(&site, "192.0.2.7").await;
    let wrong = visitor.try_password("new@example.com", "AUTH0-TEST-other").await;
    assert!(wrong.body.contains("Wrong email or password"), "only somebody who knows the password learns it");
    let answer = visitor.try_password("new@example.com", LEAKED).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("We have blocked this login"), "{}", answer.body);
    assert_eq!(site.logged_in(&visitor.browser).await, None);
    assert_eq!(site.events().await, ["signup_pwd_leak", "ss", "s", "fp", "pwd_leak"]);
}

/// Rows of every table that an attempt writes to, and passwords hashed.
async fn work(app: &App) -> (Vec<i64>, u64) {
    let count = |tx: &mut Tx<'_>| {
        let tables = [
            "SELECT COUNT(*) FROM logs",
            "SELECT COUNT(*) FROM jobs",
            "SELECT COALESCE(SUM(failures), 0) FROM login_failures",
            "SELECT COUNT(*) FROM network_attempts",
        ];
        tables.iter().map(|sql| tx.query_opt(sql, params![])?.unwrap().get(0)).collect::<Result<Vec<i64>, _>>()
    };
    (app.store().read(count).await.unwrap(), app.password_hashes())
}

#[tokio::test]
async fn lg_03_known_and_unknown_accounts_cost_the_same_work_up_to_the_block() {
    let site = Site::limited().await;
    let mut steps = Vec::new();
    for (username, address) in [(EMAIL, "192.0.2.1"), ("john@example.com", "192.0.2.2")] {
        let visitor = Visitor::at(&site, address).await;
        let mut done = Vec::new();
        for _ in 0..12 {
            let (rows, hashes) = work(&site.app).await;
            let answer = visitor.try_password(username, "wrong").await;
            let (rows_after, hashes_after) = work(&site.app).await;
            let written: Vec<i64> = rows_after.iter().zip(rows).map(|(after, before)| after - before).collect();
            let nonce = answer.body.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            let body = answer.body.replace(username, "X").replace(&nonce, "N").replace(&visitor.path, "P");
            let body = body.replace(visitor.path.split('=').nth(1).unwrap(), "S");
            let csrf = answer.input("_csrf").unwrap();
            done.push((answer.status, body.replace(&csrf, "C"), written, hashes_after - hashes));
        }
        steps.push(done);
    }
    for (step, (known, unknown)) in steps[0].iter().zip(&steps[1]).enumerate() {
        assert_eq!(known, unknown, "attempt {step}");
    }
    assert_eq!((&steps[0][0].2, steps[0][0].3), (&vec![1, 0, 1, 1], 1), "an attempt: an entry, a count, and a hash");
    assert_eq!((&steps[0][9].2, steps[0][9].3), (&vec![2, 1, 1, 0], 1), "the block begins, a mail is queued");
    assert_eq!((&steps[0][10].2, steps[0][10].3), (&vec![1, 0, 0, 0], 0), "nothing is hashed for the blocked");
    assert_eq!(site.app.run_due_jobs().await.unwrap(), 2);
    let mails = site.inbox.mails();
    assert_eq!(mails.len(), 1, "nobody has the other address");
    assert_eq!(mails[0].message.to, EMAIL);
}

/// Blocks the account for an address and gives the link in the mail about it.
async fn blocked(site: &Site, address: &str) -> String {
    Visitor::at(site, address).await.fail(EMAIL, 10).await;
    site.app.run_due_jobs().await.unwrap();
    let mail = site.inbox.mails().remove(0).message;
    assert_eq!((mail.template, mail.to.as_str()), ("blocked_account", EMAIL));
    assert!(mail.text.contains(address) && mail.html.contains(address), "{}", mail.text);
    let link = mail.text.lines().find(|line| line.starts_with("https://")).unwrap().to_owned();
    assert!(mail.html.contains(&format!("href=\"{link}\"")), "{}", mail.html);
    link
}

#[tokio::test]
async fn lg_08_the_link_in_the_mail_unblocks_once() {
    let site = Site::start().await;
    let link = blocked(&site, "192.0.2.7").await;
    // WB-04: the tenant's own domain, whatever the request said.
    let path = link.strip_prefix("https://login.example.com").unwrap();
    assert!(path.starts_with("/u/unblock?ticket="), "{path}");
    let owner = Visitor::at(&site, "192.0.2.7").await;
    let reader = site.browser();
    for _ in 0..2 {
        let page = reader.get(path).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("Unblock my account"), "{}", page.body);
        assert_eq!(page.headers["referrer-policy"], "no-referrer");
        assert_eq!(owner.try_password(EMAIL, PASSWORD).await.status, 429, "a mail scanner opens links too");
    }
    let done = reader.fill_in(path, &[("action", "default")]).await;
    assert_eq!(done.status, 200);
    assert!(done.body.contains("You can log in to your Acme Health account again."), "{}", done.body);
    let entry = site.log().await.pop().unwrap();
    assert_eq!((entry.kind.as_str(), entry.user_id.as_deref()), ("ublkdu", Some(site.user.user_id.as_str())));
    assert_eq!(owner.try_password(EMAIL, PASSWORD).await.status, 303);
    let again = reader.get(path).await;
    assert_eq!(again.status, 400);
    assert!(again.body.contains("This link is not valid"), "{}", again.body);
}

#[tokio::test]
async fn lg_12_links_expire_are_superseded_and_are_tied_to_the_browser_that_opened_them() {
    let site = Site::start().await;
    let first = blocked(&site, "192.0.2.7").await.replace("https://login.example.com", "");
    let second = blocked(&site, "192.0.2.8").await.replace("https://login.example.com", "");
    let reader = site.browser();
    assert_eq!(reader.get(&first).await.status, 400, "there is a newer one");
    let page = reader.get(&second).await;
    let (state, csrf) = (page.input("state").unwrap(), page.input("_csrf").unwrap());
    let fields = [("state", state.as_str()), ("_csrf", csrf.as_str())];
    assert_eq!(site.browser().post("/u/unblock", &fields).await.status, 403);
    let foreign = [("sec-fetch-site", "cross-site")];
    assert_eq!(reader.post_from("/u/unblock", &fields, &foreign).await.status, 403);
    for nothing in ["/u/unblock", "/u/unblock?ticket=", "/u/unblock?ticket=abc", "/u/unblock?ticket=%00"] {
        assert_eq!(reader.get(nothing).await.status, 400, "{nothing}");
    }
    site.app.clock().advance(jiff::SignedDuration::from_secs(432_000 - 1));
    assert_eq!(reader.get(&second).await.status, 200);
    site.app.clock().advance(jiff::SignedDuration::from_secs(1));
    assert_eq!(reader.get(&second).await.status, 400);
    assert_eq!(reader.post("/u/unblock", &fields).await.status, 400);
}

#[tokio::test]
async fn lg_08_a_new_password_unblocks() {
    const NEW: &str = "Correct horse 2";
    let site = Site::start().await;
    let visitor = Visitor::at(&site, "192.0.2.7").await;
    visitor.fail(EMAIL, 10).await;
    assert_eq!(visitor.try_password(EMAIL, PASSWORD).await.status, 429);
    let caller = keywright_app::Caller::default();
    site.app.change_password(&site.tenant, &site.user.user_id, NEW, &caller).await.unwrap();
    assert_eq!(visitor.try_password(EMAIL, PASSWORD).await.status, 400);
    assert_eq!(visitor.try_password(EMAIL, NEW).await.status, 303);
}
