//! The pages over HTTP, in this process: a real store, a real app, and browsers that keep cookies.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod attack_protection;
mod consent;
mod email_verification;
mod error_page;
mod forgery;
mod language;
mod login;
mod logout;
mod playground;
mod reset_password;
mod signup;
mod site;
mod transaction;
