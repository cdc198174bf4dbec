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

/// Characters of a user agent that are kept with a session or a refresh token.
const LONGEST: usize = 512;

impl Caller {
    /// What is kept of the browser in which a session begins, or of the device that a refresh token is for: `initial_…` and
    /// `last_…` of `management-api.md` §6.2, a JSON object.
    #[must_use]
    pub fn device(&self) -> String {
        let agent: Option<String> = self.user_agent.as_ref().map(|agent| agent.chars().take(LONGEST).collect());
        let ip = self.ip.map(|ip| ip.to_string());
        let members =
            [("initial_ip", &ip), ("initial_user_agent", &agent), ("last_ip", &ip), ("last_user_agent", &agent)];
        let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into())));
        serde_json::Value::Object(members.collect()).to_string()
    }
}
