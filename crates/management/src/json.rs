//! JSON objects in the making: `serde_json` sets members by an index that panics on anything but an object.

use serde_json::Value;

/// Sets a member of an object; anything else stays as it is.
pub(crate) fn set(object: &mut Value, name: &str, member: impl Into<Value>) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), member.into());
    }
}
