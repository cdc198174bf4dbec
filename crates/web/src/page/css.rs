//! Addresses inside of a stylesheet, between double quotes.

use std::fmt::Write;

use url::Url;

/// The address as the content of a CSS string. CSS Syntax Level 3 §4.3.7: a backslash and six hexadecimal digits stand for a
/// character, whatever follows. Nothing is left that could end the string, the stylesheet or its element, and nothing that
/// HTML escapes.
pub(super) fn quoted(url: &Url) -> String {
    let mut text = String::with_capacity(url.as_str().len());
    for c in url.as_str().chars() {
        if c.is_ascii_alphanumeric() || "-._~:/?#@!$+,;=%".contains(c) {
            text.push(c);
        } else {
            // Writing into a string does not fail.
            let _ = write!(text, "\\{:06x}", u32::from(c));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::quoted;

    #[test]
    fn wb_01_nothing_ends_the_string() {
        let url = Url::parse("https://a.example/x.png?a=1&b='\")</style>\\#f(").unwrap();
        let text = quoted(&url);
        assert!(!text.contains(['"', '\'', '(', ')', '<', '>', '&', '\n']), "{text}");
        assert!(text.starts_with("https://a.example/x.png?a=1\\000026b="), "{text}");
    }
}
