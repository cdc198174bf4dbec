//! `/u/email-verification` (§7.7, prompt `email-verification`).

use askama::Template;
use keywright_web::page::{Forms, Page, Sample, Shell, fill};

use super::FormKeys;
use super::result::{continued_pages, result_pages};
use crate::texts::{self, UnblockTexts};

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

result_pages! {
    /// The link is not good (any more).
    EmailVerificationFailurePage is "email-verification-failure" with email_verification_failure;
    /// There is nothing to prove.
    EmailAlreadyVerifiedPage is "email-verification-already" with email_verification_already;
}

continued_pages! {
    /// The address is proven.
    EmailVerificationSuccessPage is "email-verification-success" with email_verification_success;
}
