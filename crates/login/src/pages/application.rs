//! What pages show of the application that sent the user here.

use keywright_types::Client;
use keywright_web::page::{ImageUrl, LinkUrl, Sample};

/// The application's face. OpenID Connect Dynamic Client Registration §2: `logo_uri`, "The value of this field MUST
/// point to a valid image file"; `policy_uri` and `tos_uri` are "displayed to the End-User".
#[derive(Clone, Debug)]
pub(crate) struct ApplicationInfo {
    /// Its name.
    pub(crate) name: String,
    /// Its logo.
    pub(crate) logo: Option<ImageUrl>,
    /// What it does with the user's data.
    pub(crate) policy: Option<LinkUrl>,
    /// Its terms of service.
    pub(crate) terms: Option<LinkUrl>,
}

impl ApplicationInfo {
    /// The face of `client`.
    pub(crate) fn of(client: &Client) -> Self {
        Self {
            name: client.name.clone(),
            logo: client.logo_uri.as_deref().and_then(ImageUrl::parse),
            policy: client.policy_uri.as_deref().and_then(LinkUrl::parse),
            terms: client.tos_uri.as_deref().and_then(LinkUrl::parse),
        }
    }

    /// An application with a name only.
    pub(crate) fn sample(sample: &Sample) -> Self {
        Self { name: sample.text("Appointments"), logo: None, policy: None, terms: None }
    }

    /// An application that registered everything it could.
    pub(crate) fn complete_sample(sample: &Sample) -> Self {
        Self {
            name: sample.text("A calendar with quite a long name"),
            logo: sample.image("https://calendar.example/logo.png"),
            policy: sample.link("https://calendar.example/privacy"),
            terms: sample.link("https://calendar.example/terms"),
        }
    }
}
