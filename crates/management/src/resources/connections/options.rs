//! Options of a connection as they are stored and as they are answered: what is secret of them lies sealed beside the document
//! (docs/decisions/0015-sealed-options.md; ST-03).
//!
//! Of every strategy but databases that is the whole object: which member of which service is a secret, the service decides. Of
//! databases it is what their scripts are and know.

use std::fmt::Write as _;

use keywright_app::App;
use keywright_jose::Purpose;
use keywright_types::TenantId;
use serde_json::{Map, Value, json};

use super::database::SEALED;
use super::strategies::{Kind, kind};
use crate::error::ApiError;
use crate::sealed;

/// How a value begins that is answered in the place of one of `configuration`.
const ENCRYPTED: &str = "2.0$";

/// Takes the members that are stored sealed out of the options, and seals them.
pub(super) fn taken_out(app: &App, tenant: &TenantId, strategy: &str, options: &mut Map<String, Value>) -> Vec<u8> {
    let secret = match kind(strategy) {
        Kind::Database => {
            SEALED.into_iter().filter_map(|name| Some((name.to_owned(), options.remove(name)?))).collect()
        }
        _ => std::mem::take(options),
    };
    sealed::seal(app, Purpose::ConnectionOptions, tenant, &secret)
}

/// Puts them back.
pub(super) fn put_back(
    app: &App,
    tenant: &TenantId,
    options: &mut Map<String, Value>,
    sealed: Option<&[u8]>,
) -> Result<(), ApiError> {
    options.extend(sealed::open(app, Purpose::ConnectionOptions, tenant, sealed)?);
    Ok(())
}

/// §4.5, `configuration`: "write clear text, read back as encrypted strings `2.0$…`". What is answered is a digest, from which
/// nobody gets anything back.
pub(super) fn hide_configuration(app: &App, tenant: &TenantId, connection: &str, options: &mut Map<String, Value>) {
    let Some(Value::Object(values)) = options.get_mut("configuration") else { return };
    for (name, value) in values {
        *value = json!(shown(app, tenant, connection, name, value));
    }
}

/// Puts the values that are stored in the place of those that come back as they were answered: tools write what they have read.
pub(super) fn keep_configuration(
    app: &App,
    tenant: &TenantId,
    connection: &str,
    stored: &Map<String, Value>,
    sent: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    let Some(Value::Object(values)) = sent.get_mut("configuration") else { return Ok(()) };
    let stored = stored.get("configuration").and_then(Value::as_object);
    for (name, value) in values {
        if !value.as_str().is_some_and(|text| text.starts_with(ENCRYPTED)) {
            continue;
        }
        let own = stored.and_then(|stored| stored.get(name));
        let Some(own) = own.filter(|own| *value == json!(shown(app, tenant, connection, name, own))) else {
            let message = format!("options.configuration.{name} was encrypted elsewhere; send it in clear");
            return Err(ApiError::invalid_body(message));
        };
        *value = own.clone();
    }
    Ok(())
}

fn shown(app: &App, tenant: &TenantId, connection: &str, name: &str, value: &Value) -> String {
    let text = json!([connection, name, value]).to_string();
    let digest = app.data_keys().digest(Purpose::ConnectionOptions, tenant, text.as_bytes());
    let mut shown = ENCRYPTED.to_owned();
    for byte in digest.as_bytes() {
        let _infallible = write!(shown, "{byte:02x}");
    }
    shown
}
