//! The life of one instance: it is put together, answers requests, keeps its database tidy and ends in order.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use keywright_app::{App, AppError, AppOptions, Clock, Egress, EgressOptions, HashingCost, OpenError};
use keywright_jose::Random;
use keywright_store::{Store, cleanup};
use keywright_types::TenantId;
use rustls::ServerConfig;
use secrecy::ExposeSecret;
use tokio::time::MissedTickBehavior;

use crate::Failure;
use crate::config::Storage;
use crate::listener::Listener;

/// How often expired rows are removed.
const CLEANUP_INTERVAL: Duration = Duration::from_mins(1);

/// Opens the database for a command that asks no other server.
pub(crate) async fn open(storage: Storage, clock: Clock) -> Result<App, OpenError> {
    open_serving(storage, clock, false, EgressOptions::default()).await
}

/// Opens a database that has the present schema for a command that changes nothing.
pub(crate) async fn open_unchanged(storage: Storage, clock: Clock) -> Result<App, OpenError> {
    App::open_unchanged(options(storage, clock, false, EgressOptions::default()).await?).await
}

/// The same, for an instance that answers requests: `rate_limits` says whether it limits them, `egress` which other servers
/// it may ask.
pub(crate) async fn open_serving(
    storage: Storage,
    clock: Clock,
    rate_limits: bool,
    egress: EgressOptions,
) -> Result<App, OpenError> {
    App::open(options(storage, clock, rate_limits, egress).await?).await
}

async fn options(
    storage: Storage,
    clock: Clock,
    rate_limits: bool,
    egress: EgressOptions,
) -> Result<AppOptions, AppError> {
    Ok(AppOptions {
        store: Store::open(storage.database.expose_secret()).await?,
        master_keys: storage.master_keys,
        clock,
        random: Random::system(),
        hashing_cost: HashingCost::Production,
        rate_limits,
        egress: Egress::new(egress).map_err(AppError::internal)?,
    })
}

/// Refuses a tenant whose keys do not open, before anything is written or answered: one of a database that several master keys
/// shared before there were data keys.
pub(crate) async fn check_master_key(app: &App, tenant: &TenantId) -> Result<(), Failure> {
    match app.signing_keys(tenant).await {
        Ok(_) => Ok(()),
        Err(AppError::Internal(cause)) => Err(Failure::Sealed(cause)),
        Err(cause) => Err(cause.into()),
    }
}

/// Answers requests until `stop`, then finishes the accepted ones and closes the database.
pub(crate) async fn serve(
    app: &App,
    listener: Listener,
    tls: Option<Arc<ServerConfig>>,
    router: Router,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let cleaning = tokio::spawn(clean(app.clone()));
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    let jobs = tokio::spawn({
        let app = app.clone();
        async move { app.run_jobs(async { drop(end.await) }).await }
    });
    let served = listener.serve(tls, router, stop).await;
    cleaning.abort();
    // What the last requests queued is in the database: another node, or the next start, does it.
    drop(ended);
    let _ = jobs.await;
    app.store().close().await;
    served
}

/// Removes expired rows, seals the tenant logs and follows up rotations of data keys, every minute. The nodes of a database take turns by a lease.
async fn clean(app: App) {
    let holder = app.random().hex(8);
    let (mut keys_complete, mut clients_complete) = (false, false);
    let mut minutes = tokio::time::interval(CLEANUP_INTERVAL);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        minutes.tick().await;
        if let Err(cause) = app.end_expired_sessions().await {
            tracing::warn!(%cause, "expired sessions were not ended");
        }
        // Tenants that a version before made lack a next key and P-256 keys.
        if !keys_complete {
            match app.complete_all_signing_keys().await {
                Ok(()) => keys_complete = true,
                Err(cause) => tracing::warn!(%cause, "signing keys are not complete"),
            }
        }
        if !clients_complete {
            match app.complete_global_clients().await {
                Ok(()) => clients_complete = true,
                Err(cause) => tracing::warn!(%cause, "the global applications are not complete"),
            }
        }
        match cleanup::run_once(app.store(), app.now(), &holder).await {
            Ok(Some(rows)) => {
                tracing::debug!(rows, "removed what has expired");
                if let Err(cause) = app.tend_logs().await {
                    tracing::warn!(%cause, "the tenant log was not sealed");
                }
                if let Err(cause) = app.index_users().await {
                    tracing::warn!(%cause, "users of a version before were not indexed");
                }
                if let Err(cause) = app.tend_data_keys().await {
                    tracing::warn!(%cause, "the data keys were not tended");
                }
            }
            Ok(None) => {}
            // A database that is gone comes back by itself.
            Err(cause) => tracing::warn!(%cause, "expired rows were not removed"),
        }
    }
}
