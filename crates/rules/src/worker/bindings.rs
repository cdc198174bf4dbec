//! The functions that the engine's own JavaScript is given. Scripts never see them: the prelude and the modules keep them in
//! closures, and hand out functions of their own.
//!
//! Bytes come in as text with a character for each byte, because reading an array of the engine is not safe Rust; they go
//! out as `Uint8Array`, copied into the memory of the engine: there its limit counts them.

use std::rc::Rc;

use rquickjs::convert::List;
use rquickjs::{Ctx, Exception, Function, Object, Result, TypedArray, Value};

use super::shared::Shared;
use super::{cryptography, encoding, sources, stage};
use crate::commands::Command;
use crate::protocol::{ConsoleLevel, Run, RunKind};

pub(super) type Bytes<'js> = TypedArray<'js, u8>;
/// Its name, the function that makes it, whether it is another's.
type Loaded<'js> = List<(&'static str, Value<'js>, bool)>;

/// Longest question to the parent, in bytes of JSON.
const CALL: usize = 2 * 1024 * 1024;

/// What Node gives a module.
const COMMON_JS: &str = "exports, require, module";

/// The host of one realm; `index` is its script, `number` the realm.
pub(super) fn host<'js>(
    ctx: &Ctx<'js>,
    shared: &Rc<Shared>,
    run: &Rc<Run>,
    index: usize,
    number: usize,
) -> Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    pass(ctx, &host, shared, run, index)?;
    questions(ctx, &host, shared, run.kind, number)?;
    random(ctx, &host, shared)?;
    // What only modules need is bound, and compiled, when the first one is loaded.
    let bind = |ctx: Ctx<'js>, host: Object<'js>| -> Result<()> {
        encoding::bind(&ctx, &host)?;
        cryptography::bind(&ctx, &host)
    };
    host.set("bindAll", Function::new(ctx.clone(), bind)?)?;
    let prelude = |ctx: Ctx<'js>| -> Result<Value<'js>> {
        ctx.eval_with_options(sources::PRELUDE, stage::options("keywright:prelude"))
    };
    host.set("prelude", Function::new(ctx.clone(), prelude)?)?;
    Ok(host)
}

/// Scripts, modules, console, clock.
fn pass<'js>(ctx: &Ctx<'js>, host: &Object<'js>, shared: &Rc<Shared>, run: &Rc<Run>, index: usize) -> Result<()> {
    host.set("index", index)?;
    host.set("count", run.scripts.len())?;
    host.set("frozen", run.frozen)?;
    host.set("maxTimers", shared.limits.timers)?;
    let scripts = Rc::clone(run);
    let name = move |at: usize| scripts.scripts.get(at).map(|script| script.name.clone()).unwrap_or_default();
    host.set("scriptName", Function::new(ctx.clone(), name)?)?;
    let scripts = Rc::clone(run);
    let script = move |ctx: Ctx<'js>, at: usize| -> Result<Value<'js>> {
        let Some(script) = scripts.scripts.get(at) else { return Err(Exception::throw_range(&ctx, "no such script")) };
        let is_function = match scripts.kind {
            RunKind::Rules => true,
            RunKind::Actions(_) => false,
            RunKind::Function(kind) => !kind.is_module(),
        };
        if is_function {
            return function_expression(&ctx, &script.name, &script.code);
        }
        let source = format!("(function ({COMMON_JS}) {{{}\n}})", script.code);
        ctx.eval_with_options(source, stage::options(&script.name))
    };
    host.set("script", Function::new(ctx.clone(), script)?)?;
    let module = |ctx: Ctx<'js>, name: String| -> Result<Option<Loaded<'js>>> {
        let Some(sources::Module { name, source, package }) = sources::module(&name) else { return Ok(None) };
        let parameters = if package { COMMON_JS } else { "exports, require, module, host, kit" };
        let source = format!("(function ({parameters}) {{{source}\n}})");
        let factory: Value = ctx.eval_with_options(source, stage::options(&format!("keywright:{name}")))?;
        Ok(Some(List((name, factory, package))))
    };
    host.set("module", Function::new(ctx.clone(), module)?)?;
    let scripts = Rc::clone(run);
    let vendored = move |ctx: Ctx<'js>, name: String| -> Result<Option<Value<'js>>> {
        let script = scripts.scripts.get(index);
        let module = script.and_then(|script| script.modules.iter().find(|module| module.name == name));
        let Some(module) = module else { return Ok(None) };
        let source = format!("(function ({COMMON_JS}) {{{}\n}})", module.source);
        ctx.eval_with_options(source, stage::options(&name)).map(Some)
    };
    host.set("vendored", Function::new(ctx.clone(), vendored)?)?;
    let own = Rc::clone(shared);
    let console = move |level: String, text: String| {
        let level = match level.as_str() {
            "debug" => ConsoleLevel::Debug,
            "info" => ConsoleLevel::Info,
            "warn" => ConsoleLevel::Warn,
            "error" => ConsoleLevel::Error,
            "trace" => ConsoleLevel::Trace,
            _ => ConsoleLevel::Log,
        };
        own.console(level, &text);
    };
    host.set("console", Function::new(ctx.clone(), console)?)?;
    let own = Rc::clone(shared);
    host.set("running", Function::new(ctx.clone(), move |at: usize| own.script.set(Some(at)))?)?;
    let own = Rc::clone(shared);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970")]
    let now = move || own.now() as f64;
    host.set("now", Function::new(ctx.clone(), now)?)?;
    let own = Rc::clone(shared);
    host.set("elapsed", Function::new(ctx.clone(), move || own.elapsed())?)?;
    let own = Rc::clone(shared);
    host.set("moveClock", Function::new(ctx.clone(), move |elapsed: f64| own.move_clock(elapsed))?)?;
    Ok(())
}

/// R §2.2: "a trailing `;` breaks the rule upstream. Being lenient is safe; never fail silently."
fn function_expression<'js>(ctx: &Ctx<'js>, name: &str, code: &str) -> Result<Value<'js>> {
    let strict = ctx.eval_with_options(format!("({code}\n)"), stage::options(name));
    let lenient = without_end(code);
    if strict.is_ok() || lenient == code {
        return strict;
    }
    let first = ctx.catch();
    ctx.eval_with_options(format!("({lenient}\n)"), stage::options(name)).map_err(|_| {
        let _: Value = ctx.catch();
        ctx.throw(first)
    })
}

/// Without the semicolons and comments after the function.
fn without_end(code: &str) -> &str {
    let mut rest = code.trim_end();
    loop {
        let shorter = rest.trim_end_matches(|end: char| end == ';' || end.is_whitespace());
        let shorter = match shorter.strip_suffix("*/").and_then(|comment| comment.rfind("/*")) {
            Some(start) => shorter.get(..start).unwrap_or(shorter),
            None => shorter,
        };
        let line = shorter.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let shorter = match shorter.get(line..).and_then(|text| text.find("//")) {
            Some(at) => shorter.get(..line.saturating_add(at)).unwrap_or(shorter),
            None => shorter,
        };
        if shorter.len() == rest.len() {
            return rest;
        }
        rest = shorter;
    }
}

/// What needs the parent, or is checked by the parent's rules.
fn questions<'js>(ctx: &Ctx<'js>, host: &Object<'js>, shared: &Rc<Shared>, kind: RunKind, number: usize) -> Result<()> {
    let own = Rc::clone(shared);
    let call = move |ctx: Ctx<'js>, operation: String, arguments: String| -> Result<u32> {
        if arguments.len() > CALL {
            return Err(Exception::throw_range(&ctx, "The request is too large"));
        }
        own.call(number, operation, arguments)
            .ok_or_else(|| Exception::throw_range(&ctx, "Too many requests in one execution"))
    };
    host.set("call", Function::new(ctx.clone(), call)?)?;
    if let RunKind::Function(kind) = kind {
        host.set("isModule", kind.is_module())?;
    }
    let RunKind::Actions(trigger) = kind else { return Ok(()) };
    let methods: Vec<&str> = Command::methods(trigger).collect();
    host.set("methods", methods)?;
    let (handler, resumed) = trigger.handlers();
    host.set("handler", handler)?;
    host.set("continueHandler", resumed)?;
    host.set("trigger", trigger.id())?;
    let own = Rc::clone(shared);
    let command = move |ctx: Ctx<'js>, method: String, arguments: String| -> Result<()> {
        let arguments = serde_json::from_str(&arguments).map_err(|_| Exception::throw_type(&ctx, "Not JSON"))?;
        let command = Command::new(trigger, &method, arguments);
        let command = command.map_err(|error| Exception::throw_type(&ctx, &error.to_string()))?;
        let mut commands = own.commands.borrow_mut();
        if commands.len() >= Command::MOST {
            return Err(Exception::throw_range(&ctx, "Too many api calls in one execution"));
        }
        commands.push(command);
        Ok(())
    };
    host.set("command", Function::new(ctx.clone(), command)?)?;
    let own = Rc::clone(shared);
    let get = move |key: String| own.cache_get(&key);
    host.set("cacheGet", Function::new(ctx.clone(), get)?)?;
    let own = Rc::clone(shared);
    let set = move |key: String, value: String, ttl: Option<f64>, expires_at: Option<f64>| {
        own.cache_set(key, value, ttl, expires_at)
    };
    host.set("cacheSet", Function::new(ctx.clone(), set)?)?;
    let own = Rc::clone(shared);
    let delete = move |key: String| own.cache_delete(&key);
    host.set("cacheDelete", Function::new(ctx.clone(), delete)?)?;
    Ok(())
}

fn random<'js>(ctx: &Ctx<'js>, host: &Object<'js>, shared: &Rc<Shared>) -> Result<()> {
    let own = Rc::clone(shared);
    let bytes = move |ctx: Ctx<'js>, length: usize| -> Result<Bytes<'js>> {
        let bytes = (length <= 65_536).then(|| own.random(length)).flatten();
        let bytes = bytes.ok_or_else(|| Exception::throw_range(&ctx, "At most 65536 random bytes at once"))?;
        TypedArray::new_copy(ctx, bytes)
    };
    host.set("randomBytes", Function::new(ctx.clone(), bytes)?)?;
    let own = Rc::clone(shared);
    let unit = move |ctx: Ctx<'js>| -> Result<f64> {
        let bytes: [u8; 8] = own
            .random(8)
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| Exception::throw_message(&ctx, "no randomness"))?;
        #[expect(clippy::cast_precision_loss, reason = "53 bits, which is what a double holds")]
        let unit = (u64::from_le_bytes(bytes) >> 11) as f64 / (1_u64 << 53) as f64;
        Ok(unit)
    };
    host.set("random", Function::new(ctx.clone(), unit)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_the_function_is_cut() {
        for (code, expected) in [
            ("function (u, c, cb) {}", "function (u, c, cb) {}"),
            ("function () {};", "function () {}"),
            ("function () {} ; ;\n", "function () {}"),
            ("function () {}; // done", "function () {}"),
            ("function () {}; /* done */\n;", "function () {}"),
            (";", ""),
            ("*/", "*/"),
            ("//", ""),
        ] {
            assert_eq!(without_end(code), expected, "{code}");
        }
    }
}
