//! `/u/login`: identifier and password on one page.

use askama::Template;
use keywright_web::page::{Forms, ImageUrl, Page, Sample, Shell, fill};

use super::{ApplicationInfo, FormKeys};
use crate::texts::{self, LoginTexts};

/// What users of the connection are known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identifier {
    /// The e-mail address.
    Email,
    /// The e-mail address, or the username.
    EmailOrUsername,
}

/// Why the page is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoginProblem {
    /// No such user, or not their password; nothing tells which (LG-03).
    WrongCredentials,
    /// Too many failures with this account from here (§7.7 `user-blocked`).
    AccountBlocked,
    /// Too many failures from this address (§7.7 `ip-blocked`).
    AddressBlocked,
    /// The password is right, but known to the public.
    PasswordLeaked,
    /// The identifier is missing.
    NoIdentifier,
    /// The password is missing.
    NoPassword,
    /// The account was logged in to, or tried, too often from this address (§7.7 `same-user-login`).
    TooManyLogins,
}

/// The login page.
#[derive(Clone, Debug, Template)]
#[template(path = "login.html")]
pub(crate) struct LoginPage {
    pub(crate) shell: Shell,
    pub(crate) keys: FormKeys,
    pub(crate) application: ApplicationInfo,
    pub(crate) identifier: Identifier,
    /// Prefilled: the `login_hint`, or what was entered before.
    pub(crate) username: String,
    pub(crate) problem: Option<LoginProblem>,
    /// Whether the public may sign up.
    pub(crate) signup_allowed: bool,
    /// Whether users may ask for a link to set another password.
    pub(crate) reset_allowed: bool,
}

impl LoginPage {
    fn texts(&self) -> &LoginTexts {
        texts::login(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &[("clientName", &self.application.name), ("companyName", &self.shell.branding.company)])
    }

    fn identifier_label(&self) -> &str {
        match self.identifier {
            Identifier::Email => &self.texts().email_placeholder,
            Identifier::EmailOrUsername => &self.texts().username_placeholder,
        }
    }

    /// The error that concerns the whole form.
    fn alert(&self) -> Option<&str> {
        let texts = self.texts();
        match (self.problem?, self.identifier) {
            (LoginProblem::WrongCredentials, Identifier::Email) => Some(&texts.wrong_email_credentials),
            (LoginProblem::WrongCredentials, Identifier::EmailOrUsername) => Some(&texts.wrong_credentials),
            (LoginProblem::TooManyLogins, _) => Some(&texts.same_user_login),
            (LoginProblem::AccountBlocked, _) => Some(&texts.user_blocked),
            (LoginProblem::AddressBlocked, _) => Some(&texts.ip_blocked),
            (LoginProblem::PasswordLeaked, _) => Some(&texts.password_breached),
            (LoginProblem::NoIdentifier | LoginProblem::NoPassword, _) => None,
        }
    }

    fn identifier_error(&self) -> Option<&str> {
        let texts = self.texts();
        (self.problem == Some(LoginProblem::NoIdentifier)).then_some(match self.identifier {
            Identifier::Email => &texts.no_email,
            Identifier::EmailOrUsername => &texts.no_username,
        })
    }

    fn password_error(&self) -> Option<&str> {
        (self.problem == Some(LoginProblem::NoPassword)).then_some(&self.texts().no_password)
    }

    /// Which field the user most likely goes on with.
    fn starts_at_password(&self) -> bool {
        !self.username.is_empty()
    }
}

impl Page for LoginPage {
    const NAME: &'static str = "login";
    const FORMS: Forms = Forms::LeadAway;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn images(&self) -> Vec<&ImageUrl> {
        self.shell.branding.logo.iter().chain(&self.application.logo).collect()
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        let empty = Self {
            shell: sample.shell.clone(),
            keys: FormKeys::sample(sample),
            application: ApplicationInfo::sample(sample),
            identifier: Identifier::Email,
            username: String::new(),
            problem: None,
            signup_allowed: true,
            reset_allowed: true,
        };
        let filled = Self { username: sample.text("jane@example.com"), ..empty.clone() };
        vec![
            ("hint", Self { signup_allowed: false, reset_allowed: false, ..filled.clone() }),
            ("wrong-credentials", Self { problem: Some(LoginProblem::WrongCredentials), ..filled.clone() }),
            ("too-many-logins", Self { problem: Some(LoginProblem::TooManyLogins), ..filled.clone() }),
            ("user-blocked", Self { problem: Some(LoginProblem::AccountBlocked), ..filled.clone() }),
            ("ip-blocked", Self { problem: Some(LoginProblem::AddressBlocked), ..filled.clone() }),
            ("password-breached", Self { problem: Some(LoginProblem::PasswordLeaked), ..filled.clone() }),
            ("no-password", Self { problem: Some(LoginProblem::NoPassword), ..filled.clone() }),
            (
                "wrong-username",
                Self {
                    identifier: Identifier::EmailOrUsername,
                    problem: Some(LoginProblem::WrongCredentials),
                    ..filled
                },
            ),
            (
                "no-identifier",
                Self {
                    identifier: Identifier::EmailOrUsername,
                    problem: Some(LoginProblem::NoIdentifier),
                    ..empty.clone()
                },
            ),
            ("application", Self { application: ApplicationInfo::complete_sample(sample), ..empty.clone() }),
            ("empty", empty),
        ]
    }
}
