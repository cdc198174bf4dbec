//! Templates of mails (`management-api.md` §11): their names, and what a tenant has put in the place of the built-in ones.

use keywright_types::TenantId;
use serde::Deserialize;

use super::liquid::{self, TemplateError};
use crate::config_cache::document;
use crate::{App, AppError};

/// Kind of the documents that hold templates of tenants; each has the name of its template.
pub const EMAIL_TEMPLATE: &str = "email-template";

/// All names that there are. Of those that Keywright sends no mail for, what a tenant says is kept.
pub const EMAIL_TEMPLATES: &[&str] = &[
    "verify_email",
    "verify_email_by_code",
    "auth_email_by_code",
    "reset_email",
    "reset_email_by_code",
    "welcome_email",
    "blocked_account",
    "stolen_credentials",
    "enrollment_email",
    "mfa_oob_code",
    "user_invitation",
    "change_password",
    "password_reset",
    "async_approval",
];

/// Seconds that a link is good where nobody said anything: `urlLifetimeInSeconds` of §11, `ttl_sec` of §6.5.
pub(crate) const LINK_LIFETIME: i64 = 432_000;
/// The longest that a link can be made to last: 30 days.
pub const LONGEST_LINK_LIFETIME: i64 = 2_592_000;

/// What a tenant says of a mail. Without a document the built-in mail is sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct EmailTemplate {
    /// The body, Liquid in HTML.
    pub(crate) body: Option<String>,
    /// The sender, Liquid.
    pub(crate) from: Option<String>,
    /// The subject, Liquid.
    pub(crate) subject: Option<String>,
    /// Where the browser goes from the page that the link leads to, Liquid.
    pub(crate) result_url: Option<String>,
    /// How long the link is good.
    pub(crate) url_lifetime_in_seconds: Option<i64>,
    /// Whether the address is in the query of `result_url`.
    pub(crate) include_email_in_redirect: bool,
    /// Whether the mail is sent.
    pub(crate) enabled: bool,
}

impl Default for EmailTemplate {
    fn default() -> Self {
        Self {
            body: None,
            from: None,
            subject: None,
            result_url: None,
            url_lifetime_in_seconds: None,
            include_email_in_redirect: true,
            enabled: true,
        }
    }
}

impl EmailTemplate {
    /// Seconds that the link in the mail is good.
    pub(crate) fn lifetime(&self) -> i64 {
        lifetime(self.url_lifetime_in_seconds)
    }
}

/// Seconds that a link is good; none and 0 mean the usual time.
pub(crate) fn lifetime(seconds: Option<i64>) -> i64 {
    seconds.filter(|seconds| *seconds > 0).unwrap_or(LINK_LIFETIME).min(LONGEST_LINK_LIFETIME)
}

impl App {
    /// What the tenant says of a mail; `None` when it has said nothing.
    pub(crate) async fn email_template(
        &self,
        tenant: &TenantId,
        name: &str,
    ) -> Result<Option<EmailTemplate>, AppError> {
        let all = self.tenant_documents(tenant, EMAIL_TEMPLATE).await?;
        all.get(name).map(|own| document("tenant_documents", &own.to_string())).transpose()
    }
}

/// Whether somebody can write such a template; the error is for whoever wrote it.
pub async fn check_template(source: &str) -> Result<(), TemplateError> {
    liquid::check(source.to_owned()).await
}
