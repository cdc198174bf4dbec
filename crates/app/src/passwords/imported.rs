//! Password hashes of other systems (LG-06): verified at a login, then replaced by one of ours.
//!
//! Read from a string with a `$` in front (bcrypt, and PHC strings of argon2, pbkdf2 and scrypt) or from the object
//! `custom_password_hash` of Auth0's import of users. A hash whose verification would cost more than a login may cost is
//! refused here, so that an import cannot stop the server.

mod crypt_strings;
mod custom_document;

use argon2::Argon2;
use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash;
use aws_lc_rs::{constant_time, digest, hmac, pbkdf2};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use md4::Md4;
use md5::{Digest as _, Md5};

use self::crypt_strings::{ldap, modular};
use self::custom_document::Document;

/// Memory of one verification, in KiB.
const MOST_MEMORY: u32 = 256 * 1024;
/// Passes of argon2 over its memory.
const MOST_PASSES: u32 = 16;
/// Lanes of argon2, `p` of scrypt.
const MOST_LANES: u32 = 16;
/// Cost of bcrypt: about a second.
const MOST_BCRYPT: u32 = 14;
/// Iterations of pbkdf2; OWASP recommends up to 1,300,000.
const MOST_ITERATIONS: u32 = 2_000_000;
/// Length of a derived key in bytes.
const LONGEST_KEY: usize = 512;

/// Base64 of either alphabet's PHC form or of RFC 4648, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Why a hash is not taken. Says nothing of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportedHashError {
    /// An algorithm, digest or encoding that cannot be verified.
    #[error("the algorithm of the password hash is not supported")]
    Unsupported,
    /// A member is missing or not of its format.
    #[error("the password hash is malformed")]
    Malformed,
    /// Verifying it would cost too much time or memory.
    #[error("the password hash has parameters above the limits")]
    TooCostly,
}

/// A hash that was made elsewhere.
pub struct ImportedHash {
    kind: Kind,
    encoding: PasswordEncoding,
}

/// Which bytes of a password were hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum PasswordEncoding {
    #[default]
    Utf8,
    /// As Windows does it.
    Utf16,
    /// One byte for each character.
    Latin1,
}

#[expect(clippy::large_enum_variant, reason = "one lives for the time of one verification")]
enum Kind {
    Bcrypt(String),
    /// A PHC string.
    Argon2(String),
    Pbkdf2 {
        algorithm: pbkdf2::Algorithm,
        iterations: std::num::NonZeroU32,
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
    Scrypt {
        params: scrypt::Params,
        salt: Vec<u8>,
        hash: Vec<u8>,
    },
    Digest {
        algorithm: Hash,
        salt: Salt,
        hash: Vec<u8>,
    },
    Hmac {
        key: hmac::Key,
        salt: Salt,
        hash: Vec<u8>,
    },
}

#[derive(Clone, Copy)]
enum Hash {
    Md4,
    Md5,
    Sha(&'static digest::Algorithm),
}

/// What stands beside the password.
#[derive(Default)]
struct Salt {
    before: Vec<u8>,
    after: Vec<u8>,
}

use ImportedHashError::{Malformed, TooCostly, Unsupported};

impl ImportedHash {
    /// Reads and checks a hash, at import and at every login.
    pub fn parse(text: &str) -> Result<Self, ImportedHashError> {
        if text.starts_with('{') && !text.trim_end().ends_with('}') {
            return ldap(text).map(Self::of_utf8);
        }
        if text.starts_with('{') {
            let document: Document = serde_json::from_str(text).map_err(|_| Malformed)?;
            return Ok(Self { kind: document.kind()?, encoding: document.password_encoding()? });
        }
        modular(text).map(Self::of_utf8)
    }

    fn of_utf8(kind: Kind) -> Self {
        Self { kind, encoding: PasswordEncoding::Utf8 }
    }

    /// Whether it was made of `password`.
    #[must_use]
    pub fn verify(&self, password: &str) -> bool {
        let Some(password) = self.encoding.of(password) else { return false };
        let password = password.as_slice();
        match &self.kind {
            // bcrypt looks at 72 bytes only; so did the system that made the hash. The one that replaces it has them all.
            Kind::Bcrypt(hash) => bcrypt::verify(password, hash).unwrap_or(false),
            Kind::Argon2(hash) => {
                PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
            }
            Kind::Pbkdf2 { algorithm, iterations, salt, hash } => {
                pbkdf2::verify(*algorithm, *iterations, salt, password, hash).is_ok()
            }
            Kind::Scrypt { params, salt, hash } => {
                let mut derived = vec![0; hash.len()];
                scrypt::scrypt(password, salt, params, &mut derived).is_ok() && equal(&derived, hash)
            }
            Kind::Digest { algorithm, salt, hash } => equal(&algorithm.of(&salt.around(password)), hash),
            Kind::Hmac { key, salt, hash } => equal(hmac::sign(key, &salt.around(password)).as_ref(), hash),
        }
    }
}

impl PasswordEncoding {
    /// `None` for a password that has characters which this encoding has not: no hash was made of it.
    fn of(self, password: &str) -> Option<Vec<u8>> {
        match self {
            Self::Utf8 => Some(password.as_bytes().to_vec()),
            Self::Utf16 => Some(password.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Self::Latin1 => password.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect(),
        }
    }
}

impl std::fmt::Debug for ImportedHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ImportedHash")
    }
}

fn pbkdf2_kind(digest: &str, iterations: u32, salt: Vec<u8>, hash: Vec<u8>) -> Result<Kind, ImportedHashError> {
    let algorithm = match digest {
        "sha1" => pbkdf2::PBKDF2_HMAC_SHA1,
        "sha256" => pbkdf2::PBKDF2_HMAC_SHA256,
        "sha384" => pbkdf2::PBKDF2_HMAC_SHA384,
        "sha512" => pbkdf2::PBKDF2_HMAC_SHA512,
        _ => return Err(Unsupported),
    };
    let iterations = std::num::NonZeroU32::new(iterations).ok_or(Malformed)?;
    if iterations.get() > MOST_ITERATIONS {
        return Err(TooCostly);
    }
    check_key(&hash)?;
    Ok(Kind::Pbkdf2 { algorithm, iterations, salt, hash })
}

fn scrypt_kind(cost: u32, r: u32, p: u32, salt: Vec<u8>, hash: Vec<u8>) -> Result<Kind, ImportedHashError> {
    if !cost.is_power_of_two() || cost < 2 || r == 0 || p == 0 {
        return Err(Malformed);
    }
    // RFC 7914 §2: 128 * N * r bytes.
    if u64::from(cost) * u64::from(r) * 128 > u64::from(MOST_MEMORY) * 1024 || p > MOST_LANES {
        return Err(TooCostly);
    }
    check_key(&hash)?;
    let log = u8::try_from(cost.trailing_zeros()).map_err(|_| TooCostly)?;
    let params = scrypt::Params::new(log, r, p).map_err(|_| Malformed)?;
    Ok(Kind::Scrypt { params, salt, hash })
}

/// A short hash matches too easily, a long one costs.
fn check_key(hash: &[u8]) -> Result<(), ImportedHashError> {
    match hash.len() {
        0..16 => Err(Malformed),
        16..=LONGEST_KEY => Ok(()),
        _ => Err(TooCostly),
    }
}

impl Salt {
    fn around(&self, password: &[u8]) -> Vec<u8> {
        [self.before.as_slice(), password, self.after.as_slice()].concat()
    }
}

impl Hash {
    fn length(self) -> usize {
        match self {
            Self::Md4 | Self::Md5 => 16,
            Self::Sha(algorithm) => algorithm.output_len(),
        }
    }

    fn of(self, input: &[u8]) -> Vec<u8> {
        match self {
            Self::Md4 => Md4::digest(input).to_vec(),
            Self::Md5 => Md5::digest(input).to_vec(),
            Self::Sha(algorithm) => digest::digest(algorithm, input).as_ref().to_vec(),
        }
    }
}

fn equal(one: &[u8], other: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

fn base64(text: &str) -> Result<Vec<u8>, ImportedHashError> {
    BASE64.decode(text).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests;
