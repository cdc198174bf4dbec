//! What can go wrong below the surfaces. Each surface turns it into its own shape; the cause is only logged.

use keywright_store::StoreError;

/// A failure that is not the caller's fault.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The database does not answer; it may come back: 503.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// More work than the server can do now, such as a flood of passwords: 503.
    #[error("overloaded: {0}")]
    Overloaded(&'static str),
    /// A defect or an inconsistent database: 500.
    #[error("internal error: {0}")]
    Internal(String),
}

impl AppError {
    /// An internal error with its cause.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }

    /// Whether the same request may succeed later without a change.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Overloaded(_))
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => Self::Unavailable(cause),
            StoreError::Overloaded => Self::Overloaded("the database queue is full"),
            other => Self::Internal(other.to_string()),
        }
    }
}
