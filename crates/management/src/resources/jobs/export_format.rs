//! What an export looks like: chosen members of profiles, as lines of JSON or as a table (RFC 4180), compressed.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value};

/// Attributes of a table for which no fields were named.
const COMMON: [&str; 17] = [
    "user_id",
    "email",
    "email_verified",
    "username",
    "name",
    "nickname",
    "given_name",
    "family_name",
    "picture",
    "phone_number",
    "phone_verified",
    "blocked",
    "created_at",
    "updated_at",
    "last_login",
    "last_ip",
    "logins_count",
];

/// How profiles are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Format {
    is_table: bool,
    /// `None` for whole profiles.
    fields: Option<Vec<Column>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Column {
    name: String,
    path: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Item(usize),
}

impl Format {
    /// The format that a request asks for.
    ///
    /// # Errors
    /// A public sentence.
    pub(super) fn of(request: &Map<String, Value>) -> Result<Self, String> {
        let is_table = request.get("format").and_then(Value::as_str) == Some("csv");
        let named = request.get("fields").and_then(Value::as_array).filter(|fields| !fields.is_empty());
        let fields = match named {
            None if is_table => Some(COMMON.map(column_named).to_vec()),
            None => None,
            Some(fields) => Some(fields.iter().map(column).collect::<Result<Vec<_>, _>>()?),
        };
        if let Some(columns) = &fields {
            let twice = columns
                .iter()
                .enumerate()
                .find(|(index, column)| columns.iter().take(*index).any(|earlier| earlier.name == column.name));
            if let Some((_, column)) = twice {
                return Err(format!("Two fields of the export are called {}", shown(&column.name)));
            }
        }
        Ok(Self { is_table, fields })
    }

    /// The lines of these profiles; with the head of a table at the beginning.
    pub(super) fn text(&self, profiles: &[Map<String, Value>], beginning: bool) -> String {
        let mut text = String::new();
        if let (true, true, Some(columns)) = (self.is_table, beginning, &self.fields) {
            line(&mut text, columns.iter().map(|column| column.name.clone()));
        }
        for profile in profiles {
            match &self.fields {
                None => text.push_str(&Value::Object(profile.clone()).to_string()),
                Some(columns) if self.is_table => {
                    line(&mut text, columns.iter().map(|column| column.of(profile).map(cell).unwrap_or_default()));
                    continue;
                }
                Some(columns) => {
                    let member = |column: &Column| Some((column.name.clone(), column.of(profile)?.clone()));
                    text.push_str(&Value::Object(columns.iter().filter_map(member).collect()).to_string());
                }
            }
            text.push('\n');
        }
        text
    }
}

impl Column {
    fn of<'a>(&self, profile: &'a Map<String, Value>) -> Option<&'a Value> {
        let (first, rest) = self.path.split_first()?;
        let Step::Member(first) = first else { return None };
        rest.iter().try_fold(profile.get(first)?, |value, step| match step {
            Step::Member(name) => value.get(name),
            Step::Item(index) => value.get(index),
        })
    }
}

fn column_named(name: &str) -> Column {
    Column { name: name.to_owned(), path: vec![Step::Member(name.to_owned())] }
}

fn column(field: &Value) -> Result<Column, String> {
    let text = |name: &str| field.get(name).and_then(Value::as_str);
    let path = text("name").unwrap_or_default();
    let steps = steps(path).ok_or_else(|| format!("The field {} is no member of a profile", shown(path)))?;
    Ok(Column { name: text("export_as").unwrap_or(path).to_owned(), path: steps })
}

/// `identities[0].connection`.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (name, mut indexes) = part.split_at(part.find('[').unwrap_or(part.len()));
        if name.is_empty() {
            return None;
        }
        steps.push(Step::Member(name.to_owned()));
        while !indexes.is_empty() {
            let (index, rest) = indexes.strip_prefix('[')?.split_once(']')?;
            steps.push(Step::Item(index.parse().ok()?));
            indexes = rest;
        }
    }
    Some(steps)
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// RFC 4180 §2: "Fields containing line breaks (CRLF), double quotes, and commas should be enclosed in double-quotes."
fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        let cell = if is_formula(&cell) { format!("'{cell}") } else { cell };
        if cell.contains(['"', ',', '\n', '\r']) || cell != cell.trim() {
            text.push('"');
            text.push_str(&cell.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(&cell);
        }
    }
    text.push_str("\r\n");
}

/// What people enter must not run in the spreadsheet of an administrator. A number, such as that of a telephone, does not.
fn is_formula(cell: &str) -> bool {
    match cell.chars().next() {
        Some('=' | '@' | '\t' | '\r') => true,
        Some('+' | '-') => !cell.chars().skip(1).all(|c| c.is_ascii_digit() || c == '.'),
        _ => false,
    }
}

/// RFC 1952 §2.2: a file "consists of a series of "members" (compressed data sets)": parts one after another are a file.
pub(super) fn compressed(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(request: Value, profile: Value) -> String {
        let (Value::Object(request), Value::Object(profile)) = (request, profile) else { panic!() };
        Format::of(&request).unwrap().text(&[profile], true)
    }

    #[test]
    fn fields_are_members_and_paths() {
        let profile = json!({
            "email": "a@b.example", "identities": [{ "connection": "db" }], "app_metadata": { "plan": { "level": 2 } },
        });
        let fields = json!([
            { "name": "email" },
            { "name": "identities[0].connection", "export_as": "source" },
            { "name": "app_metadata.plan.level" },
            { "name": "identities[1].connection", "export_as": "second" },
        ]);
        let expected = "{\"app_metadata.plan.level\":2,\"email\":\"a@b.example\",\"source\":\"db\"}\n";
        assert_eq!(text(json!({ "fields": fields }), profile.clone()), expected);
        let expected = "email,source,app_metadata.plan.level,second\r\na@b.example,db,2,\r\n";
        assert_eq!(text(json!({ "fields": fields, "format": "csv" }), profile.clone()), expected);
        assert_eq!(text(json!({}), profile.clone()), format!("{profile}\n"));
        assert!(text(json!({ "format": "csv" }), profile).starts_with("user_id,email,email_verified,"));
    }

    #[test]
    fn a_table_is_quoted_and_never_a_formula() {
        for (value, cell) in [
            (json!("a,b"), "\"a,b\""),
            (json!("say \"x\""), "\"say \"\"x\"\"\""),
            (json!("two\nlines"), "\"two\nlines\""),
            (json!(" blank"), "\" blank\""),
            (json!("=HYPERLINK(1)"), "'=HYPERLINK(1)"),
            (json!("@SUM(1)"), "'@SUM(1)"),
            (json!("+49301234"), "+49301234"),
            (json!("-2+3+cmd|' /C calc'!A0"), "'-2+3+cmd|' /C calc'!A0"),
            (json!(-5), "-5"),
            (json!({ "a": "b" }), "\"{\"\"a\"\":\"\"b\"\"}\""),
            (json!(null), ""),
        ] {
            let request = json!({ "format": "csv", "fields": [{ "name": "v" }] });
            assert_eq!(text(request, json!({ "v": value })), format!("v\r\n{cell}\r\n"));
        }
    }

    #[test]
    fn fields_that_mean_nothing_are_refused() {
        for path in ["", ".", "a.", "a[", "a[x]", "[0]", "a[0", "a[-1]", "a[0]b"] {
            let request = json!({ "fields": [{ "name": path }] });
            let request = request.as_object().unwrap();
            assert!(Format::of(request).is_err(), "{path}");
        }
        let twice = json!({ "fields": [{ "name": "email" }, { "name": "name", "export_as": "email" }] });
        assert!(Format::of(twice.as_object().unwrap()).unwrap_err().contains("email"));
    }
}
