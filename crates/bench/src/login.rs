//! A whole login with user name and password, as a browser does it: `/authorize`, the page, the form, the code.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use http::{HeaderMap, Method, Request};
use http_body_util::Full;

use crate::connection::{Answer, Connection, form};
use crate::load::Workload;
use crate::seed::{PASSWORD, Seeds};

/// Logins of many users, each in a browser without cookies.
pub(crate) struct Login {
    domain: String,
    start: String,
    users: Vec<String>,
    next: AtomicUsize,
}

impl Login {
    pub(crate) fn new(seeds: &Seeds) -> Self {
        let callback = seeds.web.client.callbacks.first().unwrap();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("response_type", "code"), ("client_id", seeds.web.id()), ("redirect_uri", callback)])
            .extend_pairs([("scope", "openid profile email"), ("state", "bench")])
            .finish();
        Self {
            domain: seeds.domain.clone(),
            start: format!("/authorize?{query}"),
            users: seeds.users.clone(),
            next: AtomicUsize::new(0),
        }
    }
}

impl Workload for Login {
    async fn perform(&self, connection: &mut Connection) -> bool {
        let number = self.next.fetch_add(1, Ordering::Relaxed) % self.users.len().max(1);
        let Some(user) = self.users.get(number) else { return false };
        let mut visitor = Visitor { domain: &self.domain, number, cookies: Vec::new() };
        let answer = visitor.send(connection, Method::GET, &self.start, Full::default()).await;
        let page_path = location(&answer);
        let page = visitor.send(connection, Method::GET, &page_path, Full::default()).await;
        let html = String::from_utf8_lossy(&page.body);
        let hidden = hidden_fields(&html);
        let mut fields: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.extend([("username", user.as_str()), ("password", PASSWORD)]);
        let answer = visitor.send(connection, Method::POST, &page_path, form(&fields)).await;
        let answer = visitor.send(connection, Method::GET, &location(&answer), Full::default()).await;
        let callback = location(&answer);
        assert!(callback.starts_with("https://app.example.com/callback?code="), "no code: {callback}");
        true
    }
}

/// A browser's cookies.
struct Visitor<'a> {
    domain: &'a str,
    number: usize,
    cookies: Vec<String>,
}

impl Visitor<'_> {
    async fn send(&mut self, connection: &mut Connection, method: Method, path: &str, body: Full<Bytes>) -> Answer {
        let mut request = Request::builder()
            .uri(path)
            .header(HOST, self.domain)
            .header(ACCEPT, "text/html")
            .header("x-forwarded-for", format!("198.51.100.{}", self.number % 250))
            .header(COOKIE, self.cookies.join("; "));
        if method == Method::POST {
            request = request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(ORIGIN, "null")
                .header("sec-fetch-site", "same-origin");
        }
        let answer = connection.send(request.method(method).body(body).unwrap()).await;
        let text = String::from_utf8_lossy(&answer.body);
        assert!(answer.status.is_success() || answer.status.is_redirection(), "{path}: {} {text}", answer.status);
        self.keep(&answer.headers);
        answer
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(SET_COOKIE) {
            let pair = line.to_str().unwrap().split(';').next().unwrap_or_default().to_owned();
            let name = pair.split('=').next().unwrap_or_default();
            self.cookies.retain(|kept| kept.split('=').next() != Some(name));
            self.cookies.push(pair);
        }
    }
}

fn location(answer: &Answer) -> String {
    let target = answer.headers.get(LOCATION).expect("a redirect").to_str().unwrap();
    target.to_owned()
}

/// Names and values of the hidden fields of a page with one form.
fn hidden_fields(html: &str) -> Vec<(&str, String)> {
    let attribute = |tag: &'_ str, name: &str| -> Option<(usize, usize)> {
        let start = tag.find(&format!("{name}=\""))? + name.len() + 2;
        Some((start, start + tag.get(start..)?.find('"')?))
    };
    html.split("<input")
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
        .filter(|tag| tag.contains("type=\"hidden\""))
        .filter_map(|tag| {
            let (start, end) = attribute(tag, "name")?;
            let name = tag.get(start..end)?;
            let (start, end) = attribute(tag, "value")?;
            Some((name, tag.get(start..end)?.replace("&#x2F;", "/").replace("&#38;", "&").replace("&amp;", "&")))
        })
        .collect()
}
