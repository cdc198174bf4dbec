//! `POST /dev/clock`: moves the server's clock, so that a test suite need not wait for a token to expire.
//!
//! OP-05: "Test-only features … cannot be enabled on a listener that is not loopback": the route exists only under
//! `--test-controls`, which other listeners refuse, and it answers loopback peers only.

use std::net::SocketAddr;

use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use keywright_app::App;
use serde::Deserialize;
use serde_json::json;

use crate::listener::is_loopback;

/// The route, for servers with test controls.
pub(crate) fn router() -> Router<App> {
    Router::new().route("/dev/clock", post(set))
}

/// One movement of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Movement {
    /// Seconds forward, or back when negative.
    AdvanceSeconds(i64),
    /// Stop (`true`) or run on (`false`).
    Freeze(bool),
    /// The present, in RFC 3339.
    Now(Timestamp),
}

/// Answers where the clock stands. Only JSON is taken: a page in a browser cannot send it across origins unasked.
async fn set(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    movement: Result<Json<Movement>, JsonRejection>,
) -> Response {
    // A tunnel or proxy on this machine speaks for somebody who is not.
    let forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];
    if !is_loopback(peer.ip()) || forwarded.iter().any(|name| headers.contains_key(*name)) {
        return refusal(StatusCode::FORBIDDEN, "test controls answer this machine only");
    }
    let Ok(Json(movement)) = movement else {
        return refusal(
            StatusCode::BAD_REQUEST,
            r#"send one of {"advance_seconds":60}, {"freeze":true} and {"now":"2030-01-01T00:00:00Z"} as application/json"#,
        );
    };
    let clock = app.clock();
    match movement {
        Movement::AdvanceSeconds(seconds) => clock.advance(SignedDuration::from_secs(seconds)),
        Movement::Freeze(frozen) => clock.set_frozen(frozen),
        Movement::Now(now) => clock.set(now),
    }
    tracing::info!(now = %clock.now(), frozen = clock.is_frozen(), "clock moved");
    Json(json!({ "now": clock.now(), "frozen": clock.is_frozen() })).into_response()
}

fn refusal(status: StatusCode, message: &'static str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movement_is_exactly_one_member() {
        let read = |json: &str| serde_json::from_str::<Movement>(json).ok();
        assert_eq!(read(r#"{"advance_seconds":-5}"#), Some(Movement::AdvanceSeconds(-5)));
        assert_eq!(read(r#"{"freeze":false}"#), Some(Movement::Freeze(false)));
        assert_eq!(
            read(r#"{"now":"2030-01-01T00:00:00Z"}"#),
            Some(Movement::Now("2030-01-01T00:00:00Z".parse().unwrap()))
        );
        for wrong in
            ["{}", r#"{"advance_seconds":1,"freeze":true}"#, r#"{"now":"soon"}"#, r#"{"advance_seconds":null}"#, "[]"]
        {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
