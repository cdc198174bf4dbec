//! `/u/consent`: the user decides what the application may do (§1.10, AR-07).

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use keywright_app::Session;
use keywright_types::{ScopeSet, User};
use keywright_web::page::respond;

use crate::error::PageError;
use crate::pages::{ApplicationInfo, ConsentPage, scope_lines};
use crate::step::Step;
use crate::texts;
use crate::visit::Visit;

/// `GET /u/consent?state=…`
pub(crate) async fn get(visit: Visit) -> Response {
    visit.answer(show(&visit).await).await
}

/// `POST /u/consent`
pub(crate) async fn post(visit: Visit, body: Result<Bytes, BytesRejection>) -> Response {
    visit.answer(decide(&visit, body).await).await
}

async fn show(visit: &Visit) -> Result<Response, PageError> {
    let step = Step::of_page(visit).await?;
    let (Some(scopes), Some(session)) = (&step.transaction.progress.consent_asked, session(visit).await?) else {
        // Nobody was asked anything, or nobody is logged in any more: LG-01, "an unlisted transition is refused".
        return Ok(step.resume(visit));
    };
    let Some(user) = visit.app.user(&visit.tenant.id, &session.user_id).await? else {
        return Ok(step.resume(visit));
    };
    let shell = visit.shell();
    let flags = &visit.tenant.settings.flags;
    let described = match &step.transaction.request.audience {
        Some(audience) if flags.use_scope_descriptions_for_consent => visit.app.api(&visit.tenant.id, audience).await?,
        _ => None,
    };
    let page = ConsentPage {
        scopes: scope_lines(scopes, described.as_ref().map(|record| &record.api), texts::consent(&shell)),
        shell,
        keys: step.keys(visit),
        asked: visit.app.csrf_token(&visit.tenant.id, &step.browser, &question(&step, &session, scopes)),
        application: ApplicationInfo::of(&step.client.client),
        account: account(&user),
    };
    Ok(respond(StatusCode::OK, &page))
}

async fn decide(visit: &Visit, body: Result<Bytes, BytesRejection>) -> Result<Response, PageError> {
    let (step, fields) = Step::of_form(visit, body).await?;
    let accepted = match fields.get("action") {
        Some("accept") => true,
        Some("deny") => false,
        _ => return Err(PageError::bad_request("Parameter 'action' must be 'accept' or 'deny'")),
    };
    // AR-07: the answer counts for the user and the scopes that were on the page. When another tab has logged somebody else
    // in meanwhile, or the application asks for more by now, nothing is recorded and the next step is decided anew.
    if let (Some(session), Some(scopes)) = (session(visit).await?, &step.transaction.progress.consent_asked) {
        let asked = fields.get("asked").unwrap_or_default();
        if visit.app.is_csrf_token(&visit.tenant.id, &step.browser, &question(&step, &session, scopes), asked) {
            visit.app.record_consent(&visit.tenant.id, &step.transaction, &session.user_id, accepted).await?;
        }
    }
    Ok(step.resume(visit))
}

/// What the page asked: whom, in which transaction, for which scopes.
fn question(step: &Step, session: &Session, scopes: &ScopeSet) -> String {
    format!("consent\n{}\n{}\n{scopes}", step.transaction.handle, session.session_id)
}

async fn session(visit: &Visit) -> Result<Option<Session>, PageError> {
    Ok(visit.app.session(&visit.tenant, visit.cookies.session.as_deref()).await?)
}

/// What the user knows their account by.
fn account(user: &User) -> String {
    user.email.clone().or_else(|| user.username.clone()).unwrap_or_else(|| user.user_id.clone())
}
