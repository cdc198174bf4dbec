//! Secrets that operations keep and answer to nobody, for the command line: an import has to know whether what a file says is what
//! is stored (`management-api.md` §18), and an export which secrets there are. Whoever runs it holds the master key.
//!
//! No route leads here.

use keywright_app::mail::EMAIL_PROVIDER;
use keywright_app::{AppError, appearance};
use keywright_jose::Purpose;
use keywright_store::{actions, rules, tenant_documents};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

use crate::administration::Administration;
use crate::error::ApiError;
use crate::sealed;

/// Whose secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoredSecrets<'a> {
    /// Settings of rules, by their keys.
    RuleSettings,
    /// The draft of the action with this identifier, by their names.
    Action(&'a str),
    /// Members of `credentials` of the e-mail provider.
    EmailProvider,
    /// Members of `credentials` of the phone provider.
    PhoneProvider,
    /// Members of the CAPTCHA settings.
    Captcha,
}

impl Administration {
    /// The secrets, as the body of the operation that sets them has them; none where nothing is stored.
    ///
    /// # Errors
    /// When the database cannot be asked, or a secret does not open.
    pub async fn stored_secrets(&self, of: StoredSecrets<'_>) -> Result<Map<String, Value>, AppError> {
        match of {
            StoredSecrets::RuleSettings => self.rule_settings().await,
            StoredSecrets::Action(id) => self.action_secrets(id).await,
            StoredSecrets::EmailProvider => self.of_document(EMAIL_PROVIDER, "").await,
            StoredSecrets::PhoneProvider => self.of_document("phone-provider", "").await,
            StoredSecrets::Captcha => self.of_document("attack-protection", "captcha").await,
        }
    }

    /// Languages and prompts that have custom texts.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn custom_texts(&self) -> Result<Vec<(String, String)>, AppError> {
        let tenant = self.tenant().id.clone();
        let rows =
            self.app().store().read(move |tx| tenant_documents::list(tx, &tenant, appearance::CUSTOM_TEXT)).await?;
        let pair = |name: &str| name.split_once('/').map(|(language, prompt)| (language.to_owned(), prompt.to_owned()));
        Ok(rows.iter().filter_map(|row| pair(&row.name)).collect())
    }

    async fn rule_settings(&self) -> Result<Map<String, Value>, AppError> {
        let tenant = self.tenant().id.clone();
        let rows = self.app().store().read(move |tx| rules::list_configs(tx, &tenant)).await?;
        let mut values = Map::new();
        for row in rows {
            if let Some(value) = self.app().unsealed(Purpose::RuleConfig, &self.tenant().id, Some(&row.value))? {
                values.insert(row.name, json!(value.expose_secret()));
            }
        }
        Ok(values)
    }

    async fn action_secrets(&self, id: &str) -> Result<Map<String, Value>, AppError> {
        let (tenant, id) = (self.tenant().id.clone(), id.to_owned());
        let row = self.app().store().read(move |tx| actions::find(tx, &tenant, &id)).await?;
        let sealed = row.and_then(|row| row.secrets);
        let secrets = self.app().unsealed_action_secrets(&self.tenant().id, sealed.as_deref())?;
        Ok(secrets.into_iter().map(|(name, value)| (name, json!(value.expose_secret()))).collect())
    }

    async fn of_document(&self, kind: &'static str, name: &'static str) -> Result<Map<String, Value>, AppError> {
        let tenant = self.tenant().id.clone();
        let row = self.app().store().read(move |tx| tenant_documents::find(tx, &tenant, kind, name)).await?;
        let sealed = row.and_then(|row| row.secrets);
        let opened = sealed::open(self.app(), Purpose::TenantDocument, &self.tenant().id, sealed.as_deref());
        opened.map_err(|error: ApiError| AppError::internal(error.full_cause()))
    }
}
