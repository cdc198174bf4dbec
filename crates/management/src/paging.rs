//! Pages of a list, by number or from a checkpoint (`management-api.md` §1.5; TN-04).
//!
//! A page is read by the position of the entry before it: its time of creation and its identifier, in which every list is
//! ordered. A page number is the same with entries passed over.

use keywright_app::App;
use keywright_jose::Purpose;
use keywright_types::{TenantId, Timestamp};
use serde_json::{Value, json};

use crate::call::{Call, Reply};
use crate::error::ApiError;
use crate::json::set;
use crate::query::{Parameter, parameter};
use crate::schema::{Problem, Schema, boolean, integer, list, object, optional, required, text, text_of};

/// How a list is paged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paging {
    /// Name of the list in answers that are objects.
    pub(crate) name: &'static str,
    /// Entries of a page that names no number.
    pub(crate) default: i64,
    /// Most entries of a page.
    pub(crate) most: i64,
    /// Whether pages can be asked for by number.
    pub(crate) by_number: bool,
    /// Whether pages can be asked for from a checkpoint.
    pub(crate) by_checkpoint: bool,
    /// Whether answers with totals say how many entries the page has.
    pub(crate) length: bool,
}

impl Paging {
    /// Pages of 50 by number, as most lists have them.
    pub(crate) const fn numbered(name: &'static str) -> Self {
        Self { name, default: 50, most: 100, by_number: true, by_checkpoint: false, length: false }
    }

    /// Pages by number and from a checkpoint.
    pub(crate) const fn both(name: &'static str) -> Self {
        Self { by_checkpoint: true, ..Self::numbered(name) }
    }

    /// Pages from a checkpoint alone; the answer is always an object.
    pub(crate) const fn checkpoints(name: &'static str) -> Self {
        Self { by_number: false, by_checkpoint: true, ..Self::numbered(name) }
    }

    /// The parameters.
    pub(crate) fn parameters(&self) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        if self.by_number {
            parameters.extend([
                parameter("page", integer(0, 1_000_000).about("Page index of the results to return. First page is 0.")),
                parameter("per_page", integer(0, self.most).about("Number of results per page.")),
                parameter("include_totals", boolean().about("Whether the answer is an object with the total number.")),
            ]);
        }
        if self.by_checkpoint {
            parameters.extend([
                parameter("from", text_of(1, 1000).about("Where to go on: the value of next of the page before.")),
                parameter("take", integer(1, self.most).about("Number of results per page, from a checkpoint.")),
            ]);
        }
        parameters
    }

    /// The answers that the parameters lead to.
    pub(crate) fn answer(&self, item: &Schema) -> Schema {
        let array = list(item.clone());
        let number = || integer(0, i64::MAX);
        let mut members = vec![required(self.name, array.clone())];
        if self.by_number {
            members.extend(["start", "limit", "length", "total"].map(|name| optional(name, number())));
        }
        if self.by_checkpoint {
            members.push(optional("next", text().about("Where the next page begins; absent on the last one.")));
        }
        let page = object(members);
        if self.by_number { crate::schema::any_of(vec![array, page]) } else { page }
    }

    /// Which page the query asks for. "`take` (or `from`) wins".
    pub(crate) fn page(&self, call: &Call, list: &str) -> Result<Page, ApiError> {
        let query = &call.query;
        let (from, take) = (query.text("from"), query.number("take"));
        if self.by_checkpoint && (!self.by_number || from.is_some() || take.is_some()) {
            let after = match from {
                Some(from) => open_checkpoint(&call.app, &call.tenant.id, list, from)?,
                None => Position::START,
            };
            let limit = take.unwrap_or(self.default.min(self.most));
            return Ok(Page { after, skip: 0, limit, kind: Kind::Checkpoint });
        }
        let limit = query.number("per_page").filter(|number| *number > 0).unwrap_or(self.default);
        let start = query.number("page").unwrap_or(0) * limit;
        let kind = if query.flag("include_totals").unwrap_or(false) { Kind::Totals } else { Kind::Plain };
        Ok(Page { after: Position::START, skip: start, limit, kind })
    }

    /// The answer with one page. `found` has one entry more than the page where there is a next one.
    pub(crate) fn reply(&self, call: &Call, list: &str, page: &Page, found: Found) -> Reply {
        let Found { mut items, total } = found;
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(|(position, _)| position.clone()) } else { None };
        let items: Vec<Value> = items.into_iter().map(|(_, value)| value).collect();
        let length = items.len();
        match page.kind {
            Kind::Plain => Reply::json(items),
            Kind::Totals => {
                let mut body = json!({ "start": page.skip, "limit": page.limit, "total": total.unwrap_or_default(), self.name: items });
                if self.length {
                    set(&mut body, "length", json!(length));
                }
                Reply::json(body)
            }
            Kind::Checkpoint => {
                let mut body = json!({ self.name: items });
                if let Some(next) = next {
                    set(&mut body, "next", json!(seal_checkpoint(&call.app, &call.tenant.id, list, &next)));
                }
                Reply::json(body)
            }
        }
    }
}

/// What some client libraries send with every list, also where pages begin at checkpoints alone (`management-api.md` §17).
/// It has no effect.
pub(crate) fn tolerated() -> [Parameter; 3] {
    [
        parameter("page", integer(0, 1_000_000)),
        parameter("per_page", integer(0, 100)),
        parameter("include_totals", boolean().about("Has no effect.")),
    ]
}

/// The place of an entry in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) created_at: Timestamp,
    pub(crate) id: String,
}

impl Position {
    /// Before all of them.
    pub(crate) const START: Self = Self { created_at: Timestamp::UNIX_EPOCH, id: String::new() };
}

/// A page that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// It comes after this entry.
    pub(crate) after: Position,
    /// And after so many more.
    pub(crate) skip: i64,
    /// It has so many entries at most.
    pub(crate) limit: i64,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Totals,
    Checkpoint,
}

impl Page {
    /// How many entries to read: one more tells whether there is a next page.
    pub(crate) fn wanted(&self) -> i64 {
        self.limit + 1
    }

    /// Whether the number of all entries is answered.
    pub(crate) fn with_total(&self) -> bool {
        self.kind == Kind::Totals
    }
}

/// Entries that were read, with their places.
pub(crate) struct Found {
    pub(crate) items: Vec<(Position, Value)>,
    /// Of all pages; needed where [`Page::with_total`] says so.
    pub(crate) total: Option<i64>,
}

impl Found {
    /// The page of entries that were all read, because no index knows what the query filters by.
    pub(crate) fn of_all(all: Vec<(Position, Value)>, page: &Page) -> Self {
        let total = i64::try_from(all.len()).unwrap_or(i64::MAX);
        let after = |position: &Position| (position.created_at, &position.id) > (page.after.created_at, &page.after.id);
        let skip = usize::try_from(page.skip).unwrap_or(usize::MAX);
        let wanted = usize::try_from(page.wanted()).unwrap_or(usize::MAX);
        let items = all.into_iter().filter(|(position, _)| after(position)).skip(skip).take(wanted).collect();
        Self { items, total: Some(total) }
    }
}

/// How long a checkpoint is good, in seconds: "valid 24 h".
const LIFETIME: i64 = 24 * 60 * 60;

/// TN-04: "Paging cursors are sealed and typed". What a list was filtered by is part of `list`.
fn seal_checkpoint(app: &App, tenant: &TenantId, list: &str, position: &Position) -> String {
    let text = json!([list, app.now().as_second(), position.created_at.as_millisecond(), position.id]).to_string();
    app.data_keys().seal_text(Purpose::ManagementCheckpoint, tenant, text.as_bytes(), app.random())
}

fn open_checkpoint(app: &App, tenant: &TenantId, list: &str, from: &str) -> Result<Position, ApiError> {
    let opened = || {
        let text = app.data_keys().open_text(Purpose::ManagementCheckpoint, tenant, from)?;
        let (name, made_at, created_at, id): (String, i64, i64, String) = serde_json::from_slice(&text).ok()?;
        let good = name == list && app.now().as_second().saturating_sub(made_at) < LIFETIME;
        let created_at = Timestamp::from_millisecond(created_at).ok()?;
        good.then_some(Position { created_at, id })
    };
    opened().ok_or_else(|| {
        ApiError::bad_request(
            "The checkpoint ID provided in the 'from' parameter has expired or is invalid, please remove the checkpoint \
             ID and try again",
        )
    })
}

/// A parameter that goes with checkpoints only.
pub(crate) fn needs_take(name: &str) -> ApiError {
    let reason = format!("The parameter {name} needs the parameter take");
    ApiError::invalid("Query", "invalid_query_string", &[Problem { path: name.to_owned(), reason, description: "" }])
}
