//! Which claims the code of a tenant may add to tokens (§3.7; TK-07). What is not accepted is left out without an error.

/// Where a claim would go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimTarget {
    /// ID tokens and `/userinfo`.
    IdToken,
    /// Access tokens for an API of the tenant.
    AccessToken,
    /// Access tokens for an API of the instance itself, such as the Management API.
    SystemAccessToken,
}

/// §3.7 "Restricted": claims that the protocol sets or may set one day; and `scope`.
const PROTECTED: [&str; 61] = [
    "acr",
    "act",
    "active",
    "amr",
    "at_hash",
    "ath",
    "attest",
    "aud",
    "auth_time",
    "authorization_details",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "cty",
    "dest",
    "entitlements",
    "events",
    "exp",
    "groups",
    "gty",
    "htm",
    "htu",
    "iat",
    "internalService",
    "iss",
    "jcard",
    "jku",
    "jti",
    "jwe",
    "jwk",
    "kid",
    "may_act",
    "mky",
    "nbf",
    "nonce",
    "object_id",
    "org_id",
    "org_name",
    "orig",
    "origid",
    "permissions",
    "roles",
    "rph",
    "s_hash",
    "scope",
    "sid",
    "sip_callid",
    "sip_cseq_num",
    "sip_date",
    "sip_from_tag",
    "sip_via_branch",
    "sub",
    "sub_jwk",
    "toe",
    "txn",
    "typ",
    "uuid",
    "vot",
    "vtm",
    "x5t#S256",
];

/// Hosts whose namespaces are ignored, with everything below them.
const RESERVED_HOSTS: [&str; 3] = ["auth0.com", "webtask.io", "webtask.run"];

/// Whether only the server may set the claim. Names compare exactly, as claims do.
///
/// §3.7: "`scope` may be changed only through the dedicated API".
#[must_use]
pub fn is_protected_claim(name: &str) -> bool {
    PROTECTED.contains(&name)
}

/// Whether a claim that a rule or action sets gets into a token.
#[must_use]
pub fn accepts_custom_claim(name: &str, target: ClaimTarget) -> bool {
    match namespace(name) {
        Namespace::Own => true,
        Namespace::Reserved => false,
        Namespace::None => !name.is_empty() && target != ClaimTarget::SystemAccessToken && !is_protected_claim(name),
    }
}

/// What stands before a claim's own name.
enum Namespace {
    /// A web address, or a URN, of the tenant's choice.
    Own,
    /// One that is not the tenant's.
    Reserved,
    /// Nothing.
    None,
}

/// RFC 3986 section 3.2.2: "the host subcomponent is case-insensitive", and so is the scheme.
fn namespace(name: &str) -> Namespace {
    let lower = name.to_ascii_lowercase();
    if let Some(rest) = lower.strip_prefix("urn:") {
        let reserved = rest == "auth0" || rest.starts_with("auth0:");
        return if reserved { Namespace::Reserved } else { Namespace::Own };
    }
    let Some(rest) = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")) else {
        return Namespace::None;
    };
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
    let host = host.trim_end_matches('.');
    let reserved = RESERVED_HOSTS
        .iter()
        .any(|reserved| host.strip_suffix(reserved).is_some_and(|before| before.is_empty() || before.ends_with('.')));
    if reserved || host.is_empty() { Namespace::Reserved } else { Namespace::Own }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGETS: [ClaimTarget; 3] = [ClaimTarget::IdToken, ClaimTarget::AccessToken, ClaimTarget::SystemAccessToken];

    /// Every name that §3.7 restricts, in its order.
    const RESTRICTED: &str = "acr act active amr at_hash ath attest aud auth_time authorization_details azp c_hash \
        client_id cnf cty dest entitlements events exp groups gty htm htu iat internalService iss jcard jku jti jwe jwk \
        kid may_act mky nbf nonce object_id org_id org_name orig origid permissions roles rph s_hash sid sip_callid \
        sip_cseq_num sip_date sip_from_tag sip_via_branch sub sub_jwk toe txn typ uuid vot vtm x5t#S256";

    #[test]
    fn tk_07_protected_claims_are_never_set_by_user_code() {
        for name in RESTRICTED.split_ascii_whitespace().chain(["scope"]) {
            assert!(is_protected_claim(name), "{name}");
            assert!(TARGETS.iter().all(|target| !accepts_custom_claim(name, *target)), "{name}");
        }
        let mut names = PROTECTED.to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), PROTECTED.len(), "each once");
    }

    #[test]
    fn tk_07_namespaced_claims_are_accepted_everywhere() {
        for name in ["https://foo.com/claim", "http://foo/bar", "https://foo.com/sub", "HTTPS://Foo.com/x", "urn:foo:x"]
        {
            assert!(TARGETS.iter().all(|target| accepts_custom_claim(name, *target)), "{name}");
        }
    }

    #[test]
    fn tk_07_namespaces_of_others_are_ignored() {
        for name in [
            "https://auth0.com/x",
            "https://AUTH0.com./x",
            "http://my.auth0.com/x",
            "https://user@webtask.io:443/x",
            "https://a.webtask.run",
            "urn:auth0:x",
            "URN:auth0",
            "https://",
            "http:///x",
        ] {
            assert!(TARGETS.iter().all(|target| !accepts_custom_claim(name, *target)), "{name}");
        }
        for name in ["https://notauth0.com/x", "https://foo.com/auth0.com", "urn:auth0x"] {
            assert!(TARGETS.iter().all(|target| accepts_custom_claim(name, *target)), "{name}");
        }
    }

    #[test]
    fn tk_07_plain_names_are_for_id_tokens_and_the_tenants_own_apis() {
        for (target, accepted) in TARGETS.into_iter().zip([true, true, false]) {
            for name in ["department", "Iss", "ISS", "name", "iss "] {
                assert_eq!(accepts_custom_claim(name, target), accepted, "{name} in {target:?}");
            }
            assert!(!accepts_custom_claim("", target));
        }
    }
}
