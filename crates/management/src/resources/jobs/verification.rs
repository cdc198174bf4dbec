//! `POST /jobs/verification-email`: the mail with the link that verifies an address, once more.

use crate::call::Call;
use crate::error::ApiError;
use crate::operation::Outcome;

/// There is no such mail yet, and nothing is queued: a job that would do nothing is no answer to somebody who waits for a mail.
pub(super) async fn create(_: Call) -> Outcome {
    Err(ApiError::forbidden("This feature is not enabled for this tenant.").code("feature_not_enabled"))
}
