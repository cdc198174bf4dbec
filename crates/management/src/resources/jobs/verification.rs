//! `POST /jobs/verification-email`: the mail with the link that verifies an address, once more.

use keywright_app::{LogEvent, LogType};
use keywright_store::user_jobs::{self, UserJobRow};
use keywright_store::users;
use serde_json::{Map, Value};

use super::job;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::Outcome;

fn no_user() -> ApiError {
    ApiError::not_found("The user does not exist.").code("inexistent_user")
}

/// Queues the mail, and the job with it, in one transaction: with the mail on its way there is nothing left for the job to do.
pub(super) async fn create(call: Call) -> Outcome {
    let user_id = call.text("user_id").unwrap_or_default().to_owned();
    let owned = |name: &str| call.text(name).map(str::to_owned);
    let (client_id, organization_id) = (owned("client_id"), owned("organization_id"));
    let (app, tenant) = (&call.app, &call.tenant.id);
    if let Some(id) = &client_id
        && app.client(tenant, id).await?.is_none()
    {
        return Err(ApiError::not_found("The client does not exist").code("inexistent_client"));
    }
    if let Some(id) = &organization_id
        && app.organization(tenant, id).await?.is_none()
    {
        return Err(ApiError::not_found("No organization found by that id or name"));
    }
    if let Some(identity) = call.body.get("identity") {
        let text = |name: &str| identity.get(name).and_then(Value::as_str).unwrap_or_default();
        // The address is that of the account itself.
        if user_id != format!("{}|{}", text("provider"), text("user_id")) {
            return Err(ApiError::bad_request("The user has no such identity."));
        }
    }
    let row = job::new(app, job::VERIFICATION, &Map::new(), 1);
    let shown = job::show(&row)?;
    let app = call.app.clone();
    let done = UserJobRow { status: job::COMPLETED.to_owned(), done: 1, ..row };
    let mailed = LogEvent::new(LogType::SuccessVerificationRequest, &call.caller).user_id(&user_id);
    call.write(move |tx, tenant| {
        let user = users::find(tx, tenant, &user_id)?.ok_or_else(no_user)?;
        if user.email.is_none() {
            return Err(ApiError::bad_request("The user does not have an email address."));
        }
        user_jobs::insert(tx, tenant, &done)?;
        app.queue_verification_email(tx, tenant, &user_id, client_id, organization_id, None)?;
        Ok(keywright_store::logs::insert(tx, tenant, &app.log_row(mailed))?)
    })
    .await?;
    call.app.wake_jobs();
    Ok(Reply::json(shown))
}
