//! Every column that is sealed with a data key, so that it can be sealed again with another one (ST-03).
//!
//! A column that is not in [`SEALED_COLUMNS`] is lost when the generation it was sealed with is retired. A test looks into
//! every column of the schema for what is missing here.

use keywright_types::TenantId;

use crate::{StoreError, Tx, Value, params};

/// What is sealed in a column; says for which purpose it was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// The secret of an application.
    ClientSecret,
    /// An RSA private key of a tenant.
    SigningKey,
    /// A P-256 private key of a tenant.
    EcSigningKey,
    /// The HS256 secret of an API.
    ApiSigningSecret,
    /// What a background job is about.
    Job,
    /// The secret part of a tenant's document.
    TenantDocument,
    /// A setting of rules.
    RuleConfig,
    /// Secrets of an action, of one of its versions or of a binding.
    ActionSecrets,
    /// Secret options of a connection.
    ConnectionOptions,
    /// Add-ons of an application.
    ClientAddons,
    /// A part of what an import or export of users reads or writes.
    UserJobPart,
}

/// A column and how its values are read and replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedColumn {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// What is in it.
    pub content: Content,
    /// Columns of the primary key, all text. The last one may be bytes.
    keys: usize,
    ends_with_bytes: bool,
    page: &'static str,
    replace: &'static str,
}

/// One sealed value and where it is.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedValue {
    /// Whose it is.
    pub tenant: TenantId,
    /// The value.
    pub sealed: Vec<u8>,
    /// The primary key.
    key: Vec<Value>,
}

debug_shows!(SealedValue: tenant, key);

statements! {
    SIGNING_KEYS = "SELECT tenant_id, kid, private_key FROM signing_keys \
                    WHERE (tenant_id, kid) > ($1, $2) ORDER BY tenant_id, kid LIMIT $3";
    REPLACE_SIGNING_KEY = "UPDATE signing_keys SET private_key = $4 \
                           WHERE tenant_id = $1 AND kid = $2 AND private_key = $3";
    EC_SIGNING_KEYS = "SELECT tenant_id, kid, ec_private_key FROM signing_keys \
                       WHERE ec_private_key IS NOT NULL AND (tenant_id, kid) > ($1, $2) \
                       ORDER BY tenant_id, kid LIMIT $3";
    REPLACE_EC_SIGNING_KEY = "UPDATE signing_keys SET ec_private_key = $4 \
                              WHERE tenant_id = $1 AND kid = $2 AND ec_private_key = $3";
    API_SIGNING_SECRETS = "SELECT tenant_id, id, signing_secret FROM resource_servers \
                           WHERE signing_secret IS NOT NULL AND (tenant_id, id) > ($1, $2) \
                           ORDER BY tenant_id, id LIMIT $3";
    REPLACE_API_SIGNING_SECRET = "UPDATE resource_servers SET signing_secret = $4 \
                                  WHERE tenant_id = $1 AND id = $2 AND signing_secret = $3";
    CLIENT_SECRETS = "SELECT tenant_id, client_id, secret FROM clients \
                      WHERE secret IS NOT NULL AND (tenant_id, client_id) > ($1, $2) \
                      ORDER BY tenant_id, client_id LIMIT $3";
    REPLACE_CLIENT_SECRET = "UPDATE clients SET secret = $4 WHERE tenant_id = $1 AND client_id = $2 AND secret = $3";
    PREVIOUS_CLIENT_SECRETS = "SELECT tenant_id, client_id, secret_digest, secret FROM client_secrets \
                               WHERE secret IS NOT NULL AND (tenant_id, client_id, secret_digest) > ($1, $2, $3) \
                               ORDER BY tenant_id, client_id, secret_digest LIMIT $4";
    REPLACE_PREVIOUS_CLIENT_SECRET = "UPDATE client_secrets SET secret = $5 \
                                      WHERE tenant_id = $1 AND client_id = $2 AND secret_digest = $3 AND secret = $4";
    JOBS = "SELECT tenant_id, job_id, payload FROM jobs \
            WHERE (tenant_id, job_id) > ($1, $2) ORDER BY tenant_id, job_id LIMIT $3";
    REPLACE_JOB = "UPDATE jobs SET payload = $4 WHERE tenant_id = $1 AND job_id = $2 AND payload = $3";
    TENANT_DOCUMENTS = "SELECT tenant_id, kind, name, secrets FROM tenant_documents \
                        WHERE secrets IS NOT NULL AND (tenant_id, kind, name) > ($1, $2, $3) \
                        ORDER BY tenant_id, kind, name LIMIT $4";
    REPLACE_TENANT_DOCUMENT = "UPDATE tenant_documents SET secrets = $5 \
                               WHERE tenant_id = $1 AND kind = $2 AND name = $3 AND secrets = $4";
    RULE_CONFIG = "SELECT tenant_id, name, value FROM rule_configs WHERE (tenant_id, name) > ($1, $2) \
        ORDER BY tenant_id, name LIMIT $3";
    REPLACE_RULE_CONFIG = "UPDATE rule_configs SET value = $4 WHERE tenant_id = $1 AND name = $2 AND value = $3";
    ACTION_SECRETS = "SELECT tenant_id, action_id, secrets FROM actions WHERE secrets IS NOT NULL AND (tenant_id, action_id) > ($1, $2) \
        ORDER BY tenant_id, action_id LIMIT $3";
    REPLACE_ACTION_SECRETS = "UPDATE actions SET secrets = $4 WHERE tenant_id = $1 AND action_id = $2 AND secrets = $3";
    ACTION_VERSION_SECRETS = "SELECT tenant_id, version_id, secrets FROM action_versions WHERE secrets IS NOT NULL AND (tenant_id, version_id) > ($1, $2) \
        ORDER BY tenant_id, version_id LIMIT $3";
    REPLACE_ACTION_VERSION_SECRETS = "UPDATE action_versions SET secrets = $4 WHERE tenant_id = $1 AND version_id = $2 AND secrets = $3";
    ACTION_BINDING_SECRETS = "SELECT tenant_id, binding_id, secrets FROM action_bindings WHERE secrets IS NOT NULL AND (tenant_id, binding_id) > ($1, $2) \
        ORDER BY tenant_id, binding_id LIMIT $3";
    REPLACE_ACTION_BINDING_SECRETS = "UPDATE action_bindings SET secrets = $4 WHERE tenant_id = $1 AND binding_id = $2 AND secrets = $3";
    CONNECTION_OPTIONS = "SELECT tenant_id, id, options FROM connections \
                          WHERE options IS NOT NULL AND (tenant_id, id) > ($1, $2) ORDER BY tenant_id, id LIMIT $3";
    REPLACE_CONNECTION_OPTIONS = "UPDATE connections SET options = $4 \
                                  WHERE tenant_id = $1 AND id = $2 AND options = $3";
    CLIENT_ADDONS = "SELECT tenant_id, client_id, addons FROM clients \
                     WHERE addons IS NOT NULL AND (tenant_id, client_id) > ($1, $2) \
                     ORDER BY tenant_id, client_id LIMIT $3";
    REPLACE_CLIENT_ADDONS = "UPDATE clients SET addons = $4 WHERE tenant_id = $1 AND client_id = $2 AND addons = $3";
    USER_JOB_PARTS = "SELECT tenant_id, job_id, part, content FROM user_job_parts \
                      WHERE (tenant_id, job_id, part) > ($1, $2, $3) ORDER BY tenant_id, job_id, part LIMIT $4";
    REPLACE_USER_JOB_PART = "UPDATE user_job_parts SET content = $5 \
                             WHERE tenant_id = $1 AND job_id = $2 AND part = $3 AND content = $4";
}

/// All of them. A secret that is being replaced moves from `clients` to `client_secrets` as it is: who goes through the
/// columns in this order meets it in one of them.
pub static SEALED_COLUMNS: [SealedColumn; 14] = [
    SealedColumn {
        table: "signing_keys",
        column: "private_key",
        content: Content::SigningKey,
        keys: 2,
        ends_with_bytes: false,
        page: SIGNING_KEYS,
        replace: REPLACE_SIGNING_KEY,
    },
    SealedColumn {
        table: "signing_keys",
        column: "ec_private_key",
        content: Content::EcSigningKey,
        keys: 2,
        ends_with_bytes: false,
        page: EC_SIGNING_KEYS,
        replace: REPLACE_EC_SIGNING_KEY,
    },
    SealedColumn {
        table: "resource_servers",
        column: "signing_secret",
        content: Content::ApiSigningSecret,
        keys: 2,
        ends_with_bytes: false,
        page: API_SIGNING_SECRETS,
        replace: REPLACE_API_SIGNING_SECRET,
    },
    SealedColumn {
        table: "clients",
        column: "secret",
        content: Content::ClientSecret,
        keys: 2,
        ends_with_bytes: false,
        page: CLIENT_SECRETS,
        replace: REPLACE_CLIENT_SECRET,
    },
    SealedColumn {
        table: "client_secrets",
        column: "secret",
        content: Content::ClientSecret,
        keys: 3,
        ends_with_bytes: true,
        page: PREVIOUS_CLIENT_SECRETS,
        replace: REPLACE_PREVIOUS_CLIENT_SECRET,
    },
    SealedColumn {
        table: "jobs",
        column: "payload",
        content: Content::Job,
        keys: 2,
        ends_with_bytes: false,
        page: JOBS,
        replace: REPLACE_JOB,
    },
    SealedColumn {
        table: "tenant_documents",
        column: "secrets",
        content: Content::TenantDocument,
        keys: 3,
        ends_with_bytes: false,
        page: TENANT_DOCUMENTS,
        replace: REPLACE_TENANT_DOCUMENT,
    },
    SealedColumn {
        table: "rule_configs",
        column: "value",
        content: Content::RuleConfig,
        keys: 2,
        ends_with_bytes: false,
        page: RULE_CONFIG,
        replace: REPLACE_RULE_CONFIG,
    },
    SealedColumn {
        table: "actions",
        column: "secrets",
        content: Content::ActionSecrets,
        keys: 2,
        ends_with_bytes: false,
        page: ACTION_SECRETS,
        replace: REPLACE_ACTION_SECRETS,
    },
    SealedColumn {
        table: "action_versions",
        column: "secrets",
        content: Content::ActionSecrets,
        keys: 2,
        ends_with_bytes: false,
        page: ACTION_VERSION_SECRETS,
        replace: REPLACE_ACTION_VERSION_SECRETS,
    },
    SealedColumn {
        table: "action_bindings",
        column: "secrets",
        content: Content::ActionSecrets,
        keys: 2,
        ends_with_bytes: false,
        page: ACTION_BINDING_SECRETS,
        replace: REPLACE_ACTION_BINDING_SECRETS,
    },
    SealedColumn {
        table: "connections",
        column: "options",
        content: Content::ConnectionOptions,
        keys: 2,
        ends_with_bytes: false,
        page: CONNECTION_OPTIONS,
        replace: REPLACE_CONNECTION_OPTIONS,
    },
    SealedColumn {
        table: "clients",
        column: "addons",
        content: Content::ClientAddons,
        keys: 2,
        ends_with_bytes: false,
        page: CLIENT_ADDONS,
        replace: REPLACE_CLIENT_ADDONS,
    },
    SealedColumn {
        table: "user_job_parts",
        column: "content",
        content: Content::UserJobPart,
        keys: 3,
        ends_with_bytes: false,
        page: USER_JOB_PARTS,
        replace: REPLACE_USER_JOB_PART,
    },
];

impl SealedColumn {
    /// A key that is before every other one.
    fn before_all(&self) -> Vec<Value> {
        let last = if self.ends_with_bytes { Value::Bytes(Vec::new()) } else { Value::Text(String::new()) };
        let texts = self.keys.saturating_sub(1);
        std::iter::repeat_n(Value::Text(String::new()), texts).chain(std::iter::once(last)).collect()
    }
}

/// At most `limit` values of the column that follow `after` by their primary key, in all tenants; the first ones without it.
/// Values that were erased, such as those of revoked keys, are empty.
pub fn page(
    tx: &mut Tx<'_>,
    column: &SealedColumn,
    after: Option<&SealedValue>,
    limit: i64,
) -> Result<Vec<SealedValue>, StoreError> {
    let mut parameters = after.map_or_else(|| column.before_all(), |value| value.key.clone());
    parameters.push(limit.into());
    let rows = tx.query(column.page, &parameters)?;
    let value = |row: &crate::Row| {
        let key = row.values.iter().take(column.keys).cloned().collect();
        Ok(SealedValue { tenant: row.get(0)?, sealed: row.get(column.keys)?, key })
    };
    rows.iter().map(value).collect()
}

/// Puts `new` in the place of the value. `false` when the value is not there any more: it was replaced, erased or removed.
pub fn replace(tx: &mut Tx<'_>, column: &SealedColumn, value: &SealedValue, new: &[u8]) -> Result<bool, StoreError> {
    let mut parameters = value.key.clone();
    parameters.extend_from_slice(params![&value.sealed, new]);
    Ok(tx.execute(column.replace, &parameters)? == 1)
}
