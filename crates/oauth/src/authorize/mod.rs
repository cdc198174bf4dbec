//! The authorization endpoint (§1): read the request, check it in one fixed order, and either answer at once or begin a
//! transaction and send the browser to the step that `decide` names.

mod call;
mod checks;
mod claims;
mod code;
mod completion;
mod consent;
mod continuation;
mod decide;
mod denial;
mod device;
mod events;
mod front_channel;
mod organization;
mod parameters;
mod respond;
mod scopes;
mod scripts;
mod session;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use keywright_app::{App, AppError, AuthorizationRequest, Limit, Progress, Transaction};
use keywright_types::Tenant;
use keywright_web::parameters::AUTHORIZATION;
use keywright_web::{Cookies, CurrentCaller, CurrentTenant, ParameterError, Parameters, RateLimits, cookies};

use self::call::Call;
use self::checks::CheckedRequest;
use self::completion::Completed;
use self::decide::{Next, Situation, decide};
pub(crate) use self::denial::AuthorizeError;
use self::denial::{Known, denial};
pub(crate) use self::device::check_device;
pub(crate) use self::organization::is_no_member;
pub(crate) use self::scopes::{
    OFFLINE_ACCESS, ONLINE_ACCESS, OPENID_SCOPES, allows_refresh_token, begins_family, scopes_now,
};
use self::session::Visitor;
use crate::error::OAuthError;
use crate::pushed_authorization;
use keywright_web::redirect;

pub(crate) use self::code::CodeBinding;
pub(crate) use self::continuation::{PATH as CONTINUE_PATH, get as continue_get, post as continue_post};

/// What the handlers take from the head of a request.
pub(crate) struct Head {
    tenant: CurrentTenant,
    cookies: Cookies,
    caller: CurrentCaller,
    limits: RateLimits,
    cross_site: bool,
}

impl FromRequestParts<App> for Head {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let Ok(caller) = CurrentCaller::from_request_parts(parts, app).await;
        let Ok(limits) = RateLimits::from_request_parts(parts, app).await;
        Ok(Self {
            tenant: CurrentTenant::from_request_parts(parts, app).await?,
            cookies: Cookies::from_headers(&parts.headers),
            caller,
            limits,
            cross_site: parts.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site"),
        })
    }
}

impl Head {
    fn call<'a>(&'a self, app: &'a App, method: &'a Method) -> Call<'a> {
        let (cookies, caller) = (self.cookies.clone(), self.caller.0.clone());
        Call { app, tenant: &self.tenant.0, method, cookies, caller, limits: &self.limits, cross_site: self.cross_site }
    }
}

/// `GET /authorize`.
pub(crate) async fn get(State(app): State<App>, head: Head, RawQuery(query): RawQuery) -> Response {
    let parameters = Parameters::from_query(query.as_deref(), AUTHORIZATION);
    answer(&head.call(&app, &Method::GET), parameters).await
}

/// `POST /authorize`: the same parameters, form-encoded. A name in both query and body was sent twice (AR-01).
pub(crate) async fn post(
    State(app): State<App>,
    head: Head,
    RawQuery(query): RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let parameters = Parameters::from_query_and_form(query.as_deref(), body, AUTHORIZATION);
    answer(&head.call(&app, &Method::POST), parameters).await
}

/// `HEAD`: a login cannot be begun, nor a code issued, by a question about headers (RFC 9110 §9.2.1: "safe").
pub(crate) async fn head() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, HeaderValue::from_static("GET, POST"))]).into_response()
}

async fn answer(call: &Call<'_>, parameters: Result<Parameters, ParameterError>) -> Response {
    let named = |name: &str| parameters.as_ref().ok().and_then(|own| own.get(name)).map(str::to_owned);
    let known = Known { client_id: named("client_id"), connection: named("connection") };
    let answered = match parameters {
        Ok(parameters) => start(call, &parameters).await,
        Err(error) => Err(error.into()),
    };
    match answered {
        Ok(response) => response,
        Err(error) => error.respond(call, &known).await,
    }
}

/// A new request.
async fn start(call: &Call<'_>, parameters: &Parameters) -> Result<Response, AuthorizeError> {
    let pushed = pushed_authorization::take(call.app, call.tenant, parameters).await?;
    let parameters = pushed.as_ref().unwrap_or(parameters);
    let mut checked = checks::check(call.app, call.tenant, parameters).await?;
    if pushed.is_none() && pushed_authorization::is_required(call.tenant, &checked.client.client) {
        let denial = denial("invalid_request", "The authorization request must be pushed first");
        return Err(AuthorizeError::redirect(&checked.request, denial));
    }
    let scripted = call.app.has_login_scripts(&call.tenant.id).await?;
    if scripted {
        checked.request.sent = scripts::sent(parameters);
    }
    let mut progress = Progress::default();
    let (checked, mut visitor, mut next) = situate(call, checked, &progress, scripted).await?;
    if next == Next::RunScripts {
        scripts::run(call, &checked, &visitor, &mut progress, None).await?;
        next = step(call.app, &checked, &visitor, &progress, scripted);
    }
    if next == Next::Issue {
        match completion::complete(call, &checked, &visitor, &progress, scripted, None).await? {
            Completed::Response(response) => return Ok(response),
            // A logout in another tab was faster: nobody is here now.
            Completed::SessionEnded => {
                (visitor, progress) = (Visitor::default(), Progress::default());
                next = step(call.app, &checked, &visitor, &progress, scripted);
            }
        }
    }
    match next {
        Next::Deny(denial) => Err(AuthorizeError::refusal(&checked, &visitor, denial)),
        next => {
            // A transaction is a row that anybody may have written; how many there can be is bounded here.
            call.limits.take_with_address(Limit::Authorize, &[]).await?;
            interact(call, parameters, &checked, &next, progress).await
        }
    }
}

/// The checks of a request that an application pushed, in the words of the endpoint that it pushed to (RFC 9126 §2.1: "The
/// authorization server MUST […] Validate the pushed request as it would an authorization request sent to the authorization
/// endpoint").
pub(crate) async fn check_pushed(app: &App, tenant: &Tenant, parameters: &Parameters) -> Result<(), OAuthError> {
    checks::check(app, tenant, parameters).await.map(drop).map_err(AuthorizeError::of_pushed_request)
}

/// `GET /authorize/resume?state=…`: a step recorded its result; go on (§1.9).
pub(crate) async fn resume(State(app): State<App>, head: Head, RawQuery(query): RawQuery) -> Response {
    let call = head.call(&app, &Method::GET);
    let resumed = match Parameters::from_query(query.as_deref(), AUTHORIZATION) {
        Ok(parameters) => go_on(&call, &parameters).await,
        Err(error) => Err(error.into()),
    };
    match resumed {
        Ok(response) => response,
        Err(error) => error.respond(&call, &Known::default()).await,
    }
}

async fn go_on(call: &Call<'_>, parameters: &Parameters) -> Result<Response, AuthorizeError> {
    let (app, tenant) = (call.app, call.tenant);
    let browser = app.browser(&tenant.id, call.cookies.browser.as_deref());
    let handle = parameters.get("state").unwrap_or_default();
    let Some(mut transaction) = app.transaction(&tenant.id, handle, browser.as_ref()).await? else {
        return Err(AuthorizeError::lost_transaction(app, tenant, handle).await);
    };
    // AR-03: the client, its callbacks, grants and APIs are looked at again, as they are now.
    let organization = transaction.organization().map(str::to_owned);
    let request = AuthorizationRequest { organization, ..transaction.request.clone() };
    let checked = checks::check_again(app, tenant, request).await?;
    let scripted = app.has_login_scripts(&tenant.id).await?;
    let (checked, visitor, mut next) = situate(call, checked, &transaction.progress, scripted).await?;
    let ran = next == Next::RunScripts;
    if ran {
        scripts::run(call, &checked, &visitor, &mut transaction.progress, None).await?;
        next = step(app, &checked, &visitor, &transaction.progress, scripted);
    }
    // Where something has changed since it was looked at, such as by another tab, look again.
    let again = format!("/authorize/resume?state={handle}");
    match next {
        Next::Issue => {
            let progress = &transaction.progress;
            match completion::complete(call, &checked, &visitor, progress, scripted, Some(&transaction)).await? {
                Completed::Response(response) => Ok(response),
                Completed::SessionEnded => Ok(redirect::to(&again, &Method::GET)),
            }
        }
        Next::Deny(denial) => {
            completion::end_transaction(app, tenant, &transaction).await?;
            Err(AuthorizeError::refusal(&checked, &visitor, denial))
        }
        next => {
            let remembered = remember(app, tenant, &mut transaction, &next, ran).await?;
            Ok(redirect::to(&if remembered { page(&next, handle) } else { again }, &Method::GET))
        }
    }
}

/// Who is there and what comes next. Where that is the one organization that there is to choose, the request is one for it.
async fn situate(
    call: &Call<'_>,
    checked: CheckedRequest,
    progress: &Progress,
    scripted: bool,
) -> Result<(CheckedRequest, Visitor, Next), AuthorizeError> {
    let visitor = Visitor::of(call.app, call.tenant, &call.cookies, &checked).await?;
    let next = step(call.app, &checked, &visitor, progress, scripted);
    let Next::EnterOrganization(id) = next else { return Ok((checked, visitor, next)) };
    let request = AuthorizationRequest { organization: Some(id), ..checked.request };
    let checked = checks::check_again(call.app, call.tenant, request).await?;
    let visitor = Visitor::of(call.app, call.tenant, &call.cookies, &checked).await?;
    let next = step(call.app, &checked, &visitor, progress, scripted);
    Ok((checked, visitor, next))
}

fn step(app: &App, checked: &CheckedRequest, visitor: &Visitor, progress: &Progress, scripted: bool) -> Next {
    let next = decide(&Situation { checked, visitor, progress, scripted, now: app.now() });
    tracing::debug!(client.id = checked.request.client_id, step = ?next, "authorization step");
    next
}

/// Begins a transaction bound to this browser and sends it to the page of the next step.
async fn interact(
    call: &Call<'_>,
    parameters: &Parameters,
    checked: &CheckedRequest,
    next: &Next,
    progress: Progress,
) -> Result<Response, AuthorizeError> {
    let (app, tenant) = (call.app, call.tenant);
    let known = app.browser(&tenant.id, call.cookies.browser.as_deref());
    // A form that another site posts comes without `SameSite=Lax` cookies. A new identity would replace the browser's own
    // and lose the logins that are open in its other tabs, so the request is made again as a GET, which brings it.
    if known.is_none() && call.cross_site && call.method == Method::POST {
        return Ok(redirect::to(&redirect::with_query("/authorize", &parameters.pairs()), call.method));
    }
    let browser = known.unwrap_or_else(|| app.new_browser());
    let mut transaction = app.begin_transaction(&tenant.id, checked.request.clone(), progress, &browser).await?;
    remember(app, tenant, &mut transaction, next, false).await?;
    let mut response = redirect::to(&page(next, &transaction.handle), call.method);
    let cookie = cookies::set_browser(&app.browser_cookie(&tenant.id, &browser));
    response.headers_mut().append(header::SET_COOKIE, cookie);
    Ok(response)
}

/// Tells the consent page what to ask for, and keeps what scripts said that `ran` just now. `false` when the transaction was
/// changed meanwhile.
async fn remember(
    app: &App,
    tenant: &Tenant,
    transaction: &mut Transaction,
    next: &Next,
    ran: bool,
) -> Result<bool, AppError> {
    let asked = match next {
        Next::Consent { scope } => Some(scope),
        _ => None,
    };
    let known = asked.is_none() || transaction.progress.consent_asked.as_ref() == asked;
    if known && !ran {
        return Ok(true);
    }
    if let Some(scope) = asked {
        transaction.progress.consent_asked = Some(scope.clone());
    }
    app.record_progress(&tenant.id, transaction, &transaction.progress).await
}

/// Path of the page that takes a step, or where scripts send the user.
fn page(next: &Next, handle: &str) -> String {
    let path = match next {
        Next::AskForOrganization => "/u/organization",
        Next::PickOrganization => "/u/organization-picker",
        Next::SignUp => "/u/signup",
        Next::Consent { .. } => "/u/consent",
        Next::SendAway(interruption) => return interruption.target(handle),
        _ => "/u/login",
    };
    format!("{path}?state={handle}")
}
