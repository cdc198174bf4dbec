//! `/activate`: a code is entered, a device is confirmed, and what became of it (§5.4, prompt `device-flow`).

use askama::Template;
use keywright_types::ScopeSet;
use keywright_web::page::{Forms, ImageUrl, Page, Sample, Shell, Span, fill, spans};

use super::result::result_pages;
use super::scope_lines::{ScopeLine, scope_lines};
use super::{ApplicationInfo, FormKeys};
use crate::texts::{self, ActivationTexts, ConfirmationTexts};

/// Why the form is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ActivationProblem {
    /// Nothing was entered.
    NoCode,
    /// It cannot be a code.
    InvalidCode,
    /// No device waits under it.
    UnknownCode,
    /// Too many wrong ones.
    TooManyCodes,
}

/// Asks for the code that the device shows.
#[derive(Clone, Debug, Template)]
#[template(path = "device_activation.html")]
pub(crate) struct ActivationPage {
    pub(crate) shell: Shell,
    pub(crate) keys: FormKeys,
    /// What was entered, or came with the address.
    pub(crate) user_code: String,
    pub(crate) problem: Option<ActivationProblem>,
}

impl ActivationPage {
    fn texts(&self) -> &ActivationTexts {
        texts::activation(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &[("companyName", &self.shell.branding.company)])
    }

    /// The error that concerns more than the field.
    fn alert(&self) -> Option<&str> {
        (self.problem? == ActivationProblem::TooManyCodes).then_some(self.texts().too_many_codes.as_str())
    }

    fn error(&self) -> Option<&str> {
        match self.problem? {
            ActivationProblem::NoCode => Some(&self.texts().no_code),
            ActivationProblem::InvalidCode => Some(&self.texts().invalid_code),
            ActivationProblem::UnknownCode => Some(&self.texts().invalid_expired_code),
            ActivationProblem::TooManyCodes => None,
        }
    }
}

impl Page for ActivationPage {
    const NAME: &'static str = "device-code-activation";
    const FORMS: Forms = Forms::LeadAway;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        let empty = Self {
            shell: sample.shell.clone(),
            keys: FormKeys::sample(sample),
            user_code: String::new(),
            problem: None,
        };
        let filled = Self { user_code: sample.text("QTZL-MCBW"), ..empty.clone() };
        let with = |problem| Self { problem: Some(problem), ..filled.clone() };
        vec![
            ("empty", empty.clone()),
            ("filled", filled.clone()),
            ("no-code", Self { problem: Some(ActivationProblem::NoCode), ..empty }),
            ("invalid", with(ActivationProblem::InvalidCode)),
            ("unknown", with(ActivationProblem::UnknownCode)),
            ("too-many", with(ActivationProblem::TooManyCodes)),
        ]
    }
}

/// Where the device is, as far as its address tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the network of whoever looks at the page.
    Here(String),
    /// In another one. Often so for honest people, with a phone and a television; always so for those who were sent a code.
    Elsewhere(String),
    /// Nobody knows.
    Unknown,
}

/// Asks whether it is the right device, before anything else happens.
///
/// What the device says about itself (its user agent) is not on it: a stranger could write there whatever he liked.
#[derive(Clone, Debug, Template)]
#[template(path = "device_confirmation.html")]
pub(crate) struct ConfirmationPage {
    pub(crate) shell: Shell,
    pub(crate) keys: FormKeys,
    /// Proof of what was asked; the answer brings it back.
    pub(crate) asked: String,
    pub(crate) application: ApplicationInfo,
    /// As it stands on the device.
    pub(crate) user_code: String,
    pub(crate) place: Place,
    /// Since the device asked.
    pub(crate) minutes: i64,
    pub(crate) scopes: Vec<ScopeLine>,
    /// Who is logged in in this browser.
    pub(crate) account: Option<String>,
}

impl ConfirmationPage {
    fn texts(&self) -> &ConfirmationTexts {
        texts::confirmation(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &self.values())
    }

    fn description(&self) -> Vec<Span> {
        spans(&self.texts().description, &self.values())
    }

    fn values(&self) -> [(&str, &str); 3] {
        [
            ("clientName", &self.application.name),
            ("companyName", &self.shell.branding.company),
            ("account", self.account.as_deref().unwrap_or_default()),
        ]
    }

    fn place_text(&self) -> String {
        match &self.place {
            Place::Here(address) => fill(&self.texts().place_here, &[("address", address)]),
            Place::Elsewhere(address) => fill(&self.texts().place_elsewhere, &[("address", address)]),
            Place::Unknown => self.texts().place_unknown.clone(),
        }
    }

    fn time_text(&self) -> String {
        match self.minutes {
            ..=0 => self.texts().time_just_now.clone(),
            minutes => fill(&self.texts().time_minutes_ago, &[("minutes", &minutes.to_string())]),
        }
    }
}

impl Page for ConfirmationPage {
    const NAME: &'static str = "device-code-confirmation";
    const FORMS: Forms = Forms::LeadAway;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn images(&self) -> Vec<&ImageUrl> {
        self.shell.branding.logo.iter().chain(&self.application.logo).collect()
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        let lines = |scopes: &str| {
            let lines = scope_lines(&ScopeSet::parse(scopes), None, texts::consent(&sample.shell)).into_iter();
            let or_empty = |text: String| if text.is_empty() { text } else { sample.text(&text) };
            lines
                .map(|line| ScopeLine { title: sample.text(&line.title), description: or_empty(line.description) })
                .collect()
        };
        let here = Self {
            shell: sample.shell.clone(),
            keys: FormKeys::sample(sample),
            asked: sample.text("asked"),
            application: ApplicationInfo::sample(sample),
            user_code: sample.text("QTZL-MCBW"),
            place: Place::Here(sample.text("198.51.100.7")),
            minutes: 0,
            scopes: lines("openid profile"),
            account: None,
        };
        let elsewhere = Self {
            application: ApplicationInfo::complete_sample(sample),
            user_code: sample.text("WWWW-WWWW-WWWW-WWWW"),
            place: Place::Elsewhere(sample.text("2001:db8:85a3:1234:5678:8a2e:370:7334")),
            minutes: 14,
            scopes: lines("openid profile email appointments read:contacts offline_access"),
            account: Some(sample.text("jane@example.com")),
            ..here.clone()
        };
        let bare = Self { place: Place::Unknown, scopes: Vec::new(), ..here.clone() };
        vec![("here", here), ("elsewhere", elsewhere), ("bare", bare)]
    }
}

result_pages! {
    /// The device may go on.
    DeviceAllowedPage is "device-code-activation-allowed" with device_allowed;
    /// It may not.
    DeviceDeniedPage is "device-code-activation-denied" with device_denied;
}
