//! One user of an import: the closed description of §6.4, the rules that a description cannot say, and how a refused one is
//! shown.

use keywright_app::{
    App, AppError, ImportConflict, ImportedHash, ImportedHashError, ImportedRow, ImportedUser, InvalidUser,
};
use keywright_types::{Connection, OtherMembers};
use serde_json::{Map, Value, json};

use crate::resources::users::{RESERVED_METADATA, fields as users_fields};
use crate::schema::formats::{EMAIL, URL};
use crate::schema::{
    Problem, Schema, boolean, formatted, integer, list, object, one_of, open_object, optional, required, text, text_of,
};

/// "Profile size: […] 1 MB hard".
const LARGEST: usize = 1024 * 1024;
/// Objects and lists inside each other (TN-06).
const DEEPEST: usize = 64;

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) rule: &'static str,
    pub(super) message: String,
    pub(super) path: String,
}

impl Refusal {
    fn new(rule: &'static str, path: &str, message: impl Into<String>) -> Self {
        Self { rule, message: message.into(), path: path.to_owned() }
    }

    fn of(problem: &Problem) -> Self {
        Self::new(problem.rule(), &problem.path, problem.reason.clone())
    }

    /// An entry that came before in the file.
    pub(super) fn repeated(rule: &str) -> Self {
        let (rule, what, path) = match rule {
            "CONFLICT_EMAIL" => ("CONFLICT_EMAIL", "email", "email"),
            "CONFLICT_USERNAME" => ("CONFLICT_USERNAME", "username", "username"),
            _ => ("CONFLICT", "user_id", "user_id"),
        };
        Self::new(rule, path, format!("Another entry of the file has the same {what}."))
    }

    /// A user who is there.
    pub(super) fn conflict(conflict: ImportConflict) -> Self {
        match conflict {
            ImportConflict::Exists => Self::new("DUPLICATED_USER", "", "The user already exists."),
            ImportConflict::Ambiguous => {
                Self::new("CONFLICT", "", "The email, username and user_id belong to different users or connections.")
            }
        }
    }

    fn to_json(&self) -> Value {
        let mut shown = json!({ "code": self.rule, "message": self.message });
        if !self.path.is_empty() {
            crate::json::set(&mut shown, "path", self.path.as_str());
        }
        shown
    }
}

/// The description of a record.
pub(super) fn schema() -> Schema {
    let encoded = |encodings: &[&'static str]| one_of(encodings);
    let bytes = || encoded(&["base64", "hex", "utf8"]);
    let name = |longest| text_of(1, longest);
    let hash = object(vec![
        required("value", text_of(1, 4096).secret()),
        optional("encoding", bytes()),
        optional("digest", text_of(1, 20)),
        optional("key", object(vec![required("value", text_of(1, 4096).secret()), optional("encoding", bytes())])),
    ]);
    let salt = object(vec![
        required("value", text_of(0, 4096).secret()),
        optional("encoding", bytes()),
        optional("position", one_of(&["prefix", "suffix"])),
    ]);
    let algorithms = ["argon2", "bcrypt", "hmac", "ldap", "md4", "md5", "sha1", "sha256", "sha512", "pbkdf2", "scrypt"];
    let encodings = ["ascii", "utf8", "utf16le", "ucs2", "latin1", "binary"];
    let custom = object(vec![
        required("algorithm", one_of(&algorithms)),
        required("hash", hash),
        optional("salt", salt),
        optional("password", object(vec![optional("encoding", one_of(&encodings))])),
        optional("keylen", integer(1, i64::from(u32::MAX))),
        optional("cost", integer(1, i64::from(u32::MAX))),
        optional("blockSize", integer(1, i64::from(u32::MAX))),
        optional("parallelization", integer(1, i64::from(u32::MAX))),
    ]);
    object(vec![
        optional("email", formatted(EMAIL)),
        optional("email_verified", boolean()),
        optional("phone_number", text().pattern("^\\+[0-9]{1,15}$")),
        optional("phone_verified", boolean()),
        optional("user_id", text_of(1, 255).pattern("^[^ \\t\\r\\n|]+$")),
        optional("username", text_of(1, 128)),
        optional("given_name", name(150)),
        optional("family_name", name(150)),
        optional("name", name(300)),
        optional("nickname", name(300)),
        optional("picture", formatted(URL)),
        optional("blocked", boolean()),
        optional("password_hash", text_of(1, 100).pattern("^\\$2[ab]\\$[0-9]{2}\\$").secret()),
        optional("custom_password_hash", custom),
        optional("app_metadata", open_object()),
        optional("user_metadata", open_object()),
        optional("mfa_factors", list(open_object().secret()).sized(0, 10)),
    ])
}

/// The user that a record is, or everything that is wrong with it and the record as it may be shown.
///
/// # Errors
/// The outer error is a defect.
pub(super) fn read(
    app: &App,
    connection: &Connection,
    schema: &Schema,
    text: &str,
) -> Result<Result<ImportedRow, (Value, Vec<Refusal>)>, AppError> {
    let refused = |record: &Value, refusals| Ok(Err((masked(record), refusals)));
    let parsed: Option<Value> = if text.len() > LARGEST { None } else { serde_json::from_str(text).ok() };
    let Some(mut record) = parsed.filter(|record| depth(record) <= DEEPEST) else {
        let message = format!("The user has more than {LARGEST} bytes, or more than {DEEPEST} levels");
        return refused(&json!({}), vec![Refusal::new("NOT_PASSED", "", message)]);
    };
    let problems = schema.problems(&mut record);
    if !problems.is_empty() {
        return refused(&record, problems.iter().map(Refusal::of).collect());
    }
    let refusals = beyond_description(&record);
    if !refusals.is_empty() {
        return refused(&record, refusals);
    }
    match app.imported_row(connection, imported(&record))? {
        Ok(row) => Ok(Ok(row)),
        Err(problem) => refused(&record, vec![invalid(problem, connection)]),
    }
}

fn invalid(problem: InvalidUser, connection: &Connection) -> Refusal {
    match problem {
        InvalidUser::NoIdentifier if connection.options.requires_username => {
            Refusal::new("ANY_OF_MISSING", "", "Missing required property: email or username")
        }
        InvalidUser::NoIdentifier => Refusal::new("OBJECT_REQUIRED", "", "Missing required property: email"),
        InvalidUser::Email => Refusal::new("FORMAT", "email", "Object didn't pass validation for format email"),
        InvalidUser::Username => Refusal::new("PATTERN", "username", "String is not a username of the connection"),
        InvalidUser::NoUsernames => Refusal::new("NOT_PASSED", "username", "The connection has no usernames"),
    }
}

/// Rules about what a hash costs, what metadata may be called, and what there is no place for.
fn beyond_description(record: &Value) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let (plain, custom) = (record.get("password_hash"), record.get("custom_password_hash"));
    if plain.is_some() && custom.is_some() {
        let message = "Only one of password_hash and custom_password_hash can be given";
        refusals.push(Refusal::new("NOT_PASSED", "password_hash", message));
    }
    for (path, hash) in [("password_hash", plain), ("custom_password_hash", custom)] {
        let Some(hash) = hash else { continue };
        if let Err(error) = ImportedHash::parse(&hash_text(hash)) {
            let rule = match error {
                ImportedHashError::Unsupported => "ENUM_MISMATCH",
                ImportedHashError::Malformed => "FORMAT",
                ImportedHashError::TooCostly => "MAXIMUM",
            };
            refusals.push(Refusal::new(rule, path, error.to_string()));
        }
    }
    let keys = record.get("app_metadata").and_then(Value::as_object).into_iter().flat_map(Map::keys);
    for key in keys.filter(|key| RESERVED_METADATA.contains(&key.as_str())) {
        let message = format!("The key {key} is not allowed in app_metadata");
        refusals.push(Refusal::new("NOT_PASSED", &format!("app_metadata.{key}"), message));
    }
    if record.get("mfa_factors").and_then(Value::as_array).is_some_and(|factors| !factors.is_empty()) {
        let message = "Factors of multi-factor authentication cannot be imported";
        refusals.push(Refusal::new("MFA_FACTORS_FAILED", "mfa_factors", message));
    }
    refusals
}

/// As it is stored: a string, or the object of `custom_password_hash`.
fn hash_text(hash: &Value) -> String {
    hash.as_str().map_or_else(|| hash.to_string(), str::to_owned)
}

fn imported(record: &Value) -> ImportedUser {
    let text = |name: &str| record.get(name).and_then(Value::as_str).map(str::to_owned);
    let flag = |name: &str| record.get(name).and_then(Value::as_bool);
    let members = |name: &str| -> Option<OtherMembers> {
        let members = record.get(name)?.as_object()?;
        Some(members.iter().map(|(name, value)| (name.clone(), value.clone())).collect())
    };
    let attribute = |name: &&str| record.get(*name).map(|value| ((*name).to_owned(), value.clone()));
    ImportedUser {
        email: text("email"),
        username: text("username"),
        user_id: text("user_id"),
        password_hash: record.get("password_hash").or_else(|| record.get("custom_password_hash")).map(hash_text),
        email_verified: flag("email_verified"),
        blocked: flag("blocked"),
        attributes: users_fields::ATTRIBUTES.iter().filter_map(attribute).collect(),
        user_metadata: members("user_metadata"),
        app_metadata: members("app_metadata"),
    }
}

/// A refused record with its reasons, as `GET /jobs/{id}/errors` has it.
pub(super) fn shown(record: &Value, refusals: &[Refusal]) -> Value {
    json!({ "user": record, "errors": refusals.iter().map(Refusal::to_json).collect::<Vec<_>>() })
}

/// §6.4: "password fields masked". A member by another name that holds one is refused, and not shown either.
pub(super) fn masked(record: &Value) -> Value {
    let Some(members) = record.as_object() else { return json!({}) };
    let secret = |name: &str| name.to_lowercase().contains("password") || name == "mfa_factors";
    let shown = |(name, value): (&String, &Value)| {
        (printable(name), if secret(name) { Value::from("*****") } else { shown_value(value) })
    };
    Value::Object(members.iter().map(shown).collect())
}

/// A value without characters that no answer has.
fn shown_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(printable(text)),
        Value::Array(values) => values.iter().map(shown_value).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (printable(name), shown_value(value))).collect())
        }
        other => other.clone(),
    }
}

fn printable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
