//! `/stats`: how much is going on (`management-api.md` §12.3).

use keywright_app::DailyStatistics;
use keywright_types::Timestamp;
use serde_json::json;

use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::operation::{Operation, Outcome, Resource};
use crate::query::parameter;
use crate::schema::{Problem, integer, list as list_of, object, required, text, text_of};

const ABOUT: &str = "\
`active-users` is the number of users who logged in within the last 30 days. `daily` counts entries of the [tenant
log](../tenant-log.md) by day, in UTC: logins (`s` and `sepft`), sign-ups (`ss`), and logins and sign-ups with public passwords
(`pwd_leak`, `signup_pwd_leak`). What is beyond the retention of the log is not counted any more. At most 31 days are answered at once, the last 30
unless `from` and `to` say otherwise.";

pub(super) fn resource() -> Resource {
    let day = |name, about| parameter(name, text_of(8, 8).pattern("^[0-9]{8}$").about(about));
    let number = || integer(0, i64::MAX);
    let statistics = object(vec![
        required("date", text()),
        required("logins", number()),
        required("signups", number()),
        required("leaked_passwords", number()),
        required("created_at", text()),
        required("updated_at", text()),
    ]);
    Resource {
        name: "stats",
        title: "Statistics",
        about: ABOUT,
        operations: vec![
            Operation::get("/stats/active-users", "Get the number of active users")
                .scopes(&["read:stats"])
                .answers(number())
                .handled_by(active),
            Operation::get("/stats/daily", "Get daily statistics")
                .scopes(&["read:stats"])
                .query([day("from", "The first day, YYYYMMDD."), day("to", "The last day, YYYYMMDD.")])
                .answers(list_of(statistics.named("DailyStatistics")))
                .handled_by(daily),
        ],
    }
}

async fn active(call: Call) -> Outcome {
    Ok(Reply::json(json!(call.app.active_users(&call.tenant.id).await?)))
}

/// Most days of one answer.
const MOST: usize = 31;

async fn daily(call: Call) -> Outcome {
    let day = |name: &'static str| {
        call.query.text(name).map(|text| start(text).ok_or_else(|| refused(name, "No such day"))).transpose()
    };
    let (from, to) = (day("from")?, day("to")?);
    let (from, to) = keywright_app::days(call.app.now(), from, to);
    if from > to {
        return Err(refused("from", "The first day is after the last"));
    }
    let Some(all) = call.app.daily_statistics(&call.tenant.id, from, to, MOST).await? else {
        return Err(refused("from", "More than 31 days"));
    };
    let time = |time: Timestamp| format!("{time:.3}");
    let shown = |one: &DailyStatistics| {
        json!({
            "date": time(one.day), "logins": one.logins, "signups": one.sign_ups, "leaked_passwords": one.leaked_passwords,
            "created_at": time(one.day), "updated_at": time(one.counted_at),
        })
    };
    Ok(Reply::json(all.iter().map(shown).collect::<Vec<_>>()))
}

/// Midnight of a day.
fn start(text: &str) -> Option<Timestamp> {
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    format!("{year}-{month}-{day}T00:00:00Z").parse().ok()
}

fn refused(name: &str, reason: &str) -> ApiError {
    let problem = Problem { path: name.to_owned(), reason: reason.to_owned(), description: "" };
    ApiError::invalid("Query", "invalid_query_string", &[problem])
}
