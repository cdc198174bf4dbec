//! `/u/login`: identifier and password against a database connection (§7.7, LG-01 to LG-04).

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use keywright_app::{Authentication, Limit, LoginAttempt};
use keywright_types::{Connection, Timestamp};
use keywright_web::page::respond;
use keywright_web::rate_limits::LimitError;

use crate::connection;
use crate::error::PageError;
use crate::pages::{ApplicationInfo, Identifier, LoginPage, LoginProblem};
use crate::step::Step;
use crate::visit::Visit;

/// `GET /u/login?state=…`
pub(crate) async fn get(visit: Visit) -> Response {
    visit.answer(show(&visit).await).await
}

/// `POST /u/login`
pub(crate) async fn post(visit: Visit, body: Result<Bytes, BytesRejection>) -> Response {
    visit.answer(log_in(&visit, body).await).await
}

async fn show(visit: &Visit) -> Result<Response, PageError> {
    let step = Step::of_page(visit).await?;
    let connection = connection::of(visit, &step).await?;
    let hint = step.transaction.request.login_hint.clone().unwrap_or_default();
    Ok(respond(StatusCode::OK, &page(visit, &step, &connection, &hint, None)))
}

async fn log_in(visit: &Visit, body: Result<Bytes, BytesRejection>) -> Result<Response, PageError> {
    let (step, fields) = Step::of_form(visit, body).await?;
    let connection = connection::of(visit, &step).await?;
    let username = fields.get("username").unwrap_or_default();
    // §7.7: "wrong credentials or captcha demanded re-render the page with status 400".
    let again = |problem| {
        let page = page(visit, &step, &connection, username, Some(problem));
        Ok(respond(StatusCode::BAD_REQUEST, &page))
    };
    if username.trim().is_empty() {
        return again(LoginProblem::NoIdentifier);
    }
    let Some(password) = fields.get("password") else { return again(LoginProblem::NoPassword) };
    let account = username.trim().to_lowercase();
    match visit.limits.take_with_address(Limit::Login, &[&account, &connection.name]).await {
        Ok(()) => {}
        Err(LimitError::Reached) => {
            let page = page(visit, &step, &connection, username, Some(LoginProblem::TooManyLogins));
            return Ok(respond(StatusCode::TOO_MANY_REQUESTS, &page));
        }
        Err(LimitError::Failed(error)) => return Err(error.into()),
    }
    let attempt = LoginAttempt {
        tenant: &visit.tenant,
        connection: &connection,
        client: &step.client.client,
        identifier: username,
        password,
        caller: &visit.caller,
        browser: Some(&step.browser),
    };
    let (problem, until) = match visit.app.authenticate(attempt).await? {
        Authentication::Success(authenticated) => return step.finish_login(visit, &authenticated).await,
        Authentication::WrongCredentials => return again(LoginProblem::WrongCredentials),
        Authentication::PasswordLeaked => return again(LoginProblem::PasswordLeaked),
        // §1.5. Only somebody who knows the password learns it.
        Authentication::UserBlocked => return step.deny(visit, "unauthorized", "user is blocked").await,
        Authentication::AccountBlocked => (LoginProblem::AccountBlocked, None),
        Authentication::AddressBlocked { until } => (LoginProblem::AddressBlocked, Some(until)),
    };
    let page = page(visit, &step, &connection, username, Some(problem));
    Ok(too_many(visit, respond(StatusCode::TOO_MANY_REQUESTS, &page), until))
}

/// Says in how many seconds the address has another attempt (RFC 6585 §4: 429 "MAY include a Retry-After header").
pub(crate) fn too_many(visit: &Visit, mut response: Response, until: Option<Timestamp>) -> Response {
    if let Some(until) = until {
        let milliseconds = until.duration_since(visit.app.now()).as_millis();
        let seconds = u64::try_from(milliseconds).unwrap_or_default().div_ceil(1000).max(1);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn page(
    visit: &Visit,
    step: &Step,
    connection: &Connection,
    username: &str,
    problem: Option<LoginProblem>,
) -> LoginPage {
    LoginPage {
        shell: visit.shell(),
        keys: step.keys(visit),
        application: ApplicationInfo::of(&step.client.client),
        identifier: if connection.options.requires_username { Identifier::EmailOrUsername } else { Identifier::Email },
        username: username.to_owned(),
        problem,
        signup_allowed: !connection.options.disable_signup,
        reset_allowed: connection.options.lets_users_reset_passwords(),
    }
}
