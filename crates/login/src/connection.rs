//! The connection whose users log in on a page.

use keywright_types::Connection;

use crate::error::PageError;
use crate::step::Step;
use crate::visit::Visit;

/// The database connection that the request named, or the first one that the application may use.
pub(crate) async fn of(visit: &Visit, step: &Step) -> Result<Connection, PageError> {
    let request = &step.transaction.request;
    let organization = match step.transaction.organization() {
        Some(id) => Some(visit.app.organization(&visit.tenant.id, id).await?.ok_or_else(gone)?),
        None => None,
    };
    let all = visit.app.login_connections(&visit.tenant.id, &step.client.client, organization.as_deref()).await?;
    let usable = |connection: &&Connection| {
        connection.is_database() && request.connection.as_ref().is_none_or(|name| *name == connection.name)
    };
    all.iter().find(usable).cloned().ok_or_else(gone)
}

fn gone() -> PageError {
    PageError::bad_request("no connections enabled for the client")
}
