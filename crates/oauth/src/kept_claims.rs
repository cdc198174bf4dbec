//! What `/userinfo` gives besides the claims of the scopes (`rules-and-actions.md` §2.8, §9 (1)). An access token has no place for
//! the claims of an ID token, so they are kept beside it, as long as it lives.

use keywright_app::{AppError, TokenChanges};
use keywright_store::userinfo_claims::{self, UserinfoClaimsRow};
use keywright_store::{StoreError, Tx};
use keywright_types::{ResourceServer, ScopeSet, TenantId, Timestamp};
use serde_json::{Map, Value};

/// The longest life of an access token for `/userinfo` alone (§3.4), seconds.
const USERINFO_TOKEN: i64 = 86_400;

/// The claims of one access token, ready for the transaction that issues it.
pub(crate) struct KeptClaims(UserinfoClaimsRow);

/// What was kept of a token.
pub(crate) struct Kept {
    /// What was granted before scripts changed it.
    pub(crate) scope: ScopeSet,
    /// Custom claims.
    pub(crate) claims: Map<String, Value>,
}

impl KeptClaims {
    /// `None` where `/userinfo` knows everything without: nothing was changed that it would show, or the token is not for it.
    pub(crate) fn of(
        changes: &TokenChanges,
        granted: &ScopeSet,
        api: Option<&ResourceServer>,
        client_id: &str,
        user_id: &str,
        issued_at: Timestamp,
    ) -> Option<Self> {
        if !granted.contains("openid") {
            return None;
        }
        let said = changes.scope(granted, api.is_some_and(|api| api.is_system));
        if changes.id_token.is_empty() && said.contains("openid") {
            return None;
        }
        let life = api.map_or(USERINFO_TOKEN, |api| i64::from(api.token_lifetime));
        let expires_at = issued_at.checked_add(jiff::SignedDuration::from_secs(life)).unwrap_or(Timestamp::MAX);
        Some(Self(UserinfoClaimsRow {
            user_id: user_id.to_owned(),
            client_id: client_id.to_owned(),
            issued_at: issued_at.as_second(),
            scope: granted.to_string(),
            claims: Value::Object(changes.id_token.clone()).to_string(),
            expires_at,
        }))
    }

    /// Keeps them, in the transaction that issues the token.
    pub(crate) fn put(&self, tx: &mut Tx<'_>, tenant: &TenantId) -> Result<(), StoreError> {
        userinfo_claims::put(tx, tenant, &self.0)
    }
}

impl Kept {
    /// What was kept of the token that `client_id` got for the user at `issued_at`, seconds.
    pub(crate) fn find(
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        user_id: &str,
        client_id: &str,
        issued_at: i64,
    ) -> Result<Option<Self>, AppError> {
        let row = userinfo_claims::find(tx, tenant, user_id, client_id, issued_at)?;
        row.map(|row| {
            let claims = serde_json::from_str(&row.claims).map_err(AppError::internal)?;
            Ok(Self { scope: ScopeSet::parse(&row.scope), claims })
        })
        .transpose()
    }
}
