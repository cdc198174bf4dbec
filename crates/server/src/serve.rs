//! `keywright serve`: the production server.

use keywright_app::Clock;

use crate::config::{Document, Transport};
use crate::listener::{Listener, stop_signal};
use crate::routes::{self, Surroundings};
use crate::{Failure, instance};

/// Starts the server and ends it with the signal.
pub(crate) async fn run(configuration: Document) -> Result<(), Failure> {
    let serving = configuration.serving()?;
    let stop = stop_signal().map_err(Failure::Io)?;
    let (tls, scheme) = match serving.transport {
        Transport::Tls(config) => (Some(config), "https"),
        Transport::BehindProxy => (None, "http, to trusted proxies only"),
    };
    let listener =
        Listener::bind(serving.listen).map_err(|cause| Failure::Listen { port: serving.listen.port(), cause })?;
    let app = instance::open_limited(serving.storage, Clock::system(), serving.rate_limits).await?;
    instance::check_master_key_of_database(&app).await?;
    let surroundings = Surroundings {
        trusted_proxies: serving.trusted_proxies,
        behind_proxy_only: tls.is_none(),
        test_controls: None,
    };
    let router = routes::router(&app, surroundings);
    tracing::info!(address = %serving.listen.ip(), port = listener.port(), scheme, "ready");
    instance::serve(&app, listener, tls, router, stop).await.map_err(Failure::Io)
}
