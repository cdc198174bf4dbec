//! The authorization endpoint (§1): read the request, check it in one fixed order, and either answer at once or begin a
//! transaction and send the browser to the step that `decide` names.

mod checks;
mod consent;
mod decide;
mod denial;
mod issue_code;
mod respond;
mod scopes;
mod session;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{Method, header};
use keywright_app::{App, AppError, AuthorizationRequest, Limit, Progress, Transaction};
use keywright_types::Tenant;
use keywright_web::parameters::AUTHORIZATION;
use keywright_web::{Cookies, CurrentTenant, ParameterError, Parameters, RateLimits, cookies};

use self::checks::CheckedRequest;
use self::decide::{Next, Situation, decide};
use self::denial::AuthorizeError;
use self::scopes::effective_scopes;
pub(crate) use self::scopes::scopes_now;
use self::session::Visitor;
use keywright_web::redirect;

pub(crate) use self::issue_code::CodeBinding;

/// `GET /authorize`.
pub(crate) async fn get(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    cookies: Cookies,
    limits: RateLimits,
    RawQuery(query): RawQuery,
) -> Response {
    answer(&app, &tenant, &limits, &Method::GET, cookies, of_query(query)).await
}

/// `POST /authorize`: the same parameters, form-encoded. A name in both query and body was sent twice (AR-01).
pub(crate) async fn post(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    cookies: Cookies,
    limits: RateLimits,
    RawQuery(query): RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = body.map_err(ParameterError::from).and_then(|body| Parameters::from_urlencoded(&body, AUTHORIZATION));
    let body = body.map_err(AuthorizeError::in_body);
    let parameters = of_query(query).and_then(|query| Ok(query.merged(body?)?));
    answer(&app, &tenant, &limits, &Method::POST, cookies, parameters).await
}

fn of_query(query: Option<String>) -> Result<Parameters, AuthorizeError> {
    Ok(Parameters::from_urlencoded(query.unwrap_or_default().as_bytes(), AUTHORIZATION)?)
}

async fn answer(
    app: &App,
    tenant: &Tenant,
    limits: &RateLimits,
    method: &Method,
    cookies: Cookies,
    parameters: Result<Parameters, AuthorizeError>,
) -> Response {
    let answered = match parameters {
        Ok(parameters) => start(app, tenant, limits, method, cookies, &parameters).await,
        Err(error) => Err(error),
    };
    match answered {
        Ok(response) => response,
        Err(error) => error.respond(app, tenant, method).await,
    }
}

/// A new request.
async fn start(
    app: &App,
    tenant: &Tenant,
    limits: &RateLimits,
    method: &Method,
    cookies: Cookies,
    parameters: &Parameters,
) -> Result<Response, AuthorizeError> {
    let checked = checks::check(app, tenant, parameters).await?;
    let visitor = Visitor::of(app, tenant, &cookies, &checked).await?;
    match step(app, &checked, &visitor, &Progress::default()) {
        Next::Issue => issue_code::issue(app, tenant, method, &checked, &visitor, None).await,
        Next::Deny(denial) => Err(AuthorizeError::redirect(&checked.request, denial)),
        next => {
            // A transaction is a row that anybody may have written; how many there can be is bounded here.
            limits.take_with_address(Limit::Authorize, &[]).await?;
            interact(app, tenant, method, &cookies, &checked.request, &next).await
        }
    }
}

/// `GET /authorize/resume?state=…`: a step recorded its result; go on (§1.9).
pub(crate) async fn resume(
    State(app): State<App>,
    CurrentTenant(tenant): CurrentTenant,
    cookies: Cookies,
    RawQuery(query): RawQuery,
) -> Response {
    let resumed = match of_query(query) {
        Ok(parameters) => go_on(&app, &tenant, cookies, &parameters).await,
        Err(error) => Err(error),
    };
    match resumed {
        Ok(response) => response,
        Err(error) => error.respond(&app, &tenant, &Method::GET).await,
    }
}

async fn go_on(
    app: &App,
    tenant: &Tenant,
    cookies: Cookies,
    parameters: &Parameters,
) -> Result<Response, AuthorizeError> {
    let browser = app.browser(&tenant.id, cookies.browser.as_deref());
    let handle = parameters.get("state").unwrap_or_default();
    let Some(mut transaction) = app.transaction(&tenant.id, handle, browser.as_ref()).await? else {
        return Err(AuthorizeError::lost_transaction(app, tenant, handle).await);
    };
    // AR-03: the client, its callbacks, grants and APIs are looked at again, as they are now.
    let checked = checks::check_again(app, tenant, transaction.request.clone()).await?;
    let visitor = Visitor::of(app, tenant, &cookies, &checked).await?;
    match step(app, &checked, &visitor, &transaction.progress) {
        Next::Issue => issue_code::issue(app, tenant, &Method::GET, &checked, &visitor, Some(&transaction)).await,
        Next::Deny(denial) => {
            issue_code::end_transaction(app, tenant, &transaction).await?;
            Err(AuthorizeError::redirect(&checked.request, denial))
        }
        next => {
            let remembered = remember(app, tenant, &mut transaction, &next).await?;
            // Another tab was faster: look again at what is there now.
            let resume = || format!("/authorize/resume?state={}", transaction.handle);
            let target = if remembered { page(&next, &transaction.handle) } else { resume() };
            Ok(redirect::to(&target, &Method::GET))
        }
    }
}

fn step(app: &App, checked: &CheckedRequest, visitor: &Visitor, progress: &Progress) -> Next {
    let next = decide(&Situation { checked, visitor, progress, now: app.now() });
    tracing::debug!(client.id = checked.request.client_id, step = ?next, "authorization step");
    next
}

/// Begins a transaction bound to this browser and sends it to the page of the next step.
async fn interact(
    app: &App,
    tenant: &Tenant,
    method: &Method,
    cookies: &Cookies,
    request: &AuthorizationRequest,
    next: &Next,
) -> Result<Response, AuthorizeError> {
    let browser = app.browser(&tenant.id, cookies.browser.as_deref()).unwrap_or_else(|| app.new_browser());
    let mut transaction = app.begin_transaction(&tenant.id, request.clone(), &browser).await?;
    remember(app, tenant, &mut transaction, next).await?;
    let mut response = redirect::to(&page(next, &transaction.handle), method);
    let cookie = cookies::set_browser(&app.browser_cookie(&tenant.id, &browser));
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Tells the consent page what to ask for. `false` when the transaction was changed meanwhile.
async fn remember(app: &App, tenant: &Tenant, transaction: &mut Transaction, next: &Next) -> Result<bool, AppError> {
    let Next::Consent { scope } = next else { return Ok(true) };
    if transaction.progress.consent_asked.as_ref() == Some(scope) {
        return Ok(true);
    }
    transaction.progress.consent_asked = Some(scope.clone());
    app.record_progress(&tenant.id, transaction, &transaction.progress).await
}

/// Path of the page that takes a step.
fn page(next: &Next, handle: &str) -> String {
    let path = match next {
        Next::SignUp => "/u/signup",
        Next::Consent { .. } => "/u/consent",
        _ => "/u/login",
    };
    format!("{path}?state={handle}")
}
