//! Why the server does not start. Each sentence names the key and the fix; no value of a key is repeated, because it
//! may be a secret.

use std::fmt;
use std::path::Path;

use figment::error::Kind;
use figment::value::{Dict, Map};
use figment::{Metadata, Profile, Provider};

use super::{KEYS, environment_variable};

/// The refusal to start, one sentence for each thing that is wrong.
#[derive(Debug)]
pub(crate) struct Refusal(Vec<String>);

impl Refusal {
    /// A refusal for one reason.
    pub(crate) fn one(sentence: impl Into<String>) -> Self {
        Self(vec![sentence.into()])
    }

    /// A refusal for all the reasons there are.
    pub(super) fn all<const N: usize>(sentences: [Option<String>; N]) -> Self {
        Self(sentences.into_iter().flatten().collect())
    }

    /// Adds the reasons of `other`.
    pub(super) fn and(mut self, other: Option<Self>) -> Self {
        self.0.extend(other.into_iter().flat_map(|other| other.0));
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Refusal {}

impl From<figment::Error> for Refusal {
    fn from(error: figment::Error) -> Self {
        Self(error.into_iter().map(|error| sentence(&error)).collect())
    }
}

fn sentence(error: &figment::Error) -> String {
    let from_environment = error.metadata.as_ref().is_some_and(|metadata| metadata.name.contains("environment"));
    let place = match &error.metadata {
        Some(metadata) if !from_environment => format!(" in {}", metadata.name),
        _ => String::new(),
    };
    let name = |key: &str| if from_environment { environment_variable(key) } else { format!("`{key}`") };
    let key = error.path.join(".");
    match &error.kind {
        Kind::UnknownField(field, _) => {
            let unknown = if error.path.last().is_some_and(|last| last == field) || key.is_empty() {
                if key.is_empty() { field.clone() } else { key }
            } else {
                format!("{key}.{field}")
            };
            format!("unknown configuration key {}{place}{}", name(&unknown), suggestion(&unknown, name))
        }
        Kind::UnknownVariant(_, known) => format!("{}{place} must be one of: {}", name(&key), known.join(", ")),
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
            format!("{}{place} must be {expected}", name(&key))
        }
        Kind::Message(text) if key.is_empty() => {
            format!("the configuration{place} cannot be read: {}", without_source(text))
        }
        Kind::Message(text) => format!("{}{place}: {text}", name(&key)),
        other => format!("{}{place}: {other}", name(&key)),
    }
}

/// The nearest key, or all of them.
fn suggestion(unknown: &str, name: impl Fn(&str) -> String) -> String {
    let nearest = KEYS
        .iter()
        .map(|key| (strsim::jaro_winkler(&unknown.replace('.', "_"), &key.replace('.', "_")), key))
        .max_by(|(left, _), (right, _)| left.total_cmp(right));
    match nearest {
        Some((similarity, key)) if similarity > 0.8 => format!(": did you mean {}?", name(key)),
        _ => format!(": the keys are {}", KEYS.iter().map(|key| name(key)).collect::<Vec<_>>().join(", ")),
    }
}

/// A TOML error without the line of the file that it quotes.
fn without_source(text: &str) -> String {
    let quoted =
        |line: &&str| !line.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).trim_start().starts_with('|');
    text.lines().filter(quoted).map(str::trim).collect::<Vec<_>>().join(": ")
}

/// A provider that is named after its file in refusals.
pub(super) struct Named<'a, P> {
    pub(super) path: &'a Path,
    pub(super) provider: P,
}

impl<P: Provider> Provider for Named<'_, P> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.path.display().to_string())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        self.provider.data()
    }
}

#[cfg(test)]
mod tests {
    use figment::providers::Env;

    use super::super::Document;

    fn refusal(toml: &str) -> String {
        let file = tempfile::Builder::new().prefix("keywright").suffix(".toml").tempfile().unwrap();
        std::fs::write(file.path(), toml).unwrap();
        let refusal = match Document::load(Some(file.path()), Env::prefixed("NOTHING_HERE_"), None) {
            Ok(document) => document.serving().err().unwrap(),
            Err(refusal) => refusal,
        };
        refusal.to_string().replace(file.path().to_str().unwrap(), "FILE")
    }

    #[test]
    fn op_01_an_unknown_key_is_named_with_the_nearest_one() {
        assert_eq!(refusal("lissten = \"x\""), "unknown configuration key `lissten` in FILE: did you mean `listen`?");
        assert_eq!(
            refusal("[tls]\ncertifcate = \"x\""),
            "unknown configuration key `tls.certifcate` in FILE: did you mean `tls.certificate`?"
        );
        assert!(refusal("zzz = 1").contains("the keys are `listen`, `database`"));
        assert_eq!(refusal("[log]\nlevel = \"debug\"").lines().count(), 1);
    }

    #[test]
    fn op_01_a_wrong_value_is_named_without_repeating_it() {
        assert_eq!(refusal("master_key = 4711"), "`master_key` in FILE must be a string");
        assert_eq!(refusal("[log]\nformat = \"xml\""), "`log.format` in FILE must be one of: text, json");
        let text = refusal("master_key = c2VjcmV0");
        assert!(text.contains("cannot be read") && text.contains("line 1") && !text.contains("c2VjcmV0"), "{text}");
        assert!(refusal("trusted_proxies = [\"proxy\"]").contains("\"proxy\" is neither an IP address"));
    }

    #[test]
    fn op_01_all_that_is_wrong_is_said_at_once() {
        let text = refusal("listen = \"8443\"\ndatabase = \"mysql://root:hunter2@db/x\"");
        for part in [
            "`listen` is \"8443\"",
            "there is no TLS",
            "`trusted_proxies`",
            "`database` must begin",
            "there is no master key",
        ] {
            assert!(text.contains(part), "{part} is missing in: {text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn op_02_a_file_that_is_not_there_is_refused() {
        let error = Document::load(Some("/nowhere/keywright.toml".as_ref()), Env::prefixed("NOTHING_HERE_"), None)
            .err()
            .unwrap();
        assert!(
            error.to_string().starts_with("the configuration file /nowhere/keywright.toml cannot be read"),
            "{error}"
        );
    }
}
