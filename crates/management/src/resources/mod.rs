//! The table of operations, resource by resource.

mod attack_protection;
mod client_grants;
mod clients;
mod connections;
mod email_provider;
mod email_templates;
mod logs;
mod resource_servers;
mod roles;
mod signing_keys;
mod tenant_settings;
mod tickets;
mod users;

pub(crate) use self::connections::{CONNECTION_DELETION, Deletion};
use crate::operation::Resource;

/// Every resource, in the order of the reference. What is not here does not exist.
pub(crate) fn all() -> Vec<Resource> {
    vec![
        clients::resource(),
        resource_servers::resource(),
        client_grants::resource(),
        connections::resource(),
        users::resource(),
        roles::resource(),
        tickets::resource(),
        email_templates::resource(),
        email_provider::resource(),
        tenant_settings::resource(),
        signing_keys::resource(),
        attack_protection::resource(),
        logs::resource(),
    ]
}
