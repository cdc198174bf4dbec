//! `options` of connections to the directories of companies (`management-api.md` §4.6): the known members are described, others
//! are kept as they are.

use serde_json::{Map, Value, json};

use super::common_options::{credentials, enterprise, free, hidden, members, plain, scope, switch};
use crate::schema::formats::URL_OR_EMPTY;
use crate::schema::{Member, Schema, boolean, formatted, list, object, one_of, optional, required, text, text_of};

/// The options of a strategy.
pub(super) fn schema(strategy: &str) -> Schema {
    let own = match strategy {
        "oidc" => oidc(true),
        "okta" => [oidc(false), vec![plain("domain")]].concat(),
        "samlp" | "pingfederate" => saml(),
        "waad" | "office365" => azure(),
        "adfs" => adfs(),
        "ad" => directory(),
        "google-apps" => [credentials(), vec![scope(), plain("domain"), switch("allow_setting_login_scopes")]].concat(),
        _ => [credentials(), vec![scope()]].concat(),
    };
    object([own, enterprise(), members()].concat()).open()
}

/// What a strategy has where nothing was sent.
pub(super) fn complete(strategy: &str, options: &mut Map<String, Value>) {
    if strategy == "okta" {
        options.entry("attribute_map").or_insert(json!({ "mapping_mode": "basic_profile" }));
        options.entry("schema_version").or_insert(json!("oidc-V4"));
    }
}

fn address(name: &'static str) -> Member {
    optional(name, formatted(URL_OR_EMPTY).or_null())
}

fn oidc(needs_client_id: bool) -> Vec<Member> {
    let client_id =
        if needs_client_id { required("client_id", text_of(1, 1024)) } else { optional("client_id", text_of(0, 1024)) };
    let mapping = object(vec![
        optional("mapping_mode", one_of(&["bind_all", "basic_profile", "use_map"])),
        free("attributes"),
        plain("userinfo_scope"),
    ]);
    let settings = object(vec![optional("pkce", one_of(&["auto", "S256", "plain", "disabled"]))]).open();
    vec![
        client_id,
        optional("client_secret", text_of(0, 8192).secret().or_null()),
        scope(),
        optional("type", one_of(&["back_channel", "front_channel"])),
        address("discovery_url"),
        plain("issuer"),
        address("authorization_endpoint"),
        address("token_endpoint"),
        address("userinfo_endpoint"),
        address("jwks_uri"),
        optional("attribute_map", mapping),
        optional("connection_settings", settings),
        optional("schema_version", one_of(&["openid-1.0.0", "oidc-V4"])),
        optional("token_endpoint_auth_method", one_of(&["client_secret_post", "private_key_jwt"]).or_null()),
        optional("token_endpoint_auth_signing_alg", text_of(0, 20).or_null()),
        optional("token_endpoint_jwtca_aud_format", one_of(&["issuer", "token_endpoint"])),
        optional("id_token_signed_response_algs", list(text_of(1, 20)).or_null()),
        optional("dpop_signing_alg", text_of(0, 20).or_null()),
        switch("send_back_channel_nonce"),
        switch("id_token_session_expiry_supported"),
        free("oidc_metadata"),
    ]
}

fn saml() -> Vec<Member> {
    let bindings =
        ["urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"];
    let initiated = object(vec![
        optional("enabled", boolean()),
        plain("client_id"),
        optional("client_protocol", one_of(&["oidc", "samlp", "wsfed"])),
        plain("client_authorizequery"),
    ])
    .open();
    let key = object(vec![hidden("key"), plain("cert")]).open();
    vec![
        plain("signInEndpoint"),
        plain("signOutEndpoint"),
        plain("signingCert"),
        plain("cert"),
        address("metadataUrl"),
        plain("metadataXml"),
        optional("protocolBinding", one_of(&bindings).or_null()),
        switch("signSAMLRequest"),
        optional("signatureAlgorithm", one_of(&["rsa-sha256", "rsa-sha1"])),
        optional("digestAlgorithm", one_of(&["sha256", "sha1"])),
        plain("user_id_attribute"),
        free("fieldsMap"),
        plain("requestTemplate"),
        optional("idpinitiated", initiated.or_null()),
        plain("destinationUrl"),
        plain("recipientUrl"),
        plain("entityId"),
        switch("debug"),
        switch("deflate"),
        switch("disableSignout"),
        optional("signing_key", key.or_null()),
        optional(
            "decryptionKey",
            crate::schema::any_of(vec![object(vec![hidden("key"), plain("cert")]).open(), text().secret()]).or_null(),
        ),
        plain("global_token_revocation_jwt_iss"),
        plain("global_token_revocation_jwt_sub"),
    ]
}

fn azure() -> Vec<Member> {
    [
        credentials(),
        vec![
            scope(),
            plain("app_domain"),
            plain("app_id"),
            optional("waad_protocol", one_of(&["openid-connect", "ws-federation"])),
            optional("identity_api", one_of(&["microsoft-identity-platform-v2.0", "azure-active-directory-v1.0"])),
            switch("use_wsfed"),
            switch("waad_common_endpoint"),
            optional(
                "max_groups_to_retrieve",
                crate::schema::any_of(vec![text_of(0, 20), crate::schema::integer(0, 1_000_000)]).or_null(),
            ),
            verified_mail(),
            plain("user_id_attribute"),
        ],
    ]
    .concat()
}

fn adfs() -> Vec<Member> {
    vec![
        plain("adfs_server"),
        plain("fedMetadataXml"),
        plain("sign_in_endpoint"),
        plain("signInEndpoint"),
        verified_mail(),
    ]
}

fn verified_mail() -> Member {
    let values = ["never_set_emails_as_verified", "always_set_emails_as_verified"];
    optional("should_trust_email_verified_connection", one_of(&values))
}

fn directory() -> Vec<Member> {
    vec![
        plain("agentIP"),
        crate::schema::optional("agentMode", crate::schema::anything()),
        plain("agentVersion"),
        optional("ips", list(text_of(0, 64))),
        optional("certs", list(text())),
        plain("signInEndpoint"),
        switch("brute_force_protection"),
        switch("disable_cache"),
        switch("disable_self_service_change_password"),
        switch("certAuth"),
        switch("kerberos"),
    ]
}
