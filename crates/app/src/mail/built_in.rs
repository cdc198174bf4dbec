//! The mails that are sent where a tenant has no templates of its own, under Auth0's names of them (`management-api.md` §11): in
//! English, as HTML and text, with the tenant's name, logo and colour.

use std::net::IpAddr;

use askama::Template;
use keywright_types::Tenant;
use serde_json::Value;

use crate::AppError;

/// Colour of buttons for tenants that have not chosen one.
const PRIMARY: &str = "#0e6b5c";

/// What a mail says.
pub(super) struct Letter {
    pub(super) subject: String,
    heading: String,
    paragraphs: Vec<String>,
    action: Option<Action>,
    notes: Vec<String>,
}

struct Action {
    label: &'static str,
    link: String,
}

/// How a tenant's mails look.
pub(super) struct Look {
    company: String,
    logo: Option<String>,
    primary: String,
    on_primary: &'static str,
    support: Option<String>,
}

impl Look {
    /// From the tenant's settings and its branding.
    pub(super) fn of(tenant: &Tenant) -> Self {
        let settings = &tenant.settings;
        let text = |pointer: &str| tenant.appearance.branding.pointer(pointer).and_then(Value::as_str);
        let logo = text("/logo_url").or(settings.picture_url.as_deref());
        let legacy = settings.other.get("universal_login").and_then(|own| own.pointer("/colors/primary"));
        let primary = text("/colors/primary").or(legacy.and_then(Value::as_str)).filter(|color| is_color(color));
        let primary = primary.unwrap_or(PRIMARY);
        let support = settings.support_email.as_deref().or(settings.support_url.as_deref());
        Self {
            company: one_line(tenant.display_name()),
            logo: logo.filter(|url| is_image(url)).map(str::to_owned),
            primary: primary.to_owned(),
            on_primary: if is_light(primary) { "#14171a" } else { "#ffffff" },
            support: support.filter(|contact| !contact.is_empty()).map(one_line),
        }
    }
}

#[derive(Template)]
#[template(path = "mail/message.html")]
struct Html<'a> {
    letter: &'a Letter,
    look: &'a Look,
}

#[derive(Template)]
#[template(path = "mail/message.txt", escape = "none")]
struct Text<'a> {
    letter: &'a Letter,
    look: &'a Look,
}

impl Letter {
    /// HTML and text.
    pub(super) fn render(&self, look: &Look) -> Result<(String, String), AppError> {
        let html = Html { letter: self, look }.render().map_err(AppError::internal)?;
        let text = Text { letter: self, look }.render().map_err(AppError::internal)?;
        Ok((html, text))
    }

    /// `verify_email`: the receiver is to prove that the address is theirs.
    pub(super) fn verification(look: &Look, email: &str, link: &str, lifetime: i64) -> Self {
        let company = &look.company;
        Self {
            subject: format!("Verify your email address for {company}"),
            heading: "Verify your email address".to_owned(),
            paragraphs: vec![format!(
                "The address {email} was entered for an account at {company}. Confirm that it is yours:"
            )],
            action: Some(Action { label: "Verify my email address", link: link.to_owned() }),
            notes: vec![
                format!("The link works once, within {}.", span(lifetime)),
                "If you did not sign up, you need not do anything.".to_owned(),
            ],
        }
    }

    /// `reset_email`: the receiver wants another password.
    pub(super) fn password_reset(look: &Look, link: &str, lifetime: i64) -> Self {
        let company = &look.company;
        Self {
            subject: format!("Reset your {company} password"),
            heading: "Set a new password".to_owned(),
            paragraphs: vec![format!("Somebody asked for a new password for your account at {company}.")],
            action: Some(Action { label: "Set a new password", link: link.to_owned() }),
            notes: vec![
                format!("The link works once, within {}, and only the newest one works.", span(lifetime)),
                "If it was not you, you need not do anything: your password stays as it is.".to_owned(),
            ],
        }
    }

    /// `welcome_email`: the receiver has an account.
    pub(super) fn welcome(look: &Look, application: Option<&str>) -> Self {
        let company = &look.company;
        let used_for = match application.map(one_line) {
            Some(name) => format!("Your account is ready. You can use it to log in to {name}."),
            None => "Your account is ready.".to_owned(),
        };
        Self {
            subject: format!("Welcome to {company}"),
            heading: format!("Welcome to {company}"),
            paragraphs: vec![used_for],
            action: None,
            notes: Vec::new(),
        }
    }

    /// `blocked_account`: somebody failed too often with the receiver's account.
    pub(super) fn blocked_account(look: &Look, link: &str, ip: Option<IpAddr>, lifetime: i64) -> Self {
        let company = &look.company;
        let from = ip.map(|ip| format!(", from the address {ip}")).unwrap_or_default();
        Self {
            subject: format!("Too many failed logins to your {company} account"),
            heading: "Too many failed logins to your account".to_owned(),
            paragraphs: vec![
                format!(
                    "Somebody entered a wrong password for your account too often{from}. Logins from there are blocked now."
                ),
                "If it was you, unblock your account and log in again:".to_owned(),
            ],
            action: Some(Action { label: "Unblock my account", link: link.to_owned() }),
            notes: vec![format!(
                "The link works once, within {}. If it was not you, you need not do anything: the password was not guessed, \
                 and you can log in as usual on the devices that you have used before.",
                span(lifetime)
            )],
        }
    }
}

/// A time in words.
fn span(seconds: i64) -> String {
    let (number, unit) = match seconds {
        seconds if seconds >= 86_400 && seconds % 86_400 == 0 => (seconds / 86_400, "day"),
        seconds if seconds >= 3_600 && seconds % 3_600 == 0 => (seconds / 3_600, "hour"),
        seconds => ((seconds / 60).max(1), "minute"),
    };
    if number == 1 { format!("one {unit}") } else { format!("{number} {unit}s") }
}

/// Names go into headers and into text without markup.
pub(super) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn is_image(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| url.scheme() == "https")
}

fn is_color(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether dark text is easier to read on this colour than white: WCAG's relative luminance, without its curve.
fn is_light(color: &str) -> bool {
    let value = u32::from_str_radix(color.trim_start_matches('#'), 16).unwrap_or_default();
    let [_, red, green, blue] = value.to_be_bytes().map(u32::from);
    red * 299 + green * 587 + blue * 114 > 150_000
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use keywright_types::{Appearance, TenantId, TenantSettings};
    use serde_json::json;

    use super::*;

    fn tenant(settings: TenantSettings) -> Tenant {
        Tenant { id: TenantId::new("t"), domain: "login.example.com".to_owned(), settings, appearance: Arc::default() }
    }

    #[test]
    fn what_a_tenant_says_about_itself_stays_text() {
        let settings = TenantSettings {
            friendly_name: Some("Acme <b>\r\nBcc: x@example.com".to_owned()),
            support_email: Some("help@example.com".to_owned()),
            ..TenantSettings::default()
        };
        let look = Look::of(&tenant(settings));
        let link = "https://login.example.com/u/unblock?ticket=x";
        let letter = Letter::blocked_account(&look, link, Some("192.0.2.7".parse().unwrap()), 432_000);
        assert_eq!(letter.subject, "Too many failed logins to your Acme <b> Bcc: x@example.com account");
        let (html, text) = letter.render(&look).unwrap();
        assert!(html.contains("Acme &#60;b&#62; Bcc") && !html.contains("<b>"), "{html}");
        assert!(html.contains(&format!("href=\"{link}\"")), "{html}");
        for body in [&text, &html] {
            assert!(body.contains(link) && body.contains("192.0.2.7") && body.contains("help@example.com"), "{body}");
            assert!(body.contains("within 5 days"), "{body}");
        }
        assert!(text.lines().any(|line| line == link), "{text}");
    }

    #[test]
    fn mails_have_the_tenants_logo_and_colour() {
        let branding = |logo: &str, primary: &str| json!({ "logo_url": logo, "colors": { "primary": primary } });
        let plain = tenant(TenantSettings::default());
        for (branding, expected, unexpected) in [
            (branding("https://a.example/logo.png", "#ffcc00"), "background:#ffcc00;color:#14171a", PRIMARY),
            (branding("https://a.example/logo.png", "#112233"), "background:#112233;color:#ffffff", PRIMARY),
            (branding("javascript:x", "red;x:url(y)"), PRIMARY, "javascript"),
        ] {
            let look = Look::of(&Tenant {
                appearance: Arc::new(Appearance { branding, ..Appearance::default() }),
                ..plain.clone()
            });
            let letter = Letter::verification(&look, "<jane@example.com>", "https://a.example/x", 3_600);
            let (html, text) = letter.render(&look).unwrap();
            assert!(html.contains(expected) && !html.contains(unexpected), "{html}");
            assert!(!html.contains("<jane") && text.contains("within one hour"), "{html}{text}");
        }
        let settings =
            TenantSettings { picture_url: Some("https://b.example/l.png".to_owned()), ..TenantSettings::default() };
        let look = Look::of(&tenant(settings));
        let (html, text) = Letter::welcome(&look, Some("A\nB")).render(&look).unwrap();
        assert!(html.contains("src=\"https://b.example/l.png\"") && text.contains("log in to A B."), "{html}{text}");
    }

    #[test]
    fn lifetimes_are_words() {
        for (seconds, words) in [
            (432_000, "5 days"),
            (86_400, "one day"),
            (7_200, "2 hours"),
            (90, "one minute"),
            (1, "one minute"),
            (5_400, "90 minutes"),
        ] {
            assert_eq!(span(seconds), words);
        }
    }
}
