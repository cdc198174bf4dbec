//! Which languages the visitor prefers: the `ui_locales` of a request, then `Accept-Language`.
//!
//! Every page of every crate is worded by them, error pages of requests that were never understood included. They are
//! therefore kept beside the request while it is being answered, as its tracing span is, instead of being handed through
//! every function that may fail: the tenancy middleware sets them, and only `tenancy::shell` and its like read them.

use std::future::Future;

use http::{HeaderMap, HeaderValue, Uri, header};

use super::Language;

tokio::task_local! {
    static CURRENT: PreferredLanguages;
}

/// More languages than any browser sends.
const MOST_RANGES: usize = 32;

/// What a request says about languages. Cheap to make: nothing is read before a page is shown.
#[derive(Clone, Debug, Default)]
pub struct PreferredLanguages {
    uri: Uri,
    accept_language: Vec<HeaderValue>,
}

impl PreferredLanguages {
    /// The preferences of a request.
    #[must_use]
    pub fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let accept_language = headers.get_all(header::ACCEPT_LANGUAGE).iter().cloned().collect();
        Self { uri: uri.clone(), accept_language }
    }

    /// Runs `answering` with these preferences as the current ones.
    pub async fn scope<F: Future>(self, answering: F) -> F::Output {
        CURRENT.scope(self, answering).await
    }

    /// The preferences of the request that is being answered; none outside of one.
    #[must_use]
    pub fn current() -> Self {
        CURRENT.try_with(Self::clone).unwrap_or_default()
    }

    /// The language of a page: the first of `ui_locales`, which the caller knows from a stored request, of the address's
    /// own `ui_locales`, and of `Accept-Language` that is among the `enabled` ones; else the first of those.
    #[must_use]
    pub fn choose(&self, ui_locales: Option<&str>, enabled: &[Language]) -> Language {
        let in_address = self.ui_locales();
        ui_locales
            .into_iter()
            .chain(in_address.as_deref())
            .find_map(|wanted| of_ui_locales(wanted, enabled))
            .or_else(|| self.of_accept_language(enabled))
            .unwrap_or_else(|| enabled.first().copied().unwrap_or_default())
    }

    /// `ui_locales` of the address.
    fn ui_locales(&self) -> Option<String> {
        let query = self.uri.query().filter(|query| query.contains("ui_locales"))?;
        url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "ui_locales")
            .map(|(_, value)| value.into_owned())
    }

    /// RFC 9110 §12.5.4: "Each language-range can be given an associated quality value representing an estimate of the
    /// user's preference for the languages specified by that range".
    fn of_accept_language(&self, enabled: &[Language]) -> Option<Language> {
        let fields: Vec<&str> = self.accept_language.iter().filter_map(|value| value.to_str().ok()).collect();
        let mut ranges: Vec<(&str, u16)> =
            fields.iter().flat_map(|field| field.split(',')).take(MOST_RANGES).filter_map(weighted_range).collect();
        // RFC 9110 §12.4.2: "a value of 0 means 'not acceptable'".
        let refused: Vec<&str> = ranges.iter().filter(|(_, weight)| *weight == 0).map(|(range, _)| *range).collect();
        let is_refused = |own: &Language| refused.iter().any(|range| own.tag().eq_ignore_ascii_case(range));
        let acceptable: Vec<Language> = enabled.iter().copied().filter(|own| !is_refused(own)).collect();
        ranges.retain(|(_, weight)| *weight > 0);
        // Stable: of equal weights, the first one.
        ranges.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
        ranges.into_iter().find_map(|(range, _)| match range {
            "*" => acceptable.first().copied(),
            range => Language::lookup(range, &acceptable),
        })
    }
}

/// OpenID Connect Core §3.1.2.1, `ui_locales`: "represented as a space-separated list of BCP47 language tag values,
/// ordered by preference"; "An error SHOULD NOT result if some or all of the requested locales are not supported".
fn of_ui_locales(wanted: &str, enabled: &[Language]) -> Option<Language> {
    wanted.split_ascii_whitespace().take(MOST_RANGES).find_map(|range| Language::lookup(range, enabled))
}

/// A member of `Accept-Language` with its weight in thousandths; `None` when it is not one.
fn weighted_range(member: &str) -> Option<(&str, u16)> {
    let (range, weight) = match member.split_once(';') {
        Some((range, weight)) => (range, thousandths(weight.trim().strip_prefix(['q', 'Q'])?.strip_prefix('=')?)?),
        None => (member, 1000),
    };
    Some((range.trim(), weight)).filter(|(range, _)| !range.is_empty())
}

/// RFC 9110 §12.4.2: `qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )`.
fn thousandths(qvalue: &str) -> Option<u16> {
    let (whole, fraction) = qvalue.split_once('.').unwrap_or((qvalue, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match whole {
        "0" => Some(fraction),
        "1" if fraction == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Uri, header};

    use super::PreferredLanguages;
    use crate::page::Language::{self, De, En, Fr, Ja, PtBr};

    fn preferred(path: &'static str, accept_language: &[&'static str]) -> PreferredLanguages {
        let mut headers = HeaderMap::new();
        for value in accept_language {
            headers.append(header::ACCEPT_LANGUAGE, HeaderValue::from_static(value));
        }
        PreferredLanguages::of(&Uri::from_static(path), &headers)
    }

    #[test]
    fn accept_language_goes_by_weight_and_then_by_order() {
        for (fields, expected) in [
            (&["de"][..], De),
            (&["de-CH,de;q=0.9,en;q=0.8"], De),
            (&["zh-CN, zh;q=0.9, ja;q=0.8, en;q=0.7"], Ja),
            (&["en;q=0.5, fr;q=0.8"], Fr),
            (&["fr;q=0.8, de;q=0.8"], Fr),
            (&["fr;q=0.8", "de;q=0.81"], De),
            (&["pt"], PtBr),
            (&["*"], En),
            (&["en;q=0, *;q=0.5"], De),
            (&["de;q=0"], En),
            (&["de;q=1.0 , fr;Q=0.999"], De),
            (&["de;q=0.8; x=y, fr;q=0.1"], Fr),
            (&["de;q=2, fr;q=0.1"], Fr),
            (&["de;q=0.1234, fr;q=0.1"], Fr),
            (&["de;q=1.5, fr;q=0.1"], Fr),
            (&["de;q, fr;q=0.1"], Fr),
            (&[";q=1,,fr"], Fr),
            (&["sv"], En),
            (&[], En),
        ] {
            let enabled = Language::enabled(&[]);
            assert_eq!(preferred("/", fields).choose(None, &enabled), expected, "{fields:?}");
        }
    }

    #[test]
    fn ui_locales_go_before_accept_language() {
        let enabled = Language::enabled(&[]);
        let preferred = |path| preferred(path, &["de"]);
        assert_eq!(preferred("/").choose(Some("zh fr-CA ja"), &enabled), Fr);
        assert_eq!(preferred("/?ui_locales=zh+fr-CA+ja").choose(None, &enabled), Fr);
        assert_eq!(
            preferred("/?a=b&ui_locales=ja").choose(Some("fr"), &enabled),
            Fr,
            "the stored request knows better"
        );
        assert_eq!(preferred("/?ui_locales=ja").choose(Some("xx"), &enabled), Ja);
        for unsupported in ["se", "", " ", "-"] {
            assert_eq!(preferred("/").choose(Some(unsupported), &enabled), De, "{unsupported:?}");
        }
    }

    #[test]
    fn only_what_the_tenant_enabled_is_chosen() {
        let enabled = Language::enabled(&["fr".to_owned(), "ja".to_owned()]);
        assert_eq!(preferred("/", &["de, ja;q=0.5"]).choose(Some("en"), &enabled), Ja);
        assert_eq!(preferred("/", &["de"]).choose(Some("en"), &enabled), Fr, "else the tenant's first");
    }

    #[tokio::test]
    async fn the_current_preferences_are_those_of_the_request_being_answered() {
        let chosen = || PreferredLanguages::current().choose(None, &Language::enabled(&[]));
        assert_eq!(chosen(), En);
        assert_eq!(preferred("/", &["ja"]).scope(async { chosen() }).await, Ja);
    }
}
