//! The JavaScript engine for a tenant's Rules and Actions.
//!
//! No code of a tenant runs yet; this crate marks its place below `app`, so that nothing above it has to move when it
//! does. What belongs here: the engine and its limits. What does not: keys, cookies, the database, HTTP.
//!
//! Invariant: tenants' code never runs in the process that holds signing keys.
