//! Pages of `/actions`, which are like no others: always an object, "zero values dropped on the wire", and `include_totals` is an
//! unknown parameter (`management-api.md` §1.5, §15.1).

use serde_json::{Value, json};

use crate::call::{Call, Reply};
use crate::json::set;
use crate::query::{Parameter, parameter};
use crate::schema::{Schema, integer, list, object, optional, required};

const DEFAULT: i64 = 50;
const MOST: i64 = 100;

pub(super) fn parameters() -> [Parameter; 2] {
    [
        parameter("page", integer(0, 1_000_000).about("Page index of the results to return. First page is 0.")),
        parameter("per_page", integer(0, MOST).about("Number of results per page.")),
    ]
}

pub(super) fn answer(name: &'static str, item: Schema) -> Schema {
    let number = || integer(0, i64::MAX);
    let numbers = ["total", "page", "per_page"].map(|name| optional(name, number()));
    object([vec![required(name, list(item))], numbers.to_vec()].concat())
}

/// The page of `all` that the query asks for.
pub(super) fn reply(call: &Call, name: &str, all: Vec<Value>) -> Reply {
    let limit = call.query.number("per_page").filter(|number| *number > 0).unwrap_or(DEFAULT);
    let page = call.query.number("page").unwrap_or(0);
    let total = all.len();
    let places = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let items: Vec<Value> = all.into_iter().skip(places(page.saturating_mul(limit))).take(places(limit)).collect();
    let mut body = json!({ name: items, "per_page": limit });
    if total > 0 {
        set(&mut body, "total", json!(total));
    }
    if page > 0 {
        set(&mut body, "page", json!(page));
    }
    Reply::json(body)
}
