//! Redirect URIs (§1.3; RU-01 to RU-06): what is accepted, and that nothing else is ever redirected to.

use keywright_testkit::{Answer, Registered, Scene};
use keywright_types::{AppType, Profile};

use crate::outcome::{Outcome, add_client, is_logged_in, outcome, rows};
use crate::routes;

async fn scene_of(profile: Profile) -> Scene {
    if profile == Profile::Auth0 { Scene::new(routes).await } else { Scene::standard(routes).await }
}

/// Sends a request that needs nobody to be logged in, so that an accepted address is answered at once.
async fn silently(scene: &Scene, client: &Registered, redirect_uri: &str, more: &[(&str, &str)]) -> Answer {
    let challenge = "c".repeat(43);
    let standard = [
        ("redirect_uri", redirect_uri),
        ("prompt", "none"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    scene.app.browser().get(&scene.authorize_path(client, &[&standard, more].concat())).await
}

/// An accepted address receives `login_required`, at `lands_at`; a refused one a page, which names it.
async fn check(scene: &Scene, client: &Registered, redirect_uri: &str, lands_at: Option<&str>) {
    let answer = silently(scene, client, redirect_uri, &[]).await;
    let expected = lands_at.map(|address| {
        let join = if address.contains('?') { '&' } else { '?' };
        let iss = match scene.app.tenant.settings.profile {
            Profile::Auth0 => "",
            Profile::Standard => "&iss=https%3A%2F%2Flogin.example.com%2F",
        };
        format!("{address}{join}error=login_required&error_description=Login+required{iss}")
    });
    let location = answer.headers.get("location").map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(location, expected, "{redirect_uri:?} {:?}", client.client.callbacks);
    if expected.is_none() {
        let shown = redirect_uri.split('#').next().unwrap();
        match outcome(&answer) {
            Outcome::Page(400, details) => {
                let start = "unauthorized_client: Callback URL mismatch. ";
                assert!(details.starts_with(&format!("{start}{shown}")), "{details}");
                assert!(details.ends_with(" is not in the list of allowed callback URLs"), "{details}");
            }
            other => panic!("{other:?} for {redirect_uri:?}"),
        }
        assert!(answer.body.contains("Please go to the Application Settings page"), "{}", answer.body);
    }
}

async fn with_callbacks(scene: &Scene, app_type: AppType, callbacks: &[&str]) -> Registered {
    let client = add_client(scene, "Callbacks", app_type, "").await;
    let callbacks = callbacks.iter().map(ToString::to_string).collect();
    scene.app.change_client(&client, |client| client.callbacks = callbacks).await
}

#[tokio::test]
async fn ru_01_exact_strings_only() {
    const REGISTERED: &str = "https://app.example.com/callback?x=1";
    for profile in [Profile::Auth0, Profile::Standard] {
        let scene = scene_of(profile).await;
        let client = with_callbacks(&scene, AppType::RegularWeb, &["https://other.example.com/", REGISTERED]).await;
        check(&scene, &client, REGISTERED, Some(REGISTERED)).await;
        for hostile in [
            "https://app.example.com/callback",
            "https://app.example.com/callback?x=1&y=2",
            "https://app.example.com/callback?x=2",
            "https://app.example.com/callback?X=1",
            "https://app.example.com/callback?x=%31",
            "https://app.example.com/callback/?x=1",
            "https://app.example.com/Callback?x=1",
            "https://app.example.com/callback/sub?x=1",
            "https://app.example.com/callback/../evil?x=1",
            "https://app.example.com/./callback?x=1",
            "https://app.example.com//callback?x=1",
            "https://app.example.com/%63allback?x=1",
            "https://app.example.com/callback;evil?x=1",
            "https://app.example.com:443/callback?x=1",
            "https://app.example.com:8443/callback?x=1",
            "https://app.example.com./callback?x=1",
            "http://app.example.com/callback?x=1",
            "https://appxexample.com/callback?x=1",
            "https://app.example.com.evil.example/callback?x=1",
            "https://evil.app.example.com/callback?x=1",
            "https://evilapp.example.com/callback?x=1",
            "https://evil.example/https://app.example.com/callback?x=1",
            "https://evil.example/?https://app.example.com/callback?x=1",
            "//app.example.com/callback?x=1",
            "/callback?x=1",
            "callback",
            "https://app.example.com/callback?x=1,https://evil.example/",
            "https://app.example.com/callback?x=1 https://evil.example/",
        ] {
            check(&scene, &client, hostile, None).await;
        }
        // §1.3: "Scheme and host compare case-insensitively"; the standards compare strings (RFC 9700 §2.1).
        let other_case = "HTTPS://App.Example.COM/callback?x=1";
        check(&scene, &client, other_case, (profile == Profile::Auth0).then_some(other_case)).await;
        let fragment = "https://app.example.com/callback?x=1#/route";
        check(&scene, &client, fragment, (profile == Profile::Auth0).then_some(REGISTERED)).await;
    }
}

#[tokio::test]
async fn ru_02_a_wildcard_is_one_left_most_label_and_none_in_profile_standard() {
    for profile in [Profile::Auth0, Profile::Standard] {
        let scene = scene_of(profile).await;
        let auth0 = profile == Profile::Auth0;
        let star = with_callbacks(&scene, AppType::RegularWeb, &["https://*.example.com/cb"]).await;
        let affixes = with_callbacks(&scene, AppType::RegularWeb, &["https://pre-*-post.example.com/cb"]).await;
        for (client, good) in [
            (&star, "https://a.example.com/cb"),
            (&star, "https://a-b.example.com/cb"),
            (&affixes, "https://pre-x-post.example.com/cb"),
        ] {
            check(&scene, client, good, auth0.then_some(good)).await;
        }
        for hostile in [
            "https://*.example.com/cb",
            "https://a.b.example.com/cb",
            "https://example.com/cb",
            "https://.example.com/cb",
            "https://a.example.com:8443/cb",
            "http://a.example.com/cb",
            "https://a.example.com/cb/..%2fcb",
            "https://a.example.com/%252fcb",
            "https://a.example.com/..;/cb",
            "https://evil.example/.example.com/cb",
            "https://evil.example?.example.com/cb",
            "https://evil.example#.example.com/cb",
            "https://evil.example\\.example.com/cb",
            "https://evil@a.example.com/cb",
        ] {
            check(&scene, &star, hostile, None).await;
        }
        for (registered, presented) in [
            ("https://*.co.uk/cb", "https://evil.co.uk/cb"),
            ("https://*.com/cb", "https://evil.com/cb"),
            ("https://*.*.example.com/cb", "https://a.b.example.com/cb"),
            ("https://a.*.example.com/cb", "https://a.b.example.com/cb"),
            ("https://a.example.com/*", "https://a.example.com/cb"),
            ("https://a.example.com:*/cb", "https://a.example.com:8443/cb"),
            ("*://a.example.com/cb", "https://a.example.com/cb"),
        ] {
            let client = with_callbacks(&scene, AppType::RegularWeb, &[registered]).await;
            check(&scene, &client, presented, None).await;
        }
    }
}

#[tokio::test]
async fn ru_03_what_can_be_read_in_two_ways_is_refused_even_when_it_is_registered() {
    let scene = Scene::new(routes).await;
    for hostile in [
        "http://localhost:80@evil.example/cb",
        "https://user@app.example.com/cb",
        "https://user:password@app.example.com/cb",
        "https://app.example.com\\@evil.example/cb",
        "https:\\\\app.example.com/cb",
        "https://app.example.com/c\tb",
        "https://app.example.com/c\nb",
        "https://app.example.com/c\r\nSet-Cookie: a=b",
        "https://app.example.com/c b",
        " https://app.example.com/cb",
        "https://app.example.com/cb ",
        "https://\u{430}pp.example.com/cb",
        "https://app\u{3002}example.com/cb",
        "https://app.example.com%2eevil.example/cb",
        "https:///cb",
        "https://:80/cb",
        "https://?x",
        "https:app.example.com/cb",
        "https:/app.example.com/cb",
        "///app.example.com/cb",
    ] {
        let client = with_callbacks(&scene, AppType::RegularWeb, &[hostile]).await;
        check(&scene, &client, hostile, None).await;
    }
}

#[tokio::test]
async fn ru_04_the_port_of_a_loopback_ip_may_vary_for_native_applications_in_profile_standard() {
    for profile in [Profile::Auth0, Profile::Standard] {
        let scene = scene_of(profile).await;
        for app_type in [AppType::Native, AppType::RegularWeb, AppType::Spa] {
            let registered = ["http://127.0.0.1/cb", "http://[::1]:1/cb?a=1", "http://localhost:3000/cb"];
            let client = with_callbacks(&scene, app_type, &registered).await;
            let any_port = profile == Profile::Standard && app_type == AppType::Native;
            for address in registered {
                check(&scene, &client, address, Some(address)).await;
            }
            for address in ["http://127.0.0.1:51004/cb", "http://[::1]:51004/cb?a=1", "http://[::1]/cb?a=1"] {
                check(&scene, &client, address, any_port.then_some(address)).await;
            }
            for hostile in [
                "http://127.0.0.1:51004/other",
                "http://127.0.0.1:51004/CB",
                "http://127.0.0.1:51004/cb/",
                "http://127.0.0.1:51004/cb?x",
                "http://[::1]:51004/cb?a=2",
                "http://127.0.0.2:51004/cb",
                "https://127.0.0.1:51004/cb",
                "http://127.0.0.1:99999/cb",
                "http://127.0.0.1:/cb",
                "http://127.0.0.1.evil.example:51004/cb",
                "http://127.0.0.1:51004@evil.example/cb",
                "http://2130706433:51004/cb",
                "http://localhost:51004/cb",
                "http://localhost/cb",
                "http://LOCALHOST:51004/cb",
            ] {
                check(&scene, &client, hostile, None).await;
            }
        }
    }
}

/// A row that got into the database some other way must not become a redirect or a form target.
#[tokio::test]
async fn ru_05_only_web_and_private_use_schemes_in_every_response_mode() {
    let scene = Scene::new(routes).await;
    for bad in [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "javascript://app.example.com/%0aalert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
        "blob:https://app.example.com/5f0c",
        "about:blank",
        "http://app.example.com/cb",
        "myapp://cb",
        "ftp://app.example.com/cb",
        "urn:ietf:wg:oauth:2.0:oob",
    ] {
        let client = with_callbacks(&scene, AppType::Native, &[bad]).await;
        check(&scene, &client, bad, None).await;
        for mode in ["query", "fragment", "form_post", "web_message", "jwt", "query.jwt", "form_post.jwt"] {
            let answer = silently(&scene, &client, bad, &[("response_mode", mode)]).await;
            assert!(matches!(outcome(&answer), Outcome::Page(400 | 501, _)), "{bad} {mode}");
            // Without the parameter, the first registered address would count.
            let answer = silently(&scene, &client, "", &[("response_mode", mode)]).await;
            assert!(matches!(outcome(&answer), Outcome::Page(400 | 501, _)), "{bad} {mode}");
        }
    }
    for good in ["com.example.app:/cb", "com.example.app://login.example.com/ios/cb", "http://localhost:3000/cb"] {
        let client = with_callbacks(&scene, AppType::Native, &[good]).await;
        check(&scene, &client, good, Some(good)).await;
    }
}

/// Every combination of an application and an address of which one is not valid, with and without a session.
#[tokio::test]
async fn ru_06_an_unproven_client_or_redirect_uri_is_never_redirected_to() {
    for profile in [Profile::Auth0, Profile::Standard] {
        let scene = scene_of(profile).await;
        let signed_in = scene.app.browser();
        scene.log_in(&signed_in, &scene.web, &[("scope", "openid")]).await;
        let own = "https://app.example.com/callback";
        let mut combinations = Vec::new();
        for client_id in ["", "nobody", scene.spa.id(), scene.machine.id()] {
            combinations.push((client_id, own));
        }
        for client_id in ["", "nobody", scene.web.id()] {
            for address in ["https://evil.example/cb", "//evil.example", "javascript:alert(1)", "/u/login", "x"] {
                combinations.push((client_id, address));
            }
        }
        combinations.extend([("", ""), ("nobody", ""), (scene.machine.id(), "")]);
        let before = rows(&scene.app).await;
        for (client_id, redirect_uri) in combinations {
            for response_type in ["code", "token", ""] {
                for response_mode in ["", "query", "form_post", "fragment"] {
                    for prompt in ["", "none", "login", "none login"] {
                        let path = scene.authorize_path(
                            &scene.web,
                            &[
                                ("client_id", client_id),
                                ("redirect_uri", redirect_uri),
                                ("response_type", response_type),
                                ("response_mode", response_mode),
                                ("prompt", prompt),
                                ("state", "s"),
                                ("audience", "no:api"),
                            ],
                        );
                        // `outcome` asserts that a page has neither a `Location` nor a form.
                        let answer = signed_in.get(&path).await;
                        assert!(matches!(outcome(&answer), Outcome::Page(400 | 501, _)), "{path}");
                    }
                }
            }
        }
        assert_eq!(rows(&scene.app).await, before);
        assert!(is_logged_in(&scene, &signed_in).await, "the session is still there");
    }
}

#[tokio::test]
async fn without_the_parameter_the_first_callback_counts() {
    let scene = Scene::new(routes).await;
    let client =
        with_callbacks(&scene, AppType::RegularWeb, &["https://a.example.com/1", "https://a.example.com/2"]).await;
    let answer = silently(&scene, &client, "", &[]).await;
    let expected = "https://a.example.com/1?error=login_required&error_description=Login+required";
    assert_eq!(answer.location(), expected);
}
