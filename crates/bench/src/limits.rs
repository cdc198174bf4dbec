//! What the machine itself can do, measured in this run.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::Request;
use keywright_jose::{JwtType, NewSigningKey, Random, Signer, SigningAlg, SigningKey, sign};
use keywright_types::Timestamp;
use serde_json::json;
use tower::ServiceExt as _;

use crate::measure::{in_turn, one_by_one};

/// Times of one unit of each limit.
pub(crate) struct Limits {
    /// One RSA-2048 signature.
    pub(crate) signature: Duration,
    /// One request to a handler that answers "ok", through the same router in this process.
    pub(crate) request: Duration,
    /// One small write and its `fsync`.
    pub(crate) sync: Duration,
}

impl Limits {
    pub(crate) async fn measure() -> Self {
        Self { signature: signature(), request: request().await, sync: sync() }
    }
}

fn signature() -> Duration {
    let new = NewSigningKey::generate_rsa("bench", Timestamp::UNIX_EPOCH, &Random::system()).unwrap();
    let key = SigningKey::load(new.kid, &new.private_key, &new.certificate).unwrap();
    let claims = json!({ "sub": "x" });
    one_by_one(|| drop(sign(JwtType::Jwt, Signer::Rsa(&key, SigningAlg::RS256), &claims)))
}

async fn request() -> Duration {
    let router: Router = Router::new().route("/", get(|| async { "ok" }));
    in_turn(|| async {
        let request = Request::builder().uri("/").body(Body::empty()).unwrap();
        drop(router.clone().oneshot(request).await);
    })
    .await
}

fn sync() -> Duration {
    let mut file = tempfile::tempfile().unwrap();
    one_by_one(|| {
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(&[1; 512]).unwrap();
        file.sync_data().unwrap();
    })
}
