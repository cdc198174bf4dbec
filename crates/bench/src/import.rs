//! A bulk import of users with password hashes, over the Management API: from the request with the file to the job's end.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;

use crate::connection::{Connection, form};
use crate::report::Report;
use crate::seed::Seeds;
use crate::server::Server;
use crate::workloads::member;

/// Name of the measurement.
pub(crate) const NAME: &str = "import of users";
/// Users of the file.
const USERS: usize = 50_000;
/// How often the job is asked whether it has ended.
const INTERVAL: Duration = Duration::from_millis(50);
/// Between the parts of the form.
const BOUNDARY: &str = "bench-boundary-7f3a";

/// What the import took.
pub(crate) struct Import {
    /// Users a second, from the request to the end of the job.
    pub(crate) rate: f64,
    /// CPU time of the server for one user, in seconds.
    pub(crate) processor_time: f64,
    /// Seconds from the request to its answer.
    pub(crate) taken_in: f64,
}

/// Imports a file once.
pub(crate) async fn measure(seeds: &Seeds, server: &Server, report: &mut Report) {
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
    let body = file(&seeds.connection);
    let (before, begun) = (server.processor_time(), Instant::now());
    let request = Request::post("/api/v2/jobs/users-imports")
        .header("host", &seeds.domain)
        .header("authorization", &bearer)
        .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
        .body(Full::new(body))
        .unwrap();
    let answer = connection.expect(202, request).await;
    let taken_in = begun.elapsed().as_secs_f64();
    let path = format!("/api/v2/jobs/{}", member(&answer.body, "id").expect("an identifier"));
    let job = loop {
        tokio::time::sleep(INTERVAL).await;
        let request = Request::get(&path)
            .header("host", &seeds.domain)
            .header("authorization", &bearer)
            .body(Full::default())
            .unwrap();
        let job = connection.expect(200, request).await.body;
        if member(&job, "status").as_deref() != Some("pending") {
            break String::from_utf8_lossy(&job).into_owned();
        }
    };
    let spent = begun.elapsed().as_secs_f64();
    assert!(job.contains(&format!("\"inserted\":{USERS},")), "{job}");
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let users = USERS as f64;
    let processor_time = (server.processor_time() - before) / users;
    report.import(&Import { rate: users / spent, processor_time, taken_in });
}

/// The request's body: users as a migration has them.
fn file(connection: &str) -> Bytes {
    let mut text = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"connection_id\"\r\n\r\n{connection}\r\n\
         --{BOUNDARY}\r\ncontent-disposition: form-data; name=\"users\"; filename=\"users.json\"\r\n\r\n["
    );
    for number in 0..USERS {
        let separator = if number == 0 { "" } else { "," };
        let _ = write!(
            text,
            "{separator}{{\"email\":\"imported-{number}@example.com\",\"email_verified\":true,\"given_name\":\"Ann\",\
             \"family_name\":\"Arbor\",\"password_hash\":\
             \"$2b$10$w4kfaZVjrcQ6ZOMiG.M8JeNvnVQkPKZV03pbDUHbxy9Ug0h/McDXi\",\
             \"app_metadata\":{{\"plan\":\"gold\",\"number\":{number}}}}}"
        );
    }
    let _ = write!(text, "]\r\n--{BOUNDARY}--\r\n");
    Bytes::from(text)
}
