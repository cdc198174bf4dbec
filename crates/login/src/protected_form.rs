//! Form posts (WB-02). The fields of a form can be reached only through the check, so no handler can forget it.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use keywright_app::BrowserId;
use keywright_web::parameters::Limits;
use keywright_web::{Parameters, forgery};

use crate::error::PageError;
use crate::visit::Visit;

/// A form that came by POST, before its anti-forgery value was looked at.
pub(crate) struct ProtectedForm(Parameters);

impl ProtectedForm {
    /// Reads a form that a page of this server sent; another site's post is refused here.
    pub(crate) fn read(visit: &Visit, body: Result<Bytes, BytesRejection>, limits: Limits) -> Result<Self, PageError> {
        if !forgery::is_own_post(&visit.headers, &visit.tenant) {
            return Err(PageError::foreign_post());
        }
        Ok(Self(Parameters::from_urlencoded(&body?, limits)?))
    }

    /// What the form is about: the handle of a transaction, or a sealed logout.
    pub(crate) fn state(&self) -> &str {
        self.0.get("state").unwrap_or_default()
    }

    /// The fields, if the anti-forgery value is the one that `browser` got for this form.
    pub(crate) fn fields(self, visit: &Visit, browser: &BrowserId) -> Result<Parameters, PageError> {
        let about = self.state().to_owned();
        self.fields_about(visit, browser, &about)
    }

    /// The same for a form whose value is about more than its state ([`keys_about`](crate::link_form::keys_about)).
    pub(crate) fn fields_about(self, visit: &Visit, browser: &BrowserId, about: &str) -> Result<Parameters, PageError> {
        let presented = self.0.get("_csrf").unwrap_or_default();
        if visit.app.is_csrf_token(&visit.tenant.id, browser, about, presented) {
            Ok(self.0)
        } else {
            Err(PageError::foreign_post())
        }
    }
}
