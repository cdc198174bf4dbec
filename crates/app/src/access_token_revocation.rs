//! What an access token is known by, and whether it was revoked (RFC 7009; CO-03).
//!
//! A token is known by its `jti`. Auth0's dialect has none (§3.2); such a token is known by what was signed, header and
//! claims, so that no other encoding of its signature makes another token of it.

use keywright_jose::{Digest, Purpose};
use keywright_store::{StoreError, Tx, access_token_revocations, revoked_access_tokens};
use keywright_types::TenantId;

use crate::App;

impl App {
    /// Key of the revocation list. `jti` is that of the token, where it has one.
    #[must_use]
    pub fn access_token_identity(&self, tenant: &TenantId, token: &str, jti: Option<&str>) -> Digest {
        let identity = match jti {
            Some(id) => format!("id\n{id}"),
            None => format!("text\n{}", token.rsplit_once('.').map_or(token, |(signed, _)| signed)),
        };
        self.data_keys().digest(Purpose::AccessToken, tenant, identity.as_bytes())
    }
}

/// Whether it was revoked: by its application, or by the replay of the code that gave it. `issued_at` is its `iat`.
pub fn is_access_token_revoked(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    identity: &Digest,
    client_id: &str,
    user_id: &str,
    issued_at: i64,
    has_id: bool,
) -> Result<bool, StoreError> {
    Ok(revoked_access_tokens::exists(tx, tenant, identity.as_bytes())?
        || (!has_id && access_token_revocations::exists(tx, tenant, client_id, user_id, issued_at)?))
}
