//! What templates can name: the variables that Auth0 documents (`management-api.md` §11).

use keywright_types::{Client, Organization, Tenant, User};
use serde_json::{Map, Value, json};

/// What a mail is about.
pub(super) struct Subject<'a> {
    pub(super) tenant: &'a Tenant,
    pub(super) user: &'a User,
    pub(super) client: Option<&'a Client>,
    pub(super) organization: Option<&'a Organization>,
    /// BCP 47 tag of the language in which the request was made.
    pub(super) language: Option<&'a str>,
}

/// Attributes of a user's profile.
const PROFILE: [&str; 6] = ["name", "nickname", "given_name", "family_name", "picture", "phone_number"];

/// The variables; `more` adds those of the mail, such as `url`.
pub(super) fn variables(about: &Subject<'_>, mut more: Map<String, Value>) -> Value {
    let Subject { tenant, user, client, organization, language } = about;
    let settings = &tenant.settings;
    let mut all = json!({
        "tenant": tenant.domain.split(['.', ':']).next().unwrap_or_default(),
        "friendly_name": tenant.display_name(),
        "support_email": settings.support_email.as_deref().unwrap_or_default(),
        "support_url": settings.support_url.as_deref().unwrap_or_default(),
        "request_language": language.unwrap_or("en"),
        "connection": { "name": user.connection },
        "user": user_variables(user),
        "application": client.map(application).unwrap_or_default(),
    });
    if let Some(organization) = organization {
        let member = |name: &str| organization.other.get(name).cloned().unwrap_or_default();
        let organization = json!({
            "id": organization.id,
            "name": organization.name,
            "display_name": organization.display_name.as_deref().unwrap_or(&organization.name),
            "metadata": member("metadata"),
            "branding": member("branding"),
        });
        more.insert("organization".to_owned(), organization);
    }
    if let Some(members) = all.as_object_mut() {
        for (name, value) in more {
            match (members.get_mut(&name), value) {
                (Some(Value::Object(own)), Value::Object(further)) => own.extend(further),
                (_, value) => drop(members.insert(name, value)),
            }
        }
    }
    all
}

fn user_variables(user: &User) -> Value {
    let mut all = json!({
        "user_id": user.user_id,
        "email": user.email.as_deref().unwrap_or_default(),
        "email_verified": user.email_verified,
        "username": user.username.as_deref().unwrap_or_default(),
        "user_metadata": user.user_metadata,
        "app_metadata": user.app_metadata,
    });
    for name in PROFILE {
        if let (Some(value), Some(members)) = (user.profile.get(name), all.as_object_mut()) {
            members.insert(name.to_owned(), value.clone());
        }
    }
    all
}

fn application(client: &Client) -> Value {
    let metadata = client.other.get("client_metadata").cloned().unwrap_or_default();
    let callback = client.callbacks.first().and_then(|text| url::Url::parse(text).ok());
    let callback_domain = callback.as_ref().map(|url| url.origin().ascii_serialization()).filter(|text| text != "null");
    json!({
        "name": client.name,
        "clientID": client.client_id,
        "client_id": client.client_id,
        "callback_domain": callback_domain.unwrap_or_default(),
        "logo_uri": client.logo_uri.as_deref().unwrap_or_default(),
        "metadata": metadata,
        "client_metadata": metadata,
    })
}
