//! A tenant's own mail server (`management-api.md` §11, provider `smtp`). What is written here comes from a tenant, so the server
//! is reached by the rules of everything outbound: its addresses are looked up and checked first, and the connection goes to
//! one of those that were checked (EG-02, "mail gateways").

use keywright_egress::EgressError;
use keywright_jose::Purpose;
use keywright_store::tenant_documents;
use keywright_types::TenantId;
use lettre::message::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::smtp::{self, Security, Server};
use super::{MailError, Message};
use crate::config_cache::document;
use crate::{App, AppError};

/// Kind of the document that says where a tenant's mails go. There is one, without a name.
pub const EMAIL_PROVIDER: &str = "email-provider";

/// Headers that a tenant may add to its mails; both are read by services that take mails by SMTP.
pub const EMAIL_HEADERS: [&str; 2] = ["X-MC-ViewContentLink", "X-SES-Configuration-Set"];

/// Where a tenant's mails go.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Document {
    name: String,
    enabled: bool,
    default_from_address: Option<String>,
    credentials: Credentials,
    settings: Settings,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Credentials {
    #[serde(rename = "smtp_host")]
    host: Option<String>,
    #[serde(rename = "smtp_port")]
    port: Option<u16>,
    #[serde(rename = "smtp_user")]
    user: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Settings {
    headers: serde_json::Map<String, serde_json::Value>,
}

/// What of it nobody reads back.
#[derive(Deserialize)]
struct Secrets {
    smtp_pass: Option<String>,
}

/// A mail server of a tenant.
pub(super) struct TenantServer {
    host: String,
    port: u16,
    login: Option<(String, SecretString)>,
    headers: Vec<(HeaderName, String)>,
    /// The sender of mails that name none.
    pub(super) from: Option<String>,
}

impl App {
    /// The tenant's own server; `None` when its mails go by the operator's.
    pub(super) async fn mail_server_of(&self, tenant: &TenantId) -> Result<Option<TenantServer>, AppError> {
        let id = tenant.clone();
        let row = self.store().read(move |tx| tenant_documents::find(tx, &id, EMAIL_PROVIDER, "")).await?;
        let Some(row) = row else { return Ok(None) };
        let provider: Document = document("tenant_documents", &row.document)?;
        let (Some(host), true) = (provider.credentials.host, provider.enabled && provider.name == "smtp") else {
            return Ok(None);
        };
        let secrets = match self.unsealed(Purpose::TenantDocument, tenant, row.secrets.as_deref())? {
            Some(text) => Some(document::<Secrets>("tenant_documents", text.expose_secret())?),
            None => None,
        };
        let user = provider.credentials.user.filter(|user| !user.is_empty());
        let password = secrets.and_then(|secrets| secrets.smtp_pass).map(SecretString::from);
        let headers = provider.settings.headers.iter().filter_map(|(name, value)| {
            let known = EMAIL_HEADERS.iter().find(|own| own.eq_ignore_ascii_case(name))?;
            Some((HeaderName::new_from_ascii_str(known), value.as_str()?.to_owned()))
        });
        Ok(Some(TenantServer {
            host,
            port: provider.credentials.port.unwrap_or(587),
            login: user.zip(password),
            headers: headers.collect(),
            from: provider.default_from_address,
        }))
    }

    /// Hands a mail to the tenant's server.
    pub(super) async fn send_by(&self, server: &TenantServer, message: &Message) -> Result<(), MailError> {
        let Some(from) = message.from.as_deref().or(server.from.as_deref()) else {
            return Err(MailError::Permanent("neither the template nor the provider names a sender".to_owned()));
        };
        let mut letter = smtp::letter(message, from)?;
        for (name, value) in &server.headers {
            letter.headers_mut().insert_raw(HeaderValue::new(name.clone(), value.clone()));
        }
        let found = self.egress().addresses_of(&server.host).await.map_err(|error| match error {
            EgressError::Resolve(_) | EgressError::TooSlow => {
                MailError::Temporary("the name of the tenant's mail server leads nowhere".to_owned())
            }
            _ => MailError::Permanent("the tenant's mail server may not be reached from here".to_owned()),
        })?;
        let security = match server.port {
            465 => Security::Tls,
            // What an operator lists is inside the own network.
            _ if found.is_exception => Security::IfOffered,
            _ => Security::StartTls,
        };
        let mut last = MailError::Temporary("no connection with the mail server".to_owned());
        for address in found.addresses {
            let place = Server {
                address,
                port: server.port,
                host: &server.host,
                security,
                login: server.login.as_ref().map(|(user, password)| (user.as_str(), password)),
            };
            match smtp::send_to(&place, &letter).await {
                // The next address may be one that answers.
                Err(MailError::Temporary(cause)) if cause.starts_with("no connection") => {
                    last = MailError::Temporary(cause);
                }
                answer => return answer,
            }
        }
        Err(last)
    }
}
