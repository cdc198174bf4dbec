//! `auth0.accessToken` of Rules: a token for the Management API that lets scripts read and change users (R §2.7).

use jiff::{SignedDuration, Timestamp};
use keywright_jose::{JwtType, SigningAlg, sign};
use keywright_rules::ManagementAccess;
use keywright_store::clients;
use keywright_types::Tenant;
use serde::Serialize;

use crate::{App, AppError, GLOBAL_CLIENT};

/// R §2.7: "lifetime 5400 s in a public sample".
const LIFETIME: i64 = 5_400;
/// A token is given to several logins while it has more than this left; longer than any pass may take.
const LEFT: SignedDuration = SignedDuration::from_secs(1_800);
/// R §2.7: "with exactly `read:users update:users`".
const SCOPE: &str = "read:users update:users";

/// A token that is given to more than one login.
#[derive(Clone)]
pub(crate) struct KeptAccess {
    token: String,
    expires_at: Timestamp,
    /// Version of the configuration: keys and applications may change.
    version: u64,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'a str,
    iat: i64,
    exp: i64,
    scope: &'static str,
    gty: &'static str,
    azp: &'a str,
}

impl App {
    /// What `auth0` of the tenant's Rules holds. The token speaks for the application that is none, "All Applications".
    pub(crate) async fn management_access(&self, tenant: &Tenant) -> Result<ManagementAccess, AppError> {
        let (now, version) = (self.now(), self.config().version());
        let access = |token: String| ManagementAccess { domain: tenant.domain.clone(), access_token: token };
        if let Some(kept) = self.kept_access().get(tenant.id.as_str())
            && kept.version == version
            && kept.expires_at.duration_since(now) > LEFT
            && kept.expires_at.duration_since(now) <= SignedDuration::from_secs(LIFETIME)
        {
            return Ok(access(kept.token));
        }
        let id = tenant.id.clone();
        let named =
            self.store().read(move |tx| Ok::<_, AppError>(clients::find_by_name(tx, &id, GLOBAL_CLIENT)?)).await?;
        let client = named.first().ok_or_else(|| AppError::internal("a tenant without its global application"))?;
        let keys = self.signing_keys(&tenant.id).await?;
        let signer = keys.signer(SigningAlg::RS256).ok_or_else(|| AppError::internal("a tenant without an RSA key"))?;
        let (issuer, audience) = (tenant.issuer(), tenant.management_audience());
        let claims = Claims {
            iss: &issuer,
            sub: format!("{}@clients", client.client_id),
            aud: &audience,
            iat: now.as_second(),
            exp: now.as_second().saturating_add(LIFETIME),
            scope: SCOPE,
            gty: "client-credentials",
            azp: &client.client_id,
        };
        let token = sign(JwtType::Jwt, signer, &claims).map_err(AppError::internal)?;
        let expires_at = now.checked_add(SignedDuration::from_secs(LIFETIME)).unwrap_or(Timestamp::MAX);
        let kept = KeptAccess { token: token.clone(), expires_at, version };
        self.kept_access().insert(tenant.id.as_str().to_owned(), kept);
        Ok(access(token))
    }
}
