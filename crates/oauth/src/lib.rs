//! The protocol surface: authorization and token endpoint, user info, revocation, logout, discovery and keys.
//!
//! Invariant: no HTML is made here (errors and `form_post` answers are pages of `keywright_web`), and no interactive
//! step is taken here: `authorize::decide` names the step, the login pages take it.

mod access_token;
mod authorize;
mod backchannel_logout;
mod certificate;
mod cross_origin;
mod database_users;
mod device_authorization;
mod discovery;
mod dpop;
mod error;
mod id_token_hint;
mod issue;
mod json_web_keys;
mod kept_claims;
mod logout;
mod metadata;
mod permissions;
mod profile;
mod pushed_authorization;
mod registration;
mod revocation;
mod token;
mod userinfo;

use std::future::ready;
use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use http::HeaderMap;
use keywright_app::{App, BACKCHANNEL_LOGOUT};
use keywright_web::rate_limits;

pub use error::OAuthError;

/// Every route of this surface (§0.1), and the background jobs that are its own. Expects `keywright_web::tenancy::resolve` around it.
pub fn router(app: &App) -> Router<App> {
    app.handle_jobs(BACKCHANNEL_LOGOUT, Arc::new(backchannel_logout::Delivery));
    let api = Router::new()
        .route("/oauth/token", post(token::post).fallback(token::method_not_allowed))
        .route(pushed_authorization::PATH, post(pushed_authorization::post).fallback(token::method_not_allowed))
        .route(device_authorization::PATH, post(device_authorization::post).fallback(token::method_not_allowed))
        .route("/oauth/revoke", post(revocation::post).fallback(token::method_not_allowed))
        .route("/dbconnections/signup", post(database_users::signup).fallback(database_users::method_not_allowed))
        .route(
            "/dbconnections/change_password",
            post(database_users::change_password).fallback(database_users::method_not_allowed),
        )
        .route("/userinfo", get(userinfo::get).post(userinfo::post))
        .layer((
            from_fn_with_state(app.clone(), cross_origin::registered_origins),
            from_fn_with_state(app.clone(), rate_limits::api),
        ));
    let documents = discovery::Documents::new();
    let discovery =
        get(move |app, tenant, headers: HeaderMap| ready(discovery::get(&documents, &app, &tenant, &headers)));
    let open = Router::new()
        .route("/.well-known/openid-configuration", discovery.clone())
        .route("/.well-known/oauth-authorization-server", discovery)
        .route("/.well-known/jwks.json", get(json_web_keys::get))
        .route("/pem", get(certificate::pem))
        .route("/rawpem", get(certificate::raw_pem))
        .route("/cer", get(certificate::der))
        .route("/pb7", get(certificate::pkcs7))
        .route("/fingerprint", get(certificate::fingerprint))
        .route("/oidc/register", post(registration::post).fallback(registration::method_not_allowed))
        .layer((from_fn(cross_origin::any_origin), from_fn_with_state(app.clone(), rate_limits::api)));
    let pages = Router::new()
        .route("/authorize", get(authorize::get).post(authorize::post).head(authorize::head))
        .route("/authorize/resume", get(authorize::resume).head(authorize::head))
        .route(
            authorize::CONTINUE_PATH,
            get(authorize::continue_get).post(authorize::continue_post).head(authorize::head),
        )
        .route("/v2/logout", get(logout::auth0::get).head(logout::head))
        .route("/logout", get(logout::auth0::get).head(logout::head))
        .route("/oidc/logout", get(logout::rp_initiated::get).post(logout::rp_initiated::post).head(logout::head))
        .layer(from_fn_with_state(app.clone(), rate_limits::pages));
    pages.merge(api).merge(open)
}
