//! The tenant as its clients see it: through DNS, proxies and TLS.

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full, Limited};
use serde_json::Value;

use super::Finding;
use crate::outbound;

/// Largest document that is read, in bytes.
const LARGEST: usize = 1 << 20;
/// Longest time to wait.
const DEADLINE: std::time::Duration = std::time::Duration::from_secs(10);

/// Reads the discovery document at `url`, the tenant's base URL, and compares what it says with where it was found.
pub(super) async fn examine(url: &str) -> Finding {
    let base = url.trim_end_matches('/');
    // OpenID Connect Discovery 1.0 §4.3: "The issuer value returned MUST be identical to the Issuer URL".
    let issuer = format!("{base}/");
    match tokio::time::timeout(DEADLINE, discovery(base)).await {
        _ if !base.starts_with("https://") => {
            Finding::fail("from outside", "the URL is not https", "browsers keep the session cookies over HTTPS only")
        }
        Err(_) => Finding::fail("from outside", format!("no answer from {base}"), "check DNS, firewall and proxy"),
        Ok(Err(cause)) => Finding::fail("from outside", cause, "check DNS, firewall, proxy and certificate"),
        Ok(Ok(document)) if document.get("issuer") == Some(&Value::from(issuer.as_str())) => Finding::ok(
            "from outside",
            format!("{issuer} answers over HTTPS with a certificate that this machine trusts"),
        ),
        Ok(Ok(document)) => {
            let found = document.get("issuer").cloned().unwrap_or_default();
            let advice = "pass the Host header on unchanged, or use the tenant's own domain";
            Finding::fail("from outside", format!("{base} answers as the issuer {found}"), advice)
        }
    }
}

async fn discovery(base: &str) -> Result<Value, String> {
    let client = outbound::client().map_err(|cause| cause.to_string())?;
    let request = Request::get(format!("{base}/.well-known/openid-configuration")).body(Full::<Bytes>::default());
    let response = client.request(request.map_err(|cause| cause.to_string())?).await.map_err(|cause| chain(&cause))?;
    let status = response.status();
    if status != http::StatusCode::OK {
        return Err(format!("{base} answers {status}: is there a tenant with this domain?"));
    }
    let body = Limited::new(response.into_body(), LARGEST).collect().await.map_err(|cause| cause.to_string())?;
    serde_json::from_slice(&body.to_bytes()).map_err(|cause| format!("{base} has no discovery document: {cause}"))
}

/// An error with its causes, the last of which says most.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
