//! `/branding` (`management-api.md` §10.1, §10.2).

use http::Method;
use serde_json::{Value, json};

use crate::caller::{Api, invalid, refused};

/// A theme with every member.
pub(crate) fn theme() -> Value {
    let font = |size: i64| json!({ "bold": false, "size": size });
    json!({
        "displayName": "Dark",
        "borders": {
            "button_border_radius": 3, "button_border_weight": 1, "buttons_style": "pill", "input_border_radius": 3,
            "input_border_weight": 1, "inputs_style": "rounded", "show_widget_shadow": true, "widget_border_weight": 0,
            "widget_corner_radius": 5,
        },
        "colors": {
            "body_text": "#1e212a", "error": "#d03c38", "header": "#1e212a", "icons": "#65676e",
            "input_background": "#ffffff", "input_border": "#c9cace", "input_filled_text": "#000000",
            "input_labels_placeholders": "#65676e", "links_focused_components": "#635dff", "primary_button": "#635dff",
            "primary_button_label": "#ffffff", "secondary_button_border": "#c9cace", "secondary_button_label": "#1e212a",
            "success": "#13a688", "widget_background": "#ffffff", "widget_border": "#c9cace",
            "base_focus_color": "#635dff80", "captcha_widget_theme": "auto",
        },
        "fonts": {
            "body_text": font(87), "buttons_text": font(100), "input_labels": font(100), "links": font(87),
            "subtitle": font(87), "title": { "bold": true, "size": 150 }, "font_url": "", "links_style": "normal",
            "reference_text_size": 16,
        },
        "page_background": { "background_color": "#000000", "background_image_url": "", "page_layout": "center" },
        "widget": {
            "header_text_alignment": "center", "logo_height": 52, "logo_position": "center",
            "logo_url": "https://static.example.com/logo.png", "social_buttons_layout": "bottom",
        },
        "identifiers": { "login_display": "unified", "otp_autocomplete": true, "phone_display": { "formatting": "regional", "masking": "show_all" } },
    })
}

/// What a tenant has, by its identifiers.
pub(crate) struct Filled {
    theme: String,
    provider: String,
    template: String,
}

impl Filled {
    /// The identifier that a path means.
    pub(crate) fn of(&self, path: &str) -> String {
        let own = match path {
            _ if path.contains("/themes/") => &self.theme,
            _ if path.contains("/providers/") => &self.provider,
            _ => &self.template,
        };
        own.clone()
    }
}

/// One of everything.
pub(crate) async fn fill(api: &Api) -> Filled {
    assert_eq!(api.patch("/branding", json!({ "colors": { "primary": "#0059d6" } })).await.status, 200);
    let provider = json!({ "name": "twilio", "credentials": { "auth_token": "hush" } });
    Filled {
        theme: api.post("/branding/themes", theme()).await.text("themeId"),
        provider: api.post("/branding/phone/providers", provider).await.text("id"),
        template: api.post("/branding/phone/templates", json!({ "type": "otp_verify" })).await.text("id"),
    }
}

async fn page(api: &Api) -> keywright_testkit::Answer {
    let scene = &api.scene;
    let browser = api.app.browser();
    let answer = browser.get(&scene.authorize_path(&scene.web, &[])).await;
    browser.get(answer.location()).await
}

#[tokio::test]
async fn branding_is_merged_and_shows_on_the_next_page() {
    let api = Api::new().await;
    assert_eq!(api.get("/branding").await.json(), json!({}));
    let gradient = json!({ "type": "linear-gradient", "start": "#fff", "end": "#0059d6", "angle_deg": 35 });
    let first = json!({
        "colors": { "primary": "#0059d6", "page_background": gradient },
        "logo_url": "https://static.example.com/logo.png", "favicon_url": "https://icons.example.com/icon.png",
        "font": { "url": "https://fonts.example.com/own.woff2?a=1&b=2" },
    });
    assert_eq!(api.patch("/branding", first.clone()).await.json(), first);
    assert_eq!(api.get("/branding").await.json(), first);
    let answer = page(&api).await;
    assert_eq!(answer.status, 200);
    let html = answer.body.clone();
    for shown in [
        "--accent: #0059d6;",
        "body { background: linear-gradient(35deg, #ffffff, #0059d6) fixed #0059d6; }",
        "src=\"https://static.example.com/logo.png\"",
        "<link rel=\"icon\" href=\"https://icons.example.com/icon.png\"",
        "src: url(\"https://fonts.example.com/own.woff2?a=1\\000026b=2\");",
    ] {
        assert!(html.contains(shown), "{shown} is not in {html}");
    }
    let policy = answer.header("content-security-policy").to_owned();
    assert!(policy.contains("img-src data: https://icons.example.com https://static.example.com;"), "{policy}");
    assert!(policy.contains("; font-src https://fonts.example.com"), "{policy}");
    // §1.13: colours are merged, a background is replaced, `null` unsets.
    let change = json!({ "colors": { "page_background": "#123456" }, "logo_url": null, "font": { "url": null } });
    let changed = api.patch("/branding", change).await.json();
    let expected = json!({
        "colors": { "primary": "#0059d6", "page_background": "#123456" }, "font": {},
        "favicon_url": "https://icons.example.com/icon.png",
    });
    assert_eq!(changed, expected);
    let html = page(&api).await.body;
    assert!(html.contains("body { background: #123456; }") && !html.contains("fonts.example.com"), "{html}");
}

#[tokio::test]
async fn wrong_members_of_branding_are_named_and_write_nothing() {
    let api = Api::new().await;
    for (body, reason) in [
        (json!({ "color": {} }), "'Additional properties not allowed: color'."),
        (
            json!({ "colors": { "primary": "red" } }),
            "'String is too short (3 chars), minimum 4' on property colors.primary (Buttons and links.). (also) 'String \
             does not match pattern ^#([A-Fa-f0-9]{6}|[A-Fa-f0-9]{3})$: red' on property colors.primary (Buttons and links.).",
        ),
        (
            json!({ "colors": { "page_background": { "type": "radial-gradient", "start": "#fff", "end": "#000" } } }),
            "'Data does not match any schemas from 'anyOf'' on property colors.page_background (Behind the card.).",
        ),
        (
            json!({ "logo_url": "http://a.example/x.png" }),
            "'Object didn't pass validation for format absolute-https-uri-or-empty: http://a.example/x.png' on property \
             logo_url (Logo on pages; https.).",
        ),
        (
            json!({ "font": { "url": "javascript:alert(1)" } }),
            "'Object didn't pass validation for format absolute-https-uri-or-empty: javascript:alert(1)' on property \
             font.url (A font file; https.).",
        ),
    ] {
        invalid(&api.patch("/branding", body).await, reason);
    }
    let long = json!({ "themes": { "x": "y".repeat(40_000) } });
    refused(&api.patch("/branding", long).await, 400, "The branding is too long", Some("invalid_body"));
    assert_eq!(api.get("/branding").await.json(), json!({}));
}

#[tokio::test]
async fn a_tenant_has_one_theme_and_it_shows_on_the_next_page() {
    let api = Api::new().await;
    let none = "There was an error retrieving branding settings: invalid theme ID";
    refused(&api.get("/branding/themes/default").await, 404, none, Some("theme_not_found"));
    let made = api.post("/branding/themes", theme()).await;
    assert_eq!(made.status, 200, "{made:#?}");
    let made = made.json();
    let id = made["themeId"].as_str().unwrap();
    assert_eq!(id.len(), 32);
    let mut expected = theme();
    expected["themeId"] = json!(id);
    assert_eq!(made, expected);
    let own = format!("/branding/themes/{id}");
    for path in [own.as_str(), "/branding/themes/default"] {
        assert_eq!(api.get(path).await.json(), expected);
    }
    let second = api.post("/branding/themes", theme()).await;
    refused(&second, 409, "There is already a theme for this tenant.", None);
    let answer = page(&api).await;
    for shown in ["--accent: #635dff;", "body { background: #000000; }", "border-radius: 999px", "max-height: 52px"] {
        assert!(answer.body.contains(shown), "{shown} is not in {}", answer.body);
    }
    assert!(answer.header("content-security-policy").contains("https://static.example.com"));
    let mut change = theme();
    change.as_object_mut().unwrap().remove("displayName");
    change.as_object_mut().unwrap().remove("identifiers");
    change["widget"]["logo_position"] = json!("none");
    let changed = api.patch(&own, change).await.json();
    assert_eq!((&changed["displayName"], changed.get("identifiers")), (&json!("Unnamed Theme"), None));
    assert!(!page(&api).await.body.contains("class=\"logo\""));
    assert_eq!(api.delete(&own).await.status, 204);
    let gone = "There was an error deleting branding settings: invalid theme ID";
    refused(&api.delete(&own).await, 404, gone, Some("theme_not_found"));
    refused(&api.patch(&own, theme()).await, 404, none, Some("theme_not_found"));
    assert!(!page(&api).await.body.contains("999px"));
}

#[tokio::test]
async fn wrong_members_of_a_theme_are_named() {
    let api = Api::new().await;
    for (pointer, value, reason) in [
        (
            "/borders/button_border_radius",
            json!(11),
            "'Value 11 is greater than maximum 10' on property borders.button_border_radius.",
        ),
        ("/borders/buttons_style", json!("round"), "'No enum match for: round' on property borders.buttons_style."),
        (
            "/colors/error",
            json!("#12"),
            "'String is too short (3 chars), minimum 4' on property colors.error. (also) 'String does not match pattern ^#(([0-9a-fA-F]{3}){1,2}|([0-9a-fA-F]{4}){1,2})$: #12' on property colors.error.",
        ),
        ("/fonts/title/size", json!(151), "'Value 151 is greater than maximum 150' on property fonts.title.size."),
        ("/widget/logo_height", json!(0), "'Value 0 is less than minimum 1' on property widget.logo_height."),
        (
            "/page_background/background_image_url",
            json!("data:,x"),
            "'Object didn't pass validation for format absolute-https-uri-or-empty: data:,x' on property page_background.background_image_url.",
        ),
        ("/colors", json!({}), "'Missing required property: body_text' on property colors."),
    ] {
        let mut body = theme();
        *body.pointer_mut(pointer).unwrap() = value;
        let answer = api.post("/branding/themes", body).await;
        assert!(answer.text("message").starts_with(&format!("Payload validation error: {reason}")), "{answer:#?}");
        assert_eq!(answer.status, 400);
    }
    for group in ["borders", "colors", "fonts", "page_background", "widget"] {
        let mut body = theme();
        body.as_object_mut().unwrap().remove(group);
        invalid(&api.post("/branding/themes", body).await, &format!("'Missing required property: {group}'."));
    }
    assert_eq!(api.get("/branding/themes/default").await.status, 404);
}

#[tokio::test]
async fn a_template_is_checked_and_kept() {
    let api = Api::new().await;
    let own = "/branding/templates/universal-login";
    refused(&api.get(own).await, 404, "Template does not exist.", Some("inexistent_templates_universal_login"));
    let html = "<!DOCTYPE html><html><head>{%- auth0:head -%}</head><body>{%- auth0:widget -%}</body></html>";
    let put = |body: Value| {
        let api = api.clone();
        async move { api.send(Method::PUT, own, Some(body)).await }
    };
    assert_eq!(put(json!(html)).await.status, 201);
    assert_eq!(put(json!({ "template": html })).await.status, 204);
    let raw = html.replace("<body>", "<body class=\"x\">");
    assert_eq!(api.raw(Method::PUT, own, "text/html; charset=utf-8", raw.clone()).await.status, 204);
    assert_eq!(api.get(own).await.json(), json!({ "body": raw }));
    for (template, missing) in
        [("<html>{%- auth0:head -%}</html>", "auth0:widget"), ("{%- auth0:widget -%}", "auth0:head")]
    {
        let message = format!("The template must contain the tag {{%- {missing} -%}}");
        refused(&put(json!(template)).await, 400, &message, Some("invalid_body"));
    }
    invalid(&put(json!({ "template": html, "x": 1 })).await, "'Data does not match any schemas from 'anyOf''.");
    let long = format!("{html}{}", "x".repeat(102_400));
    assert_eq!(put(json!(long)).await.status, 400);
    assert_eq!(api.raw(Method::PUT, own, "text/html", b"\xff".to_vec()).await.status, 400);
    assert_eq!(api.raw(Method::PATCH, "/branding", "text/html", "<p>").await.status, 415);
    assert_eq!(api.get(own).await.json(), json!({ "body": raw }));
    assert!(!page(&api).await.body.contains("class=\"x\""), "it has no effect");
    for _ in 0..2 {
        assert_eq!(api.delete(own).await.status, 204);
    }
    assert_eq!(api.get(own).await.status, 404);
}

#[tokio::test]
async fn st_03_credentials_of_a_phone_provider_are_sealed() {
    let api = Api::new().await;
    assert_eq!(api.get("/branding/phone/providers").await.json(), json!({ "providers": [] }));
    let body = json!({
        "name": "twilio", "credentials": { "auth_token": "hush" },
        "configuration": { "sid": "AC1", "default_from": "+1234", "delivery_methods": ["text"] },
    });
    let made = api.create("/branding/phone/providers", body.clone()).await;
    let id = made["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("pro_") && id.len() == 26);
    assert_eq!((&made["channel"], &made["disabled"], made.get("credentials")), (&json!("phone"), &json!(false), None));
    refused(&api.post("/branding/phone/providers", body).await, 409, "A phone provider is already configured", None);
    let own = format!("/branding/phone/providers/{id}");
    let changed = api.patch(&own, json!({ "disabled": true, "configuration": { "sid": "AC2" } })).await.json();
    assert_eq!((&changed["disabled"], &changed["configuration"]), (&json!(true), &json!({ "sid": "AC2" })));
    assert_eq!(api.get("/branding/phone/providers?disabled=false").await.json(), json!({ "providers": [] }));
    assert_eq!(api.get("/branding/phone/providers").await.json(), json!({ "providers": [changed] }));
    let tenant = api.app.tenant.id.clone();
    let find = move |tx: &mut keywright_store::Tx<'_>| {
        keywright_store::tenant_documents::find(tx, &tenant, "phone-provider", "")
    };
    let row = api.app.app.store().read(find).await.unwrap().unwrap();
    assert!(!row.document.contains("hush") && row.secrets.is_some(), "kept where they were left out");
    let opened = api
        .app
        .app
        .unsealed(keywright_jose::Purpose::TenantDocument, &api.app.tenant.id, row.secrets.as_deref())
        .unwrap()
        .unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&opened), r#"{"auth_token":"hush"}"#);
    assert!(!api.get("/logs").await.json().to_string().contains("hush"));
    let tried = api.post(&format!("{own}/try"), json!({ "to": "+1" })).await;
    refused(&tried, 403, "This feature is not enabled for this tenant.", Some("feature_not_enabled"));
    assert_eq!(api.delete(&own).await.status, 204);
    refused(&api.delete(&own).await, 404, "Notification Resource not found", None);
}

#[tokio::test]
async fn phone_templates_are_kept_one_of_each_type() {
    let api = Api::new().await;
    assert_eq!(api.get("/branding/phone/templates").await.json(), json!({ "templates": [] }));
    let content = json!({ "syntax": "liquid", "from": "+1", "body": { "text": "{{ code }}" } });
    let made = api.create("/branding/phone/templates", json!({ "type": "otp_verify", "content": content })).await;
    assert_eq!((&made["content"], &made["customizable"]), (&content, &json!(true)));
    let again = api.post("/branding/phone/templates", json!({ "type": "otp_verify" })).await;
    refused(&again, 409, "A template of this type already exists", None);
    invalid(
        &api.post("/branding/phone/templates", json!({ "type": "x" })).await,
        "'No enum match for: x' on property type (What it says; never changes.).",
    );
    let own = format!("/branding/phone/templates/{}", made["id"].as_str().unwrap());
    let changed = api.patch(&own, json!({ "content": { "from": null }, "disabled": true })).await.json();
    assert_eq!(changed["content"], json!({ "syntax": "liquid", "body": { "text": "{{ code }}" } }));
    assert_eq!(
        api.send(Method::PATCH, &format!("{own}/reset"), None).await.json()["content"],
        json!({ "syntax": "liquid" })
    );
    assert_eq!(api.get("/branding/phone/templates?disabled=false").await.json(), json!({ "templates": [] }));
    let tried = api.post(&format!("{own}/try"), json!({})).await;
    refused(&tried, 403, "This feature is not enabled for this tenant.", Some("feature_not_enabled"));
    assert_eq!(api.delete(&own).await.status, 204);
    refused(&api.get(&own).await, 404, "Notification Resource not found", None);
}
