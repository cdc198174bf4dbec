//! Texts of pages by prompt, screen and key: how a crate compiles its files in, and the texts of this crate's pages.

use keywright_types::CustomTexts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Shell;
use super::error_page::ErrorTexts;
use super::form_post::FormPostTexts;
use super::web_message::WebMessageTexts;

/// Compiles a crate's files of texts in, `texts/<tag>.json` of every language, and declares
///
/// - `fn $of(&Shell) -> &$texts`, the texts of a page: those of its language, which are read when they are needed for the first
///   time and never again, with the tenant's own in their places, and
/// - `$sources`, the files themselves.
#[macro_export]
macro_rules! texts {
    ($of:ident -> $texts:ty, $sources:ident) => {
        $crate::texts! {
            @files $of -> $texts, $sources;
            De "de", En "en", Es "es", Fr "fr", It "it", Ja "ja", Nl "nl", PtBr "pt-BR"
        }
    };
    (@files $of:ident -> $texts:ty, $sources:ident; $($language:ident $tag:literal),+) => {
        /// The files of texts as they are.
        #[cfg(test)]
        const $sources: &[($crate::page::Language, &str)] = &[$((
            $crate::page::Language::$language,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/texts/", $tag, ".json")),
        )),+];

        /// The texts of a page with this frame. Every page of this crate gets its texts here.
        fn $of(shell: &$crate::page::Shell) -> &$texts {
            match shell.language {
                $($crate::page::Language::$language => {
                    const SOURCE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/texts/", $tag, ".json"));
                    static TEXTS: std::sync::LazyLock<$texts> =
                        std::sync::LazyLock::new(|| $crate::page::compiled_in(SOURCE));
                    let own = shell.texts.as_deref();
                    own.and_then(|own| own.compiled(|own| $crate::page::customized(SOURCE, own))).unwrap_or(&TEXTS)
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

/// A text that Auth0 has under another screen or key than we have.
struct OtherName {
    prompt: &'static str,
    /// Where Auth0 has it: screen and key.
    theirs: (&'static str, &'static str),
    /// Where we have it.
    ours: (&'static str, &'static str),
}

const fn other(
    prompt: &'static str,
    theirs: (&'static str, &'static str),
    ours: (&'static str, &'static str),
) -> OtherName {
    OtherName { prompt, theirs, ours }
}

/// All other texts have the same prompt, screen and key here and there.
const OTHER_NAMES: [OtherName; 20] = [
    other("login", ("login", "footerText"), ("login", "signupActionText")),
    other("login", ("login", "footerLinkText"), ("login", "signupActionLinkText")),
    other("signup", ("signup", "footerText"), ("signup", "loginActionText")),
    other("signup", ("signup", "footerLinkText"), ("signup", "loginActionLinkText")),
    other("consent", ("consent", "messageSingleTenant"), ("consent", "message")),
    other("consent", ("consent", "messageMultipleTenants"), ("consent", "message")),
    other(
        "brute-force-protection",
        ("brute-force-protection-unblock-success", "eventTitle"),
        ("brute-force-protection-unblock-success", "title"),
    ),
    other(
        "brute-force-protection",
        ("brute-force-protection-unblock-failure", "eventTitle"),
        ("brute-force-protection-unblock-failure", "title"),
    ),
    other("device-flow", ("device-code-activation-allowed", "eventTitle"), ("device-code-activation-allowed", "title")),
    other("device-flow", ("device-code-activation-denied", "eventTitle"), ("device-code-activation-denied", "title")),
    other("reset-password", ("reset-password-success", "eventTitle"), ("reset-password-success", "title")),
    other("reset-password", ("reset-password-error", "eventTitleGeneric"), ("reset-password-error", "title")),
    other("reset-password", ("reset-password-error", "descriptionGeneric"), ("reset-password-error", "description")),
    other(
        "email-verification",
        ("email-verification-result", "verifiedTitle"),
        ("email-verification-success", "title"),
    ),
    other(
        "email-verification",
        ("email-verification-result", "verifiedDescription"),
        ("email-verification-success", "description"),
    ),
    other(
        "email-verification",
        ("email-verification-result", "buttonText"),
        ("email-verification-success", "buttonText"),
    ),
    other("email-verification", ("email-verification-result", "errorTitle"), ("email-verification-failure", "title")),
    other(
        "email-verification",
        ("email-verification-result", "invalidAccountOrCodeDescription"),
        ("email-verification-failure", "description"),
    ),
    other(
        "email-verification",
        ("email-verification-result", "verifiedTitle"),
        ("email-verification-already", "title"),
    ),
    other(
        "email-verification",
        ("email-verification-result", "alreadyVerifiedDescription"),
        ("email-verification-already", "description"),
    ),
];

/// The texts of a file with the tenant's own in their places; `None` when none of them is shown on these pages.
///
/// Only texts are replaced, and only by texts that are not empty: what a page needs is there whatever a tenant sends.
#[must_use]
pub fn customized<T: DeserializeOwned>(source: &str, own: &CustomTexts) -> Option<T> {
    let mut document: Value = serde_json::from_str(source).ok()?;
    let mut replaced = false;
    for (prompt, screens) in document.as_object_mut()? {
        for (screen, texts) in screens.as_object_mut()? {
            for (key, text) in texts.as_object_mut()?.iter_mut().filter(|(_, text)| text.is_string()) {
                let others = OTHER_NAMES.iter().filter(|own| own.prompt == prompt && own.ours == (screen, key));
                let mut names = std::iter::once((screen.as_str(), key.as_str())).chain(others.map(|own| own.theirs));
                let found = names.find_map(|(screen, key)| own.text(prompt, screen, key));
                let found = found.filter(|text| !text.trim().is_empty());
                if let Some(found) = found {
                    *text = Value::from(found);
                    replaced = true;
                }
            }
        }
    }
    replaced.then(|| serde_json::from_value(document).ok()).flatten()
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

crate::texts!(texts_of -> Texts, SOURCES);

/// The texts of a page of this crate.
pub(super) fn of(shell: &Shell) -> &Texts {
    texts_of(shell)
}

#[cfg(test)]
mod tests {
    use keywright_types::CustomTexts;
    use serde_json::json;

    use super::SOURCES;
    use crate::page::audit;

    #[test]
    fn every_language_has_the_same_keys_and_placeholders() {
        assert_eq!(audit::text_differences(SOURCES), Vec::<String>::new());
    }

    #[test]
    fn own_texts_take_the_places_of_ours_and_nothing_else_does() {
        let own = |prompts: serde_json::Value| CustomTexts::new(prompts.as_object().unwrap().clone());
        let source = r#"{ "login": { "login": { "title": "Log in", "other": "x", "deep": { "a": "b" } } } }"#;
        let customized = |prompts| super::customized::<serde_json::Value>(source, &own(prompts));
        let texts = json!({ "login": { "login": { "title": "Hi", "other": " ", "deep": "no", "unknown": "y" } } });
        let expected = json!({ "login": { "login": { "title": "Hi", "other": "x", "deep": { "a": "b" } } } });
        assert_eq!(customized(texts), Some(expected));
        for nothing in [
            json!({}),
            json!({ "login": { "login-id": { "title": "Hi" } }, "signup": { "signup": { "title": "Hi" } } }),
            json!({ "login": { "login": { "title": 5 } } }),
            json!({ "login": "x" }),
        ] {
            assert_eq!(customized(nothing.clone()), None, "{nothing}");
        }
        let consent = r#"{ "consent": { "consent": { "message": "m" } } }"#;
        let texts = own(json!({ "consent": { "consent": { "messageMultipleTenants": "Auth0's" } } }));
        let found: serde_json::Value = super::customized(consent, &texts).unwrap();
        assert_eq!(found["consent"]["consent"]["message"], "Auth0's");
    }
}
