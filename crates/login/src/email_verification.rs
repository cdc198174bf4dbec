//! `/u/email-verification`: the link in the mail that asks somebody to prove an address (§7.1, §7.7; LG-12).

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use keywright_app::{Link, LinkProblem};
use keywright_web::page::respond;
use keywright_web::parameters::AUTHORIZATION;

use crate::error::PageError;
use crate::link_form;
use crate::pages::{
    EmailAlreadyVerifiedPage, EmailVerificationFailurePage, EmailVerificationPage, EmailVerificationSuccessPage,
};
use crate::protected_form::ProtectedForm;
use crate::visit::Visit;

/// `GET /u/email-verification?ticket=…`: asks, and changes nothing.
pub(crate) async fn get(visit: Visit) -> Response {
    visit.answer(show(&visit).await).await
}

/// `POST /u/email-verification`
pub(crate) async fn post(visit: Visit, body: Result<Bytes, BytesRejection>) -> Response {
    visit.answer(verify(&visit, body).await).await
}

async fn show(visit: &Visit) -> Result<Response, PageError> {
    let query = visit.query(AUTHORIZATION)?;
    let ticket = query.get("ticket").unwrap_or_default();
    let link = visit.app.email_verification(&visit.tenant.id, ticket).await?;
    if link.problem.is_some() {
        return Ok(refused(visit, &link));
    }
    let (keys, cookie) = link_form::keys(visit, ticket);
    let email = link.email().unwrap_or_default().to_owned();
    let page = EmailVerificationPage { shell: visit.shell(), keys, email };
    Ok(link_form::with_cookie(respond(StatusCode::OK, &page), cookie))
}

async fn verify(visit: &Visit, body: Result<Bytes, BytesRejection>) -> Result<Response, PageError> {
    let (app, tenant) = (&visit.app, &visit.tenant.id);
    let form = ProtectedForm::read(visit, body, AUTHORIZATION)?;
    let ticket = form.state().to_owned();
    let browser = app.browser(tenant, visit.cookies.browser.as_deref()).ok_or_else(PageError::foreign_post)?;
    form.fields(visit, &browser)?;
    let link = app.verify_email(tenant, &ticket, &visit.caller).await?;
    if link.problem.is_some() {
        return Ok(refused(visit, &link));
    }
    let message = "Your email was verified. You can continue using the application.";
    if let Some(url) = link.result_url(true, message) {
        return Ok(visit.redirect(&url));
    }
    let continuation = link_form::continuation(visit, link.client_id.as_deref()).await?;
    Ok(respond(StatusCode::OK, &EmailVerificationSuccessPage { shell: visit.shell(), continuation }))
}

/// To the address that the link names, with Auth0's sentence; else a page.
fn refused(visit: &Visit, link: &Link) -> Response {
    let message = match link.problem {
        Some(LinkProblem::AlreadyVerified) => "This account is already verified.",
        Some(LinkProblem::Used) => "This URL can be used only once",
        Some(LinkProblem::Expired) => "Access expired.",
        Some(LinkProblem::Invalid) | None => "User account does not exist or verification code is invalid.",
    };
    match (link.result_url(false, message), link.problem) {
        (Some(url), _) => visit.redirect(&url),
        (None, Some(LinkProblem::AlreadyVerified)) => {
            respond(StatusCode::OK, &EmailAlreadyVerifiedPage { shell: visit.shell() })
        }
        (None, _) => respond(StatusCode::BAD_REQUEST, &EmailVerificationFailurePage { shell: visit.shell() }),
    }
}
