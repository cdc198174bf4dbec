//! The table: what was measured, beside its target.

use keywright_testkit::Engine;

use crate::hello::Bare;
use crate::import::Import;
use crate::load::{Latencies, Load};
use crate::signature::Signature;
use crate::{Plan, processor};

/// Milliseconds within which 99 of 100 requests are answered at half of full load.
const HALF_LOAD_TARGET: f64 = 5.0;
/// MiB of a server that has just started.
const IDLE_TARGET: f64 = 30.0;
/// Milliseconds from start to ready.
const READY_TARGET: f64 = 100.0;

/// Seconds that a question to a large tenant takes at the median.
const MANY_TARGET: f64 = 0.05;
/// Users a second that an import writes.
const IMPORT_TARGET: f64 = 5000.0;

/// What one unit is compared with.
pub(crate) enum Limit {
    /// At most so many times S.
    Signatures(f64),
    /// At most so many times H, for answers of `size` bytes.
    Requests {
        /// The target.
        multiple: f64,
        /// Bytes of the answer.
        size: usize,
        /// H.
        bare: Bare,
    },
    /// The cost of password hashing, which is chosen and no target.
    Hash,
}

/// One measurement.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) limit: Limit,
    pub(crate) load: Load,
    pub(crate) half: Latencies,
}

/// Prints as it goes, and remembers what was missed.
pub(crate) struct Report {
    signature: Signature,
    engine: Engine,
    missed: Vec<String>,
}

impl Report {
    /// Prints what the machine can do.
    pub(crate) fn begin(plan: &Plan, signature: Signature) -> Self {
        let name = processor::name().map(|name| format!(" ({name})")).unwrap_or_default();
        println!("{} cores{name}, {} connections, no TLS on either side", processor::cores(), plan.connections);
        println!(
            "S, one RS256 signature: {:.0} µs of CPU while all cores sign ({:.0} µs while one does)",
            signature.busy * 1e6,
            signature.alone * 1e6
        );
        Self { signature, engine: Engine::Sqlite, missed: Vec::new() }
    }

    /// S.
    pub(crate) fn signature(&self) -> Signature {
        self.signature
    }

    /// Begins the measurements on one database.
    pub(crate) fn engine(&mut self, engine: Engine) {
        self.engine = engine;
        let aside = match engine {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL (its own CPU time is not the server's and not counted)",
        };
        println!("\n{aside}");
        println!(
            "  {:<29}{:>9}{:>10}{:>10}{:>12}{:>11}{:>18}",
            "", "req/s", "p50 ms", "p99 ms", "p99 at half", "CPU µs", "CPU as multiple"
        );
    }

    /// Time from start to ready, of several starts.
    pub(crate) fn started(&mut self, times: &[f64]) {
        let median = times.get(times.len() / 2).copied().unwrap_or(f64::NAN);
        let slowest = times.last().copied().unwrap_or(f64::NAN);
        let verdict = self.verdict("start to ready", median, READY_TARGET, "ms");
        println!("  start to ready, existing database: median {median:.0} ms, slowest {slowest:.0} ms   {verdict}");
    }

    /// Resident memory before and after the load.
    pub(crate) fn memory(&mut self, idle: f64, after: f64) {
        let verdict = self.verdict("idle memory", idle, IDLE_TARGET, "MiB");
        println!("  resident memory: {idle:.1} MiB after the start   {verdict}; {after:.1} MiB after the load");
    }

    /// One line of the table.
    pub(crate) fn row(&mut self, row: &Row) {
        let Row { name, limit, load, half } = row;
        let half = half.quantile(0.99);
        let multiple = match limit {
            Limit::Signatures(target) => self.multiple(name, load.processor_time / self.signature.busy, *target, "S"),
            Limit::Requests { multiple, size, bare: Bare { each, half } } => {
                let text = self.multiple(name, load.processor_time / each, *multiple, "H");
                format!("{text}  (H: {:.1} µs, {size} bytes, p99 at half {half:.2} ms)", each * 1e6)
            }
            Limit::Hash => "Argon2id, 19 MiB, 2 passes, 1 lane".to_owned(),
        };
        let late = match limit {
            Limit::Hash => String::new(),
            _ if half < HALF_LOAD_TARGET => String::new(),
            _ => {
                self.missed.push(
                    self.sentence(name, &format!("p99 at half load is {half:.1} ms, target {HALF_LOAD_TARGET} ms")),
                );
                "  p99 missed".to_owned()
            }
        };
        println!(
            "  {name:<29}{:>9.0}{:>10.2}{:>10.2}{half:>12.2}{:>11.1}   {multiple}{late}",
            load.rate,
            load.latencies.quantile(0.5),
            load.latencies.quantile(0.99),
            load.processor_time * 1e6,
        );
    }

    /// The import of users.
    pub(crate) fn import(&mut self, import: &Import) {
        let Import { rate, processor_time, taken_in } = import;
        let passed = *rate >= IMPORT_TARGET;
        if !passed {
            let text = format!("{rate:.0} users/s, target {IMPORT_TARGET} users/s");
            self.missed.push(self.sentence(crate::import::NAME, &text));
        }
        println!(
            "  {}: {rate:.0} users/s ≥ {IMPORT_TARGET} users/s {}; {:.1} µs of CPU each, the file taken in within {:.0} ms",
            crate::import::NAME,
            if passed { "passed" } else { "MISSED" },
            processor_time * 1e6,
            taken_in * 1e3,
        );
    }

    /// Median and 95th percentile of a question to a large tenant, in seconds.
    pub(crate) fn many(&mut self, name: &str, median: f64, most: f64) {
        let passed = median <= MANY_TARGET;
        let text = format!("{name}: p50 {:.1} ms, p95 {:.1} ms", median * 1e3, most * 1e3);
        if !passed {
            self.missed.push(self.sentence(crate::many::NAME, &text));
        }
        println!("  {text}{}", if passed { "" } else { " MISSED" });
    }

    /// One figure of the script engine; at most its target, where there is one.
    pub(crate) fn script(&mut self, name: &str, measured: f64, target: Option<f64>, unit: &str) {
        let verdict = match target {
            None => String::new(),
            Some(target) if measured <= target => format!("   ≤ {target} {unit} passed"),
            Some(target) => {
                self.missed.push(format!("{name}: {measured:.2} {unit}, target {target} {unit}"));
                format!("   ≤ {target} {unit} MISSED")
            }
        };
        println!("  {name:<56}{measured:>10.3} {unit}{verdict}");
    }

    /// Says which targets were missed.
    pub(crate) fn end(self) {
        if self.missed.is_empty() {
            println!("\nEvery target passed.");
            return;
        }
        println!("\nMissed:");
        for sentence in self.missed {
            println!("  {sentence}");
        }
    }

    fn multiple(&mut self, name: &str, measured: f64, target: f64, unit: &str) -> String {
        let passed = measured <= target;
        if !passed {
            self.missed.push(self.sentence(name, &format!("{measured:.2} {unit}, target {target} {unit}")));
        }
        format!("{measured:>6.2} {unit} ≤ {target} {unit}  {}", if passed { "passed" } else { "MISSED" })
    }

    fn verdict(&mut self, name: &str, measured: f64, target: f64, unit: &str) -> String {
        let passed = measured <= target;
        if !passed {
            self.missed.push(self.sentence(name, &format!("{measured:.1} {unit}, target {target} {unit}")));
        }
        format!("≤ {target} {unit} {}", if passed { "passed" } else { "MISSED" })
    }

    fn sentence(&self, name: &str, text: &str) -> String {
        format!("{:?}: {name}: {text}", self.engine)
    }
}
