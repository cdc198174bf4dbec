//! Bodies of requests: JSON, or a form with the same description; a form with a file where the operation takes one
//! (`management-api.md` §1.1).

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use futures_util::stream;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use crate::error::ApiError;
use crate::operation::Operation;
use crate::schema::{Problem, Schema, Text};

/// Bytes of a body: 1 MB.
pub(crate) const MAX: usize = 1024 * 1024;

/// Names and members of a form.
const MOST_FIELDS: usize = 1000;

/// What a form with a file may have around the file: its other parts, boundaries and headers.
const AROUND_FILE: usize = 16 * 1024;

/// Bytes that a body for this operation may have; a file may have `longest_file`.
pub(crate) fn limit(operation: &Operation, longest_file: usize) -> usize {
    if operation.file.is_some() { longest_file.saturating_add(AROUND_FILE) } else { MAX }
}

/// The whole body.
pub(crate) async fn collect(body: Body, operation: &Operation, longest_file: usize) -> Result<Bytes, ApiError> {
    let most = limit(operation, longest_file);
    let too_large = |_| if operation.file.is_some() { too_large(longest_file) } else { too_large(MAX) };
    // What breaks off cannot be told from what is too long; nobody is left to read the answer then.
    axum::body::to_bytes(body, most).await.map_err(too_large)
}

/// What a request for this operation says, checked, with its file; `Null` where it takes or has no body.
pub(crate) async fn read(
    operation: &Operation,
    headers: &HeaderMap,
    bytes: &Bytes,
    longest_file: usize,
) -> Result<(Value, Bytes), ApiError> {
    let Some(schema) = &operation.body else { return Ok((Value::Null, Bytes::new())) };
    if bytes.is_empty() && !operation.body_required {
        return Ok((Value::Null, Bytes::new()));
    }
    let (mut value, file) = match operation.file {
        Some(part) => form_with_file(schema, part, headers, bytes, longest_file).await?,
        None => (parsed(schema, headers, bytes)?, Bytes::new()),
    };
    let problems = schema.problems(&mut value);
    if problems.is_empty() { Ok((value, file)) } else { Err(ApiError::invalid("Payload", "invalid_body", &problems)) }
}

/// The body, or its file, is longer than that.
fn too_large(most: usize) -> ApiError {
    let message = format!("Payload content length greater than maximum allowed: {most}.");
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message)
}

/// RFC 7578: the file, and the other parts as members of the description.
async fn form_with_file(
    schema: &Schema,
    part: &str,
    headers: &HeaderMap,
    bytes: &Bytes,
    longest_file: usize,
) -> Result<(Value, Bytes), ApiError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(content_type)
        .map_err(|cause| ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type").cause(cause))?;
    let malformed = |cause: multer::Error| ApiError::invalid_body("The form cannot be read").cause(cause);
    let whole = stream::iter([Ok::<_, Infallible>(bytes.clone())]);
    let (mut form, mut file, mut members) = (multer::Multipart::new(whole, boundary), None, Vec::new());
    while let Some(field) = form.next_field().await.map_err(malformed)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == part && file.is_none() {
            let content = field.bytes().await.map_err(malformed)?;
            if content.len() > longest_file {
                return Err(too_large(longest_file));
            }
            file = Some(content);
            continue;
        }
        if members.len() == MOST_FIELDS || members.iter().any(|(own, _)| *own == name) || name == part {
            return Err(ApiError::invalid_body("The form has too many parts"));
        }
        members.push((name, Text::One(field.text().await.map_err(malformed)?)));
    }
    let Some(file) = file else {
        let reason = format!("Missing required property: {part}");
        let problem = Problem { path: String::new(), reason, description: "" };
        return Err(ApiError::invalid("Payload", "invalid_body", &[problem]));
    };
    Ok((schema.read(Text::Members(members)), file))
}

fn parsed(schema: &Schema, headers: &HeaderMap, bytes: &Bytes) -> Result<Value, ApiError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match media_type.as_str() {
        // Nothing at all is an object without members: what is missing is named.
        _ if bytes.is_empty() => Ok(Value::Object(serde_json::Map::new())),
        "application/x-www-form-urlencoded" => form(schema, bytes),
        "" | "application/json" => serde_json::from_slice(bytes).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            ApiError::invalid_body(format!("Invalid request payload JSON format: {place}"))
        }),
        // §10.1: a page's template may come as it is.
        "text/html" if schema.takes_text() => {
            let text = std::str::from_utf8(bytes).map_err(|_| ApiError::invalid_body("The text is not valid UTF-8"))?;
            Ok(Value::from(text))
        }
        _ => Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Unsupported Media Type")),
    }
}

/// `a=1&b[]=x&b[]=y&c[d]=z`.
fn form(schema: &Schema, bytes: &Bytes) -> Result<Value, ApiError> {
    let mut members: Vec<(String, Text)> = Vec::new();
    for (count, (name, value)) in url::form_urlencoded::parse(bytes).enumerate() {
        if count == MOST_FIELDS {
            return Err(ApiError::invalid_body("The form has too many fields"));
        }
        insert(&mut members, &name, value.into_owned()).ok_or_else(|| {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(100).collect();
            let problem =
                Problem { path: shown, reason: "The name is written in more than one way".to_owned(), description: "" };
            ApiError::invalid("Payload", "invalid_body", &[problem])
        })?;
    }
    Ok(schema.read(Text::Members(members)))
}

/// Puts a value where its name says; `None` where something of another kind is there.
fn insert(members: &mut Vec<(String, Text)>, name: &str, value: String) -> Option<()> {
    let (own, rest) = match name.split_once('[') {
        Some((own, rest)) => (own, Some(rest)),
        None => (name, None),
    };
    if !members.iter().any(|(name, _)| name == own) {
        let empty = match rest {
            None => {
                members.push((own.to_owned(), Text::One(value)));
                return Some(());
            }
            Some("]") => Text::Several(Vec::new()),
            Some(_) => Text::Members(Vec::new()),
        };
        members.push((own.to_owned(), empty));
    }
    let (_, found) = members.iter_mut().find(|(name, _)| name == own)?;
    match (found, rest) {
        (Text::Several(values), None | Some("]")) => values.push(value),
        (found @ Text::One(_), None) => {
            let Text::One(first) = std::mem::replace(found, Text::Several(Vec::new())) else { return None };
            *found = Text::Several(vec![first, value]);
        }
        (Text::Members(inner), Some(rest)) => {
            let (member, further) = rest.split_once(']').filter(|(member, _)| !member.is_empty())?;
            insert(inner, &format!("{member}{further}"), value)?;
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{boolean, integer, list, map_of, object, optional, text};

    #[test]
    fn a_form_says_the_same_as_json() {
        let inner =
            object(vec![optional("n", integer(0, 9)), optional("deep", object(vec![optional("x", boolean())]))]);
        let schema = object(vec![
            optional("name", text()),
            optional("on", boolean()),
            optional("list", list(text())),
            optional("more", list(text())),
            optional("one", list(text())),
            optional("inner", inner),
            optional("tags", map_of(text(), 9)),
        ]);
        let body = "name=a%20b&on=true&list[]=x&list[]=y&more=x&more=y&one=z&inner[n]=3&inner[deep][x]=false&tags[k]=v";
        let value = form(&schema, &Bytes::from_static(body.as_bytes())).unwrap();
        let expected = json!({
            "name": "a b", "on": true, "list": ["x", "y"], "more": ["x", "y"], "one": ["z"],
            "inner": { "n": 3, "deep": { "x": false } }, "tags": { "k": "v" },
        });
        assert_eq!(value, expected);
        for confused in ["a=1&a[b]=2", "a[b]=1&a=2", "a[b]=1&a[]=2", "a[b=1"] {
            assert!(form(&schema, &Bytes::from_static(confused.as_bytes())).is_err(), "{confused}");
        }
    }
}
