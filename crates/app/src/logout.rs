//! A logout that waits for the user's word on the confirmation page (§6.3).
//!
//! It is small and harmless, so it travels sealed in the address of the page instead of being stored.

use jiff::SignedDuration;
use keywright_jose::Purpose;
use keywright_types::TenantId;
use serde::{Deserialize, Serialize};

use crate::App;
use crate::sessions::later;

/// What happens when the user says yes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutRequest {
    /// The application that asked, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Name of the application that asked, when it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// Where the browser goes afterwards: validated, with the application's `state`. `None` for our own page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Preferred languages of the pages, as the request named them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ui_locales: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    request: LogoutRequest,
    /// End of its life, milliseconds.
    expires_at: i64,
}

/// How long the page may stay open.
const LIFETIME: SignedDuration = SignedDuration::from_mins(30);

impl App {
    /// Seals a logout for the address of the confirmation page.
    #[must_use]
    pub fn seal_logout(&self, tenant: &TenantId, request: LogoutRequest) -> String {
        let expires_at = later(self.now(), LIFETIME).as_millisecond();
        let json = serde_json::to_vec(&Sealed { request, expires_at }).unwrap_or_default();
        self.data_keys().seal_text(Purpose::LogoutRequest, tenant, &json, self.random())
    }

    /// Opens what [`App::seal_logout`] sealed; `None` when it is not ours or too old.
    #[must_use]
    pub fn open_logout(&self, tenant: &TenantId, text: &str) -> Option<LogoutRequest> {
        let json = self.data_keys().open_text(Purpose::LogoutRequest, tenant, text)?;
        let sealed: Sealed = serde_json::from_slice(&json).ok()?;
        (sealed.expires_at > self.now().as_millisecond()).then_some(sealed.request)
    }
}
