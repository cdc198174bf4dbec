//! A browser: sends requests to the routes, keeps cookies, fills forms in.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::middleware::from_fn_with_state;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use keywright_web::tenancy;
use tower::ServiceExt as _;

use crate::site::{DOMAIN, Site};

pub(crate) struct Browser {
    routes: Router,
    cookies: BTreeMap<String, String>,
    languages: Option<String>,
    address: Option<IpAddr>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    /// Value of the field `name` in the page's form, unescaped as far as our values need it.
    pub(crate) fn field(&self, name: &str) -> String {
        let (_, rest) = self.body.split_once(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("{}", self.body));
        let tag = rest.split('>').next().unwrap();
        let value = tag.split_once("value=\"").unwrap().1.split('"').next().unwrap();
        value.replace("&#38;", "&")
    }
}

impl Browser {
    pub(crate) fn new(site: &Site) -> Self {
        let app = site.app.clone();
        let routes =
            keywright_login::router(&app).layer(from_fn_with_state(app.clone(), tenancy::resolve)).with_state(app);
        Self { routes, cookies: BTreeMap::new(), languages: None, address: None }
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub(crate) fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// Sends `Accept-Language` from now on.
    pub(crate) fn set_languages(&mut self, accept_language: &str) {
        self.languages = Some(accept_language.to_owned());
    }

    /// Comes from this address from now on.
    pub(crate) fn set_address(&mut self, address: &str) {
        self.address = Some(address.parse().unwrap());
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], String::new()).await
    }

    /// Posts what a page of ours would: with the headers that browsers send from it.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_with(path, fields, &[("sec-fetch-site", "same-origin"), ("origin", "null")]).await
    }

    pub(crate) async fn post_with(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&'static str, &str)],
    ) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, path, headers, body).await
    }

    /// Loads `path` and submits its form with `fields` added.
    pub(crate) async fn submit(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{}", page.body);
        self.submit_page(path, &page, fields).await
    }

    /// Submits the form of a page that was loaded before, with its hidden fields.
    pub(crate) async fn submit_page(&mut self, path: &str, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let (state, csrf) = (page.field("state"), page.field("_csrf"));
        let asked = if page.body.contains("name=\"asked\"") { page.field("asked") } else { String::new() };
        let mut all = vec![("state", state.as_str()), ("_csrf", csrf.as_str()), ("asked", asked.as_str())];
        all.extend_from_slice(fields);
        self.post(path, &all).await
    }

    async fn send(&mut self, method: Method, path: &str, headers: &[(&'static str, &str)], body: String) -> Answer {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, DOMAIN)
            .header(header::COOKIE, cookies.join("; "))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(languages) = &self.languages {
            request = request.header(header::ACCEPT_LANGUAGE, languages);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(address) = self.address {
            request = request.extension(ConnectInfo(SocketAddr::new(address, 50_000)));
        }
        let response = self.routes.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Answer { status: parts.status, headers: parts.headers, body }
    }
}
