//! The data keys that this node has in memory, and how it keeps up with those in the database.
//!
//! Sealing, opening and digesting read nothing and wait for nobody: they take the present set, which is never changed but
//! replaced as a whole. It is as new as the configuration version that it was read at; whoever handles a request or a job
//! makes sure of that first ([`App::follow_data_keys`]).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;
use keywright_jose::{DataKey, DataKeys};
use keywright_store::data_keys::{self, DataKeyRow, LOOKUP};

use super::MasterKeys;
use crate::config_cache::CONFIRMED_WITHIN;
use crate::{App, AppError};

/// The loaded keys, and the master keys that open further ones.
pub(crate) struct Ring {
    masters: MasterKeys,
    loaded: RwLock<Arc<Loaded>>,
}

/// The keys as of a configuration version.
pub(super) struct Loaded {
    version: u64,
    lookup: Arc<DataKey>,
    /// By generation, without the lookup key.
    living: BTreeMap<u16, Arc<DataKey>>,
    now: Arc<DataKeys>,
    /// From this time on these count instead of `now`: a generation that was announced has begun to seal.
    next: Option<(Timestamp, Arc<DataKeys>)>,
    /// A generation that none of our master keys opens, and when it begins to seal.
    unopened: Option<(u16, Timestamp)>,
}

impl Loaded {
    /// Opens what the rows hold. Keys that `before` has are taken from there: a generation never gets another key, and the
    /// master key that the rows are sealed with may be a newer one than ours.
    pub(super) fn open(
        rows: &[DataKeyRow],
        masters: &MasterKeys,
        before: Option<&Self>,
        version: u64,
        now: Timestamp,
    ) -> Result<Self, AppError> {
        let (mut lookup, mut living, mut begins, mut unopened) = (None, BTreeMap::new(), Vec::new(), None);
        for row in rows {
            let Some(sealed) = &row.data_key else { continue };
            let generation = u16::try_from(row.generation).map_err(AppError::internal)?;
            let known = before.and_then(|before| match row.generation {
                LOOKUP => Some(Arc::clone(&before.lookup)),
                _ => before.living.get(&generation).cloned(),
            });
            let opened = || masters.named(&row.sealed_with)?.open_data_key(generation, sealed).map(Arc::new);
            match known.or_else(opened) {
                Some(key) if row.generation == LOOKUP => lookup = Some(key),
                Some(key) => {
                    living.insert(generation, key);
                    begins.push((row.used_from, generation));
                }
                None => unopened = unopened.or(Some((generation, row.used_from))),
            }
        }
        let lookup = lookup.ok_or_else(|| AppError::internal("the lookup key is missing or does not open"))?;
        let set = |current: u16| -> Result<Arc<DataKeys>, AppError> {
            let key = living.get(&current).ok_or_else(|| AppError::internal("there is no data key that opens"))?;
            let others = living.iter().map(|(generation, key)| (*generation, Arc::clone(key))).collect();
            Ok(Arc::new(DataKeys::new(Arc::clone(&lookup), (current, Arc::clone(key)), others)))
        };
        // In use, or the oldest one where a clock is so far behind that none is.
        let used = begins.iter().filter(|(from, _)| *from <= now).map(|(_, generation)| *generation).max();
        let used = used.or_else(|| living.keys().min().copied()).unwrap_or_default();
        let next = begins.iter().filter(|(_, generation)| *generation > used).min();
        let next = next.map(|(from, generation)| Ok::<_, AppError>((*from, set(*generation)?))).transpose()?;
        let now = set(used)?;
        Ok(Self { version, now, next, unopened, lookup: Arc::clone(&lookup), living: living.clone() })
    }

    fn present(&self, now: impl FnOnce() -> Timestamp) -> Arc<DataKeys> {
        match &self.next {
            Some((from, next)) if *from <= now() => Arc::clone(next),
            _ => Arc::clone(&self.now),
        }
    }

    /// The first generation that no master key opened.
    pub(super) fn unopened(&self) -> Option<u16> {
        self.unopened.map(|(generation, _)| generation)
    }

    /// A node that cannot open what others seal must not answer: it would take their sessions for none.
    fn is_usable(&self, now: Timestamp) -> Result<(), AppError> {
        match self.unopened {
            Some((generation, from)) if from <= now => Err(AppError::Unavailable(format!(
                "data key {generation} is sealed with a master key that this node does not have: restart it with the present \
                 `master_key`"
            ))),
            _ => Ok(()),
        }
    }
}

impl Ring {
    pub(super) fn new(masters: MasterKeys, loaded: Loaded) -> Self {
        Self { masters, loaded: RwLock::new(Arc::new(loaded)) }
    }

    pub(super) fn masters(&self) -> &MasterKeys {
        &self.masters
    }

    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.loaded.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What was read later counts; of two that were read at once, the one that knows the newer version.
    fn replace(&self, loaded: Arc<Loaded>) {
        let mut present = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        if loaded.version >= present.version {
            *present = loaded;
        }
    }
}

impl App {
    /// The data keys as they are at this moment.
    #[must_use]
    pub fn data_keys(&self) -> Arc<DataKeys> {
        self.ring().loaded().present(|| self.now())
    }

    /// Makes sure that this node knows every data key that was announced, before it handles anything. Reads the database only
    /// after a change of the configuration, or when the database has not confirmed for a while that there was none.
    pub async fn follow_data_keys(&self) -> Result<(), AppError> {
        let version = self.config().version();
        let loaded = self.ring().loaded();
        if loaded.version == version && self.store().config_confirmed_within(CONFIRMED_WITHIN) {
            return loaded.is_usable(self.now());
        }
        let rows = self.store().read(data_keys::list).await?;
        let anew = Arc::new(Loaded::open(&rows, &self.ring().masters, Some(&loaded), version, self.now())?);
        if let (Some(generation), None) = (anew.unopened(), loaded.unopened()) {
            tracing::error!(
                generation,
                "a data key is sealed with another master key: restart this node with that one"
            );
        }
        self.ring().replace(Arc::clone(&anew));
        anew.is_usable(self.now())
    }
}
