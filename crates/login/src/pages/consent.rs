//! `/u/consent`: the user decides what the application may do (§1.10).

use askama::Template;
use keywright_types::ScopeSet;
use keywright_web::page::{Forms, ImageUrl, Page, Sample, Shell, Span, fill, spans};

use super::scope_lines::{ScopeLine, scope_lines};
use super::{ApplicationInfo, FormKeys};
use crate::texts::{self, ConsentTexts};

/// The consent page.
#[derive(Clone, Debug, Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage {
    pub(crate) shell: Shell,
    pub(crate) keys: FormKeys,
    /// Proof of who was asked for what; the answer brings it back.
    pub(crate) asked: String,
    pub(crate) application: ApplicationInfo,
    /// Who decides: the address or the name of the user who is logged in.
    pub(crate) account: String,
    pub(crate) scopes: Vec<ScopeLine>,
}

impl ConsentPage {
    fn texts(&self) -> &ConsentTexts {
        texts::consent(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &self.values())
    }

    fn message(&self) -> Vec<Span> {
        spans(&self.texts().message, &self.values())
    }

    fn values(&self) -> [(&str, &str); 4] {
        [
            ("clientName", &self.application.name),
            ("companyName", &self.shell.branding.company),
            // Auth0's name of it in the texts of this page.
            ("tenantName", &self.shell.branding.company),
            ("account", &self.account),
        ]
    }
}

impl Page for ConsentPage {
    const NAME: &'static str = "consent";
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
        let page = |application, scopes| Self {
            shell: sample.shell.clone(),
            keys: FormKeys::sample(sample),
            asked: sample.text("asked"),
            application,
            account: sample.text("jane@example.com"),
            scopes: lines(scopes),
        };
        vec![
            ("one", page(ApplicationInfo::sample(sample), "profile")),
            (
                "many",
                page(
                    ApplicationInfo::complete_sample(sample),
                    "openid profile email appointments read:contacts update:contacts delete:contacts offline_access",
                ),
            ),
        ]
    }
}
