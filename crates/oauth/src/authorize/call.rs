//! One request to this endpoint: what every part of its answer needs.

use http::Method;
use keywright_app::{App, Caller};
use keywright_types::Tenant;
use keywright_web::{Cookies, RateLimits};

/// A request to `/authorize` or `/authorize/resume`.
pub(super) struct Call<'a> {
    pub(super) app: &'a App,
    pub(super) tenant: &'a Tenant,
    /// GET or POST; decides how a redirect is made (AR-09).
    pub(super) method: &'a Method,
    pub(super) cookies: Cookies,
    /// For the tenant log.
    pub(super) caller: Caller,
    pub(super) limits: &'a RateLimits,
    /// Whether the browser says that a page of another site sent it here.
    pub(super) cross_site: bool,
}
