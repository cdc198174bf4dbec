//! The binary `keywright`.

use std::process::ExitCode;

/// After a load it holds a third of the memory that glibc's holds (docs/reference/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    keywright_server::run()
}
