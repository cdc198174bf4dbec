//! What a process uses: CPU time and memory, from the operating system's own accounting.

use std::process::{Child, Command};

/// A child process that ends with its owner.
pub(crate) struct Process(pub(crate) Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Cores that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// CPU time, user and system, of all threads of a process since its start, in seconds; to 10 ms.
pub(crate) fn time(process: u32) -> f64 {
    if let Ok(line) = std::fs::read_to_string(format!("/proc/{process}/stat")) {
        // proc(5): fields 14 and 15 are utime and stime in clock ticks, of which Linux shows 100 a second on every
        // architecture; the name in the second field may contain anything, so counting begins behind its parenthesis.
        let behind_name = line.rsplit_once(')').expect("a name in parentheses").1;
        let ticks: f64 =
            behind_name.split_ascii_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum();
        return ticks / 100.0;
    }
    // macOS and the BSDs: `minutes:seconds.hundredths`.
    let text = ps(process, "time=");
    text.split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().expect("a time of ps"))
}

/// Resident memory of a process, in MiB.
pub(crate) fn resident(process: u32) -> f64 {
    let kibibytes: f64 = ps(process, "rss=").parse().expect("a size of ps");
    kibibytes / 1024.0
}

fn ps(process: u32, column: &str) -> String {
    let output = Command::new("ps").args(["-o", column, "-p", &process.to_string()]).output().expect("ps");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Name of the processor, where the system tells it.
pub(crate) fn name() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
