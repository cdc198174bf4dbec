//! `/u/organization-picker`: the user chooses among the organizations that they belong to (§8.1 `post_login_prompt`; §7.7,
//! prompt `organizations`, screen `organization-picker`).

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use keywright_app::{OrganizationChoice, Session, organizations_of};
use keywright_types::{Organization, OrganizationRequireBehavior, OrganizationUsage};
use keywright_web::page::respond;

use crate::error::PageError;
use crate::pages::{ApplicationInfo, OrganizationLine, OrganizationPickerPage};
use crate::step::Step;
use crate::visit::Visit;

/// `GET /u/organization-picker?state=…`
pub(crate) async fn get(visit: Visit) -> Response {
    visit.answer(show(&visit).await).await
}

/// `POST /u/organization-picker`
pub(crate) async fn post(visit: Visit, body: Result<Bytes, BytesRejection>) -> Response {
    visit.answer(choose(&visit, body).await).await
}

async fn show(visit: &Visit) -> Result<Response, PageError> {
    let step = Step::of_page(visit).await?;
    let Some((session, organizations)) = offered(visit, &step).await? else { return Ok(step.resume(visit)) };
    let account = visit.app.user(&visit.tenant.id, &session.user_id).await?;
    let page = OrganizationPickerPage {
        shell: visit.shell(),
        keys: step.keys(visit),
        application: ApplicationInfo::of(&step.client.client),
        account: account.map(|user| user.email.or(user.username).unwrap_or(user.user_id)).unwrap_or_default(),
        organizations: organizations.into_iter().map(OrganizationLine::of).collect(),
        may_skip: may_skip(&step),
    };
    Ok(respond(StatusCode::OK, &page))
}

async fn choose(visit: &Visit, body: Result<Bytes, BytesRejection>) -> Result<Response, PageError> {
    let (step, fields) = Step::of_form(visit, body).await?;
    let Some((session, organizations)) = offered(visit, &step).await? else { return Ok(step.resume(visit)) };
    let wanted = fields.get("organization");
    let organization = match wanted {
        // Whether the user belongs to it is looked at again when the request is answered.
        Some(id) if organizations.iter().any(|own| own.id == id) => Some(id.to_owned()),
        None if fields.get("action") == Some("skip") && may_skip(&step) => None,
        // The membership has ended since the page was shown, or the form is somebody's invention: ask again.
        _ => return Ok(step.resume(visit)),
    };
    let choice = OrganizationChoice { user_id: Some(session.user_id), organization };
    visit.app.record_organization(&visit.tenant.id, &step.transaction, choice).await?;
    Ok(step.resume(visit))
}

/// Who chooses, and among which organizations. `None` where nobody was asked: LG-01, "an unlisted transition is refused".
async fn offered(visit: &Visit, step: &Step) -> Result<Option<(Session, Vec<Organization>)>, PageError> {
    let (app, tenant) = (&visit.app, &visit.tenant);
    let asks = step.client.client.organization_prompt() == OrganizationRequireBehavior::PostLoginPrompt;
    if !asks || step.transaction.request.organization.is_some() {
        return Ok(None);
    }
    let Some(session) = app.session(tenant, visit.cookies.session.as_deref()).await? else { return Ok(None) };
    let all = app.connections(&tenant.id).await?;
    let Some(connection) = all.iter().find(|own| own.name == session.connection).cloned() else { return Ok(None) };
    let (id, user_id) = (tenant.id.clone(), session.user_id.clone());
    let organizations = app.store().read(move |tx| organizations_of(tx, &id, &user_id, &connection)).await?;
    Ok(Some((session, organizations)).filter(|(_, organizations)| !organizations.is_empty()))
}

fn may_skip(step: &Step) -> bool {
    step.client.client.organization_usage == OrganizationUsage::Allow
}
