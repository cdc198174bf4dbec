//! `/u/signup`: a new user of a database connection, who is logged in at once (§7.1, §7.2).

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::StatusCode;
use keywright_app::{NewUser, PasswordCheck, RequestFacts, SignUp, SignUpError, check_password};
use keywright_types::{Connection, Tenant};
use keywright_web::Parameters;
use keywright_web::page::respond;

use crate::connection;
use crate::error::PageError;
use crate::login::too_many;
use crate::pages::{ApplicationInfo, SignupPage, SignupProblem};
use crate::password_rules::{self, rule_lines};
use crate::step::Step;
use crate::texts;
use crate::visit::Visit;

/// `GET /u/signup?state=…`
pub(crate) async fn get(visit: Visit) -> Response {
    visit.answer(show(&visit).await).await
}

/// `POST /u/signup`
pub(crate) async fn post(visit: Visit, body: Result<Bytes, BytesRejection>) -> Response {
    visit.answer(sign_up(&visit, body).await).await
}

async fn show(visit: &Visit) -> Result<Response, PageError> {
    let step = Step::of_page(visit).await?;
    let connection = connection::of(visit, &step).await?;
    if connection.options.disable_signup {
        return Ok(to_login(visit, &step));
    }
    let hint = step.transaction.request.login_hint.as_deref().unwrap_or_default();
    let email = if hint.contains('@') { hint } else { "" };
    Ok(respond(StatusCode::OK, &page(visit, &step, &connection, email, "", None)))
}

async fn sign_up(visit: &Visit, body: Result<Bytes, BytesRejection>) -> Result<Response, PageError> {
    let (step, fields) = Step::of_form(visit, body).await?;
    let connection = connection::of(visit, &step).await?;
    let field = |name: &str| fields.get(name).unwrap_or_default();
    let mut until = None;
    let problem = match new_user(&connection, &fields) {
        Err(missing) => Refusal::from(missing),
        Ok(new) => match visit.app.sign_up(attempt(visit, &step, &connection, new, &request(visit, &fields))).await {
            Ok(authenticated) => return step.finish_login(visit, &authenticated).await,
            Err(SignUpError::Disabled) => return Ok(to_login(visit, &step)),
            Err(SignUpError::App(error)) => return Err(error.into()),
            Err(refused) => {
                if let SignUpError::AddressBlocked { until: next } = refused {
                    until = Some(next);
                }
                Refusal::of(refused, &visit.tenant)
            }
        },
    };
    let status = if until.is_some() { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::BAD_REQUEST };
    let page = page(visit, &step, &connection, field("email"), field("username"), Some(&problem));
    Ok(too_many(visit, respond(status, &page), until))
}

/// What Actions are told of the form.
fn request(visit: &Visit, fields: &Parameters) -> RequestFacts {
    let told = |(name, value): (String, String)| (name != "password").then(|| (name, value.into()));
    RequestFacts {
        method: "POST".to_owned(),
        body: fields.pairs().into_iter().filter_map(told).collect(),
        language: Some(visit.shell().language.tag().to_owned()),
        ..RequestFacts::default()
    }
}

fn attempt<'a>(
    visit: &'a Visit,
    step: &'a Step,
    connection: &'a Connection,
    new: NewUser,
    request: &'a RequestFacts,
) -> SignUp<'a> {
    SignUp {
        tenant: &visit.tenant,
        connection,
        client: &step.client.client,
        caller: &visit.caller,
        browser: Some(&step.browser),
        new,
        organization_id: step.transaction.organization(),
        language: Some(visit.shell().language.tag()),
        request,
        authorization: Some(&step.transaction.request),
    }
}

/// What was entered, or which field is empty.
fn new_user(connection: &Connection, fields: &Parameters) -> Result<NewUser, SignupProblem> {
    let entered = |name: &str| fields.get(name).filter(|value| !value.trim().is_empty());
    let email = entered("email").ok_or(SignupProblem::NoEmail)?;
    let username = entered("username");
    if connection.options.requires_username && username.is_none() {
        return Err(SignupProblem::NoUsername);
    }
    // White space is a password like any other.
    let password = fields.get("password").ok_or(SignupProblem::NoPassword)?;
    Ok(NewUser {
        email: email.to_owned(),
        username: username.map(str::to_owned),
        password: password.to_owned(),
        ..NewUser::default()
    })
}

/// Why nobody was signed up.
struct Refusal {
    problem: SignupProblem,
    /// The rules that the password kept and broke, when that was the reason.
    check: Option<PasswordCheck>,
    /// What an Action says to the user.
    message: Option<String>,
}

impl Refusal {
    fn of(error: SignUpError, tenant: &Tenant) -> Self {
        match error {
            SignUpError::InvalidEmail => SignupProblem::InvalidEmail.into(),
            SignUpError::InvalidUsername => SignupProblem::InvalidUsername.into(),
            SignUpError::Password(refusal) => Self {
                check: refusal.check().cloned(),
                problem: SignupProblem::Password(password_rules::problem(&refusal)),
                message: None,
            },
            SignUpError::Denied { user_message, .. } => Self { message: user_message, ..SignupProblem::Refused.into() },
            SignUpError::PasswordLeaked => SignupProblem::PasswordLeaked.into(),
            SignUpError::AddressBlocked { .. } => SignupProblem::AddressBlocked.into(),
            SignUpError::UserExists if may_name_existing_users(tenant) => SignupProblem::UserExists.into(),
            SignUpError::UserExists | SignUpError::Disabled | SignUpError::App(_) => SignupProblem::Refused.into(),
        }
    }
}

impl From<SignupProblem> for Refusal {
    fn from(problem: SignupProblem) -> Self {
        Self { problem, check: None, message: None }
    }
}

/// §7.1: the tenant flag `enable_public_signup_user_exists_error`. Without it the answer is "deliberately generic".
fn may_name_existing_users(tenant: &Tenant) -> bool {
    let flag = tenant.settings.flags.other.get("enable_public_signup_user_exists_error");
    flag.and_then(serde_json::Value::as_bool).unwrap_or(false)
}

fn to_login(visit: &Visit, step: &Step) -> Response {
    visit.redirect(&format!("/u/login?state={}", step.transaction.handle))
}

fn page(
    visit: &Visit,
    step: &Step,
    connection: &Connection,
    email: &str,
    username: &str,
    refusal: Option<&Refusal>,
) -> SignupPage {
    let shell = visit.shell();
    let texts = texts::signup(&shell);
    let rules = match refusal.and_then(|refusal| refusal.check.as_ref()) {
        Some(check) => rule_lines(check, true, texts),
        None => rule_lines(&check_password(&connection.options, ""), false, texts),
    };
    SignupPage {
        shell,
        keys: step.keys(visit),
        application: ApplicationInfo::of(&step.client.client),
        email: email.to_owned(),
        username: connection.options.requires_username.then(|| username.to_owned()),
        rules,
        problem: refusal.map(|refusal| refusal.problem),
        message: refusal.and_then(|refusal| refusal.message.clone()),
    }
}
