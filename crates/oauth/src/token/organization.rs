//! Organizations at the token endpoint (§8.1): what a code or a refresh token was issued in still has to be there.

use std::sync::Arc;

use keywright_app::{App, AppError, OrganizationRecord};
use keywright_types::Tenant;

use crate::authorize::is_no_member;
use crate::error::OAuthError;

/// The organization with this identifier, `None` when the login had none. The inner error is a cause for the log.
pub(super) async fn organization_now(
    app: &App,
    tenant: &Tenant,
    id: Option<&str>,
) -> Result<Result<Option<Arc<OrganizationRecord>>, &'static str>, AppError> {
    let Some(id) = id else { return Ok(Ok(None)) };
    Ok(app.organization(&tenant.id, id).await?.map(Some).ok_or("the organization is gone"))
}

/// For somebody who is no member any more.
pub(super) fn no_member(user_id: &str, organization: &str) -> OAuthError {
    OAuthError::invalid_grant(is_no_member(user_id, organization), "the membership has ended")
}
