//! Keyed digests of secrets: what the store keeps in place of a handle, a code or a refresh token (CL-02, TK-04).

use std::fmt;

use aws_lc_rs::constant_time;

/// An HMAC-SHA256 value. The only way to compare a secret with a stored one is to compare two of these, in constant time.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    pub(crate) fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, for storing.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A digest which was read from the store; `None` unless there are exactly 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Digest(…)")
    }
}

/// SHA-256 of public data, such as a PKCE verifier. Secrets are digested with a key: [`DataKeys::digest`](crate::DataKeys::digest).
#[must_use]
pub fn sha256(data: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data).as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cl_02_digests_are_equal_only_in_full() {
        let digest = Digest::new([7; 32]);
        assert_eq!(digest, Digest::from_slice(&[7; 32]).unwrap());
        for position in 0..32 {
            for bit in 0..8 {
                let mut other = [7; 32];
                other[position] ^= 1 << bit;
                assert_ne!(digest, Digest::new(other), "byte {position}, bit {bit}");
            }
        }
    }

    #[test]
    fn cl_02_a_stored_digest_of_another_length_is_none() {
        for length in (0..64).filter(|length| *length != 32) {
            assert!(Digest::from_slice(&vec![7; length]).is_none(), "{length}");
        }
    }

    #[test]
    fn tk_05_debug_shows_no_byte_of_a_digest() {
        assert_eq!(format!("{:?}", Digest::new([0xAB; 32])), "Digest(…)");
    }
}
