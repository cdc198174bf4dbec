//! Reading and changing the settings (`management-api.md` §9, §1.13).

use keywright_app::AppError;
use keywright_store::{Tx, tenants};
use keywright_types::{TenantId, TenantSettings};
use serde_json::{Map, Value};

use super::fields;
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::fields::{merge, names};
use crate::operation::Outcome;
use crate::projection::Projection;

/// Lifetimes in hours; each can be set in minutes as well.
const LIFETIMES: [&str; 4] =
    ["session_lifetime", "idle_session_lifetime", "ephemeral_session_lifetime", "idle_ephemeral_session_lifetime"];

pub(super) async fn get(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &names(&fields::all()))?;
    let settings = call.read(stored).await?;
    Ok(Reply::json(projection.apply(shown(settings))))
}

pub(super) async fn update(call: Call) -> Outcome {
    let body = call.members();
    let settings = call
        .configure(move |tx, tenant| {
            let mut settings = stored(tx, tenant)?;
            let sent = body.clone();
            merge(&fields::all(), &mut settings, body);
            let settings = one_unit(settings, &sent);
            let read: TenantSettings = serde_json::from_value(Value::Object(settings.clone()))
                .map_err(|error| ApiError::invalid_body("The settings cannot be read").cause(error))?;
            check(&read)?;
            tenants::update_settings(tx, tenant, &Value::Object(settings.clone()).to_string())?;
            Ok(settings)
        })
        .await?;
    Ok(Reply::json(Value::Object(shown(settings))))
}

fn stored(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Map<String, Value>, ApiError> {
    let row = tenants::find(tx, tenant)?.ok_or_else(|| AppError::internal("the tenant is gone"))?;
    Ok(serde_json::from_str(&row.settings).map_err(AppError::internal)?)
}

/// "wins over hours": minutes that were sent set the hours; hours that were sent alone end the minutes of before.
fn one_unit(mut settings: Map<String, Value>, sent: &Map<String, Value>) -> Map<String, Value> {
    for name in LIFETIMES {
        let minutes = format!("{name}_in_minutes");
        if let Some(value) = sent.get(&minutes).and_then(Value::as_f64) {
            settings.insert(name.to_owned(), Value::from(value / 60.0));
        } else if sent.contains_key(name) {
            settings.remove(&minutes);
        }
    }
    settings
}

/// What no description of single members can say.
fn check(settings: &TenantSettings) -> Result<(), ApiError> {
    let minutes = |minutes: Option<f64>, hours: f64| minutes.unwrap_or(hours * 60.0);
    let absolute = minutes(settings.session_lifetime_in_minutes, settings.session_lifetime);
    let idle = minutes(settings.idle_session_lifetime_in_minutes, settings.idle_session_lifetime);
    if idle > absolute {
        return Err(ApiError::invalid_body("idle_session_lifetime must not be longer than session_lifetime"));
    }
    Ok(())
}

/// "Unset fields are absent", and what has a path of its own is not here.
fn shown(mut settings: Map<String, Value>) -> Map<String, Value> {
    let known = names(&fields::all());
    settings.retain(|name, _| known.contains(&name.as_str()));
    settings
}
