//! How every surface shows an error to a person (§1.6): on the tenant's own page where it has one, else on ours.

use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, header};
use keywright_types::Tenant;

use super::{Cause, ErrorFacts, ErrorPage, Shell, custom_error};

/// An error about to be shown.
pub struct ErrorAnswer<'a> {
    /// Frame of our own page. Its language is also what the tenant's page is told.
    pub shell: Shell,
    /// Whose page it is.
    pub tenant: &'a Tenant,
    /// Of the request; decides how a redirect is made.
    pub method: &'a Method,
    /// Status of a page that is shown here.
    pub status: StatusCode,
    /// What our own page explains.
    pub cause: Cause,
    /// What is known about the error; `lang` comes from the frame.
    pub facts: ErrorFacts<'a>,
    /// The entry of the tenant log about it, where there is one.
    pub log_id: Option<&'a str>,
}

impl ErrorAnswer<'_> {
    /// The answer. One that is worth trying again says so (LG-04: "overload answers 503 with Retry-After").
    #[must_use]
    pub fn respond(self) -> Response {
        let Self { shell, tenant, method, status, cause, facts, log_id } = self;
        let facts = ErrorFacts { lang: shell.language.tag(), ..facts };
        let own = tenant.settings.error_page.as_ref();
        let mut response = custom_error(own, &facts, status, method).unwrap_or_else(|| {
            ErrorPage::new(shell, tenant, cause, facts.error, facts.error_description, facts.tracking)
                .with_log_entry(log_id.filter(|_| own.is_some_and(|page| page.show_log_link)))
                .respond(status)
        });
        if cause == Cause::Unavailable {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
