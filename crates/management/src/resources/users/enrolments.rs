//! Further factors of a user, of whom none can be enrolled: lists are empty, deletions find nothing, and what would enrol is
//! refused (`management-api.md` §5.1, §5.6, §18.4).

use http::StatusCode;
use keywright_store::users;
use serde_json::{Value, json};

use super::profile::missing;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::{Operation, Outcome};
use crate::paging::{Found, Paging, tolerated};
use crate::schema::{Problem, anything, list as list_of, object, open_object, optional, required, text, text_of};

const METHODS: Paging = Paging::numbered("authenticators");
const CONNECTED: Paging = Paging { default: 10, ..Paging::checkpoints("connected_accounts") };

pub(super) fn operations() -> Vec<Operation> {
    let method = || open_object().named("AuthenticationMethod");
    let update =
        object(vec![optional("name", text_of(1, 20)), optional("preferred_authentication_method", text_of(1, 20))]);
    vec![
        Operation::get("/users/{id}/enrollments", "List multi-factor enrolments of a user")
            .scopes(&["read:users"])
            .own_scopes(&["read:current_user"])
            .answers(list_of(anything()))
            .handled_by(empty_array),
        Operation::get("/users/{id}/authentication-methods", "List authentication methods of a user")
            .scopes(&["read:authentication_methods"])
            .query(METHODS.parameters())
            .answers(METHODS.answer(&method()))
            .handled_by(methods),
        Operation::post("/users/{id}/authentication-methods", "Create an authentication method of a user")
            .scopes(&["create:authentication_methods"])
            .body(object(vec![required("type", text_of(1, 50))]).open().named("AuthenticationMethodCreate"))
            .answers(method())
            .handled_by(not_enabled),
        Operation::put("/users/{id}/authentication-methods", "Replace authentication methods of a user")
            .scopes(&["update:authentication_methods"])
            .body(list_of(open_object()).sized(0, 100))
            .answers(list_of(method()))
            .handled_by(replace),
        Operation::delete("/users/{id}/authentication-methods", "Delete authentication methods of a user")
            .scopes(&["delete:authentication_methods"])
            .handled_by(nothing),
        Operation::get("/users/{id}/authentication-methods/{method_id}", "Get an authentication method of a user")
            .scopes(&["read:authentication_methods"])
            .answers(method())
            .handled_by(no_method),
        Operation::patch("/users/{id}/authentication-methods/{method_id}", "Update an authentication method of a user")
            .scopes(&["update:authentication_methods"])
            .body(update.named("AuthenticationMethodUpdate"))
            .answers(method())
            .handled_by(no_method),
        Operation::delete(
            "/users/{id}/authentication-methods/{method_id}",
            "Delete an authentication method of a user",
        )
        .scopes(&["delete:authentication_methods"])
        .handled_by(nothing),
        Operation::delete("/users/{id}/authenticators", "Delete all authenticators of a user")
            .scopes(&["delete:guardian_enrollments"])
            .handled_by(nothing),
        Operation::delete("/users/{id}/multifactor/{provider}", "Delete a multi-factor provider of a user")
            .scopes(&["update:users"])
            .handled_by(provider),
        Operation::post("/users/{id}/recovery-code-regeneration", "Generate a new recovery code of a user")
            .scopes(&["update:users"])
            .status(StatusCode::OK)
            .answers(object(vec![required("recovery_code", text())]))
            .handled_by(no_enrolment),
        Operation::post(
            "/users/{id}/multifactor/actions/invalidate-remember-browser",
            "Invalidate remembered browsers of a user",
        )
        .scopes(&["update:users"])
        .status(StatusCode::NO_CONTENT)
        .handled_by(nothing),
        Operation::post("/users/{id}/risk-assessments/clear", "Clear risk assessments of a user")
            .scopes(&["update:users"])
            .status(StatusCode::NO_CONTENT)
            .handled_by(nothing),
        Operation::get("/users/{id}/connected-accounts", "List connected accounts of a user")
            .scopes(&["read:users"])
            .query(CONNECTED.parameters())
            .query(tolerated())
            .answers(CONNECTED.answer(&open_object()))
            .handled_by(connected),
        Operation::get("/users/{id}/federated-connections-tokensets", "List federated token sets of a user")
            .scopes(&["read:federated_connections_tokens"])
            .answers(list_of(anything()))
            .handled_by(empty_array),
        Operation::delete("/users/{id}/federated-connections-tokensets/{tokenset_id}", "Delete a federated token set")
            .scopes(&["delete:federated_connections_tokens"])
            .handled_by(nothing),
    ]
}

/// The user of the path is there.
pub(super) async fn exists(call: &Call) -> Result<(), ApiError> {
    let id = call.path("id").to_owned();
    call.read(move |tx, tenant| users::find(tx, tenant, &id)?.map(drop).ok_or_else(missing)).await
}

async fn empty_array(call: Call) -> Outcome {
    exists(&call).await?;
    Ok(Reply::json(json!([])))
}

async fn methods(call: Call) -> Outcome {
    exists(&call).await?;
    let page = METHODS.page(&call, "/users/{id}/authentication-methods")?;
    Ok(METHODS.reply(&call, "/users/{id}/authentication-methods", &page, Found { items: Vec::new(), total: Some(0) }))
}

async fn connected(call: Call) -> Outcome {
    exists(&call).await?;
    let page = CONNECTED.page(&call, "/users/{id}/connected-accounts")?;
    Ok(CONNECTED.reply(&call, "/users/{id}/connected-accounts", &page, Found { items: Vec::new(), total: None }))
}

async fn nothing(call: Call) -> Outcome {
    exists(&call).await?;
    Ok(Reply::empty())
}

async fn not_enabled(call: Call) -> Outcome {
    exists(&call).await?;
    Err(refused())
}

/// §18.4: "For writes to unimplemented features".
fn refused() -> ApiError {
    ApiError::forbidden("This feature is not enabled for this tenant.").code("feature_not_enabled")
}

/// Nothing in the place of nothing is what there is.
async fn replace(call: Call) -> Outcome {
    exists(&call).await?;
    if call.body.as_array().is_some_and(Vec::is_empty) { Ok(Reply::json(json!([]))) } else { Err(refused()) }
}

async fn no_method(call: Call) -> Outcome {
    exists(&call).await?;
    Err(ApiError::not_found("The authentication method does not exist."))
}

async fn no_enrolment(call: Call) -> Outcome {
    exists(&call).await?;
    Err(ApiError::not_found("The user does not have an enrollment."))
}

async fn provider(call: Call) -> Outcome {
    if !["duo", "google-authenticator"].contains(&call.path("provider")) {
        let reason = format!("No enum match for: {}", Value::from(call.path("provider")));
        let problem = Problem { path: "provider".to_owned(), reason, description: "" };
        return Err(ApiError::invalid("Path", "invalid_uri", &[problem]));
    }
    nothing(call).await
}
