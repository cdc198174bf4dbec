//! `/playground`: both flows, step by step. In English only: it speaks about parameters, and they are English everywhere.

use askama::Template;
use keywright_web::page::{Forms, Language, Page, Sample, Script, Shell};

/// Its script, one part after the other. Not a template: whatever is in it, it stays what it is.
const SCRIPT: &str = concat!(
    include_str!("../../templates/playground/wire.js"),
    include_str!("../../templates/playground/tokens.js"),
    include_str!("../../templates/playground/device.js"),
    include_str!("../../templates/playground/code.js"),
    include_str!("../../templates/playground/start.js"),
);

/// The page. What is on it besides these values is made by its script.
#[derive(Clone, Debug, Template)]
#[template(path = "playground/page.html")]
pub(crate) struct PlaygroundPage {
    pub(crate) shell: Shell,
    /// `iss`, with the slash at the end.
    pub(crate) issuer: String,
    /// The application that it is; may be empty.
    pub(crate) client_id: String,
    /// The API that it asks for; may be empty.
    pub(crate) audience: String,
    /// The scopes that it asks for.
    pub(crate) scope: String,
}

impl PlaygroundPage {
    #[expect(clippy::unused_self, reason = "templates call methods")]
    const fn script(&self) -> &'static str {
        SCRIPT
    }
}

impl Page for PlaygroundPage {
    const NAME: &'static str = "playground";
    const FORMS: Forms = Forms::None;
    const SCRIPT: Script = Script::Connected;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        if sample.shell.language != Language::En {
            return Vec::new();
        }
        let page = Self {
            shell: sample.shell.clone(),
            issuer: sample.text("https://login.example.com/"),
            client_id: sample.text("7ZGbP3pS0aL2xQ9mV4cKtY8wR1nB6dFe"),
            audience: sample.text("appointments:api"),
            scope: sample.text("openid profile email offline_access"),
        };
        vec![("start", page)]
    }
}

#[cfg(test)]
mod tests {
    use keywright_web::page::headers;

    use super::*;

    #[test]
    fn wb_06_its_script_may_talk_to_its_own_origin_and_nobody_else() {
        let (_, page) = PlaygroundPage::samples(&Sample::plain()).remove(0);
        let headers = headers(&page);
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert_eq!(
            policy,
            "default-src 'none'; base-uri 'none'; frame-ancestors 'none'; style-src 'nonce-c2FtcGxlLW5vbmNl'; \
             img-src data:; script-src 'nonce-c2FtcGxlLW5vbmNl'; connect-src 'self'; form-action 'none'"
        );
    }

    #[test]
    fn wb_01_its_script_makes_no_html_of_texts_and_keeps_no_token() {
        for forbidden in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "localStorage",
            "document.cookie",
            "</",
        ] {
            assert!(!SCRIPT.contains(forbidden), "{forbidden}");
        }
        // What outlives the page is what the request was made with.
        assert_eq!(SCRIPT.matches("sessionStorage.setItem").count(), 1);
    }
}
