//! Colours and the contrast between them (WCAG 2.2, "relative luminance" and "contrast ratio").

use std::fmt;

/// An opaque sRGB colour. Its `Display` is `#rrggbb`, so that it can stand in a stylesheet without escaping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color {
    red: u8,
    green: u8,
    blue: u8,
}

impl Color {
    /// White.
    pub const WHITE: Self = Self::new(0xff, 0xff, 0xff);
    /// Black.
    pub const BLACK: Self = Self::new(0, 0, 0);

    /// A colour from its parts.
    #[must_use]
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// Reads `#rgb` or `#rrggbb`, the forms of the branding settings; `None` for everything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let value = u32::from_str_radix(digits, 16).ok()?;
        let [_, a, b, c] = value.to_be_bytes();
        match digits.len() {
            6 => Some(Self::new(a, b, c)),
            3 => Some(Self::new((b & 0xf) * 0x11, (c >> 4) * 0x11, (c & 0xf) * 0x11)),
            _ => None,
        }
    }

    /// Reads a colour of a theme, which may have an alpha channel: it is read as if it were opaque.
    #[must_use]
    pub fn of_setting(text: &str) -> Option<Self> {
        let opaque = match text.len() {
            5 => text.get(..4)?,
            9 => text.get(..7)?,
            _ => text,
        };
        let tail = text.get(opaque.len()..)?;
        if tail.bytes().all(|byte| byte.is_ascii_hexdigit()) { Self::parse(opaque) } else { None }
    }

    /// Contrast ratio to `other`, 1 to 21.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The colour `percent` of the way to `other`.
    #[must_use]
    pub fn mix(self, other: Self, percent: u8) -> Self {
        let part = |from: u8, to: u8| {
            let percent = u32::from(percent.min(100));
            let mixed = (u32::from(from) * (100 - percent) + u32::from(to) * percent + 50) / 100;
            u8::try_from(mixed).unwrap_or(u8::MAX)
        };
        Self::new(part(self.red, other.red), part(self.green, other.green), part(self.blue, other.blue))
    }

    /// This colour, moved away from `surface` in small steps until it has at least `ratio` contrast to it.
    #[must_use]
    pub fn distinct_from(self, surface: Self, ratio: f64) -> Self {
        let pole =
            if surface.contrast(Self::WHITE) > surface.contrast(Self::BLACK) { Self::WHITE } else { Self::BLACK };
        (0..=100)
            .step_by(4)
            .map(|percent| self.mix(pole, percent))
            .find(|color| color.contrast(surface) >= ratio)
            .unwrap_or(pole)
    }

    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }
}

impl fmt::Display for Color {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

#[cfg(test)]
mod tests {
    use super::Color;

    #[test]
    fn reads_the_two_hex_forms() {
        assert_eq!(Color::parse("#0059d6").unwrap().to_string(), "#0059d6");
        assert_eq!(Color::parse("#FA3").unwrap().to_string(), "#ffaa33");
    }

    #[test]
    fn alpha_channels_are_left_out() {
        for (text, expected) in [
            ("#0059d6", Some("#0059d6")),
            ("#0059d680", Some("#0059d6")),
            ("#fa38", Some("#ffaa33")),
            ("#0059d6g0", None),
        ] {
            assert_eq!(Color::of_setting(text).map(|color| color.to_string()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn wb_01_nothing_but_a_colour_is_a_colour() {
        for text in
            ["", "#", "#12345", "#1234567", "0059d6", "#+12345", "#ggg", "red", "#fff;}body{display:none", "url(x)"]
        {
            assert_eq!(Color::parse(text), None, "{text}");
        }
    }

    #[test]
    fn contrast_is_the_published_ratio() {
        assert!((Color::BLACK.contrast(Color::WHITE) - 21.0).abs() < 1e-9);
        // The well-known example of the smallest grey that passes AA on white.
        let grey = Color::parse("#767676").unwrap();
        assert!((grey.contrast(Color::WHITE) - 4.54).abs() < 0.01);
    }
}
