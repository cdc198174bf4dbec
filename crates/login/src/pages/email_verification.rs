//! `/u/email-verification` (§7.7, prompt `email-verification`).

use askama::Template;
use keywright_web::page::{Forms, Page, Sample, Shell, fill};

use super::{Continuation, FormKeys};
use crate::texts::{self, ContinuedTexts, ResultTexts, UnblockTexts};

/// The question. Opening the link changes nothing, because mail scanners open links too: what they open would prove the address
/// of whoever did not sign up.
#[derive(Clone, Debug, Template)]
#[template(path = "email_verification.html")]
pub(crate) struct EmailVerificationPage {
    pub(crate) shell: Shell,
    /// `state` is the ticket.
    pub(crate) keys: FormKeys,
    /// The address.
    pub(crate) email: String,
}

impl EmailVerificationPage {
    fn texts(&self) -> &UnblockTexts {
        texts::email_verification(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &[("email", &self.email), ("companyName", &self.shell.branding.company)])
    }
}

impl Page for EmailVerificationPage {
    const NAME: &'static str = "email-verification";
    const FORMS: Forms = Forms::LeadAway;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        let email = sample.text("jane@example.com");
        vec![("plain", Self { shell: sample.shell.clone(), keys: FormKeys::sample(sample), email })]
    }
}

/// The address is proven.
#[derive(Clone, Debug, Template)]
#[template(path = "continued.html")]
pub(crate) struct EmailVerificationSuccessPage {
    pub(crate) shell: Shell,
    pub(crate) continuation: Option<Continuation>,
}

/// The link is not good (any more).
#[derive(Clone, Debug, Template)]
#[template(path = "logout_result.html")]
pub(crate) struct EmailVerificationFailurePage {
    pub(crate) shell: Shell,
}

/// There is nothing to prove.
#[derive(Clone, Debug, Template)]
#[template(path = "logout_result.html")]
pub(crate) struct EmailAlreadyVerifiedPage {
    pub(crate) shell: Shell,
}

impl EmailVerificationSuccessPage {
    fn texts(&self) -> &ContinuedTexts {
        texts::email_verification_success(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        let client = self.continuation.as_ref().map_or("", |next| next.name.as_str());
        fill(template, &[("clientName", client), ("companyName", &self.shell.branding.company)])
    }
}

impl EmailVerificationFailurePage {
    fn texts(&self) -> &ResultTexts {
        texts::email_verification_failure(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &[("companyName", &self.shell.branding.company)])
    }
}

impl EmailAlreadyVerifiedPage {
    fn texts(&self) -> &ResultTexts {
        texts::email_verification_already(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &[("companyName", &self.shell.branding.company)])
    }
}

impl Page for EmailVerificationSuccessPage {
    const NAME: &'static str = "email-verification-success";
    const FORMS: Forms = Forms::None;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        let plain = Self { shell: sample.shell.clone(), continuation: None };
        vec![("application", Self { continuation: Continuation::sample(sample), ..plain.clone() }), ("plain", plain)]
    }
}

impl Page for EmailVerificationFailurePage {
    const NAME: &'static str = "email-verification-failure";
    const FORMS: Forms = Forms::None;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        vec![("plain", Self { shell: sample.shell.clone() })]
    }
}

impl Page for EmailAlreadyVerifiedPage {
    const NAME: &'static str = "email-verification-already";
    const FORMS: Forms = Forms::None;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        vec![("plain", Self { shell: sample.shell.clone() })]
    }
}
