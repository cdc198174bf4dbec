//! `/tenants/settings` (`management-api.md` §9) and the parts of attack protection (§14.1).

use serde_json::json;

use crate::caller::{Api, invalid, refused};

const PATH: &str = "/tenants/settings";

#[tokio::test]
async fn settings_are_read_and_changed() {
    let api = Api::new().await;
    let before = api.get(PATH).await.json();
    assert_eq!((&before["session_lifetime"], &before["idle_session_lifetime"]), (&json!(168.0), &json!(72.0)));
    assert!(before.get("attack_protection").is_none(), "it has a path of its own");
    let changes = json!({
        "friendly_name": "Acme", "support_email": "help@acme.example", "enabled_locales": ["de", "en"],
        "flags": { "remove_alg_from_jwks": true }, "default_audience": "appointments:api",
        "error_page": { "html": "<p>", "show_log_link": false }, "session_lifetime": 100,
    });
    let changed = api.patch(PATH, changes.clone()).await;
    assert_eq!(changed.status, 200, "{changed:#?}");
    for (name, value) in changes.as_object().unwrap().iter().filter(|(name, _)| *name != "flags") {
        assert_eq!(changed.json()[name], *value, "{name}");
    }
    assert_eq!(changed.json()["flags"]["remove_alg_from_jwks"], true);
    // Flags are merged one by one, and count at once.
    let more = api.patch(PATH, json!({ "flags": { "enable_client_connections": false } })).await.json();
    let flags = (&more["flags"]["remove_alg_from_jwks"], &more["flags"]["enable_client_connections"]);
    assert_eq!(flags, (&json!(true), &json!(false)));
    let keys = api.app.get("/.well-known/jwks.json", &[]).await.json();
    assert!(keys["keys"][0].get("alg").is_none());
    assert!(api.patch(PATH, json!({ "error_page": null })).await.json().get("error_page").is_none());
    let one = api.get(&format!("{PATH}?fields=friendly_name")).await.json();
    assert_eq!(one, json!({ "friendly_name": "Acme" }));
}

/// "wins over hours; never returned".
#[tokio::test]
async fn lifetimes_in_minutes_and_hours_are_one_setting() {
    let api = Api::new().await;
    let answer =
        api.patch(PATH, json!({ "session_lifetime_in_minutes": 181, "idle_session_lifetime": 1 })).await.json();
    assert_eq!(answer["session_lifetime"], json!(181.0 / 60.0));
    assert!(answer.get("session_lifetime_in_minutes").is_none());
    let stored = api.app.app.tenant(&api.app.tenant.id).await.unwrap().unwrap().settings;
    assert_eq!((stored.session_lifetime_in_minutes, stored.idle_session_lifetime), (Some(181.0), 1.0));
    let hours = api.patch(PATH, json!({ "session_lifetime": 5 })).await.json();
    assert_eq!(hours["session_lifetime"], 5);
    let stored = api.app.app.tenant(&api.app.tenant.id).await.unwrap().unwrap().settings;
    assert_eq!(stored.session_lifetime_in_minutes, None, "what is sent last counts");
    let message = "idle_session_lifetime must not be longer than session_lifetime";
    refused(&api.patch(PATH, json!({ "idle_session_lifetime": 6 })).await, 400, message, Some("invalid_body"));
}

#[tokio::test]
async fn wrong_settings_are_named() {
    let api = Api::new().await;
    for (body, reason) in [
        (json!({}), "'Too few properties defined (0), minimum 1'."),
        (
            json!({ "flags": { "unknown": true } }),
            "'Additional properties not allowed: unknown' on property flags (Switches, merged one by one.).",
        ),
        (
            json!({ "enabled_locales": [] }),
            "'Array is too short (0), minimum 1' on property enabled_locales (Languages of pages, the default first.).",
        ),
        (
            json!({ "session_lifetime": 0 }),
            "'Value 0 is less than minimum 0.01' on property session_lifetime (Hours from login to the end of a session.).",
        ),
        (json!({ "attack_protection": {} }), "'Additional properties not allowed: attack_protection'."),
        (
            json!({ "session_cookie": { "mode": "eternal" } }),
            "'No enum match for: eternal' on property session_cookie.mode.",
        ),
        (json!({ "device_flow": { "charset": "hex" } }), "'No enum match for: hex' on property device_flow.charset."),
        (
            json!({ "device_flow": { "mask": "****-****-****-****-*" } }),
            "'String is too long (21 chars), maximum 20' on property device_flow.mask.",
        ),
        (
            json!({ "device_flow": { "mask": "****_****" } }),
            "'String does not match pattern ^[* -]*$: ****_****' on property device_flow.mask.",
        ),
        (
            json!({ "playground": { "enabled": "yes" } }),
            "'Expected type boolean but found type string' on property playground.enabled.",
        ),
    ] {
        invalid(&api.patch(PATH, body).await, reason);
    }
}

/// Sample 15 of `management-api.md` §19 takes six digits. DV-01 is kept by `UserCodeFormat::in_force`: codes are longer then.
#[tokio::test]
async fn dv_01_short_masks_are_taken_and_make_no_short_codes() {
    let api = Api::new().await;
    let device_flow = json!({ "charset": "digits", "mask": "***-***" });
    let answer = api.patch(PATH, json!({ "device_flow": device_flow })).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["device_flow"]), (200, &device_flow));
    let tenant = api.app.app.tenant(&api.app.tenant.id).await.unwrap().unwrap();
    assert_eq!(tenant.settings.device_flow.clone().unwrap().in_force().mask, "***-***-***");
}

#[tokio::test]
async fn the_playground_is_switched_on_member_by_member() {
    let api = Api::new().await;
    assert!(api.get(PATH).await.json().get("playground").is_none());
    api.patch(PATH, json!({ "playground": { "client_id": "x", "scope": "openid" } })).await;
    let on = api.patch(PATH, json!({ "playground": { "enabled": true, "audience": "appointments:api" } })).await.json();
    let expected = json!({ "enabled": true, "client_id": "x", "audience": "appointments:api", "scope": "openid" });
    assert_eq!(on["playground"], expected);
    let tenant = api.app.app.tenant(&api.app.tenant.id).await.unwrap().unwrap();
    assert_eq!(tenant.settings.playground.as_ref().map(|own| (own.enabled, own.scopes())), Some((true, "openid")));
}

#[tokio::test]
async fn each_part_of_attack_protection_is_a_document() {
    let api = Api::new().await;
    let brute = "/attack-protection/brute-force-protection";
    let default = json!({
        "enabled": true, "shields": ["block", "user_notification"], "mode": "count_per_identifier_and_ip",
        "allowlist": [], "max_attempts": 10,
    });
    assert_eq!(api.get(brute).await.json(), default);
    let changed = api.patch(brute, json!({ "max_attempts": 3, "allowlist": ["10.0.0.0/8", "::1"] })).await.json();
    assert_eq!((&changed["max_attempts"], &changed["enabled"]), (&json!(3), &json!(true)));
    let settings = api.app.app.tenant(&api.app.tenant.id).await.unwrap().unwrap().settings;
    assert_eq!(settings.attack_protection.brute_force_protection.max_attempts, 3);
    let reason =
        "'Value 101 is greater than maximum 100' on property max_attempts (Failures in a row until the block.).";
    invalid(&api.patch(brute, json!({ "max_attempts": 101 })).await, reason);

    let throttling = "/attack-protection/suspicious-ip-throttling";
    let stage = json!({ "stage": { "pre-login": { "max_attempts": 5, "rate": 1000 } } });
    let changed = api.patch(throttling, stage).await.json();
    assert_eq!(changed["stage"]["pre-login"], json!({ "max_attempts": 5, "rate": 1000 }));
    let kept = json!({ "max_attempts": 50, "rate": 1200 });
    assert_eq!(changed["stage"]["pre-user-registration"], kept, "merged per stage");

    let breached = "/attack-protection/breached-password-detection";
    assert_eq!(api.get(breached).await.json()["method"], "standard");
    let on = json!({ "enabled": true, "shields": ["block"], "admin_notification_frequency": ["daily"] });
    assert_eq!(api.patch(breached, on).await.status, 200);
    let now = api.get(breached).await.json();
    assert_eq!((&now["enabled"], &now["admin_notification_frequency"]), (&json!(true), &json!(["daily"])));
    assert_eq!(api.get(brute).await.json()["max_attempts"], 3, "each part leaves the others");
}
