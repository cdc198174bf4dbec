//! The members of an application (`management-api.md` §2.2, §2.5), one by one.

use super::{addons, credentials};
use crate::fields::{Field, field};
use crate::schema::formats::{CALLBACK, HTTPS_URL_OR_EMPTY, ORIGIN, URL, URL_OR_EMPTY};
use crate::schema::{
    Schema, any_of, anything, boolean, formatted, integer, list, map_of, object, one_of, open_object, optional,
    required, text, text_of,
};

/// Kinds of applications.
pub(super) const APP_TYPES: &[&str] = &[
    "native",
    "spa",
    "regular_web",
    "non_interactive",
    "resource_server",
    "express_configuration",
    "rms",
    "box",
    "cloudbees",
    "concur",
    "dropbox",
    "mscrm",
    "echosign",
    "egnyte",
    "newrelic",
    "office365",
    "salesforce",
    "sentry",
    "sharepoint",
    "slack",
    "springcm",
    "zendesk",
    "zoom",
    "sso_integration",
    "oag",
];

/// §2.3, "Valid values".
const GRANT_TYPES: &[&str] = &[
    "authorization_code",
    "implicit",
    "refresh_token",
    "client_credentials",
    "password",
    "urn:ietf:params:oauth:grant-type:device_code",
    "http://auth0.com/oauth/grant-type/password-realm",
    "http://auth0.com/oauth/grant-type/mfa-oob",
    "http://auth0.com/oauth/grant-type/mfa-otp",
    "http://auth0.com/oauth/grant-type/mfa-recovery-code",
    "http://auth0.com/oauth/grant-type/passwordless/otp",
    "urn:openid:params:grant-type:ciba",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:auth0:params:oauth:grant-type:token-exchange:federated-connection-access-token",
    "urn:okta:params:oauth:grant-type:webauthn",
    "http://auth0.com/oauth/legacy/grant-type/ro",
    "http://auth0.com/oauth/legacy/grant-type/ro/jwt-bearer",
    "http://auth0.com/oauth/legacy/grant-type/access_token",
    "http://auth0.com/oauth/legacy/grant-type/delegation/refresh_token",
    "http://auth0.com/oauth/legacy/grant-type/delegation/id_token",
];

/// Writing these needs the scope of keys; §2.4: they are read with it too.
const KEYS: &[&str] = &["update:client_keys"];
const CREDENTIALS_UPDATE: &[&str] = &["update:clients", "update:client_credentials"];
const CREDENTIALS_CREATE: &[&str] = &["create:client_credentials"];

/// Longest lifetime in seconds: five years.
const LONGEST: i64 = 157_788_000;

/// All of them.
pub(super) fn all() -> Vec<Field> {
    [identity(), addresses(), authentication(), tokens(), organizations(), pages_and_legacy(), stored()].concat()
}

fn identity() -> Vec<Field> {
    vec![
        field("client_id", text()).read_only(),
        field("tenant", text()).read_only(),
        field("global", boolean()).read_only(),
        field("name", text_of(1, 1000).pattern("^[^<>]+$").about("Name of the client; must not contain < or >."))
            .required(),
        field("description", text_of(0, 140).about("Free text, up to 140 characters.")),
        field("app_type", one_of(APP_TYPES).about("Kind of application.")),
        field("logo_uri", formatted(URL_OR_EMPTY).about("Address of the logo on login pages.")),
        field("is_first_party", boolean().about("Whether the owner of the tenant wrote it.")),
        field("oidc_conformant", boolean()),
        field("client_metadata", map_of(text_of(0, 255).or_null(), 255).sized(0, 10).about("Up to 10 texts.")).merged(),
    ]
}

fn addresses() -> Vec<Field> {
    let urls = |description| list(formatted(CALLBACK)).about(description);
    vec![
        field("callbacks", urls("Where logins may return to; the first one is the default.")),
        field("allowed_logout_urls", urls("Where logouts may return to.")),
        field("web_origins", list(formatted(ORIGIN)).about("Origins for web_message and cross-origin authentication.")),
        field("allowed_origins", list(formatted(ORIGIN)).about("Further origins for cross-origin requests.")),
        field("initiate_login_uri", formatted(HTTPS_URL_OR_EMPTY).about("Where a broken login begins again; https.")),
        field("client_aliases", list(text_of(1, 600)).unique().about("SAML audiences; unique in the tenant.")),
        field("allowed_clients", list(text_of(1, 100))),
    ]
}

fn authentication() -> Vec<Field> {
    let methods = |item: &Schema| {
        let method = || object(vec![required("credentials", list(item.clone()).sized(1, 10))]);
        // Mutual TLS is not available: an application that asks for it must not fall back to its secret.
        object(vec![required("private_key_jwt", method())])
            .about("Exactly one method of authentication that is no secret.")
            .or_null()
    };
    let signed = |item: Schema| {
        object(vec![optional("required", boolean()), optional("credentials", list(item).sized(0, 10))]).or_null()
    };
    let by_id = || object(vec![required("id", text_of(1, 100))]);
    vec![
        field("client_secret", text_of(32, 128).secret().written_with(KEYS).about("The secret.")).update_only(),
        field(
            "token_endpoint_auth_method",
            one_of(&["none", "client_secret_post", "client_secret_basic"]).or_null().about("How it authenticates."),
        ),
        field("client_authentication_methods", methods(&by_id()).written_with(CREDENTIALS_UPDATE))
            .on_create(methods(&credentials::create_schema()).written_with(CREDENTIALS_CREATE)),
        field("is_token_endpoint_ip_header_trusted", boolean()),
        field("require_pushed_authorization_requests", boolean()),
        field("require_proof_of_possession", boolean()),
        field("signed_request_object", signed(by_id()).written_with(CREDENTIALS_UPDATE))
            .on_create(signed(credentials::create_schema()).written_with(CREDENTIALS_CREATE))
            .merged(),
        field(
            "compliance_level",
            one_of(&["none", "fapi1_adv_pkj_par", "fapi1_adv_mtls_par", "fapi2_sp_pkj_mtls", "fapi2_sp_mtls_mtls"])
                .or_null(),
        ),
        field("par_request_expiry", integer(10, 600).or_null()),
        field("skip_non_verifiable_callback_uri_confirmation_prompt", boolean().or_null()),
        field(
            "encryption_key",
            object(vec![
                optional("pub", text_of(0, 10_000)),
                optional("cert", text_of(0, 10_000)),
                optional("subject", text_of(0, 1000)),
            ])
            .or_null()
            .written_with(KEYS),
        ),
        field(
            "signing_keys",
            list(object(vec![optional("cert", text()), optional("pkcs7", text()), optional("subject", text())])),
        )
        .read_only(),
    ]
}

fn tokens() -> Vec<Field> {
    let jwt = vec![
        optional("alg", one_of(&["HS256", "RS256", "RS512", "PS256", "ES256"]).about("How ID tokens are signed.")),
        optional("lifetime_in_seconds", integer(1, LONGEST).about("Lifetime of ID tokens.")),
        optional("secret_encoded", boolean()),
        optional("scopes", open_object()),
    ];
    let policy = object(vec![required("audience", text_of(1, 600)), required("scope", list(text_of(1, 280)))]);
    let refresh = vec![
        required("rotation_type", one_of(&["non-rotating", "rotating"])),
        required("expiration_type", one_of(&["non-expiring", "expiring"])),
        optional("leeway", integer(0, LONGEST)),
        optional("token_lifetime", integer(1, LONGEST)),
        optional("infinite_token_lifetime", boolean()),
        optional("idle_token_lifetime", integer(1, LONGEST)),
        optional("infinite_idle_token_lifetime", boolean()),
        optional("policies", list(policy).sized(1, 100).or_null()),
    ];
    let updated = refresh.iter().cloned().map(|member| optional(member.name, member.schema)).collect();
    let quota = vec![required(
        "client_credentials",
        object(vec![
            optional("enforce", boolean()),
            optional("per_day", integer(1, i64::from(i32::MAX))),
            optional("per_hour", integer(1, i64::from(i32::MAX))),
        ]),
    )];
    let profiles = list(one_of(&["custom_authentication", "on_behalf_of_token_exchange"]));
    vec![
        field("grant_types", list(one_of(GRANT_TYPES)).about("What it may ask tokens with.")),
        field("jwt_configuration", object(jwt).about("ID tokens.")).merged(),
        field("refresh_token", object(updated).or_null().about("Refresh tokens."))
            .on_create(object(refresh).or_null().about("Refresh tokens."))
            .merged(),
        field("token_exchange", object(vec![optional("allow_any_profile_of_type", profiles)])),
        field("token_quota", object(quota).or_null()),
    ]
}

fn organizations() -> Vec<Field> {
    let flows = list(one_of(&["client_credentials"])).sized(1, 1);
    vec![
        field(
            "default_organization",
            object(vec![required("organization_id", text_of(1, 50)), required("flows", flows)]).or_null(),
        ),
        field("organization_usage", one_of(&["deny", "allow", "require"]).about("Whether users log in as members.")),
        field("organization_require_behavior", one_of(&["no_prompt", "pre_login_prompt", "post_login_prompt"])),
        field(
            "organization_discovery_methods",
            list(one_of(&["email", "organization_name"])).sized(1, 2).unique().or_null(),
        ),
        field("my_organization_configuration", open_object().or_null()),
    ]
}

fn logout() -> Schema {
    let initiators = one_of(&[
        "rp-logout",
        "idp-logout",
        "password-changed",
        "session-expired",
        "session-revoked",
        "account-deleted",
        "email-identifier-changed",
        "mfa-phone-unenrolled",
        "account-deactivated",
    ]);
    object(vec![
        optional("backchannel_logout_urls", list(formatted(URL)).sized(0, 1)),
        optional(
            "backchannel_logout_initiators",
            object(vec![
                optional("mode", one_of(&["custom", "all"])),
                optional("selected_initiators", list(initiators).unique()),
            ]),
        ),
        optional("backchannel_logout_session_metadata", object(vec![optional("include", boolean())]).or_null()),
    ])
    .or_null()
}

fn pages_and_legacy() -> Vec<Field> {
    vec![
        field("oidc_logout", logout().about("Where it hears that a session ended.")),
        field("oidc_backchannel_logout", logout()),
        field("sso", boolean()),
        field("sso_disabled", boolean().about("Ignores single sign-on sessions.")),
        field("cross_origin_authentication", boolean()),
        field("cross_origin_auth", boolean()).read_only(),
        field("cross_origin_loc", formatted(URL_OR_EMPTY)),
        field("custom_login_page_on", boolean()),
        field("custom_login_page", text()),
        field("custom_login_page_preview", text()),
        field("form_template", text()),
        field("callback_url_template", boolean()).read_only(),
    ]
}

fn stored() -> Vec<Field> {
    let enabled = || object(vec![optional("enabled", boolean())]);
    let android = object(vec![
        optional("app_package_name", text_of(0, 200)),
        optional("sha256_cert_fingerprints", list(text_of(0, 200))),
    ]);
    let ios = object(vec![optional("team_id", text_of(0, 200)), optional("app_bundle_identifier", text_of(0, 200))]);
    let delegation = object(vec![
        optional("allow_delegated_access", boolean()),
        optional("enforce_device_binding", one_of(&["ip", "asn", "none"])),
    ]);
    let transfer = object(vec![
        optional("can_create_session_transfer_token", boolean()),
        optional("enforce_cascade_revocation", boolean()),
        optional("allowed_authentication_methods", list(one_of(&["cookie", "query"])).unique()),
        optional("enforce_device_binding", one_of(&["ip", "asn", "none"])),
        optional("allow_refresh_token", boolean()),
        optional("enforce_online_refresh_tokens", boolean()),
        optional("delegation", delegation.or_null()),
    ]);
    let google = object(vec![optional("google", object(vec![optional("is_enabled", boolean())]))]);
    let social =
        object(vec![optional("apple", enabled()), optional("facebook", enabled()), optional("google", enabled())]);
    let external = |name| field(name, anything()).read_only();
    vec![
        field(addons::ADDONS, addons::schema().or_null().secret().about("Settings of other services.")).merged(),
        field("mobile", object(vec![optional("android", android), optional("ios", ios)])).merged(),
        field("native_social_login", social).merged(),
        field("fedcm_login", google.or_null()),
        field("session_transfer", transfer.or_null()).merged(),
        field(
            "async_approval_notification_channels",
            list(one_of(&["guardian-push", "email"])).sized(1, 2).unique().or_null(),
        ),
        field("resource_server_identifier", text_of(1, 600)).create_only(),
        field("third_party_security_mode", one_of(&["strict", "permissive"])).create_only(),
        field("redirection_policy", one_of(&["allow_always", "open_redirect_protection"])),
        field(
            "token_vault_privileged_access",
            open_object().or_null().written_with(&["update:clients", "update:client_token_vault_privileged_access"]),
        )
        .on_create(open_object().or_null()),
        field("express_configuration", open_object().or_null()),
        external("external_client_id"),
        external("external_metadata_type"),
        external("external_metadata_created_by"),
        external("jwks_uri"),
        // Members that dynamic registration keeps (RFC 7591 §2).
        field("jwks", any_of(vec![open_object()])).read_only(),
        external("token_endpoint_auth_signing_alg"),
        external("policy_uri"),
        external("tos_uri"),
        external("client_uri"),
        external("contacts"),
    ]
}
