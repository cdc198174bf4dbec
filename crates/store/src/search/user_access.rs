//! How the users that a query is about are come by: through the index that leaves the fewest rows.
//!
//! The databases are not left to choose, because without statistics they choose badly: one condition of the query becomes
//! the source of identifiers, and the whole query is then held against each of those users, in a form that no index serves.

use keywright_types::search::{Check, Filter, UserField, starts_with};

use super::Composed;
use super::user_condition::{account, test, value};

/// Sources of one query; a longer list is not worth its while.
const MOST_SOURCES: usize = 200;

/// How few users an index leaves: less is better. `None`: there is no index for it.
fn rank(filter: &Filter<UserField>) -> Option<u8> {
    match filter {
        Filter::All(filters) => filters.iter().filter_map(rank).min(),
        Filter::Any(filters) => {
            let ranks: Option<Vec<u8>> = filters.iter().map(rank).collect();
            ranks?.into_iter().max()
        }
        Filter::Not(_) => None,
        Filter::Is(field, check) => rank_of(field, check),
    }
}

#[expect(clippy::match_same_arms, reason = "a table, in the order of its ranks")]
fn rank_of(field: &UserField, check: &Check) -> Option<u8> {
    use UserField as F;
    let is_name = matches!(field, F::Email | F::Username | F::Name | F::Nickname | F::GivenName | F::FamilyName);
    Some(match (field, check) {
        (F::Id, Check::Text(_)) => 0,
        (F::Email | F::Username | F::IdentityId | F::UserMetadata(_) | F::Value(_), Check::Text(_)) => 1,
        (_, Check::Text(_)) if is_name => 2,
        (_, Check::Pattern(pieces)) if is_name || matches!(field, F::Value(_)) => match starts_with(pieces) {
            Some((text, _)) if text.chars().count() >= 3 => 3,
            Some(_) => 6,
            None => return None,
        },
        (F::Blocked, Check::Truth(true)) | (F::Value(_), Check::Decimals(..)) => 4,
        (F::CreatedAt | F::LastLogin, Check::Times(..)) | (F::Value(_), Check::Texts(..)) => 5,
        (_, Check::Texts(..)) if is_name => 5,
        (F::EmailDomain, Check::Text(_)) | (F::LoginsCount, Check::Numbers(..)) => 7,
        (F::UserMetadata(_) | F::Value(_), Check::Exists) => 7,
        (F::Connection, Check::Text(_)) => 8,
        (F::EmailVerified, Check::Truth(_)) => 9,
        _ => return None,
    })
}

/// A statement that gives the identifiers of at least all users that the query finds, some perhaps twice. `None`: only all
/// users are.
pub(super) fn source(sql: &mut Composed, filter: &Filter<UserField>) -> Option<String> {
    let mut sources = Vec::new();
    rank(filter)?;
    if count(filter) > MOST_SOURCES {
        return None;
    }
    gather(sql, filter, &mut sources);
    Some(sources.join(" UNION ALL "))
}

/// How many sources a query with an index has.
fn count(filter: &Filter<UserField>) -> usize {
    match filter {
        Filter::All(filters) => best(filters).map_or(0, count),
        Filter::Any(filters) => filters.iter().map(count).sum(),
        Filter::Not(_) => 0,
        Filter::Is(..) => 2,
    }
}

fn best(filters: &[Filter<UserField>]) -> Option<&Filter<UserField>> {
    filters.iter().filter_map(|filter| Some((rank(filter)?, filter))).min_by_key(|(rank, _)| *rank).map(|(_, own)| own)
}

fn gather(sql: &mut Composed, filter: &Filter<UserField>, sources: &mut Vec<String>) {
    match filter {
        Filter::All(filters) => {
            if let Some(filter) = best(filters) {
                gather(sql, filter, sources);
            }
        }
        Filter::Any(filters) => filters.iter().for_each(|filter| gather(sql, filter, sources)),
        Filter::Not(_) => {}
        Filter::Is(field, check) => of(sql, field, check, sources),
    }
}

fn of(sql: &mut Composed, field: &UserField, check: &Check, sources: &mut Vec<String>) {
    match (field, check) {
        (UserField::Connection | UserField::IdentityId, Check::Text(wanted)) => {
            let own = account(sql, "b", field, wanted);
            sources.push(format!("SELECT b.user_id AS id FROM users AS b WHERE b.tenant_id = $1 AND {own}"));
            let linked = account(sql, "b", field, wanted);
            sources.push(format!(
                "SELECT b.linked_to AS id FROM users AS b \
                 WHERE b.tenant_id = $1 AND b.linked_to IS NOT NULL AND {linked}"
            ));
        }
        (UserField::UserMetadata(path) | UserField::Value(path), check) => {
            let value = value(sql, "b", path, check);
            sources.push(format!("SELECT b.user_id AS id FROM user_values AS b WHERE b.tenant_id = $1 AND {value}"));
        }
        (UserField::EmailVerified, Check::Truth(truth)) => {
            let truth = if *truth { "TRUE" } else { "FALSE" };
            sources.push(format!(
                "SELECT b.user_id AS id FROM users AS b WHERE b.tenant_id = $1 AND b.email_verified = {truth}"
            ));
        }
        _ => {
            let own = test(sql, "b", field, check);
            sources.push(format!("SELECT b.user_id AS id FROM users AS b WHERE b.tenant_id = $1 AND {own}"));
        }
    }
}
