//! Which factors are switched on, and when they are asked for (`management-api.md` §14.2).

use keywright_app::AppError;
use keywright_store::tenant_documents::{self, TenantDocumentRow};
use serde_json::{Value, json};

use crate::call::{Call, Reply};
use crate::operation::{Operation, Outcome};
use crate::schema::{boolean, list as list_of, object, one_of, optional, required, text};

/// Kind of the stored documents.
pub(super) const KIND: &str = "guardian";
/// Name of the stored policies.
const POLICIES: &str = "policies";

const READ: &[&str] = &["read:guardian_factors"];
const UPDATE: &[&str] = &["update:guardian_factors"];

/// "array of exactly" these, in this order: name, path and name of the stored document.
const FACTORS: [(&str, &str, &str); 8] = [
    ("sms", "/guardian/factors/sms", "factor sms"),
    ("push-notification", "/guardian/factors/push-notification", "factor push-notification"),
    ("otp", "/guardian/factors/otp", "factor otp"),
    ("email", "/guardian/factors/email", "factor email"),
    ("duo", "/guardian/factors/duo", "factor duo"),
    ("webauthn-roaming", "/guardian/factors/webauthn-roaming", "factor webauthn-roaming"),
    ("webauthn-platform", "/guardian/factors/webauthn-platform", "factor webauthn-platform"),
    ("recovery-code", "/guardian/factors/recovery-code", "factor recovery-code"),
];

pub(super) fn operations() -> Vec<Operation> {
    let policies = || list_of(one_of(&["all-applications", "confidence-score"])).sized(0, 1).unique();
    let factor =
        object(vec![optional("name", text()), optional("enabled", boolean()), optional("trial_expired", boolean())]);
    let enabled = || object(vec![required("enabled", boolean())]);
    let mut all = vec![
        Operation::get("/guardian/factors", "List factors")
            .scopes(READ)
            .answers(list_of(factor.named("GuardianFactor")))
            .handled_by(list),
        Operation::get("/guardian/policies", "Get multi-factor policies")
            .scopes(&["read:mfa_policies"])
            .answers(policies())
            .handled_by(policies_of),
        Operation::put("/guardian/policies", "Update multi-factor policies")
            .scopes(&["update:mfa_policies"])
            .body(policies().about("Empty for never, or one policy."))
            .answers(policies())
            .handled_by(set_policies),
    ];
    all.extend(FACTORS.map(|(_, path, stored)| {
        Operation::put(path, "Update a factor")
            .scopes(UPDATE)
            .body(enabled())
            .answers(enabled())
            .handled_by(move |call| set(call, stored))
    }));
    all
}

async fn list(call: Call) -> Outcome {
    let rows = call.read(|tx, tenant| Ok(tenant_documents::list(tx, tenant, KIND)?)).await?;
    let enabled = |stored: &str| {
        let row = rows.iter().find(|row| row.name == stored);
        let document: Value = row.and_then(|row| serde_json::from_str(&row.document).ok()).unwrap_or_default();
        document.get("enabled") == Some(&json!(true))
    };
    let factors =
        FACTORS.map(|(name, _, stored)| json!({ "name": name, "enabled": enabled(stored), "trial_expired": false }));
    Ok(Reply::json(factors.to_vec()))
}

async fn set(call: Call, stored: &'static str) -> Outcome {
    let document = call.body.clone();
    put(&call, stored, document.clone()).await?;
    Ok(Reply::json(document))
}

async fn policies_of(call: Call) -> Outcome {
    let row = call.read(|tx, tenant| Ok(tenant_documents::find(tx, tenant, KIND, POLICIES)?)).await?;
    let document: Value = match row {
        Some(row) => serde_json::from_str(&row.document).map_err(AppError::internal)?,
        None => json!([]),
    };
    Ok(Reply::json(document))
}

async fn set_policies(call: Call) -> Outcome {
    put(&call, POLICIES, call.body.clone()).await?;
    Ok(Reply::json(call.body))
}

async fn put(call: &Call, name: &'static str, document: Value) -> Result<(), crate::error::ApiError> {
    let now = call.app.now();
    let row = TenantDocumentRow {
        kind: KIND.to_owned(),
        name: name.to_owned(),
        document: document.to_string(),
        secrets: None,
        created_at: now,
        updated_at: now,
    };
    call.configure(move |tx, tenant| Ok(tenant_documents::put(tx, tenant, &row)?)).await
}
