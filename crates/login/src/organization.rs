//! `/u/organization`: the user enters the organization that they log in to (§8.1 `pre_login_prompt`; §7.7, prompt
//! `organizations`, screen `organization-selection`).

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use keywright_app::OrganizationChoice;
use keywright_types::{OrganizationRequireBehavior, OrganizationUsage};
use keywright_web::page::respond;

use crate::error::PageError;
use crate::pages::{ApplicationInfo, OrganizationPage, OrganizationProblem};
use crate::step::Step;
use crate::visit::Visit;

/// `GET /u/organization?state=…`
pub(crate) async fn get(visit: Visit) -> Response {
    visit.answer(show(&visit).await).await
}

/// `POST /u/organization`
pub(crate) async fn post(visit: Visit, body: Result<Bytes, BytesRejection>) -> Response {
    visit.answer(choose(&visit, body).await).await
}

async fn show(visit: &Visit) -> Result<Response, PageError> {
    let step = Step::of_page(visit).await?;
    if !is_asked(&step) {
        return Ok(step.resume(visit));
    }
    Ok(respond(StatusCode::OK, &page(visit, &step, "", None)))
}

async fn choose(visit: &Visit, body: Result<Bytes, BytesRejection>) -> Result<Response, PageError> {
    let (step, fields) = Step::of_form(visit, body).await?;
    if !is_asked(&step) {
        return Ok(step.resume(visit));
    }
    if fields.get("action") == Some("skip") && may_skip(&step) {
        return record(visit, step, None).await;
    }
    let name = fields.get("organizationName").unwrap_or_default().trim();
    let again = |problem| Ok(respond(StatusCode::BAD_REQUEST, &page(visit, &step, name, Some(problem))));
    if name.is_empty() {
        return again(OrganizationProblem::NoName);
    }
    let (app, tenant) = (&visit.app, &visit.tenant.id);
    let Some(found) = app.organization_by_name(tenant, name).await? else {
        return again(OrganizationProblem::Unknown);
    };
    // An organization that nobody can log in to from here is none.
    if app.login_connections(tenant, &step.client.client, Some(&found)).await?.is_empty() {
        return again(OrganizationProblem::Unknown);
    }
    record(visit, step, Some(found.organization.id.clone())).await
}

async fn record(visit: &Visit, step: Step, organization: Option<String>) -> Result<Response, PageError> {
    let choice = OrganizationChoice { user_id: None, organization };
    visit.app.record_organization(&visit.tenant.id, &step.transaction, choice).await?;
    Ok(step.resume(visit))
}

/// LG-01, "an unlisted transition is refused": only where the application wants its users asked, and only once.
fn is_asked(step: &Step) -> bool {
    let asks = step.client.client.organization_prompt() == OrganizationRequireBehavior::PreLoginPrompt;
    asks && step.transaction.request.organization.is_none() && step.transaction.progress.login.is_none()
}

fn may_skip(step: &Step) -> bool {
    step.client.client.organization_usage == OrganizationUsage::Allow
}

fn page(visit: &Visit, step: &Step, name: &str, problem: Option<OrganizationProblem>) -> OrganizationPage {
    OrganizationPage {
        shell: visit.shell(),
        keys: step.keys(visit),
        application: ApplicationInfo::of(&step.client.client),
        name: name.to_owned(),
        problem,
        may_skip: may_skip(step),
    }
}
