//! `fields` and `include_fields`: which members of a document are answered (`management-api.md` §1.6).

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::query::{Parameter, Query, parameter};
use crate::schema::{Problem, boolean, list, text_of};

const FIELDS: &str =
    "Comma-separated list of fields to include or exclude (based on value provided for include_fields) in the result.";

/// The two parameters.
pub(crate) fn parameters() -> [Parameter; 2] {
    let include = "Whether the fields are to be included (true, the default) or excluded (false).";
    [
        parameter("fields", list(text_of(1, 200)).about(FIELDS)).comma_separated(),
        parameter("include_fields", boolean().about(include)),
    ]
}

/// Which members are wanted.
#[derive(Clone, Debug)]
pub(crate) struct Projection {
    fields: Option<Vec<String>>,
    include: bool,
}

impl Projection {
    /// What the query asks for. `known` is the closed list of names; empty where any name is accepted.
    pub(crate) fn of(query: &Query, known: &[&'static str]) -> Result<Self, ApiError> {
        let fields = query.texts("fields").filter(|names| !names.is_empty());
        if let Some(names) = &fields
            && !known.is_empty()
            && !names.iter().all(|name| known.contains(name))
        {
            let sent: String = names.join(",").chars().take(200).collect();
            let known = known.join(",");
            let reason = format!(
                "String '{sent}' does not match pattern. Must be a comma separated list of the following values: {known}"
            );
            let problem = Problem { path: "fields".to_owned(), reason, description: FIELDS };
            return Err(ApiError::invalid("Query", "invalid_query_string", &[problem]));
        }
        Ok(Self {
            fields: fields.map(|names| names.into_iter().map(str::to_owned).collect()),
            include: query.flag("include_fields").unwrap_or(true),
        })
    }

    /// Whether a member is named, so that it has to be answered or refused.
    pub(crate) fn names(&self, member: &str) -> bool {
        self.include && self.fields.as_ref().is_some_and(|names| names.iter().any(|name| name == member))
    }

    /// The document as it is answered. "include_fields alone […] has no effect without fields".
    pub(crate) fn apply(&self, mut document: Map<String, Value>) -> Value {
        if let Some(names) = &self.fields {
            document.retain(|member, _| names.iter().any(|name| name == member) == self.include);
        }
        Value::Object(document)
    }
}
