//! The pages that ask for the organization of a login (§8.1 `organization_require_behavior`), before it and after it.

use keywright_testkit::{Answer, Browser, Engine, Registered, Scene};
use keywright_types::{
    Organization, OrganizationConnection, OrganizationRequireBehavior, OrganizationUsage, OtherMembers, TenantSettings,
};

use crate::outcome::{Outcome, add_user, answer_form, change_connection, credentials, outcome, refused};
use crate::routes;

/// An application that asks, and two organizations; the scene's user belongs to the first.
struct Site {
    scene: Scene,
    web: Registered,
    acme: Organization,
    umbrella: Organization,
}

impl Site {
    async fn new(usage: OrganizationUsage, behavior: OrganizationRequireBehavior) -> Self {
        Self::on(Engine::Sqlite, usage, behavior).await
    }

    async fn on(engine: Engine, usage: OrganizationUsage, behavior: OrganizationRequireBehavior) -> Self {
        let scene = Scene::with(routes, engine, TenantSettings::default()).await;
        let set = move |client: &mut keywright_types::Client| {
            (client.organization_usage, client.organization_require_behavior) = (usage, behavior);
        };
        let web = scene.app.change_client(&scene.web, set).await;
        let acme = create(&scene, "acme", Some("Acme Health")).await;
        let umbrella = create(&scene, "umbrella", None).await;
        let site = Self { scene, web, acme, umbrella };
        site.join(&site.acme).await;
        site
    }

    async fn join(&self, organization: &Organization) {
        let (app, user) = (&self.scene.app, &self.scene.user.user_id);
        assert!(app.app.add_organization_member(&app.tenant.id, &organization.id, user).await.unwrap());
    }

    async fn leave(&self, organization: &Organization) {
        let (app, user) = (&self.scene.app, &self.scene.user.user_id);
        assert!(app.app.remove_organization_member(&app.tenant.id, &organization.id, user).await.unwrap());
    }

    async fn ask(&self, browser: &Browser, more: &[(&str, &str)]) -> Answer {
        let all = [&[("scope", "openid")], more].concat();
        browser.get(&self.scene.authorize_path(&self.web, &all)).await
    }

    /// Answers the page that `answer` leads to, and goes on to the next one.
    async fn fill(&self, browser: &Browser, answer: &Answer, fields: &[(&str, &str)]) -> Answer {
        let posted = answer_form(browser, answer, fields).await;
        assert_eq!(outcome(&posted), Outcome::Resume, "{posted:#?}");
        browser.get(posted.location()).await
    }

    async fn log_in(&self, browser: &Browser, answer: &Answer) -> Answer {
        self.fill(browser, answer, &credentials(&self.scene)).await
    }

    /// `org_id` of the ID token that the code gives.
    async fn org_id(&self, answer: &Answer) -> Option<String> {
        let code = answer.location_parameter("code").unwrap_or_else(|| panic!("no code: {answer:#?}"));
        let tokens = self.scene.redeem(&self.web, &code, &[]).await;
        tokens.claims("id_token").get("org_id").map(|id| id.as_str().unwrap().to_owned())
    }
}

async fn create(scene: &Scene, name: &str, display_name: Option<&str>) -> Organization {
    let app = &scene.app;
    let display_name = display_name.map(str::to_owned);
    let new = Organization { name: name.to_owned(), display_name, ..Organization::default() };
    let created = app.app.create_organization(&app.tenant.id, new).await.unwrap();
    let enabled = OrganizationConnection {
        connection_id: scene.connection.id.clone(),
        assign_membership_on_login: false,
        show_as_button: true,
        is_signup_enabled: false,
        other: OtherMembers::new(),
    };
    app.app.enable_organization_connection(&app.tenant.id, &created.id, &enabled).await.unwrap();
    created
}

use OrganizationRequireBehavior::{PostLoginPrompt, PreLoginPrompt};
use OrganizationUsage::{Allow, Deny, Require};

#[tokio::test]
async fn the_organization_is_entered_before_the_login() {
    for engine in Engine::all() {
        let site = Site::on(engine, Require, PreLoginPrompt).await;
        // Nobody logs in to the application without an organization, so it has no connections of its own.
        change_connection(&site.scene, |connection| connection.enabled_clients.clear()).await;
        let browser = site.scene.app.browser();
        let start = site.ask(&browser, &[]).await;
        assert_eq!(outcome(&start), Outcome::Organization);
        for (name, text) in [
            ("", "Please enter the name of your organization"),
            ("nobody", "There is no organization of this name to log in to"),
            ("\"><b>", "There is no organization of this name to log in to"),
        ] {
            let again = answer_form(&browser, &start, &[("organizationName", name), ("action", "default")]).await;
            assert_eq!(again.status, 400, "{name}");
            assert!(again.body.contains(text) && !again.body.contains("<b>"), "{name}: {}", again.body);
        }
        let login = site.fill(&browser, &start, &[("organizationName", " ACME "), ("action", "default")]).await;
        assert_eq!(outcome(&login), Outcome::Login);
        let answer = site.log_in(&browser, &login).await;
        assert_eq!(site.org_id(&answer).await.as_deref(), Some(&*site.acme.id));
        // Somebody who is logged in is asked as well: the session belongs to no organization.
        let again = site.ask(&browser, &[]).await;
        assert_eq!(outcome(&again), Outcome::Organization);
        let answer = site.fill(&browser, &again, &[("organizationName", "acme")]).await;
        assert_eq!(site.org_id(&answer).await.as_deref(), Some(&*site.acme.id));
    }
}

#[tokio::test]
async fn a_request_that_names_its_organization_asks_nobody() {
    for behavior in [PreLoginPrompt, PostLoginPrompt] {
        let site = Site::new(Require, behavior).await;
        let browser = site.scene.app.browser();
        let login = site.ask(&browser, &[("organization", &site.acme.id)]).await;
        assert_eq!(outcome(&login), Outcome::Login);
        // LG-01: the pages take nothing that nobody asked for.
        let state = login.location_parameter("state").unwrap();
        for path in ["/u/organization", "/u/organization-picker"] {
            let page = browser.get(&format!("{path}?state={state}")).await;
            assert_eq!(outcome(&page), Outcome::Resume, "{path}");
        }
        assert_eq!(site.org_id(&site.log_in(&browser, &login).await).await.as_deref(), Some(&*site.acme.id));
    }
}

#[tokio::test]
async fn who_is_no_member_of_what_they_entered_gets_nothing() {
    let site = Site::new(Require, PreLoginPrompt).await;
    let browser = site.scene.app.browser();
    let start = site.ask(&browser, &[]).await;
    let login = site.fill(&browser, &start, &[("organizationName", "umbrella")]).await;
    let answer = site.log_in(&browser, &login).await;
    let text = format!("user {} is not part of the {} organization", site.scene.user.user_id, site.umbrella.id);
    assert_eq!(outcome(&answer), refused("access_denied", &text));
}

#[tokio::test]
async fn ar_05_prompt_none_asks_nobody_for_an_organization() {
    let interaction = refused("interaction_required", "Organization required");
    for (behavior, organizations, expected) in [
        (PreLoginPrompt, 1, interaction.clone()),
        (PostLoginPrompt, 1, Outcome::Code),
        (PostLoginPrompt, 2, interaction),
    ] {
        let site = Site::new(Require, behavior).await;
        if organizations == 2 {
            site.join(&site.umbrella).await;
        }
        let browser = site.scene.app.browser();
        let login = site.ask(&browser, &[("organization", &site.acme.id)]).await;
        assert_eq!(outcome(&site.log_in(&browser, &login).await), Outcome::Code);
        assert_eq!(outcome(&site.ask(&browser, &[("prompt", "none")]).await), expected, "{behavior:?}");
        let silent = site.ask(&browser, &[("prompt", "none"), ("organization", &site.acme.id)]).await;
        assert_eq!(site.org_id(&silent).await.as_deref(), Some(&*site.acme.id));
    }
}

#[tokio::test]
async fn one_of_several_organizations_is_chosen_after_the_login() {
    for engine in Engine::all() {
        let site = Site::on(engine, Require, PostLoginPrompt).await;
        site.join(&site.umbrella).await;
        let foreign = create(&site.scene, "foreign", None).await;
        let browser = site.scene.app.browser();
        let login = site.ask(&browser, &[]).await;
        assert_eq!(outcome(&login), Outcome::Login);
        let picker = site.log_in(&browser, &login).await;
        assert_eq!(outcome(&picker), Outcome::OrganizationPicker);
        let page = browser.get(picker.location()).await;
        assert!(page.body.contains("Acme Health") && page.body.contains("umbrella"), "{}", page.body);
        assert!(!page.body.contains("foreign") && !page.body.contains(&foreign.id), "only one's own: {}", page.body);
        assert!(page.body.contains("jane@example.com") && !page.body.contains("value=\"skip\""), "{}", page.body);
        // What was not on the page is not taken, and neither is nothing.
        for invented in [vec![("organization", &*foreign.id)], vec![("action", "skip")], vec![]] {
            let answer = site.fill(&browser, &picker, &invented).await;
            assert_eq!(outcome(&answer), Outcome::OrganizationPicker, "{invented:?}");
        }
        let answer = site.fill(&browser, &picker, &[("organization", &site.umbrella.id)]).await;
        assert_eq!(site.org_id(&answer).await.as_deref(), Some(&*site.umbrella.id));
    }
}

#[tokio::test]
async fn the_only_organization_is_not_asked_for() {
    let site = Site::new(Require, PostLoginPrompt).await;
    let browser = site.scene.app.browser();
    let login = site.ask(&browser, &[]).await;
    let answer = site.log_in(&browser, &login).await;
    assert_eq!(site.org_id(&answer).await.as_deref(), Some(&*site.acme.id));
    // With consent in between as well.
    let consent = site.ask(&browser, &[("prompt", "consent")]).await;
    assert_eq!(outcome(&consent), Outcome::Consent);
    let answer = site.fill(&browser, &consent, &[("action", "accept")]).await;
    assert_eq!(site.org_id(&answer).await.as_deref(), Some(&*site.acme.id));
    site.leave(&site.acme).await;
    let text = "client requires organization membership, but user does not belong to any organization";
    assert_eq!(outcome(&site.ask(&browser, &[]).await), refused("invalid_request", text));
}

#[tokio::test]
async fn an_organization_is_left_out_only_where_the_application_allows_it() {
    for behavior in [PreLoginPrompt, PostLoginPrompt] {
        let site = Site::new(Allow, behavior).await;
        let browser = site.scene.app.browser();
        let mut answer = site.ask(&browser, &[]).await;
        if behavior == PostLoginPrompt {
            answer = site.log_in(&browser, &answer).await;
        }
        let page = browser.get(answer.location()).await;
        assert!(page.body.contains("Continue without an organization"), "{}", page.body);
        answer = site.fill(&browser, &answer, &[("action", "skip")]).await;
        if behavior == PreLoginPrompt {
            assert_eq!(outcome(&answer), Outcome::Login);
            answer = site.log_in(&browser, &answer).await;
        }
        assert_eq!(site.org_id(&answer).await, None, "{behavior:?}");
        assert_eq!(outcome(&site.ask(&browser, &[("prompt", "none")]).await), Outcome::Code);
    }
    // Where it is required, the button is not there and the field counts for nothing.
    let site = Site::new(Require, PreLoginPrompt).await;
    let browser = site.scene.app.browser();
    let start = site.ask(&browser, &[]).await;
    assert!(!browser.get(start.location()).await.body.contains("without an organization"));
    assert_eq!(answer_form(&browser, &start, &[("action", "skip")]).await.status, 400);
    // AR-03: it is required by the time of the answer.
    let site = Site::new(Allow, PreLoginPrompt).await;
    let browser = site.scene.app.browser();
    let start = site.ask(&browser, &[]).await;
    let login = site.fill(&browser, &start, &[("action", "skip")]).await;
    let posted = answer_form(&browser, &login, &credentials(&site.scene)).await;
    site.scene.app.change_client(&site.web, |client| client.organization_usage = Require).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Organization);
}

#[tokio::test]
async fn what_one_user_chose_is_nothing_to_another() {
    let site = Site::new(Require, PostLoginPrompt).await;
    site.join(&site.umbrella).await;
    let john = add_user(&site.scene, "john@example.com").await;
    let app = &site.scene.app;
    assert!(app.app.add_organization_member(&app.tenant.id, &site.acme.id, &john.user_id).await.unwrap());
    let browser = site.scene.app.browser();
    let login = site.ask(&browser, &[]).await;
    let picker = site.log_in(&browser, &login).await;
    let chosen = answer_form(&browser, &picker, &[("organization", &site.umbrella.id)]).await;
    // In another tab, before the answer is fetched, John logs in through the same transaction.
    let page = browser.get(login.location()).await;
    let fields = [("username", "john@example.com"), ("password", site.scene.password())];
    let posted = browser.submit(login.location(), &page, &fields).await;
    assert_eq!(posted.location(), chosen.location());
    let answer = browser.get(posted.location()).await;
    assert_eq!(site.org_id(&answer).await.as_deref(), Some(&*site.acme.id), "his own, and the only one");
}

#[tokio::test]
async fn without_organizations_nobody_is_asked() {
    for behavior in [PreLoginPrompt, PostLoginPrompt] {
        let site = Site::new(Deny, behavior).await;
        let browser = site.scene.app.browser();
        let login = site.ask(&browser, &[]).await;
        assert_eq!(outcome(&login), Outcome::Login);
        assert_eq!(site.org_id(&site.log_in(&browser, &login).await).await, None);
    }
}
