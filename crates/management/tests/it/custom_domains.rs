//! `/custom-domains` (`management-api.md` §13).

use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};

#[tokio::test]
async fn a_domain_is_kept_and_stays_pending() {
    let api = Api::new().await;
    let body = json!({
        "domain": "Login.Example.com", "type": "auth0_managed_certs", "verification_method": "txt",
        "custom_client_ip_header": "cf-connecting-ip", "domain_metadata": { "a": "1" },
    });
    let made = api.create("/custom-domains", body.clone()).await;
    let id = made["custom_domain_id"].as_str().unwrap();
    assert!(id.starts_with("cd_") && id.len() == 19);
    let expected = json!({
        "custom_domain_id": id, "domain": "login.example.com", "type": "auth0_managed_certs", "primary": false,
        "is_default": false, "status": "pending_verification", "tls_policy": "recommended",
        "custom_client_ip_header": "cf-connecting-ip", "domain_metadata": { "a": "1" },
        "created_at": "2026-03-01T12:00:00.000Z", "verification": made["verification"],
    });
    assert_eq!(made, expected);
    let method = &made["verification"]["methods"][0];
    assert_eq!((&method["name"], &method["domain"]), (&json!("TXT"), &json!("_cf-custom-hostname.login.example.com")));
    let own = format!("/custom-domains/{id}");
    assert_eq!(api.get(&own).await.json(), made);
    assert_eq!(api.post(&format!("{own}/verify"), Value::Null).await.json()["status"], "pending_verification");
    assert_eq!(api.post(&format!("{own}/test"), Value::Null).await.json()["success"], false);
    let changed =
        api.patch(&own, json!({ "custom_client_ip_header": null, "domain_metadata": { "a": null, "b": "2" } }));
    let changed = changed.await.json();
    assert!(changed.get("custom_client_ip_header").is_none());
    assert_eq!(changed["domain_metadata"], json!({ "b": "2" }));
    let again = api.post("/custom-domains", body).await;
    refused(&again, 409, "Custom domain already exists.", Some("custom_domain_conflict"));
    assert_eq!(api.delete(&own).await.status, 204);
    assert_eq!(api.delete(&own).await.status, 204);
    let message = format!("The custom domain {id} does not exist");
    refused(&api.get(&own).await, 404, &message, Some("inexistent_custom_domain"));
}

/// The tenant answers at its own domain alone, whatever is stored.
#[tokio::test]
async fn a_domain_that_is_stored_leads_nowhere() {
    let api = Api::new().await;
    api.create("/custom-domains", json!({ "domain": "id.example.com", "type": "self_managed_certs" })).await;
    let found = api.app.app.tenant_by_domain("id.example.com").await.unwrap();
    assert!(found.is_none());
    let own = json!({ "domain": api.app.tenant.domain });
    assert_eq!(api.get("/custom-domains/default").await.json(), own);
    assert_eq!(api.patch("/custom-domains/default", own.clone()).await.json(), own);
    let other = api.patch("/custom-domains/default", json!({ "domain": "id.example.com" })).await;
    refused(&other, 400, "The domain must be verified before it can be set as default.", None);
}

#[tokio::test]
async fn domains_are_a_bare_array_unless_checkpoints_are_asked_for() {
    let api = Api::new().await;
    for name in ["one", "two", "three"] {
        let body = json!({ "domain": format!("{name}.example.com"), "type": "self_managed_certs" });
        api.create("/custom-domains", body).await;
    }
    assert_eq!(api.get("/custom-domains?include_totals=true&per_page=1").await.json().as_array().unwrap().len(), 3);
    let first = api.get("/custom-domains?take=2").await.json();
    assert_eq!(first["custom_domains"].as_array().unwrap().len(), 2);
    let rest = api.get(&format!("/custom-domains?from={}", first["next"].as_str().unwrap())).await.json();
    assert_eq!(rest["custom_domains"].as_array().unwrap().len(), 1);
    assert!(rest.get("next").is_none());
}

#[tokio::test]
async fn a_tenant_has_a_hundred_domains_at_most() {
    let api = Api::new().await;
    for number in 0..100 {
        let body = json!({ "domain": format!("a{number}.example.com"), "type": "self_managed_certs" });
        api.create("/custom-domains", body).await;
    }
    let body = json!({ "domain": "last.example.com", "type": "self_managed_certs" });
    let refusal = api.post("/custom-domains", body).await;
    let message = "You reached the limit of entities of this type for this tenant.";
    refused(&refusal, 403, message, Some("too_many_entities"));
}

#[tokio::test]
async fn wrong_members_are_named() {
    let api = Api::new().await;
    for (body, reason) in [
        (json!({ "type": "self_managed_certs" }), "'Missing required property: domain'."),
        (json!({ "domain": "a.example.com" }), "'Missing required property: type'."),
        (
            json!({ "domain": "a.example.com", "type": "self_managed_certs", "custom_client_ip_header": "x" }),
            "'No enum match for: x' on property custom_client_ip_header.",
        ),
        (
            json!({ "domain": "a.example.com", "type": "self_managed_certs", "status": "ready" }),
            "'Additional properties not allowed: status'.",
        ),
    ] {
        invalid(&api.post("/custom-domains", body).await, reason);
    }
    assert_eq!(api.get("/custom-domains").await.json(), json!([]));
}
