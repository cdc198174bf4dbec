//! Running passes: a worker of the tenant, the questions that its scripts ask, the watchdog, and what comes back.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use keywright_egress::Egress;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

use crate::fetch::{Fetch, FetchPolicy};
use crate::functions::{self, FunctionOutcome, FunctionPass};
use crate::host::{Host, MembershipQuery};
use crate::limits::{Limits, PoolLimits};
use crate::outcome::{ActionsOutcome, FailureKind, RulesOutcome, ScriptFailure};
use crate::pass::{ActionsPass, RulesPass, ScriptClock};
use crate::process::{Broken, Process, WorkerProgram};
use crate::protocol::{Call, ConsoleLine, FromWorker, PATIENCE_US, Run, RunKind, Script, Stopped, ToWorker, Usage};
use crate::tenants::Tenants;
use crate::trigger::Trigger;
use crate::{outcome, protocol};

/// How often workers that wait too long are looked for.
const SWEEP: Duration = Duration::from_secs(5);
/// Modules that a tenant gave the source of, for one script, in bytes. As many scripts as a trigger may have fit a frame.
pub const MAX_MODULES_BYTES: usize = 1024 * 1024;
/// Longest result of a pass that may be set, in bytes.
const MAX_RESULT: usize = 2 * 1024 * 1024;
/// How long a worker has to take a pass.
const BEGIN: Duration = Duration::from_secs(5);

/// What an [`Engine`] is made of.
#[derive(Clone)]
pub struct EngineOptions {
    /// The program that is a worker.
    pub worker: WorkerProgram,
    /// Of every pass.
    pub limits: Limits,
    /// Of the workers.
    pub pool: PoolLimits,
    /// The client for requests of scripts.
    pub egress: Egress,
    /// Where scripts may ask.
    pub fetch: FetchPolicy,
}

/// Runs the scripts of all tenants. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    options: EngineOptions,
    tenants: Tenants,
    workers: Arc<Semaphore>,
    sweeping: AtomicBool,
    warned: AtomicBool,
}

/// A pass that was run.
#[derive(Debug)]
pub struct Report<T> {
    /// What came out. A failure issues nothing (SB-05).
    pub result: Result<T, ScriptFailure>,
    /// What the scripts wrote until then, without the values of secrets.
    pub console: Vec<ConsoleLine>,
    /// What it used until then.
    pub usage: Usage,
    /// What goes on behind the answer.
    pub background: Background,
}

/// The rest of a pass: requests that no script waits for (R §2.3 (6)). It goes on when this is dropped.
#[derive(Debug)]
pub struct Background(oneshot::Receiver<Vec<ConsoleLine>>);

impl Background {
    /// Waits for its end, and gives what scripts wrote meanwhile.
    pub async fn finished(self) -> Vec<ConsoleLine> {
        self.0.await.unwrap_or_default()
    }
}

/// What the task of a pass tells about it.
struct Decided {
    result: Result<String, ScriptFailure>,
    console: Vec<ConsoleLine>,
    usage: Usage,
}

impl Engine {
    /// Makes the engine; workers are started when they are needed.
    #[must_use]
    pub fn new(mut options: EngineOptions) -> Self {
        // A result has to fit a frame.
        options.limits.result = options.limits.result.min(MAX_RESULT);
        let tenants = Tenants::new(options.pool);
        let workers = Arc::new(Semaphore::new(options.pool.workers));
        let (sweeping, warned) = (AtomicBool::new(false), AtomicBool::new(false));
        Self(Arc::new(Inner { options, tenants, workers, sweeping, warned }))
    }

    /// Runs the Rules of a login.
    pub async fn run_rules(&self, tenant: &str, pass: RulesPass, host: Arc<dyn Host>) -> Report<RulesOutcome> {
        let RulesPass { rules, user, context, configuration, management, clock } = pass;
        let auth0 = management.map(|access| {
            let base = format!("https://{}/api/v2", access.domain);
            json!({ "domain": access.domain, "accessToken": access.access_token, "baseUrl": base })
        });
        let mut secrets: Vec<String> = configuration.values().filter_map(Value::as_str).map(str::to_owned).collect();
        secrets.extend(auth0.as_ref().and_then(|auth0| auth0.get("accessToken")?.as_str().map(str::to_owned)));
        let ids: Vec<String> = rules.iter().map(|rule| rule.id.clone()).collect();
        let input = json!({
            "user": user,
            "context": context,
            "configuration": configuration,
            "auth0": auth0,
            "global": self.0.tenants.global(tenant),
            "globalLimit": self.0.options.limits.global,
        });
        let scripts: Vec<Script> = rules
            .into_iter()
            .map(|rule| Script { name: rule.name, code: rule.script, secrets: "{}".to_owned(), modules: Vec::new() })
            .collect();
        let run = self.run(RunKind::Rules, scripts, input.to_string(), Vec::new(), clock);
        let (decided, background) = self.execute(tenant, run, (host, None), secrets).await;
        let result = decided.result.and_then(|text| {
            let (outcome, global) = outcome::of_rules(&text, &ids, self.0.options.limits.global)?;
            self.0.tenants.keep_global(tenant, global);
            Ok(outcome)
        });
        Report { result, console: decided.console, usage: decided.usage, background }
    }

    /// Runs the Actions of a trigger.
    pub async fn run_actions(&self, tenant: &str, pass: ActionsPass, host: Arc<dyn Host>) -> Report<ActionsOutcome> {
        let ActionsPass { trigger, actions, event, resume, state, executed_rules, clock } = pass;
        let user = event.pointer("/user/user_id").and_then(Value::as_str).map(str::to_owned);
        let metadata = event.pointer("/transaction/metadata").cloned().unwrap_or_else(|| json!({}));
        let input = json!({
            "event": event, "resume": resume, "state": state, "rules": executed_rules, "metadata": metadata,
        });
        let secrets: Vec<String> =
            actions.iter().flat_map(|action| action.secrets.iter().map(|(_, value)| value.clone())).collect();
        let scripts: Vec<Script> = actions
            .into_iter()
            .map(|action| {
                let secrets = action.secrets.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
                let secrets = Value::Object(secrets).to_string();
                Script { name: action.name, code: action.code, secrets, modules: action.modules }
            })
            .collect();
        let cache = self.0.tenants.cache(tenant, trigger);
        let user = (trigger == Trigger::PostLogin).then_some(user).flatten();
        let called = resume.unwrap_or(0)..scripts.len();
        let run = self.run(RunKind::Actions(trigger), scripts, input.to_string(), cache, clock);
        let (decided, background) = self.execute(tenant, run, (host, user), secrets).await;
        let result = decided.result.and_then(|text| {
            let (outcome, cache) = outcome::of_actions(&text, trigger, &called)?;
            self.0.tenants.keep_cache(tenant, trigger, cache);
            Ok(outcome)
        });
        Report { result, console: decided.console, usage: decided.usage, background }
    }

    /// Calls the function of a Hook, a database or a social connection.
    pub async fn run_function(&self, tenant: &str, pass: FunctionPass, host: Arc<dyn Host>) -> Report<FunctionOutcome> {
        let secrets = pass.secrets();
        let FunctionPass { kind, name, script, arguments, configuration, clock } = pass;
        let input = json!({ "arguments": arguments, "configuration": configuration });
        let script = Script { name, code: script, secrets: "{}".to_owned(), modules: Vec::new() };
        let run = self.run(RunKind::Function(kind), vec![script], input.to_string(), Vec::new(), clock);
        let (decided, background) = self.execute(tenant, run, (host, None), secrets).await;
        let result = decided.result.and_then(|text| functions::outcome(&text));
        Report { result, console: decided.console, usage: decided.usage, background }
    }

    fn run(
        &self,
        kind: RunKind,
        scripts: Vec<Script>,
        input: String,
        cache: Vec<protocol::CacheEntry>,
        clock: ScriptClock,
    ) -> Run {
        let ScriptClock { now, frozen, seed } = clock;
        Run { kind, scripts, input, cache, now, frozen, seed, limits: self.0.options.limits }
    }

    async fn execute(
        &self,
        tenant: &str,
        run: Run,
        (host, user): (Arc<dyn Host>, Option<String>),
        secrets: Vec<String>,
    ) -> (Decided, Background) {
        let (late, rest) = oneshot::channel();
        let failed = |failure| Decided { result: Err(failure), console: Vec::new(), usage: Usage::default() };
        let prepared = async {
            for (index, script) in run.scripts.iter().enumerate() {
                let too_long = |message| {
                    Err(ScriptFailure { message, script: Some(index), ..ScriptFailure::new(FailureKind::Script) })
                };
                if script.code.len() > run.limits.script {
                    return too_long(format!("The script is longer than {} bytes", run.limits.script));
                }
                let modules: usize = script.modules.iter().map(|module| module.source.len()).sum();
                if modules > MAX_MODULES_BYTES {
                    return too_long(format!("The modules are longer than {MAX_MODULES_BYTES} bytes"));
                }
            }
            self.places(tenant).await
        };
        let places = match prepared.await {
            Ok(places) => places,
            Err(failure) => return (failed(failure), Background(rest)),
        };
        let (answer, decided) = oneshot::channel();
        let pass = Pass {
            engine: self.clone(),
            tenant: tenant.to_owned(),
            host,
            user,
            secrets: Secrets::new(secrets),
            _places: places,
            answer: Mutex::new(Some(answer)),
        };
        // A login that is given up does not end what it began.
        tokio::spawn(async move {
            let _ = late.send(pass.run(run).await);
        });
        let decided = decided.await.unwrap_or_else(|_| failed(ScriptFailure::new(FailureKind::Crashed)));
        (decided, Background(rest))
    }

    /// A place among the passes of the tenant, and a worker's. Waits no longer than a pass may take.
    async fn places(&self, tenant: &str) -> Result<Vec<OwnedSemaphorePermit>, ScriptFailure> {
        let busy = || ScriptFailure::new(FailureKind::Busy);
        let (slots, queues) = self.0.tenants.slots(tenant);
        // R §1: "beyond it new executions error".
        let mut places = vec![slots.try_acquire_owned().map_err(|_| busy())?];
        let wait = async {
            for queue in queues.into_iter().chain([self.0.workers.clone()]) {
                places.push(queue.acquire_owned().await.map_err(|_| busy())?);
            }
            Ok(places)
        };
        tokio::time::timeout(self.0.options.limits.wall(), wait).await.map_err(|_| busy())?
    }

    async fn worker(&self, tenant: &str) -> Result<Process, Broken> {
        self.sweep();
        if let Some(process) = self.0.tenants.take(tenant) {
            return Ok(process);
        }
        // Those at work, this one among them, and those that wait are together as many as there may be.
        let most = self.0.options.pool.workers;
        let at_work = most.saturating_sub(self.0.workers.available_permits());
        self.0.tenants.keep_idle(most.saturating_sub(at_work));
        let process = Process::start(&self.0.options.worker).await?;
        let all = process.hardening.resource_limits && process.hardening.system_calls;
        if !all && !self.0.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                resource_limits = process.hardening.resource_limits,
                system_calls = process.hardening.system_calls,
                "scripts run in processes of their own, but this system does not confine those any further"
            );
        }
        Ok(process)
    }

    /// Begins to look for workers that wait too long, once.
    fn sweep(&self) {
        if self.0.sweeping.swap(true, Ordering::Relaxed) {
            return;
        }
        let inner: Weak<Inner> = Arc::downgrade(&self.0);
        let every = SWEEP.min(self.0.options.pool.idle);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(every).await;
                let Some(inner) = inner.upgrade() else { return };
                inner.tenants.sweep();
            }
        });
    }

    /// How many workers wait for work; for tests and metrics.
    #[must_use]
    pub fn idle_workers(&self) -> usize {
        self.0.tenants.sweep()
    }
}

/// One pass, from the parent's side.
struct Pass {
    engine: Engine,
    tenant: String,
    host: Arc<dyn Host>,
    /// The user who logs in.
    user: Option<String>,
    secrets: Secrets,
    /// Held until nothing of it is pending.
    _places: Vec<OwnedSemaphorePermit>,
    answer: Mutex<Option<oneshot::Sender<Decided>>>,
}

/// How it went on behind the answer.
enum End {
    /// The worker takes the next pass.
    Idle,
    /// It is not used again.
    Retired,
    /// It died by itself.
    Died,
}

impl Pass {
    /// Runs it and gives what was written after the answer.
    async fn run(self, run: Run) -> Vec<ConsoleLine> {
        let limits = run.limits;
        let message = ToWorker::Run(Box::new(run));
        let mut console = Vec::new();
        let Some(mut process) = self.begin(&message).await else {
            self.decide(Err(ScriptFailure::new(FailureKind::Unavailable)), &mut console, Usage::default());
            return console;
        };
        // The secrets that were in it are not kept until the pass ends.
        drop(message);
        process.runs = process.runs.saturating_add(1);
        let tenants = &self.engine.0.tenants;
        match self.exchange(&mut process, &limits, &mut console).await {
            End::Idle => tenants.give_back(&self.tenant, process),
            end => {
                if matches!(end, End::Died) {
                    tracing::warn!(tenant = self.tenant, "a worker for scripts ended unexpectedly");
                    tenants.crashed(&self.tenant);
                }
                process.kill().await;
                // The next pass of the tenant need not wait for a new one.
                if let Ok(process) = Process::start(&self.engine.0.options.worker).await {
                    tenants.give_back(&self.tenant, process);
                }
            }
        }
        console
    }

    /// A worker that has the pass. One that waited may have ended meanwhile, so there is a second try.
    async fn begin(&self, message: &ToWorker) -> Option<Process> {
        for _ in 0..2 {
            let mut process = self.engine.worker(&self.tenant).await.ok()?;
            if process.send(message, Instant::now() + BEGIN).await.is_ok() {
                return Some(process);
            }
        }
        None
    }

    async fn exchange(&self, process: &mut Process, limits: &Limits, console: &mut Vec<ConsoleLine>) -> End {
        let started = Instant::now();
        let end = started + limits.wall();
        let last = end + self.engine.0.options.pool.grace;
        let fetch = Arc::new(Fetch {
            egress: self.engine.0.options.egress.clone(),
            policy: self.engine.0.options.fetch.clone(),
            host: self.host.clone(),
            user: self.user.clone(),
            slots: Semaphore::new(self.engine.0.options.fetch.concurrent),
            end,
        });
        // E §3: what the engine cannot stop is killed.
        let watchdog = tokio::time::sleep_until(last.into());
        tokio::pin!(watchdog);
        let (replies, mut answers) = mpsc::unbounded_channel();
        // Ends with the pass.
        let mut questions = JoinSet::new();
        let mut asked = 0_u32;
        let mut written = 0_usize;
        loop {
            let message = tokio::select! {
                () = &mut watchdog => {
                    self.decide(Err(ScriptFailure::new(FailureKind::WallTime)), console, since(started));
                    return End::Retired;
                }
                Some((id, result)) = answers.recv() => {
                    if process.send(&ToWorker::Reply { id, result }, last).await.is_err() {
                        return self.died(process, console, started).await;
                    }
                    continue;
                }
                message = process.receive() => message,
            };
            match message {
                Ok(FromWorker::Console(line)) => {
                    written = written.saturating_add(line.text.len());
                    // A little more than the worker lets through.
                    if written <= limits.console.saturating_mul(2) && console.len() < limits.console {
                        console.push(self.secrets.scrubbed(line));
                    }
                }
                Ok(FromWorker::Call { id, call }) => {
                    asked = asked.saturating_add(1);
                    if asked > limits.host_calls {
                        return self.died(process, console, started).await;
                    }
                    let (fetch, replies) = (fetch.clone(), replies.clone());
                    questions.spawn(async move {
                        let _ = replies.send((id, answered(&fetch, call).await));
                    });
                }
                Ok(FromWorker::Answer { result, usage }) => {
                    let stopped = result.is_err();
                    let result = result.map_err(|stopped| ScriptFailure::new(kind(stopped)));
                    let result = result.and_then(|text| {
                        let fits = text.len() <= limits.result;
                        fits.then_some(text).ok_or_else(|| ScriptFailure::new(FailureKind::Result))
                    });
                    self.decide(result, console, usage);
                    if stopped {
                        return End::Retired;
                    }
                }
                Ok(FromWorker::Idle(usage)) if !self.undecided() => {
                    // Its thread has what others leave over since.
                    return if usage.cpu_us > PATIENCE_US { End::Retired } else { End::Idle };
                }
                Ok(FromWorker::Ended) if !self.undecided() => return End::Retired,
                Ok(FromWorker::Idle(_) | FromWorker::Ended | FromWorker::Ready(_)) | Err(_) => {
                    return self.died(process, console, started).await;
                }
            }
        }
    }

    /// The worker ended, or says what it may not say.
    async fn died(&self, process: &mut Process, console: &mut Vec<ConsoleLine>, started: Instant) -> End {
        let (kind, end) = if process.took_too_much_processor_time().await {
            (FailureKind::ProcessorTime, End::Retired)
        } else {
            (FailureKind::Crashed, End::Died)
        };
        self.decide(Err(ScriptFailure::new(kind)), console, since(started));
        end
    }

    fn undecided(&self) -> bool {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Says what came out. The first word counts.
    fn decide(&self, result: Result<String, ScriptFailure>, console: &mut Vec<ConsoleLine>, usage: Usage) {
        if let Some(answer) = self.answer.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = answer.send(Decided { result, console: std::mem::take(console), usage });
        }
    }
}

fn since(started: Instant) -> Usage {
    Usage { wall_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX), ..Usage::default() }
}

fn kind(stopped: Stopped) -> FailureKind {
    match stopped {
        Stopped::WallTime => FailureKind::WallTime,
        Stopped::ProcessorTime => FailureKind::ProcessorTime,
        Stopped::Memory => FailureKind::Memory,
        Stopped::Result => FailureKind::Result,
        Stopped::Engine => FailureKind::Crashed,
    }
}

async fn answered(fetch: &Fetch, call: Call) -> Result<String, String> {
    match call.operation.as_str() {
        "fetch" => fetch.run(&call.arguments).await,
        "memberships" => {
            let user = fetch.user.as_ref().ok_or_else(|| "nobody logs in".to_owned())?;
            let (method, argument): (String, Value) =
                serde_json::from_str(&call.arguments).map_err(|_| "the arguments cannot be read".to_owned())?;
            let query = MembershipQuery::parse(&method, &argument)?;
            fetch.host.memberships(user, query).await.map(|found| found.to_string()).map_err(|error| error.0)
        }
        "users.update" => {
            let (id, changes): (String, Value) =
                serde_json::from_str(&call.arguments).map_err(|_| "the arguments cannot be read".to_owned())?;
            fetch.host.update_user(&id, changes).await.map(|user| user.to_string()).map_err(|error| error.0)
        }
        _ => Err("there is no such operation".to_owned()),
    }
}

/// The values that console output must not show (SB-04).
struct Secrets(Vec<zeroize::Zeroizing<String>>);

impl Secrets {
    /// Shorter values are words like "true": they would tear holes into every text, and are no secrets.
    const SHORTEST: usize = 6;

    fn new(values: Vec<String>) -> Self {
        // As it is, and as JSON and the display of objects write it: keys in PEM have line breaks.
        let forms = |value: String| {
            let json = serde_json::to_string(&value).unwrap_or_default();
            let json = json.trim_matches('"').to_owned();
            let other = (json != value).then_some(json);
            std::iter::once(value).chain(other)
        };
        let long = values.into_iter().filter(|value| value.len() >= Self::SHORTEST);
        let mut values: Vec<_> = long.flat_map(forms).map(zeroize::Zeroizing::new).collect();
        // A secret that is part of another one is replaced after it.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self(values)
    }

    fn scrubbed(&self, mut line: ConsoleLine) -> ConsoleLine {
        for secret in &self.0 {
            if line.text.contains(secret.as_str()) {
                line.text = line.text.replace(secret.as_str(), "[secret]");
            }
        }
        line
    }
}
