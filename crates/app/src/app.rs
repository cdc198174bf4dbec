//! The one value every handler gets: store, data keys, clock, randomness, password pool, configuration cache.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use keywright_egress::Egress;
use keywright_jose::Random;
use keywright_rules::Engine;
use keywright_store::Store;
use moka::sync::Cache;

use crate::breached_passwords::BreachedPasswordSource;
use crate::client_secrets::SecretUses;
use crate::config_cache::ConfigCache;
use crate::data_keys::{self, MasterKeys, OpenError, Opening, Ring};
use crate::device_flow::DevicePolls;
use crate::extensibility::{KeptAccess, OwnHosts};
use crate::jobs::Jobs;
use crate::passwords::{HashingLoad, PasswordHasher};
use crate::rate_limits::RateLimits;
use crate::statistics::UserTotals;
use crate::{Clock, HashingCost};

/// The running instance. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    store: Store,
    ring: Ring,
    clock: Clock,
    random: Random,
    passwords: PasswordHasher,
    config: ConfigCache,
    jobs: Jobs,
    rate_limits: RateLimits,
    test_controls: AtomicBool,
    secret_uses: SecretUses,
    device_polls: DevicePolls,
    user_totals: UserTotals,
    egress: Egress,
    breached_passwords: OnceLock<BreachedPasswordSource>,
    users_import_limit: OnceLock<usize>,
    script_engine: OnceLock<Engine>,
    own_hosts: OnceLock<Arc<dyn OwnHosts>>,
    kept_access: Cache<String, KeptAccess>,
}

/// Tenants for which a token of their Rules is kept.
const KEPT_ACCESS: u64 = 10_000;

/// Bytes of a file of users that the API takes: "users-imports file 512000 bytes" (`management-api.md` §1.1).
const USERS_IMPORT_LIMIT: usize = 512_000;

/// What an [`App`] is made of.
pub struct AppOptions {
    /// An open store.
    pub store: Store,
    /// Open the data keys, which seal secrets and key the digests of everything that is looked up by a secret.
    pub master_keys: MasterKeys,
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
    /// Puts an instance together. Its data keys are made, when the database is new, and sealed with the present master key,
    /// when it was changed.
    ///
    /// # Errors
    /// [`OpenError::AnotherMasterKey`] when none of the master keys belongs to the database.
    pub async fn open(options: AppOptions) -> Result<Self, OpenError> {
        Self::assemble(options, true).await
    }

    /// The same without changing anything in the database, for looking at it.
    pub async fn open_unchanged(options: AppOptions) -> Result<Self, OpenError> {
        Self::assemble(options, false).await
    }

    async fn assemble(options: AppOptions, may_write: bool) -> Result<Self, OpenError> {
        let AppOptions { store, master_keys, clock, random, hashing_cost, rate_limits, egress } = options;
        let opening = Opening { store: &store, now: clock.now(), random: &random, may_write };
        let ring = data_keys::open(opening, master_keys).await?;
        let passwords = PasswordHasher::new(hashing_cost, &random)?;
        let config = ConfigCache::following(&store);
        let (jobs, rate_limits, secret_uses) = (Jobs::default(), RateLimits::new(rate_limits), SecretUses::new());
        Ok(Self(Arc::new(Inner {
            store,
            ring,
            clock,
            random,
            passwords,
            config,
            jobs,
            rate_limits,
            secret_uses,
            device_polls: DevicePolls::new(),
            user_totals: UserTotals::new(),
            test_controls: AtomicBool::new(false),
            egress,
            breached_passwords: OnceLock::new(),
            users_import_limit: OnceLock::new(),
            script_engine: OnceLock::new(),
            own_hosts: OnceLock::new(),
            kept_access: Cache::new(KEPT_ACCESS),
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

    /// The data keys that are loaded.
    pub(crate) fn ring(&self) -> &Ring {
        &self.0.ring
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

    /// Lets files of users for an import over the Management API have so many bytes. Called while the instance is put
    /// together.
    pub fn limit_users_imports_to(&self, bytes: usize) {
        // The first one counts; there is no second.
        let _ = self.0.users_import_limit.set(bytes);
    }

    /// Bytes that a file of users for an import over the Management API may have.
    #[must_use]
    pub fn users_import_limit(&self) -> usize {
        self.0.users_import_limit.get().copied().unwrap_or(USERS_IMPORT_LIMIT)
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

    /// When devices asked this node last.
    pub(crate) fn device_polls(&self) -> &DevicePolls {
        &self.0.device_polls
    }

    /// How many users there are.
    pub(crate) fn user_totals(&self) -> &UserTotals {
        &self.0.user_totals
    }

    /// What runs scripts of tenants; see [`App::run_scripts_with`].
    pub(crate) fn script_engine_cell(&self) -> &OnceLock<Engine> {
        &self.0.script_engine
    }

    /// What answers scripts that ask the tenant's own hosts; see [`App::answer_scripts_with`].
    pub(crate) fn own_hosts_cell(&self) -> &OnceLock<Arc<dyn OwnHosts>> {
        &self.0.own_hosts
    }

    /// Tokens that Rules find in `auth0`, by tenant.
    pub(crate) fn kept_access(&self) -> &Cache<String, KeptAccess> {
        &self.0.kept_access
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
