//! The workers of every tenant (E §5.2): a worker serves one tenant as long as it lives.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use tokio::sync::Semaphore;

use crate::limits::PoolLimits;
use crate::process::Process;
use crate::protocol::CacheEntry;
use crate::trigger::Trigger;

/// Crashes after which a tenant is slowed down (E §5.13) …
const CRASHES: usize = 3;
/// … when they are within this time.
const CRASH_WINDOW: Duration = Duration::from_mins(5);
/// How long `global` is kept (R §2.7).
const GLOBAL_LIFE: Duration = Duration::from_mins(15);

/// All tenants that ran scripts lately.
pub(crate) struct Tenants {
    all: Mutex<HashMap<String, Tenant>>,
    limits: PoolLimits,
}

struct Tenant {
    idle: Vec<Process>,
    slots: Arc<Semaphore>,
    /// Workers that it may have at work.
    share: Arc<Semaphore>,
    /// One at a time, after crashes.
    single: Arc<Semaphore>,
    crashes: VecDeque<Instant>,
    global: Option<(Instant, Map<String, Value>)>,
    cache: HashMap<Trigger, Vec<CacheEntry>>,
    used: Instant,
}

impl Tenants {
    pub(crate) fn new(limits: PoolLimits) -> Self {
        Self { all: Mutex::default(), limits }
    }

    fn with<T>(&self, tenant: &str, work: impl FnOnce(&mut Tenant) -> T) -> T {
        let mut all = self.lock();
        // One tenant's scripts that wait must not leave the others without a worker.
        let (slots, share) = (self.limits.tenant, self.limits.workers.div_ceil(2));
        let state = all.entry(tenant.to_owned()).or_insert_with(|| Tenant {
            idle: Vec::new(),
            slots: Arc::new(Semaphore::new(slots)),
            share: Arc::new(Semaphore::new(share)),
            single: Arc::new(Semaphore::new(1)),
            crashes: VecDeque::new(),
            global: None,
            cache: HashMap::new(),
            used: Instant::now(),
        });
        state.used = Instant::now();
        work(state)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Tenant>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The passes that the tenant may have at once; and what has to be waited for, in this order.
    pub(crate) fn slots(&self, tenant: &str) -> (Arc<Semaphore>, Vec<Arc<Semaphore>>) {
        self.with(tenant, |state| {
            while state.crashes.front().is_some_and(|at| at.elapsed() > CRASH_WINDOW) {
                state.crashes.pop_front();
            }
            let single = (state.crashes.len() >= CRASHES).then(|| state.single.clone());
            (state.slots.clone(), single.into_iter().chain([state.share.clone()]).collect())
        })
    }

    /// A worker of the tenant that waits.
    pub(crate) fn take(&self, tenant: &str) -> Option<Process> {
        self.with(tenant, |state| {
            // The one that was used last is the warmest.
            while let Some(mut process) = state.idle.pop() {
                if !process.ended() {
                    return Some(process);
                }
            }
            None
        })
    }

    pub(crate) fn give_back(&self, tenant: &str, mut process: Process) {
        if process.runs < self.limits.runs && !process.ended() {
            process.idle_since = Instant::now();
            self.with(tenant, |state| state.idle.push(process));
        }
    }

    /// Ends the workers that waited longest until no more than `most` wait.
    pub(crate) fn keep_idle(&self, most: usize) {
        let mut all = self.lock();
        let mut waiting: usize = all.values().map(|state| state.idle.len()).sum();
        while waiting > most {
            // The first of each tenant waits longest there: `take` takes the last.
            let oldest = all.values_mut().filter(|state| !state.idle.is_empty());
            let Some(state) = oldest.min_by_key(|state| state.idle.first().map(|process| process.idle_since)) else {
                return;
            };
            drop(state.idle.remove(0));
            waiting = waiting.saturating_sub(1);
        }
    }

    /// A worker of the tenant died of a script.
    pub(crate) fn crashed(&self, tenant: &str) {
        self.with(tenant, |state| {
            state.crashes.push_back(Instant::now());
            while state.crashes.len() > CRASHES {
                state.crashes.pop_front();
            }
        });
    }

    /// What `global` held after the last pass, as long as it is kept.
    pub(crate) fn global(&self, tenant: &str) -> Map<String, Value> {
        self.with(tenant, |state| match &state.global {
            Some((at, global)) if at.elapsed() < GLOBAL_LIFE => global.clone(),
            _ => Map::new(),
        })
    }

    pub(crate) fn keep_global(&self, tenant: &str, global: Map<String, Value>) {
        self.with(tenant, |state| state.global = Some((Instant::now(), global)));
    }

    pub(crate) fn cache(&self, tenant: &str, trigger: Trigger) -> Vec<CacheEntry> {
        self.with(tenant, |state| state.cache.get(&trigger).cloned().unwrap_or_default())
    }

    pub(crate) fn keep_cache(&self, tenant: &str, trigger: Trigger, cache: Vec<CacheEntry>) {
        self.with(tenant, |state| drop(state.cache.insert(trigger, cache)));
    }

    /// Ends the workers that waited too long, and forgets tenants that are quiet. Returns how many workers wait still.
    pub(crate) fn sweep(&self) -> usize {
        let mut all = self.lock();
        let idle = self.limits.idle;
        for state in all.values_mut() {
            state.idle.retain(|process| process.idle_since.elapsed() < idle);
        }
        all.retain(|_, state| !state.idle.is_empty() || state.used.elapsed() < GLOBAL_LIFE);
        all.values().map(|state| state.idle.len()).sum()
    }
}
