//! Rules in the script engine, without a server around it: what a pass costs when its worker is there already and when it is
//! not, how soon a worker that had to be killed is replaced, and what ten tenants whose Rules never end cost another one.
//!
//! The engine is in this process, its workers are the server's binary, as in a server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use keywright_egress::{Egress, EgressOptions};
use keywright_rules::{
    Engine, EngineOptions, FailureKind, FetchPolicy, Limits, NoHost, PoolLimits, Report as Pass, RuleScript,
    RulesOutcome, RulesPass, ScriptClock, WorkerProgram,
};
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use crate::report::Report;
use crate::{Plan, processor};

/// Name of the measurement.
pub(crate) const NAME: &str = "scripts";
/// Passes whose times are counted.
const PASSES: usize = 4_000;
/// Passes before them.
const WARM: usize = 300;
/// Passes of which each has a worker of its own.
const COLD: usize = 200;
/// Workers that are killed.
const KILLED: usize = 20;
/// Tenants whose Rules never end.
const LOOPERS: usize = 10;
/// Passes of the measured tenant that are under way at the same time while others loop.
const AT_ONCE: usize = 2;

/// The usual kind of Rule: two claims and a scope.
const CLAIMS: &str = "function (user, context, callback) {\n  context.accessToken['http://foo/bar'] = 'value';\n  \
                      context.idToken['http://fiz/baz'] = 'some other value';\n  \
                      context.accessToken.scope = ['array', 'of', 'strings'];\n  callback(null, user, context);\n}";
const LOOP: &str = "function (user, context, callback) { while (true) {} }";
/// One call of native code that takes hours: nothing in the engine interrupts it.
const NATIVE: &str = "function (user, context, callback) { require('bcrypt').hashSync('x', 31); }";

/// Measures, and says what was missed.
pub(crate) async fn measure(plan: &Plan, report: &mut Report) {
    println!("\n{NAME}: one Rule that adds two claims and changes the scope, each pass in a fresh runtime");
    warm(plan, report).await;
    cold(plan, report).await;
    killed(plan, report).await;
    loopers(plan, report).await;
}

fn engine(plan: &Plan, limits: Limits, pool: PoolLimits) -> Engine {
    let worker = WorkerProgram {
        program: plan.server.clone(),
        arguments: vec!["script-worker".into()],
        environment: Vec::new(),
    };
    let egress = Egress::new(EgressOptions::default()).expect("a client");
    Engine::new(EngineOptions { worker, limits, pool, egress, fetch: FetchPolicy::default() })
}

async fn run(engine: &Engine, tenant: &str, script: &str) -> Pass<RulesOutcome> {
    let pass = RulesPass {
        rules: vec![RuleScript { id: "rul_1".to_owned(), name: "claims".to_owned(), script: script.to_owned() }],
        user: user(),
        context: context(),
        configuration: Map::new(),
        management: None,
        clock: ScriptClock::from(1_700_000_000_000),
    };
    engine.run_rules(tenant, pass, Arc::new(NoHost)).await
}

async fn passed(engine: &Engine, tenant: &str) -> Pass<RulesOutcome> {
    let pass = run(engine, tenant, CLAIMS).await;
    let outcome = pass.result.as_ref().expect("a result");
    let claim = outcome.context.pointer("/idToken/http:~1~1fiz~1baz").and_then(Value::as_str);
    assert_eq!((claim, &outcome.denial), (Some("some other value"), &None));
    pass
}

/// Passes on a worker that is there.
async fn warm(plan: &Plan, report: &mut Report) {
    let engine = engine(plan, Limits::default(), PoolLimits { runs: u32::MAX, ..PoolLimits::default() });
    let (mut walls, mut times) = (Vec::with_capacity(PASSES), Vec::with_capacity(PASSES));
    let mut spent = 0.0;
    for number in 0..WARM + PASSES {
        if number == WARM {
            spent = processor::time(std::process::id());
        }
        let asked = Instant::now();
        let pass = passed(&engine, "warm").await;
        let wall = asked.elapsed().as_secs_f64();
        // The next one finds the worker free.
        pass.background.finished().await;
        if number >= WARM {
            walls.push(wall * 1e3);
            #[expect(clippy::cast_precision_loss, reason = "microseconds of one pass")]
            times.push(pass.usage.cpu_us as f64 / 1e3);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of passes")]
    let parent = (processor::time(std::process::id()) - spent) * 1e3 / PASSES as f64;
    let (walls, times) = (sorted(walls), sorted(times));
    report.script("warm pass, processor time of the worker, p50", at(&times, 0.5), Some(0.3), "ms");
    report.script("warm pass, processor time of the worker, p99", at(&times, 0.99), Some(1.0), "ms");
    report.script("warm pass, processor time of the server's side, mean", parent, None, "ms");
    report.script("warm pass, from question to answer, p50", at(&walls, 0.5), None, "ms");
    report.script("warm pass, from question to answer, p99", at(&walls, 0.99), None, "ms");
}

/// Passes of tenants that have no worker yet.
async fn cold(plan: &Plan, report: &mut Report) {
    let engine = engine(plan, Limits::default(), PoolLimits { workers: 8, ..PoolLimits::default() });
    let mut walls = Vec::with_capacity(COLD);
    for number in 0..COLD {
        let asked = Instant::now();
        let pass = passed(&engine, &format!("cold-{number}")).await;
        walls.push(asked.elapsed().as_secs_f64() * 1e3);
        pass.background.finished().await;
    }
    let walls = sorted(walls);
    report.script("cold pass, with the start of its worker, p50", at(&walls, 0.5), None, "ms");
    report.script("cold pass, with the start of its worker, p99", at(&walls, 0.99), None, "ms");
}

/// From the end of a pass whose worker is killed to the worker that takes its place.
async fn killed(plan: &Plan, report: &mut Report) {
    let limits = Limits { wall_ms: 100, cpu_ms: 60_000, ..Limits::default() };
    let engine = engine(plan, limits, PoolLimits { grace: Duration::from_millis(20), ..PoolLimits::default() });
    let mut pauses = Vec::with_capacity(KILLED);
    for _ in 0..KILLED {
        let pass = run(&engine, "killed", NATIVE).await;
        let ended = Instant::now();
        assert_eq!(pass.result.unwrap_err().kind, FailureKind::WallTime);
        pass.background.finished().await;
        pauses.push(ended.elapsed().as_secs_f64() * 1e3);
        assert_eq!(engine.idle_workers(), 1);
        passed(&engine, "killed").await.background.finished().await;
    }
    let pauses = sorted(pauses);
    report.script("killed worker replaced, p50", at(&pauses, 0.5), Some(10.0), "ms");
    report.script("killed worker replaced, longest", at(&pauses, 1.0), None, "ms");
}

/// Passes a second of one tenant, alone and beside tenants that loop.
async fn loopers(plan: &Plan, report: &mut Report) {
    let engine = engine(plan, Limits::default(), PoolLimits::default());
    let alone = rate(&engine, plan.load).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut loops = JoinSet::new();
    for number in 0..LOOPERS {
        let (engine, stop) = (engine.clone(), stop.clone());
        loops.spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let pass = run(&engine, &format!("looper-{number}"), LOOP).await;
                pass.result.unwrap_err();
                pass.background.finished().await;
            }
        });
    }
    // Until all of them loop.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let beside = rate(&engine, plan.load).await;
    stop.store(true, Ordering::Relaxed);
    while loops.join_next().await.is_some() {}
    report.script("passes a second, alone", alone, None, "/s");
    report.script("passes a second while ten tenants loop", beside, None, "/s");
    report.script("what the loops cost the others", (1.0 - beside / alone) * 100.0, Some(20.0), "%");
}

async fn rate(engine: &Engine, load: Duration) -> f64 {
    let begun = Instant::now();
    let mut all = JoinSet::new();
    for _ in 0..AT_ONCE {
        let engine = engine.clone();
        all.spawn(async move {
            let mut passes = 0_u32;
            while begun.elapsed() < load {
                passed(&engine, "measured").await.background.finished().await;
                passes += 1;
            }
            passes
        });
    }
    let passes: u32 = all.join_all().await.into_iter().sum();
    f64::from(passes) / begun.elapsed().as_secs_f64()
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

fn at(sorted: &[f64], share: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let index = (sorted.len() as f64 * share) as usize;
    sorted.get(index.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// 1 kB, as logins have it.
fn user() -> Value {
    json!({
        "user_id": "auth0|5f7c8ec7c33c6c004bbafe82", "email": "ann@example.com", "email_verified": true,
        "name": "Ann Example", "given_name": "Ann", "family_name": "Example", "nickname": "ann",
        "picture": "https://s.gravatar.com/avatar/9e26471d35a78862c17e467d87cddedf?s=480&r=pg&d=mp",
        "created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-06-01T00:00:00.000Z",
        "identities": [{
            "connection": "Username-Password-Authentication", "provider": "auth0",
            "user_id": "5f7c8ec7c33c6c004bbafe82", "isSocial": false
        }],
        "app_metadata": { "plan": "gold", "roles": ["reader", "writer"], "seats": 12 },
        "user_metadata": { "language": "en", "colour": "teal", "newsletter": false },
        "plan": "gold", "roles": ["reader", "writer"], "seats": 12,
        "last_ip": "192.0.2.1", "last_login": "2026-06-01T00:00:00.000Z", "logins_count": 42
    })
}

/// 1.6 kB.
fn context() -> Value {
    json!({
        "tenant": "acme", "clientID": "kLkL0zR5h9qUuW2ZpAqf0mH7t6cX1yYe", "clientName": "Shop",
        "clientMetadata": { "tier": "one" }, "connectionID": "con_Ss3rTqC0cRkH8bX1",
        "connection": "Username-Password-Authentication", "connectionStrategy": "auth0",
        "connectionOptions": {}, "connectionMetadata": {}, "protocol": "oidc-basic-profile",
        "stats": { "loginsCount": 42 },
        "sso": { "with_auth0": false, "with_dbconn": false, "current_clients": ["kLkL0zR5h9qUuW2ZpAqf0mH7t6cX1yYe"] },
        "accessToken": {}, "idToken": {}, "sessionID": "2LxWn8rUkPdQmZc7",
        "request": {
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
            "ip": "192.0.2.1", "hostname": "acme.example",
            "query": {
                "client_id": "kLkL0zR5h9qUuW2ZpAqf0mH7t6cX1yYe", "response_type": "code",
                "redirect_uri": "https://shop.example/callback", "scope": "openid profile email offline_access",
                "audience": "https://api.example/", "state": "mT3uS0m3St4t3", "nonce": "n0nc3V4lue",
                "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256"
            },
            "body": {},
            "geoip": { "country_code": "DE", "country_name": "Germany", "city_name": "Berlin", "time_zone": "Europe/Berlin" }
        },
        "authentication": { "methods": [{ "name": "pwd", "timestamp": 1_700_000_000_000_u64 }] },
        "authorization": { "roles": ["reader", "writer"] }
    })
}
