//! Composition root of Keywright and the commands of its binary.
//!
//! Everything meets here and only here: configuration, database, clock, randomness, the surfaces and the listener.
//! Invariant: no request is decided in this crate; it holds no protocol, no page and no SQL.

mod cli;
mod config;
mod connections;
mod data_key;
mod deployment;
mod dev;
mod doctor;
mod failure;
mod health;
mod instance;
mod keys;
mod listener;
mod log_command;
mod logging;
mod metrics;
mod outbound;
mod pipeline;
#[cfg(test)]
mod redaction_tests;
mod request_body;
mod routes;
mod script_test;
mod scripts;
mod serve;
mod telemetry;
mod tenant;
mod tls;

use std::process::ExitCode;

use clap::Parser;
use keywright_jose::{MasterKey, Random};
use secrecy::ExposeSecret;

use cli::{Cli, Command, DevCommand, LogCommand, TenantCommand};
use config::Document;
use failure::Failure;
use telemetry::Telemetry;

/// Runs the command line of this process.
#[must_use]
pub fn run() -> ExitCode {
    let command = Cli::parse().command;
    // It takes standard input and output, and does nothing else.
    if matches!(command, Command::ScriptWorker) {
        return keywright_rules::worker::run();
    }
    // For libraries that make TLS connections of their own.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match dispatch(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("keywright: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<(), Failure> {
    match command {
        Command::Dev { command: Some(DevCommand::Ca { data }), .. } => dev::show_authority(&data),
        Command::Dev { server, command: None } => {
            let _log = logging::start_development()?;
            runtime()?.block_on(dev::run(server))
        }
        Command::Serve { configuration } => {
            let document = Document::load(configuration.config.as_deref(), config::environment(), None)?;
            let runtime = runtime()?;
            // Dropped in the opposite order: the last traces are sent on the runtime.
            let telemetry = Telemetry::start(document.telemetry(), runtime.handle())?;
            let log = logging::start(document.log(), telemetry.as_ref())?;
            runtime.block_on(serve::run(document, log.dropped_lines.clone()))
        }
        Command::Tenant { command: TenantCommand::Create { domain, name, database, configuration } } => {
            let document = Document::load(configuration.config.as_deref(), config::environment(), database.as_deref())?;
            let _log = logging::start(document.log(), None)?;
            runtime()?.block_on(tenant::create(document, &domain, name.as_deref()))
        }
        Command::Log { command: LogCommand::List { source, after } } => {
            runtime()?.block_on(log_command::list(source, after))
        }
        Command::Log { command: LogCommand::Verify { source } } => runtime()?.block_on(log_command::verify(source)),
        Command::Import { options } => runtime()?.block_on(deployment::import(options)),
        Command::Export { options } => runtime()?.block_on(deployment::export(options)),
        Command::Doctor { options } => runtime()?.block_on(doctor::run(options)),
        Command::Keys { command } => runtime()?.block_on(keys::run(command)),
        Command::DataKey { command } => runtime()?.block_on(data_key::run(command)),
        Command::Rule { command } => runtime()?.block_on(script_test::rule(command)),
        Command::Action { command } => runtime()?.block_on(script_test::action(command)),
        Command::ScriptWorker => Ok(()),
        Command::MasterKey => {
            println!("{}", MasterKey::generate(&Random::system()).to_base64().expose_secret());
            Ok(())
        }
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::Io)
}
