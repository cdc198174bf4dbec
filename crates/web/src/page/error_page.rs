//! The error page (§1.6): what is shown when an error must not, or cannot, be sent to the application.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use keywright_types::Tenant;
use serde::Deserialize;

use super::{Forms, LinkUrl, Page, Sample, Shell, fill, respond, texts};

/// §1.7: the description for a login transaction that is unknown, over or another browser's.
pub const LOST_TRANSACTION: &str = "You may have pressed the back button, refreshed during login, opened too many login \
    dialogs, or there is some issue with cookies, since we couldn't find your session. Try logging in again from the \
    application and if the problem persists please contact the administrator.";

/// What the page explains above the technical details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nothing in particular.
    General,
    /// `redirect_uri` is not registered: for the developer who set the application up.
    CallbackMismatch,
    /// The login transaction is over, unknown or another browser's (§1.7).
    LostTransaction,
    /// The server cannot answer right now.
    Unavailable,
}

/// The error page.
#[derive(Clone, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    shell: Shell,
    cause: Cause,
    error: String,
    description: String,
    tracking: String,
    log_id: Option<String>,
    support_mail: Option<(LinkUrl, String)>,
    support: Option<LinkUrl>,
}

impl ErrorPage {
    /// The page of `tenant` for the OAuth error `error` with its `description`. `tracking` is the id under which the
    /// cause was logged.
    #[must_use]
    pub fn new(shell: Shell, tenant: &Tenant, cause: Cause, error: &str, description: &str, tracking: &str) -> Self {
        let mail = tenant.settings.support_email.as_deref();
        Self {
            support_mail: mail.and_then(|address| Some((LinkUrl::mail(address)?, address.to_owned()))),
            support: tenant.settings.support_url.as_deref().and_then(LinkUrl::parse),
            ..Self::failure(shell, cause, error, description, tracking)
        }
    }

    /// The page for a request that failed before its tenant was known; otherwise as [`ErrorPage::new`].
    #[must_use]
    pub fn failure(shell: Shell, cause: Cause, error: &str, description: &str, tracking: &str) -> Self {
        Self {
            shell,
            cause,
            error: error.to_owned(),
            description: description.to_owned(),
            tracking: tracking.to_owned(),
            log_id: None,
            support_mail: None,
            support: None,
        }
    }

    /// Names the entry of the tenant log, for tenants that want it shown (`show_log_link`).
    #[must_use]
    pub fn with_log_entry(self, log_id: Option<&str>) -> Self {
        Self { log_id: log_id.map(str::to_owned), ..self }
    }

    /// The page as a response.
    #[must_use]
    pub fn respond(&self, status: StatusCode) -> Response {
        respond(status, self)
    }

    fn texts(&self) -> &ErrorTexts {
        &texts::of(&self.shell).error.error
    }

    fn support_link_text(&self) -> String {
        fill(&self.texts().support_link_text, &[("companyName", &self.shell.branding.company)])
    }

    fn explanation(&self) -> Option<&Explanation> {
        match self.cause {
            Cause::General => None,
            Cause::CallbackMismatch => Some(&self.texts().callback_mismatch),
            Cause::LostTransaction => Some(&self.texts().lost_transaction),
            Cause::Unavailable => Some(&self.texts().unavailable),
        }
    }
}

impl Page for ErrorPage {
    const NAME: &'static str = "error";
    const FORMS: Forms = Forms::None;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        let page = |cause, error: &str, description: &str, support: bool| Self {
            shell: sample.shell.clone(),
            cause,
            error: sample.text(error),
            description: sample.text(description),
            tracking: sample.text("5f0c27a64d3be1908e2f"),
            log_id: support.then(|| sample.text("90020260115120000000000000123456789012345678901234567890")),
            support_mail: support
                .then(|| LinkUrl::mail("support@acme.example").map(|link| (link, sample.text("support@acme.example"))))
                .flatten(),
            support: support.then(|| sample.link("https://acme.example/help/")).flatten(),
        };
        let mismatch = "The provided redirect_uri is not in the list of allowed callback URLs: https://app.example/cb";
        vec![
            ("general", page(Cause::General, "invalid_request", "Missing required parameter: response_type", false)),
            ("lost-transaction", page(Cause::LostTransaction, "invalid_request", LOST_TRANSACTION, true)),
            ("callback-mismatch", page(Cause::CallbackMismatch, "invalid_request", mismatch, true)),
            ("unavailable", page(Cause::Unavailable, "temporarily_unavailable", "The server is busy", true)),
        ]
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ErrorTexts {
    page_title: String,
    title: String,
    description: String,
    support_text: String,
    support_link_text: String,
    technical_details_text: String,
    tracking_text: String,
    log_entry_text: String,
    callback_mismatch: Explanation,
    lost_transaction: Explanation,
    unavailable: Explanation,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explanation {
    title: String,
    description: String,
}
