//! Why a request got no answer. No text holds a path, a query or anything that was sent.

/// A request without an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The address is none that requests are sent to.
    #[error("the URL is refused: {0}")]
    Url(&'static str),
    /// The host is, or leads to, an address that is not public and not an exception. Which one it is, is not said: the
    /// answer must not be a map of the inside.
    #[error("the address of the host is not public, and no exception allows it")]
    Refused,
    /// Certificates or TLS cannot be set up.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
    /// The name leads nowhere.
    #[error("the name of the host was not found: {0}")]
    Resolve(String),
    /// Nobody answers there.
    #[error("no connection: {0}")]
    Connect(String),
    /// The server did not prove its name.
    #[error("no TLS connection: {0}")]
    Tls(String),
    /// What came back is not HTTP, or broke off.
    #[error("no answer: {0}")]
    Protocol(String),
    /// The answer is larger than is read.
    #[error("the answer is too large")]
    TooLarge,
    /// It took too long.
    #[error("the request took too long")]
    TooSlow,
}

impl EgressError {
    /// One word for what it is, for traces.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Url(_) => "url",
            Self::Refused => "refused",
            Self::Setup(_) => "setup",
            Self::Resolve(_) => "resolve",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::Protocol(_) => "protocol",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
        }
    }

    /// Whether the same request may succeed later: `false` when its address is refused.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        !matches!(self, Self::Url(_) | Self::Refused)
    }
}
