//! Tests of the crate as its users see it. Names begin with the ID of the security requirement where one applies.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::wildcard_imports, clippy::format_collect)]

mod assertions;
mod claims;
mod fixture;
mod foreign_key;
mod forgery;
mod known_answers;
mod opaque_tokens;
mod proofs;
mod properties;
mod sealing;
mod secrecy;
mod signing_keys;
mod token_types;
