//! The database: whether it answers, fits this version and the master key, and whether its tenants can sign.

use jiff::{SignedDuration, Timestamp};
use keywright_app::{App, AppError, Clock, DataKeyInfo, DataKeyState, OpenError};
use keywright_jose::MasterKey;
use keywright_store::inspection::{Inspection, inspect};
use keywright_store::signing_keys::{KeyState, SigningKeyRow};
use keywright_store::{signing_keys, tenants};
use secrecy::ExposeSecret;

use super::Finding;
use crate::config::Storage;
use crate::instance;

/// Difference of the clocks that nobody notices.
const SKEW: SignedDuration = SignedDuration::from_secs(1);
/// Difference of the clocks at which codes and tokens end visibly too early or too late.
const TOO_MUCH_SKEW: SignedDuration = SignedDuration::from_secs(10);
/// Age at which a signing key should be replaced.
const OLD_KEY: SignedDuration = SignedDuration::from_hours(24 * 400);

/// What was found, and the domains of the tenants.
pub(super) async fn examine(storage: Storage) -> (Vec<Finding>, Vec<String>) {
    let clock = Clock::system();
    let begun = std::time::Instant::now();
    let inspection = match inspect(storage.database.expose_secret()).await {
        Ok(Some(inspection)) => inspection,
        Ok(None) => {
            let advice = "create a tenant with keywright tenant create";
            return (
                vec![Finding::warn("database", "there is no file yet; the first start makes it", advice)],
                Vec::new(),
            );
        }
        Err(cause) => {
            let advice = "check `database`, and that the database runs and can be reached from here";
            return (vec![Finding::fail("database", cause.to_string(), advice)], Vec::new());
        }
    };
    let now = clock.now();
    let milliseconds = begun.elapsed().as_millis();
    let mut findings = vec![Finding::ok("database", format!("{} answers in {milliseconds} ms", inspection.engine))];
    findings.push(schema(&inspection));
    findings.extend(inspection.now.map(|database| clocks(now, database)));
    // Opening it for work would run the migrations.
    if !inspection.missing().is_empty() {
        return (findings, Vec::new());
    }
    let previous: Vec<String> = storage.master_keys.previous.iter().map(MasterKey::fingerprint).collect();
    match instance::open_unchanged(storage, clock).await {
        Ok(app) => {
            let domains = match content(&app, now, &previous, &mut findings).await {
                Ok(domains) => domains,
                Err(cause) => {
                    findings.push(Finding::fail("tenants", cause.to_string(), "check that the database can be read"));
                    Vec::new()
                }
            };
            app.store().close().await;
            (findings, domains)
        }
        Err(OpenError::AnotherMasterKey(cause)) => {
            let advice = "give the server the master key that the database was made with; if it was changed, `master_key` is \
                          the new one and `previous_master_keys` names the one before";
            findings.push(Finding::fail("master key", cause, advice));
            (findings, Vec::new())
        }
        Err(OpenError::App(cause)) => {
            let advice = "check that this user may write to the database";
            findings.push(Finding::fail("database", cause.to_string(), advice));
            (findings, Vec::new())
        }
    }
}

fn schema(inspection: &Inspection) -> Finding {
    let (missing, unknown) = (inspection.missing(), inspection.unknown());
    match (inspection.applied.is_empty(), missing.is_empty(), unknown.is_empty()) {
        (true, ..) => Finding::warn("schema", "the database is empty", "the next start makes the tables"),
        (_, false, _) => Finding::warn(
            "schema",
            format!("migrations {missing:?} are to be run"),
            "back up; the next start runs them",
        ),
        (.., false) => Finding::warn(
            "schema",
            format!("migrations {unknown:?} are from a newer version"),
            "update this node; the two versions may run side by side until then",
        ),
        _ => Finding::ok("schema", format!("{} migrations, none is missing", inspection.applied.len())),
    }
}

fn clocks(here: Timestamp, there: Timestamp) -> Finding {
    let skew = here.duration_since(there).abs();
    let text = format!("this machine and the database differ by {} ms", skew.as_millis());
    let advice = "synchronise both with NTP: expiry times are compared with this machine's clock";
    match skew {
        skew if skew > TOO_MUCH_SKEW => Finding::fail("clock skew", text, advice),
        skew if skew > SKEW => Finding::warn("clock skew", text, advice),
        _ => Finding::ok("clock skew", text),
    }
}

/// Data keys; master key and signing keys of every tenant. Gives their domains.
async fn content(
    app: &App,
    now: Timestamp,
    previous: &[String],
    findings: &mut Vec<Finding>,
) -> Result<Vec<String>, AppError> {
    let data_keys = app.list_data_keys().await?;
    findings.push(generations(&data_keys));
    findings.extend(previous_master_keys(&data_keys, previous));
    let tenants = app.store().read(|tx| tenants::list(tx).map_err(AppError::from)).await?;
    if tenants.is_empty() {
        let advice = "create one with keywright tenant create --domain login.example.com";
        findings.push(Finding::warn("tenants", "there is none, so every request is answered 404", advice));
        return Ok(Vec::new());
    }
    findings.push(Finding::ok("tenants", format!("{}", tenants.len())));
    let mut sealed = Vec::new();
    for tenant in &tenants {
        if instance::check_master_key(app, &tenant.tenant_id).await.is_err() {
            sealed.push(tenant.domain.as_str());
        }
        let id = tenant.tenant_id.clone();
        let keys = app.store().read(move |tx| signing_keys::list(tx, &id).map_err(AppError::from)).await?;
        findings.push(signing(&tenant.domain, &keys, now));
    }
    findings.push(if sealed.is_empty() {
        Finding::ok("master key", "opens the keys of every tenant")
    } else {
        let text = format!("does not open the keys of {}", sealed.join(", "));
        Finding::fail("master key", text, "give the server the master key that the database was made with")
    });
    Ok(tenants.into_iter().map(|tenant| tenant.domain).collect())
}

/// Which data keys are in use, and whether one is on its way out.
fn generations(keys: &[DataKeyInfo]) -> Finding {
    let in_state = |state: DataKeyState| keys.iter().filter(move |key| key.state == state);
    // A database that no server has opened since there are data keys has none yet.
    let Some(current) = in_state(DataKeyState::Current).next() else {
        return Finding::ok("data keys", "the next start makes them");
    };
    let seals = format!("generation {} seals", current.generation);
    let waiting = in_state(DataKeyState::Previous).filter(|key| key.retires_at.is_none()).count();
    match (in_state(DataKeyState::Previous).count(), waiting) {
        (0, _) => Finding::ok("data keys", seals),
        (_, 0) => Finding::ok("data keys", format!("{seals}; cookies and tokens of the one before are still accepted")),
        _ => Finding::ok("data keys", format!("{seals}; what is stored is being sealed again")),
    }
}

/// Whether the keys of `previous_master_keys` and `previous_master_key_files`, in this order, are needed.
fn previous_master_keys(keys: &[DataKeyInfo], previous: &[String]) -> Vec<Finding> {
    // A database without data keys was made with one of the master keys.
    if keys.is_empty() {
        return Vec::new();
    }
    let living = || keys.iter().filter(|key| key.state != DataKeyState::Retired);
    let finding = |(fingerprint, number): (&String, i32)| {
        if living().any(|key| key.sealed_with == *fingerprint) {
            let text = format!("number {number} ({fingerprint}) has sealed data keys");
            return Finding::warn(
                "previous master keys",
                text,
                "the next start of a server seals them with `master_key`",
            );
        }
        let text = format!("number {number} ({fingerprint}) is not needed any more");
        Finding::warn(
            "previous master keys",
            text,
            "remove it once every node was started with the present `master_key`",
        )
    };
    previous.iter().zip(1..).map(finding).collect()
}

fn signing(domain: &str, keys: &[SigningKeyRow], now: Timestamp) -> Finding {
    let in_state = |state: KeyState| keys.iter().find(|key| key.state == state);
    let Some(current) = in_state(KeyState::Current) else {
        return Finding::fail(
            "signing keys",
            format!("{domain} has no current key"),
            "restore the database from its backup",
        );
    };
    let age = now.duration_since(current.created_at);
    let days = age.as_hours() / 24;
    if in_state(KeyState::Next).is_none() {
        let advice = "rotate the keys: verifiers should know a key before it is used";
        return Finding::warn("signing keys", format!("{domain} has no next key"), advice);
    }
    if age > OLD_KEY {
        return Finding::warn("signing keys", format!("{domain} signs with a key of {days} days"), "rotate the keys");
    }
    Finding::ok("signing keys", format!("{domain} signs with a key of {days} days and has a next one"))
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn key(state: KeyState, created: i64) -> SigningKeyRow {
        SigningKeyRow {
            kid: "k".to_owned(),
            state,
            private_key: Vec::new(),
            certificate: Vec::new(),
            created_at: at(created),
            ec: None,
            current_since: None,
            current_until: None,
            revoked_at: None,
        }
    }

    #[test]
    fn clocks_may_differ_a_little() {
        assert_eq!(clocks(at(100), at(100)).status, Verdict::Ok);
        assert_eq!(clocks(at(100), at(103)).status, Verdict::Warn);
        assert_eq!(clocks(at(100), at(80)).status, Verdict::Fail);
    }

    #[test]
    fn a_tenant_needs_a_current_and_a_next_key_that_are_not_old() {
        let (current, next) = (key(KeyState::Current, 0), key(KeyState::Next, 0));
        assert_eq!(signing("t", std::slice::from_ref(&next), at(9)).status, Verdict::Fail);
        assert_eq!(signing("t", std::slice::from_ref(&current), at(9)).status, Verdict::Warn);
        assert_eq!(signing("t", &[current.clone(), next.clone()], at(9)).status, Verdict::Ok);
        assert_eq!(signing("t", &[current, next], at(500 * 86_400)).status, Verdict::Warn);
    }

    #[test]
    fn a_schema_may_be_older_or_newer() {
        let of = |applied: Vec<i64>| schema(&Inspection { engine: String::new(), applied, now: None });
        assert_eq!(of(Vec::new()).status, Verdict::Warn);
        assert!(of(vec![1]).message.contains("are to be run"));
        let all = Inspection { engine: String::new(), applied: Vec::new(), now: None }.missing();
        assert_eq!(of(all.clone()).status, Verdict::Ok);
        assert!(of([all, vec![9999]].concat()).message.contains("[9999] are from a newer version"));
    }
}
