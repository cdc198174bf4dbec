//! Passwords that are known to be public (LG-15: "by k-anonymity […]; failure of the source never blocks login").
//!
//! The operator names a source that answers by range: it gets the first five hexadecimal digits of the password's SHA-1 and
//! gives all the rest that it knows, of some thousand passwords. Nobody there learns which of them was meant, or whether any
//! was. Auth0's own rule for tests (§7.9) needs no source.

use std::fmt::Write as _;
use std::time::Duration;

use aws_lc_rs::digest;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use keywright_egress::OutboundRequest;

use crate::App;

/// §7.9: "passwords starting with `AUTH0-TEST-` are treated as leaked for testing".
const TEST_PREFIX: &str = "AUTH0-TEST-";
/// How long a login waits for the source.
const PATIENCE: Duration = Duration::from_secs(2);
/// Digits that the source is told.
const TOLD: usize = 5;

/// A source that answers by range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreachedPasswordSource(String);

/// Not the address of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be an https address that ends with \"/\": the five digits are put behind it")]
pub struct InvalidSource;

impl BreachedPasswordSource {
    /// The source at `url`, behind which the digits are put: `https://…/range/`.
    pub fn at(url: &str) -> Result<Self, InvalidSource> {
        let parsed = url::Url::parse(url).map_err(|_| InvalidSource)?;
        let plain = parsed.scheme() == "https" && parsed.query().is_none() && parsed.fragment().is_none();
        if plain && url.ends_with('/') { Ok(Self(url.to_owned())) } else { Err(InvalidSource) }
    }
}

impl App {
    /// Has this node ask `source` about passwords, in tenants that want it. Called while the instance is put together; the
    /// first call counts.
    pub fn screen_passwords_with(&self, source: BreachedPasswordSource) {
        if self.breached_passwords().set(source).is_err() {
            tracing::warn!("there is a source of breached passwords already");
        }
    }

    /// Whether everybody knows `password`. When the source does not answer in time, nobody is taken to know it.
    pub(crate) async fn is_breached(&self, password: &str) -> bool {
        if password.starts_with(TEST_PREFIX) {
            return true;
        }
        let Some(source) = self.breached_passwords().get() else { return false };
        let (result, breached) = match tokio::time::timeout(PATIENCE, self.ask(source, password)).await {
            Ok(Ok(true)) => ("breached", true),
            Ok(Ok(false)) => ("unknown", false),
            Ok(Err(cause)) => {
                tracing::warn!(cause, "a password was not screened");
                ("failed", false)
            }
            Err(_) => {
                tracing::warn!(cause = "the source did not answer in time", "a password was not screened");
                ("failed", false)
            }
        };
        metrics::counter!("keywright_breached_password_checks_total", "result" => result).increment(1);
        breached
    }

    async fn ask(&self, source: &BreachedPasswordSource, password: &str) -> Result<bool, String> {
        let digits = sha1_hex(password);
        let (told, kept) = digits.split_at_checked(TOLD).unwrap_or_default();
        // The length of the answer says nothing either, where the source knows this header.
        let padding = (HeaderName::from_static("add-padding"), HeaderValue::from_static("true"));
        let request = OutboundRequest {
            method: Method::GET,
            url: format!("{}{told}", source.0),
            headers: HeaderMap::from_iter([padding]),
            body: Bytes::new(),
        };
        let answer = self.egress().send(request).await.map_err(|error| error.to_string())?;
        if answer.status() != StatusCode::OK {
            return Err(format!("the source answered {}", answer.status().as_u16()));
        }
        let text = std::str::from_utf8(answer.body()).map_err(|_| "the source did not answer in text".to_owned())?;
        Ok(contains(text, kept))
    }
}

/// Whether the lines `REST:COUNT` have this rest. A count of 0 is padding.
fn contains(lines: &str, wanted: &str) -> bool {
    let mut known = lines.lines().filter_map(|line| line.trim().split_once(':'));
    known.any(|(rest, count)| rest.eq_ignore_ascii_case(wanted) && !count.trim_start_matches('0').is_empty())
}

fn sha1_hex(password: &str) -> String {
    let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02X}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lg_15_lines_are_compared_whole_and_padding_does_not_count() {
        // RFC 3174 §7.3, test 1.
        assert_eq!(sha1_hex("abc"), "A9993E364706816ABA3E25717850C26C9CD0D89D");
        let lines = "0018A45C4D1DEF81644B54AB7F969B88D65:3\r\n00D4F6E8FA6EECAD2A3AA415EEC418D38EC:0\r\nbroken\r\n";
        assert!(contains(lines, "0018A45C4D1DEF81644B54AB7F969B88D65"));
        assert!(contains(lines, "0018a45c4d1def81644b54ab7f969b88d65"));
        for absent in ["00D4F6E8FA6EECAD2A3AA415EEC418D38EC", "0018A45C4D1DEF81644B54AB7F969B88D6", "broken", ""] {
            assert!(!contains(lines, absent), "{absent}");
        }
    }

    #[test]
    fn lg_15_a_source_is_asked_by_https() {
        assert!(BreachedPasswordSource::at("https://passwords.example/range/").is_ok());
        for wrong in [
            "http://passwords.example/range/",
            "https://passwords.example/range",
            "https://a.example/?x=/",
            "range/",
            "",
        ] {
            assert_eq!(BreachedPasswordSource::at(wrong), Err(InvalidSource), "{wrong}");
        }
    }
}
