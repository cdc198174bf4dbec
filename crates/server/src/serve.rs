//! `keywright serve`: the production server.

use keywright_app::Clock;
use tokio::task::JoinSet;
use tracing_appender::non_blocking::ErrorCounter;

use crate::config::{Document, Refusal, Transport};
use crate::listener::{Listener, stop_signal};
use crate::metrics::Metrics;
use crate::routes::{self, Surroundings};
use crate::{Failure, instance, scripts};

/// Starts the server and ends it with the signal.
pub(crate) async fn run(configuration: Document, dropped_lines: ErrorCounter) -> Result<(), Failure> {
    let serving = configuration.serving()?;
    let stop = stop_signal().map_err(Failure::Io)?;
    let (tls, scheme) = match serving.transport {
        Transport::Tls(config) => (Some(config), "https"),
        Transport::BehindProxy => (None, "http, to trusted proxies only"),
    };
    let listener =
        Listener::bind(serving.listen).map_err(|cause| Failure::Listen { port: serving.listen.port(), cause })?;
    let metrics_listener = match serving.metrics.as_ref().and_then(|exposure| exposure.listen) {
        Some(address) => {
            Some(Listener::bind(address).map_err(|cause| Failure::Listen { port: address.port(), cause })?)
        }
        None => None,
    };
    let metrics = serving
        .metrics
        .map(|exposure| Metrics::record(dropped_lines, exposure.token))
        .transpose()
        .map_err(Refusal::one)?;
    let listener = listener.with_bounds(serving.connections, serving.trusted_proxies.clone());
    let app = instance::open_serving(serving.storage, Clock::system(), serving.rate_limits, serving.egress).await?;
    app.send_mails_with(serving.mailer);
    app.limit_users_imports_to(serving.users_import_limit);
    let script_time = serving.scripts.limits.wall();
    scripts::run(&app, serving.scripts).map_err(Failure::Io)?;
    if let Some(source) = serving.breached_passwords {
        app.screen_passwords_with(source);
    }
    let surroundings = Surroundings {
        script_time,
        trusted_proxies: serving.trusted_proxies,
        behind_proxy_only: tls.is_none(),
        test_controls: None,
        inbox: None,
        metrics: metrics.clone(),
    };
    let router = routes::router(&app, surroundings);
    let mut aside = JoinSet::new();
    if let Some(metrics) = metrics {
        if let Some(listener) = metrics_listener {
            tracing::info!(port = listener.port(), "metrics");
            let router = metrics.own_router(&app);
            aside.spawn(async move {
                if let Err(cause) = listener.serve(None, router, std::future::pending()).await {
                    tracing::error!(%cause, "the listener of metrics has ended");
                }
            });
        }
        aside.spawn(metrics.upkeep());
    }
    tracing::info!(address = %serving.listen.ip(), port = listener.port(), scheme, "ready");
    instance::serve(&app, listener, tls, router, stop).await.map_err(Failure::Io)
}
