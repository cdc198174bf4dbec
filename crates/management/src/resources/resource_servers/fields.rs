//! The members of an API (`management-api.md` §3.1), one by one.

use crate::fields::{Field, field};
use crate::schema::{Schema, boolean, integer, list, object, one_of, open_object, optional, required, text, text_of};

/// Longest lifetime of an access token in seconds: 30 days.
const LONGEST: i64 = 2_592_000;

pub(super) fn all() -> Vec<Field> {
    let scope = object(vec![required("value", text_of(1, 280)), optional("description", text_of(0, 500))]);
    vec![
        field("id", text()).read_only(),
        field("name", text_of(0, 200).pattern("^[^<>]*$").about("Name of the API; must not contain < or >.")),
        field("identifier", text_of(1, 600).about("The audience of its tokens; never changes."))
            .required()
            .create_only(),
        field("is_system", boolean()).read_only(),
        field("scopes", list(scope).about("The permissions that tokens can carry; replaced as a whole.")),
        field("signing_alg", one_of(&["HS256", "RS256", "RS512", "PS256", "ES256"]).about("How tokens are signed.")),
        field("signing_secret", text_of(16, 1000).secret().about("The key of HS256.")),
        field("allow_offline_access", boolean().about("Whether refresh tokens are issued.")),
        field("allow_online_access", boolean()),
        field("allow_online_access_with_ephemeral_sessions", boolean()),
        field("skip_consent_for_verifiable_first_party_clients", boolean()),
        field("token_lifetime", integer(0, LONGEST).about("Lifetime of access tokens in seconds.")),
        field("token_lifetime_for_web", integer(0, LONGEST).about("The same for those of the authorization endpoint.")),
        field("enforce_policies", boolean().about("Whether users get only what they may (RBAC).")),
        field(
            "token_dialect",
            one_of(&["access_token", "access_token_authz", "rfc9068_profile", "rfc9068_profile_authz"]),
        ),
        field("verificationLocation", text_of(0, 2048)),
        field("verification_location", text_of(0, 2048)),
        field("options", open_object()),
        field("token_encryption", token_encryption()),
        field("consent_policy", one_of(&["transactional-authorization-with-mfa"]).or_null()),
        field("authorization_details", list(object(vec![required("type", text_of(1, 255))]).open()).or_null()),
        field("proof_of_possession", proof_of_possession()),
        field("subject_type_authorization", subject_type_authorization()),
        field("authorization_policy", object(vec![required("policy_id", text_of(1, 100))]).or_null()),
        field("client_id", text()).read_only(),
    ]
}

fn token_encryption() -> Schema {
    let key = object(vec![
        optional("name", text_of(0, 128)),
        optional("alg", one_of(&["RSA-OAEP-256", "RSA-OAEP-384", "RSA-OAEP-512"])),
        optional("kid", text_of(0, 100)),
        required("pem", text_of(1, 4096)),
    ]);
    object(vec![required("format", one_of(&["compact-nested-jwe"])), required("encryption_key", key)]).or_null()
}

fn proof_of_possession() -> Schema {
    object(vec![
        required("mechanism", one_of(&["mtls", "dpop"])),
        required("required", boolean()),
        optional("required_for", one_of(&["public_clients", "all_clients"])),
    ])
    .or_null()
}

fn subject_type_authorization() -> Schema {
    let policy = |values| object(vec![required("policy", one_of(values))]);
    object(vec![
        optional("user", policy(&["allow_all", "deny_all", "require_client_grant"])),
        optional("client", policy(&["deny_all", "require_client_grant"])),
    ])
}
