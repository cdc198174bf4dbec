//! `options` of connections to services for everybody (`management-api.md` §4.6): the known members are described, others are kept
//! as they are. The scopes that a service is asked for follow from switches.

use serde_json::{Map, Value, json};

use super::common_options::{credentials, free, hidden, members, plain, scope, switch};
use crate::schema::formats::URL_OR_EMPTY;
use crate::schema::{Member, Schema, any_of, boolean, formatted, integer, list, object, optional, text, text_of};

/// The options of a strategy.
pub(super) fn schema(strategy: &str) -> Schema {
    let own = match strategy {
        "oauth2" => custom(),
        "oauth1" => [custom(), vec![plain("requestTokenURL"), plain("sessionKey")]].concat(),
        "apple" => apple(),
        "google-oauth2" => vec![
            optional("allowed_audiences", list(text_of(1, 255)).sized(1, 64)),
            optional("freeform_scopes", list(text_of(1, 1024))),
            switch("offline_access"),
        ],
        _ => vec![optional("freeform_scopes", list(text_of(1, 1024)))],
    };
    let switches = switches(strategy).iter().map(|(name, _)| optional(name, boolean())).collect();
    let shared = if strategy == "apple" { vec![scope()] } else { [credentials(), vec![scope()]].concat() };
    object([own, shared, switches, version(), members()].concat()).open()
}

fn version() -> Vec<Member> {
    vec![optional("strategy_version", integer(0, 100)), switch("disable_signup")]
}

fn apple() -> Vec<Member> {
    vec![
        optional("client_id", text_of(0, 1024).or_null()),
        hidden("client_secret"),
        hidden("app_secret"),
        plain("team_id"),
        plain("kid"),
        switch("email"),
        switch("name"),
    ]
}

fn custom() -> Vec<Member> {
    let address = |name| optional(name, formatted(URL_OR_EMPTY).or_null());
    let scripts = object(vec![plain("fetchUserProfile"), plain("getLogoutUrl")]).open();
    vec![
        address("authorizationURL"),
        address("tokenURL"),
        address("accessTokenURL"),
        address("userAuthorizationURL"),
        optional("scripts", scripts),
        switch("pkce_enabled"),
        optional(
            "customHeaders",
            any_of(vec![crate::schema::open_object(), list(crate::schema::anything())]).or_null(),
        ),
        free("authParams"),
        free("authParamsMap"),
        free("fieldsMap"),
        optional("logoutUrl", text().or_null()),
        switch("useOauthSpecScope"),
        hidden("consumerSecret"),
        plain("consumerKey"),
    ]
}

/// Sets `scope` from the switches. What was sent of it stays, but for what a switch that is off stands for, so that an exported
/// connection is imported as it was.
pub(super) fn complete(strategy: &str, options: &mut Map<String, Value>) {
    let switches = switches(strategy);
    let on = |options: &Map<String, Value>, name: &str| options.get(name) == Some(&Value::Bool(true));
    let freeform = options.get("freeform_scopes").and_then(Value::as_array).cloned().unwrap_or_default();
    let sent: Vec<Value> = match options.get("scope") {
        Some(Value::Array(scopes)) => scopes.clone(),
        Some(Value::String(text)) => text.split([' ', ',']).filter(|one| !one.is_empty()).map(Value::from).collect(),
        _ => Vec::new(),
    };
    let is_switched = switches.iter().any(|(name, _)| options.contains_key(*name));
    if !is_switched && freeform.is_empty() {
        return;
    }
    let mut scopes: Vec<Value> = Vec::new();
    let mut add = |scope: Value| {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    };
    for (name, scope) in switches.iter().filter(|(_, scope)| !scope.is_empty()) {
        if on(options, name) {
            add(Value::from(*scope));
        }
    }
    for scope in sent.into_iter().chain(freeform) {
        let owner = switches.iter().find(|(_, own)| scope.as_str() == Some(own) && !own.is_empty());
        if owner.is_none_or(|(name, _)| options.get(*name) != Some(&Value::Bool(false))) {
            add(scope);
        }
    }
    let texts = || scopes.iter().filter_map(Value::as_str).collect::<Vec<_>>();
    let scope = match strategy {
        // "`scope` is one comma-joined string".
        "facebook" => json!(texts().join(",")),
        "apple" => json!(texts().join(" ")),
        _ => json!(scopes),
    };
    options.insert("scope".to_owned(), scope);
}

/// Switches of a strategy and the scope that each of them stands for; empty for none.
fn switches(strategy: &str) -> &'static [(&'static str, &'static str)] {
    match strategy {
        "google-oauth2" => super::social_scopes::GOOGLE,
        "github" => super::social_scopes::GITHUB,
        "facebook" => super::social_scopes::FACEBOOK,
        "apple" => &[("email", "email"), ("name", "name")],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(strategy: &str, sent: Value) -> Value {
        let Value::Object(mut options) = sent else { panic!() };
        complete(strategy, &mut options);
        options.remove("scope").unwrap_or_default()
    }

    #[test]
    fn scopes_follow_from_switches_and_what_was_sent_besides() {
        for (strategy, sent, expected) in [
            (
                "google-oauth2",
                json!({ "email": true, "profile": true, "gmail": true, "youtube": true, "calendar": false }),
                json!(["email", "profile", "https://mail.google.com/mail/feed/atom", "https://gdata.youtube.com"]),
            ),
            ("google-oauth2", json!({ "email": true, "freeform_scopes": ["x"] }), json!(["email", "x"])),
            ("google-oauth2", json!({ "scope": ["email", "own"] }), json!(["email", "own"])),
            ("google-oauth2", json!({ "email": false, "scope": ["email", "own"] }), json!(["own"])),
            ("github", json!({ "email": true, "profile": true, "read_org": true }), json!(["user:email", "read:org"])),
            ("facebook", json!({ "email": true, "public_profile": true }), json!("email,public_profile")),
            ("facebook", json!({ "email": true, "scope": "email,public_profile" }), json!("email,public_profile")),
            ("apple", json!({ "email": true, "name": true }), json!("email name")),
            ("oauth2", json!({ "scope": "a b" }), json!("a b")),
            ("oauth2", json!({}), json!(null)),
        ] {
            let once = completed(strategy, sent.clone());
            // What is no scope of a switch of its own is as it was sent.
            assert_eq!(once, expected, "{strategy} {sent}");
            let mut again = sent.clone();
            if !once.is_null() {
                again["scope"] = once.clone();
            }
            assert_eq!(completed(strategy, again), once, "an export is imported as it was: {strategy} {sent}");
        }
    }
}
