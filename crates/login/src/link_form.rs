//! Forms on the pages behind mailed links, and on the one where codes of devices are entered. They belong to no transaction: the
//! mail may be opened in another browser than the one that it was asked for in. The form is bound to the browser that opened the link all the same (LG-02, WB-02).

use axum::response::Response;
use http::{HeaderValue, header};
use keywright_web::cookies;
use keywright_web::page::LinkUrl;

use crate::error::PageError;
use crate::pages::{Continuation, FormKeys};
use crate::visit::Visit;

/// Hidden fields of the form, and the cookie that they need when the browser has none yet.
pub(crate) fn keys(visit: &Visit, ticket: &str) -> (FormKeys, Option<HeaderValue>) {
    keys_about(visit, ticket, ticket)
}

/// The same for a form that is shown only after more than its link: its value proves that this browser has seen it.
pub(crate) fn keys_about(visit: &Visit, ticket: &str, about: &str) -> (FormKeys, Option<HeaderValue>) {
    let (app, tenant) = (&visit.app, &visit.tenant.id);
    let known = app.browser(tenant, visit.cookies.browser.as_deref());
    let browser = known.clone().unwrap_or_else(|| app.new_browser());
    let keys = FormKeys { state: ticket.to_owned(), csrf: app.csrf_token(tenant, &browser, about) };
    let cookie = known.is_none().then(|| cookies::set_browser(&app.browser_cookie(tenant, &browser)));
    (keys, cookie)
}

/// The page with that cookie.
pub(crate) fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The application that a link was about, where it says at which address a login begins.
pub(crate) async fn continuation(visit: &Visit, client_id: Option<&str>) -> Result<Option<Continuation>, PageError> {
    let Some(client_id) = client_id else { return Ok(None) };
    let Some(record) = visit.app.client(&visit.tenant.id, client_id).await? else { return Ok(None) };
    let uri = record.client.initiate_login_uri.as_deref().filter(|uri| !uri.contains('{')).and_then(LinkUrl::parse);
    Ok(uri.map(|address| Continuation { name: record.client.name.clone(), address }))
}
