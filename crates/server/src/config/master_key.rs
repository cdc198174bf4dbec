//! Keys `master_key` and `master_key_file`: where the key that seals the database's secrets comes from.

use keywright_jose::MasterKey;
use secrecy::{ExposeSecret, SecretString};

/// The master key from the one place that names it. An empty value counts as absent, because that is what a compose
/// file makes of a variable that is not set.
pub(super) fn resolve(key: Option<&SecretString>, file: Option<&str>) -> Result<MasterKey, String> {
    let key = key.filter(|key| !key.expose_secret().is_empty());
    match (key, file.filter(|path| !path.is_empty())) {
        (Some(_), Some(_)) => {
            Err("`master_key` and `master_key_file` are both set: remove one of them".to_owned())
        }
        (Some(key), None) => decode("`master_key`", key),
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path)
                .map(SecretString::from)
                .map_err(|cause| format!("`master_key_file` names {path}, which cannot be read: {cause}"))?;
            decode(&format!("the file {path} of `master_key_file`"), &text)
        }
        (None, None) => Err("there is no master key: make one with `keywright master-key` (or `openssl rand -base64 32`) and set \
                             `master_key_file` to a file that holds it, or the environment variable KEYWRIGHT_MASTER_KEY to the key itself"
            .to_owned()),
    }
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
    fn op_01_refusals_name_the_fix_and_never_the_key() {
        assert!(refusal(None, None).contains("keywright master-key"));
        assert!(refusal(Some(""), Some("")).contains("there is no master key"));
        assert!(refusal(Some(KEY), Some("/key")).contains("remove one of them"));
        assert!(refusal(None, Some("/nowhere/key")).contains("/nowhere/key"));
        let short = refusal(Some("c2hvcnQ="), None);
        assert!(short.contains("32 bytes") && !short.contains("c2hvcnQ="), "{short}");
    }
}
