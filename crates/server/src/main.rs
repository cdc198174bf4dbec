//! The binary `keywright`.

use std::process::ExitCode;

/// Small answers spend a good part of their time in the allocator; this one halves it (docs/reference/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keywright_server::run()
}
