//! What the process uses, under the names that Prometheus' client libraries have agreed on. From `/proc`: Linux only.

use metrics::{counter, gauge};

/// Reads the figures anew.
pub(super) fn sample() {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return };
    let number = |name: &str| -> Option<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_ascii_whitespace().next()?.parse().ok()
    };
    if let Some(kibibytes) = number("VmRSS:") {
        gauge!("process_resident_memory_bytes").set(kibibytes * 1024.0);
    }
    if let Some(threads) = number("Threads:") {
        gauge!("process_threads").set(threads);
    }
    if let Some(seconds) = processor_seconds() {
        counter!("process_cpu_seconds_total").absolute(seconds);
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(super::count_of(open.count()));
    }
}

/// proc(5): fields 14 and 15 are user and system time in ticks, of which there are 100 a second.
fn processor_seconds() -> Option<u64> {
    let line = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, behind_name) = line.rsplit_once(')')?;
    let mut fields = behind_name.split_ascii_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()?.checked_add(fields.next()?.parse().ok()?)?;
    Some(ticks / 100)
}
