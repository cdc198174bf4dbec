//! `/u/logout`: whether to log out when a logout request proves nothing, and what became of it (§6.3).

use askama::Template;
use keywright_web::page::{Forms, Page, Sample, Shell, fill};

use super::FormKeys;
use crate::texts::{self, LogoutTexts, ResultTexts};

/// The question.
#[derive(Clone, Debug, Template)]
#[template(path = "logout.html")]
pub(crate) struct LogoutPage {
    pub(crate) shell: Shell,
    pub(crate) keys: FormKeys,
    /// The application that asks; `None` when the request named none, then the tenant's name stands in.
    pub(crate) client_name: Option<String>,
}

impl LogoutPage {
    fn texts(&self) -> &LogoutTexts {
        texts::logout(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &[("clientName", self.client_name.as_deref().unwrap_or(&self.shell.branding.company))])
    }
}

impl Page for LogoutPage {
    const NAME: &'static str = "logout";
    const FORMS: Forms = Forms::LeadAway;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        let page = |client_name| Self { shell: sample.shell.clone(), keys: FormKeys::sample(sample), client_name };
        vec![("client", page(Some(sample.text("Appointments")))), ("tenant", page(None))]
    }
}

/// The session is over.
#[derive(Clone, Debug, Template)]
#[template(path = "logout_result.html")]
pub(crate) struct LogoutCompletePage {
    pub(crate) shell: Shell,
}

/// The user said no.
#[derive(Clone, Debug, Template)]
#[template(path = "logout_result.html")]
pub(crate) struct LogoutAbortedPage {
    pub(crate) shell: Shell,
}

impl LogoutCompletePage {
    fn texts(&self) -> &ResultTexts {
        texts::logout_complete(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &[("companyName", &self.shell.branding.company)])
    }
}

impl LogoutAbortedPage {
    fn texts(&self) -> &ResultTexts {
        texts::logout_aborted(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &[("companyName", &self.shell.branding.company)])
    }
}

impl Page for LogoutCompletePage {
    const NAME: &'static str = "logout-complete";
    const FORMS: Forms = Forms::None;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        vec![("plain", Self { shell: sample.shell.clone() })]
    }
}

impl Page for LogoutAbortedPage {
    const NAME: &'static str = "logout-aborted";
    const FORMS: Forms = Forms::None;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        vec![("plain", Self { shell: sample.shell.clone() })]
    }
}
