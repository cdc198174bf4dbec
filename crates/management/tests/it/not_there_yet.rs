//! Features that are not there yet answer so that tools go on, and keep nothing (`management-api.md` §18.3, §18.4).

use http::Method;
use serde_json::json;

use crate::authorization::operations;
use crate::caller::{Api, refused};

#[tokio::test]
async fn lists_are_empty_in_the_shape_of_each() {
    let api = Api::new().await;
    let connection = &api.scene.connection.id;
    let organization = api.create("/organizations", json!({ "name": "acme" })).await;
    let organization = organization["id"].as_str().unwrap();
    for (path, expected) in [
        ("/log-streams", json!([])),
        (
            "/network-acls?include_totals=true&per_page=100",
            json!({ "start": 0, "limit": 100, "total": 0, "network_acls": [] }),
        ),
        (
            "/self-service-profiles?page=0&per_page=100&include_totals=true",
            json!({ "start": 0, "limit": 100, "total": 0, "self_service_profiles": [] }),
        ),
        ("/token-exchange-profiles?take=50", json!({ "token_exchange_profiles": [] })),
        ("/user-attribute-profiles?take=10", json!({ "user_attribute_profiles": [] })),
        ("/connection-profiles?take=10", json!({ "connection_profiles": [] })),
        ("/rate-limit-policies?take=50&include_totals=true", json!({ "rate_limit_policies": [] })),
        ("/event-streams?take=50", json!({ "eventStreams": [] })),
        ("/flows?hydrate=form_count", json!([])),
        ("/forms?include_totals=true", json!({ "start": 0, "limit": 50, "total": 0, "forms": [] })),
        ("/flows/vault/connections?per_page=50", json!([])),
        ("/connections-directory-provisionings?take=50", json!({ "directory_provisionings": [] })),
        ("/connections-scim-configurations", json!({ "scim_configurations": [] })),
        (&format!("/connections/{connection}/keys"), json!([])),
        (&format!("/organizations/{organization}/invitations?sort=created_at:-1"), json!([])),
        (&format!("/organizations/{organization}/discovery-domains?take=50"), json!({ "domains": [] })),
        (&format!("/organizations/{organization}/clients?take=50"), json!({ "clients": [] })),
    ] {
        let answer = api.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, expected), "{path}");
    }
}

#[tokio::test]
async fn single_objects_are_not_found_by_the_error_of_their_kind() {
    let api = Api::new().await;
    let connection = &api.scene.connection.id;
    for (path, message, code) in [
        ("/flows/x", "Flow not found", None),
        ("/log-streams/x", "The log stream does not exist.", None),
        ("/network-acls/x", "NetworkACL with this ID was not found", None),
        ("/guardian/enrollments/x", "Enrollment not found", Some("enrollment_not_found")),
        (&format!("/connections/{connection}/scim-configuration"), "Not Found", None),
        ("/connections/con_x/scim-configuration", "The connection does not exist", Some("inexistent_connection")),
        ("/organizations/org_x/invitations", "No organization found by that id or name", None),
    ] {
        refused(&api.get(path).await, 404, message, code);
    }
}

/// Whatever writes answers alike and leaves nothing behind: no list has an entry afterwards.
#[tokio::test]
async fn every_write_is_refused() {
    let api = Api::new().await;
    let organization = api.create("/organizations", json!({ "name": "acme" })).await;
    let mut writes = 0;
    for operation in operations().into_iter().filter(|operation| operation.resource == "not-there-yet") {
        if operation.method == Method::GET {
            continue;
        }
        let own = match operation.path.split('/').nth(1) {
            Some("connections") => api.scene.connection.id.as_str(),
            Some("organizations") => organization["id"].as_str().unwrap(),
            _ => "x",
        };
        let path = operation.path.replace("{id}", own);
        let body = Some(json!({ "name": "anything", "secret": "hush" }));
        let answer = api.send(operation.method.clone(), &path, body).await;
        let message = "This feature is not enabled for this tenant.";
        refused(&answer, 403, message, Some("feature_not_enabled"));
        writes += 1;
    }
    assert!(writes > 40, "{writes}");
    let log = api.get("/logs?take=100").await.json().to_string();
    assert!(!log.contains("hush"));
}
