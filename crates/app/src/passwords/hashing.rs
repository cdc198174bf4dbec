//! Passwords are hashed and verified by threads of their own, behind a bounded queue (LG-04, LG-05).
//!
//! Hashing is made to be slow, so a flood of logins must not starve the rest of the server: one core stays free, a bounded
//! number of attempts waits, and who waits too long is told to come back. The threads are not those of the runtime, so that
//! nothing else of the server waits for one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use keywright_jose::Random;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument as _;
use unicode_normalization::UnicodeNormalization as _;

use super::stored_hash::{self, StoredHash};
use super::workers::Workers;
use crate::AppError;

/// Longest password that is looked at, in bytes after normalisation. Longer ones never match and are never stored.
pub(super) const MAX_PASSWORD_BYTES: usize = 1024;

/// How much work one hash is.
#[derive(Clone, Copy, Debug)]
pub enum HashingCost {
    /// OWASP's recommendation for Argon2id: 19 MiB, two passes.
    Production,
    /// As little as the algorithm allows, for tests in this process.
    Minimal,
}

/// Hashes and verifies passwords; one core always stays free for everything else (LG-04).
#[derive(Clone)]
pub(crate) struct PasswordHasher {
    argon2: Argon2<'static>,
    slots: usize,
    workers: Workers,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
    /// Verified when there is no such user, so that both cases take the same time (LG-03).
    decoy: Arc<str>,
    hashes: Arc<AtomicU64>,
}

/// A place in the queue.
pub(crate) struct Place<'a> {
    hasher: &'a PasswordHasher,
    _admitted: OwnedSemaphorePermit,
}

/// Passwords in the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashingLoad {
    /// Being hashed.
    pub running: usize,
    /// Waiting for a core.
    pub waiting: usize,
}

/// Longest time a request waits for its turn.
const QUEUE_DEADLINE: Duration = Duration::from_secs(5);
/// Requests that may wait for each running one.
const WAITING_PER_SLOT: usize = 32;

fn overloaded() -> AppError {
    metrics::counter!("keywright_password_hashes_refused_total").increment(1);
    AppError::Overloaded("too many passwords are being checked")
}

impl PasswordHasher {
    /// A pool for this machine.
    pub(crate) fn new(cost: HashingCost, random: &Random) -> Result<Self, AppError> {
        let params = match cost {
            HashingCost::Production => Params::new(19_456, 2, 1, None),
            HashingCost::Minimal => Params::new(Params::MIN_M_COST, 1, 1, None),
        };
        let params = params.map_err(AppError::internal)?;
        let decoy = decoy(&params, random);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let slots = cores.saturating_sub(1).max(1);
        Ok(Self {
            argon2,
            slots,
            workers: Workers::start(slots).map_err(AppError::internal)?,
            running: Arc::new(Semaphore::new(slots)),
            admitted: Arc::new(Semaphore::new(slots * (1 + WAITING_PER_SLOT))),
            decoy: decoy.into(),
            hashes: Arc::default(),
        })
    }

    /// A place in the queue, or overload at once.
    pub(crate) fn admit(&self) -> Result<Place<'_>, AppError> {
        let admitted = self.admitted.clone().try_acquire_owned().map_err(|_| overloaded())?;
        Ok(Place { hasher: self, _admitted: admitted })
    }

    /// Hashes a new password into a PHC string.
    pub(crate) async fn hash(&self, password: &str, random: &Random) -> Result<String, AppError> {
        let place = self.admit()?;
        let password = normalized(password).ok_or_else(|| AppError::internal("password over the length limit"))?;
        let salt = random.bytes::<16>();
        let argon2 = self.argon2.clone();
        place.run(move || hash_now(&argon2, &password, &salt)).await?
    }

    /// What the pool is doing.
    pub(crate) fn load(&self) -> HashingLoad {
        let running = self.slots - self.running.available_permits().min(self.slots);
        let admitted = self.slots * (1 + WAITING_PER_SLOT) - self.admitted.available_permits();
        HashingLoad { running, waiting: admitted.saturating_sub(running) }
    }

    /// How many passwords were hashed or verified so far.
    pub(crate) fn count(&self) -> u64 {
        self.hashes.load(Ordering::Relaxed)
    }
}

impl Place<'_> {
    /// Whether `password` is the one that `stored` was made of. Without a stored hash it takes as long and is false.
    pub(crate) async fn verify(self, password: &str, stored: Option<&str>) -> Result<bool, AppError> {
        let known = stored.is_some();
        let stored: StoredHash = stored_hash::parse(stored.unwrap_or(&self.hasher.decoy))?;
        let (entered, password) = (password.to_owned(), normalized(password));
        let matches = self.run(move || {
            // Without a password that could be right: the same work, and never right.
            let verified = stored.verify(password.as_deref().unwrap_or_default(), &entered);
            verified && password.is_some()
        });
        Ok(matches.await? && known)
    }

    async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
        let Self { hasher, _admitted } = self;
        let turn = tokio::time::timeout(QUEUE_DEADLINE, hasher.running.clone().acquire_owned()).await;
        let slot = turn.map_err(|_| overloaded())?.map_err(AppError::internal)?;
        hasher.hashes.fetch_add(1, Ordering::Relaxed);
        let timed = move || {
            let begun = std::time::Instant::now();
            let result = work();
            metrics::histogram!("keywright_password_hash_seconds").record(begun.elapsed().as_secs_f64());
            result
        };
        hasher.workers.run(slot, timed).instrument(tracing::debug_span!("hash password")).await
    }
}

fn hash_now(argon2: &Argon2<'_>, password: &str, salt: &[u8]) -> Result<String, AppError> {
    let hash = argon2.hash_password_with_salt(password.as_bytes(), salt).map_err(AppError::internal)?;
    Ok(hash.to_string())
}

/// A hash of no password: its output is random. It takes as long to verify as one that was computed, which would take as
/// long at every start.
fn decoy(params: &Params, random: &Random) -> String {
    let (salt, output) = (random.bytes::<16>(), random.bytes::<{ Params::DEFAULT_OUTPUT_LEN }>());
    let (m, t, p) = (params.m_cost(), params.t_cost(), params.p_cost());
    let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output));
    format!("${}$v={}$m={m},t={t},p={p}${salt}${output}", Algorithm::Argon2id.as_str(), u32::from(Version::V0x13))
}

/// Passwords are compared in NFC, so that the same characters typed on two keyboards are the same password (LG-05).
/// `None` when the password is longer than anything we hash.
pub(super) fn normalized(password: &str) -> Option<String> {
    if password.len() > MAX_PASSWORD_BYTES {
        return None;
    }
    Some(password.nfc().collect::<String>()).filter(|text| text.len() <= MAX_PASSWORD_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn verify(hasher: &PasswordHasher, password: &str, stored: Option<&str>) -> Result<bool, AppError> {
        hasher.admit()?.verify(password, stored).await
    }

    fn hasher() -> PasswordHasher {
        PasswordHasher::new(HashingCost::Minimal, &Random::system()).unwrap()
    }

    #[tokio::test]
    async fn verifies_what_it_hashed() {
        let hasher = hasher();
        let hash = hasher.hash("Correct horse 1", &Random::system()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"));
        assert!(verify(&hasher, "Correct horse 1", Some(&hash)).await.unwrap());
        assert!(!verify(&hasher, "correct horse 1", Some(&hash)).await.unwrap());
        assert!(!verify(&hasher, "Correct horse 1", None).await.unwrap());
    }

    #[tokio::test]
    async fn lg_03_the_decoy_is_as_much_work_as_a_hash_and_nobodys_password() {
        let hasher = hasher();
        let hash = hasher.hash("Correct horse 1", &Random::system()).await.unwrap();
        let shape = |hash: &str| hash.split('$').map(str::to_owned).collect::<Vec<_>>();
        let (real, decoy) = (shape(&hash), shape(&hasher.decoy));
        assert_eq!(real[..4], decoy[..4], "algorithm, version and cost");
        assert_eq!(real.iter().map(String::len).collect::<Vec<_>>(), decoy.iter().map(String::len).collect::<Vec<_>>());
        let before = hasher.count();
        assert!(!verify(&hasher, "Correct horse 1", None).await.unwrap());
        assert_eq!(hasher.count(), before + 1);
    }

    #[tokio::test]
    async fn lg_05_bytes_beyond_72_count_and_forms_of_one_character_are_equal() {
        let hasher = hasher();
        let long = "x".repeat(80);
        let hash = hasher.hash(&long, &Random::system()).await.unwrap();
        assert!(!verify(&hasher, &format!("{}y", "x".repeat(79)), Some(&hash)).await.unwrap());
        let composed = hasher.hash("p\u{e4}ssword", &Random::system()).await.unwrap();
        assert!(verify(&hasher, "pa\u{308}ssword", Some(&composed)).await.unwrap());
    }

    #[tokio::test]
    async fn lg_05_a_megabyte_is_refused_without_being_hashed() {
        let hasher = hasher();
        let huge = "x".repeat(1 << 20);
        assert!(!verify(&hasher, &huge, None).await.unwrap());
        assert!(hasher.hash(&huge, &Random::system()).await.is_err());
    }

    #[tokio::test]
    async fn lg_04_the_queue_is_bounded() {
        let hasher = hasher();
        let all = hasher.admitted.available_permits();
        let held = hasher.admitted.clone().acquire_many_owned(u32::try_from(all).unwrap()).await.unwrap();
        assert!(matches!(verify(&hasher, "x", None).await, Err(AppError::Overloaded(_))));
        assert_eq!(hasher.load(), HashingLoad { running: 0, waiting: all });
        drop(held);
        assert!(verify(&hasher, "x", None).await.is_ok());
    }
}
