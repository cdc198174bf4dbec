//! `/u/signup`: a new user of a database connection.

use askama::Template;
use keywright_web::page::{Forms, Page, Sample, Shell, fill};

use super::{ApplicationInfo, FormKeys, PasswordProblem, RuleLine, RuleState, sample_rules};
use crate::texts::{self, SignupTexts};

/// Why the page is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignupProblem {
    /// The address is missing.
    NoEmail,
    /// The address is not one.
    InvalidEmail,
    /// The username is missing.
    NoUsername,
    /// The username is not one.
    InvalidUsername,
    /// The password is missing.
    NoPassword,
    /// The password is not taken.
    Password(PasswordProblem),
    /// The password is known to the public.
    PasswordLeaked,
    /// Too many sign-ups from this address (§7.7 `ip-signup-blocked`).
    AddressBlocked,
    /// The account exists, and the tenant lets the page say so.
    UserExists,
    /// The account was not created, and the page does not say why (§7.1, "deliberately generic").
    Refused,
}

/// The sign-up page.
#[derive(Clone, Debug, Template)]
#[template(path = "signup.html")]
pub(crate) struct SignupPage {
    pub(crate) shell: Shell,
    pub(crate) keys: FormKeys,
    pub(crate) application: ApplicationInfo,
    pub(crate) email: String,
    /// `None` when the connection's users have no usernames.
    pub(crate) username: Option<String>,
    pub(crate) rules: Vec<RuleLine>,
    pub(crate) problem: Option<SignupProblem>,
    /// What an Action says in the place of the problem.
    pub(crate) message: Option<String>,
}

impl SignupPage {
    fn texts(&self) -> &SignupTexts {
        texts::signup(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &[("clientName", &self.application.name), ("companyName", &self.shell.branding.company)])
    }

    /// The error that concerns the whole form.
    fn alert(&self) -> Option<&str> {
        if let Some(message) = &self.message {
            return Some(message);
        }
        match self.problem? {
            SignupProblem::UserExists => Some(&self.texts().email_in_use),
            SignupProblem::Refused => Some(&self.texts().users_validation),
            SignupProblem::AddressBlocked => Some(&self.texts().ip_signup_blocked),
            _ => None,
        }
    }

    fn email_error(&self) -> Option<&str> {
        match self.problem? {
            SignupProblem::NoEmail => Some(&self.texts().no_email),
            SignupProblem::InvalidEmail => Some(&self.texts().invalid_email_format),
            _ => None,
        }
    }

    fn username_error(&self) -> Option<&str> {
        match self.problem? {
            SignupProblem::NoUsername => Some(&self.texts().no_username),
            SignupProblem::InvalidUsername => Some(&self.texts().invalid_username),
            _ => None,
        }
    }

    fn password_error(&self) -> Option<&str> {
        match self.problem? {
            SignupProblem::NoPassword => Some(&self.texts().no_password),
            SignupProblem::Password(problem) => Some(match problem {
                PasswordProblem::TooWeak => &self.texts().password_too_weak,
                PasswordProblem::TooCommon => &self.texts().password_too_common,
                PasswordProblem::ContainsUserInformation => &self.texts().password_contains_user_information,
                PasswordProblem::UsedBefore => &self.texts().password_previously_used,
            }),
            SignupProblem::PasswordLeaked => Some(&self.texts().password_breached),
            _ => None,
        }
    }

    fn starts_at_email(&self) -> bool {
        !self.starts_at_username() && !self.starts_at_password()
    }

    fn starts_at_username(&self) -> bool {
        self.username_error().is_some()
    }

    fn starts_at_password(&self) -> bool {
        self.password_error().is_some()
    }
}

impl Page for SignupPage {
    const NAME: &'static str = "signup";
    const FORMS: Forms = Forms::LeadAway;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        let empty = Self {
            shell: sample.shell.clone(),
            keys: FormKeys::sample(sample),
            application: ApplicationInfo::sample(sample),
            email: String::new(),
            username: None,
            rules: sample_rules(sample, false),
            problem: None,
            message: None,
        };
        let filled = Self { email: sample.text("jane@example.com"), ..empty.clone() };
        let weak = SignupProblem::Password(PasswordProblem::TooWeak);
        let mut samples = vec![
            ("weak-password", Self { problem: Some(weak), rules: sample_rules(sample, true), ..filled.clone() }),
            ("username", Self { username: Some(sample.text("jane")), ..filled.clone() }),
        ];
        for (state, problem) in [
            ("no-email", SignupProblem::NoEmail),
            ("invalid-email", SignupProblem::InvalidEmail),
            ("no-password", SignupProblem::NoPassword),
            ("user-exists", SignupProblem::UserExists),
            ("refused", SignupProblem::Refused),
            ("ip-signup-blocked", SignupProblem::AddressBlocked),
            ("password-breached", SignupProblem::PasswordLeaked),
            ("password-common", SignupProblem::Password(PasswordProblem::TooCommon)),
            ("password-personal", SignupProblem::Password(PasswordProblem::ContainsUserInformation)),
        ] {
            samples.push((state, Self { problem: Some(problem), ..filled.clone() }));
        }
        for (state, problem) in
            [("no-username", SignupProblem::NoUsername), ("invalid-username", SignupProblem::InvalidUsername)]
        {
            let username = Some(sample.text("jane doe"));
            samples.push((state, Self { problem: Some(problem), username, ..filled.clone() }));
        }
        let message = Some(sample.text("Sign-ups are open to members only"));
        samples.push(("action", Self { problem: Some(SignupProblem::Refused), message, ..filled }));
        samples.push(("empty", empty));
        samples
    }
}
