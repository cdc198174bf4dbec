//! The Management API v2: the surface that administers a tenant. It never reads a cookie.
//!
//! So far it knows the scopes that an application can be granted on it (§1.3 of the wire reference).

mod scopes;

pub use scopes::SCOPES;
