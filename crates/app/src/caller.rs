//! Who makes a request, as far as the connection tells: for the tenant log, limits and attack protection.

use std::net::IpAddr;

/// The maker of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// Address of the client, behind the proxies that are trusted; `None` in tests without a connection.
    pub ip: Option<IpAddr>,
    /// What the client says it is.
    pub user_agent: Option<String>,
    /// Domain that the request came to.
    pub hostname: String,
}
