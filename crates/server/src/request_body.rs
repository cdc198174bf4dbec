//! Request bodies are read to their end before a handler runs.
//!
//! A handler that answers without reading (an unknown host, a wrong content type) would otherwise make the server reset
//! the stream while the client still sends. RFC 9113 §8.1 allows that, "requesting that the client stop sending", but
//! curl 7.88 and others take the reset for a failure and lose the answer.

use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::StatusCode;
use http_body_util::{BodyExt, Full, Limited};

/// Bytes of the largest body that any surface may take; each has smaller limits of its own.
pub(crate) const MAX: usize = 1024 * 1024;
/// How long a client may take to send a body.
const DEADLINE: Duration = Duration::from_secs(20);

/// The request with its whole body. A body that is too large becomes one that cannot be read, so that the surface refuses
/// it in its own shape.
pub(crate) async fn collected(request: Request) -> Result<Request, StatusCode> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    match tokio::time::timeout(DEADLINE, read(body)).await {
        Ok(Ok(bytes)) if bytes.len() > MAX => {
            Ok(Request::from_parts(parts, Body::new(Limited::new(Full::from(bytes), MAX))))
        }
        Ok(Ok(bytes)) => Ok(Request::from_parts(parts, Body::from(bytes))),
        // Nobody is left to read this.
        Ok(Err(_)) => Err(StatusCode::BAD_REQUEST),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}

/// At most one byte more than [`MAX`].
async fn read(mut body: Body) -> Result<Vec<u8>, axum::Error> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        let room = (MAX + 1).saturating_sub(bytes.len());
        bytes.extend_from_slice(data.get(..room).unwrap_or(&data));
        if bytes.len() > MAX {
            break;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_that_is_too_large_stays_too_large() {
        assert_eq!(read(Body::from(vec![7; 5])).await.unwrap(), [7; 5]);
        assert_eq!(read(Body::from(vec![7; MAX])).await.unwrap().len(), MAX);
        assert_eq!(read(Body::from(vec![7; 3 * MAX])).await.unwrap().len(), MAX + 1);
        assert!(read(Body::empty()).await.unwrap().is_empty());
    }
}
