//! Timing and printing.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::limits::Limits;

/// How long one measurement runs.
const RUN: Duration = Duration::from_secs(3);

/// Mean time of one call, one after the other.
pub(crate) fn one_by_one(mut work: impl FnMut()) -> Duration {
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < RUN {
        work();
        count += 1;
    }
    start.elapsed() / count.max(1)
}

/// Mean time of one call, one after the other.
pub(crate) async fn in_turn<F: Future<Output = ()>>(mut work: impl FnMut() -> F) -> Duration {
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < RUN {
        work().await;
        count += 1;
    }
    start.elapsed() / count.max(1)
}

/// Mean time from one finished call to the next while `workers` of them run at once.
pub(crate) async fn at_once<F>(workers: usize, work: impl Fn(usize) -> F + Clone + Send + 'static) -> Duration
where
    F: Future<Output = ()> + Send + 'static,
{
    let start = Instant::now();
    let mut running = JoinSet::new();
    for worker in 0..workers {
        let work = work.clone();
        running.spawn(async move {
            let mut count = 0_u32;
            while start.elapsed() < RUN {
                work(worker).await;
                count += 1;
            }
            count
        });
    }
    let counts = running.join_all().await;
    start.elapsed() / counts.iter().sum::<u32>().max(1)
}

pub(crate) fn print_header(limits: &Limits) {
    println!(
        "machine: S (RS256 signature) {:?}, H (empty request) {:?}, F (fsync) {:?}",
        limits.signature, limits.request, limits.sync
    );
    println!("{:<44} {:>12} {:>12}  ratio", "", "time", "per second");
}

/// One line: the time, and how many of the limit's units it is.
pub(crate) fn print(name: &str, time: Duration, unit: &str, limit: Duration) {
    let per_second = 1.0 / time.as_secs_f64().max(f64::EPSILON);
    let ratio = time.as_secs_f64() / limit.as_secs_f64().max(f64::EPSILON);
    println!("  {name:<42} {time:>12.1?} {per_second:>12.0}  {ratio:.2} {unit}");
}
