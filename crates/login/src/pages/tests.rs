//! Every page of the table in every sample: structure under hostile values, headers, handles for scripts.

use keywright_web::page::{Color, Sample, audit};

use super::PAGES;

fn html(name: &str) -> String {
    let samples = audit::rendered(PAGES, &Sample::plain()).unwrap();
    samples.into_iter().find(|sample| sample.name == name).map(|sample| sample.html).unwrap()
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
fn wb_03_wb_06_wb_07_every_page_has_the_security_headers() {
    let samples = audit::rendered(PAGES, &Sample::plain()).unwrap();
    assert!(samples.len() >= PAGES.len(), "every page has a sample");
    for sample in samples {
        let header = |name: &str| sample.headers[name].to_str().unwrap();
        assert_eq!(header("x-frame-options"), "DENY", "{}", sample.name);
        assert_eq!(header("cache-control"), "no-store", "{}", sample.name);
        assert_eq!(header("referrer-policy"), "no-referrer", "{}", sample.name);
        assert_eq!(header("x-content-type-options"), "nosniff", "{}", sample.name);
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{}", sample.name);
        assert!(header("strict-transport-security").starts_with("max-age="), "{}", sample.name);
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; base-uri 'none'; frame-ancestors 'none';"), "{policy}");
        // One page is an application.
        let is_application = sample.name == "playground-start";
        assert_eq!(policy.contains("script-src"), is_application, "{} needs no script", sample.name);
        assert_eq!(policy.contains("connect-src"), is_application, "{} needs no connection", sample.name);
        // Chromium blocks the redirects after a login with it; see `Forms::LeadAway`.
        let has_form = sample.html.contains("<form");
        assert_eq!(policy.contains("form-action 'none'"), !has_form, "{}: {policy}", sample.name);
    }
}

#[test]
fn wb_07_logos_are_the_only_resources_from_elsewhere() {
    let samples = audit::rendered(PAGES, &Sample::plain()).unwrap();
    let sources = |name: &str| {
        let sample = samples.iter().find(|sample| sample.name == name).unwrap();
        let policy = sample.headers["content-security-policy"].to_str().unwrap();
        policy.split("; ").find(|directive| directive.starts_with("img-src")).unwrap().to_owned()
    };
    assert_eq!(sources("login-empty"), "img-src data:");
    assert_eq!(sources("login-application"), "img-src data: https://calendar.example");
}

/// Conformance modules §3: "inputs `name="username"` and `name="password"`; one submit button per form, or buttons with
/// distinct `name`/`value`; consent accept and deny buttons individually addressable; no hidden duplicate forms".
#[test]
fn forms_have_stable_handles() {
    let counts = |html: &str, wanted: &[(&str, usize)]| {
        for (text, count) in wanted {
            assert_eq!(html.matches(text).count(), *count, "{text} in {html}");
        }
    };
    let shared = [("<form", 1), (r#"method="post""#, 1), (r#"name="state""#, 1), (r#"name="_csrf""#, 1)];
    let login = html("login-empty");
    counts(&login, &shared);
    counts(
        &login,
        &[
            (r#"name="username""#, 1),
            (r#"name="password""#, 1),
            (r#"type="submit""#, 1),
            (r#"name="action" value="default""#, 1),
        ],
    );
    let signup = html("signup-username");
    counts(&signup, &shared);
    counts(&signup, &[(r#"name="email""#, 1), (r#"name="username""#, 1), (r#"name="password""#, 1)]);
    for page in ["consent-one", "logout-client"] {
        let page = html(page);
        counts(&page, &shared);
        counts(&page, &[(r#"name="action" value="accept""#, 1), (r#"name="action" value="deny""#, 1)]);
    }
}

#[test]
fn password_managers_and_screen_readers_find_their_way() {
    let login = html("login-wrong-credentials");
    assert!(login.contains(r#"autocomplete="username""#) && login.contains(r#"autocomplete="current-password""#));
    assert!(login.contains(r#"<label for="username">"#) && login.contains(r#"<label for="password">"#));
    assert!(login.contains(r#"role="alert""#) && login.contains(r#"aria-invalid="true" aria-describedby="alert""#));
    assert!(login.contains("Wrong email or password") && login.contains(r#"value="jane@example.com""#));
    assert!(html("login-no-identifier").contains(r#"aria-describedby="username-error""#));
    let signup = html("signup-weak-password");
    assert!(signup.contains(r#"autocomplete="new-password""#));
    assert!(signup.contains(r#"aria-describedby="password-error password-rules""#));
    for page in ["reset-password-request-empty", "reset-password-empty", "reset-password-weak"] {
        assert_eq!(html(page).matches(" autofocus").count(), 1, "{page} starts at one field");
    }
    for page in ["login-empty", "login-hint", "signup-empty", "signup-weak-password", "signup-no-username"] {
        assert_eq!(html(page).matches(" autofocus").count(), 1, "{page} starts at one field");
    }
}

#[test]
fn another_password_is_offered_only_where_it_is_allowed() {
    assert!(html("login-empty").contains(r#"href="/u/reset-password/request?state="#));
    assert!(!html("login-hint").contains("/u/reset-password"));
}

#[test]
fn sign_up_is_offered_only_where_it_is_allowed() {
    assert!(html("login-empty").contains(r#"href="/u/signup?state="#));
    assert!(!html("login-hint").contains("/u/signup"));
}

/// The cards of the stylesheet are the ones that the palette computes contrast against.
#[test]
fn the_stylesheet_and_the_palette_agree_about_the_cards() {
    for page in ["login-empty", "playground-start"].map(html) {
        let cards: Vec<_> = page
            .match_indices("--card: ")
            .map(|(at, label)| Color::parse(page[at + label.len()..].split(';').next().unwrap()).unwrap())
            .collect();
        assert_eq!(cards, keywright_web::page::Palette::CARDS);
    }
}
