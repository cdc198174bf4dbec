//! Parts of the profile in a password (`management-api.md` §4.5: `password_no_personal_info`, `password_options.profile_data`).

use keywright_types::User;
use serde_json::Value;

/// Shorter parts are in too many words.
const SHORTEST: usize = 3;

/// Whether `password` contains one of these fields of the profile in any case: the whole value, or one of its words. Of an
/// address it is the part before the `@`.
pub(super) fn contains_profile(password: &str, user: &User, fields: &[&str]) -> bool {
    let password = password.to_lowercase();
    let found = |part: &str| part.chars().count() >= SHORTEST && password.contains(part);
    fields.iter().filter_map(|field| value(user, field)).any(|text| {
        let text = text.to_lowercase();
        found(&text) || text.split_whitespace().any(found)
    })
}

fn value(user: &User, field: &str) -> Option<String> {
    let text = match field {
        "email" => user.email.as_deref().and_then(|email| email.split('@').next()),
        "username" => user.username.as_deref(),
        _ => match field.split_once('.') {
            Some(("user_metadata", member)) => user.user_metadata.get(member).and_then(Value::as_str),
            _ => user.profile.get(field).and_then(Value::as_str),
        },
    };
    text.map(|text| text.trim().to_owned())
}
