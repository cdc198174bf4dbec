//! `make bench`: how much of the machine's own speed is left.
//!
//! A bare number of requests a second says more about the machine than about the program. So every measurement stands
//! beside the limit it runs against, taken in the same run: one RSA signature (S), one request to an empty handler (H),
//! one `fsync` of a small write (F). The printed ratio is what to compare between versions.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run stops")]

mod limits;
mod measure;
mod workloads;

use keywright_testkit::{Engine, Scene};
use keywright_types::TenantSettings;

use crate::limits::Limits;
use crate::measure::print_header;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let limits = Limits::measure().await;
        print_header(&limits);
        for engine in engines() {
            let scene = Scene::with(workloads::routes, engine, TenantSettings::default()).await;
            println!("\n{engine:?}");
            workloads::discovery(&scene, &limits).await;
            workloads::client_credentials(&scene, &limits).await;
            workloads::userinfo(&scene, &limits).await;
            workloads::refresh(&scene, &limits).await;
            workloads::durable_writes(&scene, &limits).await;
        }
    });
}

/// SQLite always; PostgreSQL when a server is named.
fn engines() -> Vec<Engine> {
    let postgres = std::env::var_os("KEYWRIGHT_TEST_POSTGRES").map(|_| Engine::Postgres);
    std::iter::once(Engine::Sqlite).chain(postgres).collect()
}
