//! The organization of a login (§8.1): which one a request asks for, and whether the application may ask for it (check 10 of
//! §1.2).

use std::sync::Arc;

use keywright_app::{App, AppError, AuthorizationRequest, OrganizationRecord, return_url};
use keywright_types::{Client, OrganizationRequireBehavior, OrganizationUsage, Tenant};

use super::checks::invalid;
use super::denial::AuthorizeError;

/// What a request says about organizations. It is looked up before the redirect URI is compared, because callbacks may hold
/// its name, and judged after that, when errors can go to the application.
pub(super) enum Asked {
    /// Nothing.
    Nothing,
    /// An organization that there is.
    Known(Arc<OrganizationRecord>),
    /// Something that is no organization here, and what to say about it.
    Unusable(String),
}

impl Asked {
    /// By the parameter, which has an identifier or, where the tenant allows that, a name; else by the place of
    /// `{organization_name}` in the callback.
    pub(super) async fn by(
        app: &App,
        tenant: &Tenant,
        client: &Client,
        parameter: Option<&str>,
        redirect_uri: Option<&str>,
    ) -> Result<Self, AppError> {
        if let Some(wanted) = parameter {
            let found = if wanted.starts_with("org_") {
                app.organization(&tenant.id, wanted).await?
            } else if tenant.settings.allow_organization_name_in_authentication_api {
                app.organization_by_name(&tenant.id, wanted).await?
            } else {
                let text = "authorization request parameter organization must be an organization id";
                return Ok(Self::Unusable(text.to_owned()));
            };
            return Ok(found.map_or_else(|| Self::Unusable(is_invalid(wanted)), Self::Known));
        }
        let named = redirect_uri.and_then(|presented| return_url::organization_name(&client.callbacks, presented));
        let Some(name) = named.filter(|_| client.organization_usage != OrganizationUsage::Deny) else {
            return Ok(Self::Nothing);
        };
        Ok(app.organization_by_name(&tenant.id, name).await?.map_or(Self::Nothing, Self::Known))
    }

    /// The organization of a request that was kept in a transaction, as it is now.
    pub(super) async fn again(app: &App, tenant: &Tenant, id: Option<&str>) -> Result<Self, AppError> {
        let Some(id) = id else { return Ok(Self::Nothing) };
        Ok(app.organization(&tenant.id, id).await?.map_or_else(|| Self::Unusable(is_invalid(id)), Self::Known))
    }

    /// The name that stands in callbacks. §1.3: "substituted only if the client's `organization_usage` is `allow`/`require`
    /// and the transaction has an organization".
    pub(super) fn name_in_callbacks(&self, client: &Client) -> Option<&str> {
        match self {
            Self::Known(record) if client.organization_usage != OrganizationUsage::Deny => {
                Some(&record.organization.name)
            }
            _ => None,
        }
    }

    /// Check 10.
    pub(super) fn judged(
        self,
        request: &AuthorizationRequest,
        client: &Client,
    ) -> Result<Option<Arc<OrganizationRecord>>, AuthorizeError> {
        match (client.organization_usage, self) {
            // Where a page asks for it, `decide` sees to it that there is one.
            (OrganizationUsage::Require, Self::Nothing)
                if client.organization_prompt() == OrganizationRequireBehavior::NoPrompt =>
            {
                Err(invalid(request, "parameter organization is required for this client"))
            }
            (_, Self::Nothing) => Ok(None),
            (OrganizationUsage::Deny, _) => {
                Err(invalid(request, "parameter organization is not allowed for this client"))
            }
            (_, Self::Unusable(text)) => Err(invalid(request, text)),
            (_, Self::Known(record)) => Ok(Some(record)),
        }
    }
}

/// §1.5; SDKs look for "is not part of the".
pub(crate) fn is_no_member(user_id: &str, organization: &str) -> String {
    format!("user {user_id} is not part of the {organization} organization")
}

/// §1.5, for an organization that there is not, and for one without a connection.
pub(super) fn is_invalid(organization: &str) -> String {
    format!("parameter organization is invalid: {organization}")
}
