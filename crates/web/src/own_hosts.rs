//! Requests of tenants' scripts to the tenant's own hosts, answered by its own surfaces without a network (E §5.10 of the script
//! engine: "dispatched inside the server").

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Request, Uri, header};
use keywright_app::{HostError, HostRequest, HostResponse, OwnHosts};
use keywright_types::Tenant;
use tower::ServiceExt as _;

/// Longest body of an answer, as for requests to other servers, in bytes.
const LONGEST: usize = 5 * 1024 * 1024;

/// The surfaces of an instance, with the tenant found by its host.
pub struct OwnSurfaces(Router);

impl OwnSurfaces {
    /// `router` finds its tenants itself ([`crate::tenancy::resolve`]).
    #[must_use]
    pub fn new(router: Router) -> Self {
        Self(router)
    }
}

#[async_trait]
impl OwnHosts for OwnSurfaces {
    async fn answer(&self, tenant: &Tenant, request: &HostRequest) -> Result<HostResponse, HostError> {
        let unusable = || HostError("the request cannot be made".to_owned());
        let uri: Uri = request.url.parse().map_err(|_| unusable())?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut inner = Request::builder().method(request.method.as_str()).uri(path);
        for (name, value) in &request.headers {
            // The host is the tenant's, and no script says where its request came from.
            let own = ["host", "x-forwarded-for", "forwarded", "content-length", "connection", "transfer-encoding"];
            if !own.iter().any(|own| name.eq_ignore_ascii_case(own)) {
                inner = inner.header(name, value);
            }
        }
        let inner = inner.header(header::HOST, &tenant.domain);
        let inner = inner.body(Body::from(request.body.clone())).map_err(|_| unusable())?;
        let Ok(answer) = self.0.clone().oneshot(inner).await;
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, LONGEST).await.map_err(|_| HostError("the answer is too large".to_owned()))?;
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(HostResponse {
            status: parts.status.as_u16(),
            headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: body.to_vec(),
        })
    }
}
