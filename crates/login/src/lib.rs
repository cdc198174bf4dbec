//! The pages on which people log in, sign up, consent and log out (§7.7, architecture §7).
//!
//! Invariant: nothing here issues a code or a token. A page records its result on the stored transaction, or begins a
//! session, and sends the browser to `/authorize/resume?state=…`, where one function decides what comes next. Pages
//! never send the browser to each other, except by links that the user follows.

mod connection;
mod consent;
mod device;
mod device_qr;
mod email_verification;
mod error;
mod link_form;
mod login;
mod logout;
mod organization;
mod organization_picker;
mod pages;
mod password_rules;
mod playground;
mod protected_form;
mod reset_password;
mod signup;
mod step;
mod texts;
mod unblock;
mod visit;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use keywright_app::App;
use keywright_web::rate_limits;

pub use device::PATH as ACTIVATION_PATH;
pub use logout::{COMPLETE_PATH as LOGGED_OUT_PATH, PATH as LOGOUT_PATH};
pub use pages::PAGES;
pub use playground::PATH as PLAYGROUND_PATH;

/// The routes of this crate. They need the tenant of the request (`keywright_web::tenancy::resolve`).
pub fn router(app: &App) -> Router<App> {
    let request_reset = get(reset_password::get_request).post(reset_password::post_request);
    Router::new()
        .route("/u/login", get(login::get).post(login::post))
        .route("/u/signup", get(signup::get).post(signup::post))
        .route("/u/email-verification", get(email_verification::get).post(email_verification::post))
        .route("/u/reset-password/request", request_reset.clone())
        // Auth0 repeats the connection in the address; the transaction knows it.
        .route("/u/reset-password/request/{connection}", request_reset)
        .route("/u/reset-password", get(reset_password::get).post(reset_password::post))
        .route("/u/unblock", get(unblock::get).post(unblock::post))
        .route("/u/organization", get(organization::get).post(organization::post))
        .route("/u/organization-picker", get(organization_picker::get).post(organization_picker::post))
        .route("/u/consent", get(consent::get).post(consent::post))
        .route(device::PATH, get(device::get).post(device::post))
        .route(device::CONFIRM_PATH, post(device::confirm))
        .route(device_qr::PATH, get(device_qr::get))
        .route(device::COMPLETE_PATH, get(device::complete))
        .route(device::DENIED_PATH, get(device::denied))
        .route(device::EXPIRED_PATH, get(device::expired))
        .route(playground::PATH, get(playground::get))
        .route(logout::PATH, get(logout::get).post(logout::post))
        .route(logout::COMPLETE_PATH, get(logout::complete))
        .route(logout::ABORTED_PATH, get(logout::aborted))
        .layer(from_fn_with_state(app.clone(), rate_limits::pages))
}
