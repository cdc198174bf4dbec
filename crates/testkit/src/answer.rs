//! A response, read in full, with the questions that tests ask.

use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use url::Url;

/// A response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status line.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body as text.
    pub body: String,
    /// Body as it was sent; text unless the content type is that of a certificate or a compressed file.
    pub bytes: Vec<u8>,
}

impl Answer {
    pub(crate) async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a complete body").to_bytes();
        let kind = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let binary = ["application/pkix-cert", "application/gzip"].contains(&kind);
        let body = if binary { String::new() } else { String::from_utf8(bytes.to_vec()).expect("a body in UTF-8") };
        Self { status: parts.status, headers: parts.headers, body, bytes: bytes.to_vec() }
    }

    /// A header as text; panics when it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no header {name} in {self:#?}")).to_str().unwrap()
    }

    /// `Location` as it was sent.
    #[must_use]
    pub fn location(&self) -> &str {
        self.header(header::LOCATION.as_str())
    }

    /// A query parameter of `Location`.
    #[must_use]
    pub fn location_parameter(&self, name: &str) -> Option<String> {
        let base = Url::parse("https://base.invalid/").unwrap();
        let url = base.join(self.location()).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:#?}"))
    }

    /// A text member of the JSON body; panics when it is missing.
    #[must_use]
    pub fn text(&self, member: &str) -> String {
        self.json()[member].as_str().unwrap_or_else(|| panic!("no {member} in {}", self.body)).to_owned()
    }

    /// Claims of a JWT member of the JSON body, without verification.
    #[must_use]
    pub fn claims(&self, member: &str) -> Value {
        jwt_part(&self.text(member), 1)
    }

    /// Header of a JWT member of the JSON body.
    #[must_use]
    pub fn jwt_header(&self, member: &str) -> Value {
        jwt_part(&self.text(member), 0)
    }

    /// Value of an input of the HTML body, as a browser reads it.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<String> {
        let tag = self.body.split("<input").find(|tag| tag.contains(&format!("name=\"{name}\"")))?;
        let tag = tag.split('>').next()?;
        Some(unescaped(tag.split("value=\"").nth(1)?.split('"').next()?))
    }

    /// Status, OAuth code and description in one value, for one assertion.
    #[must_use]
    pub fn oauth_error(&self) -> (u16, String, String) {
        (self.status.as_u16(), self.text("error"), self.text("error_description"))
    }
}

/// Text of HTML: each entity once, so that an escaped entity stays one. Panics at an entity that our templates do not write.
#[must_use]
pub fn unescaped(html: &str) -> String {
    const ENTITIES: [(&str, &str); 5] = [("#34;", "\""), ("#38;", "&"), ("#39;", "'"), ("#60;", "<"), ("#62;", ">")];
    let mut parts = html.split('&');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (entity, plain) =
            ENTITIES.iter().find(|(entity, _)| part.starts_with(entity)).unwrap_or_else(|| panic!("&{part}"));
        text += plain;
        text += &part[entity.len()..];
    }
    text
}

/// Claims of a JWT, without verification.
#[must_use]
pub fn jwt_claims(token: &str) -> Value {
    jwt_part(token, 1)
}

fn jwt_part(token: &str, part: usize) -> Value {
    let text = token.split('.').nth(part).expect("a JWT");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64url")).expect("JSON")
}
