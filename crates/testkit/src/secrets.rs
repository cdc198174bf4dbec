//! What must never be told, where it could be, and how it would be spelled there (TK-05, ST-03, OP-02).

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use keywright_jose::Purpose;
use keywright_store::signing_keys;

use crate::Scene;

/// A private key of the tenant, by parts of its PKCS#8 DER.
#[derive(Clone, Debug)]
pub struct PrivateKey {
    /// Bytes that are in no public key.
    pub private: Vec<Vec<u8>>,
    /// Bytes of the public key in it. A search that does not find them where they are published finds nothing.
    pub public: Vec<u8>,
}

impl Scene {
    /// The private keys that the tenant has now, RSA and P-256 of each rotation, as they are stored, opened.
    pub async fn private_keys(&self) -> Vec<PrivateKey> {
        let (tenant, data_keys) = (self.app.tenant.id.clone(), self.app.app.data_keys());
        let id = tenant.clone();
        let rows = self.app.app.store().read(move |tx| signing_keys::list(tx, &id)).await.unwrap();
        let mut keys = Vec::new();
        for row in rows {
            let der = data_keys.open(Purpose::SigningKey, &tenant, &row.private_key).expect("a sealed RSA key");
            // RFC 8017 A.1.2: modulus, public exponent, private exponent, primes. With 2048 bits the modulus has the bytes from
            // 38 on, the private exponent begins before 320, and the primes lie around the middle.
            let middle = der.len() / 2;
            keys.push(PrivateKey {
                private: vec![der[340..372].to_vec(), der[middle..middle + 32].to_vec()],
                public: der[100..132].to_vec(),
            });
            let ec = row.ec.expect("a P-256 key");
            let der = data_keys.open(Purpose::EcSigningKey, &tenant, &ec.private_key).expect("a sealed P-256 key");
            // RFC 5915 §3: the private key, then the point, whose x is followed by y to the end.
            let x = der.len() - 64;
            keys.push(PrivateKey { private: vec![der[36..68].to_vec()], public: der[x..x + 32].to_vec() });
        }
        keys
    }

    /// Everything in the files of a SQLite database: rows, deleted rows, write-ahead log.
    #[must_use]
    pub fn database_files(&self) -> Vec<u8> {
        let path = std::path::Path::new(self.database.strip_prefix("sqlite:").expect("a scene on SQLite"));
        let files = std::fs::read_dir(path.parent().unwrap()).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }
}

/// The ways in which bytes are written into texts: as they are, as hexadecimal digits, as a list of numbers, and as part of
/// something longer in Base64 without line breaks.
#[must_use]
pub fn spellings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut hex = String::new();
    for byte in bytes {
        write!(hex, "{byte:02x}").unwrap();
    }
    let list: Vec<String> = bytes.iter().map(u8::to_string).collect();
    let mut all = vec![bytes.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes(), list.join(", ").into_bytes()];
    // Base64 takes three bytes at a time, and they may begin at any of three places.
    for skipped in 0..3 {
        let groups = &bytes[skipped..];
        let groups = &groups[..groups.len() / 3 * 3];
        all.extend([STANDARD_NO_PAD.encode(groups).into_bytes(), URL_SAFE_NO_PAD.encode(groups).into_bytes()]);
    }
    all
}
