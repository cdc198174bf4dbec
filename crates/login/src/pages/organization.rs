//! `/u/organization` and `/u/organization-picker` (§7.7, prompt `organizations`).

use askama::Template;
use keywright_types::Organization;
use keywright_web::page::{Forms, ImageUrl, Page, Sample, Shell, fill};

use super::{ApplicationInfo, FormKeys};
use crate::texts::{self, OrganizationPickerTexts, OrganizationSelectionTexts};

/// Why the page is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OrganizationProblem {
    /// Nothing was entered.
    NoName,
    /// There is no such organization, or nobody can log in to it from this application.
    Unknown,
}

/// Asks for the name of the organization, before the login.
#[derive(Clone, Debug, Template)]
#[template(path = "organization.html")]
pub(crate) struct OrganizationPage {
    pub(crate) shell: Shell,
    pub(crate) keys: FormKeys,
    pub(crate) application: ApplicationInfo,
    /// What was entered.
    pub(crate) name: String,
    pub(crate) problem: Option<OrganizationProblem>,
    /// Whether one may log in without an organization.
    pub(crate) may_skip: bool,
}

impl OrganizationPage {
    fn texts(&self) -> &OrganizationSelectionTexts {
        texts::organization_selection(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        fill(template, &[("clientName", &self.application.name), ("companyName", &self.shell.branding.company)])
    }

    fn error(&self) -> Option<&str> {
        match self.problem? {
            OrganizationProblem::NoName => Some(&self.texts().no_organization),
            OrganizationProblem::Unknown => Some(&self.texts().invalid_organization),
        }
    }
}

impl Page for OrganizationPage {
    const NAME: &'static str = "organization-selection";
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
            name: String::new(),
            problem: None,
            may_skip: false,
        };
        let unknown = Some(OrganizationProblem::Unknown);
        vec![
            ("empty", empty.clone()),
            ("no-name", Self { problem: Some(OrganizationProblem::NoName), ..empty.clone() }),
            ("unknown", Self { name: sample.text("acme-healht"), problem: unknown, ..empty.clone() }),
            ("skippable", Self { may_skip: true, application: ApplicationInfo::complete_sample(sample), ..empty }),
        ]
    }
}

/// An organization that can be chosen.
#[derive(Clone, Debug)]
pub(crate) struct OrganizationLine {
    /// Identifier.
    pub(crate) id: String,
    /// Name for people.
    pub(crate) name: String,
}

impl OrganizationLine {
    /// The line of an organization.
    pub(crate) fn of(organization: Organization) -> Self {
        let Organization { id, name, display_name, .. } = organization;
        Self { id, name: display_name.filter(|text| !text.trim().is_empty()).unwrap_or(name) }
    }
}

/// Asks which of the user's organizations the login is for.
#[derive(Clone, Debug, Template)]
#[template(path = "organization_picker.html")]
pub(crate) struct OrganizationPickerPage {
    pub(crate) shell: Shell,
    pub(crate) keys: FormKeys,
    pub(crate) application: ApplicationInfo,
    /// Who chooses.
    pub(crate) account: String,
    pub(crate) organizations: Vec<OrganizationLine>,
    /// Whether one may log in without an organization.
    pub(crate) may_skip: bool,
}

impl OrganizationPickerPage {
    fn texts(&self) -> &OrganizationPickerTexts {
        texts::organization_picker(&self.shell)
    }

    fn text(&self, template: &str) -> String {
        let values = [
            ("clientName", self.application.name.as_str()),
            ("companyName", &self.shell.branding.company),
            ("account", &self.account),
        ];
        fill(template, &values)
    }
}

impl Page for OrganizationPickerPage {
    const NAME: &'static str = "organization-picker";
    const FORMS: Forms = Forms::LeadAway;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn images(&self) -> Vec<&ImageUrl> {
        self.shell.branding.logo.iter().chain(&self.application.logo).collect()
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        let line = |id: &str, name: &str| OrganizationLine { id: sample.text(id), name: sample.text(name) };
        let one = Self {
            shell: sample.shell.clone(),
            keys: FormKeys::sample(sample),
            application: ApplicationInfo::sample(sample),
            account: sample.text("jane@example.com"),
            organizations: vec![line("org_9ybsU1dN2dKfDkBi", "Acme Health")],
            may_skip: false,
        };
        let several = vec![
            line("org_9ybsU1dN2dKfDkBi", "Acme Health"),
            line("org_3bN6ofxhDYdCgAqv", "A practice with quite a long name, Dr. Miller and partners"),
            line("org_KdNuYzJ1dB5wKjRt", "northwind"),
        ];
        let application = ApplicationInfo::complete_sample(sample);
        vec![("several", Self { organizations: several, may_skip: true, application, ..one.clone() }), ("one", one)]
    }
}
