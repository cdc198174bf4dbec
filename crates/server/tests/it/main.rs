//! The built binary, as its users start it: command lines, configuration, certificates, seeds and the end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod certificates;
mod clock;
mod command_line;
mod configuration;
mod data_key;
mod deployment;
mod deployment_types;
mod doctor;
mod ephemeral;
mod health;
mod inbox;
mod logging;
mod observability;
mod postgres;
mod process;
mod proxies;
mod scripts;
mod seeds;
mod shutdown;
mod supply_chain;
