//! What `GET /users` is asked for: the query, its order, and the rules of paging (`management-api.md` §5.4).

use keywright_store::search::users::{SortBy, UserSearch, natural_order};
use keywright_types::search::{Check, Filter, QueryError, SearchField, UserField, parse};

use crate::call::Call;
use crate::error::ApiError;
use crate::paging::Page;
use crate::query::{Parameter, parameter};
use crate::schema::{Problem, text_of};

const Q: &str = "Query in Lucene query string syntax.";
const SORT: &str = "Field to sort by, with :1 for ascending and :-1 for descending order.";

/// The parameters beside those of pages and members.
pub(super) fn parameters() -> [Parameter; 5] {
    [
        parameter("q", text_of(0, keywright_types::search::MOST_CHARACTERS).about(Q)),
        parameter("search_engine", text_of(1, 10).about("The version of the query language: v3.")),
        parameter("sort", text_of(1, 100).about(SORT)),
        parameter("connection", text_of(1, 128).about("Name of a connection that the users have an identity in.")),
        parameter("primary_order", text_of(0, 10).about("Has no effect.")),
    ]
}

/// §1.5: "offset paging reaches at most 1000 records".
const REACHED: i64 = 1000;

/// The search that a page of the list is.
pub(super) fn search(call: &Call, page: &Page) -> Result<UserSearch, ApiError> {
    if let Some(engine) = call.query.text("search_engine").filter(|engine| *engine != "v3") {
        let engine: String = engine.chars().filter(char::is_ascii_alphanumeric).collect();
        return Err(ApiError::bad_request(format!(
            "You are not allowed to use search_engine={engine}. Use search_engine=v3 instead."
        )));
    }
    if page.skip + page.limit > REACHED {
        return Err(ApiError::bad_request("You can only page through the first 1000 records."));
    }
    let mut filters = Vec::new();
    if let Some(q) = call.query.text("q").filter(|q| !q.trim().is_empty()) {
        filters.push(filter::<UserField>("q", q)?);
    }
    if let Some(connection) = call.query.text("connection") {
        filters.push(Filter::Is(UserField::Connection, Check::Text(connection.to_owned())));
    }
    let filter = if filters.is_empty() { None } else { Some(Filter::All(filters)) };
    let (sort, descending) = match call.query.text("sort") {
        Some(text) => order(text)?,
        None => (filter.as_ref().map_or(SortBy::CreatedAt, natural_order), false),
    };
    Ok(UserSearch {
        filter,
        sort,
        descending,
        skip: usize::try_from(page.skip).unwrap_or(usize::MAX),
        limit: usize::try_from(page.limit).unwrap_or(usize::MAX),
        counts: page.with_total(),
    })
}

/// A query as a filter of a resource's fields; refused with the place of what is wrong.
pub(crate) fn filter<F: SearchField>(name: &'static str, text: &str) -> Result<Filter<F>, ApiError> {
    parse(text).and_then(|node| node.typed()).map_err(|error| refused(name, &error))
}

fn refused(name: &str, error: &QueryError) -> ApiError {
    let problem = Problem { path: name.to_owned(), reason: error.to_string(), description: Q };
    ApiError::invalid("Query", "invalid_query_string", &[problem])
}

/// Names that `sort` knows.
const SORTED: [(&str, SortBy); 11] = [
    ("created_at", SortBy::CreatedAt),
    ("updated_at", SortBy::UpdatedAt),
    ("last_login", SortBy::LastLogin),
    ("logins_count", SortBy::LoginsCount),
    ("user_id", SortBy::Id),
    ("email", SortBy::Email),
    ("username", SortBy::Username),
    ("name", SortBy::Name),
    ("nickname", SortBy::Nickname),
    ("given_name", SortBy::GivenName),
    ("family_name", SortBy::FamilyName),
];

fn order(text: &str) -> Result<(SortBy, bool), ApiError> {
    let (name, descending) = sorted(text)?;
    let found = SORTED.iter().find(|(own, _)| *own == name).map(|(_, sort)| (*sort, descending));
    let names = SORTED.map(|(name, _)| name).join(", ");
    found.ok_or_else(|| not_sortable(format!("Users can be sorted by {names}")))
}

/// The field of `sort`, and whether the greatest comes first.
pub(crate) fn sorted(text: &str) -> Result<(&str, bool), ApiError> {
    match text.rsplit_once(':') {
        Some((name, "1")) => Ok((name, false)),
        Some((name, "-1")) => Ok((name, true)),
        _ => Err(not_sortable("Expected field:1 or field:-1".to_owned())),
    }
}

/// What cannot be sorted by.
pub(crate) fn not_sortable(reason: String) -> ApiError {
    let problem = Problem { path: "sort".to_owned(), reason, description: SORT };
    ApiError::invalid("Query", "invalid_query_string", &[problem])
}
