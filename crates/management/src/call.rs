//! What a handler gets, and what it answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::StatusCode;
use keywright_app::{App, Caller, LogEvent};
use keywright_store::{Tx, config, logs};
use keywright_types::{Tenant, TenantId};
use serde_json::{Map, Value};

use crate::authentication::Bearer;
use crate::error::ApiError;
use crate::query::Query;

/// A call of an operation: authenticated, authorized and checked.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) app: App,
    /// The tenant of the host. Nothing else is ever read or written.
    pub(crate) tenant: Arc<Tenant>,
    /// Whose token it is.
    pub(crate) bearer: Arc<Bearer>,
    /// From where.
    pub(crate) caller: Caller,
    /// Parameters of the path, decoded.
    pub(crate) path: Vec<(String, String)>,
    /// Parameters of the query.
    pub(crate) query: Query,
    /// The body; `Null` where there is none.
    pub(crate) body: Value,
    /// The file, of operations that take one.
    pub(crate) file: Bytes,
    /// What the tenant log says when the change is made.
    pub(crate) event: LogEvent,
    /// Whether it says so already.
    pub(crate) logged: Arc<AtomicBool>,
}

impl Call {
    /// A parameter of the path.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.path.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The members of the body; none where there is no body.
    pub(crate) fn members(&self) -> Map<String, Value> {
        self.body.as_object().cloned().unwrap_or_default()
    }

    /// A text member of the body.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.body.get(name)?.as_str()
    }

    /// Reads from the database. The tenant comes with it, so that no other can be meant.
    pub(crate) async fn read<T, F>(&self, read: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>, &TenantId) -> Result<T, ApiError> + Send + 'static,
    {
        let tenant = self.tenant.id.clone();
        self.app.store().read(move |tx| read(tx, &tenant)).await
    }

    /// One change with its entry in the tenant log: both, or none.
    pub(crate) async fn write<T, F>(&self, change: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>, &TenantId) -> Result<T, ApiError> + Send + 'static,
    {
        let (tenant, entry) = (self.tenant.id.clone(), self.app.log_row(self.event.clone()));
        let written = self.app.store().write(move |tx| {
            let value = change(tx, &tenant)?;
            logs::insert(tx, &tenant, &entry)?;
            Ok::<_, ApiError>(value)
        });
        let value = written.await?;
        self.logged.store(true, Ordering::Relaxed);
        Ok(value)
    }

    /// One change of configuration with its entry in the tenant log. All such changes of an instance are made one after
    /// another: what `change` reads stays true until it ends.
    pub(crate) async fn configure<T, F>(&self, change: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>, &TenantId) -> Result<T, ApiError> + Send + 'static,
    {
        self.write(move |tx, tenant| {
            config::bump(tx, tenant)?;
            change(tx, tenant)
        })
        .await
    }
}

/// The answer of an operation.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// `None` for the status of the operation.
    pub(crate) status: Option<StatusCode>,
    /// `None` for an empty body.
    pub(crate) body: Option<Value>,
    /// The value of `Link`, where there is one.
    pub(crate) link: Option<String>,
}

impl Reply {
    /// An answer with a body.
    pub(crate) fn json(body: impl Into<Value>) -> Self {
        Self { status: None, body: Some(body.into()), link: None }
    }

    /// An answer without.
    pub(crate) fn empty() -> Self {
        Self { status: None, body: None, link: None }
    }

    /// Another status than the operation's.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status: Some(status), ..self }
    }
}
