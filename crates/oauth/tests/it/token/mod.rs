//! `POST /oauth/token` (§2).

mod authorization_code;
mod client_authentication;
mod client_credentials;
mod code_bindings;
mod kinds;
mod leeway_model;
mod lifetimes;
mod races;
mod refresh_token;
mod refresh_token_status;
mod request;
