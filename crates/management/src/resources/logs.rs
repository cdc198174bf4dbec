//! `/logs`: the tenant log (`management-api.md` §12.1).

use keywright_app::log_entry;
use keywright_store::logs::{self, LogRow};
use keywright_types::Timestamp;
use serde_json::{Map, Value};

use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::{Operation, Outcome, Resource};
use crate::projection::{self, Projection};
use crate::query::{Parameter, parameter};
use crate::schema::{Schema, integer, list as list_of, object, optional, text, text_of};

const ABOUT: &str = "\
The [tenant log](../tenant-log.md), entry by entry, oldest first. `from` is the `log_id` after which the answer begins; the header
`Link` has the address of what follows. Searching (`q`) and sorting do not exist yet. Of a user the newest 100 entries are
answered, the newest first.";

const SCOPES: &[&str] = &["read:logs", "read:logs_users"];

pub(super) fn resource() -> Resource {
    let page: [Parameter; 2] = [
        parameter("from", text_of(1, 100).about("The log_id of the entry before the first one that is wanted.")),
        parameter("take", integer(1, 100).about("Entries of the answer, 50 unless it says otherwise.")),
    ];
    Resource {
        name: "logs",
        title: "Logs",
        about: ABOUT,
        operations: vec![
            Operation::get("/logs", "List log events")
                .scopes(SCOPES)
                .query(page)
                .query(projection::parameters())
                .answers(list_of(entry()))
                .handled_by(list),
            Operation::get("/logs/{id}", "Get a log event").scopes(SCOPES).answers(entry()).handled_by(get),
            Operation::get("/users/{id}/logs", "List log events of a user")
                .scopes(SCOPES)
                .answers(list_of(entry()))
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

async fn get(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let found = call.read(move |tx, tenant| Ok(logs::find(tx, tenant, &id)?)).await?;
    let row = found.ok_or_else(|| ApiError::not_found("The log does not exist").code("inexistent_log"))?;
    Ok(Reply::json(Value::Object(shown(&row))))
}

async fn of_user(call: Call) -> Outcome {
    let id = call.path("id").to_owned();
    let rows = call.read(move |tx, tenant| Ok(logs::list_of_user(tx, tenant, &id, 100)?)).await?;
    Ok(Reply::json(rows.iter().map(|row| Value::Object(shown(row))).collect::<Vec<_>>()))
}
