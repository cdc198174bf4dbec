//! Organizations (§8.1): who may log in as a member of which, over which connections, and what the tokens say.

use keywright_testkit::{Answer, Browser, Registered, Scene};
use keywright_types::{
    Client, Connection, ConnectionOptions, Organization, OrganizationConnection, OrganizationUsage, OtherMembers,
    Profile,
};
use serde_json::{Value, json};

use crate::expect::{logged_in, refused as refused_json};
use crate::outcome::{
    Outcome, add_user, answer_form, change_settings, credentials, login_required, outcome, page, refused,
};
use crate::received::received;
use crate::routes;

/// An organization of the scene's connection, with the scene's user as a member, and an application that allows it.
struct Acme {
    scene: Scene,
    web: Registered,
    organization: Organization,
}

impl Acme {
    async fn new() -> Self {
        Self::of(Scene::new(routes).await).await
    }

    async fn of(scene: Scene) -> Self {
        let web = usage(&scene, OrganizationUsage::Allow).await;
        let organization = create(&scene, "acme").await;
        enable(&scene, &organization, |_| {}).await;
        let app = &scene.app;
        let added = app.app.add_organization_member(&app.tenant.id, &organization.id, &scene.user.user_id).await;
        assert!(added.unwrap());
        Self { scene, web, organization }
    }

    fn id(&self) -> &str {
        &self.organization.id
    }

    async fn ask(&self, browser: &Browser, organization: &str, more: &[(&str, &str)]) -> Answer {
        let all = [&[("scope", "openid"), ("organization", organization)], more].concat();
        browser.get(&self.scene.authorize_path(&self.web, &all)).await
    }

    fn invalid(organization: &str) -> Outcome {
        refused("invalid_request", &format!("parameter organization is invalid: {organization}"))
    }
}

async fn create(scene: &Scene, name: &str) -> Organization {
    let new = Organization { name: name.to_owned(), ..Organization::default() };
    let created = scene.app.app.create_organization(&scene.app.tenant.id, new).await.unwrap();
    assert!(created.id.starts_with("org_") && created.id.len() == 20, "{created:?}");
    created
}

async fn enable(scene: &Scene, organization: &Organization, change: impl FnOnce(&mut OrganizationConnection)) {
    let mut enabled = OrganizationConnection {
        connection_id: scene.connection.id.clone(),
        assign_membership_on_login: false,
        show_as_button: true,
        is_signup_enabled: false,
        other: OtherMembers::new(),
    };
    change(&mut enabled);
    let app = &scene.app;
    app.app.enable_organization_connection(&app.tenant.id, &organization.id, &enabled).await.unwrap();
}

async fn usage(scene: &Scene, usage: OrganizationUsage) -> Registered {
    scene.app.change_client(&scene.web, move |client: &mut Client| client.organization_usage = usage).await
}

fn names_an_organization(claims: &Value) -> (Option<&str>, Option<&str>) {
    (claims.get("org_id").and_then(Value::as_str), claims.get("org_name").and_then(Value::as_str))
}

#[tokio::test]
async fn a_member_logs_in_and_every_token_says_so() {
    let acme = Acme::new().await;
    let scene = &acme.scene;
    let web = scene.app.change_client(&acme.web, |client| client.grant_types.push("implicit".to_owned())).await;
    for (allowed, name) in [(false, None), (true, Some("acme"))] {
        change_settings(scene, |settings| settings.allow_organization_name_in_authentication_api = allowed).await;
        let expected = (Some(acme.id()), name);
        let more = [
            ("organization", acme.id()),
            ("scope", "openid offline_access"),
            ("audience", "appointments:api"),
            ("response_type", "code id_token token"),
            ("nonce", "n"),
        ];
        let answer = received(&scene.log_in(&scene.app.browser(), &web, &more).await);
        let front = |member: &str| {
            use base64::Engine as _;
            let payload = answer.text(member).split('.').nth(1).unwrap().to_owned();
            let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
            serde_json::from_slice::<Value>(&bytes).unwrap()
        };
        assert_eq!(names_an_organization(&front("id_token")), expected);
        assert_eq!(names_an_organization(&front("access_token")), expected);
        let tokens = scene.redeem(&web, &answer.text("code"), &[]).await;
        let refreshed = scene.refresh(&web, &tokens.text("refresh_token"), &[]).await;
        for tokens in [tokens, refreshed] {
            assert_eq!(names_an_organization(&tokens.claims("id_token")), expected);
            assert_eq!(names_an_organization(&tokens.claims("access_token")), expected);
        }
    }
    // Without the parameter nothing is said about organizations.
    let tokens = scene.tokens(&web, "openid", "appointments:api").await;
    assert_eq!(names_an_organization(&tokens.claims("id_token")), (None, None));
    assert_eq!(names_an_organization(&tokens.claims("access_token")), (None, None));
}

#[tokio::test]
async fn the_application_says_whether_organizations_are_for_it() {
    let acme = Acme::new().await;
    let required = || refused("invalid_request", "parameter organization is required for this client");
    let denied = || refused("invalid_request", "parameter organization is not allowed for this client");
    for (wanted, without, with) in [
        (OrganizationUsage::Deny, Outcome::Login, denied()),
        (OrganizationUsage::Allow, Outcome::Login, Outcome::Login),
        (OrganizationUsage::Require, required(), Outcome::Login),
    ] {
        usage(&acme.scene, wanted).await;
        let browser = acme.scene.app.browser();
        assert_eq!(outcome(&acme.ask(&browser, "", &[]).await), without, "{wanted:?}");
        assert_eq!(outcome(&acme.ask(&browser, acme.id(), &[]).await), with, "{wanted:?}");
    }
    // AR-03: as it is at the end of the login.
    for (wanted, organization, expected) in
        [(OrganizationUsage::Deny, acme.id(), denied()), (OrganizationUsage::Require, "", required())]
    {
        usage(&acme.scene, OrganizationUsage::Allow).await;
        let browser = acme.scene.app.browser();
        let start = acme.ask(&browser, organization, &[]).await;
        let posted = answer_form(&browser, &start, &credentials(&acme.scene)).await;
        usage(&acme.scene, wanted).await;
        assert_eq!(outcome(&browser.get(posted.location()).await), expected, "{wanted:?}");
    }
}

#[tokio::test]
async fn an_organization_is_named_by_its_id_or_where_allowed_by_its_name() {
    let acme = Acme::new().await;
    let browser = acme.scene.app.browser();
    let only_ids =
        refused("invalid_request", "authorization request parameter organization must be an organization id");
    for unknown in ["org_0000000000000000", "org_", "org_%27"] {
        assert_eq!(outcome(&acme.ask(&browser, unknown, &[]).await), Acme::invalid(unknown));
    }
    assert_eq!(outcome(&acme.ask(&browser, "acme", &[]).await), only_ids);
    change_settings(&acme.scene, |settings| settings.allow_organization_name_in_authentication_api = true).await;
    for name in ["acme", "ACME", acme.id()] {
        assert_eq!(outcome(&acme.ask(&browser, name, &[]).await), Outcome::Login, "{name}");
    }
    assert_eq!(outcome(&acme.ask(&browser, "umbrella", &[]).await), Acme::invalid("umbrella"));
}

#[tokio::test]
async fn connections_are_those_of_the_organization() {
    let acme = Acme::new().await;
    let scene = &acme.scene;
    let tenant = &scene.app.tenant.id;
    let staff = Connection {
        id: "con_0000000000000002".to_owned(),
        name: "Staff".to_owned(),
        strategy: "auth0".to_owned(),
        enabled_clients: vec![scene.web.id().to_owned()],
        is_domain_connection: false,
        authentication: keywright_types::ConnectionAuthentication::default(),
        options: ConnectionOptions::default(),
        other: OtherMembers::new(),
    };
    scene.app.app.create_connection(tenant, &staff).await.unwrap();
    let browser = scene.app.browser();
    let disabled = refused("invalid_request", "the connection was disabled");
    assert_eq!(outcome(&acme.ask(&browser, acme.id(), &[("connection", "Staff")]).await), disabled);
    assert_eq!(outcome(&acme.ask(&browser, "", &[("connection", "Staff")]).await), Outcome::Login);
    // An organization has its connections whatever the application's list is, and none without them.
    crate::outcome::change_connection(scene, |connection| connection.enabled_clients.clear()).await;
    let start = acme.ask(&browser, acme.id(), &[]).await;
    let posted = answer_form(&browser, &start, &credentials(scene)).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Code);
    // Sign-up is the organization's to open.
    let closed = refused("invalid_request", "signup is disabled");
    assert_eq!(
        outcome(&acme.ask(&browser, acme.id(), &[("screen_hint", "signup"), ("prompt", "login")]).await),
        closed
    );
    enable(scene, &acme.organization, |own| (own.assign_membership_on_login, own.is_signup_enabled) = (true, true))
        .await;
    let start = acme.ask(&browser, acme.id(), &[("screen_hint", "signup"), ("prompt", "login")]).await;
    assert_eq!(outcome(&start), Outcome::SignUp);
    let fields = [("email", "new@example.com"), ("password", "Correct-horse-2")];
    let posted = answer_form(&browser, &start, &fields).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Code, "a new user is a member at once");
    scene.app.app.disable_organization_connection(tenant, acme.id(), &scene.connection.id).await.unwrap();
    assert_eq!(outcome(&acme.ask(&browser, acme.id(), &[]).await), Acme::invalid(acme.id()));
}

#[tokio::test]
async fn who_is_no_member_gets_nothing() {
    let acme = Acme::new().await;
    let scene = &acme.scene;
    let john = add_user(scene, "john@example.com").await;
    let credentials = [("username", "john@example.com"), ("password", scene.password())];
    let text = format!("user {} is not part of the {} organization", john.user_id, acme.id());
    let browser = scene.app.browser();
    let start = acme.ask(&browser, acme.id(), &[]).await;
    let posted = answer_form(&browser, &start, &credentials).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), refused("access_denied", &text));
    // The session is good for everything else. In the organization somebody else may log in.
    assert_eq!(outcome(&acme.ask(&browser, "", &[]).await), Outcome::Code);
    assert_eq!(outcome(&acme.ask(&browser, acme.id(), &[("prompt", "none")]).await), login_required());
    assert_eq!(outcome(&acme.ask(&browser, acme.id(), &[]).await), Outcome::Login);
    // Where a login makes a member, it does so once and for all.
    enable(scene, &acme.organization, |own| own.assign_membership_on_login = true).await;
    assert_eq!(outcome(&acme.ask(&browser, acme.id(), &[]).await), Outcome::Code);
    enable(scene, &acme.organization, |_| {}).await;
    assert_eq!(outcome(&acme.ask(&browser, acme.id(), &[("prompt", "none")]).await), Outcome::Code);
}

#[tokio::test]
async fn a_membership_that_ends_ends_codes_and_refresh_tokens() {
    let acme = Acme::new().await;
    let scene = &acme.scene;
    let (app, tenant, user) = (&scene.app.app, &scene.app.tenant.id, &scene.user.user_id);
    let more = [("scope", "openid offline_access"), ("organization", acme.id())];
    let code = scene.code(&acme.web, &more).await;
    let tokens = scene.redeem(&acme.web, &scene.code(&acme.web, &more).await, &[]).await;
    let refresh_token = tokens.text("refresh_token");
    assert!(app.remove_organization_member(tenant, acme.id(), user).await.unwrap());
    let text = format!("user {user} is not part of the {} organization", acme.id());
    refused_json(&scene.redeem(&acme.web, &code, &[]).await, 403, "invalid_grant", &text);
    refused_json(&scene.refresh(&acme.web, &refresh_token, &[]).await, 403, "invalid_grant", &text);
    // Nothing was spent.
    assert!(app.add_organization_member(tenant, acme.id(), user).await.unwrap());
    assert_eq!(scene.redeem(&acme.web, &code, &[]).await.status, 200);
    assert_eq!(scene.refresh(&acme.web, &refresh_token, &[]).await.status, 200);
    // The organization itself goes.
    app.delete_organization(tenant, acme.id()).await.unwrap();
    let gone = scene.refresh(&acme.web, &refresh_token, &[]).await;
    refused_json(&gone, 403, "invalid_grant", "Unknown or invalid refresh token.");
}

/// §1.3: `{organization_name}` is the name of the organization of the login, and of no other.
#[tokio::test]
async fn ru_02_callbacks_with_the_name_of_the_organization() {
    for profile in [Profile::Auth0, Profile::Standard] {
        let scene = if profile == Profile::Auth0 { Scene::new(routes).await } else { Scene::standard(routes).await };
        let acme = Acme::of(scene).await;
        let scene = &acme.scene;
        create(scene, "umbrella").await;
        let callbacks =
            vec!["https://{organization_name}.app.example.com/cb".to_owned(), "https://app.example.com/cb".to_owned()];
        scene.app.change_client(&acme.web, move |client| client.callbacks = callbacks).await;
        let browser = logged_in_to(&acme, "https://app.example.com/cb").await;
        let mismatch = |url: &str| {
            let text = "unauthorized_client: Callback URL mismatch. URL is not in the list of allowed callback URLs";
            page(400, text.replace("URL is", &format!("{url} is")))
        };
        let mine = "https://acme.app.example.com/cb";
        for (organization, redirect_uri, fits) in [
            (acme.id(), mine, true),
            // The place of the name alone says which organization it is.
            ("", mine, true),
            (acme.id(), "https://umbrella.app.example.com/cb", false),
            (acme.id(), "https://evil.example/.app.example.com/cb", false),
            (acme.id(), "https://acme.evil.app.example.com/cb", false),
            (acme.id(), "https://{organization_name}.app.example.com/cb", false),
            ("", "https://nobody.app.example.com/cb", false),
        ] {
            let answer = acme.ask(&browser, organization, &[("redirect_uri", redirect_uri)]).await;
            // RFC 9700 §2.1: exact strings in profile `standard`.
            if fits && profile == Profile::Auth0 {
                assert_eq!(outcome(&answer), Outcome::Code, "{redirect_uri}");
                assert!(answer.location().starts_with(mine), "{answer:#?}");
                let code = answer.location_parameter("code").unwrap();
                let tokens = scene.redeem(&acme.web, &code, &[("redirect_uri", mine)]).await;
                assert_eq!(tokens.claims("id_token")["org_id"], acme.id());
            } else {
                assert_eq!(outcome(&answer), mismatch(redirect_uri), "{profile:?} {redirect_uri}");
            }
        }
        // An application that denies organizations has no such callbacks.
        usage(scene, OrganizationUsage::Deny).await;
        scene
            .app
            .change_client(&scene.web, |client| {
                client.callbacks = vec!["https://{organization_name}.app.example.com/cb".to_owned()];
            })
            .await;
        for organization in ["", acme.id()] {
            let answer = acme.ask(&browser, organization, &[("redirect_uri", mine)]).await;
            assert_eq!(outcome(&answer), mismatch(mine));
        }
    }
}

/// A browser with a session that began at another callback of the application.
async fn logged_in_to(acme: &Acme, redirect_uri: &str) -> Browser {
    let browser = acme.scene.app.browser();
    let answer = acme.scene.log_in(&browser, &acme.web, &[("redirect_uri", redirect_uri), ("scope", "openid")]).await;
    assert_eq!(outcome(&answer), Outcome::Code);
    browser
}

/// The tenant's own error page (§1.6).
#[tokio::test]
async fn a_tenants_own_error_page_takes_the_place_of_ours() {
    let scene = Scene::new(routes).await;
    let set = async |error_page: Value| {
        change_settings(&scene, |settings| settings.error_page = serde_json::from_value(error_page).unwrap()).await;
    };
    let browser = logged_in(&scene).await;
    let more = [("redirect_uri", "https://evil.example/"), ("state", "s"), ("connection", "c d")];
    let path = scene.authorize_path(&scene.web, &more);
    set(json!({ "url": "https://acme.example/error?x=1", "show_log_link": false })).await;
    let answer = browser.get(&path).await;
    assert_eq!(answer.status, 302);
    assert!(answer.location().starts_with("https://acme.example/error?x=1&client_id="), "{answer:#?}");
    let tracking = answer.location_parameter("tracking").unwrap();
    assert!(!tracking.is_empty());
    for (name, value) in [
        ("client_id", Some(scene.web.id())),
        ("connection", Some("c d")),
        ("lang", Some("en")),
        ("error", Some("unauthorized_client")),
        (
            "error_description",
            Some("Callback URL mismatch. https://evil.example/ is not in the list of allowed callback URLs"),
        ),
        // §1.6: "No `state` is passed."
        ("state", None),
    ] {
        assert_eq!(answer.location_parameter(name).as_deref(), value, "{name}");
    }
    set(json!({ "html": "<h1>Oh no</h1><p>{{ error }}: {{error_description | escape}}</p><script>alert(1)</script>" }))
        .await;
    let answer = browser.get(&scene.authorize_path(&scene.web, &[("response_type", "<b>x")])).await;
    assert_eq!(answer.status, 501);
    assert!(
        answer.body.contains("<p>unsupported_response_type: Unsupported response type: &#60;b&#62;x</p>"),
        "{answer:#?}"
    );
    let policy = answer.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    assert_eq!(answer.header("cache-control"), "no-store");
    // Errors that belong to the application go there as before.
    let silent = scene.app.browser().get(&scene.authorize_path(&scene.web, &[("prompt", "none")])).await;
    assert_eq!(outcome(&silent), login_required());
}
