//! Texts that a tenant put in the place of ours, in one language (`management-api.md` §10.3).

use std::any::Any;
use std::fmt;
use std::sync::OnceLock;

use serde_json::{Map, Value};

/// Kinds of compiled texts: one for each crate that has pages, and some to spare.
const KINDS: usize = 4;

/// Custom texts of one language by prompt, screen and key. Who shows them compiles them together with its own ones, once for
/// each time that they are read from the database.
#[derive(Default)]
pub struct CustomTexts {
    prompts: Map<String, Value>,
    compiled: [OnceLock<Box<dyn Any + Send + Sync>>; KINDS],
}

impl CustomTexts {
    /// Of prompts with their screens.
    #[must_use]
    pub fn new(prompts: Map<String, Value>) -> Self {
        Self { prompts, compiled: Default::default() }
    }

    /// The text under this key, where there is one.
    #[must_use]
    pub fn text(&self, prompt: &str, screen: &str, key: &str) -> Option<&str> {
        self.prompts.get(prompt)?.get(screen)?.get(key)?.as_str()
    }

    /// What `compile` makes of these texts, made once for each type; `None` when it makes nothing of them.
    pub fn compiled<T: Send + Sync + 'static>(&self, compile: impl Fn(&Self) -> Option<T>) -> Option<&T> {
        for place in &self.compiled {
            let found = place.get_or_init(|| Box::new(compile(self)) as Box<dyn Any + Send + Sync>);
            if let Some(own) = found.downcast_ref::<Option<T>>() {
                return own.as_ref();
            }
        }
        None
    }
}

impl PartialEq for CustomTexts {
    fn eq(&self, other: &Self) -> bool {
        self.prompts == other.prompts
    }
}

impl fmt::Debug for CustomTexts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CustomTexts").field("prompts", &self.prompts).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]

    use std::cell::Cell;

    use serde_json::json;

    use super::CustomTexts;

    #[test]
    fn texts_are_compiled_once_for_each_kind() {
        let prompts = json!({ "login": { "login": { "title": "Hello" } } });
        let texts = CustomTexts::new(prompts.as_object().unwrap().clone());
        assert_eq!(texts.text("login", "login", "title"), Some("Hello"));
        assert_eq!(texts.text("login", "login", "other"), None);
        let count = Cell::new(0);
        let length = |own: &CustomTexts| {
            count.set(count.get() + 1);
            own.text("login", "login", "title").map(str::len)
        };
        for _ in 0..3 {
            assert_eq!(texts.compiled(length), Some(&5));
            assert_eq!(texts.compiled(|_| Some("other kind")), Some(&"other kind"));
            assert_eq!(texts.compiled(|_| None::<u8>), None);
        }
        assert_eq!(count.get(), 1);
    }
}
