//! Mails by SMTP (RFC 5321), over TLS.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

use secrecy::{ExposeSecret as _, SecretString};

use super::{MailError, MailFuture, Mailer, Message};

/// Longest time of one exchange with the mail server.
const EXCHANGE: Duration = Duration::from_secs(15);
/// Longest time of all of them for one mail; shorter than the lease of the job.
const DELIVERY: Duration = Duration::from_mins(1);

/// What is wrong with the configuration. Does not repeat the address, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SmtpError {
    /// Not an address of a mail server.
    #[error("it must be smtps://USER:PASSWORD@HOST, or smtp://USER:PASSWORD@HOST:587?tls=required for STARTTLS")]
    Url,
    /// Mails and the password would go over the network in clear.
    #[error(
        "it has no TLS: write smtps://…, or smtp://…?tls=required; without TLS only a server on this machine is used"
    )]
    Plain,
    /// Not an address of a sender.
    #[error("it must be an e-mail address, as in \"Example <no-reply@example.com>\"")]
    From,
}

/// A mail server.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    /// Checks the configuration; connects later.
    pub fn new(url: &str, from: &str) -> Result<Self, SmtpError> {
        let parsed = url::Url::parse(url).map_err(|_| SmtpError::Url)?;
        let host = parsed.host_str().filter(|host| !host.is_empty()).ok_or(SmtpError::Url)?;
        // lettre falls back to no TLS with `opportunistic`.
        let encrypted =
            parsed.scheme() == "smtps" || parsed.query_pairs().any(|pair| pair == ("tls".into(), "required".into()));
        if !encrypted && !matches!(host, "localhost" | "127.0.0.1" | "[::1]") {
            return Err(if parsed.scheme() == "smtp" { SmtpError::Plain } else { SmtpError::Url });
        }
        let from: Mailbox = from.parse().map_err(|_| SmtpError::From)?;
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| SmtpError::Url)?;
        let builder = if encrypted { builder } else { builder.tls(Tls::None) };
        Ok(Self { transport: builder.timeout(Some(EXCHANGE)).build(), from })
    }

    /// All that comes before a mail: the connection, TLS, and the proof of who we are.
    async fn connect(&self) -> Result<(), MailError> {
        match self.transport.test_connection().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(MailError::Temporary("the mail server broke the connection off".to_owned())),
            Err(error) => Err(refusal(&error)),
        }
    }

    async fn deliver(&self, message: &Message) -> Result<(), MailError> {
        let mail = letter_from(message, self.from.clone())?;
        self.transport.send(mail).await.map(drop).map_err(|error| refusal(&error))
    }
}

/// A mail as it goes over the wire, from a sender as somebody wrote it: `Name <address>` or an address.
pub(super) fn letter(message: &Message, from: &str) -> Result<lettre::Message, MailError> {
    let from = sender(from).ok_or_else(|| MailError::Permanent("the sender is not an e-mail address".to_owned()))?;
    letter_from(message, from)
}

/// A sender as somebody wrote it.
pub(super) fn sender(text: &str) -> Option<Mailbox> {
    text.parse().ok().filter(|_| !text.chars().any(char::is_control))
}

fn letter_from(message: &Message, from: Mailbox) -> Result<lettre::Message, MailError> {
    let permanent = |_| MailError::Permanent("the mail cannot be written".to_owned());
    let to = message.to.parse().map_err(|_| MailError::Permanent("the address cannot get mail".to_owned()))?;
    lettre::Message::builder()
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(&message.subject)
        .date(SystemTime::from(message.date))
        // RFC 3834 §5: no automatic answer to an automatic mail.
        .header(AutoSubmitted)
        .multipart(MultiPart::alternative_plain_html(message.text.clone(), message.html.clone()))
        .map_err(permanent)
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the start.
    Tls,
    /// STARTTLS, or nothing is sent.
    StartTls,
    /// STARTTLS where the server has it.
    IfOffered,
}

/// A server whose address was looked up before.
pub(super) struct Server<'a> {
    pub(super) address: IpAddr,
    pub(super) port: u16,
    /// The name that its certificate has to have.
    pub(super) host: &'a str,
    pub(super) security: Security,
    pub(super) login: Option<(&'a str, &'a SecretString)>,
}

/// Hands a mail to a server.
pub(super) async fn send_to(server: &Server<'_>, letter: &lettre::Message) -> Result<(), MailError> {
    let parameters = TlsParameters::new(server.host.to_owned())
        .map_err(|_| MailError::Permanent("the name of the mail server cannot have a certificate".to_owned()))?;
    let tls = match server.security {
        Security::Tls => Tls::Wrapper(parameters),
        Security::StartTls => Tls::Required(parameters),
        Security::IfOffered => Tls::Opportunistic(parameters),
    };
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.address.to_string())
        .port(server.port)
        .tls(tls)
        .timeout(Some(EXCHANGE));
    let builder = match server.login {
        Some((user, password)) => {
            builder.credentials(Credentials::new(user.to_owned(), password.expose_secret().to_owned()))
        }
        None => builder,
    };
    let transport = builder.build();
    let exchange = async { transport.send(letter.clone()).await.map(drop).map_err(|error| refusal(&error)) };
    in_time(exchange).await
}

impl Mailer for SmtpMailer {
    fn send<'a>(&'a self, message: &'a Message) -> MailFuture<'a> {
        Box::pin(in_time(self.deliver(message)))
    }

    fn check(&self) -> MailFuture<'_> {
        Box::pin(in_time(self.connect()))
    }
}

async fn in_time(exchanges: impl Future<Output = Result<(), MailError>>) -> Result<(), MailError> {
    match tokio::time::timeout(DELIVERY, exchanges).await {
        Ok(result) => result,
        Err(_) => Err(MailError::Temporary("the mail server did not answer in time".to_owned())),
    }
}

/// RFC 5321 §4.2.1: 5yz is permanent. The text of the server may repeat the address, so only the code is kept.
fn refusal(error: &lettre::transport::smtp::Error) -> MailError {
    let code = error.status().map(|code| code.to_string());
    match code {
        Some(code) if error.is_permanent() => MailError::Permanent(format!("the mail server refused it: {code}")),
        Some(code) => MailError::Temporary(format!("the mail server put it off: {code}")),
        None if error.is_timeout() => MailError::Temporary("the mail server did not answer in time".to_owned()),
        None if error.is_tls() => MailError::Temporary("no TLS connection with the mail server".to_owned()),
        None => MailError::Temporary("no connection with the mail server".to_owned()),
    }
}

/// `Auto-Submitted: auto-generated`.
#[derive(Clone)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
mod tests;
