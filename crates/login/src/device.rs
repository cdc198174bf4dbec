//! `/activate`: the pages on which somebody lets a device in (§5.4; RFC 8628 §3.3; DV-02, DV-05, LG-01).
//!
//! The code first, also where the address brings it; then a question that names the application, the place and the time of its
//! request and what it asks for; and only after a "yes" a login transaction like every other. Nothing of it is skipped for
//! somebody who is logged in, or who agreed to the same application before.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use keywright_app::{BrowserId, EnteredUserCode, LogEvent, LogType, PendingDevice, Progress, network_of};
use keywright_types::Client;
use keywright_web::page::respond;
use keywright_web::parameters::AUTHORIZATION;

use crate::error::PageError;
use crate::link_form;
use crate::login::too_many;
use crate::pages::{
    ActivationPage, ActivationProblem, ApplicationInfo, ConfirmationPage, DeviceAllowedPage, DeviceDeniedPage,
    FormKeys, Place, scope_lines,
};
use crate::protected_form::ProtectedForm;
use crate::texts;
use crate::visit::Visit;

/// Where the code is entered.
pub const PATH: &str = "/activate";
/// Where the question is answered.
pub(crate) const CONFIRM_PATH: &str = "/activate/confirm";
/// The page after a success; the authorization endpoint leads there.
pub(crate) const COMPLETE_PATH: &str = "/activate/complete";
/// The page after a refusal.
pub(crate) const DENIED_PATH: &str = "/activate/denied";
/// The page for a code that was answered before, or not in time.
pub(crate) const EXPIRED_PATH: &str = "/activate/expired";

/// What the form with the code is about.
const ENTRY: &str = "activate";
/// Longer texts in the address are no codes.
const LONGEST_CODE: usize = 64;
/// §5.3: what the device hears.
const CANCELLED: &str = "User cancelled the confirmation prompt.";

/// `GET /activate?user_code=…`
pub(crate) async fn get(visit: Visit) -> Response {
    visit.answer(show(&visit)).await
}

/// `POST /activate`
pub(crate) async fn post(visit: Visit, body: Result<Bytes, BytesRejection>) -> Response {
    visit.answer(enter(&visit, body).await).await
}

/// `POST /activate/confirm`
pub(crate) async fn confirm(visit: Visit, body: Result<Bytes, BytesRejection>) -> Response {
    visit.answer(decide(&visit, body).await).await
}

/// `GET /activate/complete`
pub(crate) async fn complete(visit: Visit) -> Response {
    respond(StatusCode::OK, &DeviceAllowedPage { shell: visit.shell() })
}

/// `GET /activate/denied`
pub(crate) async fn denied(visit: Visit) -> Response {
    respond(StatusCode::OK, &DeviceDeniedPage { shell: visit.shell() })
}

/// `GET /activate/expired`
pub(crate) async fn expired(visit: Visit) -> Response {
    entry(&visit, "", Some(ActivationProblem::UnknownCode))
}

/// RFC 8628 §3.3.1: with the code in the address, "the authorization server […] SHOULD display the "user_code" […] and ask the
/// user to confirm"; here the form is filled in, and everything else is as without.
fn show(visit: &Visit) -> Result<Response, PageError> {
    let query = visit.query(AUTHORIZATION)?;
    let code = query.get("user_code").filter(|code| code.len() <= LONGEST_CODE).unwrap_or_default();
    Ok(entry(visit, code, None))
}

async fn enter(visit: &Visit, body: Result<Bytes, BytesRejection>) -> Result<Response, PageError> {
    let (app, tenant) = (&visit.app, &visit.tenant);
    let (browser, fields) = own_form(visit, body)?;
    let typed = fields.get("user_code").unwrap_or_default().trim();
    if typed.is_empty() {
        return Ok(entry(visit, "", Some(ActivationProblem::NoCode)));
    }
    let problem = match app.enter_user_code(tenant, &visit.caller, typed).await? {
        EnteredUserCode::Found(device) => return question_page(visit, &browser, &device).await,
        EnteredUserCode::Malformed => ActivationProblem::InvalidCode,
        EnteredUserCode::Unknown => {
            let event = LogEvent::new(LogType::FailedDeviceActivation, &visit.caller);
            app.log(&tenant.id, event.description("No device waits under the code that was entered")).await?;
            ActivationProblem::UnknownCode
        }
        EnteredUserCode::TooMany(until) => {
            return Ok(too_many(visit, entry(visit, typed, Some(ActivationProblem::TooManyCodes)), Some(until)));
        }
    };
    Ok(entry(visit, if typed.len() <= LONGEST_CODE { typed } else { "" }, Some(problem)))
}

/// DV-02: "names application, requester place and time, and scopes, and always needs an explicit act".
async fn question_page(visit: &Visit, browser: &BrowserId, device: &PendingDevice) -> Result<Response, PageError> {
    let (app, tenant) = (&visit.app, &visit.tenant);
    let Some(client) = app.client(&tenant.id, &device.request.client_id).await? else {
        return Ok(entry(visit, "", Some(ActivationProblem::UnknownCode)));
    };
    visit.is_about(Some(&client.client.client_id), None);
    let described = match &device.request.audience {
        Some(audience) if tenant.settings.flags.use_scope_descriptions_for_consent => {
            app.api(&tenant.id, audience).await?
        }
        _ => None,
    };
    let account = match app.session(tenant, visit.cookies.session.as_deref()).await? {
        Some(session) => app.user(&tenant.id, &session.user_id).await?,
        None => None,
    };
    let shell = visit.shell();
    let described = described.as_ref().map(|record| &record.api);
    let age = app.now().duration_since(device.created_at);
    let page = ConfirmationPage {
        scopes: scope_lines(&device.request.scope, described, texts::consent(&shell)),
        keys: keys(visit, browser, &device.user_code),
        asked: app.csrf_token(&tenant.id, browser, &question(device, &client.client)),
        application: ApplicationInfo::of(&client.client),
        user_code: device.user_code.clone(),
        place: match device.ip {
            None => Place::Unknown,
            Some(ip) if network_of(Some(ip)) == network_of(visit.caller.ip) => Place::Here(ip.to_string()),
            Some(ip) => Place::Elsewhere(ip.to_string()),
        },
        minutes: age.as_mins(),
        account: account.map(|user| user.email.or(user.username).unwrap_or(user.user_id)),
        shell,
    };
    Ok(respond(StatusCode::OK, &page))
}

async fn decide(visit: &Visit, body: Result<Bytes, BytesRejection>) -> Result<Response, PageError> {
    let (app, tenant) = (&visit.app, &visit.tenant);
    let form = ProtectedForm::read(visit, body, AUTHORIZATION)?;
    let user_code = form.state().to_owned();
    let browser = app.browser(&tenant.id, visit.cookies.browser.as_deref()).ok_or_else(PageError::foreign_post)?;
    // The anti-forgery value is only given out with the question about this code, to somebody who had entered it: no guess
    // comes further than here.
    let fields = form.fields(visit, &browser)?;
    let Some(device) = app.pending_device(tenant, &user_code).await? else { return Ok(visit.redirect(EXPIRED_PATH)) };
    let Some(client) = app.client(&tenant.id, &device.request.client_id).await? else {
        return Ok(visit.redirect(EXPIRED_PATH));
    };
    // DV-05: the answer is about the device, the application and the scopes that were on the page. A code that has come to
    // stand for another device meanwhile has not been answered.
    let asked = fields.get("asked").unwrap_or_default();
    if !app.is_csrf_token(&tenant.id, &browser, &question(&device, &client.client), asked) {
        return Ok(visit.redirect(EXPIRED_PATH));
    }
    match fields.get("action") {
        Some("confirm") => {
            let transaction = app.begin_transaction(&tenant.id, device.request, Progress::default(), &browser).await?;
            Ok(visit.redirect(&format!("/authorize/resume?state={}", transaction.handle)))
        }
        Some("cancel") => {
            let event = LogEvent::new(LogType::DeviceActivationCancelled, &visit.caller);
            let event = event.client(&client.client).description(CANCELLED);
            let denied = app.deny_device(&tenant.id, &device.handle, CANCELLED, event).await?;
            Ok(visit.redirect(if denied { DENIED_PATH } else { EXPIRED_PATH }))
        }
        _ => Err(PageError::bad_request("Parameter 'action' must be 'confirm' or 'cancel'")),
    }
}

/// What the page asked: about which device, of which application, and for what.
fn question(device: &PendingDevice, client: &Client) -> String {
    let (handle, scope) = (device.handle.as_str(), &device.request.scope);
    let audience = device.request.audience.as_deref().unwrap_or_default();
    format!("device\n{handle}\n{}\n{audience}\n{scope}", client.client_id)
}

/// A form of the entry page, with the browser that got it.
fn own_form(
    visit: &Visit,
    body: Result<Bytes, BytesRejection>,
) -> Result<(BrowserId, keywright_web::Parameters), PageError> {
    let form = ProtectedForm::read(visit, body, AUTHORIZATION)?;
    let browser = visit.app.browser(&visit.tenant.id, visit.cookies.browser.as_deref());
    let browser = browser.ok_or_else(PageError::foreign_post)?;
    // A form of another page is none of ours (LG-01).
    if form.state() != ENTRY {
        return Err(PageError::foreign_post());
    }
    let fields = form.fields(visit, &browser)?;
    Ok((browser, fields))
}

/// The page with the form for the code. People come here from nowhere: the browser gets an identity if it has none.
fn entry(visit: &Visit, code: &str, problem: Option<ActivationProblem>) -> Response {
    let (keys, cookie) = link_form::keys(visit, ENTRY);
    let status = match problem {
        None => StatusCode::OK,
        Some(ActivationProblem::TooManyCodes) => StatusCode::TOO_MANY_REQUESTS,
        Some(_) => StatusCode::BAD_REQUEST,
    };
    let page = ActivationPage { shell: visit.shell(), keys, user_code: code.to_owned(), problem };
    link_form::with_cookie(respond(status, &page), cookie)
}

fn keys(visit: &Visit, browser: &BrowserId, about: &str) -> FormKeys {
    FormKeys { state: about.to_owned(), csrf: visit.app.csrf_token(&visit.tenant.id, browser, about) }
}
