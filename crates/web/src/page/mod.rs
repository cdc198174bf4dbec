//! Page kit: what every HTML page of an instance has in common.
//!
//! A page is a typed askama template that implements [`Page`]; [`respond`] turns it into a response with the security
//! headers of WB-01, WB-03, WB-06 and WB-07. The pages of a crate stand in one table, made by [`pages!`](crate::pages);
//! a test renders each of them in each of its samples. No page but the playground needs JavaScript, and none loads anything
//! from another host except what the tenant configured: logo, icon, background picture, font.

mod address;
pub mod audit;
mod background;
mod branding;
mod color;
mod css;
mod custom_error;
mod error_answer;
mod error_page;
mod form_post;
mod language;
mod palette;
mod preferred_languages;
mod sample;
mod security_headers;
mod shell;
mod stylesheet;
mod text;
mod text_audit;
mod texts;
mod theme;
mod web_message;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

pub use address::{FontUrl, ImageUrl, LinkUrl};
pub use background::Background;
pub use branding::Branding;
pub use color::Color;
pub use custom_error::ErrorFacts;
use custom_error::custom_error;
pub use error_answer::ErrorAnswer;
pub use error_page::{Cause, ErrorPage, LOST_TRANSACTION};
pub use form_post::{FormPostPage, UnsafeTarget};
pub use language::Language;
pub use palette::{Palette, Scheme};
pub use preferred_languages::PreferredLanguages;
pub use sample::{PageEntry, RenderedSample, Sample};
pub use security_headers::{Forms, Policy, Script};
pub use shell::{Nonce, Shell};
pub use text::{Span, fill, spans};
pub use texts::{compiled_in, customized};
pub use theme::{Font, Shape, Theme};
pub use web_message::WebMessagePage;

/// An HTML page: a template with everything it shows in typed fields.
pub trait Page: askama::Template {
    /// Name in the table of pages; also the file name of its rendered samples.
    const NAME: &'static str;
    /// What its forms may do.
    const FORMS: Forms;
    /// What its script may do, if it carries one: the form of `response_mode=form_post` that submits itself, and the message of
    /// `response_mode=web_message`, and the playground, which is an application. No other page has one.
    const SCRIPT: Script = Script::None;

    /// What the page shares with all pages of the tenant.
    fn shell(&self) -> &Shell;

    /// Images from other hosts that the page shows.
    fn images(&self) -> Vec<&ImageUrl> {
        self.shell().branding.logo.iter().collect()
    }

    /// The one origin whose pages may show this page in a frame; `None` for all pages but the one that is made for it.
    fn framed_by(&self) -> Option<&str> {
        None
    }

    /// The page in every state worth looking at, with the name of the state.
    fn samples(sample: &Sample) -> Vec<(&'static str, Self)>
    where
        Self: Sized;
}

/// The page as a response with its security headers.
pub fn respond<P: Page>(status: StatusCode, page: &P) -> Response {
    let headers = headers(page);
    match page.render() {
        Ok(html) => (status, headers, html).into_response(),
        // Rendering writes into a string and reads plain fields, so this is a defect of a template. There is no page
        // to show it with.
        Err(error) => {
            tracing::error!(page = P::NAME, %error, "a page could not be rendered");
            (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error").into_response()
        }
    }
}

/// The headers with which `page` is served.
pub fn headers<P: Page>(page: &P) -> HeaderMap {
    let policy = Policy {
        nonce: &page.shell().nonce,
        images: page.images().into_iter().chain(page.shell().branding.further_images()).collect(),
        font: page.shell().branding.font.as_ref(),
        script: P::SCRIPT,
        forms: P::FORMS,
        framed_by: page.framed_by(),
        keeps_opener: page.shell().keeps_opener,
        strict_transport: page.shell().strict_transport,
    };
    let mut headers = policy.headers();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(page.shell().language.tag()));
    // RFC 9110 §12.5.5: the "parts of a request message, aside from the method and target URI, might have influenced"
    // the response.
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Language"));
    headers
}

crate::pages! {
    /// The pages that are not a step of a login: shown by whichever crate answers the request.
    pub const PAGES = [ErrorPage, FormPostPage, WebMessagePage];
}

#[cfg(test)]
mod tests;
