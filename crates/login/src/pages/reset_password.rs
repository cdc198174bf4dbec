//! `/u/reset-password/request` and `/u/reset-password` (§7.7, prompt `reset-password`).

use askama::Template;
use keywright_web::page::{Forms, ImageUrl, Page, Sample, Shell, fill};

use super::result::{continued_pages, result_pages};
use super::{ApplicationInfo, FormKeys, Identifier, PasswordProblem, RuleLine, RuleState, sample_rules};
use crate::texts::{self, ResetPasswordRequestTexts, ResetPasswordTexts};

/// Why the page of the request is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResetRequestProblem {
    /// The field is empty.
    NoIdentifier,
    /// Too many links were asked for.
    TooMany,
}

/// Whose password it is. What comes after it is the same for every answer (LG-03).
#[derive(Clone, Debug, Template)]
#[template(path = "reset_password_request.html")]
pub(crate) struct ResetPasswordRequestPage {
    pub(crate) shell: Shell,
    pub(crate) keys: FormKeys,
    pub(crate) application: ApplicationInfo,
    pub(crate) identifier: Identifier,
    /// Prefilled: the `login_hint`, or what was entered before.
    pub(crate) username: String,
    pub(crate) problem: Option<ResetRequestProblem>,
}

impl ResetPasswordRequestPage {
    fn texts(&self) -> &ResetPasswordRequestTexts {
        texts::reset_password_request(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &[("clientName", &self.application.name), ("companyName", &self.shell.branding.company)])
    }

    fn description(&self) -> &str {
        match self.identifier {
            Identifier::Email => &self.texts().description_email,
            Identifier::EmailOrUsername => &self.texts().description_username,
        }
    }

    fn identifier_label(&self) -> &str {
        let texts = texts::login(&self.shell);
        match self.identifier {
            Identifier::Email => &texts.email_placeholder,
            Identifier::EmailOrUsername => &texts.username_placeholder,
        }
    }

    /// The error that concerns the whole form.
    fn alert(&self) -> Option<&str> {
        (self.problem == Some(ResetRequestProblem::TooMany)).then_some(&self.texts().too_many)
    }

    fn identifier_error(&self) -> Option<&str> {
        (self.problem == Some(ResetRequestProblem::NoIdentifier)).then_some(match self.identifier {
            Identifier::Email => &self.texts().no_email,
            Identifier::EmailOrUsername => &self.texts().no_username,
        })
    }
}

impl Page for ResetPasswordRequestPage {
    const NAME: &'static str = "reset-password-request";
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
            application: ApplicationInfo::complete_sample(sample),
            identifier: Identifier::Email,
            username: String::new(),
            problem: None,
        };
        let filled = Self { username: sample.text("jane@example.com"), ..empty.clone() };
        let username = Self { identifier: Identifier::EmailOrUsername, ..empty.clone() };
        vec![
            ("filled", filled.clone()),
            ("too-many", Self { problem: Some(ResetRequestProblem::TooMany), ..filled }),
            ("no-email", Self { problem: Some(ResetRequestProblem::NoIdentifier), ..empty.clone() }),
            ("no-username", Self { problem: Some(ResetRequestProblem::NoIdentifier), ..username }),
            ("empty", empty),
        ]
    }
}

/// Why the form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResetPasswordProblem {
    /// The password is missing.
    NoPassword,
    /// The password is not taken.
    Password(PasswordProblem),
    /// The second one is another one.
    NoMatch,
}

/// The new password.
#[derive(Clone, Debug, Template)]
#[template(path = "reset_password.html")]
pub(crate) struct ResetPasswordPage {
    pub(crate) shell: Shell,
    /// `state` is the ticket.
    pub(crate) keys: FormKeys,
    /// Address of the account; empty where it has none.
    pub(crate) account: String,
    pub(crate) rules: Vec<RuleLine>,
    pub(crate) problem: Option<ResetPasswordProblem>,
}

impl ResetPasswordPage {
    fn texts(&self) -> &ResetPasswordTexts {
        texts::reset_password(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &[("email", &self.account), ("companyName", &self.shell.branding.company)])
    }

    fn password_error(&self) -> Option<&str> {
        match self.problem? {
            ResetPasswordProblem::NoPassword => Some(&self.texts().no_password),
            ResetPasswordProblem::Password(problem) => Some(match problem {
                PasswordProblem::TooWeak => &self.texts().password_too_weak,
                PasswordProblem::TooCommon => &self.texts().password_too_common,
                PasswordProblem::ContainsUserInformation => &self.texts().password_contains_user_information,
                PasswordProblem::UsedBefore => &self.texts().password_previously_used,
            }),
            ResetPasswordProblem::NoMatch => None,
        }
    }

    fn repetition_error(&self) -> Option<&str> {
        (self.problem == Some(ResetPasswordProblem::NoMatch)).then_some(&self.texts().no_match)
    }
}

impl Page for ResetPasswordPage {
    const NAME: &'static str = "reset-password";
    const FORMS: Forms = Forms::LeadAway;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        let empty = Self {
            shell: sample.shell.clone(),
            keys: FormKeys::sample(sample),
            account: sample.text("jane@example.com"),
            rules: sample_rules(sample, false),
            problem: None,
        };
        let password = |problem| Some(ResetPasswordProblem::Password(problem));
        vec![
            ("used-before", Self { problem: password(PasswordProblem::UsedBefore), ..empty.clone() }),
            (
                "weak",
                Self {
                    problem: password(PasswordProblem::TooWeak),
                    rules: sample_rules(sample, true),
                    ..empty.clone()
                },
            ),
            ("no-password", Self { problem: Some(ResetPasswordProblem::NoPassword), ..empty.clone() }),
            ("no-match", Self { problem: Some(ResetPasswordProblem::NoMatch), ..empty.clone() }),
            ("no-address", Self { account: String::new(), ..empty.clone() }),
            ("empty", empty),
        ]
    }
}

result_pages! {
    /// A mail was sent, or would have been.
    ResetPasswordEmailPage is "reset-password-email" with reset_password_email;
    /// The link is not good (any more).
    ResetPasswordErrorPage is "reset-password-error" with reset_password_error;
}

continued_pages! {
    /// The password is another one now.
    ResetPasswordSuccessPage is "reset-password-success" with reset_password_success;
}
