//! A browser without scripts: keeps cookies, follows nothing on its own, fills in forms.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use cookie::Cookie;
use http::{Method, Request, header};

use crate::{Answer, TestApp};

/// One browser. Clones share the cookies, as tabs do.
#[derive(Clone)]
pub struct Browser {
    app: TestApp,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
    /// `Accept-Language`.
    languages: Option<String>,
}

impl Browser {
    pub(crate) fn new(app: &TestApp) -> Self {
        Self { app: app.clone(), cookies: Arc::default(), languages: None }
    }

    /// The same browser, set to these languages.
    #[must_use]
    pub fn speaking(&self, accept_language: &str) -> Self {
        Self { languages: Some(accept_language.to_owned()), ..self.clone() }
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Answer {
        let request = self.request(Method::GET, path).header(header::ACCEPT, "text/html,application/xhtml+xml");
        self.send(request.body(String::new()).unwrap()).await
    }

    /// `POST path` with a form, as a page of our own posts it.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_from(path, fields, &[("origin", "null"), ("sec-fetch-site", "same-origin")]).await
    }

    /// `POST path` with a form of a page about which `headers` tell.
    pub async fn post_from(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = self
            .request(Method::POST, path)
            .header(header::ACCEPT, "text/html,application/xhtml+xml")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body).unwrap()).await
    }

    /// Loads a page and submits its form with `fields`.
    pub async fn fill_in(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{page:#?}");
        self.submit(path, &page, fields).await
    }

    /// Submits the form of a page: its hidden fields, and `fields`.
    pub async fn submit(&self, path: &str, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let hidden: Vec<(String, String)> = page
            .body
            .split("<input")
            .skip(1)
            .filter_map(|tag| tag.split('>').next())
            .filter(|tag| tag.contains("type=\"hidden\""))
            .filter_map(|tag| {
                let name = tag.split("name=\"").nth(1)?.split('"').next()?.to_owned();
                let value = page.input(&name)?;
                Some((name, value))
            })
            .collect();
        let own = hidden.iter().filter(|(name, _)| !fields.iter().any(|(field, _)| field == name));
        let all: Vec<(&str, &str)> =
            own.map(|(name, value)| (name.as_str(), value.as_str())).chain(fields.iter().copied()).collect();
        self.post(path, &all).await
    }

    /// Logs in on the page that `answer` redirects to and answers the consent page, if there is one, with yes. Gives the
    /// redirect to the application.
    pub async fn log_in(&self, answer: &Answer, email: &str, password: &str) -> Answer {
        let path = answer.location().to_owned();
        assert!(path.starts_with("/u/login?state="), "not sent to the login page: {answer:#?}");
        let answer = self.fill_in(&path, &[("username", email), ("password", password)]).await;
        assert_eq!(answer.status, 303, "login failed: {answer:#?}");
        self.consent(self.get(answer.location()).await, "accept").await
    }

    /// Answers the consent page with `action` where `answer` leads there; else `answer` itself.
    pub async fn consent(&self, answer: Answer, action: &str) -> Answer {
        if answer.headers.get(header::LOCATION).is_none() || !answer.location().starts_with("/u/consent?") {
            return answer;
        }
        let path = answer.location().to_owned();
        let answer = self.fill_in(&path, &[("action", action)]).await;
        assert_eq!(answer.status, 303, "{answer:#?}");
        self.get(answer.location()).await
    }

    /// Value of a cookie.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap().get(name).cloned()
    }

    /// Plants or removes a cookie.
    pub fn set_cookie(&self, name: &str, value: Option<&str>) {
        let mut cookies = self.cookies.lock().unwrap();
        match value {
            Some(value) => cookies.insert(name.to_owned(), value.to_owned()),
            None => cookies.remove(name),
        };
    }

    /// A request with this browser's cookies, to be completed and sent by [`Browser::send`].
    pub fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let cookies = self.cookies.lock().unwrap();
        let line: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().method(method).uri(path);
        if let Some(languages) = &self.languages {
            request = request.header(header::ACCEPT_LANGUAGE, languages);
        }
        if line.is_empty() { request } else { request.header(header::COOKIE, line.join("; ")) }
    }

    /// Sends a request and keeps the cookies of the answer.
    pub async fn send(&self, request: Request<String>) -> Answer {
        let answer = self.app.send(request).await;
        let mut cookies = self.cookies.lock().unwrap();
        for value in answer.headers.get_all(header::SET_COOKIE) {
            let cookie = Cookie::parse(value.to_str().unwrap().to_owned()).expect("a Set-Cookie header");
            if cookie.max_age().is_some_and(cookie::time::SignedDuration::is_zero) {
                cookies.remove(cookie.name());
            } else {
                cookies.insert(cookie.name().to_owned(), cookie.value().to_owned());
            }
        }
        answer
    }
}
