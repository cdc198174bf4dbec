//! `GET /jobs/{id}/errors`: every user of an import that was refused, with the reasons, or why the job failed.

use http::StatusCode;
use keywright_app::AppError;
use keywright_store::user_jobs;
use serde_json::Value;

use super::job;
use crate::call::{Call, Reply};
use crate::operation::Outcome;

/// Parts read at once.
const PAGE: i64 = 20;

pub(super) async fn get(call: Call) -> Outcome {
    let row = job::of(&call).await?;
    if row.status == job::FAILED {
        let mut shown = job::show(&row)?;
        shown.insert("status_details".to_owned(), Value::from(row.details.unwrap_or_default()));
        return Ok(Reply::json(shown));
    }
    let (mut all, mut after) = (Vec::new(), job::ERRORS.0.to_owned());
    loop {
        let (id, from) = (row.job_id.clone(), after.clone());
        let parts =
            call.read(move |tx, tenant| Ok(user_jobs::parts(tx, tenant, &id, (&from, job::ERRORS.1), PAGE)?)).await?;
        let Some((last, _)) = parts.last() else { break };
        after.clone_from(last);
        for (_, sealed) in &parts {
            let content = job::open(&call.app, &call.tenant.id, sealed)?;
            let errors: Vec<Value> = serde_json::from_slice(&content).map_err(AppError::internal)?;
            all.extend(errors);
        }
    }
    // "204 when none".
    if all.is_empty() { Ok(Reply::empty().with_status(StatusCode::NO_CONTENT)) } else { Ok(Reply::json(all)) }
}
