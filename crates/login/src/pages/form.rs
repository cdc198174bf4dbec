//! The hidden fields that every form carries.

use keywright_web::page::Sample;

/// What ties a form to its transaction and its browser.
#[derive(Clone, Debug)]
pub(crate) struct FormKeys {
    /// Handle of the transaction; also in the page's address.
    pub(crate) state: String,
    /// Anti-forgery value (WB-02).
    pub(crate) csrf: String,
}

impl FormKeys {
    /// Sample values.
    pub(crate) fn sample(sample: &Sample) -> Self {
        Self { state: sample.text("hKFo2SB0ZXN0LXN0YXRl"), csrf: sample.text("Y3NyZi1zYW1wbGU") }
    }
}
