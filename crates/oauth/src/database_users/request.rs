//! A request about a user, as JSON or as a form (§0.4).

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use http::HeaderMap;
use keywright_types::OtherMembers;
use keywright_web::parameters::TOKEN;
use keywright_web::{ParameterError, Parameters};
use serde_json::Value;

use super::error::DatabaseError;
use crate::token::media_type;

/// Parameters that mean something here. What else comes is ignored: nothing but these is ever stored (LG-13).
const RECOGNIZED: [&str; 13] = [
    "client_id",
    "connection",
    "email",
    "family_name",
    "given_name",
    "name",
    "nickname",
    "organization",
    "password",
    "phone_number",
    "picture",
    "user_metadata",
    "username",
];

/// §7.1: "`user_metadata` (<= 10 string properties; key <= 100 chars, value <= 500)".
const MOST_METADATA: usize = 10;
const LONGEST_KEY: usize = 100;
const LONGEST_VALUE: usize = 500;

/// What was sent.
pub(super) struct Request {
    parameters: Parameters,
    pub(super) user_metadata: OtherMembers,
}

impl Request {
    pub(super) fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Self, DatabaseError> {
        let body = body.map_err(ParameterError::from)?;
        let (parameters, metadata) = match media_type(headers).as_str() {
            "application/json" => {
                let texts: Vec<&str> = RECOGNIZED.into_iter().filter(|name| *name != "user_metadata").collect();
                let parameters = Parameters::from_json(&body, TOKEN)?.text_only(&texts)?;
                // Each name comes once and the depth is bounded: the line before has seen to it.
                let mut all: OtherMembers = serde_json::from_slice(&body).map_err(|_| ParameterError::InvalidJson)?;
                (parameters, all.remove("user_metadata").unwrap_or_default())
            }
            "application/x-www-form-urlencoded" | "" => {
                let parameters = Parameters::from_urlencoded(&body, TOKEN)?;
                let named = |(name, value): (String, String)| {
                    let key = name.strip_prefix("user_metadata[")?.strip_suffix(']')?.to_owned();
                    Some((key, Value::String(value)))
                };
                let members: OtherMembers = parameters.pairs().into_iter().filter_map(named).collect();
                (parameters, Value::Object(members))
            }
            _ => {
                return Err(DatabaseError::Said(
                    "Content-Type must be application/json or application/x-www-form-urlencoded",
                ));
            }
        };
        Ok(Self { parameters, user_metadata: user_metadata(metadata)? })
    }

    /// Everything but what is named, for Actions.
    pub(super) fn members_without(&self, names: &[&str]) -> OtherMembers {
        let texts = self.parameters.pairs().into_iter().filter(|(name, _)| !names.contains(&name.as_str()));
        let mut members: OtherMembers = texts.map(|(name, value)| (name, Value::String(value))).collect();
        if !self.user_metadata.is_empty() {
            members.insert("user_metadata".to_owned(), Value::Object(self.user_metadata.clone()));
        }
        members
    }

    /// A parameter, if it was sent with a value.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.parameters.get(name)
    }

    /// A parameter that has to be there.
    pub(super) fn required(&self, name: &'static str) -> Result<&str, DatabaseError> {
        self.text(name).ok_or(DatabaseError::Missing(name))
    }
}

fn user_metadata(sent: Value) -> Result<OtherMembers, DatabaseError> {
    let members = match sent {
        Value::Null => return Ok(OtherMembers::new()),
        Value::Object(members) => members,
        _ => return Err(DatabaseError::Said("user_metadata must be an object")),
    };
    if members.len() > MOST_METADATA {
        return Err(DatabaseError::Said("user_metadata must not have more than 10 properties"));
    }
    for (key, value) in &members {
        let text = value.as_str().ok_or(DatabaseError::Said("user_metadata must have strings only"))?;
        if key.chars().count() > LONGEST_KEY || text.chars().count() > LONGEST_VALUE {
            return Err(DatabaseError::Said("user_metadata has a property that is too long"));
        }
        if key.contains('\0') || text.contains('\0') {
            return Err(ParameterError::NulCharacter.into());
        }
    }
    Ok(members)
}
