//! Finding entries of the tenant log by a query, by time (`management-api.md` §12.1).

use keywright_types::TenantId;
use keywright_types::search::{Check, Filter, LogField};

use super::text::Text;
use super::{COUNTED, Composed};
use crate::logs::{LogRow, columns, from_row};
use crate::{StoreError, Tx};

/// A search.
#[derive(Clone, Debug)]
pub struct LogSearch {
    /// Which entries; `None` for all.
    pub filter: Option<Filter<LogField>>,
    /// Only those about this user.
    pub user_id: Option<String>,
    /// The newest first.
    pub descending: bool,
    /// Leaving out so many of them.
    pub skip: i64,
    /// At most so many.
    pub limit: i64,
    /// Whether they are to be counted.
    pub counts: bool,
}

/// Finds entries: the page, and how many there are in all, or [`COUNTED`] when there are more; 0 when nobody asked.
pub fn find(tx: &mut Tx<'_>, tenant: &TenantId, search: &LogSearch) -> Result<(Vec<LogRow>, i64), StoreError> {
    let from = |sql: &mut Composed| {
        let user = search.user_id.as_deref().map(|user_id| format!(" AND e.user_id = {}", sql.bind(user_id)));
        // An index has the kind, and then the time.
        let kind = search.filter.as_ref().and_then(kind).map(|kind| format!(" AND e.type = {}", sql.bind(kind)));
        let wanted = search.filter.as_ref().map(|filter| condition(sql, filter));
        let wanted = wanted.map(|wanted| format!(" AND CASE WHEN {wanted} THEN TRUE ELSE FALSE END"));
        let parts = [user, kind, wanted].map(Option::unwrap_or_default).concat();
        format!("FROM logs AS e WHERE e.tenant_id = $1{parts}")
    };
    let mut sql = Composed::of(tenant);
    let which = from(&mut sql);
    let (limit, skip) = (sql.bind(search.limit), sql.bind(search.skip));
    let direction = if search.descending { "DESC" } else { "ASC" };
    let text = format!("SELECT {} {which} ORDER BY e.log_id {direction} LIMIT {limit} OFFSET {skip}", columns!());
    let rows = tx.query_composed(&text, "SELECT log_id FROM logs", sql.params())?;
    let rows = rows.iter().map(from_row).collect::<Result<Vec<_>, _>>()?;
    let total = if search.counts {
        let mut sql = Composed::of(tenant);
        let which = from(&mut sql);
        let most = sql.bind(COUNTED);
        let text = format!("SELECT COUNT(*) FROM (SELECT e.log_id {which} LIMIT {most}) AS found");
        tx.query_composed(&text, "SELECT count FROM logs", sql.params())?.first().map_or(Ok(0), |row| row.get(0))?
    } else {
        0
    };
    Ok((rows, total))
}

/// The one kind of entries that the query is about.
fn kind(filter: &Filter<LogField>) -> Option<&str> {
    match filter {
        Filter::Is(LogField::Text("type"), Check::Text(kind)) => Some(kind),
        Filter::All(filters) => filters.iter().find_map(kind),
        _ => None,
    }
}

fn condition(sql: &mut Composed, filter: &Filter<LogField>) -> String {
    let list = |sql: &mut Composed, filters: &[Filter<LogField>], word: &str, empty: &str| {
        let parts: Vec<String> = filters.iter().map(|filter| condition(sql, filter)).collect();
        if parts.is_empty() { empty.to_owned() } else { format!("({})", parts.join(word)) }
    };
    match filter {
        Filter::All(filters) => list(sql, filters, " AND ", "TRUE"),
        Filter::Any(filters) => list(sql, filters, " OR ", "FALSE"),
        Filter::Not(filter) => format!("NOT {}", condition(sql, filter)),
        Filter::Is(LogField::Text(column), check) => {
            let column = format!("e.{column}");
            let text = Text { column: &column, collation: " COLLATE \"binary\"", collated_equality: false };
            text.condition(sql, check)
        }
        Filter::Is(LogField::Date, Check::Times(from, until)) => {
            let mut parts = vec!["TRUE".to_owned()];
            for (end, sign) in [(from, ">="), (until, "<")] {
                if let Some(end) = end {
                    let end = sql.bind(*end);
                    parts.push(format!("e.logged_at {sign} {end}"));
                }
            }
            format!("({})", parts.join(" AND "))
        }
        Filter::Is(LogField::Date, _) => "TRUE".to_owned(),
        Filter::Is(LogField::Unknown, _) => "FALSE".to_owned(),
    }
}
