//! A large tenant over the Management API: 10,000 applications, 10,000 roles and 1,000,000 users, and how long its lists, look-ups
//! and searches take. Filling it takes minutes, so it runs only when it is named.

use std::time::{Duration, Instant};

use http::Request;
use http_body_util::Full;
use keywright_store::clients::{self, ClientRow};
use keywright_store::roles::{self, RoleRow};
use keywright_store::users::{self, UserRow};
use keywright_store::{Store, StoreError, Tx};
use keywright_types::Timestamp;

use crate::connection::{Connection, form};
use crate::report::Report;
use crate::seed::Seeds;
use crate::server::Server;
use crate::workloads::member;

/// Name of the measurement.
pub(crate) const NAME: &str = "many users";
const USERS: usize = 1_000_000;
const OTHERS: usize = 10_000;
/// Rows of one transaction.
const BATCH: usize = 2_000;
/// Requests of one line; the first ones are not counted.
const REQUESTS: usize = 45;
const WARM: usize = 5;
/// Between two requests, so that the rate limit is not reached.
const PAUSE: Duration = Duration::from_millis(30);

/// What is asked, and by which path.
const ASKED: [(&str, &str); 19] = [
    ("applications, first page", "/clients?per_page=50&include_totals=true"),
    ("roles, first page", "/roles?per_page=50&include_totals=true"),
    ("users, first page", "/users?per_page=50"),
    ("users, first page with total", "/users?per_page=50&include_totals=true"),
    ("users, last page of 1000", "/users?per_page=50&page=19"),
    ("users by last login", "/users?per_page=50&sort=last_login%3A-1"),
    ("users by address", "/users?per_page=50&sort=email%3A-1"),
    ("one user", "/users/auth0%7Cm000500000"),
    ("users-by-email", "/users-by-email?email=cyd500000%40a.example"),
    ("q: email", "/users?include_totals=true&q=email%3A%22cyd500000%40a.example%22"),
    ("q: email, beginnings", "/users?include_totals=true&q=email%3Aann100*%20OR%20email%3Abob9990*"),
    ("q: email, beginning, a third of all", "/users?include_totals=true&q=email%3Aann*"),
    ("q: name", "/users?include_totals=true&q=name%3A%22Cyd%20500000%22"),
    ("q: blocked, 1 in 1000", "/users?include_totals=true&q=blocked%3Atrue"),
    ("q: email_verified, half of all", "/users?include_totals=true&q=email_verified%3Atrue"),
    (
        "q: connection, all",
        "/users?include_totals=true&q=identities.connection%3A%22Username-Password-Authentication%22",
    ),
    ("q: last_login, range", "/users?include_totals=true&q=last_login%3A%5B2026-06-01%20TO%20*%5D"),
    ("q: logins_count, range", "/users?include_totals=true&q=logins_count%3A%5B49%20TO%20*%5D"),
    (
        "q: app_metadata, 1 in 100, and a date",
        "/users?include_totals=true&q=app_metadata.plan%3Agold%20AND%20created_at%3A%5B2020%20TO%20*%5D",
    ),
];

/// Fills the tenant and measures.
pub(crate) async fn measure(seeds: &Seeds, server: &Server, report: &mut Report) {
    let begun = Instant::now();
    let store = Store::open(&seeds.database).await.unwrap();
    fill(&store, seeds).await;
    println!(
        "  {NAME}: {USERS} users, {OTHERS} applications and {OTHERS} roles filled in {:.0} s",
        begun.elapsed().as_secs_f64()
    );
    store.close().await;
    let mut connection = Connection::open(server.address).await;
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", seeds.machine.id()),
        ("client_secret", &seeds.machine.secret),
        ("audience", &seeds.management_audience),
    ];
    let request = Request::post("/oauth/token")
        .header("host", &seeds.domain)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form(&fields))
        .unwrap();
    let token = connection.expect(200, request).await;
    let bearer = format!("Bearer {}", member(&token.body, "access_token").expect("a token"));
    for (name, path) in ASKED {
        let mut times = Vec::with_capacity(REQUESTS);
        for _ in 0..REQUESTS {
            tokio::time::sleep(PAUSE).await;
            let request = Request::get(format!("/api/v2{path}"))
                .header("host", &seeds.domain)
                .header("authorization", &bearer)
                .body(Full::default())
                .unwrap();
            let asked = Instant::now();
            let answer = connection.expect(200, request).await;
            times.push(asked.elapsed().as_secs_f64());
            assert!(answer.body.len() > 2, "{path}: nothing was found");
        }
        let mut counted = times.split_off(WARM);
        counted.sort_by(f64::total_cmp);
        let at = |percent: usize| counted.get(counted.len() * percent / 100).copied().unwrap_or_default();
        report.many(name, at(50), at(95));
    }
}

async fn fill(store: &Store, seeds: &Seeds) {
    let model = seeds.web.id().to_owned();
    for first in (0..OTHERS).step_by(BATCH) {
        let (tenant, model) = (seeds.tenant.clone(), model.clone());
        let insert = move |tx: &mut Tx<'_>| {
            let row = clients::find(tx, &tenant, &model)?.expect("the application");
            for number in first..first + BATCH {
                let client_id = format!("many{number:028}");
                let document = row.document.replace(&model, &client_id);
                let name = format!("Application {number}");
                clients::insert(tx, &tenant, &ClientRow { client_id, name, document, ..row.clone() })?;
                let name = format!("role-{number:05}");
                let role_id = format!("rol_{number:016}");
                let description = String::new();
                roles::insert(tx, &tenant, &RoleRow { role_id, name, description, created_at: row.created_at })?;
            }
            Ok::<_, StoreError>(())
        };
        store.write(insert).await.unwrap();
    }
    for first in (0..USERS).step_by(BATCH) {
        let tenant = seeds.tenant.clone();
        let rows: Vec<UserRow> = (first..first + BATCH).map(user).collect();
        let insert = move |tx: &mut Tx<'_>| users::insert_new(tx, &tenant, &rows).map(|added| added.len());
        assert_eq!(store.write(insert).await.unwrap(), BATCH);
    }
}

fn user(number: usize) -> UserRow {
    let pick = |from: &[&'static str]| from.get(number % from.len()).copied().unwrap_or_default();
    let (name, domain) = (pick(&["ann", "bob", "cyd"]), pick(&["a", "b", "c", "d"]));
    let made = i64::try_from(number).unwrap();
    let at = |milliseconds: i64| Timestamp::from_millisecond(1_700_000_000_000 + milliseconds).unwrap();
    // Identifiers come in no order, as random ones do.
    UserRow {
        user_id: format!("auth0|m{:09}", (number * 7_919) % USERS),
        connection: "Username-Password-Authentication".to_owned(),
        email: Some(format!("{name}{number}@{domain}.example")),
        email_verified: number.is_multiple_of(2),
        username: None,
        password_hash: Some(
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g".to_owned(),
        ),
        blocked: number.is_multiple_of(1000),
        profile: format!(
            "{{\"name\":\"{name} {number}\",\"nickname\":\"{name}{number}\",\
             \"picture\":\"https://s.gravatar.com/avatar/9e26471d35a78862c17e467d87cddedf?s=480&r=pg&d=mp\"}}"
        ),
        user_metadata: "{}".to_owned(),
        app_metadata: if number.is_multiple_of(100) { "{\"plan\":\"gold\"}".to_owned() } else { "{}".to_owned() },
        created_at: at(made),
        updated_at: at(made),
        last_login_at: (!number.is_multiple_of(5)).then(|| at((made * 104_729) % 90_000_000_000)),
        last_ip: Some("192.0.2.1".to_owned()),
        logins_count: made % 50,
    }
}
