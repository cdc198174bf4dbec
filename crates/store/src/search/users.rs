//! Finding users by a query, in an order, page by page (`management-api.md` §5.4).
//!
//! A query that finds at most [`COUNTED`] users is answered whole: they are read, sorted here and cut. A query that finds more
//! walks through the users in the order that is asked for, until the page is full: the more users match, the sooner it is.

use std::cmp::Ordering;

use keywright_types::TenantId;
use keywright_types::search::{Check, Filter, UserField};

use super::user_access::source;
use super::user_condition::{condition, test};
use super::{COUNTED, Composed};
use crate::users::{self, UserRow};
use crate::{FromValue as _, Row, StoreError, Tx, Value};

/// What users are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// `created_at`.
    CreatedAt,
    /// `updated_at`.
    UpdatedAt,
    /// `last_login`.
    LastLogin,
    /// `logins_count`.
    LoginsCount,
    /// `user_id`.
    Id,
    /// `email`.
    Email,
    /// `username`.
    Username,
    /// `name`.
    Name,
    /// `nickname`.
    Nickname,
    /// `given_name`.
    GivenName,
    /// `family_name`.
    FamilyName,
}

impl SortBy {
    const fn column(self) -> &'static str {
        match self {
            Self::CreatedAt => "u.created_at",
            Self::UpdatedAt => "u.updated_at",
            Self::LastLogin => "u.last_login_at",
            Self::LoginsCount => "u.logins_count",
            Self::Id => "u.user_id",
            Self::Email => "u.email COLLATE \"binary\"",
            Self::Username => "u.username COLLATE \"binary\"",
            Self::Name => "u.name_key",
            Self::Nickname => "u.nickname_key",
            Self::GivenName => "u.given_name_key",
            Self::FamilyName => "u.family_name_key",
        }
    }

    /// Whether a user may be without it. Those come last, in either direction.
    const fn may_be_missing(self) -> bool {
        !matches!(self, Self::CreatedAt | Self::UpdatedAt | Self::LoginsCount | Self::Id)
    }
}

/// A search.
#[derive(Clone, Debug)]
pub struct UserSearch {
    /// Which users; `None` for all.
    pub filter: Option<Filter<UserField>>,
    /// In which order.
    pub sort: SortBy,
    /// The greatest first.
    pub descending: bool,
    /// Leaving out so many of them.
    pub skip: usize,
    /// At most so many.
    pub limit: usize,
    /// Whether they are to be counted.
    pub counts: bool,
}

/// The order in which the users of a query are found soonest: that of the field that is to lie between two values, or else that
/// of their creation.
#[must_use]
pub fn natural_order(filter: &Filter<UserField>) -> SortBy {
    [SortBy::LastLogin, SortBy::LoginsCount]
        .into_iter()
        .find(|sort| range(filter, *sort).is_some())
        .unwrap_or(SortBy::CreatedAt)
}

/// The range of what is sorted by, if every user that is found lies in one.
fn range(filter: &Filter<UserField>, sort: SortBy) -> Option<(&UserField, &Check)> {
    match filter {
        Filter::All(filters) => filters.iter().find_map(|filter| range(filter, sort)),
        Filter::Is(field, check) => {
            let is_sorted_by = matches!(
                (field, check, sort),
                (UserField::LastLogin, Check::Times(..), SortBy::LastLogin)
                    | (UserField::CreatedAt, Check::Times(..), SortBy::CreatedAt)
                    | (UserField::LoginsCount, Check::Numbers(..), SortBy::LoginsCount)
            );
            is_sorted_by.then_some((field, check))
        }
        Filter::Any(_) | Filter::Not(_) => None,
    }
}

/// Users that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundUsers {
    /// The page.
    pub rows: Vec<UserRow>,
    /// How many there are in all; `None` when there are more than [`COUNTED`], which [`count`] tells, or when nobody asked.
    pub total: Option<i64>,
}

/// Users of a query that are counted: each one costs a row that is read from anywhere in the table.
pub const MOST_FOUND: i64 = 10_000;

/// For error messages of what is read here.
const LABEL: &str = "SELECT user_id, sorted_by FROM users";

/// Finds users.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, search: &UserSearch) -> Result<FoundUsers, StoreError> {
    let (ids, total) = match few(tx, tenant, search)? {
        Some(mut few) => {
            few.sort_by(|a, b| order(search, a, b));
            let total = i64::try_from(few.len()).ok();
            let page = few.into_iter().skip(search.skip).take(search.limit).map(|(id, _)| id);
            (page.collect(), total)
        }
        None => (walk(tx, tenant, search)?, None),
    };
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        // Somebody may have been deleted since.
        rows.extend(users::find(tx, tenant, &id)?);
    }
    Ok(FoundUsers { rows, total: total.filter(|_| search.counts) })
}

/// How many users there are, of which a million take a tenth of a second; or how many a query finds, up to [`MOST_FOUND`].
pub fn count(tx: &mut Tx<'_>, tenant: &TenantId, filter: Option<&Filter<UserField>>) -> Result<i64, StoreError> {
    let mut sql = Composed::of(tenant);
    let mut asked = |text: &str, sql: &Composed| -> Result<i64, StoreError> {
        tx.query_composed(text, LABEL, sql.params())?.first().map_or(Ok(0), |row| row.get(0))
    };
    let Some(filter) = filter else {
        // Each of the two is answered by an index alone.
        let accounts = asked("SELECT COUNT(*) FROM users WHERE tenant_id = $1", &sql)?;
        let linked = "SELECT COUNT(*) FROM users WHERE tenant_id = $1 AND linked_to IS NOT NULL";
        return Ok(accounts - asked(linked, &sql)?);
    };
    let from = found_by(&mut sql, Some(filter));
    let wanted = matching(&mut sql, Some(filter));
    let most = sql.bind(MOST_FOUND);
    asked(&format!("SELECT COUNT(*) FROM (SELECT DISTINCT u.user_id FROM {from}{wanted} LIMIT {most}) AS found"), &sql)
}

/// A user and what they are sorted by.
type Key = (String, Value);

/// All users that are found, when they are few. Nobody counts all users of a tenant who only wants a page of them.
fn few(tx: &mut Tx<'_>, tenant: &TenantId, search: &UserSearch) -> Result<Option<Vec<Key>>, StoreError> {
    if search.filter.is_none() && !search.counts {
        return Ok(None);
    }
    let mut sql = Composed::of(tenant);
    let from = found_by(&mut sql, search.filter.as_ref());
    // Two branches of an OR, or two values of one path, may lead to the same user, who is one.
    let twice = from.contains(" UNION ALL ") || from.contains(" user_values ");
    let select = if twice { "SELECT DISTINCT" } else { "SELECT" };
    let wanted = matching(&mut sql, search.filter.as_ref());
    let limit = sql.bind(COUNTED + 1);
    let text = format!("{select} u.user_id, {} FROM {from}{wanted} LIMIT {limit}", search.sort.column());
    let rows = tx.query_composed(&text, LABEL, sql.params())?;
    if i64::try_from(rows.len()).unwrap_or(i64::MAX) > COUNTED {
        return Ok(None);
    }
    let key = |row: Row| Ok((row.get(0)?, row.values.into_iter().nth(1).unwrap_or(Value::Null)));
    rows.into_iter().map(key).collect::<Result<_, StoreError>>().map(Some)
}

/// The users of the tenant, by the source of the query if it has one, some perhaps twice.
fn found_by(sql: &mut Composed, filter: Option<&Filter<UserField>>) -> String {
    match filter.and_then(|filter| source(sql, filter)) {
        // A CROSS JOIN, which SQLite does in this order.
        Some(source) => {
            format!("({source}) AS found CROSS JOIN users AS u WHERE u.tenant_id = $1 AND u.user_id = found.id")
        }
        None => "users AS u WHERE u.tenant_id = $1".to_owned(),
    }
}

/// The conditions beside the tenant.
fn matching(sql: &mut Composed, filter: Option<&Filter<UserField>>) -> String {
    let wanted = filter.map(|filter| condition(sql, "u", filter));
    // In a CASE, no index is chosen for it.
    let wanted = wanted.map(|wanted| format!(" AND CASE WHEN {wanted} THEN TRUE ELSE FALSE END")).unwrap_or_default();
    format!(" AND u.linked_to IS NULL{wanted}")
}

fn order(search: &UserSearch, (a_id, a): &Key, (b_id, b): &Key) -> Ordering {
    let turned = |order: Ordering| if search.descending { order.reverse() } else { order };
    let by_value = match (a, b) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => return Ordering::Greater,
        (_, Value::Null) => return Ordering::Less,
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (a, b) => String::from_value(a).ok().cmp(&String::from_value(b).ok()),
    };
    turned(by_value.then_with(|| a_id.cmp(b_id)))
}

/// A page of many, from the index of their order: first those that have what is sorted by, then the others. The engines
/// disagree about where NULL belongs.
fn walk(tx: &mut Tx<'_>, tenant: &TenantId, search: &UserSearch) -> Result<Vec<String>, StoreError> {
    let column = search.sort.column();
    if !search.sort.may_be_missing() {
        return part(tx, tenant, search, "", column, search.skip, search.limit);
    }
    let plain = column.split(' ').next().unwrap_or(column);
    let with = format!(" AND {plain} IS NOT NULL");
    let mut ids = part(tx, tenant, search, &with, column, search.skip, search.limit)?;
    let missing = search.limit - ids.len();
    if missing > 0 {
        let passed = if ids.is_empty() && search.skip > 0 {
            part(tx, tenant, search, &with, column, 0, search.skip)?.len()
        } else {
            search.skip
        };
        let without = format!(" AND {plain} IS NULL");
        ids.extend(part(tx, tenant, search, &without, "u.created_at", search.skip - passed, missing)?);
    }
    Ok(ids)
}

fn part(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    search: &UserSearch,
    which: &str,
    column: &str,
    skip: usize,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    let mut sql = Composed::of(tenant);
    let wanted = matching(&mut sql, search.filter.as_ref());
    // Said again where the index can see it: the walk then begins and ends with the range.
    let within = search.filter.as_ref().and_then(|filter| range(filter, search.sort));
    let within = within.map(|(field, check)| format!(" AND {}", test(&mut sql, "u", field, check))).unwrap_or_default();
    let direction = if search.descending { "DESC" } else { "ASC" };
    let by = if column == "u.user_id" { String::new() } else { format!("{column} {direction}, ") };
    let (limit, skip) = (sql.bind(number(limit)), sql.bind(number(skip)));
    let text = format!(
        "SELECT u.user_id FROM users AS u WHERE u.tenant_id = $1{which}{within}{wanted} \
         ORDER BY {by}u.user_id {direction} LIMIT {limit} OFFSET {skip}"
    );
    tx.query_composed(&text, LABEL, sql.params())?.iter().map(|row| row.get(0)).collect()
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
