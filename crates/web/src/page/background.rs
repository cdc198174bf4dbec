//! What is behind the card of a page: a colour, two of them, or a picture (`management-api.md` §10.1).

use std::fmt;

use serde_json::Value;

use super::Color;

/// The page of the dark scheme (`--page` of the stylesheet).
const DARK_PAGE: Color = Color::new(0x12, 0x14, 0x12);

/// Colours behind the card. Its `Display` is a CSS value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Background {
    /// One colour.
    Plain(Color),
    /// From one to the other.
    Gradient {
        /// Where it begins.
        start: Color,
        /// Where it ends.
        end: Color,
        /// Degrees, 0 to 360.
        angle: u16,
    },
}

impl Background {
    /// `colors.page_background` of the branding: a colour or a gradient.
    pub(super) fn read(value: &Value) -> Option<Self> {
        if let Some(text) = value.as_str() {
            return Color::of_setting(text).map(Self::Plain);
        }
        let color = |name: &str| value.get(name).and_then(Value::as_str).and_then(Color::of_setting);
        let angle = value.get("angle_deg").and_then(Value::as_f64).unwrap_or(0.0).clamp(0.0, 360.0).round();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is between 0 and 360")]
        Some(Self::Gradient { start: color("start")?, end: color("end")?, angle: angle as u16 })
    }

    /// The same for people who want dark pages: a bright page would blind them.
    #[must_use]
    pub fn in_the_dark(self) -> Self {
        let dark = |color: Color| if color.contrast(Color::BLACK) > 3.0 { color.mix(DARK_PAGE, 85) } else { color };
        match self {
            Self::Plain(color) => Self::Plain(dark(color)),
            Self::Gradient { start, end, angle } => Self::Gradient { start: dark(start), end: dark(end), angle },
        }
    }
}

impl fmt::Display for Background {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(color) => write!(formatter, "{color}"),
            Self::Gradient { start, end, angle } => {
                write!(formatter, "linear-gradient({angle}deg, {start}, {end}) fixed {end}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Background, Color};

    #[test]
    fn is_a_colour_or_a_gradient() {
        let gradient = json!({ "type": "linear-gradient", "start": "#FFF", "end": "#0059d6", "angle_deg": 35 });
        for (value, expected) in [
            (json!("#abc"), Some("#aabbcc")),
            (gradient, Some("linear-gradient(35deg, #ffffff, #0059d6) fixed #0059d6")),
            (json!("red"), None),
            (json!({ "start": "#fff" }), None),
            (json!({ "start": "#fff", "end": "url(x)" }), None),
            (json!(null), None),
        ] {
            assert_eq!(Background::read(&value).map(|own| own.to_string()).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn in_the_dark_nothing_is_bright() {
        for text in ["#ffffff", "#ffb000", "#0059d6", "#101010"] {
            let Background::Plain(dark) = Background::Plain(Color::parse(text).unwrap()).in_the_dark() else {
                panic!()
            };
            assert!(dark.contrast(Color::BLACK) < 3.1, "{text} becomes {dark}");
        }
    }
}
