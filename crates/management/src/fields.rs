//! The members of a resource's document, one line each: from this table come what may be created and changed, what is
//! answered, and how a change is merged (`management-api.md` §1.13).

use serde_json::{Map, Value};

use crate::schema::{Schema, object, optional, required};

/// A member of a resource's document.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    schema: Schema,
    /// What POST takes, where it is something else.
    on_create: Option<Schema>,
    access: Access,
    merge: Merge,
    required: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    ReadWrite,
    CreateOnly,
    UpdateOnly,
    ReadOnly,
    WriteOnly,
}

/// What PATCH does with a value that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Merge {
    /// The new value takes its place.
    Replace,
    /// Members that are sent take their places, `null` removes one.
    Members,
    /// The same; an empty object removes all of them.
    MembersOrNone,
}

/// A member that POST and PATCH take and every answer has.
pub(crate) fn field(name: &'static str, schema: Schema) -> Field {
    Field { name, schema, on_create: None, access: Access::ReadWrite, merge: Merge::Replace, required: false }
}

impl Field {
    /// POST needs it.
    pub(crate) fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// Only answered.
    pub(crate) fn read_only(self) -> Self {
        Self { access: Access::ReadOnly, ..self }
    }

    /// Set by POST, and never changed.
    pub(crate) fn create_only(self) -> Self {
        Self { access: Access::CreateOnly, ..self }
    }

    /// Taken by PATCH alone.
    pub(crate) fn update_only(self) -> Self {
        Self { access: Access::UpdateOnly, ..self }
    }

    /// Taken and never answered.
    pub(crate) fn write_only(self) -> Self {
        Self { access: Access::WriteOnly, ..self }
    }

    /// PATCH changes its members one by one.
    pub(crate) fn merged(self) -> Self {
        Self { merge: Merge::Members, ..self }
    }

    /// PATCH changes its members one by one, and `{}` clears it.
    pub(crate) fn merged_or_cleared(self) -> Self {
        Self { merge: Merge::MembersOrNone, ..self }
    }

    /// What POST takes.
    pub(crate) fn on_create(self, schema: Schema) -> Self {
        Self { on_create: Some(schema), ..self }
    }
}

/// The body of POST.
pub(crate) fn create_schema(fields: &[Field]) -> Schema {
    let taken = |field: &&Field| matches!(field.access, Access::ReadWrite | Access::CreateOnly | Access::WriteOnly);
    let member = |field: &Field| {
        let schema = field.on_create.clone().unwrap_or_else(|| field.schema.clone());
        if field.required { required(field.name, schema) } else { optional(field.name, schema) }
    };
    object(fields.iter().filter(taken).map(member).collect())
}

/// The body of PATCH.
pub(crate) fn update_schema(fields: &[Field]) -> Schema {
    let taken = |field: &&Field| matches!(field.access, Access::ReadWrite | Access::UpdateOnly | Access::WriteOnly);
    object(fields.iter().filter(taken).map(|field| optional(field.name, field.schema.clone())).collect())
}

/// The answer.
pub(crate) fn answer_schema(fields: &[Field]) -> Schema {
    let member = |field: &Field| optional(field.name, field.schema.clone());
    object(fields.iter().filter(|field| field.access != Access::WriteOnly).map(member).collect())
}

/// Names that `fields` may ask for.
pub(crate) fn names(fields: &[Field]) -> Vec<&'static str> {
    fields.iter().filter(|field| field.access != Access::WriteOnly).map(|field| field.name).collect()
}

/// The document of a body of POST: what is `null` was not sent.
pub(crate) fn created(fields: &[Field], body: Map<String, Value>) -> Map<String, Value> {
    let mut value = Value::Object(body);
    create_schema(fields).without_unset(&mut value);
    match value {
        Value::Object(document) => document,
        _ => Map::new(),
    }
}

/// Merges a body of PATCH into the document: §1.13, "PATCH replaces each top-level key that is sent and leaves the others;
/// arrays are always replaced whole; `null` is accepted only where marked".
pub(crate) fn merge(fields: &[Field], document: &mut Map<String, Value>, body: Map<String, Value>) {
    for (name, mut sent) in body {
        let Some(field) = fields.iter().find(|field| field.name == name) else { continue };
        if sent.is_null() {
            document.remove(&name);
            continue;
        }
        let is_empty = sent.as_object().is_some_and(Map::is_empty);
        match (field.merge, sent, document.get_mut(&name)) {
            (Merge::MembersOrNone, _, _) if is_empty => drop(document.insert(name, Value::Object(Map::new()))),
            (Merge::Members | Merge::MembersOrNone, Value::Object(sent), Some(Value::Object(kept))) => {
                merge_members(&field.schema, kept, sent);
            }
            (Merge::Members | Merge::MembersOrNone, Value::Object(sent), _) => {
                let mut fresh = Map::new();
                merge_members(&field.schema, &mut fresh, sent);
                document.insert(name, Value::Object(fresh));
            }
            (_, value, _) => {
                sent = value;
                field.schema.without_unset(&mut sent);
                document.insert(name, sent);
            }
        }
    }
}

fn merge_members(schema: &Schema, kept: &mut Map<String, Value>, sent: Map<String, Value>) {
    for (name, mut value) in sent {
        if value.is_null() {
            kept.remove(&name);
        } else {
            if let Some(member) = schema.members().iter().find(|member| member.name == name) {
                member.schema.without_unset(&mut value);
            }
            kept.insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::{boolean, list, map_of, open_object, text};

    fn table() -> Vec<Field> {
        vec![
            field("id", text()).read_only(),
            field("name", text()).required(),
            field("identifier", text()).required().create_only(),
            field("secret", text()).update_only(),
            field("list", list(text())),
            field("settings", object(vec![optional("a", boolean()), optional("b", boolean().or_null())]).or_null())
                .merged(),
            field("metadata", map_of(text().or_null(), 9)).merged_or_cleared(),
            field("options", open_object()),
        ]
    }

    fn merged(document: Value, body: Value) -> Value {
        let (Value::Object(mut document), Value::Object(body)) = (document, body) else { panic!() };
        merge(&table(), &mut document, body);
        Value::Object(document)
    }

    #[test]
    fn each_schema_has_the_members_that_it_should() {
        let names = |schema: &Schema| schema.members().iter().map(|member| member.name).collect::<Vec<_>>().join(" ");
        assert_eq!(names(&create_schema(&table())), "name identifier list settings metadata options");
        assert_eq!(names(&update_schema(&table())), "name secret list settings metadata options");
        assert!(update_schema(&table()).members().iter().all(|member| !member.required));
        assert_eq!(names(&answer_schema(&table())), "id name identifier secret list settings metadata options");
    }

    /// §1.13, rule by rule.
    #[test]
    fn a_change_is_merged_by_the_rule_of_its_member() {
        let document = json!({
            "name": "a", "list": ["x", "y"], "settings": { "a": true, "b": true }, "metadata": { "k": "v" },
            "options": { "one": 1, "two": 2 },
        });
        for (body, expected) in [
            (json!({}), json!({})),
            (json!({ "name": "b" }), json!({ "name": "b" })),
            (json!({ "list": ["z"] }), json!({ "list": ["z"] })),
            (json!({ "settings": { "a": false } }), json!({ "settings": { "a": false, "b": true } })),
            (json!({ "settings": { "b": null } }), json!({ "settings": { "a": true } })),
            (json!({ "metadata": { "l": "w" } }), json!({ "metadata": { "k": "v", "l": "w" } })),
            (json!({ "metadata": { "k": null } }), json!({ "metadata": {} })),
            (json!({ "metadata": {} }), json!({ "metadata": {} })),
            (json!({ "options": { "two": 3 } }), json!({ "options": { "two": 3 } })),
            (json!({ "unknown": 1 }), json!({})),
        ] {
            let mut wanted = document.clone();
            for (name, value) in expected.as_object().unwrap() {
                wanted[name] = value.clone();
            }
            assert_eq!(merged(document.clone(), body.clone()), wanted, "{body}");
        }
        let mut without = document.clone();
        without.as_object_mut().unwrap().remove("settings");
        assert_eq!(merged(document, json!({ "settings": null })), without);
        assert_eq!(
            merged(json!({}), json!({ "settings": { "a": true, "b": null } })),
            json!({ "settings": { "a": true } })
        );
    }
}
