//! The table of operations, resource by resource.

mod attack_protection;
mod client_grants;
mod clients;
mod connections;
mod device_credentials;
mod grants;
mod logs;
mod refresh_tokens;
mod resource_servers;
mod roles;
mod sessions;
mod signing_keys;
mod stats;
mod tenant_settings;
mod user_blocks;
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
        sessions::resource(),
        refresh_tokens::resource(),
        grants::resource(),
        device_credentials::resource(),
        user_blocks::resource(),
        tenant_settings::resource(),
        signing_keys::resource(),
        attack_protection::resource(),
        logs::resource(),
        stats::resource(),
    ]
}
