//! The end of sessions: the records go, and the applications that got an ID token in them are to hear of it, in the same
//! transaction (§8.5, SE-04, SE-06).

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use keywright_store::sessions::{self, EndedSession};
use keywright_store::{StoreError, Tx, logs};
use keywright_types::{LogoutInitiator, TenantId};
use serde::{Deserialize, Serialize};

use crate::{App, AppError, JobKind, LogEvent, Session};

/// The jobs that deliver logout tokens; what they hold is a [`LogoutNotice`].
pub const BACKCHANNEL_LOGOUT: JobKind =
    JobKind { name: "backchannel_logout", delays: &[5, 30, 120, 600, 1800, 7200], lease: 60, places: 16 };

/// What an application is to hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutNotice {
    /// Who is to hear it.
    pub client_id: String,
    /// `sid` of the session that ended.
    pub session_id: String,
    /// Whose it was.
    pub user_id: String,
    /// Why it ended.
    pub initiator: LogoutInitiator,
}

/// The applications of a tenant that hear of sessions which end for one reason, looked up before the transaction that ends
/// them.
#[derive(Clone)]
pub struct LogoutNotices {
    app: App,
    tenant: TenantId,
    initiator: LogoutInitiator,
    receivers: Arc<BTreeSet<String>>,
}

impl LogoutNotices {
    /// Queues the news of these ends. Call it in their transaction, and [`App::wake_jobs`] after it.
    pub fn queue(&self, tx: &mut Tx<'_>, ended: &[EndedSession]) -> Result<(), StoreError> {
        for session in ended {
            for client_id in session.clients.iter().filter(|client_id| self.receivers.contains(*client_id)) {
                let notice = LogoutNotice {
                    client_id: client_id.clone(),
                    session_id: session.session_id.clone(),
                    user_id: session.user_id.clone(),
                    initiator: self.initiator,
                };
                self.app.enqueue(tx, &self.tenant, &BACKCHANNEL_LOGOUT, &notice)?;
            }
        }
        Ok(())
    }
}

/// Sessions that end by themselves, removed by one transaction.
const BATCH: i64 = 100;

impl App {
    /// Who hears of sessions that end for this reason.
    pub async fn logout_notices(
        &self,
        tenant: &TenantId,
        initiator: LogoutInitiator,
    ) -> Result<LogoutNotices, AppError> {
        let receivers = self.logout_receivers(tenant, initiator).await?;
        Ok(LogoutNotices { app: self.clone(), tenant: tenant.clone(), initiator, receivers })
    }

    /// Ends a session on the server: its cookie is worth nothing from now on. `event` is logged with it.
    pub async fn end_session(
        &self,
        tenant: &TenantId,
        session: &Session,
        initiator: LogoutInitiator,
        event: LogEvent,
    ) -> Result<(), AppError> {
        let notices = self.logout_notices(tenant, initiator).await?;
        let (id, digest, entry) = (tenant.clone(), session.handle_digest, self.log_row(event));
        self.store()
            .write(move |tx| {
                let ended = sessions::end(tx, &id, digest.as_bytes())?;
                notices.queue(tx, ended.as_slice())?;
                logs::insert(tx, &id, &entry)
            })
            .await?;
        self.wake_jobs();
        Ok(())
    }

    /// Removes sessions that are over, and tells the applications that want to hear of it. Returns how many went. Every node
    /// may do it at any time: each session ends once.
    pub async fn end_expired_sessions(&self) -> Result<usize, AppError> {
        let now = self.now();
        let mut removed = 0;
        while self.store().read(move |tx| sessions::has_expired(tx, now)).await? {
            let batch = self.end_expired_batch(now).await?;
            removed += batch;
            // Another node was faster.
            if batch == 0 {
                break;
            }
        }
        if removed > 0 {
            self.wake_jobs();
        }
        Ok(removed)
    }

    async fn end_expired_batch(&self, now: Timestamp) -> Result<usize, AppError> {
        let app = self.clone();
        self.store()
            .write(move |tx| {
                let ended = sessions::end_expired(tx, now, BATCH)?;
                let mut receivers = std::collections::BTreeMap::new();
                for (tenant, session) in &ended {
                    // Most sessions end with nobody to tell.
                    if session.clients.is_empty() {
                        continue;
                    }
                    let initiator = LogoutInitiator::SessionExpired;
                    let known = match receivers.get(tenant.as_str()) {
                        Some(known) => Arc::clone(known),
                        None => Arc::new(crate::config_cache::read_logout_receivers(tx, tenant, initiator)?),
                    };
                    receivers.insert(tenant.as_str().to_owned(), Arc::clone(&known));
                    let notices =
                        LogoutNotices { app: app.clone(), tenant: tenant.clone(), initiator, receivers: known };
                    notices.queue(tx, std::slice::from_ref(session))?;
                }
                Ok::<_, AppError>(ended.len())
            })
            .await
    }
}
