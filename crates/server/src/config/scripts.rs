//! Table `[scripts]`: what Rules and Actions of tenants may use.

use std::time::Duration;

use keywright_app::{FetchPolicy, FetchReach, PoolLimits, ScriptLimits};
use serde::Deserialize;

/// The keys as they were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScriptSettings {
    timeout: u64,
    processor_time: u64,
    memory: u64,
    workers: u64,
    per_tenant: u64,
    requests: bool,
}

/// What scripts may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scripts {
    /// Of one pass.
    pub(crate) limits: ScriptLimits,
    /// Of the workers.
    pub(crate) pool: PoolLimits,
    /// Where scripts may ask.
    pub(crate) fetch: FetchPolicy,
}

impl ScriptSettings {
    /// Refuses what makes no sense, with the key and the range.
    pub(super) fn resolve(self) -> Result<Scripts, String> {
        let within = |name: &str, value: u64, least: u64, most: u64| {
            let number = usize::try_from(value).ok().filter(|_| (least..=most).contains(&value));
            number.ok_or_else(|| format!("`scripts.{name}` is {value}: write a number from {least} to {most}"))
        };
        within("timeout", self.timeout, 1, 60)?;
        within("processor_time", self.processor_time, 1, 60)?;
        if self.processor_time > self.timeout {
            return Err("`scripts.processor_time` is more than `scripts.timeout`: it is part of it".to_owned());
        }
        let memory = within("memory", self.memory, 8 * 1024 * 1024, 384 * 1024 * 1024)?;
        let workers = within("workers", self.workers, 1, 10_000)?;
        let tenant = within("per_tenant", self.per_tenant, 1, 10_000)?;
        let limits = ScriptLimits {
            wall_ms: Duration::from_secs(self.timeout).as_secs().saturating_mul(1000),
            cpu_ms: self.processor_time.saturating_mul(1000),
            memory,
            ..ScriptLimits::default()
        };
        let reach = if self.requests { FetchReach::Public } else { FetchReach::Nowhere };
        Ok(Scripts {
            limits,
            pool: PoolLimits { workers, tenant, ..PoolLimits::default() },
            fetch: FetchPolicy { reach, ..FetchPolicy::default() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> ScriptSettings {
        ScriptSettings {
            timeout: 20,
            processor_time: 2,
            memory: 67_108_864,
            workers: 64,
            per_tenant: 250,
            requests: true,
        }
    }

    #[test]
    fn sb_02_limits_are_those_of_the_engine_unless_they_are_changed() {
        let scripts = settings().resolve().unwrap();
        assert_eq!((scripts.limits, scripts.pool), (ScriptLimits::default(), PoolLimits::default()));
        assert_eq!(scripts.fetch, FetchPolicy::default());
        let closed = ScriptSettings { requests: false, ..settings() }.resolve().unwrap();
        assert_eq!(closed.fetch.reach, FetchReach::Nowhere);
    }

    #[test]
    fn op_01_limits_that_make_no_sense_are_refused() {
        for (wrong, key) in [
            (ScriptSettings { timeout: 0, ..settings() }, "timeout"),
            (ScriptSettings { timeout: 61, ..settings() }, "timeout"),
            (ScriptSettings { processor_time: 21, ..settings() }, "processor_time"),
            (ScriptSettings { memory: 1, ..settings() }, "memory"),
            (ScriptSettings { workers: 0, ..settings() }, "workers"),
            (ScriptSettings { per_tenant: 0, ..settings() }, "per_tenant"),
        ] {
            assert!(wrong.resolve().unwrap_err().contains(&format!("`scripts.{key}`")), "{wrong:?}");
        }
    }
}
