//! `event` of Actions (R §3.3, §3.4), without `secrets`, which each Action has of its own.

use jiff::Timestamp;
use keywright_types::{Client, Connection, Organization, Tenant};
use serde_json::{Map, Value, json};

use super::account::{Account, time};
use super::context::{hostname, name_of};
use super::facts::{Facts, RequestFacts};
use crate::{AppError, AuthorizationRequest, Caller, ResponseMode};

/// The event of `post-login`. `metadata` is `event.transaction.metadata`.
pub(crate) fn post_login(
    facts: &Facts<'_>,
    account: &Account,
    metadata: &Value,
    now: Timestamp,
) -> Result<Value, AppError> {
    let logins = account.row.logins_count.saturating_add(i64::from(facts.uncounted));
    let mut event = json!({
        "authentication": { "methods": [{ "name": "pwd", "timestamp": time(facts.authenticated_at(now)) }] },
        "authorization": { "roles": account.roles },
        "client": client(facts.client),
        "request": request(facts.caller, facts.request, &hostname(facts)),
        "stats": { "logins_count": logins },
        "tenant": tenant(facts.tenant),
        "transaction": transaction(facts, metadata),
        "user": account.for_actions()?,
    });
    let Some(members) = event.as_object_mut() else { return Ok(event) };
    let mut set = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    if let Some(own) = facts.connection {
        set("connection", connection(own));
    }
    if let Some(own) = facts.organization {
        set("organization", organization(own));
    }
    if let Some(audience) = facts.audience {
        set("resource_server", json!({ "identifier": audience }));
    }
    if let Some(session) = facts.session {
        let mut own = json!({
            "id": session.id, "user_id": facts.user_id, "authenticated_at": time(session.authenticated_at),
            "clients": account.session_clients.iter().map(|id| json!({ "client_id": id })).collect::<Vec<_>>(),
        });
        if let (Some((idle, absolute)), Some(own)) = (session.ends, own.as_object_mut()) {
            own.insert("idle_expires_at".to_owned(), time(idle));
            own.insert("expires_at".to_owned(), time(absolute));
        }
        set("session", own);
    }
    if let Some(token) = facts.refresh_token {
        let mut own = json!({
            "id": token.id, "client_id": facts.client.client_id, "user_id": facts.user_id,
            "created_at": time(token.created_at), "rotating": token.rotating,
        });
        if let Some(own) = own.as_object_mut() {
            let ends = [
                ("idle_expires_at", token.idle_expires_at),
                ("expires_at", token.expires_at),
                ("last_exchanged_at", token.last_exchanged_at),
            ];
            own.extend(ends.into_iter().filter_map(|(name, at)| Some((name.to_owned(), time(at?)))));
            own.extend(facts.session.map(|session| ("session_id".to_owned(), json!(session.id))));
        }
        set("refresh_token", own);
    }
    Ok(event)
}

/// `event.client`.
pub(crate) fn client(client: &Client) -> Value {
    let metadata = client.other.get("client_metadata").filter(|own| own.is_object()).cloned();
    json!({ "client_id": client.client_id, "name": client.name, "metadata": metadata.unwrap_or_else(|| json!({})) })
}

/// `event.connection`.
pub(crate) fn connection(connection: &Connection) -> Value {
    let metadata = connection.other.get("metadata").filter(|own| own.is_object()).cloned();
    json!({
        "id": connection.id, "name": connection.name, "strategy": connection.strategy,
        "metadata": metadata.unwrap_or_else(|| json!({})),
    })
}

/// `event.organization`.
pub(crate) fn organization(organization: &Organization) -> Value {
    let metadata = organization.other.get("metadata").filter(|own| own.is_object()).cloned();
    json!({
        "id": organization.id, "name": organization.name,
        "display_name": organization.display_name.as_deref().unwrap_or(&organization.name),
        "metadata": metadata.unwrap_or_else(|| json!({})),
    })
}

/// `event.tenant`.
pub(crate) fn tenant(tenant: &Tenant) -> Value {
    json!({ "id": name_of(&tenant.domain) })
}

/// `event.request`.
pub(crate) fn request(caller: &Caller, request: &RequestFacts, hostname: &str) -> Value {
    let mut own = json!({
        "method": request.method, "hostname": hostname, "query": request.query, "body": request.body, "geoip": {},
    });
    if let Some(own) = own.as_object_mut() {
        let optional = [
            ("ip", caller.ip.map(|ip| ip.to_string())),
            ("user_agent", caller.user_agent.clone()),
            ("language", request.language.clone()),
        ];
        own.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))));
    }
    own
}

fn transaction(facts: &Facts<'_>, metadata: &Value) -> Value {
    let mut own = Map::new();
    own.insert("metadata".to_owned(), metadata.clone());
    own.insert("protocol".to_owned(), json!(facts.protocol.as_str()));
    own.insert("requested_scopes".to_owned(), json!(facts.scope.iter().collect::<Vec<_>>()));
    own.insert("acr_values".to_owned(), json!([]));
    own.insert("ui_locales".to_owned(), json!([]));
    own.insert("prompt".to_owned(), json!([]));
    if let Some(request) = facts.authorization {
        own.extend(of_request(request));
    }
    if let Some(language) = &facts.request.language {
        own.insert("locale".to_owned(), json!(language));
    }
    Value::Object(own)
}

/// What `/authorize` was asked for.
pub(crate) fn of_request(request: &AuthorizationRequest) -> Map<String, Value> {
    let words = |text: Option<&str>| json!(text.unwrap_or_default().split_ascii_whitespace().collect::<Vec<&str>>());
    let mut own = Map::new();
    let mut set = |name: &str, value: Value| drop(own.insert(name.to_owned(), value));
    set("acr_values", words(request.acr_values.as_deref()));
    set("ui_locales", words(request.ui_locales.as_deref()));
    set("prompt", json!(request.prompt));
    set("requested_scopes", json!(request.scope.iter().collect::<Vec<_>>()));
    if request.device.is_none() {
        set("redirect_uri", json!(request.redirect_uri));
        set("response_type", words(Some(&String::from(request.response_type))));
        let mode = match request.response_mode {
            ResponseMode::Query => "query",
            ResponseMode::Fragment => "fragment",
            ResponseMode::FormPost => "form_post",
            ResponseMode::WebMessage => "web_message",
        };
        set("response_mode", json!(mode));
    }
    for (name, value) in [("state", &request.state), ("login_hint", &request.login_hint)] {
        if let Some(value) = value {
            set(name, json!(value));
        }
    }
    own
}
