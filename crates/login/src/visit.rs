//! One request for a page: everything that a handler needs to know about it, in one value.

use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, Method};
use keywright_app::{App, Caller, LogType};
use keywright_types::Tenant;
use keywright_web::page::Shell;
use keywright_web::parameters::Limits;
use keywright_web::{Cookies, CurrentCaller, CurrentTenant, Parameters, RateLimits, redirect, tenancy};

use crate::device;
use crate::error::PageError;
use crate::logout;

/// The application and the connection that a page is about.
#[derive(Default)]
struct About {
    client_id: Option<String>,
    connection: Option<String>,
}

/// A request for a page.
pub(crate) struct Visit {
    pub(crate) app: App,
    pub(crate) tenant: Arc<Tenant>,
    pub(crate) cookies: Cookies,
    pub(crate) headers: HeaderMap,
    /// Who makes the request.
    pub(crate) caller: Caller,
    /// The limits on this request.
    pub(crate) limits: RateLimits,
    method: Method,
    path: String,
    query: Option<String>,
    ui_locales: OnceLock<String>,
    about: OnceLock<About>,
    keeps_opener: OnceLock<()>,
}

impl FromRequestParts<App> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let CurrentTenant(tenant) = CurrentTenant::from_request_parts(parts, app).await?;
        let Ok(CurrentCaller(caller)) = CurrentCaller::from_request_parts(parts, app).await;
        let Ok(limits) = RateLimits::from_request_parts(parts, app).await;
        Ok(Self {
            app: app.clone(),
            tenant,
            cookies: Cookies::from_headers(&parts.headers),
            headers: parts.headers.clone(),
            caller,
            limits,
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().map(str::to_owned),
            ui_locales: OnceLock::new(),
            about: OnceLock::new(),
            keeps_opener: OnceLock::new(),
        })
    }
}

impl Visit {
    /// The frame of this response's page, with a fresh nonce.
    pub(crate) fn shell(&self) -> Shell {
        let shell = tenancy::shell(&self.app, &self.tenant, self.ui_locales.get().map(String::as_str));
        Shell { keeps_opener: self.keeps_opener.get().is_some(), ..shell }
    }

    /// From now on the pages of this request stay connected with the window that opened theirs: the login runs in a popup
    /// and ends with a message to it.
    pub(crate) fn keep_opener(&self) {
        self.keeps_opener.get_or_init(|| ());
    }

    /// From now on every page of this request, error pages included, is in the language that the application asked for.
    /// `ui_locales` are known once the transaction or the logout that the page is about has been found.
    pub(crate) fn speak(&self, ui_locales: Option<&str>) {
        if let Some(wanted) = ui_locales {
            self.ui_locales.get_or_init(|| wanted.to_owned());
        }
    }

    /// From now on the error pages of this request say which application they are about, and which connection was asked
    /// for.
    pub(crate) fn is_about(&self, client_id: Option<&str>, connection: Option<&str>) {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        self.about.get_or_init(|| About { client_id: owned(client_id), connection: owned(connection) });
    }

    /// The application, once it is known.
    pub(crate) fn client_id(&self) -> Option<&str> {
        self.about.get()?.client_id.as_deref()
    }

    /// The connection that was asked for, once it is known.
    pub(crate) fn connection(&self) -> Option<&str> {
        self.about.get()?.connection.as_deref()
    }

    /// The method of the request.
    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    /// What the tenant log calls it when this request is refused.
    pub(crate) fn refusal_type(&self) -> LogType {
        match self.path.as_str() {
            path if path.starts_with(logout::PATH) => LogType::FailedLogout,
            path if path.starts_with(device::PATH) => LogType::FailedDeviceActivation,
            "/u/reset-password" => LogType::FailedPasswordChange,
            "/u/email-verification" => LogType::FailedVerification,
            path if path.starts_with("/u/reset-password/") => LogType::FailedPasswordChangeRequest,
            _ => LogType::FailedLogin,
        }
    }

    /// The parameters of the page's address.
    pub(crate) fn query(&self, limits: Limits) -> Result<Parameters, PageError> {
        Ok(Parameters::from_query(self.query.as_deref(), limits)?)
    }

    /// A redirect in answer to this request.
    pub(crate) fn redirect(&self, location: &str) -> Response {
        redirect::to(location, &self.method)
    }

    /// What a handler came to, as a response.
    pub(crate) async fn answer(&self, result: Result<Response, PageError>) -> Response {
        match result {
            Ok(response) => response,
            Err(error) => error.respond(self).await,
        }
    }
}
