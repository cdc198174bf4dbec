//! Signature algorithms of tokens (`signing_alg` of an API, `jwt_configuration.alg` of an application; §3.5).

use std::fmt;

use aws_lc_rs::digest::{Algorithm, SHA256, SHA512, digest};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// A signature algorithm as RFC 7518 section 3.1 names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SigningAlg {
    /// RSASSA-PKCS1-v1_5 with SHA-256, by the RSA key of the tenant.
    #[default]
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-512, by the same key.
    RS512,
    /// RSASSA-PSS with SHA-256, by the same key.
    PS256,
    /// ECDSA on P-256 with SHA-256, by the EC key of the tenant.
    ES256,
    /// HMAC with SHA-256, by the secret of the API or the application.
    HS256,
}

impl SigningAlg {
    /// All of them, in the order in which discovery names them.
    pub const ALL: [Self; 5] = [Self::HS256, Self::RS256, Self::RS512, Self::PS256, Self::ES256];

    /// The value of `alg` in headers and keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::ES256 => "ES256",
            Self::HS256 => "HS256",
        }
    }

    /// The algorithm with this name, compared exactly; `None` for `none` and everything else that is not ours.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }

    /// `at_hash` or `c_hash` of an access token or code beside an ID token that is signed by this algorithm.
    ///
    /// OpenID Connect Core section 3.1.3.6: "the base64url encoding of the left-most half of the hash of the octets of the
    /// ASCII representation of the access_token value, where the hash algorithm used is the hash algorithm used in the alg
    /// Header Parameter of the ID Token's JOSE Header".
    #[must_use]
    pub fn half_hash(self, value: &str) -> String {
        let whole = digest(self.hash(), value.as_bytes());
        let (half, _) = whole.as_ref().split_at(whole.as_ref().len() / 2);
        URL_SAFE_NO_PAD.encode(half)
    }

    const fn hash(self) -> &'static Algorithm {
        match self {
            Self::RS256 | Self::PS256 | Self::ES256 | Self::HS256 => &SHA256,
            Self::RS512 => &SHA512,
        }
    }
}

impl fmt::Display for SigningAlg {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_protocol() {
        for (algorithm, name) in SigningAlg::ALL.into_iter().zip(["HS256", "RS256", "RS512", "PS256", "ES256"]) {
            assert_eq!(algorithm.to_string(), name);
            assert_eq!(serde_json::to_value(algorithm).unwrap(), name);
            assert_eq!(serde_json::from_value::<SigningAlg>(name.into()).unwrap(), algorithm);
            assert_eq!(SigningAlg::named(name), Some(algorithm));
        }
        assert_eq!(SigningAlg::default(), SigningAlg::RS256);
    }

    #[test]
    fn tk_01_no_setting_can_name_an_unsigned_or_unknown_algorithm() {
        for name in ["none", "None", "NONE", "", "rs256", "HS512", "RS1", "ES256K", "ES384", "EdDSA"] {
            assert!(serde_json::from_value::<SigningAlg>(name.into()).is_err(), "{name}");
            assert_eq!(SigningAlg::named(name), None, "{name}");
        }
    }

    /// The access token and its `at_hash` of OpenID Connect Core appendix A.3, and the code and `c_hash` of A.4.
    #[test]
    fn half_hashes_are_those_of_openid_connect() {
        for algorithm in [SigningAlg::RS256, SigningAlg::PS256, SigningAlg::ES256, SigningAlg::HS256] {
            let at_hash = algorithm.half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
            assert_eq!(at_hash, "77QmUPtjPfzWtF2AnpK9RQ");
            let c_hash = algorithm.half_hash("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk");
            assert_eq!(c_hash, "LDktKdoQak3Pk0cnXxCltA");
        }
        let long = SigningAlg::RS512.half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
        assert_eq!(URL_SAFE_NO_PAD.decode(long).unwrap().len(), 32, "half of SHA-512");
    }
}
