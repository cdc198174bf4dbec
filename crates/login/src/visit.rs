//! One request for a page: everything that a handler needs to know about it, in one value.

use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, Method};
use keywright_app::{App, Caller};
use keywright_types::Tenant;
use keywright_web::page::Shell;
use keywright_web::parameters::Limits;
use keywright_web::{Cookies, CurrentCaller, CurrentTenant, Parameters, RateLimits, redirect, tenancy};

use crate::error::PageError;

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
    query: String,
    ui_locales: OnceLock<String>,
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
            query: parts.uri.query().unwrap_or_default().to_owned(),
            ui_locales: OnceLock::new(),
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

    /// The parameters of the page's address.
    pub(crate) fn query(&self, limits: Limits) -> Result<Parameters, PageError> {
        Ok(Parameters::from_urlencoded(self.query.as_bytes(), limits)?)
    }

    /// A redirect in answer to this request.
    pub(crate) fn redirect(&self, location: &str) -> Response {
        redirect::to(location, &self.method)
    }

    /// What a handler came to, as a response.
    pub(crate) fn answer(&self, result: Result<Response, PageError>) -> Response {
        result.unwrap_or_else(|error| error.respond(self))
    }
}
