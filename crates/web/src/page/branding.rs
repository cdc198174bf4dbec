//! How a tenant's pages look: name, logo and primary colour. Without a logo, its initial stands in.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Color, ImageUrl, Palette};

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
}

impl Branding {
    /// The default look under the name `company`.
    #[must_use]
    pub fn new(company: &str) -> Self {
        Self { company: company.to_owned(), logo: None, palette: Palette::from_primary(DEFAULT_PRIMARY) }
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

    /// The first letter or digit of the name in upper case, for the place of the logo.
    #[must_use]
    pub fn initial(&self) -> String {
        self.company
            .chars()
            .find(|c| c.is_alphanumeric())
            .map_or_else(|| "\u{2022}".to_owned(), |c| c.to_uppercase().collect())
    }

    /// The page's icon as a `data:` address: the initial on the primary colour. It keeps browsers from asking for
    /// `/favicon.ico`, which the page's policy would refuse and report.
    #[must_use]
    pub fn icon(&self) -> String {
        let Palette { light, .. } = self.palette;
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
