//! An authorization response as the application receives it, whatever the response mode.

use std::collections::BTreeMap;

use keywright_testkit::{Answer, unescaped};
use serde_json::Value;

/// The mode of a response and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) mode: &'static str,
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Received {
    /// Value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// Value of a parameter that has to be there.
    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_else(|| panic!("no {name} in {self:#?}")).to_owned()
    }

    /// Names of the parameters, in order of the alphabet.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.parameters.keys().map(String::as_str).collect()
    }
}

/// Reads a response. No parameter is anywhere but in the one place that the mode has for it.
#[track_caller]
pub(crate) fn received(answer: &Answer) -> Received {
    assert_eq!(answer.header("cache-control"), "no-store", "{answer:#?}");
    if answer.status.is_redirection() {
        let (target, fragment) = answer.location().split_once('#').unwrap_or((answer.location(), ""));
        let query = target.split_once('?').map_or("", |(_, query)| query);
        let (mode, text) = if fragment.is_empty() { ("query", query) } else { ("fragment", fragment) };
        if mode == "fragment" {
            assert_eq!(query, "", "nothing in the query: {answer:#?}");
        }
        return Received { mode, parameters: url::form_urlencoded::parse(text.as_bytes()).into_owned().collect() };
    }
    assert_eq!(answer.status, 200, "{answer:#?}");
    if let Some(message) = attribute(answer, "data-message") {
        let message: Value = serde_json::from_str(&message).unwrap();
        assert_eq!(message["type"], "authorization_response");
        assert_eq!(message.as_object().unwrap().len(), 2, "{message}");
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let response = message["response"].as_object().unwrap();
        let parameters = response.iter().map(|(name, value)| (name.clone(), text(value))).collect();
        return Received { mode: "web_message", parameters };
    }
    let inputs = answer.body.split("<input type=\"hidden\" name=\"").skip(1);
    let parameters = inputs.map(|tag| {
        let (name, rest) = tag.split_once('"').unwrap();
        let value = rest.split("value=\"").nth(1).unwrap().split('"').next().unwrap();
        (name.to_owned(), unescaped(value))
    });
    Received { mode: "form_post", parameters: parameters.collect() }
}

/// An attribute of the element that the page's script reads.
pub(crate) fn attribute(answer: &Answer, name: &str) -> Option<String> {
    let after = answer.body.split_once("<div id=\"response\"")?.1.split_once(&format!(" {name}=\""))?.1;
    Some(unescaped(after.split('"').next()?))
}
