//! One realm: the globals, a driver, and the scripts that it calls. All Rules share one; each Action has its own.

use std::rc::Rc;

use rquickjs::context::EvalOptions;
use rquickjs::{Context, Ctx, Function, Object, Persistent, Runtime, Value};

use super::bindings;
use super::shared::Shared;
use super::sources;
use crate::protocol::{Run, RunKind, Stopped};

pub(super) struct Stage {
    // Dropped before its realm.
    driver: Persistent<Object<'static>>,
    context: Context,
}

/// What a stage says of itself.
pub(super) struct State {
    pub(super) done: bool,
    /// Milliseconds after the start of the pass at which its next timer is due.
    pub(super) timer: Option<f64>,
}

impl Stage {
    /// Makes the realm and starts its driver.
    ///
    /// `index` is the script of it, `number` how many realms there were before.
    pub(super) fn start(
        runtime: &Runtime,
        shared: &Rc<Shared>,
        run: &Rc<Run>,
        input: &str,
        (index, number): (usize, usize),
    ) -> Result<Self, Stopped> {
        let context = Context::full(runtime).map_err(|_| Stopped::Memory)?;
        let driver = within(&context, shared, |ctx| {
            let host = bindings::host(ctx, shared, run, index, number)?;
            let core: Function = ctx.eval_with_options(sources::CORE, options("keywright:core"))?;
            let kit: Object = core.call((host.clone(),))?;
            let (driver, name) = match run.kind {
                RunKind::Rules => (sources::RULES, "keywright:rules"),
                RunKind::Actions(_) => (sources::ACTIONS, "keywright:actions"),
                RunKind::Function(_) => (sources::FUNCTIONS, "keywright:functions"),
            };
            let driver: Function = ctx.eval_with_options(driver, options(name))?;
            let secrets = run.scripts.get(index).map_or("{}", |script| script.secrets.as_str());
            let driver: Object = driver.call((kit, host, input, secrets))?;
            Ok(Persistent::save(ctx, driver))
        })?;
        let stage = Self { driver, context };
        stage.driver::<()>(shared, "start", ())?;
        Ok(stage)
    }

    fn driver<T>(&self, shared: &Shared, name: &str, arguments: impl Arguments) -> Result<T, Stopped>
    where
        T: for<'js> rquickjs::FromJs<'js>,
    {
        within(&self.context, shared, |ctx| {
            let driver = self.driver.clone().restore(ctx)?;
            let function: Function = driver.get(name)?;
            arguments.call(&function)
        })
    }

    pub(super) fn state(&self, shared: &Shared) -> Result<State, Stopped> {
        let timer: f64 = self.driver(shared, "timer", ())?;
        Ok(State { done: self.driver(shared, "done", ())?, timer: (timer >= 0.0).then_some(timer) })
    }

    /// Runs the timers that are due.
    pub(super) fn fire(&self, shared: &Shared) -> Result<(), Stopped> {
        self.driver(shared, "fire", ())
    }

    /// Hands on an answer of the parent.
    pub(super) fn deliver(&self, shared: &Shared, id: u32, result: Result<String, String>) -> Result<(), Stopped> {
        let (ok, text) = match result {
            Ok(text) => (true, text),
            Err(text) => (false, text),
        };
        self.driver(shared, "deliver", (id, ok, text))
    }

    /// Nothing is pending that could complete it.
    pub(super) fn stall(&self, shared: &Shared) -> Result<(), Stopped> {
        self.driver(shared, "stall", ())
    }

    /// What came out, as JSON.
    pub(super) fn result(&self, shared: &Shared) -> Result<String, Stopped> {
        self.driver(shared, "result", ())
    }
}

fn within<T>(
    context: &Context,
    shared: &Shared,
    work: impl FnOnce(&Ctx<'_>) -> rquickjs::Result<T>,
) -> Result<T, Stopped> {
    context.with(|ctx| {
        work(&ctx).map_err(|_| {
            // Drivers catch what scripts throw: what arrives here is the end of the pass.
            let _: Value = ctx.catch();
            shared.stopped.get().unwrap_or(Stopped::Memory)
        })
    })
}

/// Arguments that do not borrow from a realm.
trait Arguments {
    fn call<'js, T: rquickjs::FromJs<'js>>(self, function: &Function<'js>) -> rquickjs::Result<T>;
}

impl Arguments for () {
    fn call<'js, T: rquickjs::FromJs<'js>>(self, function: &Function<'js>) -> rquickjs::Result<T> {
        function.call(())
    }
}

impl Arguments for (u32, bool, String) {
    fn call<'js, T: rquickjs::FromJs<'js>>(self, function: &Function<'js>) -> rquickjs::Result<T> {
        function.call(self)
    }
}

/// Sloppy mode: R §2.2.
pub(super) fn options(name: &str) -> EvalOptions {
    let mut options = EvalOptions::default();
    options.strict = false;
    options.filename = Some(name.to_owned());
    options
}
