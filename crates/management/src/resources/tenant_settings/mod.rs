//! `/tenants/settings` (`management-api.md` §9).

mod fields;
mod settings;

use crate::fields::{answer_schema, update_schema};
use crate::operation::{Operation, Resource};
use crate::projection;

const ABOUT: &str = "\
The settings of the tenant. These have an effect: `friendly_name`, `picture_url`, `support_email`, `support_url`,
`enabled_locales`, `default_audience`, `default_directory`, `default_redirection_uri`, `allowed_logout_urls`, the lifetimes of
sessions, `session_cookie`, `sessions`, `oidc_logout`, `error_page`, `device_flow`, `allow_organization_name_in_authentication_api`,
`pushed_authorization_requests_supported`, and of the flags `enable_client_connections`, `enable_dynamic_client_registration`,
`remove_alg_from_jwks`, `require_pushed_authorization_requests`, `revoke_refresh_token_grant`,
`revoke_refresh_tokens_on_account_change` and `use_scope_descriptions_for_consent`. The others are stored for tools and have none
yet.

Lifetimes in hours and the same in minutes (`session_lifetime_in_minutes`, …) are one setting: what is sent last counts, minutes
win where both are sent, and hours are answered. `null` and an empty text mean \"unset\".

Keywright's own are `profile`, `rate_limits`, `playground` and `log_retention_days`.";

pub(super) fn resource() -> Resource {
    let fields = fields::all();
    let settings = || answer_schema(&fields).named("TenantSettings");
    Resource {
        name: "tenants",
        title: "Tenant settings",
        about: ABOUT,
        operations: vec![
            Operation::get("/tenants/settings", "Get tenant settings")
                .scopes(&["read:tenant_settings"])
                .query(projection::parameters())
                .answers(settings())
                .handled_by(settings::get),
            Operation::patch("/tenants/settings", "Update tenant settings")
                .scopes(&["update:tenant_settings"])
                .body(update_schema(&fields).sized(1, usize::MAX).named("TenantSettingsUpdate"))
                .answers(settings())
                .handled_by(settings::update),
        ],
    }
}
