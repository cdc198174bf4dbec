//! Sample values of pages, and the table of pages that tests and the gallery walk through.

use http::HeaderMap;

use super::{Branding, Color, ImageUrl, Language, LinkUrl, Nonce, Page, Shell, headers};

/// Where the samples of pages take their values from. Every text that a page shows passes through [`Sample::text`], so
/// that the escaping tests can put a hostile value into each field of each page.
#[derive(Clone, Debug)]
pub struct Sample {
    /// What all pages share.
    pub shell: Shell,
    hostile: Option<String>,
}

impl Sample {
    /// Friendly values, with the tenant's initial and the default colour.
    #[must_use]
    pub fn plain() -> Self {
        let branding = Branding::new("Acme Health");
        Self { shell: Shell::with(branding, Language::default(), Nonce::from_text("c2FtcGxlLW5vbmNl")), hostile: None }
    }

    /// The same sample in another language.
    #[must_use]
    pub fn in_language(mut self, language: Language) -> Self {
        self.shell.language = language;
        self
    }

    /// Friendly values for a tenant with a logo and a colour.
    #[must_use]
    pub fn branded() -> Self {
        let mut sample = Self::plain();
        sample.shell.branding = Branding::new("Northwind")
            .with_logo(ImageUrl::parse("https://static.example.com/northwind.png"))
            .with_primary(Color::parse("#ffb000"));
        sample
    }

    /// Friendly values for a tenant that changed everything: dark card, own shapes and sizes, pictures and font from elsewhere.
    #[must_use]
    pub fn themed() -> Self {
        let mut sample = Self::plain();
        sample.shell.branding = Branding::new("Contoso").with_documents(&branding(""), &theme(""));
        sample
    }

    /// `payload` in the place of every text.
    #[must_use]
    pub fn hostile(payload: &str) -> Self {
        let Self { mut shell, .. } = Self::branded();
        shell.branding = Branding::new(payload).with_documents(&branding(payload), &theme(payload));
        Self { shell, hostile: Some(payload.to_owned()) }
    }

    /// `friendly`, or the hostile value.
    #[must_use]
    pub fn text(&self, friendly: &str) -> String {
        self.hostile.clone().unwrap_or_else(|| friendly.to_owned())
    }

    /// `friendly` as a link, with the hostile value in its path if there is one.
    #[must_use]
    pub fn link(&self, friendly: &str) -> Option<LinkUrl> {
        LinkUrl::parse(&format!("{friendly}{}", self.hostile.as_deref().unwrap_or_default()))
    }

    /// `friendly` as an image address, with the hostile value in its path if there is one.
    #[must_use]
    pub fn image(&self, friendly: &str) -> Option<ImageUrl> {
        ImageUrl::parse(&format!("{friendly}{}", self.hostile.as_deref().unwrap_or_default()))
    }
}

/// A branding, with `payload` in its addresses.
fn branding(payload: &str) -> serde_json::Value {
    serde_json::json!({
        "colors": { "primary": "#7048e8" },
        "logo_url": format!("https://static.example.com/contoso.png{payload}"),
        "favicon_url": format!("https://static.example.com/icon.png{payload}"),
        "font": { "url": format!("https://fonts.example.com/contoso.woff2{payload}") },
    })
}

/// A theme, with `payload` in its addresses.
fn theme(payload: &str) -> serde_json::Value {
    let font = |size: i64, bold: bool| serde_json::json!({ "size": size, "bold": bold });
    serde_json::json!({
        "colors": {
            "primary_button": "#f2c14e", "primary_button_label": "#ffffff", "widget_background": "#1f2433",
            "widget_border": "#4b5574", "body_text": "#c9d1e5", "header": "#ffffff", "error": "#d03c38",
            "links_focused_components": "#635dff", "input_background": "#2a3146", "input_border": "#3a4260",
            "input_filled_text": "#ffffff", "input_labels_placeholders": "#8a93ab", "success": "#13a688",
            "secondary_button_border": "#4b5574", "secondary_button_label": "#c9d1e5", "icons": "#65676e",
        },
        "borders": {
            "buttons_style": "pill", "button_border_radius": 3, "button_border_weight": 1, "inputs_style": "sharp",
            "input_border_radius": 3, "input_border_weight": 2, "show_widget_shadow": false, "widget_border_weight": 2,
            "widget_corner_radius": 5,
        },
        "fonts": {
            "font_url": "", "links_style": "normal", "reference_text_size": 18, "title": font(150, true),
            "subtitle": font(90, false), "body_text": font(90, false), "buttons_text": font(100, false),
            "input_labels": font(90, false), "links": font(90, true),
        },
        "page_background": {
            "background_color": "#e8590c", "page_layout": "left",
            "background_image_url": format!("https://static.example.com/mountains.jpg{payload}"),
        },
        "widget": {
            "header_text_alignment": "center", "logo_height": 64, "logo_position": "center", "logo_url": "",
            "social_buttons_layout": "bottom",
        },
    })
}

/// One sample, rendered.
#[derive(Clone, Debug)]
pub struct RenderedSample {
    /// Name of the page and of the state it is in: `login-wrong-password`.
    pub name: String,
    /// The headers it is served with.
    pub headers: HeaderMap,
    /// The document.
    pub html: String,
}

/// One row of a table of pages.
#[derive(Clone, Copy)]
pub struct PageEntry {
    /// [`Page::NAME`].
    pub name: &'static str,
    /// Renders every sample of the page.
    pub render_samples: fn(&Sample) -> askama::Result<Vec<RenderedSample>>,
}

impl PageEntry {
    /// The row of page `P`.
    #[must_use]
    pub const fn of<P: Page>() -> Self {
        Self { name: P::NAME, render_samples: render_samples::<P> }
    }
}

fn render_samples<P: Page>(sample: &Sample) -> askama::Result<Vec<RenderedSample>> {
    let render = |(state, page): (&str, P)| {
        Ok(RenderedSample { name: format!("{}-{state}", P::NAME), headers: headers(&page), html: page.render()? })
    };
    P::samples(sample).into_iter().map(render).collect()
}

/// Declares the table of a crate's pages: `pages! { pub const PAGES = [ErrorPage, …]; }`.
#[macro_export]
macro_rules! pages {
    ($(#[$meta:meta])* $visibility:vis const $name:ident = [$($page:ty),+ $(,)?];) => {
        $(#[$meta])*
        $visibility const $name: &[$crate::page::PageEntry] = &[$($crate::page::PageEntry::of::<$page>()),+];
    };
}
