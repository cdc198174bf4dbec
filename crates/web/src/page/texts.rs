//! Texts of pages by prompt, screen and key: how a crate compiles its files in, and the texts of this crate's pages.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Shell;
use super::error_page::ErrorTexts;
use super::form_post::FormPostTexts;
use super::web_message::WebMessageTexts;

/// Compiles a crate's files of texts in, `texts/<tag>.json` of every language, and declares
///
/// - `fn $in_language(Language) -> &'static $texts`, which reads a file when its language is needed for the first time
///   and never again, and
/// - `$sources`, the files themselves, for the test that compares them (`audit::text_differences`).
#[macro_export]
macro_rules! texts {
    ($in_language:ident -> $texts:ty, $sources:ident) => {
        $crate::texts! {
            @files $in_language -> $texts, $sources;
            De "de", En "en", Es "es", Fr "fr", It "it", Ja "ja", Nl "nl", PtBr "pt-BR"
        }
    };
    (@files $in_language:ident -> $texts:ty, $sources:ident; $($language:ident $tag:literal),+) => {
        /// The files of texts as they are.
        #[cfg(test)]
        const $sources: &[($crate::page::Language, &str)] = &[$((
            $crate::page::Language::$language,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/texts/", $tag, ".json")),
        )),+];

        /// The texts in `language`.
        fn $in_language(language: $crate::page::Language) -> &'static $texts {
            match language {
                $($crate::page::Language::$language => {
                    static TEXTS: std::sync::LazyLock<$texts> = std::sync::LazyLock::new(|| {
                        $crate::page::compiled_in(include_str!(concat!(
                            env!("CARGO_MANIFEST_DIR"), "/texts/", $tag, ".json"
                        )))
                    });
                    &TEXTS
                })+
            }
        }
    };
}

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
    pub(super) web_message: WebMessagePrompt,
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

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct WebMessagePrompt {
    pub(super) web_message: WebMessageTexts,
}

crate::texts!(in_language -> Texts, SOURCES);

/// The texts of a page with this frame. Every page of this crate gets its texts here.
pub(super) fn of(shell: &Shell) -> &Texts {
    in_language(shell.language)
}

#[cfg(test)]
mod tests {
    use super::SOURCES;
    use crate::page::audit;

    #[test]
    fn every_language_has_the_same_keys_and_placeholders() {
        assert_eq!(audit::text_differences(SOURCES), Vec::<String>::new());
    }
}
