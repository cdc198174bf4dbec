//! The instance's master key, which is in the configuration: it seals the data keys in the database, and nothing else.
//!
//! What the data keys are for is in `data_keys.rs`. Because the master key protects only them, it can be changed by sealing
//! those few again (ST-03).

use std::fmt;

use aws_lc_rs::hkdf;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::root_key::{Kind, RootKey};
use crate::{DataKey, Random};

/// Thirty-two secret bytes.
///
/// Whoever has the key and the database can read everything in it, whoever loses the key can read nothing any more.
pub struct MasterKey(RootKey);

/// Why a text is no master key. The text itself is not repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MasterKeyError {
    /// There are other characters than those of base64, or its padding is wrong.
    #[error("the master key is not base64")]
    NotBase64,
    /// The number of decoded bytes is wrong.
    #[error("the master key has {0} bytes, 32 are needed")]
    Length(usize),
}

impl MasterKey {
    /// A new key, for the first start of an instance.
    #[must_use]
    pub fn generate(random: &Random) -> Self {
        Self(RootKey::new(Zeroizing::new(random.bytes())))
    }

    /// Reads what [`to_base64`](Self::to_base64) or `openssl rand -base64 32` wrote; white space around it is ignored.
    pub fn from_base64(text: &str) -> Result<Self, MasterKeyError> {
        let decoded = STANDARD.decode(text.trim()).map(Zeroizing::new).map_err(|_| MasterKeyError::NotBase64)?;
        let bytes = <[u8; 32]>::try_from(decoded.as_slice()).map_err(|_| MasterKeyError::Length(decoded.len()))?;
        Ok(Self(RootKey::new(Zeroizing::new(bytes))))
    }

    /// The key in base64 (standard alphabet, padded), to be kept in a file or an environment variable.
    #[must_use]
    pub fn to_base64(&self) -> SecretString {
        STANDARD.encode(self.0.bytes().as_slice()).into()
    }

    /// Sixteen hexadecimal digits by which people tell this key from another one. Says nothing about the key itself.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut bytes = [0; 8];
        // The output is as long as `Fingerprint` says.
        self.0.derive(Kind::Fingerprint, "", "", Fingerprint, |material| material.fill(&mut bytes).unwrap_or_default());
        bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }

    /// Encrypts a data key for the database. It opens as the key of this generation only.
    #[must_use]
    pub fn seal_data_key(&self, generation: u16, key: &DataKey, random: &Random) -> Vec<u8> {
        let mut sealed = Vec::new();
        self.0.seal(Kind::DataKey, &generation.to_string(), "", key.bytes().as_slice(), random, &mut sealed);
        sealed
    }

    /// Decrypts what [`seal_data_key`](Self::seal_data_key) gave for the same generation; `None` for everything else.
    #[must_use]
    pub fn open_data_key(&self, generation: u16, sealed: &[u8]) -> Option<DataKey> {
        let opened = self.0.open(Kind::DataKey, &generation.to_string(), "", sealed)?;
        let bytes = <[u8; 32]>::try_from(opened.as_slice()).ok()?;
        Some(DataKey::from_bytes(Zeroizing::new(bytes)))
    }

    /// The data key of a database that is older than data keys: the master key it was made with did their work.
    #[must_use]
    pub fn as_data_key(&self) -> DataKey {
        DataKey::from_bytes(self.0.bytes().clone())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKey(…)")
    }
}

/// Eight bytes.
struct Fingerprint;

impl hkdf::KeyType for Fingerprint {
    fn len(&self) -> usize {
        8
    }
}
