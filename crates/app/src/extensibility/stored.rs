//! The tenant's own code as it runs: rules in their order and actions as they are bound, with their secrets in clear
//! (`rules-and-actions.md` §2.3, §3.1). Read once and kept like all configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use keywright_jose::Purpose;
use keywright_store::{StoreError, Tx, action_bindings, action_versions, actions, rules};
use keywright_types::{ActionContent, ActionDependency, TenantId};
use secrecy::{ExposeSecret, SecretString};

use crate::config_cache::document;
use crate::{App, AppError};

/// The stage at which rules run; rules of other stages are stored and never run.
const STAGE: &str = "login_success";

/// A rule that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `rul_…`.
    pub id: String,
    /// For people and for logs.
    pub name: String,
    /// One function expression.
    pub script: String,
}

/// What runs after a login, before actions.
#[derive(Clone, Debug, Default)]
pub struct RuleSet {
    /// In the order in which they run.
    pub rules: Vec<Rule>,
    /// `configuration` of all rules: settings by their names.
    pub configuration: BTreeMap<String, SecretString>,
}

/// A version of an action that runs.
#[derive(Clone, Debug)]
pub struct BoundAction {
    /// The action.
    pub action_id: String,
    /// For people and for logs.
    pub name: String,
    /// The version that was deployed.
    pub version_id: String,
    /// Its number, from 1 on.
    pub number: i64,
    /// Version of the trigger's interface: `v3`.
    pub trigger_version: String,
    /// CommonJS.
    pub code: String,
    /// Packages that it needs.
    pub dependencies: Vec<ActionDependency>,
    /// `node22`.
    pub runtime: String,
    /// `event.secrets`: the version's, and before them those of the binding.
    pub secrets: BTreeMap<String, SecretString>,
}

/// Values of secrets by their names.
pub type ActionSecrets = BTreeMap<String, SecretString>;

impl App {
    /// The enabled rules of the tenant, in order, and their settings.
    pub async fn rule_set(&self, tenant: &TenantId) -> Result<Arc<RuleSet>, AppError> {
        let id = tenant.clone();
        let all = self
            .cached(&self.config().rules, tenant.as_str(), "", move |app, tx| read_rules(app, tx, &id).map(Some))
            .await?;
        Ok(all.unwrap_or_default())
    }

    /// What runs at a trigger, in order: of each action that is bound, the version that is deployed.
    pub async fn bound_actions(&self, tenant: &TenantId, trigger: &str) -> Result<Arc<Vec<BoundAction>>, AppError> {
        let (id, wanted) = (tenant.clone(), trigger.to_owned());
        let all = self
            .cached(&self.config().actions, tenant.as_str(), trigger, move |app, tx| {
                read_bound(app, tx, &id, &wanted).map(Some)
            })
            .await?;
        Ok(all.unwrap_or_default())
    }

    /// Secrets of an action as they are stored; `None` for none.
    #[must_use]
    pub fn sealed_action_secrets(&self, tenant: &TenantId, secrets: &ActionSecrets) -> Option<Vec<u8>> {
        if secrets.is_empty() {
            return None;
        }
        let texts: BTreeMap<&str, &str> =
            secrets.iter().map(|(name, value)| (name.as_str(), value.expose_secret())).collect();
        let text = serde_json::json!(texts).to_string();
        Some(self.sealed(Purpose::ActionSecrets, tenant, &SecretString::from(text)))
    }

    /// Secrets that [`App::sealed_action_secrets`] sealed.
    ///
    /// # Errors
    /// When they do not open.
    pub fn unsealed_action_secrets(&self, tenant: &TenantId, sealed: Option<&[u8]>) -> Result<ActionSecrets, AppError> {
        let Some(text) = self.unsealed(Purpose::ActionSecrets, tenant, sealed)? else { return Ok(BTreeMap::new()) };
        let texts: BTreeMap<String, String> =
            serde_json::from_str(text.expose_secret()).map_err(|_| AppError::internal("secrets that are no object"))?;
        Ok(texts.into_iter().map(|(name, value)| (name, SecretString::from(value))).collect())
    }
}

fn read_rules(app: &App, tx: &mut Tx<'_>, tenant: &TenantId) -> Result<RuleSet, AppError> {
    let mut set = RuleSet::default();
    for row in rules::list(tx, tenant)? {
        if row.enabled && row.stage == STAGE {
            set.rules.push(Rule { id: row.rule_id, name: row.name, script: row.script });
        }
    }
    for row in rules::list_configs(tx, tenant)? {
        if let Some(value) = app.unsealed(Purpose::RuleConfig, tenant, Some(&row.value))? {
            set.configuration.insert(row.name, value);
        }
    }
    Ok(set)
}

fn read_bound(app: &App, tx: &mut Tx<'_>, tenant: &TenantId, trigger: &str) -> Result<Vec<BoundAction>, AppError> {
    let mut bound = Vec::new();
    for binding in action_bindings::list(tx, tenant, trigger)? {
        // The foreign key keeps the action, and only what is deployed is bound.
        let Some(action) = actions::find(tx, tenant, &binding.action_id)? else { continue };
        let Some(deployed) = &action.deployed_version else { continue };
        let version = action_versions::find(tx, tenant, &action.action_id, deployed)?.ok_or_else(|| {
            AppError::from(StoreError::Corrupt {
                table: "actions".to_owned(),
                column: "deployed_version".to_owned(),
                detail: "names no version".to_owned(),
            })
        })?;
        let content: ActionContent = document("action_versions", &version.document)?;
        let mut secrets = app.unsealed_action_secrets(tenant, version.secrets.as_deref())?;
        secrets.extend(app.unsealed_action_secrets(tenant, binding.secrets.as_deref())?);
        bound.push(BoundAction {
            action_id: action.action_id,
            name: action.name,
            version_id: version.version_id,
            number: version.number,
            trigger_version: content.supported_triggers.into_iter().next().map(|own| own.version).unwrap_or_default(),
            code: content.code,
            dependencies: content.dependencies,
            runtime: content.runtime,
            secrets,
        });
    }
    Ok(bound)
}
