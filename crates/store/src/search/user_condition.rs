//! A query over users as a condition on a row of `users`.

use keywright_types::search::{Check, Filter, UserField};

use super::Composed;
use super::index::{key, sortable};
use super::text::{Text, after_all_with, between, pattern};

/// Strategies whose users have identifiers that begin with their names; what else an identity's provider may be has no users.
const PROVIDERS: [&str; 24] = [
    "auth0",
    "email",
    "sms",
    "google-oauth2",
    "facebook",
    "apple",
    "github",
    "linkedin",
    "twitter",
    "windowslive",
    "microsoft",
    "oauth2",
    "oidc",
    "okta",
    "samlp",
    "waad",
    "adfs",
    "ad",
    "google-apps",
    "pingfederate",
    "auth0-oidc",
    "bitbucket",
    "slack",
    "discord",
];

/// The condition of a whole query on the rows of `alias`.
pub(super) fn condition(sql: &mut Composed, alias: &str, filter: &Filter<UserField>) -> String {
    let list = |sql: &mut Composed, filters: &[Filter<UserField>], word: &str, empty: &str| {
        let parts: Vec<String> = filters.iter().map(|filter| condition(sql, alias, filter)).collect();
        if parts.is_empty() { empty.to_owned() } else { format!("({})", parts.join(word)) }
    };
    match filter {
        Filter::All(filters) => list(sql, filters, " AND ", "TRUE"),
        Filter::Any(filters) => list(sql, filters, " OR ", "FALSE"),
        Filter::Not(filter) => format!("NOT {}", condition(sql, alias, filter)),
        Filter::Is(field, check) => test(sql, alias, field, check),
    }
}

/// The condition of one check.
pub(super) fn test(sql: &mut Composed, alias: &str, field: &UserField, check: &Check) -> String {
    if let Some((column, collation, collated_equality)) = text_column(field) {
        let column = format!("{alias}.{column}");
        return Text { column: &column, collation, collated_equality }.condition(sql, check);
    }
    match field {
        UserField::EmailVerified => match check {
            // §5.2: without an address there is no such member.
            Check::Truth(truth) => {
                format!("({alias}.email IS NOT NULL AND {alias}.email_verified = {})", literal(*truth))
            }
            _ => format!("{alias}.email IS NOT NULL"),
        },
        UserField::Blocked => match check {
            Check::Truth(truth) => format!("{alias}.blocked = {}", literal(*truth)),
            _ => format!("{alias}.blocked = TRUE"),
        },
        // No source of users is a social one.
        UserField::Social => if matches!(check, Check::Truth(true)) { "FALSE" } else { "TRUE" }.to_owned(),
        UserField::LoginsCount => match check {
            Check::Numbers(low, high) => {
                let ends = [(low, ">="), (high, "<=")];
                let parts = ends.into_iter().filter_map(|(end, sign)| {
                    let end = sql.bind((*end)?);
                    Some(format!("{alias}.logins_count {sign} {end}"))
                });
                both(&parts.collect::<Vec<_>>())
            }
            _ => format!("{alias}.logins_count > 0"),
        },
        UserField::CreatedAt => time(sql, &format!("{alias}.created_at"), check),
        UserField::UpdatedAt => time(sql, &format!("{alias}.updated_at"), check),
        UserField::LastLogin => time(sql, &format!("{alias}.last_login_at"), check),
        UserField::Connection | UserField::Provider | UserField::IdentityId => identity(sql, alias, field, check),
        UserField::UserMetadata(path) | UserField::Value(path) => {
            let value = value(sql, "v", path, check);
            format!(
                "EXISTS (SELECT 1 FROM user_values AS v \
                 WHERE v.tenant_id = $1 AND v.user_id = {alias}.user_id AND {value})"
            )
        }
        _ => "FALSE".to_owned(),
    }
}

/// Column, collation, and whether equality needs the collation for its index.
fn text_column(field: &UserField) -> Option<(&'static str, &'static str, bool)> {
    const BINARY: &str = " COLLATE \"binary\"";
    Some(match field {
        UserField::Id => ("user_id", BINARY, false),
        UserField::Email => ("email", BINARY, true),
        UserField::Username => ("username", BINARY, true),
        UserField::LastIp => ("last_ip", BINARY, false),
        UserField::EmailDomain => ("email_domain", "", false),
        UserField::Name => ("name_key", "", false),
        UserField::Nickname => ("nickname_key", "", false),
        UserField::GivenName => ("given_name_key", "", false),
        UserField::FamilyName => ("family_name_key", "", false),
        _ => return None,
    })
}

fn literal(truth: bool) -> &'static str {
    // Not a parameter: the index of what is blocked knows only this word.
    if truth { "TRUE" } else { "FALSE" }
}

fn time(sql: &mut Composed, column: &str, check: &Check) -> String {
    let mut parts = vec![format!("{column} IS NOT NULL")];
    if let Check::Times(from, until) = check {
        for (end, sign) in [(from, ">="), (until, "<")] {
            if let Some(end) = end {
                let end = sql.bind(*end);
                parts.push(format!("{column} {sign} {end}"));
            }
        }
    }
    both(&parts)
}

fn both(parts: &[String]) -> String {
    if parts.is_empty() { "TRUE".to_owned() } else { format!("({})", parts.join(" AND ")) }
}

/// Of the user's own account, or of a linked one.
fn identity(sql: &mut Composed, alias: &str, field: &UserField, check: &Check) -> String {
    let Check::Text(wanted) = check else { return "TRUE".to_owned() };
    let own = account(sql, alias, field, wanted);
    let linked = account(sql, "l", field, wanted);
    format!(
        "({own} OR EXISTS (SELECT 1 FROM users AS l WHERE l.tenant_id = $1 AND l.linked_to IS NOT NULL \
         AND l.linked_to = {alias}.user_id AND {linked}))"
    )
}

/// What an account is asked, whether or not it is a user.
pub(super) fn account(sql: &mut Composed, alias: &str, field: &UserField, wanted: &str) -> String {
    match field {
        UserField::Connection => {
            let name = sql.bind(wanted);
            format!("{alias}.connection = {name}")
        }
        UserField::Provider => {
            let escaped = wanted.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            let like = sql.bind(format!("{escaped}|%"));
            format!("{alias}.user_id LIKE {like} ESCAPE '\\'")
        }
        _ => {
            let ids: Vec<String> = PROVIDERS.iter().map(|provider| sql.bind(format!("{provider}|{wanted}"))).collect();
            format!("{alias}.user_id IN ({})", ids.join(", "))
        }
    }
}

/// The condition on a row of `user_values`.
pub(super) fn value(sql: &mut Composed, alias: &str, path: &str, check: &Check) -> String {
    let column = format!("{alias}.value");
    let is = match check {
        Check::Text(text) => {
            // 20 is 20.0, and both are "20".
            let number = text.parse::<f64>().ok().filter(|number| number.is_finite()).map(|number| number.to_string());
            let texts: Vec<String> = std::iter::once(key(text)).chain(number).map(|text| sql.bind(text)).collect();
            format!("{column} IN ({})", texts.join(", "))
        }
        Check::Pattern(pieces) => pattern(sql, &column, pieces),
        Check::Texts(low, high) => between(sql, &column, low, high, |text| key(text)),
        Check::Decimals(low, high) => {
            let number = between(sql, &format!("{alias}.number"), low, high, |number| sortable(number.get()));
            format!("{alias}.number IS NOT NULL AND {number}")
        }
        _ => {
            // A value of its own, or members below it.
            let below = format!("{path}.");
            let (own, from) = (sql.bind(path), sql.bind(below.as_str()));
            let until = sql.bind(after_all_with(&below).unwrap_or_default());
            return format!("({alias}.path = {own} OR ({alias}.path >= {from} AND {alias}.path < {until}))");
        }
    };
    let path = sql.bind(path);
    format!("{alias}.path = {path} AND {is}")
}
