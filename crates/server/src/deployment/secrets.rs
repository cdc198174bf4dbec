//! Secrets in files: an export has markers in their place (`management-api.md` §18.1), and what a file does not say of them stays as it
//! is.

use keywright_management::StoredSecrets;
use serde_json::{Map, Value};

use super::comparison::equal;

/// Members that are secrets, of what the API answers in clear.
const ANSWERED: [&str; 6] =
    ["app_secret", "auth_token", "aws_secret_access_key", "bindPassword", "client_secret", "twilio_token"];

/// Puts secrets where they belong: `within` leads to their object.
pub(super) fn put_back(members: &mut Map<String, Value>, within: &[&str], secrets: Map<String, Value>) {
    if secrets.is_empty() {
        return;
    }
    match within {
        [] => {
            for (name, secret) in secrets {
                match (members.get_mut(&name), secret) {
                    (Some(Value::Object(own)), Value::Object(inner)) => put_back(own, &[], inner),
                    (_, secret) => drop(members.insert(name, secret)),
                }
            }
        }
        [first, rest @ ..] => {
            let inner = members.entry((*first).to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if let Some(inner) = inner.as_object_mut() {
                put_back(inner, rest, secrets);
            }
        }
    }
}

/// Adds what `found` has besides to the objects in `wanted` that say nothing else than it: a file without the secrets of a provider
/// means those that are stored, but never for another server than they were given to (FE-05).
pub(super) fn complete(wanted: &mut Map<String, Value>, found: &Map<String, Value>) {
    for (name, own) in wanted.iter_mut() {
        if let (Value::Object(own), Some(Value::Object(other))) = (own, found.get(name)) {
            complete(own, other);
            if own.iter().all(|(name, value)| equal(Some(value), other.get(name))) {
                own.clone_from(other);
            }
        }
    }
}

/// Puts markers in the place of stored secrets.
pub(super) fn mark(of: StoredSecrets<'_>, service: &str, secrets: &mut Map<String, Value>) {
    for (name, value) in secrets.iter_mut() {
        *value = match (of, service, name.as_str()) {
            (StoredSecrets::EmailProvider, "smtp", name) => marker(&[name]),
            (StoredSecrets::EmailProvider, "ses", "accessKeyId") => marker(&["SES_ACCESS_KEY_ID"]),
            (StoredSecrets::EmailProvider, "ses", "secretAccessKey") => marker(&["SES_ACCESS_SECRET_KEY"]),
            (StoredSecrets::EmailProvider, "azure_cs", _) => marker(&["AZURE_CS_CONNECTION_KEY"]),
            (StoredSecrets::EmailProvider, "ms365", "tenantId") => marker(&["MS365_TENANT_ID"]),
            (StoredSecrets::EmailProvider, "ms365", "clientId") => marker(&["MS365_CLIENT_ID"]),
            (StoredSecrets::EmailProvider, "ms365", "clientSecret") => marker(&["MS365_CLIENT_SECRET"]),
            (_, service, name) => marker(&[service, name]),
        };
    }
}

/// Puts markers into every provider of CAPTCHA: the tool takes none without, whether a secret is stored or not.
pub(super) fn mark_captcha(members: &mut Map<String, Value>) {
    for (provider, own) in members.iter_mut() {
        let Some(own) = own.as_object_mut() else { continue };
        let name = match provider.as_str() {
            "arkose" | "friendly_captcha" | "hcaptcha" | "recaptcha_v2" => "secret",
            "recaptcha_enterprise" => "api_key",
            _ => continue,
        };
        own.insert(name.to_owned(), marker(&["CAPTCHA", provider, name]));
    }
}

/// Puts markers in the place of secrets that are answered. `of` says whose they are.
pub(super) fn mark_answered(of: &[&str], members: &mut Map<String, Value>) {
    for name in ANSWERED {
        if let Some(value) = members.get_mut(name).filter(|value| value.is_string()) {
            *value = marker(&[of, &[name]].concat());
        }
    }
}

fn marker(parts: &[&str]) -> Value {
    let name: String = parts.join("_").chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    Value::from(format!("##{}##", name.to_uppercase()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        let Value::Object(members) = value else { panic!("not an object: {value}") };
        members
    }

    #[test]
    fn what_a_file_does_not_say_of_secrets_stays_for_the_same_server_only() {
        let found = object(json!({ "name": "smtp", "credentials": { "smtp_host": "a", "smtp_pass": "p" } }));
        let completed = |wanted: Value| {
            let mut wanted = object(wanted);
            complete(&mut wanted, &found);
            Value::Object(wanted)
        };
        let same = completed(json!({ "credentials": { "smtp_host": "a" } }));
        assert_eq!(same, json!({ "credentials": { "smtp_host": "a", "smtp_pass": "p" } }));
        let other = json!({ "credentials": { "smtp_host": "b" } });
        assert_eq!(completed(other.clone()), other);
        let another = json!({ "credentials": { "smtp_host": "a", "smtp_pass": "q" } });
        assert_eq!(completed(another.clone()), another);
    }

    #[test]
    fn markers_are_those_of_the_tool() {
        let mut captcha =
            object(json!({ "hcaptcha": { "site_key": "x" }, "active_provider_id": "x", "simple_captcha": {} }));
        mark_captcha(&mut captcha);
        let hcaptcha = json!({ "site_key": "x", "secret": "##CAPTCHA_HCAPTCHA_SECRET##" });
        let marked = json!({ "hcaptcha": hcaptcha, "active_provider_id": "x", "simple_captcha": {} });
        assert_eq!(Value::Object(captcha), marked);
        let mut smtp = object(json!({ "smtp_pass": "x" }));
        mark(StoredSecrets::EmailProvider, "smtp", &mut smtp);
        assert_eq!(Value::Object(smtp), json!({ "smtp_pass": "##SMTP_PASS##" }));
        let mut phone = object(json!({ "auth_token": "x" }));
        mark(StoredSecrets::PhoneProvider, "twilio", &mut phone);
        assert_eq!(Value::Object(phone), json!({ "auth_token": "##TWILIO_AUTH_TOKEN##" }));
        let mut options = object(json!({ "client_secret": "x", "client_id": "y" }));
        mark_answered(&["connections", "google-oauth2"], &mut options);
        let marked = json!({ "client_secret": "##CONNECTIONS_GOOGLE_OAUTH2_CLIENT_SECRET##", "client_id": "y" });
        assert_eq!(Value::Object(options), marked);
    }
}
