//! The built-in mails, under Auth0's names of their templates (`management-api.md` §11).

use std::net::IpAddr;

use askama::Template;
use jiff::Timestamp;
use keywright_types::Tenant;

use super::Message;
use crate::AppError;

#[derive(Template)]
#[template(path = "mail/blocked_account.html")]
struct BlockedAccountHtml<'a> {
    company: &'a str,
    link: &'a str,
    ip: &'a str,
    support: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "mail/blocked_account.txt", escape = "none")]
struct BlockedAccountText<'a> {
    company: &'a str,
    link: &'a str,
    ip: &'a str,
    support: Option<&'a str>,
}

/// Template `blocked_account`: somebody failed too often with the receiver's account.
pub(super) fn blocked_account(
    tenant: &Tenant,
    to: String,
    link: &str,
    ip: Option<IpAddr>,
    now: Timestamp,
) -> Result<Message, AppError> {
    let company = one_line(tenant.display_name());
    let ip = ip.map(|ip| ip.to_string()).unwrap_or_default();
    let settings = &tenant.settings;
    let support = settings.support_email.as_deref().or(settings.support_url.as_deref());
    let support = support.filter(|contact| !contact.is_empty()).map(one_line);
    let (company, support, ip) = (company.as_str(), support.as_deref(), ip.as_str());
    Ok(Message {
        to,
        template: "blocked_account",
        subject: format!("Too many failed logins to your {company} account"),
        text: BlockedAccountText { company, link, ip, support }.render().map_err(AppError::internal)?,
        html: BlockedAccountHtml { company, link, ip, support }.render().map_err(AppError::internal)?,
        date: now,
    })
}

/// Names go into headers and into text without markup.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use keywright_types::{TenantId, TenantSettings};

    use super::*;

    #[test]
    fn what_a_tenant_says_about_itself_stays_text() {
        let settings = TenantSettings {
            friendly_name: Some("Acme <b>\r\nBcc: x@example.com".to_owned()),
            support_email: Some("help@example.com".to_owned()),
            ..TenantSettings::default()
        };
        let tenant = Tenant {
            id: TenantId::new("t"),
            domain: "login.example.com".to_owned(),
            settings,
            appearance: std::sync::Arc::default(),
        };
        let ip = Some("192.0.2.7".parse().unwrap());
        let link = "https://login.example.com/u/unblock?ticket=x";
        let mail = blocked_account(&tenant, "jane@example.com".to_owned(), link, ip, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(mail.subject, "Too many failed logins to your Acme <b> Bcc: x@example.com account");
        assert!(mail.html.contains("Acme &#60;b&#62; Bcc") && !mail.html.contains("<b>"), "{}", mail.html);
        assert!(mail.html.contains(&format!("href=\"{link}\"")), "{}", mail.html);
        for body in [&mail.text, &mail.html] {
            assert!(body.contains(link) && body.contains("192.0.2.7") && body.contains("help@example.com"), "{body}");
        }
    }
}
