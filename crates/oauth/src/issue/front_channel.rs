//! Tokens that the authorization endpoint itself gives (§1.4; OpenID Connect Core §3.2, §3.3).

use keywright_app::{App, ClientRecord, ResponseType};
use keywright_types::Tenant;

use super::access_token::Channel;
use super::id_token::{self, Companions};
use super::{Issuer, Subject, access_token_for_user};
use crate::error::OAuthError;

/// What goes through the browser.
pub(crate) struct FrontChannelTokens {
    /// With its lifetime in seconds.
    pub(crate) access_token: Option<(String, i64)>,
    pub(crate) id_token: Option<String>,
}

/// The tokens of `wanted`. `code` is the code of the same response, which the ID token vouches for.
pub(crate) fn for_front_channel(
    app: &App,
    tenant: &Tenant,
    client: &ClientRecord,
    issuer: &Issuer,
    subject: &Subject<'_>,
    wanted: ResponseType,
    code: Option<&str>,
) -> Result<FrontChannelTokens, OAuthError> {
    let access_token = wanted
        .token
        .then(|| access_token_for_user(app, tenant, client, issuer, subject, Channel::Front))
        .transpose()?;
    let companions = Companions { access_token: access_token.as_ref().map(|(token, _)| token.as_str()), code };
    let id_token = wanted
        .id_token
        .then(|| id_token::issue(app, tenant, &issuer.keys, client, subject, &companions))
        .transpose()?;
    Ok(FrontChannelTokens { access_token, id_token })
}
