//! Requests of scripts to other servers (E §5.10; EG-01, EG-02): made by the parent, through the one client, with a policy of
//! their own. Each step of a redirect is a request by itself, and checked like the first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use keywright_egress::{Egress, OutboundRequest, Terms};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use url::Url;

use crate::host::{Host, HostRequest, HostResponse};

/// Redirects that are followed.
const REDIRECTS: usize = 5;
/// Headers that are the connection's, or would change what the answer is.
const OWN: [&str; 12] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Where scripts may ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FetchReach {
    /// Every public address, and the exceptions of the operator.
    #[default]
    Public,
    /// Of those, only these names, and what is below a name that begins with a dot.
    Hosts(Vec<String>),
    /// Nowhere.
    Nowhere,
}

/// How scripts may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchPolicy {
    /// Where.
    pub reach: FetchReach,
    /// Ports; `None` is all of them.
    pub ports: Option<Vec<u16>>,
    /// Requests at the same time in one pass.
    pub concurrent: usize,
    /// Longest body of a request, in bytes.
    pub request: usize,
    /// Longest body of an answer, in bytes.
    pub response: usize,
}

impl Default for FetchPolicy {
    fn default() -> Self {
        Self {
            reach: FetchReach::Public,
            ports: Some(vec![80, 443]),
            concurrent: 10,
            request: 1024 * 1024,
            response: 5 * 1024 * 1024,
        }
    }
}

/// What the worker sends.
#[derive(Deserialize)]
struct Request {
    url: String,
    method: String,
    headers: Vec<(String, String)>,
    /// Base64.
    body: Option<String>,
    redirect: Redirect,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Redirect {
    Follow,
    Manual,
    Error,
}

/// What it gets.
#[derive(Serialize)]
struct Response {
    url: String,
    redirected: bool,
    status: u16,
    headers: Vec<(String, String)>,
    /// Base64.
    body: String,
}

/// The requests of one pass.
pub(crate) struct Fetch {
    pub(crate) egress: Egress,
    pub(crate) policy: FetchPolicy,
    pub(crate) host: Arc<dyn Host>,
    /// The user who logs in, where somebody does.
    pub(crate) user: Option<String>,
    pub(crate) slots: Semaphore,
    /// When the pass ends.
    pub(crate) end: Instant,
}

impl Fetch {
    /// Makes a request; both are JSON.
    pub(crate) async fn run(&self, arguments: &str) -> Result<String, String> {
        let request: Request = serde_json::from_str(arguments).map_err(|_| "the request cannot be read".to_owned())?;
        let _slot = self.slots.acquire().await.map_err(|_| "the execution is over".to_owned())?;
        let response = self.follow(request).await?;
        serde_json::to_string(&response).map_err(|_| "the answer cannot be passed on".to_owned())
    }

    async fn follow(&self, request: Request) -> Result<Response, String> {
        let body =
            request.body.map(|body| STANDARD.decode(body)).transpose().map_err(|_| "the body is none".to_owned())?;
        let mut next = HostRequest {
            method: request.method.to_ascii_uppercase(),
            url: request.url,
            headers: request.headers,
            body: body.unwrap_or_default(),
        };
        if next.body.len() > self.policy.request {
            return Err(format!("the body of the request is larger than {} bytes", self.policy.request));
        }
        for step in 0..=REDIRECTS {
            let answer = self.one(&next).await?;
            let location = location(&next.url, &answer);
            match (request.redirect, location) {
                (Redirect::Follow, Some(location)) => next = redirected(next, &location, answer.status),
                (Redirect::Error, Some(_)) => return Err("the answer is a redirect".to_owned()),
                _ => {
                    return Ok(Response {
                        url: next.url,
                        redirected: step > 0,
                        status: answer.status,
                        headers: answer.headers,
                        body: STANDARD.encode(answer.body),
                    });
                }
            }
        }
        Err("too many redirects".to_owned())
    }

    async fn one(&self, request: &HostRequest) -> Result<HostResponse, String> {
        if let Some(answer) = self.host.dispatch(request).await {
            return answer.map_err(|error| error.0);
        }
        self.allowed(&request.url)?;
        let time = self.end.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        let terms = Terms {
            time,
            body: self.policy.response,
            in_clear: true,
            ports: self.policy.ports.clone(),
            own_user_agent: true,
        };
        let outbound = OutboundRequest {
            method: Method::from_bytes(request.method.as_bytes())
                .ok()
                .filter(|method| *method != Method::CONNECT && *method != Method::TRACE)
                .ok_or_else(|| "the method is not allowed".to_owned())?,
            url: request.url.clone(),
            headers: headers(&request.headers)?,
            body: request.body.clone().into(),
        };
        let answer = self.egress.send_on(outbound, &terms).await.map_err(|error| error.to_string())?;
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(HostResponse {
            status: answer.status().as_u16(),
            headers: answer.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
            body: answer.into_body().to_vec(),
        })
    }

    fn allowed(&self, url: &str) -> Result<(), String> {
        let hosts = match &self.policy.reach {
            FetchReach::Public => return Ok(()),
            FetchReach::Hosts(hosts) => hosts.as_slice(),
            FetchReach::Nowhere => &[],
        };
        let url = Url::parse(url).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or_default().trim_end_matches('.');
        let listed = hosts.iter().any(|own| match own.strip_prefix('.') {
            Some(above) => host.strip_suffix(above).is_some_and(|below| below.ends_with('.')),
            None => host.eq_ignore_ascii_case(own),
        });
        if listed { Ok(()) } else { Err("requests to this host are not allowed".to_owned()) }
    }
}

fn headers(given: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let wrong = || format!("the header {name:?} cannot be sent");
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
        if !OWN.contains(&name.as_str()) {
            headers.append(name, HeaderValue::from_bytes(value.as_bytes()).map_err(|_| wrong())?);
        }
    }
    Ok(headers)
}

fn location(url: &str, answer: &HostResponse) -> Option<Url> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let (_, location) = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"))?;
    Url::parse(url).ok()?.join(location).ok()
}

/// The next request, by the rules of the Fetch standard: what was sent to one origin is not shown to another.
fn redirected(mut request: HostRequest, location: &Url, status: u16) -> HostRequest {
    let becomes_get = match status {
        303 => request.method != "HEAD",
        301 | 302 => request.method == "POST",
        _ => false,
    };
    if becomes_get {
        "GET".clone_into(&mut request.method);
        request.body.clear();
        request.headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with("content-"));
    }
    let same = Url::parse(&request.url).is_ok_and(|before| before.origin() == location.origin());
    if !same {
        let private = ["authorization", "cookie", "proxy-authorization"];
        request.headers.retain(|(name, _)| !private.iter().any(|own| name.eq_ignore_ascii_case(own)));
    }
    location.as_str().clone_into(&mut request.url);
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str) -> HostRequest {
        let header = |name: &str| (name.to_owned(), "x".to_owned());
        HostRequest {
            method: method.to_owned(),
            url: "https://a.example/one".to_owned(),
            headers: vec![header("Authorization"), header("Content-Type"), header("X-Own")],
            body: b"body".to_vec(),
        }
    }

    #[test]
    fn eg_02_a_redirect_to_another_origin_takes_no_credentials_along() {
        let to = |url: &str| redirected(request("POST"), &Url::parse(url).unwrap(), 307);
        assert_eq!(to("https://a.example/two").headers.len(), 3);
        for other in ["https://b.example/", "http://a.example/", "https://a.example:8443/"] {
            let next = to(other);
            assert_eq!(next.headers.len(), 2, "{other}");
            assert_eq!((next.method.as_str(), next.body.len()), ("POST", 4));
        }
        let next = redirected(request("POST"), &Url::parse("https://a.example/").unwrap(), 302);
        assert_eq!((next.method.as_str(), next.body.len(), next.headers.len()), ("GET", 0, 2));
    }
}
