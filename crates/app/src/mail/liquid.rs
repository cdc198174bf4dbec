//! Liquid, the language of tenants' own mail templates (`management-api.md` §11), within bounds: whatever a template says, it is
//! rendered in little time and memory, and what users put into their profiles stays text in it.
//!
//! Values are escaped before a template sees them, so that nobody has to remember the filter `escape`. Files and partial
//! templates do not exist, ranges and captures neither: nothing can be made larger than the sum of its parts.

mod filters;
mod for_block;

use std::io::{self, Write};
use std::sync::LazyLock;

use liquid_core::model::{KString, KStringCow, KStringRef, ScalarCow};
use liquid_core::parser::Language;
use liquid_core::runtime::{PartialStore, Registers, RuntimeBuilder};
use liquid_core::{Object, Renderable as _, Runtime, Template, Value, ValueCow};
use serde_json::Value as Json;

use self::filters::add_filters;
use self::for_block::ForBlock;

/// Bytes of a template, and of what it is rendered to.
const LONGEST: usize = 256 * 1024;
/// Tags and opening brackets of a template; with them the depth of everything in it is bounded.
const MOST_TAGS: usize = 1_000;
/// Stack of the thread that reads and renders; enough for that many levels.
const STACK: usize = 64 * 1024 * 1024;
/// Characters of a value in a calculation.
const LONGEST_VALUE: usize = 4_096;
/// Filters and rounds of loops in one rendering.
const MOST_STEPS: u32 = 10_000;

/// Where the result stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In HTML: values are escaped.
    Html,
    /// In plain text, such as a subject.
    Text,
}

/// What is wrong with a template, for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TemplateError(String);

impl TemplateError {
    fn new(error: impl std::fmt::Display) -> Self {
        // The errors of the parser show the place in several lines.
        let text = error.to_string();
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Self(line.chars().filter(|c| !c.is_control()).take(300).collect())
    }
}

static HTML: LazyLock<Language> = LazyLock::new(|| language(Place::Html));
static TEXT: LazyLock<Language> = LazyLock::new(|| language(Place::Text));

/// Renders a template; variables that are not there are empty.
pub(crate) async fn render(source: String, place: Place, variables: Json) -> Result<String, TemplateError> {
    apart(move || render_now(&source, place, variables)).await
}

/// Whether a template can be read.
pub(crate) async fn check(source: String) -> Result<(), TemplateError> {
    apart(move || read(&source, &HTML).map(drop)).await
}

/// Runs `work` on a thread with a stack of its own. A panic in there is an error like any other.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TemplateError> + Send + 'static,
) -> Result<T, TemplateError> {
    let run = move || match std::thread::Builder::new().stack_size(STACK).spawn(work) {
        Ok(thread) => thread.join().unwrap_or_else(|_| Err(TemplateError::new("the template cannot be rendered"))),
        Err(error) => Err(TemplateError::new(error)),
    };
    tokio::task::spawn_blocking(run).await.unwrap_or_else(|error| Err(TemplateError::new(error)))
}

fn read(source: &str, language: &Language) -> Result<Template, TemplateError> {
    if source.len() > LONGEST {
        return Err(TemplateError::new("the template is too long"));
    }
    if source.matches("{%").count() > MOST_TAGS || source.matches('[').count() > MOST_TAGS {
        return Err(TemplateError::new("the template has too many tags"));
    }
    liquid_core::parser::parse(source, language).map(Template::new).map_err(TemplateError::new)
}

fn render_now(source: &str, place: Place, variables: Json) -> Result<String, TemplateError> {
    let language = if place == Place::Html { &HTML } else { &TEXT };
    let template = read(source, language)?;
    let variables = if place == Place::Html { escaped(variables) } else { variables };
    // OP-02: these errors repeat values, and one of them is the link.
    let failed = || TemplateError::new("the template cannot be rendered with the values of this mail");
    let globals = liquid_core::to_object(&variables).map_err(|_| failed())?;
    let runtime = Lenient(RuntimeBuilder::new().set_globals(&globals).build());
    let mut page = Page(Vec::new());
    template.render_to(&mut page, &runtime).map_err(|_| failed())?;
    String::from_utf8(page.0).map_err(|_| failed())
}

fn language(place: Place) -> Language {
    use liquid_lib::stdlib;
    let mut language = Language::empty();
    language.tags.register("assign".to_owned(), stdlib::AssignTag.into());
    language.blocks.register("if".to_owned(), stdlib::IfBlock.into());
    language.blocks.register("unless".to_owned(), stdlib::UnlessBlock.into());
    language.blocks.register("case".to_owned(), stdlib::CaseBlock.into());
    language.blocks.register("comment".to_owned(), stdlib::CommentBlock.into());
    language.blocks.register("raw".to_owned(), stdlib::RawBlock.into());
    language.blocks.register("for".to_owned(), ForBlock.into());
    add_filters(&mut language, place);
    language
}

/// The values with what HTML would read as its own escaped, names included.
fn escaped(value: Json) -> Json {
    match value {
        Json::String(text) => Json::String(escape(&text)),
        Json::Array(items) => items.into_iter().map(escaped).collect(),
        Json::Object(members) => members
            .into_iter()
            .map(|(name, value)| (escape(&name), escaped(value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other,
    }
}

/// Escapes for HTML, in text and in attributes with quotes.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

/// Undoes [`escape`].
pub(super) fn unescape(text: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

/// What has been done in this rendering.
#[derive(Default)]
struct Steps(u32);

/// Counts a step.
fn step(runtime: &dyn Runtime) -> liquid_core::Result<()> {
    let mut steps = runtime.registers().get_mut::<Steps>();
    steps.0 += 1;
    if steps.0 > MOST_STEPS { Err(liquid_core::Error::with_msg("the template does too much")) } else { Ok(()) }
}

/// The result, which ends when it gets too long.
struct Page(Vec<u8>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(io::Error::other("the mail is too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A runtime in which what is not there is nothing, as it is in Auth0's.
struct Lenient<R>(R);

impl<R: Runtime> Runtime for Lenient<R> {
    fn partials(&self) -> &dyn PartialStore {
        self.0.partials()
    }

    fn name(&self) -> Option<KStringRef<'_>> {
        self.0.name()
    }

    fn roots(&self) -> std::collections::BTreeSet<KStringCow<'_>> {
        self.0.roots()
    }

    fn try_get(&self, path: &[ScalarCow<'_>]) -> Option<ValueCow<'_>> {
        self.0.try_get(path)
    }

    fn get(&self, path: &[ScalarCow<'_>]) -> liquid_core::Result<ValueCow<'_>> {
        Ok(self.0.try_get(path).unwrap_or(ValueCow::Owned(Value::Nil)))
    }

    fn set_global(&self, name: KString, value: Value) -> Option<Value> {
        self.0.set_global(name, value)
    }

    fn set_index(&self, name: KString, value: Value) -> Option<Value> {
        self.0.set_index(name, value)
    }

    fn get_index<'a>(&'a self, name: &str) -> Option<ValueCow<'a>> {
        self.0.get_index(name)
    }

    fn registers(&self) -> &Registers {
        self.0.registers()
    }
}

/// Variables of one round of a loop.
fn scope(variables: [(&'static str, Value); 1], named: (&str, Value)) -> Object {
    let mut object = Object::new();
    for (name, value) in variables {
        object.insert(name.into(), value);
    }
    object.insert(KString::from_ref(named.0), named.1);
    object
}

#[cfg(test)]
mod tests;
