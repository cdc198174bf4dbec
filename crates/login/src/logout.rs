//! `/u/logout`: asks before a logout that proves nothing takes place, and says what became of it (§6.3, SE-04, SE-05).

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::{StatusCode, header};
use keywright_app::{Caller, LogEvent, LogType, LogoutRequest};
use keywright_types::LogoutInitiator;
use keywright_web::page::respond;
use keywright_web::parameters::Limits;
use keywright_web::{CurrentCaller, cookies, redirect};

use crate::error::PageError;
use crate::pages::{FormKeys, LogoutAbortedPage, LogoutCompletePage, LogoutPage};
use crate::protected_form::ProtectedForm;
use crate::visit::Visit;

/// The question. `state` is what `App::seal_logout` made.
pub const PATH: &str = "/u/logout";
/// The page that says that somebody is logged out, for every logout that ends on this server.
pub const COMPLETE_PATH: &str = "/u/logout-complete";
/// The page after a "no".
pub(crate) const ABORTED_PATH: &str = "/u/logout-aborted";

/// A sealed logout holds an address with the application's `state`, so it is longer than any other parameter.
const LIMITS: Limits = Limits { total: 16 * 1024, value: 12 * 1024 };

/// `GET /u/logout?state=…`
pub(crate) async fn get(visit: Visit) -> Response {
    visit.answer(show(&visit)).await
}

/// `POST /u/logout`
pub(crate) async fn post(
    visit: Visit,
    CurrentCaller(caller): CurrentCaller,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    visit.answer(decide(&visit, &caller, body).await).await
}

/// `GET /u/logout-complete`
pub(crate) async fn complete(visit: Visit) -> Response {
    respond(StatusCode::OK, &LogoutCompletePage { shell: visit.shell() })
}

/// `GET /u/logout-aborted`
pub(crate) async fn aborted(visit: Visit) -> Response {
    respond(StatusCode::OK, &LogoutAbortedPage { shell: visit.shell() })
}

fn show(visit: &Visit) -> Result<Response, PageError> {
    let query = visit.query(LIMITS)?;
    let state = query.get("state").unwrap_or_default();
    let request = open(visit, state)?;
    let (app, tenant) = (&visit.app, &visit.tenant.id);
    // Somebody may log out who never came through `/authorize` in this browser: the form needs a browser to be bound to.
    let known = app.browser(tenant, visit.cookies.browser.as_deref());
    let browser = known.clone().unwrap_or_else(|| app.new_browser());
    let keys = FormKeys { state: state.to_owned(), csrf: app.csrf_token(tenant, &browser, state) };
    let page = LogoutPage { shell: visit.shell(), keys, client_name: request.client_name };
    let mut response = respond(StatusCode::OK, &page);
    if known.is_none() {
        let cookie = cookies::set_browser(&app.browser_cookie(tenant, &browser));
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn decide(visit: &Visit, caller: &Caller, body: Result<Bytes, BytesRejection>) -> Result<Response, PageError> {
    let (app, tenant) = (&visit.app, &visit.tenant.id);
    let form = ProtectedForm::read(visit, body, LIMITS)?;
    let request = open(visit, form.state())?;
    let browser = app.browser(tenant, visit.cookies.browser.as_deref()).ok_or_else(PageError::foreign_post)?;
    let fields = form.fields(visit, &browser)?;
    match fields.get("action") {
        Some("accept") => {}
        Some("deny") => return Ok(visit.redirect(&own_page(ABORTED_PATH, &request))),
        _ => return Err(PageError::bad_request("Parameter 'action' must be 'accept' or 'deny'")),
    }
    // SE-04: "Logout removes the server-side record, not just the cookie". SE-05: it is the cookie holder's.
    if let Some(session) = app.session(&visit.tenant, visit.cookies.session.as_deref()).await? {
        let event = LogEvent::new(LogType::SuccessLogout, caller).user_id(&session.user_id);
        let (event, initiator) = match &request.client_id {
            Some(client_id) => (event.client_id(client_id), LogoutInitiator::RpLogout),
            None => (event, LogoutInitiator::IdpLogout),
        };
        app.end_session(tenant, &session, initiator, event).await?;
    }
    let target = request.target.clone().unwrap_or_else(|| own_page(COMPLETE_PATH, &request));
    let mut response = visit.redirect(&target);
    response.headers_mut().append(header::SET_COOKIE, cookies::clear_session());
    Ok(response)
}

fn open(visit: &Visit, state: &str) -> Result<LogoutRequest, PageError> {
    let request = visit.app.open_logout(&visit.tenant.id, state);
    let request =
        request.ok_or_else(|| PageError::bad_request("This logout is no longer open. Please log out again."))?;
    visit.speak(request.ui_locales.as_deref());
    visit.is_about(request.client_id.as_deref(), None);
    Ok(request)
}

/// The address of a page of ours, with the languages that were asked for.
fn own_page(path: &str, request: &LogoutRequest) -> String {
    let ui_locales = request.ui_locales.iter().map(|wanted| ("ui_locales".to_owned(), wanted.clone()));
    redirect::with_query(path, &ui_locales.collect::<Vec<_>>())
}
