//! Table `[mail]`: the server that takes mails.

use std::sync::Arc;

use keywright_app::mail::{Mailer, NoMailer, SmtpError, SmtpMailer};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The keys as they were written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MailSettings {
    smtp_url: Option<SecretString>,
    from: Option<String>,
}

impl MailSettings {
    /// Whether there is an address of a server; an empty one counts as absent.
    pub(super) fn names_a_server(&self) -> bool {
        self.smtp_url.as_ref().is_some_and(|url| !url.expose_secret().is_empty())
    }
}

/// The mailer; without a server one that gives every mail up. An empty value counts as absent.
pub(super) fn resolve(settings: Option<&MailSettings>) -> Result<Arc<dyn Mailer>, String> {
    let url = settings.and_then(|settings| settings.smtp_url.as_ref()).filter(|url| !url.expose_secret().is_empty());
    let from = settings.and_then(|settings| settings.from.as_deref()).filter(|from| !from.is_empty());
    match (url, from) {
        (None, None) => Ok(Arc::new(NoMailer)),
        (Some(url), Some(from)) => match SmtpMailer::new(url.expose_secret(), from) {
            Ok(mailer) => Ok(Arc::new(mailer)),
            Err(error @ SmtpError::From) => Err(format!("`mail.from` cannot be used: {error}")),
            // Never repeats the address: it may hold a password.
            Err(error) => Err(format!("`mail.smtp_url` cannot be used: {error}")),
        },
        (Some(_), None) => Err("`mail.from` is missing: the address that mails come from".to_owned()),
        (None, Some(_)) => Err("`mail.smtp_url` is missing: the server that takes mails".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(url: Option<&str>, from: Option<&str>) -> Option<String> {
        let settings = MailSettings { smtp_url: url.map(SecretString::from), from: from.map(str::to_owned) };
        resolve(Some(&settings)).err()
    }

    #[test]
    fn both_keys_or_none() {
        assert!(resolve(None).is_ok());
        assert_eq!(refusal(Some(""), Some("")), None);
        assert_eq!(refusal(Some("smtps://u:p@mail.example.com"), Some("a@example.com")), None);
        assert!(refusal(Some("smtps://mail.example.com"), None).unwrap().contains("`mail.from` is missing"));
        assert!(refusal(None, Some("a@example.com")).unwrap().contains("`mail.smtp_url` is missing"));
        assert!(refusal(Some("smtps://mail.example.com"), Some("nobody")).unwrap().contains("`mail.from` cannot"));
    }

    #[test]
    fn op_01_a_refusal_never_repeats_the_password() {
        let text = refusal(Some("smtp://user:hunter2@mail.example.com"), Some("a@example.com")).unwrap();
        assert!(text.contains("tls=required") && !text.contains("hunter2"), "{text}");
    }
}
