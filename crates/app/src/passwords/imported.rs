//! Password hashes of other systems (LG-06): verified at a login, then replaced by one of ours.
//!
//! Read from a string with a `$` in front (bcrypt, and PHC strings of argon2, pbkdf2 and scrypt) or from the object
//! `custom_password_hash` of Auth0's import of users. A hash whose verification would cost more than a login may cost is
//! refused here, so that an import cannot stop the server.

use argon2::password_hash::PasswordVerifier as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params};
use aws_lc_rs::{constant_time, digest, hmac, pbkdf2};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use md5::{Digest as _, Md5};
use serde::Deserialize;

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
pub struct ImportedHash(Kind);

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
    Md5,
    Sha(&'static digest::Algorithm),
}

/// What stands beside the password.
#[derive(Default)]
struct Salt {
    before: Vec<u8>,
    after: Vec<u8>,
}

/// `custom_password_hash` of Auth0's import.
#[derive(Deserialize)]
struct Document {
    algorithm: String,
    hash: HashMember,
    #[serde(default)]
    salt: Option<SaltMember>,
    #[serde(default)]
    password: Option<PasswordMember>,
    #[serde(default)]
    keylen: Option<usize>,
    #[serde(default)]
    cost: Option<u32>,
    #[serde(default, rename = "blockSize")]
    block_size: Option<u32>,
    #[serde(default)]
    parallelization: Option<u32>,
}

#[derive(Deserialize)]
struct HashMember {
    value: String,
    #[serde(default)]
    encoding: Option<String>,
    #[serde(default)]
    digest: Option<String>,
    #[serde(default)]
    key: Option<Encoded>,
}

#[derive(Deserialize)]
struct Encoded {
    value: String,
    #[serde(default)]
    encoding: Option<String>,
}

#[derive(Deserialize)]
struct SaltMember {
    value: String,
    #[serde(default)]
    encoding: Option<String>,
    #[serde(default)]
    position: Option<String>,
}

#[derive(Deserialize)]
struct PasswordMember {
    #[serde(default)]
    encoding: Option<String>,
}

use ImportedHashError::{Malformed, TooCostly, Unsupported};

impl ImportedHash {
    /// Reads and checks a hash, at import and at every login.
    pub fn parse(text: &str) -> Result<Self, ImportedHashError> {
        if text.starts_with('{') && !text.trim_end().ends_with('}') {
            return ldap(text).map(Self);
        }
        if text.starts_with('{') {
            let document: Document = serde_json::from_str(text).map_err(|_| Malformed)?;
            return document.kind().map(Self);
        }
        modular(text).map(Self)
    }

    /// Whether it was made of `password`.
    #[must_use]
    pub fn verify(&self, password: &str) -> bool {
        let password = password.as_bytes();
        match &self.0 {
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

impl std::fmt::Debug for ImportedHash {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ImportedHash")
    }
}

/// Strings with a `$` in front.
fn modular(text: &str) -> Result<Kind, ImportedHashError> {
    let parts: Vec<&str> = text.split('$').collect();
    match parts.as_slice() {
        ["", "2a" | "2b" | "2x" | "2y", cost, rest] => {
            let cost: u32 = cost.parse().map_err(|_| Malformed)?;
            if cost > MOST_BCRYPT {
                return Err(TooCostly);
            }
            let plausible =
                cost >= 4 && rest.len() == 53 && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"./".contains(&b));
            if plausible { Ok(Kind::Bcrypt(text.to_owned())) } else { Err(Malformed) }
        }
        ["", name, ..] if name.starts_with("argon2") => argon2(text),
        ["", name, parameters, salt, hash] if name.starts_with("pbkdf2-") => {
            let (salt, hash) = (base64(salt)?, base64(hash)?);
            pbkdf2_kind(name.trim_start_matches("pbkdf2-"), number(parameters, "i")?, salt, hash)
        }
        ["", "scrypt", parameters, salt, hash] => {
            let log = number(parameters, "ln")?;
            let cost = 1_u32.checked_shl(log).ok_or(TooCostly)?;
            scrypt_kind(cost, number(parameters, "r")?, number(parameters, "p")?, base64(salt)?, base64(hash)?)
        }
        _ => Err(Unsupported),
    }
}

fn argon2(text: &str) -> Result<Kind, ImportedHashError> {
    let hash = PasswordHash::new(text).map_err(|_| Malformed)?;
    let params = Params::try_from(&hash).map_err(|_| Malformed)?;
    if hash.salt.is_none() || hash.hash.is_none() {
        return Err(Malformed);
    }
    if params.m_cost() > MOST_MEMORY || params.t_cost() > MOST_PASSES || params.p_cost() > MOST_LANES {
        return Err(TooCostly);
    }
    Ok(Kind::Argon2(text.to_owned()))
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

/// RFC 2307 `userPassword`: `{SSHA}` and the like.
fn ldap(text: &str) -> Result<Kind, ImportedHashError> {
    let (scheme, value) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')).ok_or(Malformed)?;
    let (algorithm, salted) = match scheme.to_ascii_uppercase().as_str() {
        "MD5" => (Hash::Md5, false),
        "SMD5" => (Hash::Md5, true),
        "SHA" => (Hash::Sha(&digest::SHA1_FOR_LEGACY_USE_ONLY), false),
        "SSHA" => (Hash::Sha(&digest::SHA1_FOR_LEGACY_USE_ONLY), true),
        "SHA256" => (Hash::Sha(&digest::SHA256), false),
        "SSHA256" => (Hash::Sha(&digest::SHA256), true),
        "SHA512" => (Hash::Sha(&digest::SHA512), false),
        "SSHA512" => (Hash::Sha(&digest::SHA512), true),
        _ => return Err(Unsupported),
    };
    let value = base64(value)?;
    let (hash, salt) = value.split_at_checked(algorithm.length()).ok_or(Malformed)?;
    if salted == salt.is_empty() {
        return Err(Malformed);
    }
    Ok(Kind::Digest { algorithm, salt: Salt { before: Vec::new(), after: salt.to_vec() }, hash: hash.to_vec() })
}

impl Document {
    fn kind(&self) -> Result<Kind, ImportedHashError> {
        let utf8 = |encoding: &Option<String>| encoding.as_deref().is_none_or(|name| matches!(name, "utf8" | "ascii"));
        if self.password.as_ref().is_some_and(|password| !utf8(&password.encoding)) {
            return Err(Unsupported);
        }
        let value = self.hash.value.as_str();
        match self.algorithm.as_str() {
            "bcrypt" | "argon2" | "pbkdf2" => match modular(value)? {
                kind @ Kind::Bcrypt(_) if self.algorithm == "bcrypt" => Ok(kind),
                kind @ Kind::Argon2(_) if self.algorithm == "argon2" => Ok(kind),
                kind @ Kind::Pbkdf2 { .. } if self.algorithm == "pbkdf2" => Ok(kind),
                _ => Err(Malformed),
            },
            "ldap" => ldap(value),
            "scrypt" => {
                let hash = decoded(value, self.hash.encoding.as_deref())?;
                if self.keylen.is_some_and(|length| length != hash.len()) {
                    return Err(Malformed);
                }
                let salt = self.salt.as_ref().ok_or(Malformed)?;
                let salt = decoded(&salt.value, salt.encoding.as_deref().or(Some("utf8")))?;
                let (cost, block, lanes) = (self.cost, self.block_size, self.parallelization);
                scrypt_kind(cost.unwrap_or(16_384), block.unwrap_or(8), lanes.unwrap_or(1), salt, hash)
            }
            "hmac" => {
                let algorithm = match self.hash.digest.as_deref() {
                    Some("sha1") => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                    Some("sha224") => hmac::HMAC_SHA224,
                    Some("sha256") => hmac::HMAC_SHA256,
                    Some("sha384") => hmac::HMAC_SHA384,
                    Some("sha512") => hmac::HMAC_SHA512,
                    _ => return Err(Unsupported),
                };
                let key = self.hash.key.as_ref().ok_or(Malformed)?;
                let key = decoded(&key.value, key.encoding.as_deref().or(Some("utf8")))?;
                let hash = decoded(value, self.hash.encoding.as_deref())?;
                check_key(&hash)?;
                Ok(Kind::Hmac { key: hmac::Key::new(algorithm, &key), salt: self.salt()?, hash })
            }
            name => {
                let algorithm = Hash::named(name).ok_or(Unsupported)?;
                let hash = decoded(value, self.hash.encoding.as_deref())?;
                if hash.len() != algorithm.length() {
                    return Err(Malformed);
                }
                Ok(Kind::Digest { algorithm, salt: self.salt()?, hash })
            }
        }
    }

    fn salt(&self) -> Result<Salt, ImportedHashError> {
        let Some(salt) = &self.salt else { return Ok(Salt::default()) };
        let bytes = decoded(&salt.value, salt.encoding.as_deref().or(Some("utf8")))?;
        match salt.position.as_deref() {
            None | Some("prefix") => Ok(Salt { before: bytes, after: Vec::new() }),
            Some("suffix") => Ok(Salt { before: Vec::new(), after: bytes }),
            Some(_) => Err(Malformed),
        }
    }
}

impl Salt {
    fn around(&self, password: &[u8]) -> Vec<u8> {
        [self.before.as_slice(), password, self.after.as_slice()].concat()
    }
}

impl Hash {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "md5" => Self::Md5,
            "sha1" => Self::Sha(&digest::SHA1_FOR_LEGACY_USE_ONLY),
            "sha224" => Self::Sha(&digest::SHA224),
            "sha256" => Self::Sha(&digest::SHA256),
            "sha384" => Self::Sha(&digest::SHA384),
            "sha512" => Self::Sha(&digest::SHA512),
            _ => return None,
        })
    }

    fn length(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha(algorithm) => algorithm.output_len(),
        }
    }

    fn of(self, input: &[u8]) -> Vec<u8> {
        match self {
            Self::Md5 => Md5::digest(input).to_vec(),
            Self::Sha(algorithm) => digest::digest(algorithm, input).as_ref().to_vec(),
        }
    }
}

fn equal(one: &[u8], other: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(one, other).is_ok()
}

/// A number among `name=value,…`.
fn number(parameters: &str, name: &str) -> Result<u32, ImportedHashError> {
    let mut pairs = parameters.split(',').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(own, _)| *own == name).ok_or(Malformed)?;
    value.parse().map_err(|_| if value.bytes().all(|b| b.is_ascii_digit()) { TooCostly } else { Malformed })
}

fn base64(text: &str) -> Result<Vec<u8>, ImportedHashError> {
    BASE64.decode(text).map_err(|_| Malformed)
}

fn decoded(text: &str, encoding: Option<&str>) -> Result<Vec<u8>, ImportedHashError> {
    match encoding {
        Some("base64") | None => base64(text),
        Some("hex") => {
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
                [high, low] => Some(digit(*high)? * 16 + digit(*low)?),
                _ => None,
            });
            pairs.collect::<Option<Vec<u8>>>().ok_or(Malformed)
        }
        Some("utf8" | "ascii") => Ok(text.as_bytes().to_vec()),
        Some(_) => Err(Unsupported),
    }
}

#[cfg(test)]
mod tests;
