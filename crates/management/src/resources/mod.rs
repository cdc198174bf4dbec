//! The table of operations, resource by resource.

mod actions;
mod attack_protection;
mod branding;
mod client_grants;
mod clients;
mod connections;
mod custom_domains;
mod device_credentials;
mod email_provider;
mod email_templates;
mod grants;
mod guardian;
mod jobs;
mod logs;
mod not_there_yet;
mod organizations;
mod prompts;
mod refresh_tokens;
mod resource_servers;
mod roles;
mod rules;
mod sessions;
mod signing_keys;
mod stats;
mod tenant_settings;
mod tickets;
mod user_blocks;
mod users;

pub(crate) use self::connections::{CONNECTION_DELETION, Deletion};
pub(crate) use self::jobs::{Export, Import, USERS_EXPORT, USERS_IMPORT, downloads};
pub use self::jobs::{ImportedBatch, UserImport};
use crate::operation::Resource;

/// Every resource, in the order of the reference. What is not here does not exist.
pub(crate) fn all() -> Vec<Resource> {
    let [branding, branding_phone] = branding::resources();
    let [rules, rules_configs, hooks] = rules::resources();
    vec![
        clients::resource(),
        resource_servers::resource(),
        client_grants::resource(),
        connections::resource(),
        users::resource(),
        jobs::resource(),
        roles::resource(),
        sessions::resource(),
        refresh_tokens::resource(),
        grants::resource(),
        device_credentials::resource(),
        user_blocks::resource(),
        tickets::resource(),
        email_templates::resource(),
        email_provider::resource(),
        tenant_settings::resource(),
        signing_keys::resource(),
        organizations::resource(),
        attack_protection::resource(),
        branding,
        branding_phone,
        prompts::resource(),
        actions::resource(),
        rules,
        rules_configs,
        hooks,
        attack_protection::signals(),
        guardian::resource(),
        custom_domains::resource(),
        logs::resource(),
        stats::resource(),
        not_there_yet::resource(),
    ]
}

/// Operations whose body is a file that the operator may let be larger than other bodies. Their paths have no parameters.
pub(crate) fn with_files() -> [(http::Method, &'static str); 1] {
    [(http::Method::POST, "/jobs/users-imports")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_with_files_are_known() {
        let all = all().into_iter().flat_map(|resource| resource.operations);
        let found: Vec<_> = all.filter(|own| own.file.is_some()).map(|own| (own.method, own.path)).collect();
        assert_eq!(found, with_files());
    }
}
