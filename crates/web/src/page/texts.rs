//! The texts of this crate's pages, by prompt, screen and key.

use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Language;
use super::error_page::ErrorTexts;
use super::form_post::FormPostTexts;

/// Reads a file of texts that is compiled in. Its types deny unknown and missing keys.
///
/// # Panics
/// When the file does not have the keys of `T`, which the tests of the crate that owns the file show.
#[must_use]
#[expect(clippy::expect_used, reason = "the file is part of the program and every test that renders a page reads it")]
pub fn compiled_in<T: DeserializeOwned>(json: &'static str) -> T {
    serde_json::from_str(json).expect("a compiled-in file of texts has the keys of its type")
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Texts {
    pub(super) error: ErrorPrompt,
    pub(super) form_post: FormPostPrompt,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ErrorPrompt {
    pub(super) error: ErrorTexts,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct FormPostPrompt {
    pub(super) form_post: FormPostTexts,
}

/// The texts in `language`.
pub(super) fn of(language: Language) -> &'static Texts {
    static EN: LazyLock<Texts> = LazyLock::new(|| compiled_in(include_str!("../../texts/en.json")));
    match language {
        Language::En => &EN,
    }
}
