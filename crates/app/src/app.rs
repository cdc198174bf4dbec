//! The one value every handler gets: store, keys, clock, randomness, password pool, configuration cache.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use keywright_egress::Egress;
use keywright_jose::{MasterKey, Random};
use keywright_store::Store;

use crate::breached_passwords::BreachedPasswordSource;
use crate::client_secrets::SecretUses;
use crate::config_cache::ConfigCache;
use crate::jobs::Jobs;
use crate::passwords::{HashingLoad, PasswordHasher};
use crate::rate_limits::RateLimits;
use crate::{AppError, Clock, HashingCost};

/// The running instance. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    store: Store,
    master_key: MasterKey,
    clock: Clock,
    random: Random,
    passwords: PasswordHasher,
    config: ConfigCache,
    jobs: Jobs,
    rate_limits: RateLimits,
    test_controls: AtomicBool,
    secret_uses: SecretUses,
    egress: Egress,
    breached_passwords: OnceLock<BreachedPasswordSource>,
}

/// What an [`App`] is made of.
pub struct AppOptions {
    /// An open store.
    pub store: Store,
    /// Seals secrets and keys the digests of everything that is looked up by a secret.
    pub master_key: MasterKey,
    /// The clock; tests bring a frozen one.
    pub clock: Clock,
    /// The random source.
    pub random: Random,
    /// How much work a password hash is.
    pub hashing_cost: HashingCost,
    /// Whether the rate limits of the tenants are applied.
    pub rate_limits: bool,
    /// The client for requests to other servers.
    pub egress: Egress,
}

impl App {
    /// Puts an instance together.
    pub fn new(options: AppOptions) -> Result<Self, AppError> {
        let AppOptions { store, master_key, clock, random, hashing_cost, rate_limits, egress } = options;
        let passwords = PasswordHasher::new(hashing_cost, &random)?;
        let config = ConfigCache::following(&store);
        let (jobs, rate_limits, secret_uses) = (Jobs::default(), RateLimits::new(rate_limits), SecretUses::new());
        Ok(Self(Arc::new(Inner {
            store,
            master_key,
            clock,
            random,
            passwords,
            config,
            jobs,
            rate_limits,
            secret_uses,
            test_controls: AtomicBool::new(false),
            egress,
            breached_passwords: OnceLock::new(),
        })))
    }

    /// From now on every token says that it was made where somebody may move the clock. There is no way back.
    ///
    /// OP-05: "Test-only features … mark every token."
    pub fn enable_test_controls(&self) {
        self.0.test_controls.store(true, Ordering::Relaxed);
    }

    /// Whether tokens are marked.
    #[must_use]
    pub fn has_test_controls(&self) -> bool {
        self.0.test_controls.load(Ordering::Relaxed)
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The key of all keys.
    #[must_use]
    pub fn master_key(&self) -> &MasterKey {
        &self.0.master_key
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The present, to the millisecond.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// The random source.
    #[must_use]
    pub fn random(&self) -> &Random {
        &self.0.random
    }

    /// The bounded pool that hashes passwords.
    pub(crate) fn passwords(&self) -> &PasswordHasher {
        &self.0.passwords
    }

    /// How many passwords this node has hashed or verified.
    #[must_use]
    pub fn password_hashes(&self) -> u64 {
        self.0.passwords.count()
    }

    /// The client for requests to other servers; there is no other.
    #[must_use]
    pub fn egress(&self) -> &Egress {
        &self.0.egress
    }

    /// Who knows which passwords are public.
    pub(crate) fn breached_passwords(&self) -> &OnceLock<BreachedPasswordSource> {
        &self.0.breached_passwords
    }

    /// Handlers of background jobs.
    pub(crate) fn jobs(&self) -> &Jobs {
        &self.0.jobs
    }

    /// What the pool that hashes passwords is doing.
    #[must_use]
    pub fn password_hashing(&self) -> HashingLoad {
        self.0.passwords.load()
    }

    /// When this node last recorded that a secret was used.
    pub(crate) fn secret_uses(&self) -> &SecretUses {
        &self.0.secret_uses
    }

    /// The cache of configuration documents.
    pub(crate) fn config(&self) -> &ConfigCache {
        &self.0.config
    }

    /// The buckets of the rate limits.
    pub(crate) fn rate_limits(&self) -> &RateLimits {
        &self.0.rate_limits
    }
}
