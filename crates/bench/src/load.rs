//! Two kinds of load: as much as the server takes (closed loop), and a fixed rate (open loop).

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use crate::Plan;
use crate::connection::Connection;
use crate::signature::report_count;

/// Load before the measurement begins: connections open, caches fill.
const WARM_UP: Duration = Duration::from_millis(700);

/// One unit of what is measured, such as a request.
pub(crate) trait Workload: Send + Sync + 'static {
    /// Performs it once. `false` when there is nothing left to perform it with.
    fn perform(&self, connection: &mut Connection) -> impl Future<Output = bool> + Send;
}

/// Full load.
pub(crate) struct Load {
    /// Units a second.
    pub(crate) rate: f64,
    /// The server's CPU time for one unit, in seconds.
    pub(crate) processor_time: f64,
    pub(crate) latencies: Latencies,
}

/// From the beginning of a unit to its end.
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    fn of(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }

    /// The time within which this share of the units ended, in milliseconds.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share"
        )]
        let place = (self.0.len() as f64 * share) as usize;
        self.0.get(place.min(self.0.len().saturating_sub(1))).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
    }
}

/// Every connection begins its next unit when the last one has ended.
pub(crate) async fn full<W: Workload>(
    plan: &Plan,
    address: SocketAddr,
    connections: usize,
    processor_time: impl Fn() -> f64,
    workload: Arc<W>,
) -> Load {
    let stop = Arc::new(AtomicBool::new(false));
    let ended = Arc::new(AtomicU64::new(0));
    let begin = Instant::now() + WARM_UP;
    let mut running = JoinSet::new();
    for _ in 0..connections {
        let (stop, ended, workload) = (stop.clone(), ended.clone(), workload.clone());
        running.spawn(async move {
            let mut connection = Connection::open(address).await;
            let mut latencies = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let start = Instant::now();
                if !workload.perform(&mut connection).await {
                    stop.store(true, Ordering::Relaxed);
                    break;
                }
                ended.fetch_add(1, Ordering::Relaxed);
                if start >= begin {
                    latencies.push(start.elapsed());
                }
            }
            latencies
        });
    }
    tokio::time::sleep(WARM_UP).await;
    let (start, spent_before, ended_before) = (Instant::now(), processor_time(), ended.load(Ordering::Relaxed));
    while start.elapsed() < plan.load && !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (time, spent) = (start.elapsed(), processor_time() - spent_before);
    let count = report_count(ended.load(Ordering::Relaxed) - ended_before);
    stop.store(true, Ordering::Relaxed);
    let latencies = running.join_all().await.concat();
    Load { rate: count / time.as_secs_f64(), processor_time: spent / count, latencies: Latencies::of(latencies) }
}

/// Units begin at a fixed rate, whether or not the earlier ones have ended. One that has to wait for its connection has
/// begun nevertheless: its wait counts.
pub(crate) async fn at_rate<W: Workload>(
    plan: &Plan,
    address: SocketAddr,
    connections: usize,
    rate: f64,
    workload: Arc<W>,
) -> Latencies {
    let mut senders = Vec::new();
    let mut running = JoinSet::new();
    for _ in 0..connections {
        let (sender, tickets) = unbounded_channel();
        senders.push(sender);
        running.spawn(answer_tickets(address, tickets, workload.clone()));
    }
    // A thread of its own, because the timers of the runtime are no finer than a millisecond.
    let duration = plan.load;
    std::thread::spawn(move || {
        let (start, interval) = (Instant::now(), Duration::from_secs_f64(1.0 / rate));
        let mut next = start;
        for sender in senders.iter().cycle() {
            next += interval;
            if next > start + duration {
                return;
            }
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            if sender.send(Instant::now()).is_err() {
                return;
            }
        }
    });
    Latencies::of(running.join_all().await.concat())
}

async fn answer_tickets<W: Workload>(
    address: SocketAddr,
    mut tickets: UnboundedReceiver<Instant>,
    workload: Arc<W>,
) -> Vec<Duration> {
    let mut connection = Connection::open(address).await;
    let mut latencies = Vec::new();
    while let Some(begun) = tickets.recv().await {
        if !workload.perform(&mut connection).await {
            break;
        }
        latencies.push(begun.elapsed());
    }
    latencies
}
