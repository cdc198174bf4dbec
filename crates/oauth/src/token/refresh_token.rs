//! Grant `refresh_token` (§4; RFC 6749 §6; RT-01 to RT-09).

use jiff::{SignedDuration, Timestamp};
use keywright_app::{App, AppError, ClaimsRequest, ClientRecord, user_from_row};
use keywright_store::refresh_tokens::{self, Exchange, RefreshTokenRow};
use keywright_store::{StoreError, Tx, grants, users};
use keywright_types::{Client, Connection, ResourceServer, ScopeSet, Tenant, TenantId, User};
use serde::{Deserialize, Serialize};

use super::{RefreshToken, TokenRequest, TokenResponse};
use crate::authorize::scopes_now;
use crate::error::OAuthError;
use crate::issue::{self, Issuer, Subject};
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
}

/// What the database said about a refresh token.
enum Exchanged {
    Granted { row: Box<RefreshTokenRow>, user: Box<User>, permissions: Option<Permissions> },
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
    let family = app.store().read(move |tx| refresh_tokens::find(tx, &reading, &wanted)).await?;
    // RT-07.
    let family = family.filter(|family| family.client_id == client_id);
    let family = family.ok_or_else(|| invalid_token("unknown family, or one of another client"))?;
    let audience = Some(family.audience.as_str()).filter(|audience| !audience.is_empty());
    let scope = narrowed_scope(app, tenant, client, &family, request.get("scope")).await?;
    let issuer = Issuer::load(app, tenant, client, audience).await?;
    let payload: Payload = serde_json::from_str(&family.payload).map_err(AppError::internal)?;
    let connections = app.connections(&tenant.id).await?;
    let settings = client.client.refresh_token.clone();
    let exchange = Exchange {
        generation: token.generation,
        rotating: settings.rotates(),
        leeway_since: (settings.leeway > 0).then(|| earlier(now, settings.leeway)),
        now,
        idle_expires_at: settings.idle_seconds().map(|seconds| later(now, seconds)),
        // §4.4: "A non-expiring token that becomes expiring never reverts."
        expires_at: settings.absolute_seconds().map(|seconds| later(now, seconds)),
    };
    let api = issuer.record();
    let exchanging = move |tx: &mut Tx<'_>| {
        let api = api.as_ref().map(|record| &record.api);
        take(tx, &id, &client_id, &family_id, api, &connections, &exchange)
    };
    let exchanged = app.store().write(exchanging).await?;
    let (row, user, permissions) = match exchanged {
        Exchanged::Granted { row, user, permissions } => (row, user, permissions),
        Exchanged::Refused(error) => return Err(error),
    };
    // RT-05: what the user may do is looked up at each use.
    let scope = Permissions::narrow(permissions.as_ref(), scope, issuer.api());
    let subject = Subject {
        user: &user,
        session_id: row.session_id.as_deref(),
        scope: &scope,
        permissions: permissions.as_ref(),
        nonce: None,
        auth_time: payload.auth_time,
        claims: payload.claims.as_ref(),
        grant: Some("refresh_token"),
        issued_at: now,
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

/// Everything that decides about a refresh token, in one transaction with its one conditional update.
fn take(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    client_id: &str,
    family_id: &str,
    api: Option<&ResourceServer>,
    connections: &[Connection],
    exchange: &Exchange,
) -> Result<Exchanged, AppError> {
    let refused = |error| Ok(Exchanged::Refused(error));
    let Some(family) = refresh_tokens::find(tx, tenant, family_id)? else {
        return refused(invalid_token("unknown family"));
    };
    // RT-04: user, connection and grant as they are now. The client, its grant type and the API were checked before.
    let Some(user) = users::find(tx, tenant, &family.user_id)? else {
        let description = "The refresh_token was generated for a user who doesn't exist anymore.";
        return refused(OAuthError::invalid_grant(description, "the user is gone"));
    };
    if user.blocked {
        return refused(OAuthError::blocked());
    }
    if !connections.iter().any(|own| own.name == user.connection && own.is_enabled_for(client_id)) {
        return refused(invalid_token("the user's connection is gone or not enabled for the client"));
    }
    if grants::find(tx, tenant, &family.user_id, client_id, &family.audience)?.is_none() {
        return refused(OAuthError::grant_not_found());
    }
    let Some(row) = refresh_tokens::exchange(tx, tenant, family_id, exchange)? else {
        return Ok(Exchanged::Refused(explain(tx, tenant, family_id, exchange)?));
    };
    if row.rotating && !family.rotating {
        // §4.4, switching rotation on: "other tokens for same client/API/user are revoked".
        refresh_tokens::revoke_others(tx, tenant, client_id, &row.user_id, &row.audience, family_id, exchange.now)?;
    }
    let permissions = Permissions::of(tx, tenant, &row.user_id, api)?;
    Ok(Exchanged::Granted { row: Box::new(row), user: Box::new(user_from_row(&user)?), permissions })
}

/// Why the update took nothing. An older generation of a live family was stolen or sent twice: the family ends.
///
/// RFC 9700 §4.14.2: "the authorization server cannot determine which party submitted the invalid refresh token, but it
/// will revoke the active refresh token."
fn explain(tx: &mut Tx<'_>, tenant: &TenantId, family_id: &str, exchange: &Exchange) -> Result<OAuthError, StoreError> {
    let Some(family) = refresh_tokens::find(tx, tenant, family_id)? else {
        return Ok(invalid_token("unknown family"));
    };
    if family.revoked_at.is_some() {
        return Ok(invalid_token("revoked family"));
    }
    if family.generation > exchange.generation {
        refresh_tokens::revoke(tx, tenant, family_id, exchange.now)?;
        tracing::warn!(client.id = family.client_id, user.id = family.user_id, "refresh token reuse: family revoked");
        return Ok(invalid_token("reuse of a rotated token"));
    }
    Ok(invalid_token("expired"))
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
    if !family.audience.is_empty() && !api.is_some_and(|api| api.allow_offline_access) {
        return Err(invalid_token("the API is gone or allows no offline access"));
    }
    let granted = ScopeSet::parse(&family.scope);
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
        }
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
            payload: serde_json::to_string(&Payload { auth_time, claims }).map_err(AppError::internal)?,
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
