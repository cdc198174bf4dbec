//! `/u/email-verification`: the mail after a sign-up, and its link.

use keywright_app::{Caller, LinkRequest};

use crate::site::{PASSWORD, Site, link};

const PATH: &str = "/u/email-verification?ticket=";

/// Signs somebody up and gives the link in the mail.
async fn signed_up(site: &Site, email: &str) -> String {
    let browser = site.browser();
    let state = site.begin(&browser).await.handle;
    let answer =
        browser.fill_in(&format!("/u/signup?state={state}"), &[("email", email), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, 303, "{answer:#?}");
    let mail = site.mail().await;
    assert_eq!((mail.to.as_str(), mail.template), (email, "verify_email"));
    link(&mail, PATH)
}

async fn is_verified(site: &Site, email: &str) -> bool {
    let (id, connection, email) = (site.tenant.id.clone(), site.connection().name.clone(), email.to_owned());
    let find = site.app.store().read(move |tx| keywright_store::users::find_by_email(tx, &id, &connection, &email));
    find.await.unwrap().unwrap().email_verified
}

#[tokio::test]
async fn lg_12_the_link_of_the_mail_proves_the_address_once_and_opening_it_changes_nothing() {
    let site = Site::start().await;
    let path = signed_up(&site, "new@example.com").await;
    let reader = site.browser();
    for _ in 0..2 {
        let page = reader.get(&path).await;
        assert_eq!(page.status, 200);
        assert!(
            page.body.contains("new@example.com") && page.body.contains("Verify my email address"),
            "{}",
            page.body
        );
    }
    assert!(!is_verified(&site, "new@example.com").await, "a mail scanner opens links too");
    let page = reader.get(&path).await;
    let done = reader.submit("/u/email-verification", &page, &[("action", "default")]).await;
    assert_eq!(done.status, 200, "{done:#?}");
    assert!(done.body.contains("Your email address was verified"), "{}", done.body);
    assert!(is_verified(&site, "new@example.com").await);
    assert_eq!(site.events().await.last().map(String::as_str), Some("sv"));
    let again = reader.submit("/u/email-verification", &page, &[("action", "default")]).await;
    assert_eq!(again.status, 400);
    assert!(again.body.contains("This link is not valid"), "{}", again.body);
    assert_eq!(site.events().await.last().map(String::as_str), Some("fv"));
    assert_eq!(reader.get(&path).await.status, 400);
}

#[tokio::test]
async fn lg_12_links_end_by_age_by_a_newer_one_and_by_another_address() {
    let site = Site::start().await;
    let first = signed_up(&site, "new@example.com").await;
    let user_id = site.user_id("new@example.com").await;
    let send = async || {
        site.app.send_verification_email(&site.tenant, &user_id, None, None, &Caller::default()).await.unwrap();
        link(&site.mail().await, PATH)
    };
    let second = send().await;
    let reader = site.browser();
    assert_eq!(reader.get(&first).await.status, 400, "there is a newer one");
    let page = reader.get(&second).await;
    site.app.clock().advance(jiff::SignedDuration::from_secs(432_000));
    assert_eq!(reader.get(&second).await.status, 400);
    assert_eq!(reader.submit("/u/email-verification", &page, &[]).await.status, 400);
    let third = send().await;
    let page = reader.get(&third).await;
    assert_eq!(page.status, 200);
    let caller = Caller::default();
    site.app.change_email(&site.tenant, &user_id, "other@example.com", false, &caller).await.unwrap();
    assert_eq!(reader.submit("/u/email-verification", &page, &[]).await.status, 400);
    assert!(!is_verified(&site, "other@example.com").await);
    for nothing in ["", "?ticket=", "?ticket=abc", "?ticket=%00"] {
        assert_eq!(reader.get(&format!("/u/email-verification{nothing}")).await.status, 400, "{nothing}");
    }
}

#[tokio::test]
async fn lg_02_the_form_is_tied_to_the_browser_that_opened_the_link() {
    let site = Site::start().await;
    let path = signed_up(&site, "new@example.com").await;
    let reader = site.browser();
    let page = reader.get(&path).await;
    let (state, csrf) = (page.input("state").unwrap(), page.input("_csrf").unwrap());
    let fields = [("state", state.as_str()), ("_csrf", csrf.as_str())];
    assert_eq!(site.browser().post("/u/email-verification", &fields).await.status, 403);
    let foreign = [("sec-fetch-site", "cross-site")];
    assert_eq!(reader.post_from("/u/email-verification", &fields, &foreign).await.status, 403);
    // CO-04: a ticket of one kind is none of another.
    let reset = path.replace("email-verification", "reset-password");
    assert_eq!(reader.get(&reset).await.status, 400);
    assert_eq!(reader.get(&path.replace("email-verification", "unblock")).await.status, 400);
    assert!(!is_verified(&site, "new@example.com").await);
}

/// §7.7: "the browser goes to the ticket's/template's result URL with query `email`, `success=true|false`, `message`".
#[tokio::test]
async fn a_result_url_gets_the_outcome() {
    let site = Site::start().await;
    let user_id = site.user.user_id.clone();
    site.unverify(&user_id).await;
    let request = LinkRequest {
        user_id,
        result_url: Some("https://app.example.com/done?x=1".to_owned()),
        include_email: true,
        ..LinkRequest::default()
    };
    let made = site.app.email_verification_link(&site.tenant, request).await.unwrap();
    let path = made.strip_prefix("https://login.example.com").unwrap().trim_end_matches('#');
    let reader = site.browser();
    let page = reader.get(path).await;
    let done = reader.submit("/u/email-verification", &page, &[]).await;
    assert_eq!(done.status, 303);
    let expected = "https://app.example.com/done?x=1&email=jane%40example.com&success=true&message=Your+email+was+verified.+You+\
                    can+continue+using+the+application.";
    assert_eq!(done.location(), expected);
    let again = reader.get(path).await;
    let expected = "https://app.example.com/done?x=1&email=jane%40example.com&success=false&message=This+URL+can+be+used+only+once";
    assert_eq!((again.status.as_u16(), again.location()), (302, expected));
}

#[tokio::test]
async fn the_last_page_leads_back_to_the_application() {
    let site = Site::start().await;
    site.unverify(&site.user.user_id).await;
    let mut client = site.client.clone();
    client.initiate_login_uri = Some("https://app.example.com/login".to_owned());
    site.app.update_client(&site.tenant.id, &client).await.unwrap();
    let caller = Caller::default();
    let send =
        site.app.send_verification_email(&site.tenant, &site.user.user_id, Some(&client.client_id), None, &caller);
    send.await.unwrap();
    let path = link(&site.mail().await, PATH);
    let reader = site.browser();
    let done = reader.fill_in(&path, &[]).await;
    assert!(done.body.contains("href=\"https://app.example.com/login\""), "{}", done.body);
    assert!(done.body.contains("Continue to Appointments"), "{}", done.body);
}
