//! Grants `password` and `http://auth0.com/oauth/grant-type/password-realm` (§2.6; RFC 6749 §4.3; CL-07): off unless an
//! administrator enables them. No session begins and nobody is asked for consent, so only first-party applications get them.

use std::sync::Arc;

use jiff::Timestamp;
use keywright_app::{
    ApiRecord, App, AppError, Authenticated, Authentication, Caller, ClientRecord, Facts, Limit, LogEvent,
    LoginAttempt, Protocol, TokenChanges, user_from_row,
};
use keywright_store::grants::{self, GrantRow};
use keywright_store::{Tx, logs, users};
use keywright_types::{Connection, ResourceServer, ScopeSet, Tenant, User};
use keywright_web::RateLimits;

use super::refresh_token::NewFamily;
use super::{Grant, TokenRequest, TokenResponse, events, scripts};
use crate::authorize::{ONLINE_ACCESS, begins_family, scopes_now};
use crate::error::OAuthError;
use crate::issue::{self, Issuer, Subject};
use crate::kept_claims::KeptClaims;
use crate::permissions::Permissions;

/// §2.6: "only `openid` => all standard OIDC scopes".
const STANDARD_SCOPES: &str = "openid profile email address phone";

pub(super) async fn run(
    app: &App,
    tenant: &Tenant,
    client: &ClientRecord,
    limits: &RateLimits,
    grant: Grant,
    request: &TokenRequest,
) -> Result<TokenResponse, OAuthError> {
    if !client.client.is_first_party {
        return Err(OAuthError::grant_not_allowed(grant.name()));
    }
    let (username, password) = (request.required("username")?, request.required("password")?);
    let connection = connection(app, tenant, client, grant, request).await?;
    let default = Some(tenant.settings.default_audience.as_str()).filter(|audience| !audience.is_empty());
    let audience = request.get("audience").or(default);
    let issuer = Issuer::load(app, tenant, client, audience, request.jkt()).await?;
    let wanted = wanted_scope(request.get("scope"), issuer.api());
    let scope = scopes_now(app, &tenant.id, &client.client, issuer.api(), &wanted).await?;
    let scope = scope.ok_or_else(|| OAuthError::audience_not_allowed(audience.unwrap_or_default()))?;
    limits.take_with_address(Limit::Login, &[&username.trim().to_lowercase(), &connection.name]).await?;
    let authenticated = authenticate(app, tenant, client, &connection, request.caller(), username, password).await?;
    let now = app.now();
    let facts = Facts {
        tenant,
        client: &client.client,
        caller: request.caller(),
        user_id: &authenticated.user.user_id,
        connection: Some(&connection),
        protocol: Protocol::Password,
        request: &scripts::request_facts(request),
        authorization: None,
        audience,
        is_system_api: issuer.api().is_some_and(|api| api.is_system),
        scope: &scope,
        organization: None,
        session: None,
        refresh_token: None,
        uncounted: true,
        silent: true,
    };
    let changes = match scripts::changes(app, &facts).await {
        Ok(changes) => changes,
        Err(refused) => {
            // The password was right: the failures before it are over, as after a login.
            app.record_proof(&tenant.id, authenticated.proof).await?;
            return Err(refused);
        }
    };
    let granted = Granted {
        app: app.clone(),
        tenant: tenant.clone(),
        authenticated,
        event: events::granted(grant, request, &client.client).connection(&connection),
        client_id: client.client.client_id.clone(),
        audience: audience.unwrap_or_default().to_owned(),
        api: issuer.record(),
        scope,
        new_family: NewFamily::new(app, tenant, &client.client).bound_to(request.jkt()),
        ip: request.caller().ip.map(|ip| ip.to_string()),
        changes: changes.clone(),
        now,
    };
    let (user, scope, permissions, refresh_token) = app.store().write(move |tx| granted.record(tx)).await??;
    let subject = Subject {
        user: &user,
        session_id: None,
        scope: &scope,
        permissions: permissions.as_ref(),
        nonce: None,
        claims: None,
        organization: None,
        auth_time: None,
        grant: Some("password"),
        issued_at: now,
        changes: &changes,
    };
    let tokens = issue::for_user(app, tenant, client, &issuer, &subject)?;
    Ok(TokenResponse { refresh_token, ..tokens })
}

/// The connection of the tenant's `default_directory`, or the one that `realm` names.
async fn connection(
    app: &App,
    tenant: &Tenant,
    client: &ClientRecord,
    grant: Grant,
    request: &TokenRequest,
) -> Result<Connection, OAuthError> {
    let name = match grant {
        Grant::PasswordRealm => request.required("realm")?,
        _ if tenant.settings.default_directory.is_empty() => return Err(OAuthError::no_default_connection()),
        _ => tenant.settings.default_directory.as_str(),
    };
    let all = app.connections(&tenant.id).await?;
    let usable = |connection: &&Connection| {
        connection.name == name
            && connection.is_database()
            && connection.authentication.active
            && connection.is_enabled_for(&client.client.client_id)
    };
    all.iter().find(usable).cloned().ok_or_else(OAuthError::invalid_password_connection)
}

/// §2.6: "none requested => **all** scopes of the API (first-party); only `openid` => all standard OIDC scopes".
fn wanted_scope(requested: Option<&str>, api: Option<&ResourceServer>) -> ScopeSet {
    // There is no session here that a refresh token could end with.
    let requested = ScopeSet::parse(requested.unwrap_or_default()).filtered(|scope| scope != ONLINE_ACCESS);
    match api {
        Some(api) if requested.is_empty() => api.scopes.iter().map(|scope| scope.value.as_str()).collect(),
        _ if requested.is_empty() || requested == ScopeSet::parse("openid") => ScopeSet::parse(STANDARD_SCOPES),
        _ => requested,
    }
}

async fn authenticate(
    app: &App,
    tenant: &Tenant,
    client: &ClientRecord,
    connection: &Connection,
    caller: &Caller,
    identifier: &str,
    password: &str,
) -> Result<Authenticated, OAuthError> {
    let client = &client.client;
    let attempt = LoginAttempt { tenant, connection, client, identifier, password, caller, browser: None };
    match app.authenticate(attempt).await? {
        Authentication::Success(authenticated) => Ok(*authenticated),
        Authentication::WrongCredentials => {
            Err(OAuthError::invalid_grant("Wrong email or password.", "wrong credentials"))
        }
        Authentication::UserBlocked => Err(OAuthError::blocked()),
        Authentication::PasswordLeaked => Err(OAuthError::password_leaked()),
        Authentication::AccountBlocked => Err(OAuthError::too_many_attempts(
            "Your account has been blocked after multiple consecutive login attempts. We've sent you a notification via \
             your preferred contact method with instructions on how to unblock it.",
            None,
        )),
        Authentication::AddressBlocked { until } => Err(OAuthError::too_many_attempts(
            "We have detected suspicious login behavior and further attempts will be blocked. Please contact the \
             administrator.",
            Some(until.duration_since(app.now())),
        )),
    }
}

/// A right password, ready for its transaction.
struct Granted {
    app: App,
    tenant: Tenant,
    authenticated: Authenticated,
    event: LogEvent,
    client_id: String,
    audience: String,
    api: Option<Arc<ApiRecord>>,
    scope: ScopeSet,
    new_family: NewFamily,
    ip: Option<String>,
    changes: TokenChanges,
    now: Timestamp,
}

/// User, scope, permissions and refresh token.
type Recorded = Result<(User, ScopeSet, Option<Permissions>, Option<String>), OAuthError>;

impl Granted {
    /// Counts and logs the login, and begins a refresh family where one was asked for; it has no session.
    fn record(self, tx: &mut Tx<'_>) -> Result<Recorded, AppError> {
        let (tenant, user_id) = (&self.tenant.id, &self.authenticated.user.user_id);
        let Some(row) = users::find(tx, tenant, user_id)? else {
            return Ok(Err(OAuthError::invalid_grant("Wrong email or password.", "the user is gone")));
        };
        // An administrator was faster.
        if row.blocked {
            return Ok(Err(OAuthError::blocked()));
        }
        let user = user_from_row(&row)?;
        self.authenticated.proof.record(tx, tenant, self.now)?;
        users::record_login(tx, tenant, user_id, self.now, self.ip.as_deref())?;
        let api = self.api.as_ref().map(|record| &record.api);
        let permissions = Permissions::of(tx, tenant, user_id, api, None)?;
        let scope = Permissions::narrow(permissions.as_ref(), self.scope, api);
        if let Some(kept) = KeptClaims::of(&self.changes, &scope, api, &self.client_id, user_id, self.now) {
            kept.put(tx, tenant)?;
        }
        let refresh_token = if begins_family(&scope) {
            // RT-08: a refresh token needs a grant, which is no consent (AR-07).
            let grant = GrantRow {
                grant_id: self.app.random().hex(12),
                user_id: user_id.clone(),
                client_id: self.client_id,
                audience: self.audience.clone(),
                scope: scope.to_string(),
                consented: false,
                created_at: self.now,
                updated_at: self.now,
            };
            grants::imply(tx, tenant, &grant)?;
            Some(self.new_family.insert(tx, tenant, user_id, None, &self.audience, &scope, None, None)?)
        } else {
            None
        };
        let event = self.event.user(&user).audience(&self.audience).scope(&scope);
        logs::insert(tx, tenant, &self.app.log_row(event))?;
        Ok(Ok((user, scope, permissions, refresh_token.map(|(_, token)| token))))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_asked_for_is_everything_or_the_standard_scopes() {
        let api: ResourceServer = serde_json::from_value(json!({
            "id": "1", "name": "API", "identifier": "api", "scopes": [{ "value": "read" }, { "value": "write" }]
        }))
        .unwrap();
        for (requested, api, expected) in [
            (None, Some(&api), "read write"),
            (Some("openid"), Some(&api), STANDARD_SCOPES),
            (Some("openid read"), Some(&api), "openid read"),
            (None, None, STANDARD_SCOPES),
            (Some("openid"), None, STANDARD_SCOPES),
            (Some("openid email offline_access"), None, "openid email offline_access"),
            (Some("openid email online_access"), None, "openid email"),
        ] {
            assert_eq!(wanted_scope(requested, api).to_string(), expected, "{requested:?}");
        }
    }
}
