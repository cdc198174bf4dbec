//! What belongs together stays together (DV-05): device code, user code, application, and the page that was shown.

use keywright_store::device_codes;
use keywright_testkit::{Answer, Registered};
use keywright_types::AppType;

use super::{Device, GRANT, INVALID, PENDING, finish, say, scene};
use crate::expect::{granted, refused};
use crate::outcome::add_client;

async fn other_client(scene: &keywright_testkit::Scene) -> Registered {
    let other = add_client(scene, "Other App", AppType::Native, "com.example.other:/callback").await;
    scene.app.change_client(&other, |client| client.grant_types.push(GRANT.to_owned())).await
}

#[tokio::test]
async fn dv_05_a_code_is_of_no_use_to_another_client() {
    let scene = scene().await;
    let other = other_client(&scene).await;
    let device = Device::new(&scene, &[]).await;
    let stolen = async |client: &Registered| -> Answer { device.poll(&scene.app, client).await };
    refused(&stolen(&other).await, 403, "invalid_grant", INVALID);
    device.activate(&scene.app.browser()).await;
    refused(&stolen(&other).await, 403, "invalid_grant", INVALID);
    // Clients that may not use the grant do not come so far.
    let text = "Grant type 'urn:ietf:params:oauth:grant-type:device_code' not allowed for the client.";
    refused(&stolen(&scene.spa).await, 403, "unauthorized_client", text);
    // The thief has spoiled nothing.
    granted(&stolen(&scene.native).await);
}

/// The code that people type passes on to another device: an answer to the question about the first is none to the second.
#[tokio::test]
async fn dv_05_an_answer_is_about_the_device_on_the_page() {
    let scene = scene().await;
    let other = other_client(&scene).await;
    let browser = scene.app.browser();
    let first = Device::new(&scene, &[]).await;
    let page = first.question(&browser).await;
    let second = Device::of(&scene.app, &other, &[]).await;
    // As if the same letters had been drawn again after the first device was refused.
    let id = scene.app.tenant.id.clone();
    let digests = [&first, &second].map(|device| scene.app.app.device_code_digest(&id, &device.code));
    let now = scene.app.app.now();
    let swap = move |tx: &mut keywright_store::Tx<'_>| {
        let [first, second] = digests;
        let letters = device_codes::find(tx, &id, first.as_bytes())?.unwrap().user_code_digest;
        device_codes::deny(tx, &id, first.as_bytes(), "no", now)?;
        let mut row = device_codes::find(tx, &id, second.as_bytes())?.unwrap();
        tx.execute("DELETE FROM device_codes WHERE code_digest = $1", keywright_store::params![&row.code_digest])?;
        row.user_code_digest = letters;
        device_codes::insert(tx, &id, &row)
    };
    scene.app.app.store().write(swap).await.unwrap();
    for action in ["confirm", "cancel"] {
        assert_eq!(say(&browser, &page, action).await.location(), "/activate/expired");
    }
    refused(&second.poll(&scene.app, &other).await, 403, "authorization_pending", PENDING);
    // The second device's own question names its own application.
    let swapped = Device { user_code: first.user_code.clone(), ..second };
    let page = swapped.question(&browser).await;
    assert!(page.body.contains("<strong>Other App</strong>"), "{}", page.body);
    let answer = say(&browser, &page, "confirm").await;
    finish(&browser, browser.get(answer.location()).await).await;
    granted(&swapped.poll(&scene.app, &other).await);
}

#[tokio::test]
async fn dv_06_a_client_that_loses_the_grant_loses_its_codes() {
    let scene = scene().await;
    let browser = scene.app.browser();
    let [pending, approved, asked] =
        [Device::new(&scene, &[]).await, Device::new(&scene, &[]).await, Device::new(&scene, &[]).await];
    approved.activate(&browser).await;
    let page = asked.question(&browser).await;
    let disabled = scene.app.change_client(&scene.native, |client| client.grant_types.retain(|own| own != GRANT)).await;
    let text = "Grant type 'urn:ietf:params:oauth:grant-type:device_code' not allowed for the client.";
    for device in [&pending, &approved, &asked] {
        refused(&device.poll(&scene.app, &disabled).await, 403, "unauthorized_client", text);
    }
    // Nobody can be made to agree to it any more.
    let answer = say(&browser, &page, "confirm").await;
    assert_eq!(browser.get(answer.location()).await.location(), "/activate/denied");
    assert_eq!(pending.confirm(&browser).await.location(), "/activate/denied");
    // It comes back too late for those.
    scene.app.change_client(&disabled, |client| client.grant_types.push(GRANT.to_owned())).await;
    refused(&pending.poll(&scene.app, &scene.native).await, 403, "access_denied", text);
    granted(&approved.poll(&scene.app, &scene.native).await);
}

#[tokio::test]
async fn dv_06_a_client_that_becomes_confidential_loses_its_codes() {
    let scene = scene().await;
    let device = Device::new(&scene, &[]).await;
    let browser = scene.app.browser();
    device.activate(&browser).await;
    let web = scene.app.change_client(&scene.native, |client| client.app_type = Some(AppType::RegularWeb)).await;
    let text = "The device flow is for native first-party applications without a client secret";
    refused(&device.poll(&scene.app, &web).await, 403, "unauthorized_client", text);
}

#[tokio::test]
async fn tn_01_codes_are_of_one_tenant() {
    let scene = scene().await;
    let device = Device::new(&scene, &[]).await;
    let new = keywright_app::NewTenant {
        domain: "other.example.com".to_owned(),
        settings: keywright_types::TenantSettings::default(),
        management_scopes: Vec::new(),
    };
    let (other, _) = scene.app.app.create_tenant(new).await.unwrap();
    scene.app.app.create_client(&other.id, &scene.native.client, None).await.unwrap();
    let body =
        crate::expect::form([("grant_type", GRANT), ("device_code", &*device.code), ("client_id", scene.native.id())]);
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("host", "other.example.com")];
    let answer = scene.app.request(http::Method::POST, "/oauth/token", &headers, body).await;
    refused(&answer, 403, "invalid_grant", INVALID);
    let app = &scene.app.app;
    assert!(app.pending_device(&other, &device.user_code).await.unwrap().is_none());
    assert!(app.pending_device(&scene.app.tenant, &device.user_code).await.unwrap().is_some());
}
