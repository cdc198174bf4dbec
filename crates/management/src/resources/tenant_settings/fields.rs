//! The settings of a tenant (`management-api.md` §9), one by one.

use crate::fields::{Field, field};
use crate::schema::formats::{CALLBACK, HTTPS_URL_OR_EMPTY, URL_OR_EMPTY};
use crate::schema::{
    Schema, boolean, formatted, integer, list, number, object, one_of, open_object, optional, text, text_of,
};

/// Switches; a closed list.
pub(super) const FLAGS: [&str; 38] = [
    "allow_changing_enable_sso",
    "allow_legacy_delegation_grant_types",
    "allow_legacy_ro_grant_types",
    "allow_legacy_tokeninfo_endpoint",
    "allow_other_legacy_grant_types",
    "change_pwd_flow_v1",
    "custom_domains_provisioning",
    "dashboard_insights_view",
    "dashboard_log_streams_next",
    "disable_clickjack_protection_headers",
    "disable_fields_map_fix",
    "disable_impersonation",
    "disable_management_api_sms_obfuscation",
    "enable_adfs_waad_email_verification",
    "enable_apis_section",
    "enable_client_connections",
    "enable_custom_domain_in_emails",
    "enable_dynamic_client_registration",
    "enable_idtoken_api2",
    "enable_legacy_logs_search_v2",
    "enable_legacy_profile",
    "enable_pipeline2",
    "enable_public_signup_user_exists_error",
    "enable_sso",
    "enforce_client_authentication_on_passwordless_start",
    "genai_trial",
    "improved_signup_bot_detection_in_classic",
    "mfa_show_factor_list_on_enrollment",
    "new_universal_login_experience_enabled",
    "no_disclose_enterprise_connections",
    "remove_alg_from_jwks",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "revoke_refresh_token_grant",
    "revoke_refresh_tokens_on_account_change",
    "trust_azure_adfs_email_verified_connection_property",
    "universal_login",
    "use_scope_descriptions_for_consent",
];

/// A year in hours, and in minutes: no session is longer.
const HOURS: f64 = 8760.0;
const MINUTES: i64 = 525_600;

pub(super) fn all() -> Vec<Field> {
    [identity(), sessions(), protocol(), pages(), stored()].concat()
}

fn identity() -> Vec<Field> {
    let locale = text_of(2, 20).pattern("^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$");
    vec![
        field("friendly_name", text_of(0, 200).about("Name of the tenant on pages.")),
        field("picture_url", formatted(URL_OR_EMPTY).about("Logo on pages.")),
        field("support_email", text_of(0, 320).about("On error pages.")),
        field("support_url", formatted(URL_OR_EMPTY).about("On error pages.")),
        field("enabled_locales", list(locale).sized(1, 100).unique().about("Languages of pages, the default first.")),
        field("default_audience", text_of(0, 600).about("API of requests that name none.")),
        field("default_directory", text_of(0, 128).about("Connection of the password grant.")),
        field("default_redirection_uri", formatted(HTTPS_URL_OR_EMPTY).about("Where a broken login goes.")),
        field("allowed_logout_urls", list(formatted(CALLBACK)).about("Where logouts without an application may go.")),
    ]
}

fn sessions() -> Vec<Field> {
    let hours = |description| number(0.01, HOURS).about(description);
    let minutes = || integer(1, MINUTES);
    vec![
        field("session_lifetime", hours("Hours from login to the end of a session.")),
        field("idle_session_lifetime", hours("Hours without use that end a session.")),
        field("ephemeral_session_lifetime", hours("The same for sessions that end with the browser.")),
        field("idle_ephemeral_session_lifetime", hours("The same for sessions that end with the browser.")),
        field("session_lifetime_in_minutes", minutes()).write_only(),
        field("idle_session_lifetime_in_minutes", minutes()).write_only(),
        field("ephemeral_session_lifetime_in_minutes", minutes()).write_only(),
        field("idle_ephemeral_session_lifetime_in_minutes", minutes()).write_only(),
        field("session_cookie", object(vec![optional("mode", one_of(&["persistent", "non-persistent"]))])).merged(),
        field("sessions", object(vec![optional("oidc_logout_prompt_enabled", boolean())])).merged(),
        field("oidc_logout", object(vec![optional("rp_logout_end_session_endpoint_discovery", boolean())])).merged(),
    ]
}

fn protocol() -> Vec<Field> {
    let flags = FLAGS.map(|name| optional(name, boolean())).to_vec();
    let quota = || {
        let numbers = ["per_day", "per_hour"].map(|name| optional(name, integer(1, i64::from(i32::MAX))));
        let members = [vec![optional("enforce", boolean())], numbers.to_vec()].concat();
        object(vec![optional("client_credentials", object(members))])
    };
    vec![
        field("flags", object(flags).about("Switches, merged one by one.")).merged(),
        field("allow_organization_name_in_authentication_api", boolean()),
        field("pushed_authorization_requests_supported", boolean()),
        field("authorization_response_iss_parameter_supported", boolean()),
        field("customize_mfa_in_postlogin_action", boolean()),
        field("acr_values_supported", list(text_of(1, 255)).or_null()),
        field("mtls", object(vec![optional("enable_endpoint_aliases", boolean())]).or_null()).merged(),
        field("skip_non_verifiable_callback_uri_confirmation_prompt", boolean().or_null()),
        field("resource_parameter_profile", one_of(&["audience", "compatibility"])),
        field("client_id_metadata_document_supported", boolean()),
        field("dynamic_client_registration_security_mode", one_of(&["strict", "permissive"])),
        field(
            "default_token_quota",
            object(vec![optional("clients", quota()), optional("organizations", quota())]).or_null(),
        ),
        field("profile", one_of(&["auth0", "standard"]).about("Auth0's answers or the standards' (Keywright's own).")),
        field("rate_limits", rate_limits().about("Limits (Keywright's own).")).merged(),
        field("playground", playground().about("The page for newcomers, `/playground` (Keywright's own).")).merged(),
        field("log_retention_days", integer(1, 3650).about("Days that the log is kept (Keywright's own).")),
    ]
}

fn playground() -> Schema {
    object(vec![
        optional("enabled", boolean()),
        optional("client_id", text_of(0, 64)),
        optional("audience", text_of(0, 600)),
        optional("scope", text_of(0, 1000)),
    ])
}

fn rate_limits() -> Schema {
    let bucket = || {
        object(vec![
            optional("enabled", boolean()),
            optional("burst", integer(1, 1_000_000)),
            optional("refill", integer(1, 1_000_000)),
            optional("per_seconds", integer(1, 2_592_000)),
        ])
    };
    let names = [
        "authentication_api",
        "oauth_token",
        "refresh_token",
        "userinfo",
        "oauth_par",
        "device_code",
        "device_activation",
        "jwks",
        "oidc_register",
        "login",
        "change_password",
        "authorize",
        "management_api",
    ];
    let buckets = names.map(|name| optional(name, bucket())).to_vec();
    object([vec![optional("enabled", boolean())], buckets].concat())
}

const DEVICE_FLOW: &str = "What the codes of the device flow look like. With fewer than 8 characters of base20, or 9 digits, the \
                           default mask of the character set is used.";

fn pages() -> Vec<Field> {
    let page = || object(vec![optional("enabled", boolean()), optional("html", text())]);
    let error = object(vec![
        optional("html", text().or_null()),
        optional("show_log_link", boolean()),
        optional("url", formatted(URL_OR_EMPTY).or_null()),
    ]);
    let device = object(vec![
        optional("charset", one_of(&["base20", "digits"])),
        optional("mask", text_of(0, 20).pattern("^[* -]*$")),
    ]);
    vec![
        field("error_page", error.or_null().about("In place of the error page.")),
        field("change_password", page()).merged(),
        field("guardian_mfa_page", page()).merged(),
        field("device_flow", device.about(DEVICE_FLOW)).merged(),
        field("universal_login", open_object()),
    ]
}

fn stored() -> Vec<Field> {
    let policies = object(vec![
        optional("enabled", boolean()),
        optional("policies", list(text_of(0, 2000))),
        optional("reporting_infrastructure", open_object().or_null()),
    ]);
    let xss = object(vec![
        optional("enabled", boolean()),
        optional("mode", text_of(0, 50)),
        optional("report_uri", formatted(URL_OR_EMPTY)),
    ]);
    let security = object(vec![optional("content_security_policy", policies), optional("x_xss_protection", xss)]);
    let countries = object(vec![
        optional("list", list(text_of(2, 2).pattern("^[A-Z]{2}$"))),
        optional("mode", one_of(&["allow", "deny"])),
    ]);
    vec![
        field("sandbox_version", text_of(0, 8)),
        field("legacy_sandbox_version", text_of(0, 8)),
        field("security_headers", security),
        field("phone_consolidated_experience", boolean()),
        field("enable_ai_guide", boolean()),
        field("include_session_metadata_in_tenant_logs", boolean()),
        field("country_codes", countries.or_null()),
    ]
}
