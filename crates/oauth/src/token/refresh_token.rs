//! Grant `refresh_token` (§4; RFC 6749 §6; RT-01 to RT-09).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use keywright_app::{
    ApiRecord, App, AppError, ClaimsRequest, ClientRecord, Facts, LogEvent, LogType, OrganizationRecord, Protocol,
    RefreshTokenFacts, SessionFacts, TokenChanges, is_live_session, user_from_row,
};
use keywright_store::refresh_tokens::{self, Exchange, RefreshTokenRow};
use keywright_store::users::{self, UserRow};
use keywright_store::{Tx, grants, identities, logs, organization_members};
use keywright_types::{Client, Connection, RefreshTokenSettings, ScopeSet, Tenant, TenantId, User};
use serde::{Deserialize, Serialize};

use super::organization::{no_member, organization_now};
use super::{Grant, RefreshToken, TokenRequest, TokenResponse, events, multi_resource, scripts};
use crate::authorize::{OFFLINE_ACCESS, ONLINE_ACCESS, allows_refresh_token, scopes_now};
use crate::error::OAuthError;
use crate::issue::{self, Issuer, Subject};
use crate::kept_claims::KeptClaims;
use crate::permissions::Permissions;

/// What later tokens of a family are made from, besides its columns.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Payload {
    /// `auth_time` of the first ID token (OpenID Connect Core §12.2: "its value MUST represent the time of the original
    /// authentication").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    /// Claims that were asked for by name at `/authorize`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claims: Option<ClaimsRequest>,
    /// The organization as whose member the user logged in (§8.1: "Refresh tokens keep their organization").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    organization: Option<String>,
    /// Thumbprint of the key that the family is bound to (RT-07).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    jkt: Option<String>,
}

/// What the database said about a refresh token.
enum Exchanged {
    Granted { row: Box<RefreshTokenRow>, user: Box<User>, scope: ScopeSet, permissions: Option<Permissions> },
    Refused(OAuthError),
}

/// §4.3: one sentence for all that can be wrong with a refresh token.
fn invalid_token(cause: &str) -> OAuthError {
    OAuthError::invalid_grant("Unknown or invalid refresh token.", cause)
}

pub(super) async fn run(
    app: &App,
    tenant: &Tenant,
    client: &ClientRecord,
    request: &TokenRequest,
) -> Result<TokenResponse, OAuthError> {
    let text = request.required("refresh_token")?;
    let token = RefreshToken::open(app, &tenant.id, text).ok_or_else(|| invalid_token("not a token of ours"))?;
    let now = app.now();
    let (id, client_id, family_id) = (tenant.id.clone(), client.client.client_id.clone(), token.family_id.clone());
    // The policies come first, because a refused exchange must not rotate: the application would be left with a token
    // whose next use looks like theft.
    let (reading, wanted) = (id.clone(), family_id.clone());
    let family = app.store().look_up(move |tx| refresh_tokens::find(tx, &reading, &wanted)).await?;
    // RT-07.
    let family = family.filter(|family| family.client_id == client_id);
    let family = family.ok_or_else(|| invalid_token("unknown family, or one of another client"))?;
    let payload: Payload = serde_json::from_str(&family.payload).map_err(AppError::internal)?;
    // RFC 9449 §5: "the refresh token MUST be bound to the respective public key", and the client "MUST present a DPoP proof
    // for the same key" at every use.
    if payload.jkt.is_some() && payload.jkt.as_deref() != request.jkt() {
        return Err(invalid_token("the family is bound to another key"));
    }
    let audience = multi_resource::audience(tenant, &family, request);
    let scope = if audience == family.audience {
        narrowed_scope(app, tenant, client, &family, request.get("scope")).await?
    } else {
        multi_resource::scope(app, tenant, client, &family, audience, request.get("scope")).await?
    };
    let audience = Some(audience).filter(|audience| !audience.is_empty());
    let issuer = Issuer::load(app, tenant, client, audience, request.jkt()).await?;
    let organization = organization_now(app, tenant, payload.organization.as_deref()).await?;
    let organization = organization.map_err(invalid_token)?;
    let connections = app.login_connections(&tenant.id, &client.client, organization.as_deref()).await?;
    let settings = client.client.refresh_token.clone();
    let asking = Asking { app, tenant, client, request, family: &family, payload: &payload };
    let changes = asking.changes(token.generation, now, &issuer, &scope, organization.as_deref()).await?;
    let exchange = Exchange {
        generation: token.generation,
        rotating: settings.rotates(),
        leeway_since: (settings.leeway > 0).then(|| earlier(now, settings.leeway)),
        now,
        idle_expires_at: settings.idle_seconds().map(|seconds| later(now, seconds)),
        // §4.4: "A non-expiring token that becomes expiring never reverts."
        expires_at: settings.absolute_seconds().map(|seconds| later(now, seconds)),
    };
    let granted = events::granted(Grant::RefreshToken, request, &client.client);
    let granted = granted.audience(audience.unwrap_or_default());
    let reused = LogEvent::new(LogType::RefreshTokenReuse, request.caller()).client(&client.client);
    let api = issuer.record();
    let organization_id = payload.organization.clone();
    let taking = Taking {
        app: app.clone(),
        tenant: tenant.clone(),
        client_id,
        family_id,
        api,
        scope,
        connections,
        organization: organization_id,
        exchange,
        granted,
        reused,
        changes: changes.clone(),
    };
    let exchanged = app.store().write(move |tx| taking.take(tx, &id)).await?;
    let (row, user, scope, permissions) = match exchanged {
        Exchanged::Granted { row, user, scope, permissions } => (row, user, scope, permissions),
        Exchanged::Refused(error) => return Err(error),
    };
    let changes = changes.ok_or_else(|| AppError::internal("a refresh token that was over was exchanged"))?;
    let subject = Subject {
        user: &user,
        session_id: row.session_id.as_deref(),
        scope: &scope,
        permissions: permissions.as_ref(),
        nonce: None,
        auth_time: payload.auth_time,
        claims: payload.claims.as_ref(),
        organization: organization.as_ref().map(|record| &record.organization),
        grant: Some("refresh_token"),
        issued_at: now,
        changes: &changes,
    };
    let tokens = issue::for_user(app, tenant, client, &issuer, &subject)?;
    // §4.3: "Response contains `refresh_token` only with rotation." A token that was replaced before rotation was switched
    // off gets its successor all the same, or its next use would look like reuse.
    let refresh_token = if settings.rotates() || row.generation != token.generation {
        let next = RefreshToken { family_id: row.family_id.clone(), generation: row.generation };
        Some(next.seal(app, &tenant.id).ok_or_else(|| AppError::internal("a family id that is not ours"))?)
    } else {
        None
    };
    Ok(TokenResponse { refresh_token, ..tokens })
}

/// Whether a token can be exchanged at all.
#[derive(PartialEq, Eq)]
enum Usable {
    /// The database decides.
    Perhaps,
    /// It is over: a revoked family stays revoked, generations only grow, and time does not go back.
    Never,
}

fn standing(family: &RefreshTokenRow, generation: i64, settings: &RefreshTokenSettings, now: Timestamp) -> Usable {
    let over = |end: Option<Timestamp>| end.is_some_and(|end| end <= now);
    let outrun = generation < family.generation && settings.leeway == 0;
    if family.revoked_at.is_some() || outrun || over(family.idle_expires_at) || over(family.expires_at) {
        return Usable::Never;
    }
    Usable::Perhaps
}

/// The user, before scripts are told of them. The refusals are those of the transaction, which looks again.
async fn user_now(app: &App, tenant: &TenantId, user_id: &str) -> Result<User, OAuthError> {
    match app.user(tenant, user_id).await? {
        None => Err(user_gone()),
        Some(user) if user.blocked => Err(OAuthError::blocked()),
        Some(user) => Ok(user),
    }
}

fn user_gone() -> OAuthError {
    let description = "The refresh_token was generated for a user who doesn't exist anymore.";
    OAuthError::invalid_grant(description, "the user is gone")
}

/// A use of a refresh token that Rules and Actions are asked about.
struct Asking<'a> {
    app: &'a App,
    tenant: &'a Tenant,
    client: &'a ClientRecord,
    request: &'a TokenRequest,
    family: &'a RefreshTokenRow,
    payload: &'a Payload,
}

impl Asking<'_> {
    /// What they say, before anything rotates; `None` where nothing can come of the exchange, which the transaction refuses.
    async fn changes(
        &self,
        generation: i64,
        now: Timestamp,
        issuer: &Issuer,
        scope: &ScopeSet,
        organization: Option<&OrganizationRecord>,
    ) -> Result<Option<TokenChanges>, OAuthError> {
        let Self { app, tenant, client, request, family, payload } = self;
        if standing(family, generation, &client.client.refresh_token, now) == Usable::Never {
            return Ok(None);
        }
        let user = user_now(app, &tenant.id, &family.user_id).await?;
        let connections = app.connections(&tenant.id).await?;
        let proven = payload.auth_time.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let session = family.session_id.as_ref().map(|id| SessionFacts {
            id: id.clone(),
            authenticated_at: proven.unwrap_or(family.created_at),
            reused: true,
            ends: None,
        });
        let token = RefreshTokenFacts {
            id: family.family_id.clone(),
            created_at: family.created_at,
            idle_expires_at: family.idle_expires_at,
            expires_at: family.expires_at,
            last_exchanged_at: family.last_exchanged_at,
            rotating: family.rotating,
        };
        let facts = Facts {
            tenant,
            client: &client.client,
            caller: request.caller(),
            user_id: &user.user_id,
            connection: connections.iter().find(|own| own.name == user.connection),
            protocol: Protocol::RefreshToken,
            request: &scripts::request_facts(request),
            authorization: None,
            audience: issuer.api().map(|api| api.identifier.as_str()),
            is_system_api: issuer.api().is_some_and(|api| api.is_system),
            scope,
            organization: organization.map(|record| &record.organization),
            session: session.as_ref(),
            refresh_token: Some(&token),
            uncounted: false,
            silent: true,
        };
        scripts::changes(app, &facts).await.map(Some)
    }
}

/// One use of a refresh token, ready for its transaction.
struct Taking {
    app: App,
    tenant: Tenant,
    client_id: String,
    family_id: String,
    api: Option<Arc<ApiRecord>>,
    scope: ScopeSet,
    /// Those over which users may log in now.
    connections: Vec<Connection>,
    organization: Option<String>,
    exchange: Exchange,
    granted: LogEvent,
    reused: LogEvent,
    /// What scripts said; `None` where they were not asked, because nothing can come of it.
    changes: Option<TokenChanges>,
}

impl Taking {
    /// Whether one of the user's accounts is in a connection that may be used now.
    fn may_log_in(&self, tx: &mut Tx<'_>, tenant: &TenantId, user: &UserRow) -> Result<bool, AppError> {
        let is_usable = |name: &str| self.connections.iter().any(|own| own.name == name);
        if is_usable(&user.connection) {
            return Ok(true);
        }
        Ok(identities::list(tx, tenant, &user.user_id)?.iter().any(|account| is_usable(&account.connection)))
    }

    /// Everything that decides about a refresh token, in one transaction with its one conditional update.
    fn take(self, tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Exchanged, AppError> {
        let refused = |error| Ok(Exchanged::Refused(error));
        let (client_id, family_id) = (&self.client_id, &self.family_id);
        let Some(family) = refresh_tokens::find(tx, tenant, family_id)? else {
            return refused(invalid_token("unknown family"));
        };
        // §4.6: "Online refresh tokens: scope `online_access`, bound to the session".
        if ScopeSet::parse(&family.scope).contains(ONLINE_ACCESS)
            && !is_live_session(tx, &self.tenant, family.session_id.as_deref().unwrap_or_default(), self.exchange.now)?
        {
            return refused(invalid_token("the session has ended"));
        }
        // RT-04: user, connection and grant as they are now. The client, its grant type and the API were checked before.
        let Some(user) = users::find(tx, tenant, &family.user_id)? else {
            return refused(user_gone());
        };
        if user.blocked {
            return refused(OAuthError::blocked());
        }
        if !self.may_log_in(tx, tenant, &user)? {
            return refused(invalid_token("the user's connection is gone or not enabled for the client"));
        }
        if let Some(organization) = &self.organization
            && !organization_members::exists(tx, tenant, organization, &family.user_id)?
        {
            return refused(no_member(&family.user_id, organization));
        }
        if grants::find(tx, tenant, &family.user_id, client_id, &family.audience)?.is_none() {
            return refused(OAuthError::grant_not_found());
        }
        let Some(row) = refresh_tokens::exchange(tx, tenant, family_id, &self.exchange)? else {
            return Ok(Exchanged::Refused(self.explain(tx, tenant)?));
        };
        let Some(changes) = &self.changes else {
            // By the clock of another node it lives again. Taken back with the transaction, so that the next try asks them.
            return Err(AppError::Unavailable("a refresh token came back to life".to_owned()));
        };
        if row.rotating && !family.rotating {
            // §4.4, switching rotation on: "other tokens for same client/API/user are revoked".
            let now = self.exchange.now;
            refresh_tokens::revoke_others(tx, tenant, client_id, &row.user_id, &row.audience, family_id, now)?;
        }
        let user = user_from_row(&user)?;
        // RT-05: what the user may do is looked up at each use.
        let api = self.api.as_ref().map(|record| &record.api);
        let permissions = Permissions::of(tx, tenant, &row.user_id, api, self.organization.as_deref())?;
        let scope = Permissions::narrow(permissions.as_ref(), self.scope, api);
        if let Some(kept) = KeptClaims::of(changes, &scope, api, client_id, &row.user_id, self.exchange.now) {
            kept.put(tx, tenant)?;
        }
        logs::insert(tx, tenant, &self.app.log_row(self.granted.user(&user).scope(&scope)))?;
        Ok(Exchanged::Granted { row: Box::new(row), user: Box::new(user), scope, permissions })
    }

    /// Why the update took nothing. An older generation of a live family was stolen or sent twice: the family ends.
    ///
    /// RFC 9700 §4.14.2: "the authorization server cannot determine which party submitted the invalid refresh token, but it
    /// will revoke the active refresh token."
    fn explain(self, tx: &mut Tx<'_>, tenant: &TenantId) -> Result<OAuthError, AppError> {
        let Some(family) = refresh_tokens::find(tx, tenant, &self.family_id)? else {
            return Ok(invalid_token("unknown family"));
        };
        if family.revoked_at.is_some() {
            return Ok(invalid_token("revoked family"));
        }
        if family.generation > self.exchange.generation {
            refresh_tokens::revoke(tx, tenant, &self.family_id, self.exchange.now)?;
            let (client, user) = (&family.client_id, &family.user_id);
            tracing::warn!(client.id = client, user.id = user, "refresh token reuse: family revoked");
            let event = self.reused.user_id(&family.user_id).audience(&family.audience);
            let event = event.description("A refresh token was used again after its rotation; its family is revoked");
            logs::insert(tx, tenant, &self.app.log_row(event))?;
            return Ok(invalid_token("reuse of a rotated token").recorded());
        }
        Ok(invalid_token("expired"))
    }
}

/// RT-05: what the family was granted, narrowed to what is asked for and to what is still allowed. Extra scopes are
/// ignored (§4.3).
async fn narrowed_scope(
    app: &App,
    tenant: &Tenant,
    client: &ClientRecord,
    family: &RefreshTokenRow,
    requested: Option<&str>,
) -> Result<ScopeSet, OAuthError> {
    let api = if family.audience.is_empty() { None } else { app.api(&tenant.id, &family.audience).await? };
    let api = api.as_ref().map(|record| &record.api);
    // §4.6: "API offline access off: exchange refused".
    let granted = ScopeSet::parse(&family.scope);
    let kind = if granted.contains(ONLINE_ACCESS) { ONLINE_ACCESS } else { OFFLINE_ACCESS };
    if !family.audience.is_empty() && !api.is_some_and(|api| allows_refresh_token(api, kind)) {
        return Err(invalid_token("the API is gone or allows no refresh tokens of this kind"));
    }
    let allowed = scopes_now(app, &tenant.id, &client.client, api, &granted).await?;
    let allowed = allowed.ok_or_else(|| invalid_token("the client may no longer use the API"))?;
    let Some(requested) = requested.map(ScopeSet::parse) else { return Ok(allowed) };
    Ok(allowed.filtered(|scope| requested.contains(scope)))
}

/// A refresh family about to begin, with everything that needs the app prepared outside the database transaction.
pub(super) struct NewFamily {
    token: RefreshToken,
    sealed: Option<String>,
    client_id: String,
    rotating: bool,
    now: Timestamp,
    idle_expires_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    public: bool,
    organization: Option<String>,
    jkt: Option<String>,
}

impl NewFamily {
    pub(super) fn new(app: &App, tenant: &Tenant, client: &Client) -> Self {
        let (token, now) = (RefreshToken::first(app), app.now());
        let settings = &client.refresh_token;
        Self {
            sealed: token.seal(app, &tenant.id),
            token,
            client_id: client.client_id.clone(),
            rotating: settings.rotates(),
            now,
            idle_expires_at: settings.idle_seconds().map(|seconds| later(now, seconds)),
            expires_at: settings.absolute_seconds().map(|seconds| later(now, seconds)),
            public: client.is_public(),
            jkt: None,
            organization: None,
        }
    }

    /// Binds the family of a public client to the key that it proved to have. A confidential client's is bound to the client,
    /// which authenticates (RFC 9449 §5).
    pub(super) fn bound_to(self, jkt: Option<&str>) -> Self {
        let jkt = jkt.filter(|_| self.public).map(str::to_owned);
        Self { jkt, ..self }
    }

    /// The organization as whose member the user logged in.
    pub(super) fn in_organization(self, organization: Option<String>) -> Self {
        Self { organization, ..self }
    }

    /// Stores the family; gives its id and its first token.
    #[expect(clippy::too_many_arguments, reason = "the columns of the row, each from another source")]
    pub(super) fn insert(
        self,
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        user_id: &str,
        session_id: Option<&str>,
        audience: &str,
        scope: &ScopeSet,
        auth_time: Option<i64>,
        claims: Option<ClaimsRequest>,
    ) -> Result<(String, String), AppError> {
        let sealed = self.sealed.ok_or_else(|| AppError::internal("a refresh token that cannot be made"))?;
        let row = RefreshTokenRow {
            family_id: self.token.family_id,
            generation: self.token.generation,
            client_id: self.client_id,
            user_id: user_id.to_owned(),
            session_id: session_id.map(str::to_owned),
            audience: audience.to_owned(),
            scope: scope.to_string(),
            rotating: self.rotating,
            created_at: self.now,
            rotated_at: None,
            last_exchanged_at: None,
            idle_expires_at: self.idle_expires_at,
            expires_at: self.expires_at,
            revoked_at: None,
            payload: serde_json::to_string(&Payload {
                auth_time,
                claims,
                organization: self.organization,
                jkt: self.jkt,
            })
            .map_err(AppError::internal)?,
        };
        refresh_tokens::insert(tx, tenant, &row)?;
        refresh_tokens::trim(tx, tenant, &row.user_id, &row.client_id, self.now)?;
        Ok((row.family_id, sealed))
    }
}

fn later(at: Timestamp, seconds: u32) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds.into())).unwrap_or(Timestamp::MAX)
}

fn earlier(at: Timestamp, seconds: u32) -> Timestamp {
    at.checked_sub(SignedDuration::from_secs(seconds.into())).unwrap_or(Timestamp::MIN)
}
