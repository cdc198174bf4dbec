//! The binary `keywright`.

use std::process::ExitCode;

fn main() -> ExitCode {
    keywright_server::run()
}
