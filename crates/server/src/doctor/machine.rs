//! The machine: files that others can read, proxies that are anybody, the disk of the database, the clock.

use std::io::{Seek, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use keywright_web::TrustedProxies;
use secrecy::{ExposeSecret, SecretString};

use super::Finding;

/// Free space below which somebody should act, and below which nothing should be started: MiB.
const LITTLE_SPACE: u64 = 1024;
const NO_SPACE: u64 = 100;
/// A write takes one sync; a slower disk holds up every login.
const SLOW_SYNC: Duration = Duration::from_millis(20);

/// Files with secrets are for the server's user alone.
pub(super) fn file_modes(files: &[(&'static str, PathBuf)]) -> Vec<Finding> {
    let finding = |(name, path): &(&'static str, PathBuf)| match others_may_read(path) {
        // A file that cannot be read has stopped the configuration already.
        None => None,
        Some(false) => Some(Finding::ok("file mode", format!("{name} is readable by its owner only"))),
        Some(true) => {
            let advice = format!("chmod 600 {}", path.display());
            Some(Finding::warn("file mode", format!("{name} is readable by others: {}", path.display()), advice))
        }
    };
    files.iter().filter_map(finding).collect()
}

#[cfg(unix)]
fn others_may_read(path: &Path) -> Option<bool> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    Some(mode & 0o004 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_: &Path) -> Option<bool> {
    None
}

/// Whoever may send `X-Forwarded-For` chooses the address that is limited and logged.
pub(super) fn proxies(proxies: &TrustedProxies) -> Finding {
    let public = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"];
    let trusted = public.iter().filter_map(|address| address.parse().ok()).any(|address| proxies.contains(address));
    if trusted {
        let advice = "list the addresses of your proxies only, such as 10.0.0.0/8";
        Finding::fail("trusted proxies", "addresses of the public Internet are trusted", advice)
    } else if proxies.is_empty() {
        Finding::ok("trusted proxies", "none: the client's address is that of the connection")
    } else {
        Finding::ok("trusted proxies", "no public resolver is among them")
    }
}

/// Space and sync time where a `SQLite` file is; nothing for a database elsewhere.
pub(super) fn disk(database: &SecretString) -> Vec<Finding> {
    let Some(path) = database.expose_secret().strip_prefix("sqlite:") else { return Vec::new() };
    let path = Path::new(path.strip_prefix("//").unwrap_or(path));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut findings: Vec<Finding> = free_space(folder).map(space).into_iter().collect();
    findings.extend(file_modes(&[("the database", path.to_owned())]));
    findings.push(match sync_time(folder) {
        Ok(time) if time > SLOW_SYNC => {
            let text = format!("a sync takes {} ms", time.as_millis());
            Finding::warn("disk speed", text, "use a disk with a protected write cache, or PostgreSQL")
        }
        Ok(time) => Finding::ok("disk speed", format!("a sync takes {:.1} ms", time.as_secs_f64() * 1000.0)),
        Err(cause) => {
            let text = format!("{} cannot be written: {cause}", folder.display());
            Finding::fail(
                "disk speed",
                text,
                "let the server's user write there: SQLite needs files beside the database",
            )
        }
    });
    findings
}

fn space(free: u64) -> Finding {
    let text = format!("{free} MiB are free");
    let advice = "make room: when the disk is full, nobody can log in";
    match free {
        free if free < NO_SPACE => Finding::fail("disk space", text, advice),
        free if free < LITTLE_SPACE => Finding::warn("disk space", text, advice),
        _ => Finding::ok("disk space", text),
    }
}

/// MiB that this user may still use.
#[cfg(unix)]
fn free_space(folder: &Path) -> Option<u64> {
    let space = rustix::fs::statvfs(folder).ok()?;
    Some(space.f_bavail.saturating_mul(space.f_frsize) >> 20)
}

#[cfg(not(unix))]
fn free_space(_: &Path) -> Option<u64> {
    None
}

/// Median of several small writes, each synced.
fn sync_time(folder: &Path) -> std::io::Result<Duration> {
    let mut file = tempfile::tempfile_in(folder)?;
    let mut times = Vec::new();
    for _ in 0..9 {
        let begun = Instant::now();
        file.rewind()?;
        file.write_all(&[1; 4096])?;
        file.sync_data()?;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(times.get(times.len() / 2).copied().unwrap_or_default())
}

/// Asks systemd, where there is one.
pub(super) fn time_synchronised() -> Finding {
    let asked = Command::new("timedatectl").args(["show", "--property=NTPSynchronized", "--value"]).output();
    let answer = asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default();
    match answer.as_str() {
        "yes" => Finding::ok("time", "synchronised"),
        "no" => Finding::warn("time", "not synchronised", "switch NTP on: timedatectl set-ntp true"),
        _ => Finding::ok("time", "this system does not say whether its clock is synchronised"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn proxies_are_not_anybody() {
        let verdict = |entry: &str| proxies(&TrustedProxies::parse([entry]).unwrap()).status;
        assert_eq!(verdict("10.0.0.0/8"), Verdict::Ok);
        assert_eq!(verdict("0.0.0.0/0"), Verdict::Fail);
        assert_eq!(verdict("::/0"), Verdict::Fail);
        assert_eq!(proxies(&TrustedProxies::default()).status, Verdict::Ok);
    }

    #[test]
    fn a_full_disk_is_noticed_before_it_is_full() {
        assert_eq!(
            [space(50), space(500), space(5000)].map(|finding| finding.status),
            [Verdict::Fail, Verdict::Warn, Verdict::Ok]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_that_others_can_read_is_named() {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        let files = [("`master_key_file`", file.path().to_owned())];
        assert_eq!(file_modes(&files)[0].status, Verdict::Ok);
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o644)).unwrap();
        let found = file_modes(&files);
        assert_eq!(found[0].status, Verdict::Warn);
        assert!(found[0].advice.as_ref().unwrap().starts_with("chmod 600 /"));
        assert_eq!(file_modes(&[("x", PathBuf::from("/nowhere/at/all"))]), []);
    }

    #[test]
    fn the_disk_of_the_database_is_measured() {
        let folder = tempfile::tempdir().unwrap();
        let url = |folder: &Path| SecretString::from(format!("sqlite:{}/keywright.db", folder.display()));
        let checks: Vec<&str> = disk(&url(folder.path())).iter().map(|finding| finding.check).collect();
        assert_eq!(checks, if cfg!(unix) { vec!["disk space", "disk speed"] } else { vec!["disk speed"] });
        assert_eq!(disk(&url(Path::new("/nowhere"))).last().unwrap().status, Verdict::Fail);
        assert_eq!(disk(&"postgres://db/keywright".into()), []);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
    }
}
