//! The running instance, without HTTP: configuration, users, passwords, sessions and login transactions.
//!
//! Invariant: nothing here knows a status code, a header or a page. The surfaces (`oauth`, `login`, `management`)
//! take an [`App`] and a parsed request, and decide what the answer looks like.

mod access_token_revocation;
mod account_changes;
mod account_links;
mod app;
pub mod appearance;
mod attack_protection;
mod authentication;
mod authorization_request;
mod breached_passwords;
mod caller;
mod claims_request;
mod client_credentials;
mod client_secrets;
mod clock;
mod config_cache;
mod data_keys;
mod device_flow;
mod error;
mod extensibility;
mod imported_users;
mod jobs;
mod logout;
pub mod mail;
mod organizations;
mod passwords;
mod provisioning;
mod published_document;
mod rate_limits;
mod registered_origins;
pub mod return_url;
mod roles;
mod session_end;
mod sessions;
mod sign_up;
mod signing_keys;
mod statistics;
mod tenant_log;
mod transactions;
mod users;

pub use access_token_revocation::is_access_token_revoked;
pub use account_changes::AccountError;
pub use account_links::{Link, LinkProblem, LinkRequest, PasswordResetRequest, ResetDenied, ResetError};
pub use app::{App, AppOptions};
pub use attack_protection::{AccountBlock, PasswordProof, THROTTLED_STAGES, clear_login_failures};
pub use authentication::{Authenticated, Authentication, LoginAttempt};
pub use authorization_request::{
    AuthorizationRequest, CodeChallenge, CodeChallengeMethod, PromptValue, ResponseMode, ResponseType, ScreenHint,
    UnknownResponseType,
};
pub use breached_passwords::{BreachedPasswordSource, InvalidSource};
pub use caller::Caller;
pub use claims_request::ClaimsRequest;
pub use client_credentials::{ClientCredential, CredentialError, NewClientCredential};
pub use client_secrets::{ClientSecretStatus, PreviousSecret};
pub use clock::Clock;
pub use config_cache::{ApiRecord, ClientRecord, OrganizationRecord};
pub use data_keys::{
    ANNOUNCED_BEFORE_USE, DataKeyInfo, DataKeyRotation, DataKeyRotationError, DataKeyState, MasterKeys, OpenError,
    ResealingReport,
};
pub use device_flow::{DeviceHandle, EnteredUserCode, IssuedDeviceCode, PendingDevice};
pub use error::AppError;
pub use extensibility::{
    ActionSecrets, BoundAction, Facts, Interruption, LoginVerdict, MachineFacts, MachineVerdict, OwnHosts, Protocol,
    QueuedActions, RESERVED_APP_METADATA, RefreshTokenFacts, RegistrationFacts, RegistrationVerdict, RequestFacts,
    Return, Rule, RuleSet, SessionFacts, TokenChanges,
};
pub use imported_users::{ImportConflict, ImportOutcome, ImportedRow, ImportedUser, InvalidUser};
pub use jobs::{Job, JobFuture, JobHandler, JobKind, JobReport, Verdict};
pub use keywright_egress::{Egress, EgressError, EgressOptions, Exceptions, InvalidException, OutboundRequest};
pub use keywright_rules::{
    Engine as ScriptEngine, EngineOptions as ScriptEngineOptions, FetchPolicy, FetchReach, HostError, HostRequest,
    HostResponse, Limits as ScriptLimits, PoolLimits, WorkerProgram,
};
pub use logout::LogoutRequest;
pub use organizations::{Membership, OrganizationError, organizations_of};
pub use passwords::{
    HashingCost, HashingLoad, ImportedHash, ImportedHashError, PasswordCheck, PasswordRefusal, PasswordRule,
    check_password,
};
pub use provisioning::{GLOBAL_CLIENT, ManagementCredentials, NewClient, NewTenant, ProvisioningError};
pub use published_document::PublishedDocument;
pub use rate_limits::{Limit, RateLimitStatus, network_of};
pub use roles::{RoleError, effective_permissions};
pub use session_end::{BACKCHANNEL_LOGOUT, LogoutNotice, LogoutNotices};
pub use sessions::{BrowserId, IssuedSession, Session, is_live_session, touch_session};
pub use sign_up::SignUp;
pub use signing_keys::{KeyRotation, KeyRotationError, KeySet, PUBLISHED_BEFORE_USE, SigningKeyInfo};
pub use statistics::{DailyStatistics, days};
pub use tenant_log::{LogEvent, LogProblem, LogType, LogVerification, log_entry};
pub use transactions::{
    ConsentDecision, Denial, LoginRecord, OrganizationChoice, Progress, ScriptRecord, ScriptStage, Transaction,
};
pub use users::{NewUser, SignUpError, user_from_row};
