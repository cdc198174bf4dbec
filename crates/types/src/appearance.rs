//! What a tenant changed about its pages: branding, theme and texts (`management-api.md` §10). The documents are as the
//! Management API keeps them; what of them has an effect is decided where pages are made.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::CustomTexts;

/// The look and the words of a tenant's pages.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Appearance {
    /// `/branding`; `Null` where nothing was set.
    pub branding: Value,
    /// The theme; `Null` where there is none.
    pub theme: Value,
    /// Texts by language tag.
    pub texts: BTreeMap<String, Arc<CustomTexts>>,
}
