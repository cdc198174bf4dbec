//! `keywright doctor`: looks at an installation before its users do. Each check says OK, WARN or FAIL, and what to do.
//!
//! Nothing is changed: no migration runs, and what is written for a measurement is removed.

mod certificate;
mod database;
mod machine;
mod mail;
mod outside;

use keywright_app::Clock;
use serde::Serialize;

use crate::Failure;
use crate::cli::DoctorOptions;
use crate::config::{self, Document, Transport};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// As it should be.
    Ok,
    /// Works, but somebody should look at it.
    Warn,
    /// Does not work, or is not safe.
    Fail,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    check: &'static str,
    status: Verdict,
    message: String,
    /// One line.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, status: Verdict::Ok, message: message.into(), advice: None }
    }

    fn warn(check: &'static str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, status: Verdict::Warn, message: message.into(), advice: Some(advice.into()) }
    }

    fn fail(check: &'static str, message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, status: Verdict::Fail, message: message.into(), advice: Some(advice.into()) }
    }
}

/// Runs every check and prints what it found. An error when one failed.
pub(crate) async fn run(options: DoctorOptions) -> Result<(), Failure> {
    let findings = examine(&options).await;
    let worst = findings.iter().map(|finding| finding.status).max().unwrap_or(Verdict::Ok);
    if options.json {
        println!("{}", serde_json::to_string(&serde_json::json!({ "status": worst, "checks": findings }))?);
    } else {
        print!("{}", table(&findings));
    }
    match findings.iter().filter(|finding| finding.status == Verdict::Fail).count() {
        0 => Ok(()),
        failed => Err(Failure::Doctor(failed)),
    }
}

async fn examine(options: &DoctorOptions) -> Vec<Finding> {
    let now = Clock::system().now();
    let mut findings = Vec::new();
    let document = match Document::load(options.configuration.config.as_deref(), config::environment(), None) {
        Ok(document) => document,
        Err(refusal) => return refused(&refusal.to_string()),
    };
    let mut files = document.files();
    files.extend(options.configuration.config.iter().map(|path| ("the configuration file", path.clone())));
    let (certificate, sends_mails) = (document.certificate(), document.has_mail_server());
    let serving = match document.serving() {
        Ok(serving) => serving,
        Err(refusal) => return refused(&refusal.to_string()),
    };
    findings.push(Finding::ok("configuration", "every key is known and fits the others"));
    findings.extend(machine::file_modes(&files));
    findings.push(machine::proxies(&serving.trusted_proxies));
    findings.push(Finding::ok("test controls", "keywright serve has none; they exist under keywright dev only"));
    let database = serving.storage.database.clone();
    let (found, domains) = database::examine(serving.storage).await;
    findings.extend(found);
    match (&serving.transport, certificate) {
        (Transport::Tls(_), Some(path)) => findings.extend(certificate::examine(&path, &domains, now)),
        _ => findings.push(Finding::ok("certificate", "a trusted proxy ends TLS")),
    }
    findings.push(mail::examine(&*serving.mailer, sends_mails).await);
    findings.extend(machine::disk(&database));
    findings.push(machine::time_synchronised());
    if let Some(url) = &options.url {
        findings.push(outside::examine(url).await);
    }
    findings
}

fn refused(sentences: &str) -> Vec<Finding> {
    let advice = "correct the key; nothing else was checked";
    sentences.lines().map(|sentence| Finding::fail("configuration", sentence, advice)).collect()
}

fn table(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { check, status, message, advice } in findings {
        let status = match status {
            Verdict::Ok => "OK  ",
            Verdict::Warn => "WARN",
            Verdict::Fail => "FAIL",
        };
        text = format!("{text}{status}  {check}: {message}\n");
        if let Some(advice) = advice {
            text = format!("{text}      {advice}\n");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_to_do() {
        let findings = [
            Finding::ok("a", "fine"),
            Finding::warn("b", "old", "renew it"),
            Finding::fail("c", "gone", "bring it back"),
        ];
        assert_eq!(
            table(&findings),
            "OK    a: fine\nWARN  b: old\n      renew it\nFAIL  c: gone\n      bring it back\n"
        );
        assert_eq!(
            serde_json::to_value(&findings[1]).unwrap(),
            serde_json::json!({ "check": "b", "status": "warn", "message": "old", "advice": "renew it" })
        );
        assert!(Verdict::Ok < Verdict::Warn && Verdict::Warn < Verdict::Fail);
    }
}
