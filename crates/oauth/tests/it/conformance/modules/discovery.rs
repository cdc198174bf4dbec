//! The one module of the config plan (§5).

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::relying_party::{ISSUER, RelyingParty};

/// §5, the one module of the config plan, with what the RP-initiated and the back-channel plan add to it.
pub(crate) async fn discovery(party: &RelyingParty) -> Value {
    let answer = party.scene.app.get("/.well-known/openid-configuration", &[]).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").starts_with("application/json"));
    let metadata = answer.json();
    assert_eq!(metadata["issuer"], ISSUER);
    assert_eq!(metadata["issuer"], party.scene.app.tenant.issuer());
    for (name, value) in metadata.as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            assert!(value.as_str().is_some_and(|url| url.starts_with(ISSUER)), "{name}: {value}");
        }
    }
    for name in ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"] {
        assert!(metadata[name].is_string(), "{name}");
    }
    let list = |name: &str| -> Vec<String> {
        let values = metadata[name].as_array().unwrap_or_else(|| panic!("{name}"));
        values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    let types = list("response_types_supported");
    for needed in ["code", "id_token"] {
        assert!(types.iter().any(|own| own == needed), "{needed}: {types:?}");
    }
    assert!(list("subject_types_supported").contains(&"public".to_owned()));
    assert!(list("id_token_signing_alg_values_supported").contains(&"RS256".to_owned()));
    assert!(list("scopes_supported").contains(&"openid".to_owned()));
    assert!(!list("claims_supported").is_empty());
    for needed in ["authorization_code", "implicit"] {
        assert!(list("grant_types_supported").contains(&needed.to_owned()), "{needed}");
    }
    for needed in ["client_secret_basic", "client_secret_post"] {
        assert!(list("token_endpoint_auth_methods_supported").contains(&needed.to_owned()), "{needed}");
    }
    assert!(!list("code_challenge_methods_supported").is_empty());
    assert_eq!(metadata["request_uri_parameter_supported"], false);
    // §2.1, keys.
    let keys = party.scene.app.get("/.well-known/jwks.json", &[]).await.json();
    let keys = keys["keys"].as_array().unwrap();
    let kids: BTreeSet<&str> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(kids.len(), keys.len(), "distinct");
    for key in keys {
        let private = ["d", "p", "q", "dp", "dq", "qi", "k"];
        assert!(private.iter().all(|name| key.get(*name).is_none()), "{key}");
        let needed: &[&str] = if key["kty"] == "EC" { &["crv", "x", "y"] } else { &["n", "e"] };
        for name in needed {
            let text = key[*name].as_str().unwrap();
            assert!(!text.contains('=') && !text.contains('+') && !text.contains('/'), "{name}: {text}");
        }
    }
    metadata
}
