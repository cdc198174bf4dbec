//! Keys `master_key` and `master_key_file`: where the key that seals the database's secrets comes from; and
//! `previous_master_keys` and `previous_master_key_files`, the keys that it has replaced (ST-03).

use std::fmt;
use std::path::PathBuf;

use keywright_app::MasterKeys;
use keywright_jose::MasterKey;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

/// Master keys that were replaced, or files with them.
#[derive(Default)]
pub(super) struct Previous<T>(Vec<T>);

impl<T> Previous<T> {
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

impl<'de> Deserialize<'de> for Previous<SecretString> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = deserializer.deserialize_any(Entries("a list of master keys, each 32 bytes in base64"))?;
        Ok(Self(read.into_iter().map(SecretString::from).collect()))
    }
}

impl<'de> Deserialize<'de> for Previous<PathBuf> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = deserializer.deserialize_any(Entries("a list of files, each with a master key"))?;
        Ok(Self(read.into_iter().map(PathBuf::from).collect()))
    }
}

/// Reads a list from the file, or text with commas from the environment. Holds what is expected.
struct Entries(&'static str);

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element::<String>()? {
            entries.push(entry);
        }
        Ok(entries.into_iter().filter(|entry| !entry.is_empty()).collect())
    }
}

/// The master key and those before it.
pub(super) fn resolve_all(
    key: Option<&SecretString>,
    file: Option<&str>,
    previous: &Previous<SecretString>,
    previous_files: &Previous<PathBuf>,
) -> Result<MasterKeys, String> {
    let written =
        previous.iter().zip(1..).map(|(key, number)| decode(&format!("entry {number} of `previous_master_keys`"), key));
    let in_files = previous_files.iter().map(|path| read("`previous_master_key_files`", &path.display().to_string()));
    let previous: Result<Vec<MasterKey>, String> = written.chain(in_files).collect();
    Ok(MasterKeys { current: resolve(key, file)?, previous: previous? })
}

/// The master key from the one place that names it. An empty value counts as absent, because that is what a compose
/// file makes of a variable that is not set.
fn resolve(key: Option<&SecretString>, file: Option<&str>) -> Result<MasterKey, String> {
    let key = key.filter(|key| !key.expose_secret().is_empty());
    match (key, file.filter(|path| !path.is_empty())) {
        (Some(_), Some(_)) => {
            Err("`master_key` and `master_key_file` are both set: remove one of them".to_owned())
        }
        (Some(key), None) => decode("`master_key`", key),
        (None, Some(path)) => read("`master_key_file`", path),
        (None, None) => Err("there is no master key: make one with `keywright master-key` (or `openssl rand -base64 32`) and set \
                             `master_key_file` to a file that holds it, or the environment variable KEYWRIGHT_MASTER_KEY to the key itself"
            .to_owned()),
    }
}

fn read(key: &str, path: &str) -> Result<MasterKey, String> {
    let text = std::fs::read_to_string(path)
        .map(SecretString::from)
        .map_err(|cause| format!("{key} names {path}, which cannot be read: {cause}"))?;
    decode(&format!("the file {path} of {key}"), &text)
}

/// Never repeats the text, whatever is wrong with it.
fn decode(place: &str, text: &SecretString) -> Result<MasterKey, String> {
    MasterKey::from_base64(text.expose_secret().trim())
        .map_err(|cause| format!("{place} is not 32 bytes in base64 ({cause}): make a key with `keywright master-key`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn refusal(key: Option<&str>, file: Option<&str>) -> String {
        resolve(key.map(SecretString::from).as_ref(), file).err().unwrap()
    }

    #[test]
    fn comes_from_the_key_or_the_file() {
        assert_eq!(resolve(Some(&KEY.into()), None).unwrap().to_base64().expose_secret(), KEY);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{KEY}\n")).unwrap();
        let path = file.path().to_str().unwrap();
        assert_eq!(resolve(None, Some(path)).unwrap().to_base64().expose_secret(), KEY);
        assert_eq!(resolve(Some(&"".into()), Some(path)).unwrap().to_base64().expose_secret(), KEY);
    }

    #[test]
    fn st_03_keys_before_it_come_from_lists_and_files() {
        let another = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{another}\n")).unwrap();
        let lists = serde_json::json!([KEY, another]);
        for both in [lists, format!("{KEY}, {another}").into()] {
            let written: Previous<SecretString> = serde_json::from_value(both).unwrap();
            let files: Previous<PathBuf> = serde_json::from_value(serde_json::json!([file.path()])).unwrap();
            let all = resolve_all(Some(&KEY.into()), None, &written, &files).unwrap();
            let read: Vec<String> = all.previous.iter().map(|key| key.to_base64().expose_secret().to_owned()).collect();
            assert_eq!(read, [KEY, another, another]);
        }
        let refused = |written: &str, files: &str| {
            let written = serde_json::from_value(written.into()).unwrap();
            let files = serde_json::from_value(files.into()).unwrap();
            resolve_all(Some(&KEY.into()), None, &written, &files).err()
        };
        assert_eq!(refused("", ""), None, "what a compose file makes of a variable that is not set");
        let short = refused(&format!("{KEY},c2hvcnQ="), "").unwrap();
        assert!(short.contains("entry 2 of `previous_master_keys`") && !short.contains("c2hvcnQ="), "{short}");
        assert!(refused("", "/nowhere/key").unwrap().contains("`previous_master_key_files` names /nowhere/key"));
        let wrong = serde_json::from_value::<Previous<SecretString>>(4711.into()).err().unwrap().to_string();
        assert!(wrong.contains("a list of master keys"), "{wrong}");
    }

    #[test]
    fn op_01_refusals_name_the_fix_and_never_the_key() {
        assert!(refusal(None, None).contains("keywright master-key"));
        assert!(refusal(Some(""), Some("")).contains("there is no master key"));
        assert!(refusal(Some(KEY), Some("/key")).contains("remove one of them"));
        assert!(refusal(None, Some("/nowhere/key")).contains("/nowhere/key"));
        let short = refusal(Some("c2hvcnQ="), None);
        assert!(short.contains("32 bytes") && !short.contains("c2hvcnQ="), "{short}");
    }
}
