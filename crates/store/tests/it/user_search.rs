//! Searching users and log entries: what the statements find is what the query means, on both engines.

use std::collections::BTreeSet;
use std::sync::Arc;

use keywright_store::identities::{self, Linked};
use keywright_store::logs::LogRow;
use keywright_store::search::logs::LogSearch;
use keywright_store::search::users::{FoundUsers, SortBy, UserSearch};
use keywright_store::search::{self, COUNTED};
use keywright_store::users::{self, UserRow};
use keywright_store::{Store, StoreError, Tx, logs, params};
use keywright_types::search::{Bound, Check, Decimal, Filter, Piece, UserField, parse};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::database::Database;
use crate::rows::{acme, at, populate, user};

pub(crate) fn all_users() -> UserSearch {
    UserSearch { filter: None, sort: SortBy::CreatedAt, descending: false, skip: 0, limit: 50, counts: true }
}

pub(crate) fn all_entries() -> LogSearch {
    LogSearch { filter: None, user_id: None, descending: true, skip: 0, limit: 50, counts: true }
}

fn query(text: &str) -> UserSearch {
    let filter = parse(text).and_then(|node| node.typed()).unwrap_or_else(|error| panic!("{text}: {error}"));
    UserSearch { filter: Some(filter), ..all_users() }
}

async fn find(store: &Store, search: UserSearch) -> FoundUsers {
    store.read(move |tx| search::users::find(tx, &acme(), &search)).await.unwrap()
}

async fn count(store: &Store, search: UserSearch) -> i64 {
    store.read(move |tx| search::users::count(tx, &acme(), search.filter.as_ref())).await.unwrap()
}

async fn names(store: &Store, search: UserSearch) -> String {
    let found = find(store, search).await;
    found.rows.iter().map(|row| &row.user_id["auth0|".len()..]).collect::<Vec<_>>().join(" ")
}

/// An account: its row, and the user it is linked to.
#[derive(Clone, Debug)]
struct Account {
    row: UserRow,
    linked_to: Option<String>,
}

/// What a query means, said in another way than the statements say it.
fn holds(filter: &Filter<UserField>, own: &UserRow, accounts: &[Account]) -> bool {
    match filter {
        Filter::All(filters) => filters.iter().all(|filter| holds(filter, own, accounts)),
        Filter::Any(filters) => filters.iter().any(|filter| holds(filter, own, accounts)),
        Filter::Not(filter) => !holds(filter, own, accounts),
        Filter::Is(field, check) => values(field, check, own, accounts).iter().any(|value| fits(value, check)),
    }
}

fn values(field: &UserField, check: &Check, own: &UserRow, accounts: &[Account]) -> Vec<Value> {
    let profile: Value = serde_json::from_str(&own.profile).unwrap();
    let folded = |name: &str| profile[name].as_str().map(|text| json!(text.to_lowercase()));
    let time = |time: Option<keywright_types::Timestamp>| time.map(|time| json!(time.as_millisecond()));
    let all = || {
        let linked =
            accounts.iter().filter(|other| other.linked_to.as_deref() == Some(&own.user_id)).map(|other| &other.row);
        std::iter::once(own).chain(linked)
    };
    let one = match field {
        UserField::Id => Some(json!(own.user_id)),
        UserField::Email => own.email.as_ref().map(|email| json!(email)),
        UserField::EmailDomain => own.email.as_ref().map(|email| json!(email.split('@').next_back())),
        UserField::EmailVerified => own.email.as_ref().map(|_| json!(own.email_verified)),
        UserField::Username => own.username.as_ref().map(|name| json!(name)),
        UserField::Name => folded("name"),
        UserField::Nickname => folded("nickname"),
        UserField::GivenName => folded("given_name"),
        UserField::FamilyName => folded("family_name"),
        // Whoever is not blocked has no such member, and `blocked:false` finds them all the same.
        UserField::Blocked => (own.blocked || *check != Check::Exists).then(|| json!(own.blocked)),
        UserField::CreatedAt => time(Some(own.created_at)),
        UserField::UpdatedAt => time(Some(own.updated_at)),
        UserField::LastLogin => time(own.last_login_at),
        UserField::LastIp => own.last_ip.as_ref().map(|ip| json!(ip)),
        UserField::LoginsCount => (own.logins_count > 0 || *check != Check::Exists).then(|| json!(own.logins_count)),
        UserField::Social => Some(json!(false)),
        UserField::Connection => return all().map(|row| json!(row.connection)).collect(),
        UserField::Provider => return all().map(|row| json!(row.user_id.split('|').next())).collect(),
        UserField::IdentityId => return all().map(|row| json!(row.user_id.split_once('|').unwrap().1)).collect(),
        UserField::UserMetadata(path) | UserField::Value(path) => {
            let metadata = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            let mut root = profile.clone();
            for name in ["name", "nickname", "given_name", "family_name", "picture"] {
                root.as_object_mut().unwrap().remove(name);
            }
            root["user_metadata"] = metadata(&own.user_metadata);
            root["app_metadata"] = metadata(&own.app_metadata);
            let mut found = vec![root];
            for name in path.split('.') {
                found = found.into_iter().flat_map(flat).filter_map(|value| value.get(name).cloned()).collect();
            }
            let found: Vec<Value> = found.into_iter().flat_map(flat).filter(|value| !value.is_null()).collect();
            let is_exists = *check == Check::Exists;
            return found
                .into_iter()
                .filter(|value| if is_exists { has_leaf(value) } else { !value.is_object() })
                .collect();
        }
    };
    one.into_iter().collect()
}

/// Arrays are passed over.
fn flat(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.into_iter().flat_map(flat).collect(),
        other => vec![other],
    }
}

fn has_leaf(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => items.iter().any(has_leaf),
        Value::Object(members) => members.values().any(has_leaf),
        _ => true,
    }
}

fn fits(value: &Value, check: &Check) -> bool {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.as_f64().map_or_else(|| other.to_string(), |number| number.to_string()),
    };
    match check {
        Check::Exists => true,
        Check::Text(wanted) => {
            text == *wanted
                || (!value.is_string() && wanted.parse::<f64>().is_ok_and(|number| Some(number) == value.as_f64()))
        }
        Check::Pattern(pieces) => looks_like(&text.chars().collect::<Vec<_>>(), pieces),
        Check::Texts(low, high) => above(low, &text, |a, b| a < b) && above(high, &text, |a, b| a > b),
        Check::Decimals(low, high) => value.as_f64().is_some_and(|number| {
            above(&low.clone().map(Decimal::get), &number, |a, b| a < b)
                && above(&high.clone().map(Decimal::get), &number, |a, b| a > b)
        }),
        Check::Truth(truth) => *value == json!(truth),
        Check::Numbers(low, high) => {
            let number = value.as_i64().unwrap();
            low.is_none_or(|low| number >= low) && high.is_none_or(|high| number <= high)
        }
        Check::Times(from, until) => {
            let time = value.as_i64().unwrap();
            from.is_none_or(|from| time >= from.as_millisecond())
                && until.is_none_or(|until| time < until.as_millisecond())
        }
    }
}

fn above<T: PartialEq>(bound: &Bound<T>, value: &T, beyond: impl Fn(&T, &T) -> bool) -> bool {
    match bound {
        Bound::Open => true,
        Bound::Included(bound) => beyond(bound, value) || bound == value,
        Bound::Excluded(bound) => beyond(bound, value),
    }
}

fn looks_like(text: &[char], pieces: &[Piece]) -> bool {
    match pieces.split_first() {
        None => text.is_empty(),
        Some((Piece::Many, rest)) => (0..=text.len()).any(|at| looks_like(&text[at..], rest)),
        Some((Piece::One, rest)) => text.split_first().is_some_and(|(_, text)| looks_like(text, rest)),
        Some((Piece::Literal(literal), rest)) => {
            let literal: Vec<char> = literal.chars().collect();
            text.starts_with(&literal) && looks_like(&text[literal.len()..], rest)
        }
    }
}

fn pick(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> + Clone {
    prop::sample::select(texts)
}

const WORDS: &[&str] =
    &["jane", "Jane", "JOHN doe", "o'neil", "\u{c4}rmel", "a%b", "a_b", "zo\u{eb}", "ann", "anna", "B"];
const DATES: &[&str] = &["2026-11-21", "2026-11", "2026-11-22", "2026", "2026-11-20T10:00:00Z"];

fn metadata() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        pick(WORDS).prop_map(|word| json!(word)),
        (-3..30_i64).prop_map(|number| json!(number)),
        pick(&["1.5", "-2.25", "20.0"]).prop_map(|text| json!(text.parse::<f64>().unwrap())),
        any::<bool>().prop_map(|truth| json!(truth)),
        Just(Value::Null),
        Just(json!([])),
        prop::collection::vec(pick(WORDS), 0..3).prop_map(|words| json!(words)),
        pick(WORDS).prop_map(|word| json!([{ "b": word }, { "b": 1 }])),
        pick(WORDS).prop_map(|word| json!({ "b": word })),
    ];
    prop::collection::btree_map(pick(&["a", "b", "c"]), leaf, 0..3).prop_map(|members| json!(members))
}

fn account(number: usize) -> impl Strategy<Value = Account> {
    let names = (prop::option::of(pick(WORDS)), prop::option::of(pick(WORDS)), prop::option::of(pick(WORDS)));
    let rest =
        (metadata(), metadata(), 0..4_i64, -200_000..200_000_i64, prop::option::of(-90_000..90_000_i64), 0..8_usize);
    let flags = (any::<bool>(), any::<bool>(), prop::option::of(pick(&["192.0.2.1", "2001:db8::1"])), any::<bool>());
    (names, rest, flags).prop_map(move |(names, (user, app, logins, created, login, link), flags)| {
        let mut row = self::user(&format!("u{number:02}"));
        let mut profile = serde_json::Map::new();
        for (name, value) in [("name", names.0), ("nickname", names.1), ("given_name", names.2)] {
            profile.extend(value.map(|value| (name.to_owned(), json!(value))));
        }
        profile.insert("phone_number".to_owned(), json!(format!("+4{}", number % 5)));
        row.profile = Value::Object(profile).to_string();
        row.email = flags.0.then(|| {
            format!("{}{number}@{}", ["ann", "jane", "bob"][number % 3], ["a.example", "b.example"][number % 2])
        });
        row.username = flags.1.then(|| format!("name{}", number % 20 + 100 * (number / 20)));
        row.connection = ["database", "other"][number % 2].to_owned();
        (row.email_verified, row.blocked) = (flags.1, flags.3 && number.is_multiple_of(3));
        (row.user_metadata, row.app_metadata) = (user.to_string(), app.to_string());
        (row.created_at, row.updated_at) = (at(created), at(created + 1));
        (row.last_login_at, row.last_ip, row.logins_count) = (login.map(at), flags.2.map(str::to_owned), logins);
        let linked_to = (link == 0 && number > 0).then(|| "auth0|u00".to_owned());
        Account { row, linked_to }
    })
}

/// A query in text.
fn clause() -> impl Strategy<Value = String> {
    let quoted = |word: &str| format!("\"{}\"", word.replace('"', "\\\""));
    let text =
        pick(&["name", "nickname", "given_name", "app_metadata.a", "app_metadata.b", "app_metadata.a.b", "username"]);
    let whole =
        pick(&["user_metadata.a", "user_metadata.a.b", "user_metadata.b", "app_metadata.c", "phone_number", "unknown"]);
    let any_field = pick(&[
        "email",
        "email_verified",
        "name",
        "nickname",
        "last_login",
        "blocked",
        "logins_count",
        "username",
        "user_metadata",
        "user_metadata.a",
        "app_metadata.a",
        "last_ip",
        "identities.connection",
        "phone_number",
        "unknown",
    ]);
    let date = pick(&["created_at", "last_login", "updated_at"]);
    let end = prop_oneof![Just("*"), pick(DATES)];
    let ends = (prop::bool::ANY, prop::bool::ANY);
    let number_end = prop_oneof![Just("*".to_owned()), (-3..25_i64).prop_map(|number| number.to_string())];
    let braces = |(open, close): (bool, bool), low: &str, high: &str| {
        let quoted = |end: &str| if end == "*" { end.to_owned() } else { format!("\"{end}\"") };
        format!("{}{} TO {}{}", if open { '{' } else { '[' }, quoted(low), quoted(high), if close { '}' } else { ']' })
    };
    prop_oneof![
        (text.clone(), pick(WORDS)).prop_map(move |(field, word)| format!("{field}:{}", quoted(word))),
        (whole, prop_oneof![pick(WORDS), pick(&["1", "20", "true", "-2.25", "1.50", "+41"])])
            .prop_map(move |(field, word)| format!("{field}:{}", quoted(word))),
        (
            text.clone(),
            pick(&["j*", "jan?", "*ann*", "*oh?*do*", "a*a", "a\\%*", "a\\_b", "na*1", "Z*", "\u{e4}*", "?ane*"])
        )
            .prop_map(|(field, word)| format!("{field}:{word}")),
        pick(&["ann*", "jane1@a.example", "*@b.example", "*example*", "JANE*"])
            .prop_map(|word| format!("email:{word}")),
        (text, pick(WORDS), pick(WORDS), ends)
            .prop_map(move |(field, low, high, ends)| format!("{field}:{}", braces(ends, low, high))),
        (date.clone(), end.clone(), end, ends)
            .prop_map(move |(field, low, high, ends)| format!("{field}:{}", braces(ends, low, high))),
        (date, pick(DATES)).prop_map(|(field, date)| format!("{field}:\"{date}\"")),
        (pick(&["logins_count", "app_metadata.a", "app_metadata.b"]), number_end.clone(), number_end, ends)
            .prop_map(move |(field, low, high, ends)| format!("{field}:{}", braces(ends, &low, &high))),
        any_field.prop_map(|field| format!("_exists_:{field}")),
        pick(&[
            "blocked:true",
            "blocked:false",
            "email_verified:true",
            "email_verified:false",
            "identities.isSocial:false",
            "identities.isSocial:true",
            "identities.connection:other",
            "identities.connection:nothing",
            "identities.provider:auth0",
            "identities.provider:sms",
            "identities.user_id:u01",
            "identities.user_id:u05",
            "user_id:auth0|u03",
            "user_id:auth0|u1*",
            "email.domain:a.example",
            "last_ip:192.0.2.1",
            "logins_count:2",
            "phone_number:\\+4*",
            "jane",
            "ann*",
            "logins_count:0",
        ])
        .prop_map(str::to_owned),
    ]
}

fn text() -> impl Strategy<Value = String> {
    clause().prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" AND "))),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
            prop::collection::vec(inner.clone(), 2..3).prop_map(|parts| format!("({})", parts.join(" "))),
            inner.prop_map(|part| format!("NOT {part}")),
        ]
    })
}

pub(crate) async fn finds_what_a_query_means(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(|tx| users::delete(tx, &acme(), "auth0|ann", at(0))).await.unwrap();
    let mut runner = TestRunner::deterministic();
    let accounts: Vec<Account> =
        (0..60).map(|number| account(number).new_tree(&mut runner).unwrap().current()).collect();
    let inserted = accounts.clone();
    let insert = move |tx: &mut Tx<'_>| {
        for account in &inserted {
            users::insert(tx, &acme(), &account.row)?;
        }
        for Account { row, linked_to } in &inserted {
            if let Some(primary) = linked_to {
                assert_eq!(identities::link(tx, &acme(), primary, &row.user_id, at(9))?, Linked::Done);
            }
        }
        Ok::<_, StoreError>(())
    };
    store.write(insert).await.unwrap();
    let own: Vec<&UserRow> = accounts.iter().filter(|own| own.linked_to.is_none()).map(|own| &own.row).collect();
    assert!(own.len() > 40 && own.len() < 60, "some are linked");

    let (mut found_some, mut sizes) = (0, BTreeSet::new());
    for _ in 0..700 {
        let text = text().new_tree(&mut runner).unwrap().current();
        let search = UserSearch { limit: 100, ..query(&text) };
        let filter = search.filter.clone().unwrap();
        let expected: BTreeSet<&str> =
            own.iter().filter(|row| holds(&filter, row, &accounts)).map(|row| row.user_id.as_str()).collect();
        let found = find(&store, search.clone()).await;
        let ids: Vec<&str> = found.rows.iter().map(|row| row.user_id.as_str()).collect();
        assert_eq!(ids.iter().copied().collect::<BTreeSet<_>>(), expected, "{text}\n{filter:?}");
        assert_eq!(found.total, i64::try_from(expected.len()).ok(), "{text}");
        assert!(found.rows.is_sorted_by_key(|row| row.created_at), "{text}");
        found_some += usize::from(!ids.is_empty() && ids.len() < own.len());
        sizes.insert(ids.len());
    }
    assert!(found_some > 300 && sizes.len() > 20, "{found_some} queries found some, {sizes:?}");
}

pub(crate) async fn sorts_and_pages_few_and_many(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let insert = |tx: &mut Tx<'_>| {
        for (number, name) in ["dee", "bob", "cyd", "eve", "fay"].into_iter().enumerate() {
            let mut row = user(name);
            row.created_at = at(i64::try_from(number).unwrap() + 1);
            row.last_login_at = (number > 1).then(|| at(100 - i64::try_from(number).unwrap()));
            row.profile = json!({ "name": name.to_uppercase() }).to_string();
            row.logins_count = 2;
            users::insert(tx, &acme(), &row)?;
        }
        Ok::<_, StoreError>(())
    };
    store.write(insert).await.unwrap();
    // With a filter the few that match are sorted here; without one the database walks through its index.
    for filter in [None, query("_exists_:user_id").filter] {
        let search = |sort, descending, skip, limit| UserSearch {
            filter: filter.clone(),
            sort,
            descending,
            skip,
            limit,
            counts: filter.is_some(),
        };
        for (sort, descending, skip, limit, expected) in [
            (SortBy::CreatedAt, false, 0, 9, "ann dee bob cyd eve fay"),
            (SortBy::CreatedAt, true, 1, 2, "eve cyd"),
            (SortBy::UpdatedAt, false, 0, 2, "ann bob"),
            (SortBy::Name, false, 0, 3, "bob cyd dee"),
            (SortBy::Email, true, 0, 3, "fay eve dee"),
            (SortBy::Username, false, 4, 9, "eve fay"),
            (SortBy::Id, true, 0, 2, "fay eve"),
            (SortBy::LoginsCount, true, 0, 9, "fay eve dee cyd bob ann"),
            (SortBy::LastLogin, false, 0, 3, "fay eve cyd"),
            (SortBy::LastLogin, true, 0, 3, "cyd eve fay"),
            (SortBy::LastLogin, true, 2, 1, "fay"),
            (SortBy::CreatedAt, false, 9, 9, ""),
        ] {
            let found = names(&store, search(sort, descending, skip, limit)).await;
            assert_eq!(found, expected, "{sort:?} {descending} {skip} {limit} {filter:?}");
        }
        // Those without come last, whatever the direction.
        let all = names(&store, search(SortBy::LastLogin, true, 0, 9)).await;
        assert!(all.starts_with("cyd eve fay ") && all.len() == 23, "{all}");
        let last = names(&store, search(SortBy::LastLogin, true, 4, 9)).await;
        assert_eq!(last.split(' ').count(), 2, "{last}");
        for sort in [SortBy::Nickname, SortBy::GivenName, SortBy::FamilyName] {
            assert_eq!(find(&store, search(sort, false, 0, 9)).await.rows.len(), 6);
        }
    }
    assert_eq!(find(&store, all_users()).await.total, Some(6));
    assert_eq!(count(&store, all_users()).await, 6);
}

pub(crate) async fn counts_few_with_the_page_and_many_when_asked(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let many = usize::try_from(COUNTED).unwrap() + 5;
    for batch in 0..=many / 1000 {
        let insert = move |tx: &mut Tx<'_>| {
            for number in (batch * 1000..many).take(1000) {
                let mut row = user(&format!("n{number:05}"));
                row.created_at = at(i64::try_from(number).unwrap());
                row.profile = json!({ "name": format!("N {number:05}") }).to_string();
                users::insert(tx, &acme(), &row)?;
            }
            Ok::<_, StoreError>(())
        };
        store.write(insert).await.unwrap();
        if batch == 0 {
            // Each of them by address, name and user name, and each is one.
            for (text, expected) in [
                ("n000*", 100),
                ("n000* OR n001* OR email:n002*", 300),
                ("n000* OR n001* OR n002* OR n003* OR n004*", 500),
            ] {
                assert_eq!(find(&store, query(text)).await.total, Some(expected), "{text}");
                assert_eq!(count(&store, query(text)).await, expected, "{text}");
            }
        }
    }
    // The one of `populate` besides.
    let all = i64::try_from(many).unwrap() + 1;
    assert_eq!(find(&store, all_users()).await.total, None);
    assert_eq!(count(&store, all_users()).await, all);
    for text in ["email_verified:true", "NOT blocked:true", "identities.connection:database", "email:n* OR name:n*"] {
        let found = find(&store, UserSearch { skip: 998, limit: 2, descending: true, ..query(text) }).await;
        assert_eq!(found.total, None, "{text}");
        let expected = if text.contains("n*") { all - 1 } else { all };
        assert_eq!(count(&store, query(text)).await, expected, "{text}");
        let expected = [many - 999, many - 1000].map(|number| format!("auth0|n{number:05}"));
        assert_eq!(found.rows.iter().map(|row| row.user_id.clone()).collect::<Vec<_>>(), expected, "{text}");
    }
    let few = find(&store, query("name:\"N 0001*\" OR email:n00012@example.com")).await;
    assert_eq!(few.total, Some(1));
    let few = find(&store, query("email:n0001*")).await;
    assert_eq!((few.total, few.rows.len()), (Some(10), 10));
}

pub(crate) async fn is_by_values_of_metadata(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let long = "x".repeat(5000);
    let set = |app: Value| {
        let row = UserRow { app_metadata: app.to_string(), ..user("ann") };
        store.write(move |tx| users::update_profile(tx, &acme(), &row))
    };
    let deep = json!({ "a": { "b": [1, { "c": "X" }] }, "long": long, "a\u{0}b": "n\u{0}ul", "e": "", "big": 9_007_199_254_740_993_i64 });
    assert!(set(deep).await.unwrap());
    for (text, is_found) in [
        ("app_metadata.a.b:1", true),
        ("app_metadata.a.b:1.0", true),
        ("app_metadata.a.b.c:X", true),
        ("app_metadata.a.b.c:x", false),
        ("app_metadata.a:1", false),
        ("_exists_:app_metadata.a", true),
        ("_exists_:app_metadata.ab", false),
        ("app_metadata.e:\"\"", true),
        ("app_metadata.big:9007199254740993", true),
        ("app_metadata.long:xxx*", true),
        ("name:\"\u{540d}\u{524d}\"", true),
    ] {
        assert_eq!(find(&store, query(text)).await.total == Some(1), is_found, "{text}");
    }
    // Of a text the beginning is compared.
    assert_eq!(find(&store, query(&format!("app_metadata.long:{}", "x".repeat(600)))).await.total, Some(1));
    assert!(set(json!({ "a": 2 })).await.unwrap());
    assert_eq!(find(&store, query("app_metadata.a.b.c:X")).await.total, Some(0), "what was there is gone");
    let many: serde_json::Map<String, Value> =
        (0..5000).map(|number| (format!("k{number:04}"), json!(number))).collect();
    assert!(set(Value::Object(many)).await.unwrap());
    assert_eq!(find(&store, query("app_metadata.k0000:0")).await.total, Some(1));
}

/// As the version before writes a profile.
const OLD: &str = "UPDATE users SET profile = $2, app_metadata = $3, updated_at = $4 WHERE tenant_id = $1";

pub(crate) async fn finds_users_that_another_version_wrote(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let old = |tx: &mut Tx<'_>| {
        tx.execute(OLD, params![&acme(), r#"{"name":"Old"}"#, r#"{"plan":"old"}"#, at(7)])?;
        // A login in between does not hide it.
        users::record_login(tx, &acme(), "auth0|ann", at(8), None)
    };
    store.write(old).await.unwrap();
    assert_eq!(find(&store, query("name:old")).await.total, Some(0));
    assert_eq!(store.write(|tx| users::index_batch(tx, 9)).await.unwrap(), 1);
    assert_eq!(store.write(|tx| users::index_batch(tx, 9)).await.unwrap(), 0);
    assert_eq!(find(&store, query("name:old AND app_metadata.plan:old")).await.total, Some(1));
    for change in ["email", "blocked", "password", "username"] {
        let changed = store.write(move |tx| match change {
            "email" => users::set_email(tx, &acme(), "auth0|ann", Some("x@new.example"), true, at(20)),
            "blocked" => users::set_blocked(tx, &acme(), "auth0|ann", true, at(21)),
            "password" => users::set_password(tx, &acme(), "auth0|ann", "$", at(22)),
            _ => users::set_username(tx, &acme(), "auth0|ann", Some("new"), at(23)),
        });
        assert!(changed.await.unwrap());
        assert_eq!(store.write(|tx| users::index_batch(tx, 9)).await.unwrap(), 0, "{change}");
    }
    assert_eq!(find(&store, query("email.domain:new.example")).await.total, Some(1));
}

pub(crate) async fn reaches_log_entries(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    let entry = |number: i64, kind: &str, user: Option<&str>| LogRow {
        log_id: format!("{number:020}"),
        kind: kind.to_owned(),
        logged_at: at(number),
        description: None,
        client_id: Some("app".to_owned()),
        client_name: Some("My_App".to_owned()),
        user_id: user.map(str::to_owned),
        user_name: None,
        connection: None,
        connection_id: None,
        strategy: None,
        ip: Some("192.0.2.1".to_owned()),
        user_agent: None,
        hostname: "acme.example.com".to_owned(),
        audience: None,
        scope: None,
        details: None,
    };
    let entries = [entry(1, "s", Some("auth0|ann")), entry(2, "fp", Some("auth0|ann")), entry(3, "seacft", None)];
    store.write(move |tx| entries.iter().try_for_each(|row| logs::insert(tx, &acme(), row))).await.unwrap();
    let find = |search: LogSearch| store.read(move |tx| search::logs::find(tx, &acme(), &search));
    let query = |text: &str| LogSearch { filter: Some(parse(text).unwrap().typed().unwrap()), ..all_entries() };
    let day = at(1).to_string().split('T').next().unwrap().to_owned();
    for (search, expected) in [
        (all_entries(), "seacft fp s"),
        (LogSearch { descending: false, ..all_entries() }, "s fp seacft"),
        (LogSearch { skip: 1, limit: 1, ..all_entries() }, "fp"),
        (LogSearch { user_id: Some("auth0|ann".to_owned()), ..all_entries() }, "fp s"),
        (query("type:fp OR type:s"), "fp s"),
        (query("type:(fp OR s) AND NOT user_id:nobody"), "fp s"),
        (query("NOT _exists_:user_id"), "seacft"),
        (query("client_name:My_*"), "seacft fp s"),
        (query("client_name:MyX*"), ""),
        (query("client_name:my_*"), ""),
        (query("unknown:x"), ""),
        (query("NOT unknown:x AND se*"), "seacft"),
        (query("date:[2000 TO 2001]"), ""),
        (query(&format!("date:{day}")), "seacft fp s"),
        (query("log_id:00000000000000000002"), "fp"),
    ] {
        let (rows, total) = find(search.clone()).await.unwrap();
        let kinds: Vec<&str> = rows.iter().map(|row| row.kind.as_str()).collect();
        assert_eq!(kinds.join(" "), expected, "{search:?}");
        let counted = if search.skip > 0 { 3 } else { i64::try_from(rows.len()).unwrap() };
        assert_eq!(total, counted, "{search:?}");
    }
}
