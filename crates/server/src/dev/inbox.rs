//! `/dev/inbox`: mails that a production server would have sent, as a page for people and as JSON for tests.
//!
//! OP-05: the routes exist in `keywright dev` only, and answer peers on this machine only.

use std::net::SocketAddr;

use askama::Template;
use axum::extract::{ConnectInfo, Path};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use keywright_app::App;
use keywright_app::mail::{Inbox, ReceivedMail};
use serde_json::{Value, json};

use crate::listener::is_loopback;

/// The routes.
pub(super) fn router(inbox: Inbox) -> Router<App> {
    Router::new()
        .route("/dev/inbox", get(list).delete(clear))
        .route("/dev/inbox/{id}", get(show))
        .layer(Extension(inbox))
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct ListPage {
    mails: Vec<ReceivedMail>,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct MailPage {
    mail: ReceivedMail,
}

async fn list(
    Extension(inbox): Extension<Inbox>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    if let Some(refused) = refusal(peer, &headers) {
        return refused;
    }
    let mails = inbox.mails();
    if wants_page(&headers) {
        page(&ListPage { mails })
    } else {
        Json(mails.iter().map(document).collect::<Vec<_>>()).into_response()
    }
}

async fn show(
    Extension(inbox): Extension<Inbox>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path(id): Path<u64>,
) -> Response {
    if let Some(refused) = refusal(peer, &headers) {
        return refused;
    }
    match inbox.mail(id) {
        Some(mail) if wants_page(&headers) => page(&MailPage { mail }),
        Some(mail) => Json(document(&mail)).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({ "error": "there is no such mail" }))).into_response(),
    }
}

async fn clear(
    Extension(inbox): Extension<Inbox>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    if let Some(refused) = refusal(peer, &headers) {
        return refused;
    }
    inbox.clear();
    StatusCode::NO_CONTENT.into_response()
}

/// A tunnel or proxy on this machine speaks for somebody who is not.
fn refusal(peer: SocketAddr, headers: &HeaderMap) -> Option<Response> {
    let forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];
    let foreign = !is_loopback(peer.ip()) || forwarded.iter().any(|name| headers.contains_key(*name));
    foreign.then(|| {
        (StatusCode::FORBIDDEN, Json(json!({ "error": "the inbox answers this machine only" }))).into_response()
    })
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn document(mail: &ReceivedMail) -> Value {
    let message = &mail.message;
    json!({
        "id": mail.id,
        "date": message.date,
        "from": message.from,
        "to": message.to,
        "template": message.template,
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
    })
}

fn page(template: &impl Template) -> Response {
    let Ok(html) = template.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    // The mail itself stands in a sandbox without scripts; it may show a logo, as mail programs do.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; frame-src 'self'; \
                  frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (headers, html).into_response()
}
