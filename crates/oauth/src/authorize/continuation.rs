//! `/continue?state=…`: the user comes back from where Rules or an Action had sent them (`rules-and-actions.md` §2.10, §3.6).
//!
//! `state` is the handle of the transaction, which only the browser of this login can use, and only while the login waits for
//! somebody to come back. What the scripts say now is recorded like the result of every other step; `/authorize/resume` asks
//! `decide` what comes of it.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::Method;
use keywright_app::{App, AuthorizationRequest, Return};
use keywright_web::page::FormPostPage;
use keywright_web::parameters::{Limits, TOKEN};
use keywright_web::tenancy::shell;
use keywright_web::{ParameterError, Parameters, redirect};

use super::call::Call;
use super::decide::Next;
use super::denial::{AuthorizeError, Known};
use super::{Head, checks, scripts, situate};

/// Where the user comes back to.
pub(crate) const PATH: &str = "/continue";

/// A signed session token may stand in the address.
const QUERY: Limits = Limits { total: 16 * 1024, value: 8 * 1024 };

/// `GET /continue`.
pub(crate) async fn get(State(app): State<App>, head: Head, RawQuery(query): RawQuery) -> Response {
    let call = head.call(&app, &Method::GET);
    let parameters = Parameters::from_query(query.as_deref(), QUERY).map(|query| (query, Parameters::default()));
    answer(&call, parameters).await
}

/// `POST /continue`: R §2.10 (3), "POST form body allowed".
pub(crate) async fn post(
    State(app): State<App>,
    head: Head,
    RawQuery(query): RawQuery,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let call = head.call(&app, &Method::POST);
    let body = body.map_err(ParameterError::from).and_then(|body| Parameters::from_urlencoded(&body, TOKEN));
    let query = Parameters::from_query(query.as_deref(), QUERY);
    answer(&call, query.and_then(|query| Ok((query, body?)))).await
}

async fn answer(call: &Call<'_>, parameters: Result<(Parameters, Parameters), ParameterError>) -> Response {
    let answered = match parameters {
        Ok((query, body)) => go_on(call, &query, &body).await,
        Err(error) => Err(error.into()),
    };
    match answered {
        Ok(response) => response,
        Err(error) => error.respond(call, &Known::default()).await,
    }
}

async fn go_on(call: &Call<'_>, query: &Parameters, body: &Parameters) -> Result<Response, AuthorizeError> {
    let (app, tenant) = (call.app, call.tenant);
    let handle = query.get("state").unwrap_or_default();
    let browser = app.browser(&tenant.id, call.cookies.browser.as_deref());
    // A form that another site posts comes without `SameSite=Lax` cookies. A page of our own posts it once more, with them.
    if browser.is_none() && call.cross_site && call.method == Method::POST {
        return Ok(posted_again(call, handle, body));
    }
    let Some(mut transaction) = app.transaction(&tenant.id, handle, browser.as_ref()).await? else {
        return Err(AuthorizeError::lost_transaction(app, tenant, handle).await);
    };
    let again = format!("/authorize/resume?state={handle}");
    // AR-03, as everywhere where a login goes on.
    let organization = transaction.organization().map(str::to_owned);
    let request = AuthorizationRequest { organization, ..transaction.request.clone() };
    let checked = checks::check_again(app, tenant, request).await?;
    let scripted = app.has_login_scripts(&tenant.id).await?;
    let (checked, visitor, next) = situate(call, checked, &transaction.progress, scripted).await?;
    // A login that does not wait for this goes on as it would without.
    let Next::SendAway(interruption) = next else { return Ok(redirect::to(&again, call.method)) };
    let facts = scripts::returning_facts(call, &checked, query, body);
    let back = Return { interruption: &interruption, state: handle };
    let mut progress = transaction.progress.clone();
    scripts::run(call, &checked, &visitor, &mut progress, Some((&facts, back))).await?;
    transaction.progress = progress;
    // Where somebody was faster, what they recorded counts.
    app.record_progress(&tenant.id, &transaction, &transaction.progress).await?;
    Ok(redirect::to(&again, call.method))
}

fn posted_again(call: &Call<'_>, handle: &str, body: &Parameters) -> Response {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("state", handle).finish();
    let target = call.tenant.url(&format!("{PATH}?{query}"));
    let page = FormPostPage::new(shell(call.app, call.tenant, None), call.tenant.display_name(), &target, body.pairs());
    match page {
        Ok(page) => page.respond(),
        Err(_) => redirect::to("/", call.method),
    }
}
