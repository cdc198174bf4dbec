//! A worker process by itself, for tests; the server is its own worker (`keywright script-worker`).

use std::process::ExitCode;

fn main() -> ExitCode {
    keywright_rules::worker::run()
}
