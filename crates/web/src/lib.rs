//! HTTP kit of the surfaces: tenant by host, parameters, cookies, anti-forgery, client address, pages.
//!
//! Invariant: nothing here decides a protocol question; it only reads requests strictly and writes answers safely.

pub mod client_address;
pub mod cookies;
pub mod forgery;
mod own_hosts;
pub mod page;
pub mod parameters;
pub mod rate_limits;
pub mod redirect;
pub mod tenancy;
pub mod tracking;

pub use client_address::{ClientAddress, CurrentCaller, TrustedProxies};
pub use cookies::Cookies;
pub use own_hosts::OwnSurfaces;
pub use parameters::{ParameterError, Parameters};
pub use rate_limits::RateLimits;
pub use tenancy::CurrentTenant;
pub use tracking::TrackingId;
