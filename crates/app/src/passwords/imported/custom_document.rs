//! `custom_password_hash` of Auth0's import of users: a hash as a JSON object.

use aws_lc_rs::{digest, hmac};
use serde::Deserialize;

use super::ImportedHashError::{self, Malformed, Unsupported};
use super::crypt_strings::{ldap, modular};
use super::{Hash, Kind, PasswordEncoding, Salt, base64, check_key, scrypt_kind};

/// `custom_password_hash` of Auth0's import.
#[derive(Deserialize)]
pub(super) struct Document {
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

impl Document {
    /// The hash, if its verification costs no more than a login may cost.
    pub(super) fn kind(&self) -> Result<Kind, ImportedHashError> {
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
                let algorithm = digest_named(name).ok_or(Unsupported)?;
                let hash = decoded(value, self.hash.encoding.as_deref())?;
                if hash.len() != algorithm.length() {
                    return Err(Malformed);
                }
                Ok(Kind::Digest { algorithm, salt: self.salt()?, hash })
            }
        }
    }

    /// What of the password was hashed; names are those of Node.js.
    pub(super) fn password_encoding(&self) -> Result<PasswordEncoding, ImportedHashError> {
        match self.password.as_ref().and_then(|password| password.encoding.as_deref()) {
            None | Some("utf8" | "utf-8" | "ascii") => Ok(PasswordEncoding::Utf8),
            Some("utf16le" | "ucs2") => Ok(PasswordEncoding::Utf16),
            Some("latin1" | "binary") => Ok(PasswordEncoding::Latin1),
            Some(_) => Err(Unsupported),
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

/// The digest that Auth0 calls `name`.
fn digest_named(name: &str) -> Option<Hash> {
    Some(match name {
        "md4" => Hash::Md4,
        "md5" => Hash::Md5,
        "sha1" => Hash::Sha(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        "sha224" => Hash::Sha(&digest::SHA224),
        "sha256" => Hash::Sha(&digest::SHA256),
        "sha384" => Hash::Sha(&digest::SHA384),
        "sha512" => Hash::Sha(&digest::SHA512),
        _ => return None,
    })
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
