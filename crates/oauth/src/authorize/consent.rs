//! When the user has to agree (§1.10, AR-07).

use keywright_app::return_url;
use keywright_types::{Client, ResourceServer, ScopeSet};

/// Whether consent may be skipped although no grant covers the request.
///
/// Only for first-party applications whose callbacks nobody else can receive: a callback on the user's own machine, or
/// one with a private scheme, can be claimed by any program there (RFC 8252 §8.6), so it always asks. One such callback
/// in the list is enough, since a request may name it at any time.
pub(super) fn may_be_skipped(client: &Client, redirect_uri: &str, api: Option<&ResourceServer>) -> bool {
    let verifiable = return_url::is_verifiable(redirect_uri)
        && client.callbacks.iter().all(|callback| !return_url::is_loopback(callback));
    let api_skips = api.is_none_or(|api| api.skip_consent_for_verifiable_first_party_clients);
    client.is_first_party && verifiable && api_skips
}

/// Whether an earlier grant answers the question. No grant covers nothing, not even a request without scopes.
pub(super) fn is_covered(granted: Option<&ScopeSet>, wanted: &ScopeSet) -> bool {
    granted.is_some_and(|granted| granted.covers(wanted))
}
