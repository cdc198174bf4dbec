//! The mail server: whether it can be reached, over TLS where the configuration says so, and knows us.

use keywright_app::mail::Mailer;

use super::Finding;

const CHECK: &str = "mail";

/// Connects and authenticates, and sends nothing.
pub(super) async fn examine(mailer: &dyn Mailer, is_configured: bool) -> Finding {
    if !is_configured {
        let advice = "set mail.smtp_url and mail.from, so that users get the links that unblock their accounts";
        return Finding::warn(CHECK, "no mail server is configured: mails are not sent", advice);
    }
    match mailer.check().await {
        Ok(()) => Finding::ok(CHECK, "the mail server answers and lets this server in"),
        // Holds neither the address nor what the server said: both may hold a name or a password.
        Err(cause) => {
            let advice = "check mail.smtp_url: host, port, TLS, user name and password";
            Finding::fail(CHECK, cause.to_string(), advice)
        }
    }
}
