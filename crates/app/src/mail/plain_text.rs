//! The text of an HTML mail, for mail programs without HTML. Good enough to read and to find the link; nothing of it is markup.

/// Elements that begin on a line of their own.
const BLOCKS: [&str; 17] = [
    "address",
    "blockquote",
    "br",
    "div",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "header",
    "hr",
    "li",
    "p",
    "section",
    "table",
    "tr",
    "ul",
];
/// Elements whose content nobody reads.
const HIDDEN: [&str; 4] = ["head", "script", "style", "title"];

/// The text, with the address of a link behind it.
pub(super) fn plain_text(html: &str) -> String {
    let mut writer = Writer::default();
    let mut rest = html;
    while let Some((text, behind)) = rest.split_once('<') {
        writer.text(text);
        if let Some(comment) = behind.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
            continue;
        }
        let Some((tag, behind)) = tag_end(behind) else { return writer.finish() };
        rest = behind;
        let is_end = tag.starts_with('/');
        let tag = tag.trim_start_matches('/');
        let name: String =
            tag.chars().take_while(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        if HIDDEN.contains(&name.as_str()) && !is_end {
            rest = after_end_of(&name, rest);
        } else if name == "a" {
            if is_end { writer.end_link() } else { writer.link = attribute(tag, "href") }
        } else if BLOCKS.contains(&name.as_str()) {
            writer.line(if matches!(name.as_str(), "br" | "li" | "tr") { 1 } else { 2 });
        }
    }
    writer.text(rest);
    writer.finish()
}

#[derive(Default)]
struct Writer {
    text: String,
    /// Address of the link that is open.
    link: Option<String>,
    /// Where its text began.
    begun: usize,
}

impl Writer {
    fn text(&mut self, text: &str) {
        let text = decoded(text);
        if self.link.is_some() && self.begun == 0 {
            self.begun = self.text.len().max(1);
        }
        for character in text.chars() {
            let is_blank = character.is_whitespace() || character.is_control();
            match (is_blank, self.text.ends_with([' ', '\n']) || self.text.is_empty()) {
                (true, true) => {}
                (true, false) => self.text.push(' '),
                (false, _) => self.text.push(character),
            }
        }
    }

    fn end_link(&mut self) {
        let (link, begun) = (self.link.take(), std::mem::take(&mut self.begun));
        let Some(link) = link.map(|link| decoded(&link)).filter(|link| link.contains(':')) else { return };
        let link: String = link.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
        let shown = self.text.get(begun.saturating_sub(1)..).unwrap_or_default();
        if !shown.contains(&link) {
            // On a line of its own, so that every program finds its end.
            self.line(1);
            self.text.push_str(&link);
            self.line(1);
        }
    }

    /// Begins a new line, after one that is empty for `breaks` of 2.
    fn line(&mut self, breaks: usize) {
        while self.text.ends_with(' ') {
            self.text.pop();
        }
        let there = self.text.len() - self.text.trim_end_matches('\n').len();
        if !self.text.is_empty() {
            self.text.push_str(&"\n".repeat(breaks.saturating_sub(there)));
        }
    }

    fn finish(self) -> String {
        let text = self.text.trim();
        if text.is_empty() { String::new() } else { format!("{text}\n") }
    }
}

/// A tag without its brackets, and what is behind it. A `>` in quotes does not end it.
fn tag_end(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (None, '>') => return Some((text.get(..at)?, text.get(at + 1..)?)),
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), character) if open == character => quote = None,
            _ => {}
        }
    }
    None
}

/// What is behind the end of an element that holds no others.
fn after_end_of<'a>(name: &str, text: &'a str) -> &'a str {
    let end = format!("</{name}");
    let lower = text.to_ascii_lowercase();
    let behind = lower.find(&end).and_then(|at| text.get(at..)).unwrap_or_default();
    behind.split_once('>').map_or("", |(_, behind)| behind)
}

/// The value of an attribute in quotes.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let at = lower.find(&format!("{name}="))? + name.len() + 1;
    let value = tag.get(at..)?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    Some(value.get(1..)?.split(quote).next()?.to_owned())
}

/// The text with the entities that mails have.
fn decoded(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        plain.push_str(before);
        let entity = behind.split(';').next().filter(|name| name.len() <= 8 && name.len() < behind.len());
        if let Some((character, length)) = entity.and_then(|name| Some((character(name)?, name.len()))) {
            plain.push(character);
            rest = behind.get(length + 1..).unwrap_or_default();
        } else {
            plain.push('&');
            rest = behind;
        }
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "mdash" => '\u{2014}',
        "ndash" => '\u{2013}',
        "hellip" => '\u{2026}',
        "copy" => '\u{a9}',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::plain_text;

    #[test]
    fn a_mail_can_be_read_without_html() {
        let html = "<html><head><title>x</title><style>p > a { color: red }</style></head><body><!-- <b> --><h1>Hello\n   Jane</h1>\
                    <p>Confirm &lt;your&gt; address&#33;</p><p><a class='b' href=\"https://a.example/?x=1&amp;y=2#\">Confirm</a> now</p>\
                    <ul><li>one</li><li>two</li></ul><img alt=\">\"><a href=\"https://b.example\">https://b.example</a></body></html>";
        let expected = "Hello Jane\n\nConfirm <your> address!\n\nConfirm\nhttps://a.example/?x=1&y=2#\nnow\n\none\ntwo\n\n\
                        https://b.example\n";
        assert_eq!(plain_text(html), expected);
    }

    #[test]
    fn whatever_it_is_it_becomes_text() {
        for (html, text) in [
            ("", ""),
            ("<", ""),
            ("a < b", "a\n"),
            ("<p", ""),
            ("a<script>b", "a\n"),
            ("a<!-- b", "a\n"),
            ("&", "&\n"),
            ("&unknown; &#xD800; &#99999999;", "&unknown; &#xD800; &#99999999;\n"),
            ("<a href='javascript:x'>y</a>", "y\njavascript:x\n"),
            ("<a href=\"relative\">y</a>", "y\n"),
            ("a\u{0}\u{7}b", "a b\n"),
            ("\u{e4}<\u{e4}>\u{e4}", "\u{e4}\u{e4}\n"),
        ] {
            assert_eq!(plain_text(html), text, "{html:?}");
        }
    }
}
