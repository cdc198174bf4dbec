//! `/u/unblock`: the link in the mail about a blocked account (§7.7, prompt `brute-force-protection`; LG-08, LG-12).

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use keywright_web::page::respond;
use keywright_web::parameters::AUTHORIZATION;

use crate::error::PageError;
use crate::link_form;
use crate::pages::{UnblockFailurePage, UnblockPage, UnblockSuccessPage};
use crate::protected_form::ProtectedForm;
use crate::visit::Visit;

/// `GET /u/unblock?ticket=…`: asks, and changes nothing.
pub(crate) async fn get(visit: Visit) -> Response {
    visit.answer(show(&visit).await).await
}

/// `POST /u/unblock`
pub(crate) async fn post(visit: Visit, body: Result<Bytes, BytesRejection>) -> Response {
    visit.answer(unblock(&visit, body).await).await
}

async fn show(visit: &Visit) -> Result<Response, PageError> {
    let query = visit.query(AUTHORIZATION)?;
    let ticket = query.get("ticket").unwrap_or_default();
    if !visit.app.is_unblock_ticket(&visit.tenant.id, ticket).await? {
        return Ok(failure(visit));
    }
    let (keys, cookie) = link_form::keys(visit, ticket);
    let page = UnblockPage { shell: visit.shell(), keys };
    Ok(link_form::with_cookie(respond(StatusCode::OK, &page), cookie))
}

async fn unblock(visit: &Visit, body: Result<Bytes, BytesRejection>) -> Result<Response, PageError> {
    let (app, tenant) = (&visit.app, &visit.tenant.id);
    let form = ProtectedForm::read(visit, body, AUTHORIZATION)?;
    let ticket = form.state().to_owned();
    let browser = app.browser(tenant, visit.cookies.browser.as_deref()).ok_or_else(PageError::foreign_post)?;
    form.fields(visit, &browser)?;
    if app.unblock_with_ticket(tenant, &ticket, &visit.caller).await? {
        Ok(respond(StatusCode::OK, &UnblockSuccessPage { shell: visit.shell() }))
    } else {
        Ok(failure(visit))
    }
}

fn failure(visit: &Visit) -> Response {
    respond(StatusCode::BAD_REQUEST, &UnblockFailurePage { shell: visit.shell() })
}
