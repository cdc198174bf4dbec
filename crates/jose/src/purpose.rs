//! What a derived key is for. A value sealed or digested for one purpose means nothing for every other one.

/// Names one family of keys under each data key.
///
/// The labels are part of every stored digest and sealed value: a label is never changed and never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Secrets of applications, sealed.
    ClientSecret,
    /// Private keys of tenants, sealed.
    SigningKey,
    /// EC private keys of tenants, sealed.
    EcSigningKey,
    /// HS256 secrets of APIs, sealed.
    ApiSigningSecret,
    /// The value of the session cookie, sealed.
    SessionCookie,
    /// The handle inside the session cookie, digested.
    SessionHandle,
    /// The value of the browser cookie, sealed.
    BrowserCookie,
    /// The handle inside the browser cookie, digested.
    BrowserHandle,
    /// The `state` of a pending authorization on our pages, digested.
    TransactionHandle,
    /// Authorization codes, digested.
    AuthorizationCode,
    /// Refresh tokens, digested or sealed.
    RefreshToken,
    /// Opaque access tokens, encrypted.
    AccessToken,
    /// Anti-forgery values of forms, digested.
    Csrf,
    /// The pending request on the logout page, sealed.
    LogoutRequest,
    /// What a background job is about, sealed.
    Job,
    /// What a rate limit counts: accounts, addresses, tokens. Digested.
    RateLimit,
    /// Whose failed logins are counted, digested.
    LoginAccount,
    /// Secrets in mailed links, digested.
    Ticket,
    /// Identifiers of client assertions that were accepted, digested.
    ClientAssertionId,
    /// Identifiers of `DPoP` proofs that were accepted, digested.
    DpopProofId,
    /// Nonces of `DPoP` proofs, sealed.
    DpopNonce,
    /// `request_uri` of pushed authorization requests, digested.
    PushedRequest,
    /// Codes that devices keep, digested.
    DeviceCode,
    /// Codes of devices that people type, digested.
    UserCode,
    /// Where a page of a list begins, sealed.
    ManagementCheckpoint,
    /// Secret parts of a tenant's documents, sealed.
    TenantDocument,
    /// Settings of rules, sealed.
    RuleConfig,
    /// Secrets of actions, sealed.
    ActionSecrets,
    /// Secret options of connections, sealed; digested where they are answered as what cannot be read.
    ConnectionOptions,
    /// Add-ons of applications, sealed.
    ClientAddons,
    /// What imports and exports of users read and write, sealed.
    UserJobPart,
    /// The address under which an export is fetched, sealed.
    ExportLocation,
}

impl Purpose {
    /// Every purpose there is.
    pub const ALL: [Self; 32] = [
        Self::ClientSecret,
        Self::SigningKey,
        Self::EcSigningKey,
        Self::ApiSigningSecret,
        Self::SessionCookie,
        Self::SessionHandle,
        Self::BrowserCookie,
        Self::BrowserHandle,
        Self::TransactionHandle,
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::AccessToken,
        Self::Csrf,
        Self::LogoutRequest,
        Self::Job,
        Self::RateLimit,
        Self::LoginAccount,
        Self::Ticket,
        Self::ClientAssertionId,
        Self::DpopProofId,
        Self::DpopNonce,
        Self::PushedRequest,
        Self::DeviceCode,
        Self::UserCode,
        Self::ManagementCheckpoint,
        Self::TenantDocument,
        Self::RuleConfig,
        Self::ActionSecrets,
        Self::ConnectionOptions,
        Self::ClientAddons,
        Self::UserJobPart,
        Self::ExportLocation,
    ];

    /// The name that goes into the key derivation. No label contains `/` or a zero byte.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::ClientSecret => "client-secret",
            Self::SigningKey => "signing-key",
            Self::EcSigningKey => "ec-signing-key",
            Self::ApiSigningSecret => "api-signing-secret",
            Self::SessionCookie => "session-cookie",
            Self::SessionHandle => "session-handle",
            Self::BrowserCookie => "browser-cookie",
            Self::BrowserHandle => "browser-handle",
            Self::TransactionHandle => "transaction-handle",
            Self::AuthorizationCode => "authorization-code",
            Self::RefreshToken => "refresh-token",
            Self::AccessToken => "access-token",
            Self::Csrf => "csrf",
            Self::LogoutRequest => "logout-request",
            Self::Job => "job",
            Self::RateLimit => "rate-limit",
            Self::LoginAccount => "login-account",
            Self::Ticket => "ticket",
            Self::ClientAssertionId => "client-assertion-id",
            Self::DpopProofId => "dpop-proof-id",
            Self::DpopNonce => "dpop-nonce",
            Self::PushedRequest => "pushed-request",
            Self::DeviceCode => "device-code",
            Self::UserCode => "user-code",
            Self::ManagementCheckpoint => "management-checkpoint",
            Self::TenantDocument => "tenant-document",
            Self::RuleConfig => "rule-config",
            Self::ActionSecrets => "action-secrets",
            Self::ConnectionOptions => "connection-options",
            Self::ClientAddons => "client-addons",
            Self::UserJobPart => "user-job-part",
            Self::ExportLocation => "export-location",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn labels_are_distinct_and_cannot_run_into_the_tenant() {
        let labels: HashSet<&str> = Purpose::ALL.into_iter().map(Purpose::label).collect();
        assert_eq!(labels.len(), Purpose::ALL.len());
        assert!(labels.iter().all(|label| label.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
    }
}
