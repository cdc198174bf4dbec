//! The page of `response_mode=form_post` (OAuth 2.0 Form Post Response Mode §2): a form with the response parameters
//! that submits itself to the application, and has a button where scripts do not run.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use url::Url;

use super::{Forms, Page, Sample, Script, Shell, fill, respond, texts};

/// The target's scheme would run script in the browser or reach a file, so it is never put into a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsafeTarget;

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "form_post.html")]
pub struct FormPostPage {
    shell: Shell,
    client_name: String,
    action: String,
    parameters: Vec<(String, String)>,
}

impl FormPostPage {
    /// A form that posts `parameters`, in this order, to `redirect_uri` of the application named `client_name`.
    ///
    /// RU-05: "Allow only https, http on loopback, and private-use schemes containing a dot": `redirect_uri` was
    /// compared with the registered ones before, and registration refuses other schemes. A row that got into the
    /// database some other way must not become script, so the scheme is looked at here again.
    pub fn new(
        shell: Shell,
        client_name: &str,
        redirect_uri: &str,
        parameters: Vec<(String, String)>,
    ) -> Result<Self, UnsafeTarget> {
        let url = Url::parse(redirect_uri).map_err(|_| UnsafeTarget)?;
        if !matches!(url.scheme(), "https" | "http") && !url.scheme().contains('.') {
            return Err(UnsafeTarget);
        }
        // The address as registered, not as the parser writes it: the application compares it byte by byte.
        Ok(Self { shell, client_name: client_name.to_owned(), action: redirect_uri.to_owned(), parameters })
    }

    /// The page as a response. Form Post Response Mode §2: "encoded as HTML form values that are auto-submitted in the
    /// User Agent", hence 200.
    #[must_use]
    pub fn respond(&self) -> Response {
        respond(StatusCode::OK, self)
    }

    fn texts(&self) -> &FormPostTexts {
        &texts::of(&self.shell).form_post.form_post
    }

    fn description(&self) -> String {
        fill(&self.texts().description, &[("clientName", &self.client_name)])
    }
}

impl Page for FormPostPage {
    const NAME: &'static str = "form-post";
    const FORMS: Forms = Forms::LeadAway;
    const SCRIPT: Script = Script::Alone;

    fn shell(&self) -> &Shell {
        &self.shell
    }

    fn samples(sample: &Sample) -> Vec<(&'static str, Self)> {
        let parameters = [("code", "Rk8pWqX2"), ("state", "xyz \"<&>'")];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), sample.text(value)));
        vec![(
            "code",
            Self {
                shell: sample.shell.clone(),
                client_name: sample.text("Appointments"),
                action: format!("https://app.example/callback?{}", sample.text("x=1")),
                parameters: parameters.to_vec(),
            },
        )]
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FormPostTexts {
    page_title: String,
    title: String,
    description: String,
    button_text: String,
}

#[cfg(test)]
mod tests {
    use super::{FormPostPage, UnsafeTarget};
    use crate::page::Sample;

    #[test]
    fn fe_07_ru_05_script_schemes_never_become_a_form_target() {
        let target =
            |uri: &str| FormPostPage::new(Sample::plain().shell, "App", uri, Vec::new()).map(|page| page.action);
        for uri in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:x",
            "about:blank",
            "/cb",
            "",
        ] {
            assert_eq!(target(uri), Err(UnsafeTarget), "{uri}");
        }
        for uri in ["https://app.example/cb?a=1&b=2", "http://127.0.0.1:3000", "com.example.app:/cb"] {
            assert_eq!(target(uri).as_deref(), Ok(uri));
        }
    }
}
