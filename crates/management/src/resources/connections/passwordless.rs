//! `options` of connections that send a code, by mail or by text message (`management-api.md` §4.6): closed lists.

use super::common_options::{free, hidden, members, plain, switch, totp};
use crate::schema::formats::URL_OR_EMPTY;
use crate::schema::{Schema, boolean, formatted, object, one_of, optional, required, text, text_of};

/// The options of `email` or `sms`.
pub(super) fn schema(strategy: &str) -> Schema {
    let own = if strategy == "email" { email() } else { sms() };
    let both = vec![totp(), free("authParams"), switch("disable_signup"), switch("brute_force_protection")];
    object([own, both, members()].concat())
}

fn email() -> Vec<crate::schema::Member> {
    let mail = object(vec![
        optional("syntax", one_of(&["liquid"])),
        optional("from", text_of(0, 1000)),
        optional("subject", text_of(0, 1000)),
        optional("body", text()),
    ]);
    vec![required("name", text_of(3, 128)), required("email", mail)]
}

fn sms() -> Vec<crate::schema::Member> {
    let gateway = object(vec![
        plain("method"),
        plain("subject"),
        plain("audience"),
        hidden("secret"),
        optional("secret_base64_encoded", boolean()),
    ]);
    vec![
        optional("name", text_of(0, 128)),
        plain("from"),
        optional("syntax", one_of(&["liquid", "md_with_macros"])),
        plain("template"),
        optional("twilio_sid", text_of(0, 255).pattern("^AC").or_null()),
        hidden("twilio_token"),
        optional("messaging_service_sid", text_of(0, 255).pattern("^MG").or_null()),
        optional("provider", one_of(&["twilio", "sms_gateway"]).or_null()),
        optional("gateway_url", formatted(URL_OR_EMPTY).or_null()),
        optional("gateway_authentication", gateway.or_null()),
        switch("forward_req_info"),
    ]
}
