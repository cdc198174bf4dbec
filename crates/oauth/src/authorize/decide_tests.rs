//! `decide` as a table: data in, step out.

use std::sync::Arc;

use keywright_app::{
    AuthorizationRequest, ClientRecord, ConsentDecision, Denial, Interruption, LoginRecord, OrganizationChoice,
    Progress, PromptValue, ScreenHint, ScriptRecord, ScriptStage, Session, TokenChanges,
};
use keywright_types::{Client, Connection, User};
use serde_json::json;

use super::*;

/// A visitor who is signed in, an application with a verifiable callback, and nothing special asked for.
struct Scene {
    checked: CheckedRequest,
    visitor: Visitor,
    progress: Progress,
    scripted: bool,
    now: Timestamp,
}

const START: i64 = 1_700_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn scene() -> Scene {
    let client: Client = serde_json::from_value(json!({
        "client_id": "app", "name": "App", "callbacks": ["https://app.example.com/cb"],
        "grant_types": ["authorization_code", "refresh_token"]
    }))
    .unwrap();
    let connection: Connection =
        serde_json::from_value(json!({ "id": "con_1", "name": "db", "strategy": "auth0", "enabled_clients": ["app"] }))
            .unwrap();
    let user = User {
        user_id: "auth0|1".to_owned(),
        connection: "db".to_owned(),
        email: None,
        email_verified: false,
        username: None,
        blocked: false,
        profile: serde_json::Map::new(),
        user_metadata: serde_json::Map::new(),
        app_metadata: serde_json::Map::new(),
        created_at: at(START),
        updated_at: at(START),
    };
    let session = Session {
        handle_digest: keywright_jose::Digest::from_slice(&[0; 32]).unwrap(),
        session_id: "sid".to_owned(),
        user_id: "auth0|1".to_owned(),
        connection: "db".to_owned(),
        authenticated_at: at(START),
        last_active_at: at(START),
        idle_expires_at: at(START + 1_000_000),
        persistent: true,
        expires_at: at(START + 1_000_000),
    };
    let request = AuthorizationRequest {
        client_id: "app".to_owned(),
        redirect_uri: "https://app.example.com/cb".to_owned(),
        scope: ScopeSet::parse("openid profile"),
        ..AuthorizationRequest::default()
    };
    Scene {
        checked: CheckedRequest {
            request,
            client: Arc::new(ClientRecord::new(client, None)),
            api: None,
            granted_to_client: None,
            organization: None,
            connections: vec![connection],
        },
        visitor: Visitor { login: Some((session, user)), ..Visitor::default() },
        progress: Progress::default(),
        scripted: false,
        now: at(START + 100),
    }
}

impl Scene {
    fn next(&self) -> Next {
        let Self { checked, visitor, progress, scripted, now } = self;
        decide(&Situation { checked, visitor, progress, scripted: *scripted, now: *now })
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn client(&mut self, change: impl FnOnce(&mut Client)) {
        let mut client = self.checked.client.client.clone();
        change(&mut client);
        self.checked.client = Arc::new(ClientRecord::new(client, None));
    }

    fn logged_in_here(&mut self) {
        self.progress.login = Some(LoginRecord { user_id: "auth0|1".to_owned(), session_id: "sid".to_owned() });
    }
}

fn denied(error: &str, description: &str) -> Next {
    Next::Deny(Denial { error: error.to_owned(), description: description.to_owned() })
}

fn consent_for(scope: &str) -> Next {
    Next::Consent { scope: ScopeSet::parse(scope) }
}

#[test]
fn a_session_goes_straight_to_the_callback() {
    assert_eq!(scene().next(), Next::Issue);
}

#[test]
fn without_a_session_the_hinted_page_comes_first() {
    let nobody = || scene().with(|s| s.visitor = Visitor::default());
    assert_eq!(nobody().next(), Next::Login(LoginReason::NoSession));
    assert_eq!(nobody().with(|s| s.checked.request.screen_hint = Some(ScreenHint::Signup)).next(), Next::SignUp);
    assert_eq!(
        scene().with(|s| s.checked.request.screen_hint = Some(ScreenHint::Signup)).next(),
        Next::Issue,
        "§1.8: straight to callback with a session"
    );
}

#[test]
fn ar_05_prompt_none_never_shows_a_page() {
    let silent = || scene().with(|s| s.checked.request.prompt = vec![PromptValue::None]);
    assert_eq!(silent().next(), Next::Issue);
    let login_required = denied("login_required", "Login required");
    assert_eq!(silent().with(|s| s.visitor = Visitor::default()).next(), login_required);
    assert_eq!(silent().with(|s| s.checked.request.max_age = Some(99)).next(), login_required);
    assert_eq!(silent().with(|s| s.client(|c| c.sso_disabled = true)).next(), login_required);
    assert_eq!(
        silent().with(|s| s.client(|c| c.is_first_party = false)).next(),
        denied("consent_required", "Consent required")
    );
}

#[test]
fn ar_05_prompt_login_and_max_age_authenticate_again_once() {
    let login = || scene().with(|s| s.checked.request.prompt = vec![PromptValue::Login]);
    assert_eq!(login().next(), Next::Login(LoginReason::Prompt));
    assert_eq!(login().with(Scene::logged_in_here).next(), Next::Issue);
    for (max_age, expected) in [
        (0, Next::Login(LoginReason::MaxAge)),
        (99, Next::Login(LoginReason::MaxAge)),
        (100, Next::Issue),
        (101, Next::Issue),
    ] {
        assert_eq!(scene().with(|s| s.checked.request.max_age = Some(max_age)).next(), expected, "{max_age}");
    }
    let zero = scene().with(|s| s.checked.request.max_age = Some(0)).with(Scene::logged_in_here);
    assert_eq!(zero.next(), Next::Issue);
}

#[test]
fn ar_05_a_login_of_another_session_does_not_count() {
    let stale = scene()
        .with(|s| s.checked.request.prompt = vec![PromptValue::Login])
        .with(|s| s.progress.login = Some(LoginRecord { user_id: "auth0|1".to_owned(), session_id: "old".to_owned() }));
    assert_eq!(stale.next(), Next::Login(LoginReason::Prompt));
}

#[test]
fn ar_06_a_hint_for_somebody_else() {
    let hinted = || scene().with(|s| s.checked.request.expected_user_id = Some("auth0|2".to_owned()));
    assert_eq!(hinted().next(), Next::Login(LoginReason::AnotherUser));
    let login_required = denied("login_required", "Login required");
    assert_eq!(hinted().with(|s| s.checked.request.prompt = vec![PromptValue::None]).next(), login_required);
    assert_eq!(hinted().with(Scene::logged_in_here).next(), login_required, "the wrong person logged in");
    assert_eq!(scene().with(|s| s.checked.request.expected_user_id = Some("auth0|1".to_owned())).next(), Next::Issue);
}

#[test]
fn a_session_of_a_connection_that_may_not_be_used_needs_a_login() {
    assert_eq!(
        scene().with(|s| s.checked.connections[0].name = "other".to_owned()).next(),
        Next::Login(LoginReason::AnotherConnection)
    );
}

#[test]
fn ar_07_consent_is_skipped_only_for_first_parties_with_verifiable_callbacks() {
    let third_party = scene().with(|s| s.client(|c| c.is_first_party = false));
    assert_eq!(third_party.next(), consent_for("openid profile"));
    let loopback = scene().with(|s| s.checked.request.redirect_uri = "http://localhost:3000/cb".to_owned());
    assert_eq!(loopback.next(), consent_for("openid profile"));
    let also_loopback = scene().with(|s| s.client(|c| c.callbacks.push("http://127.0.0.1/cb".to_owned())));
    assert_eq!(also_loopback.next(), consent_for("openid profile"));
    let private_scheme = scene().with(|s| s.checked.request.redirect_uri = "com.example.app:/cb".to_owned());
    assert_eq!(private_scheme.next(), consent_for("openid profile"));
}

#[test]
fn ar_07_an_api_asks_unless_it_says_otherwise_and_never_for_loopback() {
    let api = |skip: bool| {
        let document = json!({
            "id": "1", "name": "API", "identifier": "api", "scopes": [{ "value": "read" }],
            "skip_consent_for_verifiable_first_party_clients": skip
        });
        let api = serde_json::from_value(document).unwrap();
        Some(Arc::new(keywright_app::ApiRecord { api, signing_secret: None }))
    };
    let asks = |skip| {
        scene().with(|s| {
            s.checked.api = api(skip);
            s.checked.request.scope = ScopeSet::parse("openid read write");
        })
    };
    assert_eq!(asks(false).next(), consent_for("openid read"), "unknown scopes are dropped");
    assert_eq!(asks(true).next(), Next::Issue);
    let loopback = asks(true).with(|s| s.checked.request.redirect_uri = "http://localhost/cb".to_owned());
    assert_eq!(loopback.next(), consent_for("openid read"));
}

#[test]
fn ar_07_an_earlier_grant_or_an_answer_counts_for_its_scopes_and_user() {
    let third_party = || scene().with(|s| s.client(|c| c.is_first_party = false));
    assert_eq!(
        third_party().with(|s| s.visitor.granted = Some(ScopeSet::parse("profile openid x"))).next(),
        Next::Issue
    );
    assert_eq!(
        third_party().with(|s| s.visitor.granted = Some(ScopeSet::parse("openid"))).next(),
        consent_for("openid profile")
    );
    let answered = |user: &str, accepted, scope: &str| {
        let scope = ScopeSet::parse(scope);
        let consent = Some(ConsentDecision { user_id: user.to_owned(), accepted, scope });
        third_party().with(|s| s.progress.consent = consent).next()
    };
    assert_eq!(answered("auth0|1", true, "openid profile"), Next::Issue);
    assert_eq!(answered("auth0|1", true, "openid"), consent_for("openid profile"), "the request grew");
    assert_eq!(answered("auth0|2", true, "openid profile"), consent_for("openid profile"), "somebody else's answer");
    assert_eq!(answered("auth0|2", false, "openid profile"), consent_for("openid profile"));
    assert_eq!(
        answered("auth0|1", false, "openid profile"),
        denied("access_denied", "User did not authorize the request")
    );
}

#[test]
fn prompt_consent_asks_once_in_each_request() {
    let asked = || scene().with(|s| s.checked.request.prompt = vec![PromptValue::Consent]);
    assert_eq!(
        asked().with(|s| s.visitor.granted = Some(ScopeSet::parse("openid profile"))).next(),
        consent_for("openid profile")
    );
    let scope = ScopeSet::parse("openid profile");
    let consent = Some(ConsentDecision { user_id: "auth0|1".to_owned(), accepted: true, scope });
    assert_eq!(asked().with(|s| s.progress.consent = consent).next(), Next::Issue);
}

#[test]
fn a_blocked_user_and_a_refused_step_end_with_an_error() {
    let blocked = scene().with(|s| s.visitor.login.as_mut().unwrap().1.blocked = true);
    assert_eq!(blocked.next(), denied("unauthorized", "user is blocked"));
    let step = Denial { error: "unauthorized".to_owned(), description: "user is blocked".to_owned() };
    assert_eq!(scene().with(|s| s.progress.denial = Some(step)).next(), denied("unauthorized", "user is blocked"));
}

#[test]
fn an_organization_is_asked_for_before_or_after_the_login() {
    use OrganizationRequireBehavior::{PostLoginPrompt, PreLoginPrompt};
    use OrganizationUsage::{Allow, Require};
    let app = |usage, behavior| {
        scene().with(|s| {
            s.client(|c| (c.organization_usage, c.organization_require_behavior) = (usage, behavior));
        })
    };
    let silent = |scene: Scene| scene.with(|s| s.checked.request.prompt = vec![PromptValue::None]);
    let nobody = |scene: Scene| scene.with(|s| s.visitor = Visitor::default());
    let of = |scene: Scene, ids: &[&str]| {
        scene.with(|s| s.visitor.organizations = ids.iter().map(|id| (*id).to_owned()).collect())
    };
    let declined = |scene: Scene| scene.with(|s| s.progress.organization = Some(OrganizationChoice::default()));
    let interaction = denied("interaction_required", "Organization required");
    let login_required = denied("login_required", "Login required");
    for usage in [Allow, Require] {
        assert_eq!(app(usage, PreLoginPrompt).next(), Next::AskForOrganization, "also with a session");
        assert_eq!(nobody(app(usage, PreLoginPrompt)).next(), Next::AskForOrganization);
        assert_eq!(nobody(app(usage, PostLoginPrompt)).next(), Next::Login(LoginReason::NoSession));
        assert_eq!(of(app(usage, PostLoginPrompt), &["a", "b"]).next(), Next::PickOrganization);
    }
    assert_eq!(silent(app(Require, PreLoginPrompt)).next(), interaction);
    assert_eq!(silent(nobody(app(Require, PreLoginPrompt))).next(), login_required);
    assert_eq!(silent(of(app(Require, PostLoginPrompt), &["a", "b"])).next(), interaction);
    assert_eq!(silent(app(Allow, PreLoginPrompt)).next(), Next::Issue);
    assert_eq!(silent(of(app(Allow, PostLoginPrompt), &["a"])).next(), Next::Issue);
    let only = Next::EnterOrganization("a".to_owned());
    assert_eq!(of(app(Require, PostLoginPrompt), &["a"]).next(), only);
    assert_eq!(silent(of(app(Require, PostLoginPrompt), &["a"])).next(), only);
    assert_eq!(of(app(Allow, PostLoginPrompt), &["a"]).next(), Next::PickOrganization, "or none");
    let none = "client requires organization membership, but user does not belong to any organization";
    assert_eq!(app(Require, PostLoginPrompt).next(), denied("invalid_request", none));
    assert_eq!(app(Allow, PostLoginPrompt).next(), Next::Issue);
    assert_eq!(declined(app(Allow, PreLoginPrompt)).next(), Next::Issue);
    assert_eq!(declined(of(app(Allow, PostLoginPrompt), &["a"])).next(), Next::Issue);
    assert_eq!(declined(app(Require, PreLoginPrompt)).next(), Next::AskForOrganization, "it is required by now");
    assert_eq!(
        app(OrganizationUsage::Deny, PreLoginPrompt).next(),
        Next::Issue,
        "where organizations are not for the application, nobody asks"
    );
}

fn scripts(stage: ScriptStage) -> ScriptRecord {
    ScriptRecord { user_id: "auth0|1".to_owned(), session_id: "sid".to_owned(), organization: None, stage }
}

fn interruption() -> Interruption {
    serde_json::from_value(json!({ "url": "https://terms.example/", "by": "Rules" })).unwrap()
}

#[test]
fn sb_05_scripts_run_after_the_login_and_before_everything_else() {
    let scripted = || scene().with(|s| s.scripted = true);
    assert_eq!(scripted().next(), Next::RunScripts);
    let silent = |s: &mut Scene| s.checked.request.prompt = vec![PromptValue::None];
    assert_eq!(scripted().with(silent).next(), Next::RunScripts);
    let nobody = scripted().with(|s| s.visitor = Visitor::default());
    assert_eq!(nobody.next(), Next::Login(LoginReason::NoSession));
    let asked = |s: &mut Scene| s.checked.request.prompt = vec![PromptValue::Consent];
    assert_eq!(scripted().with(asked).next(), Next::RunScripts, "before consent");
    let blocked = scripted().with(|s| s.visitor.login.as_mut().unwrap().1.blocked = true);
    assert_eq!(blocked.next(), denied("unauthorized", "user is blocked"));
}

#[test]
fn sb_05_what_scripts_said_counts_for_this_login_alone() {
    let passed = || ScriptStage::Passed(TokenChanges::default());
    let with = |record: ScriptRecord| {
        scene().with(|s| {
            s.scripted = true;
            s.progress.scripts = Some(record);
        })
    };
    assert_eq!(with(scripts(passed())).next(), Next::Issue);
    let another_user = ScriptRecord { user_id: "auth0|2".to_owned(), ..scripts(passed()) };
    let another_session = ScriptRecord { session_id: "other".to_owned(), ..scripts(passed()) };
    let another_organization = ScriptRecord { organization: Some("org_1".to_owned()), ..scripts(passed()) };
    for record in [another_user, another_session, another_organization] {
        assert_eq!(with(record.clone()).next(), Next::RunScripts, "{record:?}");
    }
}

#[test]
fn r_2_10_whoever_was_sent_away_stays_away_until_they_are_back() {
    let away = || {
        scene().with(|s| {
            s.scripted = true;
            s.progress.scripts = Some(scripts(ScriptStage::Away(Box::new(interruption()))));
        })
    };
    assert_eq!(away().next(), Next::SendAway(Box::new(interruption())));
    let silent = away().with(|s| s.checked.request.prompt = vec![PromptValue::None]);
    assert_eq!(silent.next(), denied("interaction_required", "The scripts of this login want to redirect the user"));
    let removed = away().with(|s| s.scripted = false);
    assert_eq!(removed.next(), Next::Issue, "there is nobody any more who wants them to be somewhere");
}
