//! Comparison of the files of texts: every language has the keys and placeholders of English, and the marks of its own
//! typography.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Language;

/// What is wrong with a crate's files of texts, one line for each finding; empty when all is well.
#[must_use]
pub fn text_differences(sources: &[(Language, &str)]) -> Vec<String> {
    let mut findings = Vec::new();
    let mut read = BTreeMap::new();
    for (language, json) in sources {
        match serde_json::from_str::<Value>(json) {
            Ok(document) => {
                let mut texts = BTreeMap::new();
                collect(&document, "", &mut texts);
                read.insert(language.tag(), texts);
            }
            Err(error) => findings.push(format!("{}: {error}", language.tag())),
        }
    }
    for language in Language::ALL {
        let Some((texts, english)) = read.get(language.tag()).zip(read.get(Language::En.tag())) else {
            findings.push(format!("{}: no file that can be read", language.tag()));
            continue;
        };
        compare(*language, texts, english, &mut findings);
    }
    findings
}

fn compare(
    language: Language,
    texts: &BTreeMap<String, String>,
    english: &BTreeMap<String, String>,
    findings: &mut Vec<String>,
) {
    let tag = language.tag();
    let missing = english.keys().filter(|key| !texts.contains_key(*key));
    findings.extend(missing.map(|key| format!("{tag}: lacks {key}")));
    for (key, text) in texts {
        match english.get(key) {
            None => findings.push(format!("{tag}: {key} is unknown")),
            Some(original) if placeholders(original) != placeholders(text) => {
                findings.push(format!("{tag}: {key} has other placeholders than English: {text}"));
            }
            Some(_) => {}
        }
        // A separator is the only text that may begin or end with a space.
        if text.trim().is_empty() || (text.trim() != text && !key.ends_with("Separator")) {
            findings.push(format!("{tag}: {key} is empty or has space around it: {text:?}"));
        }
        findings.extend(misprints(language, text).map(|mark| format!("{tag}: {key}: {mark}: {text}")));
    }
}

/// The texts of a document by their path: `login.login.title`.
fn collect(value: &Value, path: &str, texts: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(member, &path, texts);
            }
        }
        Value::String(text) => {
            texts.insert(path.to_owned(), text.clone());
        }
        other => {
            texts.insert(path.to_owned(), format!("not a text: {other}"));
        }
    }
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split("${").skip(1).filter_map(|after| after.split_once('}').map(|(name, _)| name)).collect()
}

/// Marks that do not belong into a text of this language.
fn misprints(language: Language, text: &str) -> impl Iterator<Item = &'static str> {
    // §7.7 and §7.2 fix some English sentences with their straight quotes.
    let straight = language != Language::En && text.contains(['"', '\'']);
    let narrow = |at: usize| text.get(..at).is_some_and(|before| before.ends_with(['\u{202f}', '\u{a0}']));
    let unspaced = language == Language::Fr
        && text
            .char_indices()
            .any(|(at, c)| matches!(c, ':' | ';' | '?' | '!' | '»') && !narrow(at) && !in_example(text, at));
    let half_width = language == Language::Ja
        && text.char_indices().any(|(at, c)| matches!(c, ',' | '?' | '!') && !in_example(text, at));
    [
        (straight, "straight quotes"),
        (unspaced, "no no-break space before a French mark"),
        (half_width, "half-width mark"),
        (text.contains("..."), "three dots instead of an ellipsis"),
    ]
    .into_iter()
    .filter_map(|(found, mark)| found.then_some(mark))
}

/// Whether the mark at `at` stands in an enumeration of special characters, such as `!@#$%^&*`.
fn in_example(text: &str, at: usize) -> bool {
    text.get(at..).is_some_and(|rest| rest.starts_with("!@#"))
}

#[cfg(test)]
mod tests {
    use super::{Language, text_differences};

    fn findings(german: &str, french: &str) -> Vec<String> {
        let english = r#"{"a": {"b": "Hello ${name}!", "c": "Bye"}}"#;
        let source = |language: &Language| match language {
            Language::De => (*language, german),
            Language::Fr => (*language, french),
            _ => (*language, english),
        };
        let sources: Vec<_> = Language::ALL
            .iter()
            .filter(|own| **own != Language::Ja)
            .map(source)
            .chain([(Language::Ja, r#"{"a": {"b": "${name}", "c": "c"}}"#)])
            .collect();
        text_differences(&sources)
    }

    #[test]
    fn what_differs_from_english_is_found() {
        let french = "{\"a\": {\"b\": \"Bonjour ${name}\u{202f}!\", \"c\": \"Salut\"}}";
        assert_eq!(findings(r#"{"a": {"b": "Hallo ${name}!", "c": "Ade"}}"#, french), Vec::<String>::new());
        for (german, expected) in [
            (r#"{"a": {"b": "Hallo ${name}!"}}"#, "de: lacks a.c"),
            (r#"{"a": {"b": "Hallo ${name}!", "c": "Ade", "d": "x"}}"#, "de: a.d is unknown"),
            (
                r#"{"a": {"b": "Hallo ${nom}!", "c": "Ade"}}"#,
                "de: a.b has other placeholders than English: Hallo ${nom}!",
            ),
            (r#"{"a": {"b": "Hallo ${name}!", "c": " "}}"#, "de: a.c is empty or has space around it: \" \""),
            (r#"{"a": {"b": "Hallo ${name}!", "c": "'Ade'"}}"#, "de: a.c: straight quotes: 'Ade'"),
        ] {
            assert_eq!(findings(german, french), [expected]);
        }
        assert_eq!(findings("{", french).len(), 2);
        assert_eq!(
            findings(
                r#"{"a": {"b": "Hallo ${name}!", "c": "Ade"}}"#,
                r#"{"a": {"b": "Bonjour ${name} !", "c": "Salut"}}"#
            )
            .len(),
            1
        );
    }
}
