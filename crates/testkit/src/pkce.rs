//! A PKCE pair (RFC 7636).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Verifier and S256 challenge.
#[derive(Clone, Debug)]
pub struct Pkce {
    /// Sent to the token endpoint.
    pub verifier: String,
    /// Sent to the authorization endpoint.
    pub challenge: String,
}

impl Pkce {
    /// A pair whose verifier is made of `letter`.
    #[must_use]
    pub fn of(letter: char) -> Self {
        let verifier = letter.to_string().repeat(43);
        let challenge = URL_SAFE_NO_PAD.encode(keywright_jose::sha256(verifier.as_bytes()));
        Self { verifier, challenge }
    }
}
