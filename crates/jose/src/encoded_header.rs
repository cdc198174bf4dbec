//! Headers of signed tokens, encoded once for each key: they are the same in every token of a key.

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;

use crate::{JwtType, SigningAlg};

/// Kinds of tokens that are made at every request.
const FREQUENT: [JwtType; 2] = [JwtType::Jwt, JwtType::AccessToken];

/// The members in Auth0's order (§3.2).
#[derive(Serialize)]
struct Header<'a> {
    alg: SigningAlg,
    typ: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

/// The headers that a key writes often, in base64url.
pub(crate) struct EncodedHeaders {
    kid: String,
    algorithms: &'static [SigningAlg],
    encoded: Vec<(SigningAlg, JwtType, String)>,
}

impl EncodedHeaders {
    /// For a key with a `kid` and these algorithms.
    pub(crate) fn of_key(kid: &str, algorithms: &'static [SigningAlg]) -> Self {
        let pairs = algorithms.iter().flat_map(|alg| FREQUENT.map(|typ| (*alg, typ)));
        let encoded =
            pairs.filter_map(|(alg, typ)| encoded(alg, typ, Some(kid)).map(|text| (alg, typ, text))).collect();
        Self { kid: kid.to_owned(), algorithms, encoded }
    }

    /// The header; `None` when the algorithm is not the key's.
    pub(crate) fn get(&self, alg: SigningAlg, typ: JwtType) -> Option<Cow<'_, str>> {
        match self.encoded.iter().find(|(own, kind, _)| (*own, *kind) == (alg, typ)) {
            Some((_, _, text)) => Some(Cow::Borrowed(text)),
            None if self.algorithms.contains(&alg) => encoded(alg, typ, Some(&self.kid)).map(Cow::Owned),
            None => None,
        }
    }
}

/// A header in base64url. It always serializes; `None` could only mean that it does not.
pub(crate) fn encoded(alg: SigningAlg, typ: JwtType, kid: Option<&str>) -> Option<String> {
    let header = serde_json::to_vec(&Header { alg, typ: typ.as_str(), kid }).ok()?;
    Some(URL_SAFE_NO_PAD.encode(header))
}
