//! The one place that names the next step of a login (architecture §3).
//!
//! A pure function of the checked request, the visitor and what the steps so far recorded. What `prompt=none` may do
//! and when consent can be skipped has one answer, here.

use jiff::Timestamp;
use keywright_app::{Denial, Interruption, Membership, Progress, PromptValue, ScreenHint, Session};
use keywright_types::{OrganizationRequireBehavior, OrganizationUsage, ScopeSet};

use super::checks::CheckedRequest;
use super::consent;
use super::denial::denial;
use super::organization::is_no_member;
use super::scripts::Standing;
use super::session::Visitor;

/// Everything a decision depends on.
pub(super) struct Situation<'a> {
    pub(super) checked: &'a CheckedRequest,
    pub(super) visitor: &'a Visitor,
    pub(super) progress: &'a Progress,
    /// Whether the tenant has Rules or Actions for logins.
    pub(super) scripted: bool,
    pub(super) now: Timestamp,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The page that asks for the organization before the login.
    AskForOrganization,
    /// The page on which the user chooses one of their organizations.
    PickOrganization,
    /// The only organization that there is to choose: go on in it.
    EnterOrganization(String),
    /// The login page, with the reason for the log.
    Login(LoginReason),
    /// The sign-up page.
    SignUp,
    /// Rules and Actions, which have not run for this login.
    RunScripts,
    /// Where they sent the user.
    SendAway(Box<Interruption>),
    /// The consent page, for these scopes.
    Consent { scope: ScopeSet },
    /// The answer that was asked for.
    Issue,
    /// An error for the application.
    Deny(Denial),
}

/// Why the user has to authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoginReason {
    /// Nobody is signed in.
    NoSession,
    /// `prompt=login` or `prompt=select_account`.
    Prompt,
    /// The last authentication is too long ago.
    MaxAge,
    /// `id_token_hint` names somebody else.
    AnotherUser,
    /// The session's connection is not one this request may use.
    AnotherConnection,
    /// The session's user does not belong to the organization.
    NotAMember,
    /// The application ignores sessions.
    SsoDisabled,
}

/// The next step.
pub(super) fn decide(situation: &Situation<'_>) -> Next {
    let request = &situation.checked.request;
    if let Some(denial) = &situation.progress.denial {
        return Next::Deny(denial.clone());
    }
    let silent = request.prompts(PromptValue::None);
    let asked = organization_asked(situation, silent);
    if asked == OrganizationRequireBehavior::PreLoginPrompt {
        return match &situation.visitor.login {
            _ if !silent => Next::AskForOrganization,
            None => Next::Deny(denial("login_required", "Login required")),
            Some(_) => Next::Deny(no_silent_choice()),
        };
    }
    let session = match authenticated(situation) {
        Ok(session) => session,
        // §1.8: `prompt=none` without a usable session. AR-05: it never shows a page.
        Err(_) if silent => return Next::Deny(denial("login_required", "Login required")),
        Err(LoginReason::AnotherUser) if logged_in_here(situation).is_some() => {
            return Next::Deny(denial("login_required", "Login required"));
        }
        // §8.1: the answer to somebody who logged in for this request and is no member.
        Err(LoginReason::NotAMember) if logged_in_here(situation).is_some() => return Next::Deny(no_member(situation)),
        Err(_) if request.screen_hint == Some(ScreenHint::Signup) => return Next::SignUp,
        Err(reason) => return Next::Login(reason),
    };
    if asked == OrganizationRequireBehavior::PostLoginPrompt
        && let Some(next) = choice(situation, silent)
    {
        return next.unless_blocked(situation);
    }
    // R §1: "Rules → post-login Actions → […] → consent → tokens signed".
    match Standing::of(situation.scripted, situation.progress, session, request.organization.as_deref()) {
        Standing::Due => return Next::RunScripts.unless_blocked(situation),
        Standing::Away(_) if silent => return Next::Deny(no_silent_redirect()).unless_blocked(situation),
        Standing::Away(interruption) => {
            return Next::SendAway(Box::new(interruption.clone())).unless_blocked(situation);
        }
        Standing::None | Standing::Passed(_) => {}
    }
    match consent(situation, session) {
        Consent::Given => Next::Issue,
        Consent::Declined => Next::Deny(denial("access_denied", "User did not authorize the request")),
        Consent::Needed(_) if silent => Next::Deny(denial("consent_required", "Consent required")),
        Consent::Needed(scope) => Next::Consent { scope },
    }
    .unless_blocked(situation)
}

/// Which page still has to ask for the organization (§8.1).
fn organization_asked(situation: &Situation<'_>, silent: bool) -> OrganizationRequireBehavior {
    let client = &situation.checked.client.client;
    // Where the application allows a login without an organization, that is what a user has said on the page, or what a
    // request is taken for that must not show one.
    let declined = situation.progress.organization.as_ref().is_some_and(|choice| choice.organization.is_none());
    let without = client.organization_usage == OrganizationUsage::Allow;
    if situation.checked.organization.is_some() || (without && (declined || silent)) {
        return OrganizationRequireBehavior::NoPrompt;
    }
    client.organization_prompt()
}

/// What comes of the user's organizations after the login; `None` to go on without one.
fn choice(situation: &Situation<'_>, silent: bool) -> Option<Next> {
    let required = situation.checked.client.client.organization_usage == OrganizationUsage::Require;
    match situation.visitor.organizations.as_slice() {
        [] if required => {
            let text = "client requires organization membership, but user does not belong to any organization";
            Some(Next::Deny(denial("invalid_request", text)))
        }
        [] => None,
        [only] if required => Some(Next::EnterOrganization(only.clone())),
        _ if silent => Some(Next::Deny(no_silent_choice())),
        _ => Some(Next::PickOrganization),
    }
}

/// OpenID Connect Core §3.1.2.6, `interaction_required`: "cannot be completed without displaying a user interface for End-User
/// interaction".
fn no_silent_choice() -> Denial {
    denial("interaction_required", "Organization required")
}

/// The same for scripts that send the user elsewhere (R §2.10 (6)).
fn no_silent_redirect() -> Denial {
    denial("interaction_required", "The scripts of this login want to redirect the user")
}

impl Next {
    /// A blocked user gets nothing, whatever was decided (§4.6 "unusable").
    fn unless_blocked(self, situation: &Situation<'_>) -> Self {
        match &situation.visitor.login {
            Some((_, user)) if user.blocked => Self::Deny(denial("unauthorized", "user is blocked")),
            _ => self,
        }
    }
}

/// The session that counts for this request, or why the user has to authenticate.
fn authenticated<'a>(situation: &'a Situation<'_>) -> Result<&'a Session, LoginReason> {
    let checked = situation.checked;
    let request = &checked.request;
    let Some((session, user)) = &situation.visitor.login else { return Err(LoginReason::NoSession) };
    if !checked.connections.iter().any(|connection| connection.name == session.connection) {
        return Err(LoginReason::AnotherConnection);
    }
    if request.expected_user_id.as_ref().is_some_and(|expected| *expected != user.user_id) {
        return Err(LoginReason::AnotherUser);
    }
    if situation.visitor.membership == Some(Membership::Stranger) {
        return Err(LoginReason::NotAMember);
    }
    // Somebody who has just authenticated for this request is not asked again.
    if logged_in_here(situation).is_some() {
        return Ok(session);
    }
    if request.prompts(PromptValue::Login) || request.prompts(PromptValue::SelectAccount) {
        return Err(LoginReason::Prompt);
    }
    // OpenID Connect Core §3.1.2.1: "If the elapsed time is greater than this value, the OP MUST attempt to actively
    // re-authenticate the End-User." §1.1: `0` behaves as `prompt=login`.
    let age = situation.now.as_second() - session.authenticated_at.as_second();
    if request.max_age.is_some_and(|longest| longest == 0 || age > longest) {
        return Err(LoginReason::MaxAge);
    }
    if checked.client.client.sso_disabled {
        return Err(LoginReason::SsoDisabled);
    }
    Ok(session)
}

/// §8.1: for somebody who logged in and is no member.
fn no_member(situation: &Situation<'_>) -> Denial {
    let user = situation.visitor.login.as_ref().map(|(_, user)| user.user_id.as_str()).unwrap_or_default();
    let organization = situation.checked.request.organization.as_deref().unwrap_or_default();
    denial("access_denied", is_no_member(user, organization))
}

/// The session that began in this transaction, while it is the browser's session.
fn logged_in_here<'a>(situation: &'a Situation<'_>) -> Option<&'a Session> {
    let (session, _) = situation.visitor.login.as_ref()?;
    let login = situation.progress.login.as_ref()?;
    (login.session_id == session.session_id && login.user_id == session.user_id).then_some(session)
}

enum Consent {
    Given,
    Declined,
    Needed(ScopeSet),
}

fn consent(situation: &Situation<'_>, session: &Session) -> Consent {
    let checked = situation.checked;
    let (request, client) = (&checked.request, &checked.client.client);
    let api = checked.api.as_ref().map(|record| &record.api);
    let wanted = checked.effective_scopes(situation.visitor);
    // An answer counts for the user who gave it and for the scopes that were on the page (AR-07).
    let answer = situation.progress.consent.as_ref().filter(|answer| answer.user_id == session.user_id);
    match answer {
        Some(answer) if !answer.accepted => return Consent::Declined,
        Some(answer) if answer.scope.covers(&wanted) => return Consent::Given,
        _ => {}
    }
    if request.prompts(PromptValue::Consent) {
        return Consent::Needed(wanted);
    }
    let covered = consent::is_covered(situation.visitor.granted.as_ref(), &wanted);
    if covered || consent::may_be_skipped(client, &request.redirect_uri, api) {
        return Consent::Given;
    }
    Consent::Needed(wanted)
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
