//! Secrets that sign and verify by HS256: those of APIs and applications (§3.5).

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// Base64 as people typed it: with or without padding, and with bits that nobody reads.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// The key of an HMAC.
#[derive(Clone)]
pub struct SharedSecret(Zeroizing<Vec<u8>>);

impl SharedSecret {
    /// The bytes of the secret are the key, as they are.
    #[must_use]
    pub fn of_text(secret: &SecretString) -> Self {
        Self(Zeroizing::new(secret.expose_secret().as_bytes().to_vec()))
    }

    /// The secret is base64, in either alphabet, and its decoded bytes are the key: the legacy setting `secret_encoded`.
    /// `None` for a secret that is not base64.
    #[must_use]
    pub fn of_base64(secret: &SecretString) -> Option<Self> {
        let text = Zeroizing::new(secret.expose_secret().replace('-', "+").replace('_', "/"));
        STANDARD.decode(text.as_bytes()).ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for SharedSecret {
    fn from(secret: &str) -> Self {
        Self(Zeroizing::new(secret.as_bytes().to_vec()))
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SharedSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legacy_secrets_are_base64_in_either_alphabet() {
        let bytes = [0xfb, 0xff, 0xfe, 0x01];
        for text in ["+//+AQ==", "-__-AQ==", "-__-AQ", "+//+AQ"] {
            assert_eq!(SharedSecret::of_base64(&text.into()).unwrap().bytes(), bytes, "{text}");
        }
        assert!(SharedSecret::of_base64(&"not base64!".into()).is_none());
        assert_eq!(SharedSecret::of_text(&"+//+AQ==".into()).bytes(), b"+//+AQ==");
    }

    #[test]
    fn tk_05_debug_shows_nothing() {
        assert_eq!(format!("{:?}", SharedSecret::from("correct horse")), "SharedSecret(…)");
    }
}
