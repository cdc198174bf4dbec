//! `context` of Rules (R §2.6).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::account::Account;
use super::facts::{Facts, Protocol};

/// Makes it. `returned` says that the user comes back from where Rules had sent them.
pub(crate) fn context(facts: &Facts<'_>, account: &Account, returned: bool, now: Timestamp) -> Value {
    let original = facts.protocol;
    let protocol = if returned { Protocol::RedirectCallback } else { original };
    let logins = account.row.logins_count.saturating_add(i64::from(facts.uncounted));
    let mut context = json!({
        "tenant": tenant_name(facts),
        "clientID": facts.client.client_id,
        "clientName": facts.client.name,
        "protocol": protocol.as_str(),
        "stats": { "loginsCount": logins },
        "sso": sso(facts, account),
        "accessToken": {},
        "idToken": {},
        "request": request(facts),
        // "use ms as in the sample".
        "authentication": {
            "methods": [{ "name": "pwd", "timestamp": facts.authenticated_at(now).as_millisecond() }],
        },
        "authorization": { "roles": account.roles },
        "jwtConfiguration": {},
        "connectionOptions": {},
        "connectionMetadata": {},
    });
    let Some(members) = context.as_object_mut() else { return context };
    let mut set = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
    if returned {
        set("original_protocol", json!(original.as_str()));
    }
    if let Some(metadata) = facts.client.other.get("client_metadata").filter(|metadata| metadata.is_object()) {
        set("clientMetadata", metadata.clone());
    }
    if let Some(connection) = facts.connection {
        set("connection", json!(connection.name));
        set("connectionID", json!(connection.id));
        set("connectionStrategy", json!(connection.strategy));
        let options: Map<String, Value> = ["tenant_domain", "domain_aliases"]
            .into_iter()
            .filter_map(|name| Some((name.to_owned(), connection.options.other.get(name)?.clone())))
            .collect();
        set("connectionOptions", Value::Object(options));
        if let Some(metadata) = connection.other.get("metadata").filter(|metadata| metadata.is_object()) {
            set("connectionMetadata", metadata.clone());
        }
    }
    if let Some(session) = facts.session {
        set("sessionID", json!(session.id));
        set("auth0SessionId", json!(session.id));
    }
    if let Some(organization) = facts.organization {
        set("organization", organization_of(organization));
    }
    if let Some(language) = &facts.request.language {
        set("locale", json!(language));
    }
    context
}

/// The first label of the host, which is what Auth0 calls a tenant.
pub(crate) fn tenant_name<'a>(facts: &Facts<'a>) -> &'a str {
    name_of(&facts.tenant.domain)
}

/// The same of a domain.
pub(crate) fn name_of(domain: &str) -> &str {
    domain.split(['.', ':']).next().unwrap_or_default()
}

fn organization_of(organization: &keywright_types::Organization) -> Value {
    let metadata = organization.other.get("metadata").cloned().unwrap_or_else(|| json!({}));
    let display_name = organization.display_name.as_deref().unwrap_or(&organization.name);
    json!({ "id": organization.id, "name": organization.name, "display_name": display_name, "metadata": metadata })
}

fn sso(facts: &Facts<'_>, account: &Account) -> Value {
    let reused = facts.session.is_some_and(|session| session.reused);
    let database = facts.connection.is_some_and(keywright_types::Connection::is_database);
    let mut clients = account.session_clients.clone();
    if facts.session.is_some() && !clients.contains(&facts.client.client_id) {
        clients.push(facts.client.client_id.clone());
    }
    json!({ "with_auth0": reused, "with_dbconn": reused && database, "current_clients": clients })
}

fn request(facts: &Facts<'_>) -> Value {
    json!({
        "userAgent": facts.caller.user_agent,
        "ip": facts.caller.ip.map(|ip| ip.to_string()),
        "hostname": hostname(facts),
        "query": facts.request.query,
        "body": facts.request.body,
        // Where somebody is cannot be looked up here.
        "geoip": {},
    })
}

/// The host without its port.
pub(crate) fn hostname(facts: &Facts<'_>) -> String {
    let named = if facts.caller.hostname.is_empty() { &facts.tenant.domain } else { &facts.caller.hostname };
    named.split(':').next().unwrap_or_default().to_owned()
}
