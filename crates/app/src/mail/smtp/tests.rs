use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::*;

const FROM: &str = "Example <no-reply@example.com>";

fn message(to: &str) -> Message {
    Message {
        to: to.to_owned(),
        from: None,
        template: "blocked_account",
        subject: "Grüße".to_owned(),
        text: "in text".to_owned(),
        html: "<p>in HTML</p>".to_owned(),
        date: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn nothing_goes_over_the_network_in_clear() {
    for good in
        ["smtps://u:p@mail.example.com", "smtp://u:p@mail.example.com:587?tls=required", "smtp://localhost:2525"]
    {
        assert!(SmtpMailer::new(good, FROM).is_ok(), "{good}");
    }
    for (url, error) in [
        ("smtp://u:p@mail.example.com", SmtpError::Plain),
        ("smtp://u:p@mail.example.com?tls=opportunistic", SmtpError::Plain),
        ("https://mail.example.com", SmtpError::Url),
        ("mail.example.com", SmtpError::Url),
        ("", SmtpError::Url),
    ] {
        assert_eq!(SmtpMailer::new(url, FROM).err(), Some(error), "{url}");
    }
    assert_eq!(SmtpMailer::new("smtp://localhost", "nobody").err(), Some(SmtpError::From));
}

/// A mail server that answers RCPT with `answer` and gives the lines that it got.
async fn server(answer: &'static str) -> (String, tokio::task::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).lines();
        writer.write_all(b"220 mail.example.com ESMTP\r\n").await.unwrap();
        let (mut got, mut in_data) = (Vec::new(), false);
        while let Ok(Some(line)) = lines.next_line().await {
            let reply = match line.split(' ').next().unwrap() {
                "." => {
                    in_data = false;
                    "250 OK"
                }
                _ if in_data => {
                    got.push(line);
                    continue;
                }
                "DATA" => {
                    in_data = true;
                    "354 go on"
                }
                "RCPT" | "AUTH" => answer,
                // What a server can do; a client only authenticates where it may.
                "EHLO" => "250-mail.example.com\r\n250 AUTH PLAIN",
                "QUIT" => "221 bye",
                _ => "250 OK",
            };
            got.push(line);
            if writer.write_all(format!("{reply}\r\n").as_bytes()).await.is_err() {
                break;
            }
        }
        got
    });
    (url, serving)
}

#[tokio::test]
async fn a_mail_has_both_bodies_and_says_that_no_person_wrote_it() {
    let (url, serving) = server("250 OK").await;
    let mailer = SmtpMailer::new(&url, FROM).unwrap();
    mailer.send(&message("jane@example.com")).await.unwrap();
    drop(mailer);
    let lines = serving.await.unwrap();
    assert!(lines.iter().any(|line| line.starts_with("RCPT TO:<jane@example.com>")), "{lines:#?}");
    for expected in [
        "From: Example <no-reply@example.com>",
        "To: jane@example.com",
        "Date: Thu, 01 Jan 1970 00:00:00 +0000",
        "Auto-Submitted: auto-generated",
        "in text",
        "<p>in HTML</p>",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected}: {lines:#?}");
    }
}

#[tokio::test]
async fn refusals_are_permanent_or_not_and_repeat_no_address() {
    for (answer, expected) in [
        ("550 no such user jane@example.com", MailError::Permanent("the mail server refused it: 550".to_owned())),
        ("451 try again, jane@example.com", MailError::Temporary("the mail server put it off: 451".to_owned())),
    ] {
        let (url, _serving) = server(answer).await;
        let sent = SmtpMailer::new(&url, FROM).unwrap().send(&message("jane@example.com")).await;
        assert_eq!(sent, Err(expected));
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://127.0.0.1:{}", nobody.local_addr().unwrap().port());
    drop(nobody);
    let sent = SmtpMailer::new(&url, FROM).unwrap().send(&message("jane@example.com")).await;
    assert!(matches!(sent, Err(MailError::Temporary(_))), "{sent:?}");
    let bad = SmtpMailer::new(&url, FROM).unwrap().send(&message("no address")).await;
    assert!(matches!(bad, Err(MailError::Permanent(_))), "{bad:?}");
}

#[tokio::test]
async fn a_check_connects_and_authenticates_and_sends_nothing() {
    for (user, answer, expected) in [
        ("", "250 OK", Ok(())),
        ("keywright:hunter2@", "235 welcome", Ok(())),
        (
            "keywright:hunter2@",
            "535 keywright is not welcome",
            Err(MailError::Permanent("the mail server refused it: 535".to_owned())),
        ),
    ] {
        let (url, serving) = server(answer).await;
        let mailer = SmtpMailer::new(&url.replace("smtp://", &format!("smtp://{user}")), FROM).unwrap();
        assert_eq!(mailer.check().await, expected);
        drop(mailer);
        let lines = serving.await.unwrap();
        assert!(lines[0].starts_with("EHLO "), "{lines:#?}");
        assert_eq!(lines.iter().any(|line| line.starts_with("AUTH ")), !user.is_empty(), "{lines:#?}");
        assert!(!lines.iter().any(|line| ["MAIL", "RCPT", "DATA"].contains(&&line[..4])), "{lines:#?}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://127.0.0.1:{}", nobody.local_addr().unwrap().port());
    drop(nobody);
    let failed = SmtpMailer::new(&url, FROM).unwrap().check().await;
    assert_eq!(failed, Err(MailError::Temporary("no connection with the mail server".to_owned())));
}
