//! Looking names up: once for each request, and the connection goes to what was found.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

/// An answer in the making: addresses, or why there are none.
pub type Resolution<'a> = Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, String>> + Send + 'a>>;

/// Finds the addresses of a host.
pub trait Resolver: Send + Sync {
    /// All addresses of `host`, in the order in which they are to be tried.
    fn resolve(&self, host: String) -> Resolution<'_>;
}

/// The system's resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: String) -> Resolution<'_> {
        Box::pin(async move {
            let found =
                tokio::net::lookup_host((host.as_str(), 443)).await.map_err(|error| error.kind().to_string())?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}
