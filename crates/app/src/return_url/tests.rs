//! RU-01 to RU-05 and RU-08, address by address.

use proptest::prelude::*;

use super::*;

fn check(registered: &str, presented: &str) -> bool {
    allowed(&[registered.to_owned()], presented, Matching::default()).is_some()
}

#[test]
fn ru_02_the_name_of_an_organization_is_one_whole_label() {
    let registered = |entry: &str| vec![entry.to_owned(), "https://app.example.com/cb".to_owned()];
    let entry = "https://{organization_name}.example.com/cb";
    let with = |name| with_organization(&registered(entry), name);
    assert_eq!(with(Some("acme")), ["https://acme.example.com/cb", "https://app.example.com/cb"]);
    assert_eq!(with(None), ["https://app.example.com/cb"]);
    assert!(is_registrable(entry));
    for (presented, name) in [
        ("https://acme.example.com/cb", Some("acme")),
        ("https://acme.example.com/cb#x", Some("acme")),
        ("https://a.b.example.com/cb", None),
        ("https://.example.com/cb", None),
        ("https://evil.example/.example.com/cb", None),
        ("https://evil.example%2f.example.com/cb", None),
        ("https://a@b.example.com/cb", None),
        ("https://acme.example.com/other", None),
        ("http://acme.example.com/cb", None),
    ] {
        assert_eq!(organization_name(&registered(entry), presented), name, "{presented}");
    }
    for misplaced in [
        "https://x-{organization_name}.example.com/cb",
        "https://{organization_name}-x.example.com/cb",
        "https://app.{organization_name}.example.com/cb",
        "https://app.example.com/{organization_name}",
        "https://{organization_name}",
        "https://{organization_name}.*.example.com/cb",
        "https://{organization_name}.{organization_name}.example.com/cb",
        "com.example.app://{organization_name}.example.com/cb",
    ] {
        assert!(!is_registrable(misplaced), "{misplaced}");
        assert!(!with_organization(&[misplaced.to_owned()], Some("acme")).iter().any(|own| own.contains("acme")));
        let registered = [misplaced.to_owned()];
        assert!(allowed(&registered, &misplaced.replace("{organization_name}", "acme"), Matching::default()).is_none());
    }
}

#[test]
fn ru_08_only_web_addresses_have_an_origin() {
    for (url, expected) in [
        ("https://app.example.com/callback?x=1", Some("https://app.example.com")),
        ("HTTPS://App.Example.com:443/", Some("https://app.example.com")),
        ("https://app.example.com:8443", Some("https://app.example.com:8443")),
        ("http://localhost:3000/cb", Some("http://localhost:3000")),
        ("http://[::1]:3000/cb", Some("http://[::1]:3000")),
        ("http://app.example.com/cb", None),
        ("com.example.app:/cb", None),
        ("com.example.app://host/cb", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("blob:https://app.example.com/1", None),
        ("file:///etc/passwd", None),
        ("https://user@app.example.com/", None),
        ("", None),
    ] {
        assert_eq!(origin(url).as_deref(), expected, "{url}");
    }
}

#[test]
fn ru_01_exact_strings_only() {
    let registered = "https://app.example.com/callback?x=1";
    assert!(check(registered, registered));
    assert!(check(registered, "HTTPS://APP.example.com/callback?x=1"), "scheme and host ignore case");
    for hostile in [
        "https://app.example.com/callback",
        "https://app.example.com/callback?x=1&y=2",
        "https://app.example.com/callback?x=2",
        "https://app.example.com/callback/?x=1",
        "https://app.example.com/Callback?x=1",
        "https://app.example.com:443/callback?x=1",
        "http://app.example.com/callback?x=1",
        "https://appxexample.com/callback?x=1",
        "https://app.example.com.evil.example/callback?x=1",
        "https://evil.example/https://app.example.com/callback?x=1",
        "https://app.example.com/callback/../evil?x=1",
        "https://app.example.com/%63allback?x=1",
        "//app.example.com/callback?x=1",
        "/callback?x=1",
        "",
    ] {
        assert!(!check(registered, hostile), "{hostile}");
    }
}

#[test]
fn ru_01_the_fragment_is_removed_before_comparison_and_use() {
    let registered = ["https://app.example.com/cb".to_owned()];
    let accepted = allowed(&registered, "https://app.example.com/cb#frag", Matching::default());
    assert_eq!(accepted, Some("https://app.example.com/cb"));
}

#[test]
fn ru_01_case_and_fragment_count_where_the_text_has_to_be_exact() {
    let exact = Matching { exact: true, any_loopback_port: true, ..Matching::default() };
    let accepts = |registered: &str, presented: &str| allowed(&[registered.to_owned()], presented, exact).is_some();
    assert!(accepts("https://app.example.com/cb", "https://app.example.com/cb"));
    assert!(accepts("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"));
    assert!(!accepts("https://app.example.com/cb", "https://App.example.com/cb"));
    assert!(!accepts("https://app.example.com/cb", "HTTPS://app.example.com/cb"));
    assert!(!accepts("https://app.example.com/cb", "https://app.example.com/cb#f"));
    assert!(!accepts("com.example.app:/cb", "Com.example.app:/cb"));
}

#[test]
fn ru_02_a_wildcard_is_one_left_most_label() {
    let star = "https://*.example.com/cb";
    assert!(check(star, "https://a.example.com/cb"));
    for hostile in [
        "https://a.b.example.com/cb",
        "https://example.com/cb",
        "https://.example.com/cb",
        "https://a.example.com/cb/",
        "https://a.example.com:8080/cb",
        "https://a.example.com/..%2fcb",
        "https://a.example.com/%252fcb",
        "https://a.example.com/..;/cb",
        "https://a.example.com.evil.org/cb",
        "https://evil.org/.example.com/cb",
        "https://evil.org?.example.com/cb",
        "https://*.example.com/cb",
    ] {
        assert!(!check(star, hostile), "{hostile}");
    }
    let exact = Matching { exact: true, ..Matching::default() };
    assert_eq!(allowed(&[star.to_owned()], "https://a.example.com/cb", exact), None, "not by exact matching");
    assert!(check("https://pre-*-post.example.com/cb", "https://pre-x-post.example.com/cb"));
    assert!(!check("https://pre-*-post.example.com/cb", "https://pre--post.example.com/cb"));
    for (registered, presented) in [
        ("https://*.com/cb", "https://evil.com/cb"),
        ("https://*.co.uk/cb", "https://evil.co.uk/cb"),
        ("https://a.*.example.com/cb", "https://a.b.example.com/cb"),
        ("https://*.*.example.com/cb", "https://a.b.example.com/cb"),
        ("https://a.example.com/*", "https://a.example.com/x"),
        ("https://*/cb", "https://evil/cb"),
        ("https://*.example.com:*/cb", "https://a.example.com:80/cb"),
    ] {
        assert!(!check(registered, presented), "{registered}");
        assert!(!is_registrable(registered), "{registered}");
    }
}

#[test]
fn ru_03_what_can_be_read_in_two_ways_is_refused() {
    for hostile in [
        "http://localhost:80@evil.example/cb",
        "https://user@app.example/cb",
        "https://app.example\\@evil.example/cb",
        "https://app.example/c\tb",
        "https://app.example/c\nb",
        "https://app.example/c b",
        " https://app.example/cb",
        "https://\u{430}pp.example/cb",
        "https:///cb",
        "https://:80/cb",
        "https://app.example:/cb",
        "https://app.example:99999/cb",
        "https:app.example/cb",
        "https:/app.example/cb",
        "https://app.example%2eevil.org/cb",
        "https://[::1/cb",
    ] {
        assert!(!check(hostile, hostile), "{hostile:?}");
        assert!(!is_registrable(hostile), "{hostile:?}");
    }
    assert!(!is_registrable("https://app.example/cb#f"));
}

#[test]
fn ru_04_only_the_port_of_a_loopback_ip_may_vary() {
    let native = Matching { any_loopback_port: true, ..Matching::default() };
    let accepts = |registered: &str, presented: &str| allowed(&[registered.to_owned()], presented, native).is_some();
    assert!(accepts("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"));
    assert!(accepts("http://[::1]:1/cb", "http://[::1]:51004/cb"));
    assert!(!accepts("http://127.0.0.1/cb", "http://127.0.0.1:51004/other"));
    assert!(!accepts("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb?x"));
    assert!(!accepts("http://127.0.0.1/cb", "http://127.0.0.2:51004/cb"));
    assert!(!accepts("http://localhost/cb", "http://localhost:51004/cb"));
    assert!(!check("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"), "Auth0 compares ports");
}

#[test]
fn ru_05_schemes() {
    for good in [
        "com.example.app:/cb",
        "com.example.app://domain/ios/cb",
        "http://localhost:3000/cb",
        "https://a.b/c",
        "http://app.localhost/x",
        "http://127.0.0.1:9/",
    ] {
        assert!(check(good, good), "{good}");
        assert!(is_registrable(good), "{good}");
    }
    for bad in [
        "javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://a.b/c",
        "about:blank",
        "http://app.example/cb",
        "myapp://cb",
        "ftp://a.b/c",
        "1.2:x",
        "com.example.app:",
    ] {
        assert!(!check(bad, bad), "{bad}");
        assert!(!is_registrable(bad), "{bad}");
    }
}

#[test]
fn verifiable_means_https_on_another_machine() {
    assert!(is_verifiable("https://app.example.com/cb"));
    for not in ["http://localhost:3000/cb", "https://localhost/cb", "https://127.0.0.1/cb", "com.example.app:/cb"] {
        assert!(!is_verifiable(not), "{not}");
    }
}

proptest! {
    #[test]
    fn ru_01_accepted_implies_equal_up_to_case_of_the_host(presented in "(https|http|HTTPS)://[a-z.:@/\\\\*?#%0-9-]{0,30}") {
        let registered = ["https://app.example.com/cb".to_owned()];
        if let Some(accepted) = allowed(&registered, &presented, Matching::default()) {
            prop_assert_eq!(accepted.to_ascii_lowercase(), "https://app.example.com/cb");
        }
    }

    #[test]
    fn ru_03_any_text_is_judged_without_panic(text in "\\PC{0,60}") {
        let _ = allowed(std::slice::from_ref(&text), &text, Matching::default());
        let _ = is_registrable(&text);
    }
}

#[test]
fn wb_09_what_the_origins_of_a_registered_address_look_like() {
    for (url, expected) in [
        ("https://*.example.com/cb?x", Some("https://*.example.com")),
        ("https://*.example.com:8443/cb", Some("https://*.example.com:8443")),
        ("https://*.example.com", Some("https://*.example.com")),
        ("https://pre-*.example.com?x", Some("https://pre-*.example.com")),
        ("https://{organization_name}.example.com/cb", Some("https://{organization_name}.example.com")),
        ("https://app.example.com/cb", None),
        ("https://*.com", None),
        ("https://app.*.example.com", None),
        ("https://app.example.com/*", None),
        ("http://*.example.com", None),
        ("http://{organization_name}.example.com", None),
        ("https://{organization_name}.*.example.com", None),
        ("*", None),
        ("", None),
    ] {
        assert_eq!(origin_pattern(url), expected, "{url}");
    }
}
