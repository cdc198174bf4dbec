//! What a value of the Management API may be: one description that the validation goes by, the OpenAPI document shows and
//! the reference is written from (`management-api.md` §1.8).
//!
//! A subset of JSON Schema with the keywords that Auth0 uses. Objects are closed unless they say otherwise.

mod coercion;
mod document;
pub(crate) mod formats;
mod validation;

use regex::Regex;

pub(crate) use self::coercion::Text;
pub(crate) use self::document::Components;
pub(crate) use self::formats::Format;
pub(crate) use self::validation::Problem;

/// A description of values.
#[derive(Clone, Debug)]
pub(crate) struct Schema {
    kind: Kind,
    /// Shown in messages and in the reference; empty for none.
    description: &'static str,
    /// Name under which the OpenAPI document has it once; empty for inline.
    name: &'static str,
    /// Whether `null` is accepted, which means "unset".
    nullable: bool,
    /// Whether its values are never shown: not in messages and not in the tenant log.
    secret: bool,
    /// Whoever writes it needs one of these scopes, whatever the operation needs.
    scopes: &'static [&'static str],
}

#[derive(Clone, Debug)]
enum Kind {
    Anything,
    Boolean,
    Integer { minimum: i64, maximum: i64 },
    Number { minimum: f64, maximum: f64 },
    Text(TextRules),
    List { items: Box<Schema>, least: usize, most: usize, unique: bool },
    Object { members: Vec<Member>, others: Others, least: usize, most: usize },
    AnyOf(Vec<Schema>),
}

#[derive(Clone, Debug)]
struct TextRules {
    shortest: usize,
    longest: usize,
    pattern: Option<Regex>,
    format: Option<Format>,
    /// The only values; empty for all.
    values: Vec<&'static str>,
}

/// A member of an object.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) schema: Schema,
    pub(crate) required: bool,
}

/// Members of an object that its description does not name.
#[derive(Clone, Debug)]
enum Others {
    Refused,
    Accepted,
    Described { schema: Box<Schema>, longest_name: usize },
}

/// Texts without a limit of their own end here, in characters.
const LONGEST_TEXT: usize = 100_000;
/// Lists without a limit of their own end here.
const LONGEST_LIST: usize = 1_000;

fn of(kind: Kind) -> Schema {
    Schema { kind, description: "", name: "", nullable: false, secret: false, scopes: &[] }
}

/// Any JSON value.
pub(crate) fn anything() -> Schema {
    of(Kind::Anything)
}

/// `true` or `false`.
pub(crate) fn boolean() -> Schema {
    of(Kind::Boolean)
}

/// A whole number, both ends included.
pub(crate) fn integer(minimum: i64, maximum: i64) -> Schema {
    of(Kind::Integer { minimum, maximum })
}

/// A number, both ends included.
pub(crate) fn number(minimum: f64, maximum: f64) -> Schema {
    of(Kind::Number { minimum, maximum })
}

/// A text of any length.
pub(crate) fn text() -> Schema {
    let rules = TextRules { shortest: 0, longest: LONGEST_TEXT, pattern: None, format: None, values: Vec::new() };
    of(Kind::Text(rules))
}

/// A text of so many characters, both ends included.
pub(crate) fn text_of(shortest: usize, longest: usize) -> Schema {
    let rules = TextRules { shortest, longest, pattern: None, format: None, values: Vec::new() };
    of(Kind::Text(rules))
}

/// A text of a known form.
pub(crate) fn formatted(format: Format) -> Schema {
    let rules =
        TextRules { shortest: 0, longest: formats::LONGEST, pattern: None, format: Some(format), values: Vec::new() };
    of(Kind::Text(rules))
}

/// One of these texts.
pub(crate) fn one_of(values: &[&'static str]) -> Schema {
    let rules = TextRules { shortest: 0, longest: LONGEST_TEXT, pattern: None, format: None, values: values.to_vec() };
    of(Kind::Text(rules))
}

/// A list.
pub(crate) fn list(items: Schema) -> Schema {
    of(Kind::List { items: Box::new(items), least: 0, most: LONGEST_LIST, unique: false })
}

/// An object with these members and no others.
pub(crate) fn object(members: Vec<Member>) -> Schema {
    of(Kind::Object { members, others: Others::Refused, least: 0, most: usize::MAX })
}

/// An object with any members.
pub(crate) fn open_object() -> Schema {
    of(Kind::Object { members: Vec::new(), others: Others::Accepted, least: 0, most: usize::MAX })
}

/// An object whose members have names of up to `longest_name` characters and are all of one kind.
pub(crate) fn map_of(schema: Schema, longest_name: usize) -> Schema {
    let others = Others::Described { schema: Box::new(schema), longest_name };
    of(Kind::Object { members: Vec::new(), others, least: 0, most: usize::MAX })
}

/// A value of the first of these descriptions that fits.
pub(crate) fn any_of(schemas: Vec<Schema>) -> Schema {
    of(Kind::AnyOf(schemas))
}

/// A member that has to be there.
pub(crate) fn required(name: &'static str, schema: Schema) -> Member {
    Member { name, schema, required: true }
}

/// A member that may be left out.
pub(crate) fn optional(name: &'static str, schema: Schema) -> Member {
    Member { name, schema, required: false }
}

impl Schema {
    /// What it is, for messages and the reference. One line.
    pub(crate) fn about(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    /// The name of the component that the OpenAPI document has it under.
    pub(crate) fn named(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    /// `null` is accepted.
    pub(crate) fn or_null(self) -> Self {
        Self { nullable: true, ..self }
    }

    /// Its values are shown nowhere.
    pub(crate) fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    /// Whoever writes it needs one of these scopes.
    pub(crate) fn written_with(self, scopes: &'static [&'static str]) -> Self {
        Self { scopes, ..self }
    }

    /// A text that fits this regular expression (of the kind that JavaScript and Rust read alike).
    ///
    /// # Panics
    /// When it is none: the table of operations is made at the start, and a test makes it.
    #[expect(clippy::expect_used, reason = "a constant of ours; a test compiles all of them")]
    pub(crate) fn pattern(mut self, pattern: &str) -> Self {
        if let Kind::Text(rules) = &mut self.kind {
            rules.pattern = Some(Regex::new(pattern).expect("a regular expression"));
        }
        self
    }

    /// A list of so many items; an object of so many members.
    pub(crate) fn sized(mut self, fewest: usize, largest: usize) -> Self {
        if let Kind::List { least, most, .. } | Kind::Object { least, most, .. } = &mut self.kind {
            (*least, *most) = (fewest, largest);
        }
        self
    }

    /// A list without an item that comes twice.
    pub(crate) fn unique(mut self) -> Self {
        if let Kind::List { unique, .. } = &mut self.kind {
            *unique = true;
        }
        self
    }

    /// An object that may have other members as well.
    pub(crate) fn open(mut self) -> Self {
        if let Kind::Object { others, .. } = &mut self.kind {
            *others = Others::Accepted;
        }
        self
    }

    /// The members of an object; none for everything else.
    pub(crate) fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Object { members, .. } => members,
            _ => &[],
        }
    }

    /// Scopes of which a writer needs one; empty for no more than the operation's.
    pub(crate) fn scopes(&self) -> &'static [&'static str] {
        self.scopes
    }

    /// What it is.
    pub(crate) fn description(&self) -> &'static str {
        self.description
    }

    /// Items of a list.
    pub(crate) fn items(&self) -> Option<&Schema> {
        match &self.kind {
            Kind::List { items, .. } => Some(items),
            _ => None,
        }
    }

    /// Whether a text can be a value of it.
    pub(crate) fn takes_text(&self) -> bool {
        match &self.kind {
            Kind::Text(_) => true,
            Kind::AnyOf(schemas) => schemas.iter().any(Self::takes_text),
            _ => false,
        }
    }

    /// The value with `*****` in the place of everything secret; for the tenant log.
    pub(crate) fn masked(&self, value: &serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        match (&self.kind, value) {
            (_, Value::Null) => Value::Null,
            _ if self.secret => Value::from("*****"),
            (Kind::Object { members, .. }, Value::Object(object)) => object
                .iter()
                .map(|(name, value)| {
                    let member = members.iter().find(|member| member.name == name);
                    (name.clone(), member.map_or_else(|| value.clone(), |member| member.schema.masked(value)))
                })
                .collect(),
            (Kind::List { items, .. }, Value::Array(values)) => {
                values.iter().map(|value| items.masked(value)).collect()
            }
            (Kind::AnyOf(schemas), value) => {
                schemas.iter().fold(value.clone(), |masked, schema| schema.masked(&masked))
            }
            (_, value) => value.clone(),
        }
    }

    /// Takes the secret members out of an object, those of objects in it too, and returns them in objects like theirs; `None`
    /// where there are none.
    pub(crate) fn take_secrets(&self, value: &mut serde_json::Value) -> Option<serde_json::Value> {
        use serde_json::Value;
        let Value::Object(object) = value else { return None };
        let mut taken = serde_json::Map::new();
        for member in self.members() {
            let secret = if member.schema.secret {
                object.remove(member.name)
            } else {
                object.get_mut(member.name).and_then(|inner| member.schema.take_secrets(inner))
            };
            if let Some(secret) = secret {
                taken.insert(member.name.to_owned(), secret);
            }
        }
        (!taken.is_empty()).then_some(Value::Object(taken))
    }

    /// Takes out every `null` that means "unset": members of described objects that may be `null`. The rest of the value is
    /// what the sender means it to be, `null` included.
    pub(crate) fn without_unset(&self, value: &mut serde_json::Value) {
        use serde_json::Value;
        match (&self.kind, value) {
            (Kind::Object { members, others, .. }, Value::Object(object)) => {
                if let Others::Described { schema, .. } = others
                    && schema.nullable
                {
                    object.retain(|_, value| !value.is_null());
                }
                for member in members {
                    match object.get_mut(member.name) {
                        Some(Value::Null) if member.schema.nullable => {
                            object.remove(member.name);
                        }
                        Some(value) => member.schema.without_unset(value),
                        None => {}
                    }
                }
            }
            (Kind::List { items, .. }, Value::Array(values)) => {
                for value in values {
                    items.without_unset(value);
                }
            }
            _ => {}
        }
    }
}
