//! A theme: all colours, shapes and sizes of a tenant's pages (`management-api.md` §10.1). A theme is one scheme for everybody;
//! pages without one are light or dark as the visitor likes.
//!
//! Whatever colours it has, texts keep the contrast of WCAG 2.2 level AA to what they stand on, and parts of controls theirs:
//! a colour that is not readable is moved until it is.

use serde_json::Value;

use super::palette::{CONTROL, TEXT};
use super::{Color, Scheme};

/// Colours, shapes and sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct Theme {
    /// Main button, links.
    pub scheme: Scheme,
    /// Whether the browser draws its own parts dark.
    pub is_dark: bool,
    /// Surface of the card.
    pub card: Color,
    /// Its edge.
    pub edge: Color,
    /// Text.
    pub ink: Color,
    /// Text that matters less.
    pub soft: Color,
    /// The heading.
    pub heading: Color,
    /// Lines between parts of the card.
    pub line: Color,
    /// Surface of inputs.
    pub field: Color,
    /// Text in inputs.
    pub field_ink: Color,
    /// Edges of inputs.
    pub field_line: Color,
    /// Labels of inputs.
    pub label: Color,
    /// Quiet buttons under the pointer.
    pub hover: Color,
    /// Edges of quiet buttons.
    pub quiet_line: Color,
    /// Text of quiet buttons.
    pub quiet_ink: Color,
    /// Errors.
    pub error: Color,
    /// What errors stand on.
    pub error_surface: Color,
    /// Success.
    pub good: Color,
    /// Focus rings.
    pub focus: Color,
    /// Shapes and sizes.
    pub shape: Shape,
}

/// Shapes and sizes, in CSS pixels and percent.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Radius of buttons; 999 for round ends.
    pub button_radius: i64,
    /// Edge of buttons.
    pub button_weight: i64,
    /// Radius of inputs; 999 for round ends.
    pub input_radius: i64,
    /// Edge of inputs: one at least, or nobody sees where they are.
    pub input_weight: i64,
    /// Radius of the card.
    pub card_radius: i64,
    /// Edge of the card.
    pub card_weight: i64,
    /// Whether the card has a shadow.
    pub shadow: bool,
    /// `start`, `center` or `end`: the card in the window.
    pub page: &'static str,
    /// `start`, `center` or `end`: heading and the text below it.
    pub header: &'static str,
    /// `start`, `center` or `end`: the logo; `None` for no logo.
    pub logo: Option<&'static str>,
    /// Height of the logo.
    pub logo_height: i64,
    /// All sizes, in percent of ours.
    pub text: f64,
    /// Sizes in percent of the text, and whether bold: heading, text below it, other text, buttons, labels, links.
    pub title: Font,
    /// The text below the heading.
    pub subtitle: Font,
    /// Other text.
    pub body: Font,
    /// Buttons.
    pub buttons: Font,
    /// Labels of inputs.
    pub labels: Font,
    /// Links.
    pub links: Font,
}

/// Size and weight of letters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Font {
    /// Percent of the text.
    pub size: f64,
    /// 400 to 700.
    pub weight: i64,
}

/// Letters are never smaller, in percent: 12 pixels where the text has 16.
const SMALLEST: f64 = 75.0;

impl Theme {
    /// The theme of a document. `primary` is the branding's, for a theme without the colour of the main button.
    pub(super) fn read(document: &Value, primary: Color) -> Option<Self> {
        let colors = document.get("colors")?;
        let color = |name: &str| colors.get(name).and_then(Value::as_str).and_then(Color::of_setting);
        let or = |name: &str, other: Color| color(name).unwrap_or(other);
        let card = or("widget_background", Color::WHITE);
        let pole = if card.contrast(Color::WHITE) > card.contrast(Color::BLACK) { Color::WHITE } else { Color::BLACK };
        let ink = or("body_text", pole).distinct_from(card, TEXT);
        let field = or("input_background", card);
        let scheme = Scheme::of_theme(
            card,
            or("primary_button", primary),
            color("primary_button_label"),
            or("links_focused_components", primary),
        );
        let quiet_ink = or("secondary_button_label", ink).distinct_from(card, TEXT);
        let error = or("error", Color::new(0xa8, 0x24, 0x1b)).distinct_from(card, TEXT);
        // A tint, where what stands on it can still be read.
        let tint = |of: Color, percent: u8| {
            Some(card.mix(of, percent)).filter(|own| of.contrast(*own) >= TEXT).unwrap_or(card)
        };
        Some(Self {
            is_dark: pole == Color::WHITE,
            card,
            edge: or("widget_border", card),
            ink,
            soft: ink.mix(card, 25).distinct_from(card, TEXT),
            heading: or("header", ink).distinct_from(card, TEXT),
            line: ink.mix(card, 85),
            field,
            field_ink: or("input_filled_text", ink).distinct_from(field, TEXT),
            field_line: or("input_border", ink).distinct_from(card, CONTROL),
            label: or("input_labels_placeholders", ink).distinct_from(card, TEXT),
            hover: tint(quiet_ink, 6),
            quiet_line: or("secondary_button_border", ink).distinct_from(card, CONTROL),
            quiet_ink,
            error,
            error_surface: tint(error, 8),
            good: or("success", Color::new(0x1a, 0x75, 0x48)).distinct_from(card, TEXT),
            focus: color("base_focus_color").unwrap_or(scheme.link).distinct_from(card, CONTROL),
            scheme,
            shape: Shape::read(document),
        })
    }
}

impl Shape {
    fn read(document: &Value) -> Self {
        let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let number = |pointer: &str, usual: i64, least: i32, most: i32| {
            let Some(found) = document.pointer(pointer).and_then(Value::as_f64) else { return usual };
            #[expect(clippy::cast_possible_truncation, reason = "it is clamped to a small range")]
            let whole = found.clamp(least.into(), most.into()).round() as i64;
            whole
        };
        let radius = |style: &str, pointer: &str| match text(style) {
            "pill" => 999,
            "sharp" => 0,
            _ => number(pointer, 10, 0, 10),
        };
        let side = |pointer: &str| match text(pointer) {
            "left" => "start",
            "right" => "end",
            _ => "center",
        };
        let font = |name: &str, usual: f64, regular: i64| {
            let size = document.pointer(&format!("/fonts/{name}/size")).and_then(Value::as_f64).unwrap_or(usual);
            let bold = document.pointer(&format!("/fonts/{name}/bold")).and_then(Value::as_bool).unwrap_or(false);
            Font { size: size.clamp(SMALLEST, 150.0), weight: if bold { 700 } else { regular } }
        };
        let reference = document.pointer("/fonts/reference_text_size").and_then(Value::as_f64).unwrap_or(16.0);
        Self {
            button_radius: radius("/borders/buttons_style", "/borders/button_border_radius"),
            button_weight: number("/borders/button_border_weight", 1, 0, 10),
            input_radius: radius("/borders/inputs_style", "/borders/input_border_radius"),
            input_weight: number("/borders/input_border_weight", 1, 1, 3),
            card_radius: number("/borders/widget_corner_radius", 18, 0, 50),
            card_weight: number("/borders/widget_border_weight", 1, 0, 10),
            shadow: document.pointer("/borders/show_widget_shadow").and_then(Value::as_bool).unwrap_or(true),
            page: side("/page_background/page_layout"),
            header: side("/widget/header_text_alignment"),
            logo: Some(side("/widget/logo_position")).filter(|_| text("/widget/logo_position") != "none"),
            logo_height: number("/widget/logo_height", 48, 1, 100),
            text: reference.clamp(12.0, 24.0) / 16.0 * 100.0,
            title: font("title", 150.0, 400),
            subtitle: font("subtitle", 100.0, 400),
            body: font("body_text", 93.75, 400),
            buttons: font("buttons_text", 100.0, 400),
            labels: font("input_labels", 87.5, 400),
            links: font("links", 93.75, 400),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::palette::{CONTROL, TEXT};
    use super::{Color, Theme};

    /// Every colour of the theme is the same one, on every card: the worst that a tenant can do.
    #[test]
    fn every_theme_gives_readable_pages() {
        let steps = || (0..=255).step_by(51);
        let all = || steps().flat_map(|r| steps().flat_map(move |g| steps().map(move |b| Color::new(r, g, b))));
        for (card, color) in all().flat_map(|card| all().step_by(5).map(move |color| (card, color))) {
            let (card_text, text) = (card.to_string(), color.to_string());
            let document = json!({ "colors": {
                "widget_background": card_text, "body_text": text, "header": text, "input_background": text,
                "input_filled_text": text, "input_border": text, "input_labels_placeholders": text, "error": text,
                "links_focused_components": text, "primary_button": text, "primary_button_label": text,
                "secondary_button_border": text, "secondary_button_label": text, "success": text,
                "base_focus_color": text,
            } });
            let theme = Theme::read(&document, Color::BLACK).unwrap();
            for (what, own, surface) in [
                ("text", theme.ink, theme.card),
                ("soft text", theme.soft, theme.card),
                ("heading", theme.heading, theme.card),
                ("label", theme.label, theme.card),
                ("input", theme.field_ink, theme.field),
                ("error", theme.error, theme.card),
                ("error in its box", theme.error, theme.error_surface),
                ("success", theme.good, theme.card),
                ("link", theme.scheme.link, theme.card),
                ("button", theme.scheme.on_accent, theme.scheme.accent),
                ("hovered button", theme.scheme.on_accent, theme.scheme.accent_hover),
                ("quiet button", theme.quiet_ink, theme.card),
                ("hovered quiet button", theme.quiet_ink, theme.hover),
            ] {
                assert!(own.contrast(surface) >= TEXT, "{what}: {color} on {card}");
            }
            for (what, own) in [("input", theme.field_line), ("quiet button", theme.quiet_line), ("focus", theme.focus)]
            {
                assert!(own.contrast(theme.card) >= CONTROL, "edge of {what}: {color} on {card}");
            }
        }
    }

    #[test]
    fn readable_colours_are_kept_and_shapes_are_read() {
        let document = json!({
            "colors": { "widget_background": "#ffffff", "primary_button": "#0059d6", "primary_button_label": "#ffffff", "body_text": "#1e212a" },
            "borders": { "buttons_style": "pill", "button_border_radius": 3, "inputs_style": "rounded", "input_border_radius": 4, "input_border_weight": 0, "widget_corner_radius": 5, "show_widget_shadow": false },
            "fonts": { "reference_text_size": 20, "title": { "bold": true, "size": 150 }, "links": { "bold": false, "size": 1 } },
            "page_background": { "page_layout": "left" },
            "widget": { "logo_position": "none", "header_text_alignment": "right", "logo_height": 90 },
        });
        let Theme { scheme, ink, shape, is_dark, .. } = Theme::read(&document, Color::BLACK).unwrap();
        assert_eq!(
            (scheme.accent.to_string(), scheme.on_accent, ink.to_string()),
            ("#0059d6".to_owned(), Color::WHITE, "#1e212a".to_owned())
        );
        assert_eq!((shape.button_radius, shape.input_radius, shape.input_weight, shape.card_radius), (999, 4, 1, 5));
        assert_eq!((shape.page, shape.header, shape.logo, shape.logo_height), ("start", "end", None, 90));
        assert!((shape.text - 125.0).abs() < 1e-9 && (shape.links.size - 75.0).abs() < 1e-9);
        assert_eq!((shape.title.weight, shape.shadow, is_dark), (700, false, false));
        assert!(Theme::read(&json!(null), Color::BLACK).is_none());
    }
}
