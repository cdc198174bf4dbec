//! One step of a login transaction: what its page is shown for, and what its form is checked against (SE-02, LG-01).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::header;
use keywright_app::{Authenticated, BrowserId, ClientRecord, Denial, Progress, ResponseMode, Transaction};
use keywright_web::parameters::AUTHORIZATION;
use keywright_web::{Parameters, cookies};

use crate::error::PageError;
use crate::pages::FormKeys;
use crate::protected_form::ProtectedForm;
use crate::visit::Visit;

/// A pending transaction of this browser, and the application that began it.
pub(crate) struct Step {
    pub(crate) transaction: Transaction,
    pub(crate) client: Arc<ClientRecord>,
    pub(crate) browser: BrowserId,
}

impl Step {
    /// The step that a page is asked for.
    pub(crate) async fn of_page(visit: &Visit) -> Result<Self, PageError> {
        let query = visit.query(AUTHORIZATION)?;
        Self::load(visit, query.get("state").unwrap_or_default()).await
    }

    /// The step that a form answers, and the form's fields. The form says which transaction it is about; the address
    /// that it was posted to repeats it for people who look at it, and is not read.
    pub(crate) async fn of_form(
        visit: &Visit,
        body: Result<Bytes, BytesRejection>,
    ) -> Result<(Self, Parameters), PageError> {
        let form = ProtectedForm::read(visit, body, AUTHORIZATION)?;
        let step = Self::load(visit, form.state()).await?;
        let fields = form.fields(visit, &step.browser)?;
        Ok((step, fields))
    }

    async fn load(visit: &Visit, handle: &str) -> Result<Self, PageError> {
        let (app, tenant) = (&visit.app, &visit.tenant.id);
        // SE-02: "A flow is bound to a browser cookie; links that restart or resume it need that cookie".
        let Some(browser) = app.browser(tenant, visit.cookies.browser.as_deref()) else {
            return Err(PageError::lost_transaction(visit, handle).await);
        };
        let Some(transaction) = app.transaction(tenant, handle, Some(&browser)).await? else {
            return Err(PageError::lost_transaction(visit, handle).await);
        };
        let request = &transaction.request;
        visit.speak(request.ui_locales.as_deref());
        visit.is_about(Some(&request.client_id), request.connection.as_deref());
        if transaction.request.response_mode == ResponseMode::WebMessage {
            visit.keep_opener();
        }
        match app.client(tenant, &transaction.request.client_id).await? {
            Some(client) => Ok(Self { transaction, client, browser }),
            None => Err(PageError::lost_transaction(visit, handle).await),
        }
    }

    /// The hidden fields of this step's form.
    pub(crate) fn keys(&self, visit: &Visit) -> FormKeys {
        let state = self.transaction.handle.clone();
        FormKeys { csrf: visit.app.csrf_token(&visit.tenant.id, &self.browser, &state), state }
    }

    /// To the function that decides what comes next.
    pub(crate) fn resume(&self, visit: &Visit) -> Response {
        visit.redirect(&format!("/authorize/resume?state={}", self.transaction.handle))
    }

    /// Records that somebody has proved who they are: a new session begins, the browser's old one ends (SE-01).
    pub(crate) async fn finish_login(
        self,
        visit: &Visit,
        authenticated: &Authenticated,
    ) -> Result<Response, PageError> {
        let (app, tenant) = (&visit.app, &visit.tenant);
        let replaced = app.session(tenant, visit.cookies.session.as_deref()).await?;
        let record = async |step: &Self| {
            app.record_login(tenant, &step.transaction, authenticated, replaced.as_ref(), &visit.caller).await
        };
        let (step, issued) = if let Some(issued) = record(&self).await? {
            (self, issued)
        } else {
            // Somebody pressed the button twice, and the browser has thrown away the answer to the first post with its
            // cookie. The proof is as good for the transaction as it stands now.
            let step = Self::load(visit, &self.transaction.handle).await?;
            match record(&step).await? {
                Some(issued) => (step, issued),
                None => return Err(PageError::lost_transaction(visit, &step.transaction.handle).await),
            }
        };
        let mut response = step.resume(visit);
        let cookie = cookies::set_session(&issued.cookie, issued.cookie_max_age);
        response.headers_mut().append(header::SET_COOKIE, cookie);
        Ok(response)
    }

    /// Ends the transaction at the application with an error (§1.5).
    pub(crate) async fn deny(self, visit: &Visit, error: &str, description: &str) -> Result<Response, PageError> {
        let denial = Denial { error: error.to_owned(), description: description.to_owned() };
        let progress = Progress { denial: Some(denial), ..Progress::default() };
        visit.app.record_progress(&visit.tenant.id, &self.transaction, &progress).await?;
        Ok(self.resume(visit))
    }
}
