//! Settings that are one document each: `/guardian`, the stored parts of `/attack-protection`, signals (`management-api.md` §14).

use http::Method;
use keywright_app::NewTenant;
use keywright_management::SCOPES;
use keywright_store::tenant_documents;
use keywright_types::TenantSettings;
use serde_json::{Value, json};

use crate::caller::{Api, invalid, token};

/// Path, method, a body, and what is answered then.
fn changes() -> Vec<(&'static str, Method, Value, Value)> {
    let twilio = json!({ "from": "+1", "messaging_service_sid": null, "sid": "AC1", "auth_token": "hush" });
    let shown_twilio = json!({ "from": "+1", "sid": "AC1", "auth_token": "hush" });
    let templates = json!({ "enrollment_message": "Enrol {{code}}", "verification_message": "Code {{code}}" });
    let sns = json!({ "aws_access_key_id": "AK", "aws_secret_access_key": "hush", "aws_region": "eu-west-1" });
    let duo = json!({ "ikey": "i", "skey": "hush", "host": "api.duo.example" });
    let webauthn =
        json!({ "userVerification": "required", "overrideRelyingParty": true, "relyingPartyIdentifier": "x.example" });
    let (put, patch) = (Method::PUT, Method::PATCH);
    let same = |path, method: &Method, body: Value| (path, method.clone(), body.clone(), body);
    let captcha = json!({ "active_provider_id": "hcaptcha", "hcaptcha": { "site_key": "site", "secret": "hush" } });
    let shown_captcha = json!({
        "active_provider_id": "hcaptcha", "simple_captcha": {}, "auth_challenge": { "fail_open": false },
        "recaptcha_v2": { "site_key": "" }, "recaptcha_enterprise": { "site_key": "", "project_id": "" },
        "hcaptcha": { "site_key": "site" }, "friendly_captcha": { "site_key": "" },
        "arkose": { "site_key": "", "client_subdomain": "client-api", "verify_subdomain": "verify-api", "fail_open": false },
    });
    let bots = json!({ "challenge_password_policy": "always", "allowlist": ["10.0.0.0/8"] });
    let shown_bots = json!({
        "challenge_password_policy": "always", "challenge_passwordless_policy": "never",
        "challenge_password_reset_policy": "never", "allowlist": ["10.0.0.0/8"], "bot_detection_level": "medium",
        "monitoring_mode_enabled": false,
    });
    vec![
        same("/guardian/policies", &put, json!(["all-applications"])),
        same("/guardian/factors/sms/templates", &put, templates.clone()),
        same("/guardian/factors/phone/templates", &put, templates),
        ("/guardian/factors/sms/providers/twilio", put.clone(), twilio.clone(), shown_twilio.clone()),
        ("/guardian/factors/phone/providers/twilio", put.clone(), twilio, shown_twilio),
        same("/guardian/factors/sms/selected-provider", &put, json!({ "provider": "twilio" })),
        same("/guardian/factors/phone/selected-provider", &put, json!({ "provider": "phone-message-hook" })),
        same("/guardian/factors/phone/message-types", &put, json!({ "message_types": ["voice"] })),
        same("/guardian/factors/push-notification/providers/sns", &put, sns.clone()),
        same("/guardian/factors/push-notification/providers/sns", &patch, sns),
        (
            "/guardian/factors/push-notification/providers/apns",
            put.clone(),
            json!({ "sandbox": true, "bundle_id": "com.example", "p12": "hush" }),
            json!({ "sandbox": true, "bundle_id": "com.example" }),
        ),
        (
            "/guardian/factors/push-notification/providers/fcm",
            patch.clone(),
            json!({ "server_key": "hush" }),
            json!({}),
        ),
        (
            "/guardian/factors/push-notification/providers/fcmv1",
            put.clone(),
            json!({ "server_credentials": "hush" }),
            json!({}),
        ),
        same("/guardian/factors/push-notification/selected-provider", &put, json!({ "provider": "direct" })),
        same("/guardian/factors/duo/settings", &put, duo),
        same("/guardian/factors/webauthn-roaming/settings", &put, webauthn.clone()),
        same("/guardian/factors/webauthn-platform/settings", &put, webauthn),
        same("/prompts/mfa-push", &patch, json!({ "app_name": "Acme" })),
        ("/attack-protection/bot-detection", patch.clone(), bots, shown_bots),
        ("/attack-protection/captcha", patch.clone(), captcha, shown_captcha),
        same("/attack-protection/phone-provider-protection", &patch, json!({ "type": "exponential" })),
        same("/risk-assessments/settings", &patch, json!({ "enabled": true })),
        same("/risk-assessments/settings/new-device", &patch, json!({ "remember_for": 365 })),
        same("/supplemental-signals", &patch, json!({ "akamai_enabled": true })),
    ]
}

#[tokio::test]
async fn documents_are_kept_and_answered_as_they_were_written() {
    let api = Api::new().await;
    for (path, method, body, expected) in changes() {
        let before = api.get(path).await;
        assert_eq!(before.status, 200, "{path}");
        let written = api.send(method.clone(), path, Some(body.clone())).await;
        assert_eq!((written.status.as_u16(), written.json()), (200, expected.clone()), "{method} {path}");
        assert_eq!(api.get(path).await.json(), expected, "{path}");
        // What was read can be written again, and changes nothing.
        if method == Method::PATCH || body == expected {
            let again = api.send(method.clone(), path, Some(expected.clone())).await;
            let empty = expected == json!({});
            assert_eq!(again.status.as_u16(), if empty { 400 } else { 200 }, "{method} {path}: {again:#?}");
            assert_eq!(api.get(path).await.json(), expected, "{path}");
        }
    }
}

#[tokio::test]
async fn a_change_leaves_secrets_that_it_does_not_send() {
    let api = Api::new().await;
    let path = "/attack-protection/captcha";
    api.patch(path, json!({ "hcaptcha": { "site_key": "one", "secret": "hush" } })).await;
    api.patch(path, json!({ "hcaptcha": { "site_key": "two" } })).await;
    let tenant = api.app.tenant.id.clone();
    let read =
        move |tx: &mut keywright_store::Tx<'_>| tenant_documents::find(tx, &tenant, "attack-protection", "captcha");
    let row = api.app.app.store().read(read).await.unwrap().unwrap();
    assert!(row.document.contains("two") && !row.document.contains("hush"));
    let purpose = keywright_jose::Purpose::TenantDocument;
    let secrets = api.app.app.unsealed(purpose, &api.app.tenant.id, row.secrets.as_deref()).unwrap().unwrap();
    let secrets: Value = serde_json::from_str(secrecy::ExposeSecret::expose_secret(&secrets)).unwrap();
    assert_eq!(secrets, json!({ "hcaptcha": { "secret": "hush" } }));
}

/// ST-03, OP-02: keys of providers lie in no column in clear, and in no entry of the log.
#[tokio::test]
async fn st_03_secrets_of_documents_are_sealed_and_not_logged() {
    let api = Api::new().await;
    for (path, method, body, _) in changes() {
        api.send(method, path, Some(body)).await;
    }
    let tenant = api.app.tenant.id.clone();
    let all = api.app.app.store().read(move |tx| {
        let mut all = Vec::new();
        for kind in ["guardian", "attack-protection"] {
            all.extend(tenant_documents::list(tx, &tenant, kind)?);
        }
        Ok::<_, keywright_store::StoreError>(all)
    });
    let all = all.await.unwrap();
    assert!(all.len() > 15);
    assert_eq!(all.iter().filter(|row| row.secrets.is_some()).count(), 7);
    for row in all {
        assert!(!row.document.contains("hush"), "{}", row.name);
        assert!(!String::from_utf8_lossy(&row.secrets.unwrap_or_default()).contains("hush"), "{}", row.name);
    }
    let log = api.get("/logs?take=100").await.json().to_string();
    assert!(log.contains("Update Twilio settings") && !log.contains("hush"));
}

#[tokio::test]
async fn factors_are_eight_and_switched_one_by_one() {
    let api = Api::new().await;
    let names =
        ["sms", "push-notification", "otp", "email", "duo", "webauthn-roaming", "webauthn-platform", "recovery-code"];
    for name in names {
        let put = api.send(Method::PUT, &format!("/guardian/factors/{name}"), Some(json!({ "enabled": true }))).await;
        assert_eq!((put.status.as_u16(), put.json()), (200, json!({ "enabled": true })), "{name}");
        let found = api.get("/guardian/factors").await.json();
        let own: Vec<&Value> = found.as_array().unwrap().iter().filter(|factor| factor["enabled"] == true).collect();
        let expected = json!({ "name": name, "enabled": true, "trial_expired": false });
        assert_eq!(own, [&expected]);
        api.send(Method::PUT, &format!("/guardian/factors/{name}"), Some(json!({ "enabled": false }))).await;
    }
    let found = api.get("/guardian/factors").await.json();
    let listed: Vec<&str> = found.as_array().unwrap().iter().map(|factor| factor["name"].as_str().unwrap()).collect();
    assert_eq!(listed, names);
    assert_eq!(api.get("/guardian/policies").await.json(), json!([]));
}

#[tokio::test]
async fn wrong_documents_are_refused_and_change_nothing() {
    let api = Api::new().await;
    for (path, method, body, reason) in [
        ("/guardian/factors/otp", Method::PUT, json!({}), "'Missing required property: enabled'."),
        ("/guardian/policies", Method::PUT, json!(["never"]), "'No enum match for: never' on property [0]."),
        (
            "/guardian/policies",
            Method::PUT,
            json!(["all-applications", "confidence-score"]),
            "'Array is too long (2), maximum 1'.",
        ),
        (
            "/guardian/factors/phone/message-types",
            Method::PUT,
            json!({ "message_types": ["fax"] }),
            "'No enum match for: fax' on property message_types[0].",
        ),
        ("/attack-protection/captcha", Method::PATCH, json!({}), "'Too few properties defined (0), minimum 1'."),
        (
            "/attack-protection/captcha",
            Method::PATCH,
            json!({ "hcaptcha": { "secret": 5 } }),
            "'Expected type string but found type integer' on property hcaptcha.secret.",
        ),
        (
            "/attack-protection/bot-detection",
            Method::PATCH,
            json!({ "x": 1 }),
            "'Additional properties not allowed: x'.",
        ),
        (
            "/risk-assessments/settings/new-device",
            Method::PATCH,
            json!({ "remember_for": 366 }),
            "'Value 366 is greater than maximum 365' on property remember_for (Days that a device is known.).",
        ),
    ] {
        let before = api.get(path).await;
        let refused = api.send(method, path, Some(body)).await;
        if path == "/guardian/policies" && refused.json()["message"].as_str().unwrap().contains("too long") {
            assert_eq!(refused.status, 400);
        } else {
            invalid(&refused, reason);
        }
        if before.status == 200 {
            assert_eq!(api.get(path).await.json(), before.json(), "{path}");
        }
    }
}

/// TN-01: what one tenant writes, the other does not read.
#[tokio::test]
async fn tn_01_documents_belong_to_one_tenant() {
    let api = Api::new().await;
    let new = NewTenant {
        domain: "neighbour.example.com".to_owned(),
        settings: TenantSettings::default(),
        management_scopes: SCOPES.iter().map(ToString::to_string).collect(),
    };
    let mut neighbour = api.clone();
    neighbour.app.tenant = api.app.app.create_tenant(new).await.unwrap().0;
    neighbour.token = token(&neighbour.app, SCOPES).await;
    for (path, method, body, _) in changes() {
        let before = neighbour.get(path).await.json();
        assert_eq!(api.send(method, path, Some(body)).await.status, 200);
        assert_eq!(neighbour.get(path).await.json(), before, "{path}");
    }
}
