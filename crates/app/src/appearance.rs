//! What a tenant changed about its pages, as it is kept: documents of a few kinds (`management-api.md` §10).

use std::collections::BTreeMap;
use std::sync::Arc;

use keywright_store::{Tx, tenant_documents};
use keywright_types::{Appearance, CustomTexts, TenantId};
use serde_json::{Map, Value};

use crate::AppError;
use crate::config_cache::document;

/// Kind of the document of `/branding`; its name is empty.
pub const BRANDING: &str = "branding";
/// Kind of the theme; its name is empty.
pub const THEME: &str = "branding-theme";
/// Kind of custom texts: screens with their texts. Their name is [`custom_text_name`].
pub const CUSTOM_TEXT: &str = "custom-text";

/// The name of the texts of a prompt in a language.
#[must_use]
pub fn custom_text_name(language: &str, prompt: &str) -> String {
    format!("{language}/{prompt}")
}

/// Reads it together with the tenant: every page needs it.
pub(crate) fn read_appearance(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Appearance, AppError> {
    let mut prompts: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for row in tenant_documents::list(tx, tenant, CUSTOM_TEXT)? {
        let Some((language, prompt)) = row.name.split_once('/') else { continue };
        let screens: Value = document("tenant_documents", &row.document)?;
        prompts.entry(language.to_owned()).or_default().insert(prompt.to_owned(), screens);
    }
    let texts = prompts.into_iter().map(|(language, prompts)| (language, Arc::new(CustomTexts::new(prompts))));
    let mut one = |kind: &str| -> Result<Value, AppError> {
        let row = tenant_documents::find(tx, tenant, kind, "")?;
        row.map_or(Ok(Value::Null), |row| document("tenant_documents", &row.document))
    };
    Ok(Appearance { branding: one(BRANDING)?, theme: one(THEME)?, texts: texts.collect() })
}
