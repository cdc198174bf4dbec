//! `/logs`: the tenant log (`management-api.md` §12.1).

use keywright_app::log_entry;
use keywright_store::logs::{self, LogRow};
use keywright_store::search::logs as search;
use keywright_types::Timestamp;
use keywright_types::search::LogField;
use serde_json::{Map, Value};

use super::users::{filter, not_sortable, sorted};
use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::{Operation, Outcome, Resource};
use crate::paging::{Found, Paging, Position};
use crate::projection::{self, Projection};
use crate::query::parameter;
use crate::schema::{Problem, Schema, integer, object, optional, text, text_of};

const ABOUT: &str = "\
The [tenant log](../tenant-log.md). It is read in two ways.

From a checkpoint: `from` is the `log_id` after which the answer begins, `take` how many entries it has; the oldest come first, the answer is an array, and
the header `Link` has the address of what follows. Without `from` it begins with the first entry. `from` cannot be combined with `page`, `sort`, `q` and `search`.

By pages: `page` and `per_page` reach the newest 1000 entries; `sort` is `date:-1` (the default) or `date:1`. `q` (also by the name
`search`) is a query in the [language of user search](../user-search.md) on `type`, `date`, `log_id`, `client_id`, `client_name`,
`connection`, `connection_id`, `user_id`, `user_name`, `description`, `ip`, `hostname`, `strategy`, `audience` and `user_agent`; values are compared with their
case. A term without a field is looked for in type, description, client name, user name, user id, address and connection. `total` counts up to 1000
entries. A search that takes longer than two seconds is given up with 503: name a `type` or a user.";

const SCOPES: &[&str] = &["read:logs", "read:logs_users"];
const PAGING: Paging = Paging { length: true, ..Paging::numbered("logs") };
/// §12.1: "max 1000 through offset".
const REACHED: i64 = 1000;

pub(super) fn resource() -> Resource {
    let sort =
        || parameter("sort", text_of(1, 100).about("date:-1 for the newest first, date:1 for the oldest first."));
    let query = |name| {
        parameter(
            name,
            text_of(0, keywright_types::search::MOST_CHARACTERS).about("Query in Lucene query string syntax."),
        )
    };
    Resource {
        name: "logs",
        title: "Logs",
        about: ABOUT,
        operations: vec![
            Operation::get("/logs", "List log events")
                .scopes(SCOPES)
                .query([
                    parameter(
                        "from",
                        text_of(1, 100).about("The log_id of the entry before the first one that is wanted."),
                    ),
                    parameter("take", integer(1, 100).about("Entries of the answer, 50 unless it says otherwise.")),
                    sort(),
                    query("q"),
                    query("search"),
                ])
                .query(PAGING.parameters())
                .query(projection::parameters())
                .answers(PAGING.answer(&entry()))
                .handled_by(list),
            Operation::get("/logs/{id}", "Get a log event").scopes(SCOPES).answers(entry()).handled_by(get),
            Operation::get("/users/{id}/logs", "List log events of a user")
                .scopes(SCOPES)
                .query([sort()])
                .query(PAGING.parameters())
                .answers(PAGING.answer(&entry()))
                .handled_by(of_user),
        ],
    }
}

fn entry() -> Schema {
    let names = ["_id", "log_id", "date", "type", "description"];
    object(names.map(|name| optional(name, text())).to_vec()).open().named("LogEvent")
}

fn shown(row: &LogRow) -> Map<String, Value> {
    log_entry(row)
}

async fn list(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &[])?;
    if call.query.has("from") || call.query.has("take") {
        return from_checkpoint(&call, &projection).await;
    }
    let text = call.query.text("q").or_else(|| call.query.text("search")).filter(|text| !text.trim().is_empty());
    let name = if call.query.has("q") { "q" } else { "search" };
    let filter = text.map(|text| filter::<LogField>(name, text)).transpose()?;
    page(&call, "/logs", &projection, filter, None).await
}

/// §12.1: "mixing `from` with page/sort: 400".
async fn from_checkpoint(call: &Call, projection: &Projection) -> Outcome {
    let mixed: Vec<&str> = ["page", "sort", "q", "search"].into_iter().filter(|name| call.query.has(name)).collect();
    if let Some(name) = mixed.first() {
        let reason = format!("The parameter {name} cannot be combined with from and take");
        let problem = Problem { path: (*name).to_owned(), reason, description: "" };
        return Err(ApiError::invalid("Query", "invalid_query_string", &[problem]));
    }
    let from = call.query.text("from").unwrap_or_default().to_owned();
    let take = call.query.number("take").unwrap_or(50);
    let rows = call.read(move |tx, tenant| Ok(logs::list_after(tx, tenant, &from, Timestamp::MAX, take)?)).await?;
    let mut reply = Reply::json(rows.iter().map(|row| projection.apply(shown(row))).collect::<Vec<_>>());
    if let Some(last) = rows.last() {
        let next = format!("{}logs?from={}&take={take}", call.tenant.management_audience(), last.log_id);
        reply.link = Some(format!("<{next}>; rel=\"next\""));
    }
    Ok(reply)
}

async fn page(
    call: &Call,
    list: &str,
    projection: &Projection,
    filter: Option<keywright_types::search::Filter<LogField>>,
    user_id: Option<String>,
) -> Outcome {
    let page = PAGING.page(call, list)?;
    if page.skip + page.limit > REACHED {
        return Err(ApiError::bad_request("Requesting page exceeds the allowed maximum of 1000 records"));
    }
    let descending = match call.query.text("sort").map(sorted).transpose()? {
        None => true,
        Some(("date" | "log_id" | "_id", descending)) => descending,
        Some(_) => return Err(not_sortable("Log events can be sorted by date".to_owned())),
    };
    let wanted = search::LogSearch {
        filter,
        user_id,
        descending,
        skip: page.skip,
        limit: page.limit,
        counts: page.with_total(),
    };
    let (rows, total) = call.read(move |tx, tenant| Ok(search::find(tx, tenant, &wanted)?)).await?;
    let place = || Position { created_at: Timestamp::UNIX_EPOCH, id: String::new() };
    let items = rows.iter().map(|row| (place(), projection.apply(shown(row)))).collect();
    Ok(PAGING.reply(call, list, &page, Found { items, total: Some(total) }))
}

async fn get(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let found = call.read(move |tx, tenant| Ok(logs::find(tx, tenant, &id)?)).await?;
    let row = found.ok_or_else(|| ApiError::not_found("The log does not exist").code("inexistent_log"))?;
    Ok(Reply::json(Value::Object(shown(&row))))
}

async fn of_user(call: Call) -> Outcome {
    let projection = Projection::of(&call.query, &[])?;
    let id = call.path("id").to_owned();
    page(&call, "/users/{id}/logs", &projection, None, Some(id)).await
}
