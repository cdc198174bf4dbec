//! Every page of the table in every sample. The login pages have the same tests for their own table in their crate.

use http::HeaderMap;

use super::{Forms, Nonce, PAGES, Policy, Sample, Script, audit};
use crate::page::{FontUrl, ImageUrl};

fn each_page(check: impl Fn(&str, &HeaderMap)) {
    let samples = audit::rendered(PAGES, &Sample::branded()).unwrap();
    assert!(samples.len() >= PAGES.len(), "every page has a sample");
    for sample in samples {
        check(&sample.name, &sample.headers);
    }
}

#[test]
fn wb_01_every_page_renders_without_defects() {
    assert_eq!(audit::defects(PAGES), Vec::<String>::new());
}

#[test]
fn wb_01_hostile_values_change_no_structure() {
    assert_eq!(audit::structure_changes(PAGES), Vec::<String>::new());
}

#[test]
fn wb_03_no_page_can_be_framed() {
    each_page(|name, headers| {
        // RU-08: the one page that is made for a frame, by one origin.
        if name == "web-message-code" {
            return;
        }
        assert_eq!(headers["x-frame-options"], "DENY", "{name}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("; frame-ancestors 'none';"), "{name}: {policy}");
    });
}

#[test]
fn wb_06_no_page_is_stored() {
    each_page(|name, headers| assert_eq!(headers["cache-control"], "no-store", "{name}"));
}

#[test]
fn wb_07_every_page_has_the_security_headers() {
    each_page(|name, headers| {
        for (header, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("strict-transport-security", "max-age=31536000"),
            ("cross-origin-opener-policy", if name == "web-message-code" { "unsafe-none" } else { "same-origin" }),
        ] {
            assert_eq!(headers[header], value, "{name}: {header}");
        }
    });
}

#[test]
fn wb_01_the_policy_allows_what_the_page_needs_and_nothing_else() {
    let nonce = Nonce::from_text("bm9uY2U");
    let logo = ImageUrl::parse("https://static.example.com/logo.png").unwrap();
    let csp = |policy: Policy<'_>| policy.headers()["content-security-policy"].to_str().unwrap().to_owned();
    let plain = Policy {
        nonce: &nonce,
        images: Vec::new(),
        font: None,
        script: Script::None,
        forms: Forms::None,
        framed_by: None,
        keeps_opener: false,
        strict_transport: true,
    };
    assert_eq!(
        csp(plain.clone()),
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'nonce-bm9uY2U'; img-src data:; form-action 'none'"
    );
    let font = FontUrl::parse("https://fonts.example.com/own.woff2").unwrap();
    assert_eq!(
        csp(Policy { images: vec![&logo, &logo], font: Some(&font), ..plain.clone() }),
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'nonce-bm9uY2U'; \
         img-src data: https://static.example.com; font-src https://fonts.example.com; form-action 'none'"
    );
    assert_eq!(
        csp(Policy { images: vec![&logo], script: Script::Alone, forms: Forms::LeadAway, ..plain }),
        "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'nonce-bm9uY2U'; \
         img-src data: https://static.example.com; script-src 'nonce-bm9uY2U'"
    );
}

#[test]
fn wb_07_localhost_is_not_told_to_use_https_on_every_port() {
    let nonce = Nonce::from_text("bm9uY2U");
    let policy = Policy {
        nonce: &nonce,
        images: Vec::new(),
        font: None,
        script: Script::None,
        forms: Forms::None,
        framed_by: None,
        keeps_opener: false,
        strict_transport: false,
    };
    assert!(policy.headers().get("strict-transport-security").is_none());
}

/// Conformance modules §3: error pages "contain a fixed phrase per cause".
#[test]
fn the_error_page_has_the_fixed_phrases() {
    let samples = audit::rendered(PAGES, &Sample::plain()).unwrap();
    let html =
        |name: &str| samples.iter().find(|sample| sample.name == name).map(|sample| sample.html.as_str()).unwrap();
    for name in ["error-general", "error-callback-mismatch", "error-unavailable"] {
        assert!(html(name).contains("Oops!, something went wrong"), "{name}");
    }
    assert!(html("error-general").contains("invalid_request: Missing required parameter: response_type"));
    assert!(html("error-callback-mismatch").contains("Callback URL mismatch."));
    assert!(
        html("error-callback-mismatch")
            .contains("The provided redirect_uri is not in the list of allowed callback URLs")
    );
}
