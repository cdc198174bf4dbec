//! Languages of the pages. A language is a file of texts in Auth0's prompt / screen / key structure in every crate that
//! has pages; adding one adds a variant here and those files, and the compiler names every place that is missing.

/// A language in which pages can be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    En,
}

impl Language {
    /// Every language.
    pub const ALL: &[Self] = &[Self::En];

    /// BCP 47 tag, for `lang` attributes and for `ui_locales`.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
        }
    }

    /// The first of the wanted languages that exists, else English.
    ///
    /// OpenID Connect Core §3.1.2.1, `ui_locales`: "End-User's preferred languages and scripts for the user interface,
    /// represented as a space-separated list of BCP47 language tag values, ordered by preference." A tag with a region
    /// (`en-GB`) is served by its language; "An error SHOULD NOT result if some or all of the requested locales are not
    /// supported".
    #[must_use]
    pub fn negotiate(ui_locales: Option<&str>) -> Self {
        ui_locales
            .unwrap_or_default()
            .split_ascii_whitespace()
            .filter_map(|wanted| wanted.split(['-', '_']).next())
            .find_map(|primary| Self::ALL.iter().copied().find(|own| own.tag().eq_ignore_ascii_case(primary)))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn an_unknown_language_falls_back_to_english() {
        for wanted in [None, Some(""), Some("xx"), Some("en-GB xx"), Some("xx EN"), Some("-"), Some("\u{1F511}")] {
            assert_eq!(Language::negotiate(wanted), Language::En, "{wanted:?}");
        }
    }
}
