//! Whether a form post comes from a page of our own (WB-02).

use http::{HeaderMap, header};
use keywright_types::Tenant;

/// `false` when the browser says that another site made it post here.
///
/// `Sec-Fetch-Site` decides where it is sent: browsers set it and scripts cannot. Our pages carry
/// `Referrer-Policy: no-referrer`, which makes browsers send `Origin: null` with their own same-origin posts too, so
/// `Origin` can only refuse when it names somebody. The anti-forgery value in the form is needed in every case.
#[must_use]
pub fn is_own_post(headers: &HeaderMap, tenant: &Tenant) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("(unreadable)"));
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    match text(header::ORIGIN.as_str()) {
        None | Some("null") => true,
        Some(origin) => origin.eq_ignore_ascii_case(&tenant.url("")),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use keywright_types::{TenantId, TenantSettings};

    use super::*;

    #[test]
    fn wb_02_posts_of_other_sites_are_refused() {
        let tenant = Tenant {
            id: TenantId::new("t"),
            domain: "login.example.com:8443".to_owned(),
            settings: TenantSettings::default(),
            appearance: std::sync::Arc::default(),
        };
        for (site, origin, expected) in [
            (Some("same-origin"), Some("null"), true),
            (Some("same-site"), Some("https://login.example.com:8443"), false),
            (Some("cross-site"), None, false),
            (Some("none"), None, false),
            (None, None, true),
            (None, Some("null"), true),
            (None, Some("https://login.example.com:8443"), true),
            (None, Some("https://login.example.com"), false),
            (None, Some("http://login.example.com:8443"), false),
            (None, Some("https://evil.example"), false),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(site) = site {
                headers.insert("sec-fetch-site", HeaderValue::from_static(site));
            }
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            }
            assert_eq!(is_own_post(&headers, &tenant), expected, "{site:?} {origin:?}");
        }
    }
}
