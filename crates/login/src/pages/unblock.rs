//! `/u/unblock`: ends the block of an account, for who came by the mailed link (§7.7, prompt `brute-force-protection`).

use askama::Template;
use keywright_web::page::{Forms, Page, Sample, Shell, fill};

use super::FormKeys;
use crate::texts::{self, ResultTexts, UnblockTexts};

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

/// The account is unblocked.
#[derive(Clone, Debug, Template)]
#[template(path = "logout_result.html")]
pub(crate) struct UnblockSuccessPage {
    pub(crate) shell: Shell,
}

/// The link is not good (any more).
#[derive(Clone, Debug, Template)]
#[template(path = "logout_result.html")]
pub(crate) struct UnblockFailurePage {
    pub(crate) shell: Shell,
}

impl UnblockSuccessPage {
    fn texts(&self) -> &ResultTexts {
        texts::unblock_success(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &[("companyName", &self.shell.branding.company)])
    }
}

impl UnblockFailurePage {
    fn texts(&self) -> &ResultTexts {
        texts::unblock_failure(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &[("companyName", &self.shell.branding.company)])
    }
}

impl Page for UnblockSuccessPage {
    const NAME: &'static str = "brute-force-protection-unblock-success";
    const FORMS: Forms = Forms::None;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        vec![("plain", Self { shell: sample.shell.clone() })]
    }
}

impl Page for UnblockFailurePage {
    const NAME: &'static str = "brute-force-protection-unblock-failure";
    const FORMS: Forms = Forms::None;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        vec![("plain", Self { shell: sample.shell.clone() })]
    }
}
