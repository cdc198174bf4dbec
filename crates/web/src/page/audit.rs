//! What every page must keep to, whichever crate it is from: checks over a table of pages, for tests. Each check answers
//! with its findings, so an empty list means that all is well.

use http::header;

use super::{Language, PageEntry, RenderedSample, Sample};

pub use super::text_audit::text_differences;

/// Values that break out of text, of an attribute in either quote, of a comment, of a script or a stylesheet wherever
/// they are not escaped.
pub const HOSTILE: &[&str] = &[
    "\"><script>alert(1)</script>",
    "' onfocus='alert(1)' autofocus='",
    "\" style=\"position:fixed",
    "</title></style></script></noscript><img src=x onerror=alert(1)>",
    "--><svg onload=alert(1)>",
    "javascript:alert(1)//",
    "&lt;b&gt; &quot;><i>",
    "{{ shell.nonce }} ${clientName} {% include \"base.html\" %}",
    "\u{202e}\u{0}\r\nSet-Cookie: a=b",
];

/// Every sample of every page in `pages`, or the name of a page that cannot be rendered.
pub fn rendered(pages: &[PageEntry], sample: &Sample) -> Result<Vec<RenderedSample>, String> {
    let mut all = Vec::new();
    for page in pages {
        all.extend((page.render_samples)(sample).map_err(|error| format!("{}: {error}", page.name))?);
    }
    Ok(all)
}

/// Renders every page in every sample and every language and looks for what no page may have: an empty title, a missing language, an
/// unfilled placeholder, inline handlers or styles, a script without the nonce, a resource from elsewhere.
#[must_use]
pub fn defects(pages: &[PageEntry]) -> Vec<String> {
    let mut findings = Vec::new();
    let looks = [Sample::plain(), Sample::branded(), Sample::themed()];
    for (language, sample) in Language::ALL.iter().flat_map(|own| looks.iter().map(move |look| (*own, look.clone()))) {
        let sample = sample.in_language(language);
        let tag = language.tag();
        let samples = match rendered(pages, &sample) {
            Ok(samples) => samples,
            Err(finding) => return vec![finding],
        };
        for RenderedSample { name, html, headers } in samples {
            let mut find = |finding: &str| findings.push(format!("{name} ({tag}): {finding}"));
            if !html.contains(&format!("<html lang=\"{tag}\">"))
                || headers.get(header::CONTENT_LANGUAGE).is_none_or(|own| own != tag)
                || headers.get(header::VARY).is_none_or(|vary| vary != "Accept-Language")
            {
                find("does not say its language");
            }
            if !html.trim_start().starts_with("<!doctype html>") {
                find("does not start with the document type");
            }
            if html.contains("<title></title>") || !html.contains("<title>") {
                find("has no title");
            }
            let texts = without_scripts(&html);
            if texts.contains("${") || texts.contains("{{") || texts.contains("{%") {
                find("shows a placeholder");
            }
            for tag in tags(&html) {
                if tag.attributes.iter().any(|name| name.starts_with("on") || name == "style") {
                    find(&format!("<{}> has an inline handler or style", tag.name));
                }
                let is_code = tag.name == "script" || tag.name == "style";
                if is_code && !tag.attributes.iter().any(|name| name == "nonce") {
                    find(&format!("<{}> has no nonce", tag.name));
                }
                if matches!(tag.name.as_str(), "iframe" | "object" | "embed" | "base") {
                    find(&format!("<{}> is not used on pages", tag.name));
                }
            }
        }
    }
    findings
}

/// WB-01: puts every hostile value into every field of every page and compares the sequence of tags and attribute names
/// with the friendly page's. Escaped values cannot change it.
#[must_use]
pub fn structure_changes(pages: &[PageEntry]) -> Vec<String> {
    let friendly = match rendered(pages, &Sample::branded()) {
        Ok(samples) => samples,
        Err(finding) => return vec![finding],
    };
    let mut findings = Vec::new();
    for payload in HOSTILE {
        let hostile = match rendered(pages, &Sample::hostile(payload)) {
            Ok(samples) => samples,
            Err(finding) => return vec![finding],
        };
        for (friendly, hostile) in friendly.iter().zip(&hostile) {
            if tags(&friendly.html) != tags(&hostile.html) {
                findings.push(format!("{} changes its structure with {payload:?}", hostile.name));
            }
        }
    }
    findings
}

/// A document without its scripts: what looks like a placeholder there is their own.
fn without_scripts(html: &str) -> String {
    let parts = html.split("<script").enumerate();
    parts
        .map(|(index, part)| if index == 0 { part } else { part.split_once("</script>").map_or("", |(_, rest)| rest) })
        .collect()
}

/// A start or end tag: its name, and the names of its attributes in order.
#[derive(Debug, PartialEq, Eq)]
struct Tag {
    name: String,
    attributes: Vec<String>,
}

/// The tags of a document as the HTML tokenizer sees them: quoted attribute values are skipped, and the text of
/// `<script>` and `<style>` ends at its own end tag only.
fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, tail) = tag(after);
        rest = tail;
        if tag.name == "script" || tag.name == "style" {
            rest = rest.find(&format!("</{}", tag.name)).and_then(|end| rest.get(end..)).unwrap_or_default();
        }
        tags.push(tag);
    }
    tags
}

fn tag(after: &str) -> (Tag, &str) {
    let end_of_name = after.find([' ', '\n', '\t', '\r', '>']).unwrap_or(after.len());
    let (name, mut rest) = after.split_at(end_of_name);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        if let Some(tail) = rest.strip_prefix('>') {
            rest = tail;
            break;
        }
        let end = rest.find([' ', '\n', '\t', '\r', '=', '>']).unwrap_or(rest.len()).max(1);
        let (attribute, tail) =
            rest.split_at(rest.char_indices().map(|(at, _)| at).find(|at| *at >= end).unwrap_or(rest.len()));
        attributes.push(attribute.to_ascii_lowercase());
        rest = tail.trim_start();
        if let Some(value) = rest.strip_prefix('=') {
            rest = after_value(value.trim_start());
        }
    }
    (Tag { name: name.to_ascii_lowercase(), attributes }, rest)
}

fn after_value(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(quoted) = value.strip_prefix(quote) {
            return quoted.split_once(quote).map_or("", |(_, tail)| tail);
        }
    }
    value.find([' ', '\n', '\t', '\r', '>']).and_then(|end| value.get(end..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Tag, tags};

    fn check(html: &str, expected: &[(&str, &[&str])]) {
        let expected: Vec<Tag> = expected
            .iter()
            .map(|(name, attributes)| Tag {
                name: (*name).into(),
                attributes: attributes.iter().map(|own| (*own).into()).collect(),
            })
            .collect();
        assert_eq!(tags(html), expected, "{html}");
    }

    #[test]
    fn an_injected_tag_or_attribute_is_seen() {
        check("<p>a &lt;b> c</p>", &[("p", &[]), ("/p", &[])]);
        check("<p>a <b> c</p>", &[("p", &[]), ("b", &[]), ("/p", &[])]);
        check(r#"<input value="x > y" required>"#, &[("input", &["value", "required"])]);
        check(r#"<input value="x" onfocus='alert(1)'>"#, &[("input", &["value", "onfocus"])]);
        check("<a href=x onclick = y>", &[("a", &["href", "onclick"])]);
        check("<script>if (a<b) {}</script><i>", &[("script", &[]), ("/script", &[]), ("i", &[])]);
    }
}
