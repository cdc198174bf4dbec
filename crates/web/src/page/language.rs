//! Languages of the pages. A language is a file of texts in Auth0's prompt / screen / key structure in every crate that
//! has pages; adding one adds a variant here, a line to [`texts!`](crate::texts) and those files, and the compiler names
//! every place that is missing.

/// A language in which pages can be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// German.
    De,
    /// English.
    #[default]
    En,
    /// Spanish.
    Es,
    /// French.
    Fr,
    /// Italian.
    It,
    /// Japanese.
    Ja,
    /// Dutch.
    Nl,
    /// Portuguese as in Brazil.
    PtBr,
}

impl Language {
    /// Every language.
    pub const ALL: &[Self] = &[Self::De, Self::En, Self::Es, Self::Fr, Self::It, Self::Ja, Self::Nl, Self::PtBr];

    /// BCP 47 tag: for `lang` attributes, `Content-Language`, `ui_locales` and a tenant's `enabled_locales`; also the
    /// name of the files of texts.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::De => "de",
            Self::En => "en",
            Self::Es => "es",
            Self::Fr => "fr",
            Self::It => "it",
            Self::Ja => "ja",
            Self::Nl => "nl",
            Self::PtBr => "pt-BR",
        }
    }

    /// The best of the `available` languages for a language range such as `de-CH`.
    ///
    /// RFC 4647 §3.4: "the language range is progressively truncated from the end until a matching language tag is
    /// located". Where only another region's variant exists, it is better than nothing: `pt` and `pt-PT` are served by
    /// `pt-BR`.
    #[must_use]
    pub fn lookup(range: &str, available: &[Self]) -> Option<Self> {
        let range = range.replace('_', "-");
        let mut wanted = range.as_str();
        loop {
            let exact = available.iter().find(|own| own.tag().eq_ignore_ascii_case(wanted));
            match (exact, wanted.rsplit_once('-')) {
                (Some(own), _) => return Some(*own),
                (None, Some((shorter, _))) => wanted = shorter,
                (None, None) => break,
            }
        }
        available.iter().copied().find(|own| own.primary_subtag().eq_ignore_ascii_case(wanted))
    }

    /// The languages that a tenant's `enabled_locales` name, in their order; every language when the tenant has not
    /// chosen, English first. A locale that does not exist here counts for nothing.
    #[must_use]
    pub fn enabled(locales: &[String]) -> Vec<Self> {
        let mut enabled: Vec<Self> = Vec::new();
        for language in locales.iter().filter_map(|locale| Self::lookup(locale, Self::ALL)) {
            if !enabled.contains(&language) {
                enabled.push(language);
            }
        }
        match (enabled.is_empty(), locales.is_empty()) {
            (false, _) => enabled,
            (true, false) => vec![Self::default()],
            (true, true) => {
                let others = Self::ALL.iter().copied().filter(|own| *own != Self::default());
                std::iter::once(Self::default()).chain(others).collect()
            }
        }
    }

    fn primary_subtag(self) -> &'static str {
        let tag = self.tag();
        tag.split_once('-').map_or(tag, |(primary, _)| primary)
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, De, En, Fr, PtBr};

    #[test]
    fn a_range_is_shortened_until_a_language_fits() {
        for (range, expected) in [
            ("de", Some(De)),
            ("de-CH", Some(De)),
            ("DE-ch-1996", Some(De)),
            ("de_AT", Some(De)),
            ("pt-BR", Some(PtBr)),
            ("pt", Some(PtBr)),
            ("pt-PT", Some(PtBr)),
            ("pt-BR-x-own", Some(PtBr)),
            ("zh", None),
            ("zh-Hans-CN", None),
            ("deu", None),
            ("d", None),
            ("-", None),
            ("", None),
            ("\u{1F511}", None),
        ] {
            assert_eq!(Language::lookup(range, Language::ALL), expected, "{range}");
        }
        assert_eq!(Language::lookup("de", &[En, Fr]), None, "only what is available");
    }

    #[test]
    fn a_tenant_enables_languages_in_its_order() {
        let enabled = |locales: &[&str]| {
            Language::enabled(&locales.iter().map(|locale| (*locale).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(enabled(&["fr", "en"]), [Fr, En]);
        assert_eq!(enabled(&["ko", "fr-CA", "fr", "zh-TW"]), [Fr]);
        assert_eq!(enabled(&["ko"]), [En], "pages need one language");
        assert_eq!(enabled(&[])[0], En);
        assert_eq!(enabled(&[]).len(), Language::ALL.len(), "a tenant that has not chosen has all");
    }
}
