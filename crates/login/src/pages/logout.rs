//! `/u/logout`: whether to log out when a logout request proves nothing, and what became of it (§6.3).

use askama::Template;
use keywright_web::page::{Forms, Page, Sample, Shell, fill};

use super::FormKeys;
use super::result::result_pages;
use crate::texts::{self, LogoutTexts};

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

result_pages! {
    /// The session is over.
    LogoutCompletePage is "logout-complete" with logout_complete;
    /// The user said no.
    LogoutAbortedPage is "logout-aborted" with logout_aborted;
}
