//! Table `[breached_passwords]`: who knows which passwords are public.

use keywright_app::BreachedPasswordSource;
use serde::Deserialize;

/// The keys as they were written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BreachedPasswordSettings {
    range_url: Option<String>,
}

/// The source, if there is one. An empty address counts as absent.
pub(super) fn resolve(settings: Option<&BreachedPasswordSettings>) -> Result<Option<BreachedPasswordSource>, String> {
    let url = settings.and_then(|settings| settings.range_url.as_deref()).filter(|url| !url.is_empty());
    let source = url.map(BreachedPasswordSource::at).transpose();
    source.map_err(|error| format!("`breached_passwords.range_url` cannot be used: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: Option<&str>) -> Result<Option<BreachedPasswordSource>, String> {
        resolve(Some(&BreachedPasswordSettings { range_url: url.map(str::to_owned) }))
    }

    #[test]
    fn the_source_is_an_https_address_or_absent() {
        assert_eq!((resolve(None), read(None), read(Some(""))), (Ok(None), Ok(None), Ok(None)));
        assert!(read(Some("https://passwords.example/range/")).unwrap().is_some());
        let refusal = read(Some("http://passwords.example/range/")).unwrap_err();
        assert!(refusal.starts_with("`breached_passwords.range_url` cannot be used: it must be an https"), "{refusal}");
    }
}
