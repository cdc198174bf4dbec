//! Whether an access token is bound to a key of its holder (§8.7; RFC 9449). The table of §8.7 is the body of [`binding`].

use keywright_types::{Client, PossessionMechanism, RequiredFor, ResourceServer};

use crate::error::OAuthError;
use crate::profile;

/// What an API says about binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Policy {
    /// Its tokens are never bound.
    None,
    /// They are bound when the caller shows a key.
    Allowed,
    /// They are bound, or refused.
    Required,
}

impl Policy {
    /// The policy of an API for this client; `/userinfo`, which is no API of the tenant, allows binding. A mechanism that is
    /// not to be had here cannot be satisfied: without `required` it is as if there was none.
    fn of(api: Option<&ResourceServer>, client: &Client) -> Self {
        let Some(api) = api else { return Self::Allowed };
        let Some(policy) = api.proof_of_possession else { return Self::None };
        let applies = policy.required_for == RequiredFor::AllClients || client.is_public();
        match (policy.mechanism, policy.required && applies) {
            (_, true) => Self::Required,
            (PossessionMechanism::Dpop, false) => Self::Allowed,
            (PossessionMechanism::Mtls, false) => Self::None,
        }
    }
}

/// Whether every access token of this client for this API is bound to a key.
pub(crate) fn requires_proof(api: Option<&ResourceServer>, client: &Client) -> bool {
    client.require_proof_of_possession || Policy::of(api, client) == Policy::Required
}

/// The key that the token is to be bound to, `None` for a token that anybody may use. `jkt` is the key that the caller
/// proved to have.
pub(super) fn binding<'a>(
    api: Option<&ResourceServer>,
    client: &Client,
    jkt: Option<&'a str>,
) -> Result<Option<&'a str>, OAuthError> {
    let policy = Policy::of(api, client);
    let mtls =
        api.and_then(|api| api.proof_of_possession).is_some_and(|own| own.mechanism == PossessionMechanism::Mtls);
    match (policy, requires_proof(api, client), jkt) {
        (Policy::None, true, _) => {
            Err(OAuthError::access_denied("The client requires proof of possession, and the API does not support it")
                .in_standard(profile::UNBOUND_AUDIENCE))
        }
        (_, true, _) if mtls => {
            Err(OAuthError::access_denied("The API requires a client certificate, which this server does not support")
                .in_standard(profile::UNBOUND_AUDIENCE))
        }
        (_, true, None) => Err(OAuthError::invalid_dpop_proof("A DPoP proof is required", "no DPoP header")),
        (Policy::None, false, _) => Ok(None),
        (_, _, jkt) => Ok(jkt),
    }
}

#[cfg(test)]
mod tests {
    use keywright_types::ProofOfPossession;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Eq)]
    enum Outcome {
        Plain,
        Bound,
        Refused,
    }
    use Outcome::{Bound, Plain, Refused};

    /// A row of §8.7, for a client that does not and one that does require possession, each without and with a proof.
    #[expect(clippy::option_option, reason = "no API, and an API without a policy")]
    fn check(policy: Option<Option<ProofOfPossession>>, public: bool, expected: [Outcome; 4]) {
        let api = policy.map(|proof_of_possession| ResourceServer { proof_of_possession, ..ResourceServer::default() });
        for (index, expected) in expected.into_iter().enumerate() {
            let client = json!({
                "client_id": "c", "name": "c", "require_proof_of_possession": index >= 2,
                "token_endpoint_auth_method": if public { "none" } else { "client_secret_post" }
            });
            let client: Client = serde_json::from_value(client).unwrap();
            let outcome = match binding(api.as_ref(), &client, (index % 2 == 1).then_some("key")) {
                Ok(None) => Plain,
                Ok(Some("key")) => Bound,
                Ok(Some(other)) => panic!("bound to {other}"),
                Err(_) => Refused,
            };
            assert_eq!(outcome, expected, "{policy:?}, public: {public}, column {index}");
        }
    }

    #[test]
    fn fp_03_the_table_of_sender_constraining() {
        let policy =
            |mechanism, required, required_for| Some(Some(ProofOfPossession { mechanism, required, required_for }));
        let dpop = |required, required_for| policy(PossessionMechanism::Dpop, required, required_for);
        let mtls = |required| policy(PossessionMechanism::Mtls, required, RequiredFor::AllClients);
        for public in [true, false] {
            check(None, public, [Plain, Bound, Refused, Bound]);
            check(Some(None), public, [Plain, Plain, Refused, Refused]);
            check(dpop(false, RequiredFor::AllClients), public, [Plain, Bound, Refused, Bound]);
            check(dpop(true, RequiredFor::AllClients), public, [Refused, Bound, Refused, Bound]);
            check(mtls(false), public, [Plain, Plain, Refused, Refused]);
            check(mtls(true), public, [Refused, Refused, Refused, Refused]);
        }
        check(dpop(true, RequiredFor::PublicClients), true, [Refused, Bound, Refused, Bound]);
        check(dpop(true, RequiredFor::PublicClients), false, [Plain, Bound, Refused, Bound]);
    }
}
