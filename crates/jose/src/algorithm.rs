//! Signature algorithms of tokens (`signing_alg` of an API, `jwt_configuration.alg` of an application; §3.5).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A signature algorithm as RFC 7518 section 3.1 names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SigningAlg {
    /// RSASSA-PKCS1-v1_5 with SHA-256, by a key of the tenant.
    #[default]
    RS256,
    /// RSASSA-PSS with SHA-256, by the same keys.
    PS256,
    /// HMAC with SHA-256, by the secret of the API or the application.
    HS256,
}

impl SigningAlg {
    /// The value of `alg` in headers and keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::PS256 => "PS256",
            Self::HS256 => "HS256",
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
        for (algorithm, name) in
            [(SigningAlg::RS256, "RS256"), (SigningAlg::PS256, "PS256"), (SigningAlg::HS256, "HS256")]
        {
            assert_eq!(algorithm.to_string(), name);
            assert_eq!(serde_json::to_value(algorithm).unwrap(), name);
            assert_eq!(serde_json::from_value::<SigningAlg>(name.into()).unwrap(), algorithm);
        }
        assert_eq!(SigningAlg::default(), SigningAlg::RS256);
    }

    #[test]
    fn tk_01_no_setting_can_name_an_unsigned_or_unknown_algorithm() {
        for name in ["none", "None", "NONE", "", "rs256", "HS512", "RS1"] {
            assert!(serde_json::from_value::<SigningAlg>(name.into()).is_err(), "{name}");
        }
    }
}
