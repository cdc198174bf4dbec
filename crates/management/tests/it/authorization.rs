//! Every operation of the OpenAPI document is closed to whoever may not use it (TN-03). Made from the document, so that no
//! operation is forgotten.

use http::Method;
use keywright_app::NewTenant;
use keywright_management::{SCOPES, openapi};
use keywright_testkit::Answer;
use keywright_types::TenantSettings;
use serde_json::Value;

use crate::caller::{Api, client_credentials, token};

/// An operation of the document.
pub(crate) struct Described {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// The resource that it belongs to.
    pub(crate) resource: String,
    scopes: Vec<String>,
    further: Vec<String>,
}

impl Described {
    /// The path with something in the place of its parameters.
    fn called(&self) -> String {
        self.path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect::<Vec<_>>().join("/")
    }
}

/// All operations.
pub(crate) fn operations() -> Vec<Described> {
    let document = openapi();
    let names = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().map(|scope| scope.as_str().unwrap().to_owned()).collect()
    };
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            all.push(Described {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                resource: operation["tags"][0].as_str().unwrap().to_owned(),
                scopes: names(&operation["x-scopes"]),
                further: names(&operation["x-further-scopes"]),
            });
        }
    }
    assert!(all.len() > 15, "the document is not read");
    all
}

/// With a body that would be refused if anybody looked at it.
async fn call(api: &Api, operation: &Described, authorization: Option<&str>) -> Answer {
    let mut headers = vec![("content-type", "application/json")];
    if let Some(authorization) = authorization {
        headers.push(("authorization", authorization));
    }
    let path = format!("/api/v2{}?unknown=parameter", operation.called());
    api.app.request(operation.method.clone(), &path, &headers, "{").await
}

#[tokio::test]
async fn tn_03_every_operation_needs_a_token_of_this_tenant_for_this_api() {
    let api = Api::new().await;
    let new = NewTenant {
        domain: "neighbour.example.com".to_owned(),
        settings: TenantSettings::default(),
        management_scopes: SCOPES.iter().map(ToString::to_string).collect(),
    };
    let mut neighbour = api.app.clone();
    neighbour.tenant = api.app.app.create_tenant(new).await.unwrap().0;
    let foreign = format!("Bearer {}", token(&neighbour, SCOPES).await);
    let wrong_audience = client_credentials(&api.app, &api.scene.machine, "appointments:api").await;
    let wrong_audience = format!("Bearer {wrong_audience}");
    for operation in operations() {
        let at = format!("{} {}", operation.method, operation.path);
        assert!(!operation.scopes.is_empty(), "{at}: an operation without a scope is open to everybody");
        for scope in operation.scopes.iter().chain(&operation.further) {
            assert!(SCOPES.contains(&scope.as_str()), "{at}: nobody can be granted {scope}");
        }
        for (authorization, status) in [
            (None, 401),
            (Some("Bearer garbage"), 400),
            (Some("Bearer a.b.c"), 401),
            (Some(wrong_audience.as_str()), 401),
            (Some(foreign.as_str()), 401),
        ] {
            let answer = call(&api, &operation, authorization).await;
            assert_eq!(answer.status, status, "{at} {authorization:?}: {answer:#?}");
            assert_eq!(answer.json()["statusCode"], status, "{at}");
        }
    }
}

#[tokio::test]
async fn tn_03_every_operation_needs_its_scope_and_no_other_one() {
    let api = Api::new().await;
    for operation in operations() {
        let at = format!("{} {}", operation.method, operation.path);
        let needed: Vec<&str> = operation.scopes.iter().map(String::as_str).collect();
        // Everything but what is needed; the body and the query, which are wrong, are not looked at.
        let others: Vec<&str> = SCOPES.iter().copied().filter(|scope| !needed.contains(scope)).collect();
        for scopes in [&[][..], &others] {
            let bearer = format!("Bearer {}", token(&api.app, scopes).await);
            let answer = call(&api, &operation, Some(&bearer)).await;
            let message = format!("Insufficient scope, expected any of: {}", needed.join(","));
            crate::caller::refused(&answer, 403, &message, Some("insufficient_scope"));
            let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{}\"", needed.join(" "));
            assert_eq!(answer.header("www-authenticate"), challenge, "{at}");
        }
        for one in &needed {
            let scopes: Vec<&str> = [*one].into_iter().chain(operation.further.first().map(String::as_str)).collect();
            let bearer = format!("Bearer {}", token(&api.app, &scopes).await);
            let answer = call(&api, &operation, Some(&bearer)).await;
            assert_eq!(answer.status, 400, "{at} with {one}: {answer:#?}");
            assert_eq!(answer.json()["errorCode"], "invalid_query_string", "{at}");
        }
    }
}
