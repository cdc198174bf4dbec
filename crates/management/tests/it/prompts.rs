//! `/prompts` (`management-api.md` §10.3).

use http::Method;
use keywright_testkit::Answer;
use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};

async fn put(api: &Api, path: &str, body: Value) -> Answer {
    api.send(Method::PUT, path, Some(body)).await
}

/// One of everything.
pub(crate) async fn fill(api: &Api) {
    let texts = json!({ "login": { "title": "Hello" } });
    for (path, body) in [
        ("/prompts/login/custom-text/en", texts),
        ("/prompts/login/partials", json!({ "login": { "form-content-start": "<p>" } })),
    ] {
        assert_eq!(put(api, path, body).await.status, 200);
    }
    let advanced = json!({ "rendering_mode": "advanced" });
    assert_eq!(api.patch("/prompts/login/screen/login/rendering", advanced).await.status, 200);
}

async fn login_page(api: &Api, parameters: &[(&str, &str)]) -> String {
    let scene = &api.scene;
    let browser = api.app.browser();
    let answer = browser.get(&scene.authorize_path(&scene.web, parameters)).await;
    browser.get(answer.location()).await.body
}

#[tokio::test]
async fn settings_are_kept() {
    let api = Api::new().await;
    let usual = json!({ "universal_login_experience": "new", "identifier_first": false, "webauthn_platform_first_factor": false });
    assert_eq!(api.get("/prompts").await.json(), usual);
    let changed = api.patch("/prompts", json!({ "identifier_first": true })).await.json();
    assert_eq!((&changed["identifier_first"], &changed["universal_login_experience"]), (&json!(true), &json!("new")));
    assert_eq!(api.get("/prompts").await.json(), changed);
    assert_eq!(api.patch("/prompts", changed.clone()).await.json(), changed, "what is answered is accepted");
    let wrong = api.patch("/prompts", json!({ "universal_login_experience": "old" })).await;
    invalid(&wrong, "'No enum match for: old' on property universal_login_experience (Stored.).");
}

#[tokio::test]
async fn custom_texts_show_on_the_next_page_in_their_language() {
    let api = Api::new().await;
    let own = "/prompts/login/custom-text/en";
    assert_eq!(api.get(own).await.json(), json!({}));
    let texts = json!({
        "login": {
            "title": "Hi, ${clientName} & <b>friends</b>", "passwordPlaceholder": "Secret of ${companyName}",
            "footerLinkText": "Join us", "wrong-email-credentials": "${companyName} does not know you",
            "unknownKey": "kept", "buttonText": "",
        },
        "login-extra": { "x": "kept too" },
    });
    let answer = put(&api, own, texts.clone()).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, texts.clone()));
    assert_eq!(api.get(own).await.json(), texts);
    let page = login_page(&api, &[]).await;
    let client = "Regular Web App";
    assert!(page.contains(&format!("<h1>Hi, {client} &#38; &#60;b&#62;friends&#60;/b&#62;</h1>")), "{page}");
    assert!(page.contains(">Join us</a>") && page.contains("Secret of "), "{page}");
    assert!(!page.contains("${"), "{page}");
    assert!(page.contains(">Log in</button>"), "an empty text leaves ours");
    assert!(!login_page(&api, &[("ui_locales", "de")]).await.contains("friends"), "another language");
    // §1.13: "replace whole document for that language/prompt".
    put(&api, own, json!({ "login": { "description": "Welcome back" } })).await;
    let page = login_page(&api, &[]).await;
    assert!(page.contains("Welcome back") && !page.contains("friends"), "{page}");
    put(&api, "/prompts/login/custom-text/de", json!({ "login": { "title": "Servus" } })).await;
    assert!(login_page(&api, &[("ui_locales", "de")]).await.contains("<h1>Servus</h1>"));
    put(&api, own, json!({})).await;
    assert_eq!(api.get(own).await.json(), json!({}));
    assert!(!login_page(&api, &[]).await.contains("Welcome back"));
}

#[tokio::test]
async fn wb_01_custom_texts_are_escaped_wherever_they_stand() {
    let api = Api::new().await;
    let document: Value = serde_json::from_str(include_str!("../../../login/texts/en.json")).unwrap();
    let attack = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
    for (prompt, screens) in document.as_object().unwrap() {
        let mut hostile = serde_json::Map::new();
        for (screen, texts) in screens.as_object().unwrap() {
            let keys = texts.as_object().unwrap().iter().filter(|(_, text)| text.is_string());
            hostile.insert(screen.clone(), keys.map(|(key, _)| (key.clone(), json!(attack))).collect());
        }
        let answer = put(&api, &format!("/prompts/{prompt}/custom-text/en"), Value::Object(hostile)).await;
        assert_eq!(answer.status, 200, "{prompt}: {answer:#?}");
    }
    let signup = login_page(&api, &[("screen_hint", "signup")]).await;
    for page in [login_page(&api, &[]).await, signup] {
        assert!(page.matches("&#60;script&#62;").count() > 5, "{page}");
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    }
}

#[tokio::test]
async fn what_is_no_prompt_language_or_text_is_refused() {
    let api = Api::new().await;
    let message = "Path validation error: 'Invalid value \"nothing\"' on property prompt (Name of the prompt.).";
    for path in
        ["/prompts/nothing/custom-text/en", "/prompts/nothing/partials", "/prompts/nothing/screen/login/rendering"]
    {
        refused(&api.get(path).await, 400, message, Some("invalid_uri"));
    }
    let partials = "Path validation error: 'Invalid value \"logout\"' on property prompt (Name of the prompt.).";
    refused(&api.get("/prompts/logout/partials").await, 400, partials, Some("invalid_uri"));
    let language = "Path validation error: 'Invalid value \"xx\"' on property language (Language to update.).";
    refused(&put(&api, "/prompts/login/custom-text/xx", json!({})).await, 400, language, Some("invalid_uri"));
    let screen = "Path validation error: 'Invalid value \"x\"' on property screen (Name of the screen.).";
    refused(&api.get("/prompts/login/screen/x/rendering").await, 400, screen, Some("invalid_uri"));
    let own = "/prompts/login/custom-text/en";
    for (body, reason) in [
        (json!({ "login": "x" }), "'Expected type object but found type string' on property login."),
        (json!({ "login": { "title": 5 } }), "'Expected type string but found type integer' on property login.title."),
        (json!([]), "'Expected type object but found type array'."),
    ] {
        invalid(&put(&api, own, body).await, reason);
    }
    let many: serde_json::Map<String, Value> = (0..30).map(|n| (format!("k{n}"), json!("x".repeat(3000)))).collect();
    let long = put(&api, own, json!({ "login": many })).await;
    assert_eq!(long.status, 400);
    assert!(long.text("message").starts_with("The texts are too long ("), "{long:#?}");
    assert_eq!(api.get(own).await.json(), json!({}));
    // Prompts and languages that have no page yet are kept too.
    let korean = json!({ "mfa-otp-challenge": { "title": "x" } });
    assert_eq!(put(&api, "/prompts/mfa-otp/custom-text/ko", korean.clone()).await.status, 200);
    assert_eq!(api.get("/prompts/mfa-otp/custom-text/ko").await.json(), korean);
}

#[tokio::test]
async fn partials_are_kept_and_not_shown() {
    let api = Api::new().await;
    let own = "/prompts/login/partials";
    assert_eq!(api.get(own).await.json(), json!({}));
    let partials = json!({ "login": { "form-content-start": "<p id=\"mine\">", "secondary-actions-end": "</p>" } });
    assert_eq!(put(&api, own, partials.clone()).await.json(), partials);
    assert_eq!(api.get(own).await.json(), partials);
    assert!(!login_page(&api, &[]).await.contains("id=\"mine\""));
    invalid(
        &put(&api, own, json!({ "login": { "top": "x" } })).await,
        "'Additional properties not allowed: top' on property login.",
    );
    refused(&put(&api, own, json!({ "nowhere": {} })).await, 400, "There is no screen nowhere", Some("invalid_body"));
    let long = json!({ "login": { "form-content-start": "x".repeat(10_241) } });
    assert_eq!(put(&api, own, long).await.status, 400);
    put(&api, own, json!({})).await;
    assert_eq!(api.get(own).await.json(), json!({}));
}

#[tokio::test]
async fn settings_of_rendering_are_kept() {
    let api = Api::new().await;
    let empty = json!({ "start": 0, "limit": 100, "total": 0, "configs": [] });
    assert_eq!(api.get("/prompts/rendering?page=0&per_page=100&include_totals=true").await.json(), empty);
    assert_eq!(api.get("/prompts/rendering").await.json(), json!({ "configs": [] }));
    let own = "/prompts/login-id/screen/login-id/rendering";
    let usual = api.get(own).await.json();
    assert_eq!((&usual["rendering_mode"], &usual["prompt"]), (&json!("standard"), &json!("login-id")));
    let change = json!({
        "rendering_mode": "advanced", "context_configuration": ["branding.settings"], "default_head_tags_disabled": true,
        "head_tags": [{ "tag": "script", "attributes": { "src": "https://a.example/x.js" } }],
        "filters": { "match_type": "includes_any", "clients": [{ "id": "x" }] }, "use_page_template": true,
    });
    let changed = api.patch(own, change.clone()).await.json();
    for (name, value) in change.as_object().unwrap() {
        assert_eq!(&changed[name], value, "{name}");
    }
    assert_eq!(api.get(own).await.json(), changed);
    let bulk = json!({ "configs": [
        { "prompt": "login", "screen": "login", "rendering_mode": "advanced" },
        { "prompt": "login-id", "screen": "login-id", "filters": null, "rendering_mode": "standard" },
    ] });
    let answer = api.patch("/prompts/rendering", bulk).await.json();
    assert_eq!(answer["configs"].as_array().unwrap().len(), 2);
    assert_eq!(answer["configs"][1].get("filters"), None);
    for (query, count) in [("", 2), ("?prompt=login", 1), ("?rendering_mode=advanced", 1), ("?screen=signup", 0)] {
        let found = api.get(&format!("/prompts/rendering{query}")).await.json();
        assert_eq!(found["configs"].as_array().unwrap().len(), count, "{query}");
    }
    let unknown = json!({ "configs": [
        { "prompt": "login", "screen": "login", "rendering_mode": "standard" },
        { "prompt": "nothing", "screen": "login" },
    ] });
    invalid(
        &api.patch("/prompts/rendering", unknown).await,
        "'No enum match for: nothing' on property configs[1].prompt.",
    );
    let kept = api.get("/prompts/login/screen/login/rendering").await.json();
    assert_eq!(kept["rendering_mode"], "advanced", "nothing half-written");
    let long = json!({ "filters": { "x": "y".repeat(40_000) } });
    assert_eq!(api.patch(own, long).await.status, 400);
}
