//! `POST /oauth/token` (§2).

mod authorization_code;
mod breached_passwords;
mod client_authentication;
mod client_credentials;
mod client_secrets;
mod code_bindings;
mod events;
mod kinds;
mod leeway_model;
mod lifetimes;
mod multi_resource;
mod online_access;
mod password;
mod password_flood;
mod private_key_jwt;
mod races;
mod refresh_token;
mod refresh_token_status;
mod request;
