//! `/u/unblock`: ends the block of an account, for who came by the mailed link (§7.7, prompt `brute-force-protection`).

use askama::Template;
use keywright_web::page::{Forms, Page, Sample, Shell, fill};

use super::FormKeys;
use super::result::result_pages;
use crate::texts::{self, UnblockTexts};

/// The question. Opening the link changes nothing, because mail scanners open links too.
#[derive(Clone, Debug, Template)]
#[template(path = "unblock.html")]
pub(crate) struct UnblockPage {
    pub(crate) shell: Shell,
    /// `state` is the ticket.
    pub(crate) keys: FormKeys,
}

impl UnblockPage {
    fn texts(&self) -> &UnblockTexts {
        texts::unblock(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &[("companyName", &self.shell.branding.company)])
    }
}

impl Page for UnblockPage {
    const NAME: &'static str = "brute-force-protection-unblock";
    const FORMS: Forms = Forms::LeadAway;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        vec![("plain", Self { shell: sample.shell.clone(), keys: FormKeys::sample(sample) })]
    }
}

result_pages! {
    /// The account is unblocked.
    UnblockSuccessPage is "brute-force-protection-unblock-success" with unblock_success;
    /// The link is not good (any more).
    UnblockFailurePage is "brute-force-protection-unblock-failure" with unblock_failure;
}
