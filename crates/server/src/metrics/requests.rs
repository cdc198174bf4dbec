//! Counts requests and measures how long they take, by route and not by path: a path may be anything.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use metrics::{SharedString, counter, histogram};

/// A request that is being answered.
pub(crate) struct Measurement {
    surface: &'static str,
    route: SharedString,
    method: &'static str,
    begun: Instant,
}

impl Measurement {
    /// Begins now.
    pub(crate) fn begin(request: &Request) -> Self {
        let route = request.extensions().get::<MatchedPath>().map(|path| SharedString::from(path.as_str().to_owned()));
        let route = route.unwrap_or(SharedString::const_str("none"));
        Self { surface: surface(&route), route, method: method(request.method()), begun: Instant::now() }
    }

    /// Counts the answer.
    pub(crate) fn end(self, response: &Response) {
        let labels = [("surface", self.surface.into()), ("route", self.route)];
        histogram!("keywright_http_request_duration_seconds", &labels[..]).record(self.begun.elapsed().as_secs_f64());
        let [surface, route] = labels;
        let status = response.status().as_str().to_owned();
        counter!(
            "keywright_http_requests_total",
            &[surface, route, ("method", self.method.into()), ("status", status.into())][..]
        )
        .increment(1);
    }
}

/// Middleware for routes outside of the pipeline.
pub(crate) async fn measure(request: Request, next: Next) -> Response {
    let measurement = Measurement::begin(&request);
    let response = next.run(request).await;
    measurement.end(&response);
    response
}

/// The part of the program that answers a route.
fn surface(route: &str) -> &'static str {
    match route {
        "none" => "none",
        "/health" | "/metrics" => "server",
        route if route.starts_with("/u/") => "login",
        route if route.starts_with("/dev/") => "dev",
        route if route.starts_with("/api/") => "management",
        _ => "oauth",
    }
}

/// Methods are free text in HTTP; only known ones become a label.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_makes_up_is_no_label() {
        assert_eq!(method(&Method::from_bytes(b"SECRET").unwrap()), "other");
        assert_eq!(method(&Method::POST), "POST");
        assert_eq!(surface("none"), "none");
        assert_eq!(surface("/u/login"), "login");
        assert_eq!(surface("/oauth/token"), "oauth");
        assert_eq!(surface("/health"), "server");
    }
}
