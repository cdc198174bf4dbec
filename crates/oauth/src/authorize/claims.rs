//! The request parameter `claims` (OpenID Connect Core §5.5), where the profile honours it.

use keywright_app::{AuthorizationRequest, ClaimsRequest};
use keywright_types::Tenant;

use super::checks::invalid;
use super::denial::AuthorizeError;
use crate::profile;

/// What is asked for by name; `None` where the parameter has no effect (§1.1 "accepted, no documented effect").
pub(super) fn claims(
    tenant: &Tenant,
    request: &AuthorizationRequest,
    value: Option<&str>,
) -> Result<Option<ClaimsRequest>, AuthorizeError> {
    let Some(value) = value.filter(|_| profile::honours_claims_parameter(tenant.settings.profile)) else {
        return Ok(None);
    };
    let malformed = || invalid(request, "Parameter 'claims' is malformed");
    ClaimsRequest::parse(value).map(Some).ok_or_else(malformed)
}
