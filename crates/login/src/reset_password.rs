//! `/u/reset-password/request` and `/u/reset-password`: somebody has forgotten a password (§7.2, §7.7; LG-01, LG-03, LG-12).

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use keywright_app::{
    Limit, Link, LinkProblem, PasswordCheck, PasswordResetRequest, RequestFacts, ResetDenied, ResetError,
    check_password,
};
use keywright_types::Connection;
use keywright_web::page::respond;
use keywright_web::parameters::AUTHORIZATION;
use keywright_web::rate_limits::LimitError;

use crate::connection;
use crate::error::PageError;
use crate::link_form;
use crate::pages::{
    ApplicationInfo, Identifier, ResetPasswordEmailPage, ResetPasswordErrorPage, ResetPasswordPage,
    ResetPasswordProblem, ResetPasswordRequestPage, ResetPasswordSuccessPage, ResetRequestProblem,
};
use crate::password_rules::{self, rule_lines};
use crate::protected_form::ProtectedForm;
use crate::step::Step;
use crate::texts;
use crate::visit::Visit;

/// `GET /u/reset-password/request?state=…`
pub(crate) async fn get_request(visit: Visit) -> Response {
    visit.answer(show_request(&visit).await).await
}

/// `POST /u/reset-password/request`
pub(crate) async fn post_request(visit: Visit, body: Result<Bytes, BytesRejection>) -> Response {
    visit.answer(request(&visit, body).await).await
}

/// `GET /u/reset-password?ticket=…`: the form for another password. Changes nothing.
pub(crate) async fn get(visit: Visit) -> Response {
    visit.answer(show(&visit).await).await
}

/// `POST /u/reset-password`
pub(crate) async fn post(visit: Visit, body: Result<Bytes, BytesRejection>) -> Response {
    visit.answer(reset(&visit, body).await).await
}

async fn show_request(visit: &Visit) -> Result<Response, PageError> {
    let step = Step::of_page(visit).await?;
    let connection = connection::of(visit, &step).await?;
    if !connection.options.lets_users_reset_passwords() {
        return Ok(to_login(visit, &step));
    }
    let hint = step.transaction.request.login_hint.clone().unwrap_or_default();
    Ok(respond(StatusCode::OK, &request_page(visit, &step, &connection, &hint, None)))
}

/// The answer is the same for every name that could be one (LG-03).
async fn request(visit: &Visit, body: Result<Bytes, BytesRejection>) -> Result<Response, PageError> {
    let (step, fields) = Step::of_form(visit, body).await?;
    let connection = connection::of(visit, &step).await?;
    if !connection.options.lets_users_reset_passwords() {
        return Ok(to_login(visit, &step));
    }
    let username = fields.get("username").unwrap_or_default();
    if username.trim().is_empty() {
        let page = request_page(visit, &step, &connection, "", Some(ResetRequestProblem::NoIdentifier));
        return Ok(respond(StatusCode::BAD_REQUEST, &page));
    }
    let account = username.trim().to_lowercase();
    match visit.limits.take_with_address(Limit::ChangePassword, &[&account, &connection.name]).await {
        Ok(()) => {}
        Err(LimitError::Reached) => {
            let page = request_page(visit, &step, &connection, username, Some(ResetRequestProblem::TooMany));
            return Ok(respond(StatusCode::TOO_MANY_REQUESTS, &page));
        }
        Err(LimitError::Failed(error)) => return Err(error.into()),
    }
    let shell = visit.shell();
    let request = PasswordResetRequest {
        tenant: &visit.tenant,
        connection: &connection,
        client: &step.client.client,
        identifier: username,
        organization_id: step.transaction.organization(),
        caller: &visit.caller,
        language: Some(shell.language.tag()),
    };
    visit.app.request_password_reset(request).await?;
    Ok(respond(StatusCode::OK, &ResetPasswordEmailPage { shell }))
}

fn to_login(visit: &Visit, step: &Step) -> Response {
    visit.redirect(&format!("/u/login?state={}", step.transaction.handle))
}

fn request_page(
    visit: &Visit,
    step: &Step,
    connection: &Connection,
    username: &str,
    problem: Option<ResetRequestProblem>,
) -> ResetPasswordRequestPage {
    ResetPasswordRequestPage {
        shell: visit.shell(),
        keys: step.keys(visit),
        application: ApplicationInfo::of(&step.client.client),
        identifier: if connection.options.requires_username { Identifier::EmailOrUsername } else { Identifier::Email },
        username: username.to_owned(),
        problem,
    }
}

async fn show(visit: &Visit) -> Result<Response, PageError> {
    let query = visit.query(AUTHORIZATION)?;
    let ticket = query.get("ticket").unwrap_or_default();
    let link = visit.app.password_reset(&visit.tenant.id, ticket).await?;
    if link.problem.is_some() {
        return Ok(refused(visit, &link));
    }
    let request = RequestFacts {
        method: "GET".to_owned(),
        // The secret of the link is none of theirs.
        query: query.pairs().into_iter().filter(|(name, _)| name != "ticket").map(|(n, v)| (n, v.into())).collect(),
        language: Some(visit.shell().language.tag().to_owned()),
        ..RequestFacts::default()
    };
    match visit.app.challenge_password_reset(&visit.tenant, ticket, link, &visit.caller, &request).await? {
        Ok(link) if link.problem.is_some() => Ok(refused(visit, &link)),
        Ok(link) => form(visit, ticket, &link, None).await,
        Err(ResetDenied) => Ok(respond(StatusCode::FORBIDDEN, &ResetPasswordErrorPage { shell: visit.shell() })),
    }
}

/// What the form is about: nobody gets it whom Actions have not let through, and nobody can post it without.
fn about(ticket: &str) -> String {
    format!("new password\n{ticket}")
}

/// The form, with what was wrong with the last password.
async fn form(visit: &Visit, ticket: &str, link: &Link, refusal: Option<Refusal>) -> Result<Response, PageError> {
    let connections = visit.app.connections(&visit.tenant.id).await?;
    let own = connections.iter().find(|own| Some(own.name.as_str()) == link.connection());
    let Some(connection) = own.filter(|own| own.is_database()) else { return Ok(refused(visit, link)) };
    let (keys, cookie) = link_form::keys_about(visit, ticket, &about(ticket));
    let shell = visit.shell();
    let (problem, check) = match refusal {
        Some(Refusal { problem, check }) => (Some(problem), check),
        None => (None, None),
    };
    let rules = match &check {
        Some(check) => rule_lines(check, true, texts::signup(&shell)),
        None => rule_lines(&check_password(&connection.options, ""), false, texts::signup(&shell)),
    };
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let account = link.email().unwrap_or_default().to_owned();
    let page = ResetPasswordPage { shell, keys, account, rules, problem };
    Ok(link_form::with_cookie(respond(status, &page), cookie))
}

/// Why a password was not taken.
struct Refusal {
    problem: ResetPasswordProblem,
    check: Option<PasswordCheck>,
}

async fn reset(visit: &Visit, body: Result<Bytes, BytesRejection>) -> Result<Response, PageError> {
    let (app, tenant) = (&visit.app, &visit.tenant);
    let sent = ProtectedForm::read(visit, body, AUTHORIZATION)?;
    let ticket = sent.state().to_owned();
    let browser = app.browser(&tenant.id, visit.cookies.browser.as_deref()).ok_or_else(PageError::foreign_post)?;
    let fields = sent.fields_about(visit, &browser, &about(&ticket))?;
    let problem = match (fields.get("password"), fields.get("re-enter-password")) {
        (None, _) => Some(ResetPasswordProblem::NoPassword),
        (password, repeated) if password != repeated => Some(ResetPasswordProblem::NoMatch),
        _ => None,
    };
    if let Some(problem) = problem {
        // Whether the link works is found out first: its page shows whose account it is.
        let link = app.password_reset(&tenant.id, &ticket).await?;
        if link.problem.is_some() {
            return Ok(refused(visit, &link));
        }
        return form(visit, &ticket, &link, Some(Refusal { problem, check: None })).await;
    }
    let password = fields.get("password").unwrap_or_default();
    let link = match app.reset_password(tenant, &ticket, password, &visit.caller).await {
        Ok(link) => link,
        Err(ResetError::Link(link)) => return Ok(refused(visit, &link)),
        Err(ResetError::Password(refused)) => {
            let link = app.password_reset(&tenant.id, &ticket).await?;
            let problem = ResetPasswordProblem::Password(password_rules::problem(&refused));
            let refusal = Refusal { problem, check: refused.check().cloned() };
            return form(visit, &ticket, &link, Some(refusal)).await;
        }
        Err(ResetError::App(error)) => return Err(error.into()),
    };
    let message = "You can now login to the application with the new password.";
    if let Some(url) = link.result_url(true, message) {
        return Ok(visit.redirect(&url));
    }
    let continuation = link_form::continuation(visit, link.client_id.as_deref()).await?;
    Ok(respond(StatusCode::OK, &ResetPasswordSuccessPage { shell: visit.shell(), continuation }))
}

/// To the address that the link names, with Auth0's sentence; else a page.
fn refused(visit: &Visit, link: &Link) -> Response {
    let message = match link.problem {
        Some(LinkProblem::Used) => "This URL can be used only once",
        Some(LinkProblem::Expired) => "Access expired.",
        _ => "User account does not exist or verification code is invalid.",
    };
    match link.result_url(false, message) {
        Some(url) => visit.redirect(&url),
        None => respond(StatusCode::BAD_REQUEST, &ResetPasswordErrorPage { shell: visit.shell() }),
    }
}
