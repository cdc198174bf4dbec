//! Who is at the browser: the SSO session, its user, and what that user has agreed to before.

use keywright_app::{App, AppError, Membership, Session, organizations_of, user_from_row};
use keywright_store::{grants, users};
use keywright_types::{OrganizationRequireBehavior, ScopeSet, Tenant, User};
use keywright_web::Cookies;

use super::checks::CheckedRequest;
use crate::permissions::Permissions;

/// The visitor of this request.
#[derive(Default)]
pub(crate) struct Visitor {
    /// A live session and its user; a session without a user is none.
    pub(crate) login: Option<(Session, User)>,
    /// Scopes to which the user agreed before, for this application on this API.
    pub(crate) granted: Option<ScopeSet>,
    /// How the user stands to the organization of the request, where it has one.
    pub(crate) membership: Option<Membership>,
    /// The organizations that the user can choose from, where the application wants them asked after the login.
    pub(crate) organizations: Vec<String>,
    /// What the user may do on the API, when it enforces policies.
    pub(crate) permissions: Option<Permissions>,
}

impl Visitor {
    /// Looks the visitor up by the session cookie.
    pub(super) async fn of(
        app: &App,
        tenant: &Tenant,
        cookies: &Cookies,
        checked: &CheckedRequest,
    ) -> Result<Self, AppError> {
        let Some(session) = app.session(tenant, cookies.session.as_deref()).await? else {
            return Ok(Self::default());
        };
        let (id, user_id) = (tenant.id.clone(), session.user_id.clone());
        let (request, api) = (&checked.request, checked.api.clone());
        let (client_id, audience) = (request.client_id.clone(), request.audience.clone().unwrap_or_default());
        let organization = checked.organization.clone();
        let connection = checked.connections.iter().find(|own| own.name == session.connection).cloned();
        let client = &checked.client.client;
        let asks = client.organization_prompt() == OrganizationRequireBehavior::PostLoginPrompt;
        let asks = asks && checked.organization.is_none();
        app.store()
            .look_up(move |tx| {
                let Some(row) = users::find(tx, &id, &user_id)? else { return Ok(Self::default()) };
                let grant = grants::find(tx, &id, &user_id, &client_id, &audience)?;
                // AR-07: a grant without an answer of the user is none.
                let granted = grant.filter(|grant| grant.consented).map(|grant| ScopeSet::parse(&grant.scope));
                let api = api.as_ref().map(|record| &record.api);
                let organization_id = organization.as_ref().map(|record| record.organization.id.as_str());
                let permissions = Permissions::of(tx, &id, &user_id, api, organization_id)?;
                let membership = match &organization {
                    Some(record) => Some(record.membership(tx, &id, &user_id, connection.as_ref())?),
                    None => None,
                };
                let organizations = match connection.as_ref().filter(|_| asks) {
                    Some(connection) => organizations_of(tx, &id, &user_id, connection)?,
                    None => Vec::new(),
                };
                let organizations = organizations.into_iter().map(|own| own.id).collect();
                let login = Some((session, user_from_row(&row)?));
                Ok(Self { login, granted, membership, organizations, permissions })
            })
            .await
    }
}
