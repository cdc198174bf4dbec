//! Requests of scripts (EG-01, EG-02): what they send, what they get, and where they may not ask.

use std::sync::Arc;

use keywright_egress::{Egress, EgressOptions};
use keywright_rules::{Engine, EngineOptions, FetchPolicy, FetchReach, Limits, NoHost};
use keywright_testkit::{Behaviour, Receiver};
use serde_json::{Value, json};

use crate::{engine, options, out, pass};

fn answer(head: &str, body: &str) -> Behaviour {
    let text = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    Behaviour::Raw(text.into_bytes())
}

/// Runs a rule with `URL` as the receiver's address.
async fn with(engine: &Engine, receiver: &Receiver, body: &str) -> Value {
    let url = receiver.url("/path?q=1");
    let script = format!(
        "async function (user, context, callback) {{ const URL_ = {url:?}; const out = (value) => {{ context.out = value; \
         callback(null, user, context); }};\n{body}\n}}"
    );
    out(engine, "tenant", &script).await
}

#[tokio::test]
async fn every_client_sends_and_receives() {
    let (engine, receiver) = (engine(), Receiver::start().await);
    receiver.answer(&[answer("201 Created\r\nX-Own: yes\r\nContent-Type: application/json", "{\"a\":1}")]);
    for (script, expected) in [
        (
            "const r = await fetch(URL_, { method: 'POST', body: JSON.stringify({ b: 2 }), headers: { 'X-Sent': 'x' } }); \
             out([r.status, r.ok, r.headers.get('x-own'), await r.json()]);",
            json!([201, true, "yes", { "a": 1 }]),
        ),
        (
            "require('request').post({ url: URL_, json: { b: 2 }, headers: { 'X-Sent': 'x' } }, (e, r, b) => out([e, \
             r.statusCode, r.headers['x-own'], b]));",
            json!([null, 201, "yes", { "a": 1 }]),
        ),
        (
            "out(await require('request-promise')({ method: 'POST', uri: URL_, body: { b: 2 }, json: true, headers: { \
             'X-Sent': 'x' } }));",
            json!({ "a": 1 }),
        ),
        (
            "const r = await require('axios').post(URL_, { b: 2 }, { headers: { 'X-Sent': 'x' } }); out([r.status, r.data, \
             r.headers['x-own']]);",
            json!([201, { "a": 1 }, "yes"]),
        ),
        (
            "const r = await require('node-fetch')(URL_, { method: 'POST', body: JSON.stringify({ b: 2 }), headers: { \
             'X-Sent': 'x' } }); out([r.status, await r.json()]);",
            json!([201, { "a": 1 }]),
        ),
        (
            "const q = require('https').request(URL_, { method: 'POST', headers: { 'X-Sent': 'x' } }, (r) => { let all = ''; \
             r.on('data', (d) => { all += d; }); r.on('end', () => out([r.statusCode, JSON.parse(all)])); }); \
             q.end(JSON.stringify({ b: 2 }));",
            json!([201, { "a": 1 }]),
        ),
    ] {
        assert_eq!(with(&engine, &receiver, script).await, expected, "{script}");
        let sent = receiver.take().pop().unwrap();
        assert!(sent.head.starts_with("POST /path?q=1 HTTP/1.1\r\n"), "{}", sent.head);
        assert!(sent.head.to_ascii_lowercase().contains("\r\nx-sent: x\r\n"), "{}", sent.head);
        assert_eq!(sent.body, "{\"b\":2}", "{script}");
    }
}

#[tokio::test]
async fn statuses_are_errors_where_the_client_makes_them_errors() {
    let (engine, receiver) = (engine(), Receiver::start().await);
    receiver.answer(&[answer("404 Not Found", "gone")]);
    for (script, expected) in [
        ("const r = await fetch(URL_); out([r.ok, r.status, await r.text()]);", json!([false, 404, "gone"])),
        (
            "try { await require('axios').get(URL_); } catch (e) { out([e.isAxiosError, e.response.status, e.message]); }",
            json!([true, 404, "Request failed with status code 404"]),
        ),
        (
            "try { await require('request-promise')(URL_); } catch (e) { out([e.name, e.statusCode, e.error]); }",
            json!(["StatusCodeError", 404, "gone"]),
        ),
        ("require('request')(URL_, (e, r, b) => out([e, r.statusCode, b]));", json!([null, 404, "gone"])),
    ] {
        assert_eq!(with(&engine, &receiver, script).await, expected, "{script}");
    }
}

#[tokio::test]
async fn redirects_are_followed_and_bounded() {
    let (engine, receiver) = (engine(), Receiver::start().await);
    let again = answer(&format!("302 Found\r\nLocation: {}", receiver.url("/next")), "");
    receiver.answer(&[again.clone(), answer("200 OK", "there")]);
    let script =
        "const r = await fetch(URL_, { method: 'POST', body: 'x' }); out([await r.text(), r.redirected, r.url]);";
    assert_eq!(with(&engine, &receiver, script).await, json!(["there", true, receiver.url("/next")]));
    let sent = receiver.take();
    assert!(sent[1].head.starts_with("GET /next "), "{}", sent[1].head);
    receiver.answer(&[again]);
    let script = "try { await fetch(URL_); } catch (e) { out(e.message); }";
    assert_eq!(with(&engine, &receiver, script).await, json!("fetch failed: too many redirects"));
    let script = "const r = await fetch(URL_, { redirect: 'manual' }); out(r.status);";
    assert_eq!(with(&engine, &receiver, script).await, json!(302));
}

/// Every spelling of an address of the inside, and what leads there.
#[tokio::test]
async fn eg_01_eg_02_scripts_do_not_reach_the_inside() {
    let egress = Egress::new(EgressOptions::default()).unwrap();
    let engine =
        Engine::new(EngineOptions { egress, limits: Limits { host_calls: 100, ..Limits::default() }, ..options() });
    let addresses = [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://0.0.0.0/",
        "http://0/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://172.16.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://100.100.100.200/",
        "http://[fe80::1]/",
        "http://\u{ff11}27.0.0.1/",
        "http://%31%32%37.0.0.1/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "ftp://127.0.0.1/",
        "data:text/plain,x",
    ];
    let script = format!(
        "async function (user, context, callback) {{ const all = {}; context.out = []; for (const url of all) {{ try {{ await \
         fetch(url); context.out.push(url); }} catch (e) {{}} }} callback(null, user, context); }}",
        json!(addresses)
    );
    assert_eq!(out(&engine, "tenant", &script).await, json!([]));
}

#[tokio::test]
async fn eg_02_the_policy_says_where() {
    let receiver = Receiver::start().await;
    let script = "try { const r = await fetch(URL_); out(r.status); } catch (e) { out(e.cause.message); }";
    let refused = json!("requests to this host are not allowed");
    for (reach, expected) in [
        (FetchReach::Public, json!(200)),
        (FetchReach::Nowhere, refused.clone()),
        (FetchReach::Hosts(vec!["localhost".to_owned()]), json!(200)),
        (FetchReach::Hosts(vec!["other.example".to_owned(), ".localhost".to_owned()]), refused),
    ] {
        let fetch = FetchPolicy { reach: reach.clone(), ports: None, ..FetchPolicy::default() };
        let engine = Engine::new(EngineOptions { fetch, ..options() });
        assert_eq!(with(&engine, &receiver, script).await, expected, "{reach:?}");
    }
    let engine = Engine::new(EngineOptions { fetch: FetchPolicy::default(), ..options() });
    let ports = with(&engine, &receiver, script).await;
    assert_eq!(ports, json!("the URL is refused: requests to its port are not allowed"));
}

#[tokio::test]
async fn sb_02_answers_are_bounded() {
    let receiver = Receiver::start().await;
    receiver.answer(&[Behaviour::Endless(b"HTTP/1.1 200 OK\r\n\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx".to_vec())]);
    let fetch = FetchPolicy { response: 100_000, ports: None, ..FetchPolicy::default() };
    let engine = Engine::new(EngineOptions { fetch, ..options() });
    let script = "try { await fetch(URL_); out('read'); } catch (e) { out(e.cause.message); }";
    assert_eq!(with(&engine, &receiver, script).await, json!("the answer is too large"));
}

/// R §2.3 (6): what nobody waits for goes on behind the answer.
#[tokio::test]
async fn r_2_3_6_a_request_that_nobody_waits_for_is_made() {
    let (engine, receiver) = (engine(), Receiver::start().await);
    let script = format!(
        "function (user, context, callback) {{ require('request').post({{ url: {:?}, form: {{ a: 'b c' }} }}, () => \
         console.log('sent')); callback(null, user, context); }}",
        receiver.url("/hook")
    );
    let report = engine.run_rules("tenant", pass(&[&script]), Arc::new(NoHost)).await;
    assert!(report.result.is_ok());
    let mut console = report.console;
    console.extend(report.background.finished().await);
    assert_eq!(console.iter().map(|line| line.text.as_str()).collect::<Vec<_>>(), ["sent"]);
    assert_eq!(receiver.take()[0].body, "a=b%20c");
}
