//! Options that most strategies have (`management-api.md` §4.4).

use crate::schema::formats::HTTPS_URL_OR_EMPTY;
use crate::schema::{
    Member, Schema, any_of, boolean, formatted, list, map_of, object, one_of, open_object, optional, required, text,
    text_of,
};

/// The credentials of this instance at the other service.
pub(super) fn credentials() -> Vec<Member> {
    vec![
        optional("client_id", text_of(0, 1024).or_null()),
        optional("client_secret", text_of(0, 8192).secret().or_null()),
    ]
}

/// "array (social, oauth2) or space string (oidc)".
pub(super) fn scope() -> Member {
    optional("scope", any_of(vec![list(text_of(1, 1024)), text_of(0, 8192)]).or_null())
}

/// What every strategy has.
pub(super) fn members() -> Vec<Member> {
    let active = object(vec![required("active", boolean())]);
    vec![
        optional("set_user_root_attributes", one_of(&["on_each_login", "on_first_login", "never_on_login"])),
        optional("non_persistent_attrs", list(text_of(0, 255)).sized(0, 96).unique()),
        optional("upstream_params", upstream_params()),
        optional("icon_url", icon_url()),
        optional("federated_connections_access_tokens", active.or_null()),
    ]
}

/// What companies' directories have as well.
pub(super) fn enterprise() -> Vec<Member> {
    vec![
        optional("domain_aliases", list(text_of(0, 255)).sized(0, 1000)),
        optional("tenant_domain", any_of(vec![text_of(0, 255), list(text_of(0, 255))]).or_null()),
        optional("api_enable_users", boolean()),
        optional("basic_profile", boolean()),
        optional("ext_groups", boolean()),
        optional("ext_profile", boolean()),
        optional("disable_signup", boolean()),
    ]
}

/// `{name: {alias: "login_hint"} | {value: "x"}}`.
pub(super) fn upstream_params() -> Schema {
    let one = any_of(vec![
        object(vec![required("alias", text_of(1, 255))]),
        object(vec![required("value", text_of(0, 4096))]),
    ]);
    map_of(one.or_null(), 255).sized(0, 100).or_null()
}

/// An https address of up to 255 characters.
pub(super) fn icon_url() -> Schema {
    formatted(HTTPS_URL_OR_EMPTY).pattern("^.{0,255}$").or_null()
}

/// Six-digit codes and how long they are good.
pub(super) fn totp() -> Member {
    let members = vec![
        optional("length", crate::schema::integer(4, 40)),
        optional("time_step", crate::schema::integer(60, 86_400)),
    ];
    optional("totp", object(members))
}

/// Anything, as it is.
pub(super) fn free(name: &'static str) -> Member {
    optional(name, open_object().or_null())
}

/// A text, as it is.
pub(super) fn plain(name: &'static str) -> Member {
    optional(name, text().or_null())
}

/// A text that is shown nowhere but to who may read connections.
pub(super) fn hidden(name: &'static str) -> Member {
    optional(name, text().secret().or_null())
}

/// A switch.
pub(super) fn switch(name: &'static str) -> Member {
    optional(name, boolean())
}
