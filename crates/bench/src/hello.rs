//! H: CPU time of one request to a bare axum server, in a process of its own, for an answer of a given size.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;

use crate::connection::Connection;
use crate::load::{Load, Workload};
use crate::processor::{self, Process};
use crate::{Plan, load};

/// The bare server: prints its address and answers until it is killed.
pub(crate) fn serve(size: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("{}", listener.local_addr().unwrap());
        std::io::stdout().flush().unwrap();
        let body = Bytes::from(vec![b'x'; size]);
        let router: Router = Router::new().route("/", get(move || std::future::ready(body.clone())));
        // As the server does.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        axum::serve(listener, router).await.unwrap();
    });
}

/// What the bare server does.
pub(crate) struct Bare {
    /// CPU time of one request, in seconds.
    pub(crate) each: f64,
    /// Milliseconds within which 99 of 100 requests are answered at half of full load.
    pub(crate) half: f64,
}

/// Starts the bare server and loads it as the real one is loaded.
pub(crate) async fn measure(plan: &Plan, size: usize) -> Bare {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let child = command.args(["--hello", &size.to_string()]).stdout(Stdio::piped()).spawn().unwrap();
    let mut process = Process(child);
    let mut address = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut address).unwrap();
    let address: SocketAddr = address.trim().parse().unwrap();
    let spent = || processor::time(process.0.id());
    let Load { processor_time, rate, .. } = load::full(plan, address, plan.connections, spent, Arc::new(Hello)).await;
    let half = load::at_rate(plan, address, plan.connections, rate / 2.0, Arc::new(Hello)).await;
    Bare { each: processor_time, half: half.quantile(0.99) }
}

struct Hello;

impl Workload for Hello {
    async fn perform(&self, connection: &mut Connection) -> bool {
        let request = Request::builder().uri("/").header("host", "localhost").body(Full::default()).unwrap();
        connection.expect(200, request).await;
        true
    }
}
