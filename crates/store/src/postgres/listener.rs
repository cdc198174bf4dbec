//! Listens for the configuration changes of other nodes, and polls for those whose notification was missed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use postgres::fallible_iterator::FallibleIterator;

use super::connection::{Connection, Server, error};
use crate::watch::{Changes, POLL};
use crate::{StoreError, config};

/// Runs until `ended` is set. A broken connection is made again; the poll then finds what was missed.
pub(super) fn run(server: &Server, ended: &AtomicBool, changes: &Changes) {
    let mut reachable = true;
    while !ended.load(Ordering::Relaxed) {
        let result =
            server.connect().and_then(|mut connection| listen(&mut connection, ended, changes, &mut reachable));
        if let Err(error) = result {
            if std::mem::replace(&mut reachable, false) {
                tracing::warn!(%error, "not listening for configuration changes");
            }
            std::thread::sleep(POLL);
        }
    }
}

fn listen(
    connection: &mut Connection,
    ended: &AtomicBool,
    changes: &Changes,
    reachable: &mut bool,
) -> Result<(), StoreError> {
    connection.client.batch_execute("LISTEN keywright_config").map_err(|failure| error(&failure))?;
    if !std::mem::replace(reachable, true) {
        tracing::info!("listening for configuration changes again");
    }
    while !ended.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let found = connection.query(config::CURRENT, &[]).map_err(|failure| error(&failure))?;
        changes.publish(config::counted(found.first())?, asked);
        // Returns at the first notification, which only says that there is something to read.
        connection.client.notifications().timeout_iter(POLL).next().map_err(|failure| error(&failure))?;
    }
    Ok(())
}
