//! The id that ties a person's screenshot of an error page to the line in the log.

use std::fmt;

use keywright_app::App;

/// Shown on error pages and written with the logged cause.
#[derive(Clone, Debug)]
pub struct TrackingId(String);

impl TrackingId {
    /// A new one.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self(app.random().hex(10))
    }

    /// As it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TrackingId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
