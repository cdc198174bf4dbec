//! How a tenant's pages look: name, logo, icon, colours, font (`management-api.md` §10.1). Without a logo, its initial stands
//! in.

use keywright_types::Tenant;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use serde_json::Value;

use super::{Background, Color, FontUrl, ImageUrl, Palette, Theme};

/// Keywright's own primary colour, for tenants that have not chosen one.
const DEFAULT_PRIMARY: Color = Color::new(0x0e, 0x6b, 0x5c);

/// The look of a tenant.
#[derive(Clone, Debug)]
pub struct Branding {
    /// Name shown to people.
    pub company: String,
    /// Logo at the top of the card.
    pub logo: Option<ImageUrl>,
    /// Colours, made from the primary colour.
    pub palette: Palette,
    /// The icon of the page; `None` for the initial.
    pub icon: Option<ImageUrl>,
    /// What texts are written with; `None` for the visitor's own.
    pub font: Option<FontUrl>,
    /// Behind the card; `None` for ours.
    pub background: Option<Background>,
    /// A picture behind the card.
    pub picture: Option<ImageUrl>,
    /// Colours, shapes and sizes in the place of ours, in the light and in the dark.
    pub theme: Option<Theme>,
}

impl Branding {
    /// The default look under the name `company`.
    #[must_use]
    pub fn new(company: &str) -> Self {
        Self {
            company: company.to_owned(),
            logo: None,
            palette: Palette::from_primary(DEFAULT_PRIMARY),
            icon: None,
            font: None,
            background: None,
            picture: None,
            theme: None,
        }
    }

    /// The look of `tenant`: what its theme says, else its branding, else its settings, else ours.
    #[must_use]
    pub fn of(tenant: &Tenant) -> Self {
        let (branding, theme) = (&tenant.appearance.branding, &tenant.appearance.theme);
        let settings = tenant.settings.picture_url.as_deref();
        Self::new(tenant.display_name()).with_logo(settings.and_then(ImageUrl::parse)).with_documents(branding, theme)
    }

    /// With what these documents of the Management API say.
    #[must_use]
    pub fn with_documents(self, branding: &Value, theme: &Value) -> Self {
        let of_branding = |pointer: &str| branding.pointer(pointer).and_then(Value::as_str);
        let of_theme = |pointer: &str| theme.pointer(pointer).and_then(Value::as_str);
        let image = |text: Option<&str>| text.and_then(ImageUrl::parse);
        let font = |text: Option<&str>| text.and_then(FontUrl::parse);
        let primary = of_branding("/colors/primary").and_then(Color::of_setting);
        let behind = theme.pointer("/page_background/background_color").and_then(Background::read);
        Self {
            logo: image(of_theme("/widget/logo_url")).or_else(|| image(of_branding("/logo_url"))).or(self.logo.clone()),
            icon: image(of_branding("/favicon_url")),
            font: font(of_theme("/fonts/font_url")).or_else(|| font(of_branding("/font/url"))),
            background: behind.or_else(|| branding.pointer("/colors/page_background").and_then(Background::read)),
            picture: image(of_theme("/page_background/background_image_url")),
            theme: Theme::read(theme, primary.unwrap_or(DEFAULT_PRIMARY)),
            ..self.with_primary(primary)
        }
    }

    /// Images besides the logo that every page shows.
    pub(super) fn further_images(&self) -> impl Iterator<Item = &ImageUrl> {
        self.icon.iter().chain(&self.picture)
    }

    /// With `logo`; `None` keeps the initial.
    #[must_use]
    pub fn with_logo(self, logo: Option<ImageUrl>) -> Self {
        Self { logo, ..self }
    }

    /// With `primary`; `None` keeps the default colour.
    #[must_use]
    pub fn with_primary(self, primary: Option<Color>) -> Self {
        let palette = primary.map_or(self.palette, Palette::from_primary);
        Self { palette, ..self }
    }

    /// Which schemes the pages have, for the browser.
    #[must_use]
    pub fn color_scheme(&self) -> &'static str {
        match &self.theme {
            None => "light dark",
            Some(theme) if theme.is_dark => "dark",
            Some(_) => "light",
        }
    }

    /// Whether the logo, or the initial in its place, is shown.
    #[must_use]
    pub fn shows_logo(&self) -> bool {
        self.theme.as_ref().is_none_or(|theme| theme.shape.logo.is_some())
    }

    /// The first letter or digit of the name in upper case, for the place of the logo.
    #[must_use]
    pub fn initial(&self) -> String {
        self.company
            .chars()
            .find(|c| c.is_alphanumeric())
            .map_or_else(|| "\u{2022}".to_owned(), |c| c.to_uppercase().collect())
    }

    /// The page's icon: the tenant's, or as a `data:` address the initial on the primary colour. It keeps browsers from asking for
    /// `/favicon.ico`, which the page's policy would refuse and report.
    #[must_use]
    pub fn icon_address(&self) -> String {
        if let Some(icon) = &self.icon {
            return icon.to_string();
        }
        let light = self.theme.as_ref().map_or(self.palette.light, |theme| theme.scheme);
        let svg = format!(
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><rect width='32' height='32' rx='8' fill='{}'/>\
             <text x='16' y='22.5' text-anchor='middle' font-family='system-ui,sans-serif' font-size='18' font-weight='600' \
             fill='{}'>{}</text></svg>",
            light.accent,
            light.on_accent,
            self.initial(),
        );
        format!("data:image/svg+xml,{}", utf8_percent_encode(&svg, NON_ALPHANUMERIC))
    }
}

#[cfg(test)]
mod tests {
    use super::Branding;

    #[test]
    fn the_initial_is_the_first_letter_or_digit() {
        for (company, initial) in
            [("acme", "A"), ("  3M", "3"), ("<b>", "B"), ("ßig", "SS"), ("\u{1F511}", "\u{2022}"), ("", "\u{2022}")]
        {
            assert_eq!(Branding::new(company).initial(), initial);
        }
    }
}
