//! The page of `response_mode=web_message` (§1.4): a script hands the response to the window that asked for it. Silent
//! authentication runs it in an invisible iframe, a login in a popup ends with it.
//!
//! RU-08: the message has one explicit target origin, so a browser delivers it to no other window, and the page may be
//! framed by that origin alone. In a popup the receiver is the window that opened it (`window.opener`), in an iframe the
//! page around it (`window.parent`): Auth0's SDKs for browsers listen there.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Forms, Page, Sample, Script, Shell, fill, respond, texts};

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "web_message.html")]
pub struct WebMessagePage {
    shell: Shell,
    client_name: String,
    origin: String,
    message: String,
}

impl WebMessagePage {
    /// A page that hands `response` to windows of `origin` (`scheme://host[:port]`), which belong to the application
    /// named `client_name`.
    #[must_use]
    pub fn new(shell: Shell, client_name: &str, origin: &str, response: &Map<String, Value>) -> Self {
        let message = json!({ "type": "authorization_response", "response": response }).to_string();
        let shell = Shell { keeps_opener: true, ..shell };
        Self { shell, client_name: client_name.to_owned(), origin: origin.to_owned(), message }
    }

    /// The page as a response.
    #[must_use]
    pub fn respond(&self) -> Response {
        respond(StatusCode::OK, self)
    }

    fn texts(&self) -> &WebMessageTexts {
        &texts::of(&self.shell).web_message.web_message
    }

    fn description(&self) -> String {
        fill(&self.texts().description, &[("clientName", &self.client_name)])
    }
}

impl Page for WebMessagePage {
    const NAME: &'static str = "web-message";
    const FORMS: Forms = Forms::None;
    const SCRIPT: Script = Script::Alone;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn framed_by(&self) -> Option<&str> {
        Some(&self.origin)
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        let response = [("code", "Rk8pWqX2"), ("state", "xyz \"<&>'")];
        let response: Map<String, Value> =
            response.map(|(name, value)| (name.to_owned(), sample.text(value).into())).into_iter().collect();
        let name = sample.text("Appointments");
        vec![("code", Self::new(sample.shell.clone(), &name, "https://app.example", &response))]
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WebMessageTexts {
    page_title: String,
    title: String,
    description: String,
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use crate::page::{Sample, WebMessagePage};

    #[test]
    fn ru_08_one_origin_may_frame_the_page_and_receives_the_message() {
        let page = WebMessagePage::new(Sample::plain().shell, "App", "https://app.example:8080", &Map::new());
        let response = page.respond();
        let headers = response.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("; frame-ancestors https://app.example:8080; "), "{policy}");
        assert!(headers.get("x-frame-options").is_none());
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["cross-origin-opener-policy"], "unsafe-none");
        let html = askama::Template::render(&page).unwrap();
        assert!(html.contains(" data-origin=\"https://app.example:8080\">"), "{html}");
        assert!(!html.contains("'*'") && !html.contains("\"*\""), "{html}");
    }
}
