//! Settings at addresses that are always there, which are set and never deleted (`management-api.md` §18.2): where each one is, and
//! how what the API says of it is said in files.

use http::Method;
use keywright_app::mail::EMAIL_TEMPLATES;
use keywright_management::{Administered, StoredSecrets};
use serde_json::{Map, Value, json};

use super::remote::{Remote, encoded};
use super::secrets;
use crate::Failure;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Write {
    /// What is sent is changed.
    Patch,
    /// The whole document is replaced.
    Put,
}

/// Which settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settings {
    /// A document with a path of its own.
    Document {
        path: &'static str,
        write: Write,
    },
    Policies,
    EmailProvider,
    EmailTemplates,
    Factors,
    FactorProviders,
    FactorTemplates,
    Pages,
    LoginTemplate,
    Triggers,
    CustomText,
    Partials,
    Screens,
    RuleValues,
}

/// Where an entry is, and how.
pub(super) struct Place {
    read: String,
    query: Option<&'static str>,
    pub(super) write: (Method, String),
    /// Where it is made while it is not there.
    pub(super) creation: Option<&'static str>,
    shape: Shape,
    secrets: Option<(StoredSecrets<'static>, &'static [&'static str])>,
}

/// How the API says it.
enum Shape {
    /// As files do.
    Object,
    /// A list without a name.
    Policies,
    Bindings,
    LoginTemplate,
    /// A member of the settings of the tenant.
    Member(&'static str),
    /// Members of the global client.
    LoginPage,
    /// One of a list.
    Factor(String),
    /// An object whose members are names that somebody chose: all of it is one value.
    Under(&'static str),
    /// Values that are never answered.
    RuleSetting(String),
}

/// What is there.
pub(super) enum Found {
    Nothing,
    Members(Map<String, Value>),
    /// There can be no such thing.
    Refused(String),
}

/// Pages: what files call them, and which member of the tenant's settings they are.
const PAGES: [(&str, &str); 3] = [
    ("error_page", "error_page"),
    ("guardian_multifactor", "guardian_mfa_page"),
    ("password_reset", "change_password"),
];
/// Providers of factors that auth0-deploy-cli reads.
const PROVIDERS: [(&str, &str); 2] = [("sms", "twilio"), ("push-notification", "sns")];
const PARTIALS: [&str; 9] = [
    "login",
    "login-id",
    "login-password",
    "login-passwordless",
    "signup",
    "signup-id",
    "signup-password",
    "customized-consent",
    "passkeys",
];
const CAPTCHA: &str = "/attack-protection/captcha";
const PROVIDER_MEMBERS: &str = "fields=name,enabled,credentials,settings,default_from_address&include_fields=true";

impl Settings {
    /// Members of an entry that say which one it is, and are not in its body.
    pub(super) fn address(self) -> &'static [&'static str] {
        match self {
            Self::Factors | Self::FactorTemplates | Self::Pages => &["name"],
            Self::FactorProviders => &["name", "provider"],
            Self::LoginTemplate => &["template"],
            Self::Triggers => &["trigger"],
            Self::CustomText => &["language", "prompt"],
            Self::Partials => &["prompt"],
            Self::Screens => &["prompt", "screen"],
            Self::RuleValues => &["key"],
            Self::Document { .. } | Self::Policies | Self::EmailProvider | Self::EmailTemplates => &[],
        }
    }
}

fn place(read: String, method: Method, shape: Shape) -> Place {
    Place { write: (method, read.clone()), read, query: None, creation: None, shape, secrets: None }
}

impl Remote<'_> {
    /// Where an entry of a file is; `None` for a page that there is not.
    pub(super) async fn place(&self, settings: Settings, entry: &Map<String, Value>) -> Result<Option<Place>, Failure> {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = |member: &str| encoded(text(member));
        let own = match settings {
            Settings::Document { path, write } => {
                let method = if write == Write::Put { Method::PUT } else { Method::PATCH };
                let own = place(path.to_owned(), method, Shape::Object);
                if path == CAPTCHA { Place { secrets: Some((StoredSecrets::Captcha, &[])), ..own } } else { own }
            }
            Settings::Policies => place("/guardian/policies".to_owned(), Method::PUT, Shape::Policies),
            Settings::EmailProvider => Place {
                query: Some(PROVIDER_MEMBERS),
                creation: Some("/emails/provider"),
                secrets: Some((StoredSecrets::EmailProvider, &["credentials"])),
                ..place("/emails/provider".to_owned(), Method::PATCH, Shape::Object)
            },
            Settings::EmailTemplates => Place {
                creation: Some("/email-templates"),
                ..place(format!("/email-templates/{}", name("template")), Method::PATCH, Shape::Object)
            },
            Settings::Factors => Place {
                read: "/guardian/factors".to_owned(),
                ..place(
                    format!("/guardian/factors/{}", name("name")),
                    Method::PUT,
                    Shape::Factor(text("name").to_owned()),
                )
            },
            Settings::FactorProviders => place(
                format!("/guardian/factors/{}/providers/{}", name("name"), name("provider")),
                Method::PUT,
                Shape::Object,
            ),
            Settings::FactorTemplates => {
                place(format!("/guardian/factors/{}/templates", name("name")), Method::PUT, Shape::Object)
            }
            Settings::Pages if text("name") == "login" => {
                let global = self.pages_of("/clients", "is_global=true").await?;
                let id = global.first().and_then(|client| client.get("client_id")).and_then(Value::as_str);
                let Some(id) = id else { return Ok(None) };
                place(format!("/clients/{}", encoded(id)), Method::PATCH, Shape::LoginPage)
            }
            Settings::Pages => {
                let Some((_, member)) = PAGES.iter().find(|(page, _)| *page == text("name")) else { return Ok(None) };
                place("/tenants/settings".to_owned(), Method::PATCH, Shape::Member(member))
            }
            Settings::LoginTemplate => place(
                format!("/branding/templates/{}", name("template").replace('_', "-")),
                Method::PUT,
                Shape::LoginTemplate,
            ),
            Settings::Triggers => {
                place(format!("/actions/triggers/{}/bindings", name("trigger")), Method::PATCH, Shape::Bindings)
            }
            Settings::CustomText => place(
                format!("/prompts/{}/custom-text/{}", name("prompt"), name("language")),
                Method::PUT,
                Shape::Under("texts"),
            ),
            Settings::Partials => {
                place(format!("/prompts/{}/partials", name("prompt")), Method::PUT, Shape::Under("partials"))
            }
            Settings::Screens => place(
                format!("/prompts/{}/screen/{}/rendering", name("prompt"), name("screen")),
                Method::PATCH,
                Shape::Object,
            ),
            Settings::RuleValues => {
                let shape = Shape::RuleSetting(text("key").to_owned());
                place(format!("/rules-configs/{}", name("key")), Method::PUT, shape)
            }
        };
        Ok(self.administration.offers(&own.write.0, &own.write.1).then_some(own))
    }

    /// What is there, in the words of files. With secrets it has those that no operation answers.
    pub(super) async fn found(&self, place: &Place, with_secrets: bool) -> Result<Found, Failure> {
        if let Shape::RuleSetting(key) = &place.shape {
            let values = self.administration.stored_secrets(StoredSecrets::RuleSettings).await?;
            let member = |value: &Value| Map::from_iter([("value".to_owned(), value.clone())]);
            return Ok(values.get(key).map_or(Found::Nothing, |value| Found::Members(member(value))));
        }
        let Administered { status, body } =
            self.administration.call(&Method::GET, &place.read, place.query, None).await?;
        // A trigger is there, or there is none of its name.
        if status == http::StatusCode::NOT_FOUND && !matches!(place.shape, Shape::Bindings) {
            return Ok(Found::Nothing);
        }
        if !status.is_success() {
            let message = body.get("message").and_then(Value::as_str).unwrap_or_default();
            return Ok(Found::Refused(message.to_owned()));
        }
        let Some(mut members) = place.shape.in_files(body) else { return Ok(Found::Nothing) };
        if let Some((of, within)) = place.secrets.filter(|_| with_secrets) {
            let stored = self.administration.stored_secrets(of).await?;
            secrets::put_back(&mut members, within, stored);
        }
        Ok(Found::Members(members))
    }

    /// Names of the secrets of a place, with markers in the place of their values.
    pub(super) async fn markers(&self, place: &Place, members: &mut Map<String, Value>) -> Result<(), Failure> {
        let Some((of, within)) = place.secrets else { return Ok(()) };
        if of == StoredSecrets::Captcha {
            secrets::mark_captcha(members);
            return Ok(());
        }
        let mut stored = self.administration.stored_secrets(of).await?;
        let service = members.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        secrets::mark(of, &service, &mut stored);
        secrets::put_back(members, within, stored);
        Ok(())
    }

    /// What says which entries there can be.
    pub(super) async fn addresses(&self, settings: Settings) -> Result<Vec<Map<String, Value>>, Failure> {
        let one =
            |member: &str, names: &[&str]| -> Vec<Value> { names.iter().map(|name| json!({ member: name })).collect() };
        let all: Vec<Value> = match settings {
            Settings::Document { .. } | Settings::Policies | Settings::EmailProvider => vec![json!({})],
            Settings::EmailTemplates => one("template", EMAIL_TEMPLATES),
            Settings::Factors => {
                let factors = self.read("/guardian/factors", None).await?;
                let named = |factor: &Value| Some(json!({ "name": factor.get("name")? }));
                factors.as_array().into_iter().flatten().filter_map(named).collect()
            }
            Settings::FactorProviders => {
                PROVIDERS.iter().map(|(name, provider)| json!({ "name": name, "provider": provider })).collect()
            }
            Settings::FactorTemplates => one("name", &["sms"]),
            Settings::Pages => one("name", &["login", "error_page", "guardian_multifactor", "password_reset"]),
            Settings::LoginTemplate => one("template", &["universal_login"]),
            Settings::Triggers => {
                let found = self.read("/actions/triggers", None).await?;
                let all = found.get("triggers").and_then(Value::as_array).cloned().unwrap_or_default();
                let mut names: Vec<&str> = all.iter().filter_map(|own| own.get("id")?.as_str()).collect();
                names.dedup();
                one("trigger", &names)
            }
            Settings::CustomText => {
                let names = self.administration.custom_texts().await?;
                names.iter().map(|(language, prompt)| json!({ "language": language, "prompt": prompt })).collect()
            }
            Settings::Partials => one("prompt", &PARTIALS),
            Settings::Screens => {
                let found = self.pages("/prompts/rendering").await?;
                found.iter().map(|own| json!({ "prompt": own.get("prompt"), "screen": own.get("screen") })).collect()
            }
            // Values cannot be read, and a file without them would overwrite those of another tenant.
            Settings::RuleValues => Vec::new(),
        };
        Ok(all.into_iter().filter_map(|own| own.as_object().cloned()).collect())
    }
}

impl Place {
    /// Whether it has secrets that no operation answers.
    pub(super) fn seals(&self) -> bool {
        self.secrets.is_some()
    }

    /// Whether what is sent takes the place of everything that was there.
    pub(super) fn is_replaced(&self) -> bool {
        self.write.0 == Method::PUT || matches!(self.shape, Shape::Member(_))
    }

    /// The body that sets these members.
    pub(super) fn body(&self, mut members: Map<String, Value>) -> Value {
        let mut taken = |name: &str| members.remove(name).unwrap_or_default();
        match &self.shape {
            Shape::Policies => taken("policies"),
            Shape::Under(name) => taken(name),
            Shape::Bindings => {
                let bindings = taken("bindings");
                let all = bindings.as_array().into_iter().flatten().map(|binding| {
                    let mut sent = json!({ "ref": { "type": "action_name", "value": binding.get("action_name") } });
                    if let (Some(name), Some(sent)) = (binding.get("display_name"), sent.as_object_mut()) {
                        sent.insert("display_name".to_owned(), name.clone());
                    }
                    sent
                });
                json!({ "bindings": all.collect::<Vec<_>>() })
            }
            Shape::LoginTemplate => json!({ "template": taken("body") }),
            Shape::LoginPage => {
                let mut sent = Map::new();
                for (own, name) in [("custom_login_page", "html"), ("custom_login_page_on", "enabled")] {
                    if let Some(value) = members.remove(name) {
                        sent.insert(own.to_owned(), value);
                    }
                }
                Value::Object(sent)
            }
            Shape::Member(name) => json!({ *name: members }),
            Shape::Object | Shape::Factor(_) | Shape::RuleSetting(_) => Value::Object(members),
        }
    }

    /// Members that it knows, where the API is not asked for them.
    pub(super) fn members(&self) -> Option<&'static [&'static str]> {
        match &self.shape {
            Shape::Policies => Some(&["policies"]),
            Shape::Bindings => Some(&["bindings"]),
            Shape::LoginTemplate => Some(&["body"]),
            Shape::LoginPage => Some(&["enabled", "html"]),
            Shape::Under(name) => Some(match *name {
                "texts" => &["texts"],
                _ => &["partials"],
            }),
            Shape::Object | Shape::Factor(_) | Shape::RuleSetting(_) | Shape::Member(_) => None,
        }
    }
}

impl Shape {
    /// What the API answers, in the words of files; `None` for nothing.
    fn in_files(&self, answer: Value) -> Option<Map<String, Value>> {
        let named = |name: &str, value: Value| Some(Map::from_iter([(name.to_owned(), value)]));
        let member = |name: &str| answer.get(name).cloned().unwrap_or_default();
        match self {
            Self::Object => answer.as_object().cloned(),
            Self::Policies => named("policies", answer),
            Self::Under(name) => named(name, answer),
            Self::Bindings => {
                let bindings = member("bindings");
                let all = bindings.as_array().into_iter().flatten();
                let shown = all.map(|binding| {
                    json!({ "action_name": binding.pointer("/action/name"), "display_name": binding.get("display_name") })
                });
                named("bindings", shown.collect())
            }
            Self::LoginTemplate => named("body", member("body")),
            Self::Member(name) => member(name).as_object().cloned(),
            Self::LoginPage => {
                let Value::String(html) = member("custom_login_page") else { return None };
                let enabled = member("custom_login_page_on") == json!(true);
                json!({ "enabled": enabled, "html": html }).as_object().cloned()
            }
            Self::Factor(name) => {
                let found = answer.as_array()?.iter().find(|own| own.get("name") == Some(&json!(name)))?;
                named("enabled", found.get("enabled").cloned()?)
            }
            Self::RuleSetting(_) => None,
        }
    }
}
