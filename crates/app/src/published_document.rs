//! A JSON document that anybody may fetch and keep, such as the keys of a tenant: written once, sent many times.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use keywright_jose::sha256;
use serde::Serialize;

use crate::AppError;

/// The document as it is sent.
#[derive(Clone)]
pub struct PublishedDocument {
    /// JSON. Cloning it copies nothing.
    pub json: Bytes,
    /// SHA-256 of it in base64url, to recognise a document that a client has already.
    pub fingerprint: String,
}

impl PublishedDocument {
    /// Writes `value`.
    ///
    /// # Errors
    /// When it has no form in JSON, such as a map whose keys are no strings.
    pub fn of<T: Serialize>(value: &T) -> Result<Self, AppError> {
        let json = serde_json::to_vec(value).map_err(AppError::internal)?;
        let fingerprint = URL_SAFE_NO_PAD.encode(sha256(&json));
        Ok(Self { json: json.into(), fingerprint })
    }
}
