//! How much is going on in a tenant (`management-api.md` §12.3), counted by indexes when somebody asks.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use keywright_store::{logs, search, users};
use keywright_types::TenantId;
use keywright_types::search::{Filter, UserField};
use moka::sync::Cache;

use crate::tenant_log::entries_since;
use crate::{App, AppError, LogType};

/// One day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyStatistics {
    /// Its beginning, in UTC.
    pub day: Timestamp,
    /// Successful logins.
    pub logins: i64,
    /// Successful sign-ups.
    pub sign_ups: i64,
    /// Logins and sign-ups that were refused because the password is public.
    pub leaked_passwords: i64,
    /// When they were counted.
    pub counted_at: Timestamp,
}

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Who logged in within this time is active: "30 days".
const ACTIVE: SignedDuration = SignedDuration::from_hours(30 * 24);

const LOGINS: [LogType; 2] = [LogType::SuccessLogin, LogType::SuccessPasswordExchange];
const SIGN_UPS: [LogType; 1] = [LogType::SuccessSignup];
const LEAKED: [LogType; 2] = [LogType::BreachedPasswordLogin, LogType::BreachedPasswordSignup];

/// The first and the last day that are meant: the last 30 unless they are named.
#[must_use]
pub fn days(now: Timestamp, from: Option<Timestamp>, to: Option<Timestamp>) -> (Timestamp, Timestamp) {
    let today = now.as_second().div_euclid(86_400) * 86_400;
    let today = Timestamp::from_second(today).unwrap_or(now);
    let to = to.unwrap_or_else(|| from.map_or(today, |from| today.max(from)));
    let from = from.unwrap_or_else(|| to.checked_sub(DAY * 29).unwrap_or(Timestamp::UNIX_EPOCH));
    (from, to)
}

/// Totals that took long to count, by tenant and query.
pub(crate) struct UserTotals(Cache<(TenantId, String), i64>);

impl UserTotals {
    /// Smaller totals are counted each time, and so always right.
    const LARGE: i64 = 5_000;

    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(1_000).time_to_live(Duration::from_mins(1)).build())
    }
}

impl App {
    /// How many users there are, or how many a query finds, up to [`search::users::MOST_FOUND`]. A total above 5,000 may be a
    /// minute old, because whoever goes through its pages asks for it with each of them.
    pub async fn user_total(&self, tenant: &TenantId, filter: Option<Filter<UserField>>) -> Result<i64, AppError> {
        let (totals, key) = (&self.user_totals().0, (tenant.clone(), format!("{filter:?}")));
        if let Some(total) = totals.get(&key) {
            return Ok(total);
        }
        let id = tenant.clone();
        let total = self.store().read(move |tx| search::users::count(tx, &id, filter.as_ref())).await?;
        if total > UserTotals::LARGE {
            totals.insert(key, total);
        }
        Ok(total)
    }

    /// How many users logged in within the last 30 days.
    pub async fn active_users(&self, tenant: &TenantId) -> Result<i64, AppError> {
        let (id, since) = (tenant.clone(), self.now().checked_sub(ACTIVE).unwrap_or(Timestamp::UNIX_EPOCH));
        Ok(self.store().read(move |tx| users::count_active(tx, &id, since)).await?)
    }

    /// What happened on these days, by the tenant log. `None` when they are more than `most`.
    pub async fn daily_statistics(
        &self,
        tenant: &TenantId,
        from: Timestamp,
        to: Timestamp,
        most: usize,
    ) -> Result<Option<Vec<DailyStatistics>>, AppError> {
        let mut days = vec![from];
        while let Some(next) = days.last().and_then(|last| last.checked_add(DAY).ok()).filter(|next| *next <= to) {
            days.push(next);
            if days.len() > most {
                return Ok(None);
            }
        }
        let (id, counted_at) = (tenant.clone(), self.now());
        let all = self.store().read(move |tx| {
            let mut all = Vec::with_capacity(days.len());
            for day in days {
                let (from, until) = (entries_since(day), entries_since(day.checked_add(DAY).unwrap_or(Timestamp::MAX)));
                let mut count = |kinds: &[LogType]| {
                    kinds.iter().try_fold(0, |sum, kind| {
                        Ok::<_, AppError>(sum + logs::count_of_kind(tx, &id, kind.as_str(), &from, &until)?)
                    })
                };
                let (logins, sign_ups, leaked_passwords) = (count(&LOGINS)?, count(&SIGN_UPS)?, count(&LEAKED)?);
                all.push(DailyStatistics { day, logins, sign_ups, leaked_passwords, counted_at });
            }
            Ok::<_, AppError>(Some(all))
        });
        all.await
    }
}
