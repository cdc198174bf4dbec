//! What tests of the surfaces share: an instance in this process, a browser that keeps cookies, and clients.
//!
//! Tests read like requests and responses. Time stands still until a test moves it; nothing listens on a port.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "test code: a failed expectation is a failed test"
)]

mod answer;
mod browser;
mod engine;
mod pkce;
mod receiver;
mod scene;
mod scripts;
mod secrets;

pub use answer::{Answer, jwt_claims, unescaped};
pub use browser::Browser;
pub use engine::Engine;
pub use pkce::Pkce;
pub use receiver::{Behaviour, Received, Receiver, egress_options};
pub use scene::{EMAIL, PASSWORD, Registered, Scene, SceneOptions, TestApp};
pub use scripts::{become_script_worker, script_engine, script_engine_with};
pub use secrets::{PrivateKey, spellings};
