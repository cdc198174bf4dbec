//! Keys and tokens of Keywright: randomness, the instance's master key and data keys, tenants' signing keys, signed and opaque tokens.
//!
//! The rest of the program names no cryptographic algorithm: it asks this crate to sign, verify, seal, open or digest.
//! Nothing here does I/O, reads the clock or knows an HTTP status. The rules come from sections 4 and 6 of the security
//! requirements; each test carries the ID of the requirement it shows.

mod algorithm;
mod assertion;
pub mod certificate;
mod data_keys;
mod digest;
mod dpop;
mod ec_signing_key;
mod encoded_header;
mod jwk;
mod jwt;
mod master_key;
pub mod opaque;
mod public_key;
mod purpose;
mod random;
mod root_key;
mod shared_secret;
mod signing_key;
mod unique_members;
mod verifying_key;

pub use algorithm::SigningAlg;
pub use assertion::{
    AssertionAlg, AssertionError, AssertionKey, ClientAssertion, ExpectedAssertion, MAX_ASSERTION_LENGTH,
    unverified_subject, verify_assertion,
};
pub use data_keys::{DataKey, DataKeys, Resealing};
pub use digest::{Digest, sha256};
pub use dpop::{DPOP_ALGORITHMS, DpopProof, ExpectedProof, ProofError, verify_proof};
pub use ec_signing_key::{EcSigningKey, NewEcSigningKey};
pub use jwk::{EcJwk, Jwk, RsaJwk};
pub use jwt::{Expected, JwtError, JwtType, MAX_TOKEN_LENGTH, Signer, sign, verify};
pub use master_key::{MasterKey, MasterKeyError};
pub use public_key::PublicKey;
pub use purpose::Purpose;
pub use random::Random;
pub use shared_secret::SharedSecret;
pub use signing_key::{KeyError, NewSigningKey, SigningKey};
pub use verifying_key::VerifyingKey;
