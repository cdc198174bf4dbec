//! Why a command ends with an error. The sentence goes to standard error; it names the fix where there is one.

use std::io;
use std::net::IpAddr;

use keywright_app::{AppError, DataKeyRotationError, KeyRotationError, OpenError};
use keywright_jose::MasterKeyError;

use crate::config::Refusal;
use crate::dev::{AuthorityError, DataError, SeedError};

/// The end of a command that did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The configuration.
    #[error(transparent)]
    Configuration(#[from] Refusal),
    /// A port that is not free or not allowed.
    #[error("cannot listen on port {port}: {cause}{}", hint(cause))]
    Listen {
        /// The port.
        port: u16,
        /// Why.
        cause: io::Error,
    },
    /// OP-05.
    #[error(
        "--test-controls lets anybody move the server's clock, and {0} is not a loopback address: leave out --listen or \
         --test-controls"
    )]
    TestControls(IpAddr),
    /// The data directory.
    #[error("the data directory {0}: choose another one with --data, or use --ephemeral")]
    Data(#[from] DataError),
    /// The file was changed by hand.
    #[error("the file master-key of the data directory is damaged ({0}): restore it, or start with another --data")]
    MasterKey(MasterKeyError),
    /// The database and the master key do not belong together.
    #[error(
        "the database belongs to another master key ({0}): give the server the one that the database was made with (for \
         keywright dev, it is in the --data directory), or use another database. If it was changed, `master_key` is the new \
         one, and the one before belongs into `previous_master_keys`"
    )]
    Sealed(String),
    /// The development certificate.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// The development tenant.
    #[error("the development tenant: {0}")]
    Seeds(#[from] SeedError),
    /// There is one of that domain.
    #[error("a tenant with the domain {0} exists already")]
    TenantExists(String),
    /// There is none.
    #[error("no tenant has the domain {0}: write it with its port unless that is 443")]
    UnknownTenant(String),
    /// Nothing was started there.
    #[error("no development server has its data in {0}: name the directory that `keywright dev --data` was given")]
    NoDevelopmentServer(String),
    /// OP-03.
    #[error("the log of {0} is not as it was written")]
    TamperedLog(String),
    /// `keywright doctor` found something.
    #[error("{0} of the checks failed")]
    Doctor(usize),
    /// A file of an import or export.
    #[error("{0}")]
    Tree(String),
    /// `keywright import` was refused something.
    #[error("{0} of the entries were refused")]
    Refused(usize),
    /// The rules of key rotation.
    #[error("the keys were left as they are: {0}")]
    Keys(KeyRotationError),
    /// The rules of the rotation of data keys.
    #[error("the data keys were left as they are: {0}")]
    DataKeys(DataKeyRotationError),
    /// The instance.
    #[error(transparent)]
    App(#[from] AppError),
    /// The directives of `RUST_LOG`.
    #[error("RUST_LOG: {0}")]
    LogFilter(#[from] tracing_subscriber::filter::ParseError),
    /// `keywright rule test` and `keywright action test`.
    #[error("{0}")]
    Script(String),
    /// The announcement.
    #[error("the answer cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    /// The operating system.
    #[error("{0}")]
    Io(io::Error),
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::AnotherMasterKey(cause) => Self::Sealed(cause),
            OpenError::App(cause) => Self::App(cause),
        }
    }
}

fn hint(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::AddrInUse => "; another server runs there: choose another port",
        io::ErrorKind::PermissionDenied => "; ports below 1024 need a privilege: choose a higher one",
        _ => "",
    }
}
