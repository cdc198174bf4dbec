//! The colours that follow from a tenant's primary colour, for light and dark pages. Whatever colour a tenant chooses,
//! button labels, links and focus rings keep the contrast of WCAG 2.2 level AA.

use super::Color;

/// WCAG 2.2, 1.4.3: text.
pub(super) const TEXT: f64 = 4.5;
/// WCAG 2.2, 1.4.11: parts of controls, focus rings.
pub(super) const CONTROL: f64 = 3.0;

/// The card of the light page (`--card` of the stylesheet).
const LIGHT_CARD: Color = Color::WHITE;
/// The card of the dark page (`--card` of the stylesheet).
const DARK_CARD: Color = Color::new(0x1d, 0x1f, 0x1d);

/// Colours for both schemes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// `prefers-color-scheme: light`, and no preference.
    pub light: Scheme,
    /// `prefers-color-scheme: dark`.
    pub dark: Scheme,
}

/// Colours for one scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheme {
    /// Surface of the page's main button and of the initial.
    pub accent: Color,
    /// The same under the pointer.
    pub accent_hover: Color,
    /// Text on those two.
    pub on_accent: Color,
    /// Links and focus rings on the card.
    pub link: Color,
}

impl Palette {
    /// The surfaces that the colours are made for: `--card` of the stylesheet, light and dark.
    pub const CARDS: [Color; 2] = [LIGHT_CARD, DARK_CARD];

    /// Makes the colours from the tenant's primary colour.
    #[must_use]
    pub fn from_primary(primary: Color) -> Self {
        Self { light: Scheme::on(LIGHT_CARD, primary), dark: Scheme::on(DARK_CARD, primary) }
    }
}

impl Scheme {
    fn on(card: Color, primary: Color) -> Self {
        // On white, a pale button is still a button by its label. On the dark card, a dark one would vanish.
        let accent = if card == LIGHT_CARD { primary } else { primary.distinct_from(card, CONTROL) };
        let (on_accent, away) = if accent.contrast(Color::WHITE) >= TEXT {
            (Color::WHITE, Color::BLACK)
        } else {
            (Color::BLACK, Color::WHITE)
        };
        Self {
            accent,
            // Away from the label's colour, so that hovering never lowers the contrast.
            accent_hover: accent.mix(away, 14),
            on_accent,
            link: primary.distinct_from(card, TEXT),
        }
    }

    /// The colours of a theme: the label that it wants, where that can be read.
    pub(super) fn of_theme(card: Color, button: Color, label: Option<Color>, link: Color) -> Self {
        // As above: on a bright card a button of any colour is one by its label.
        let is_bright = card.contrast(Color::BLACK) >= card.contrast(Color::WHITE);
        let accent = if is_bright { button } else { button.distinct_from(card, CONTROL) };
        let on_accent = label
            .filter(|label| label.contrast(accent) >= TEXT)
            .unwrap_or_else(|| if accent.contrast(Color::WHITE) >= TEXT { Color::WHITE } else { Color::BLACK });
        let away = if on_accent.contrast(Color::BLACK) >= on_accent.contrast(Color::WHITE) {
            Color::BLACK
        } else {
            Color::WHITE
        };
        Self { accent, accent_hover: accent.mix(away, 14), on_accent, link: link.distinct_from(card, TEXT) }
    }
}

#[cfg(test)]
mod tests {
    use super::{CONTROL, Color, DARK_CARD, LIGHT_CARD, Palette, TEXT};

    #[test]
    fn every_primary_colour_gives_readable_pages() {
        let steps = || (0..=255).step_by(15);
        for (red, green, blue) in steps().flat_map(|r| steps().flat_map(move |g| steps().map(move |b| (r, g, b)))) {
            let primary = Color::new(red, green, blue);
            let palette = Palette::from_primary(primary);
            for (scheme, card) in [(palette.light, LIGHT_CARD), (palette.dark, DARK_CARD)] {
                assert!(scheme.on_accent.contrast(scheme.accent) >= TEXT, "label of {primary}");
                assert!(scheme.on_accent.contrast(scheme.accent_hover) >= TEXT, "hovered label of {primary}");
                assert!(scheme.link.contrast(card) >= TEXT, "link of {primary}");
            }
            assert!(palette.dark.accent.contrast(DARK_CARD) >= CONTROL, "button of {primary} in the dark");
        }
    }

    #[test]
    fn a_readable_colour_is_kept_as_it_is() {
        let primary = Color::parse("#0059d6").unwrap();
        assert_eq!(Palette::from_primary(primary).light.accent, primary);
        assert_eq!(Palette::from_primary(primary).light.link, primary);
    }
}
