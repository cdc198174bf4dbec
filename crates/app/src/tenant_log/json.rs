//! An entry as the Management API shows it (`management-api.md` §12.1 "Item").

use keywright_store::logs::LogRow;
use serde_json::{Map, Value};

/// The entry as a JSON object. Members without a value are left out.
#[must_use]
pub fn log_entry(row: &LogRow) -> Map<String, Value> {
    let details = row.details.as_deref().and_then(|details| serde_json::from_str(details).ok());
    let text = |value: &Option<String>| value.as_deref().map(Value::from);
    let members = [
        ("date", Some(Value::from(format!("{:.3}", row.logged_at)))),
        ("type", Some(Value::from(row.kind.as_str()))),
        ("description", text(&row.description)),
        ("connection", text(&row.connection)),
        ("connection_id", text(&row.connection_id)),
        ("client_id", text(&row.client_id)),
        ("client_name", text(&row.client_name)),
        ("ip", text(&row.ip)),
        ("user_agent", text(&row.user_agent)),
        ("hostname", Some(Value::from(row.hostname.as_str()))),
        ("user_id", text(&row.user_id)),
        ("user_name", text(&row.user_name)),
        ("audience", text(&row.audience)),
        ("scope", text(&row.scope)),
        ("strategy", text(&row.strategy)),
        ("strategy_type", row.strategy.as_deref().map(strategy_type)),
        ("details", details),
        ("log_id", Some(Value::from(row.log_id.as_str()))),
        ("_id", Some(Value::from(row.log_id.as_str()))),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn strategy_type(strategy: &str) -> Value {
    if strategy == "auth0" { "database".into() } else { "enterprise".into() }
}
