//! What a user is found by beside the columns: keys of the names, and the values of everything else, one by one.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::users::UserRow;

/// Bytes of a text that is searched; an index cannot hold much more.
const LONGEST: usize = 512;
/// Bytes of a path; a longer one is not searched.
const LONGEST_PATH: usize = 256;
/// Values of a user; more are not searched.
const MOST: usize = 500;

/// The keys of a row, in the order of their columns.
pub(crate) struct Keys {
    pub(crate) name: Option<String>,
    pub(crate) nickname: Option<String>,
    pub(crate) given_name: Option<String>,
    pub(crate) family_name: Option<String>,
    pub(crate) email_domain: Option<String>,
}

/// A value of metadata.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Indexed {
    pub(crate) path: String,
    pub(crate) value: String,
    pub(crate) number: Option<String>,
}

/// Attributes with a column of their own.
const NAMES: [&str; 4] = ["name", "nickname", "given_name", "family_name"];
/// A picture is nothing that anybody looks for.
const LEFT_OUT: [&str; 1] = ["picture"];

/// The keys of a user.
pub(crate) fn keys(row: &UserRow) -> Keys {
    let profile = object(&row.profile);
    let name = |name: &str| profile.get(name).and_then(Json::as_str).map(|text| key(&text.to_lowercase()));
    Keys {
        name: name("name"),
        nickname: name("nickname"),
        given_name: name("given_name"),
        family_name: name("family_name"),
        email_domain: row.email.as_deref().and_then(email_domain),
    }
}

/// What stands behind the `@`.
pub(crate) fn email_domain(email: &str) -> Option<String> {
    email.rsplit_once('@').map(|(_, domain)| key(&domain.to_lowercase()))
}

/// The values of a user.
pub(crate) fn values(row: &UserRow) -> Vec<Indexed> {
    let mut found = BTreeMap::new();
    for (name, value) in object(&row.profile) {
        if !NAMES.contains(&name.as_str()) && !LEFT_OUT.contains(&name.as_str()) {
            gather(&mut found, &name, &value);
        }
    }
    gather(&mut found, "user_metadata", &Json::Object(object(&row.user_metadata)));
    gather(&mut found, "app_metadata", &Json::Object(object(&row.app_metadata)));
    found.into_iter().map(|((path, value), number)| Indexed { path, value, number }).collect()
}

/// §5.4: "bool, number, string, object path, array member with the array level skipped; empty arrays/objects and null are not
/// indexed".
fn gather(found: &mut BTreeMap<(String, String), Option<String>>, path: &str, value: &Json) {
    if path.len() > LONGEST_PATH || found.len() >= MOST || path.contains('\0') {
        return;
    }
    let (text, number) = match value {
        Json::Null => return,
        Json::Array(items) => return items.iter().for_each(|item| gather(found, path, item)),
        Json::Object(members) => {
            return members.iter().for_each(|(name, value)| gather(found, &format!("{path}.{name}"), value));
        }
        Json::Bool(truth) => (truth.to_string(), None),
        Json::Number(number) => (number_text(number), number.as_f64().map(sortable)),
        Json::String(text) => (key(text), None),
    };
    found.entry((path.to_owned(), text)).and_modify(|own| *own = own.take().or(number.clone())).or_insert(number);
}

fn number_text(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(float) if number.is_f64() => float.to_string(),
        _ => number.to_string(),
    }
}

/// A number as text that sorts like it: its bits, with the order of the negative ones turned round.
pub(crate) fn sortable(number: f64) -> String {
    // Zero is one number.
    let bits = if number == 0.0 { 0 } else { number.to_bits() };
    let sign = 1_u64 << 63;
    format!("{:016x}", if bits & sign == 0 { bits | sign } else { !bits })
}

/// The part of a text that is searched. PostgreSQL has no text with a NUL character.
pub(crate) fn key(text: &str) -> String {
    let end = (0..=LONGEST.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..end).unwrap_or_default().replace('\0', "")
}

/// A document. In what cannot be read nothing is found; whoever reads the row hears of it.
fn object(text: &str) -> Map<String, Json> {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sort_as_numbers() {
        let numbers = [f64::MIN, -1e10, -2.5, -1.0, -0.0, 1e-300, 1.0, 1.5, 10.0, 9_007_199_254_740_993.0, f64::MAX];
        let texts: Vec<String> = numbers.iter().map(|number| sortable(*number)).collect();
        assert!(texts.is_sorted(), "{texts:?}");
        assert_eq!(sortable(-0.0), sortable(0.0));
    }

    #[test]
    fn a_key_ends_between_characters() {
        assert_eq!(key(&"\u{20ac}".repeat(300)).len(), 510);
        assert_eq!(key("a\0b"), "ab");
    }
}
