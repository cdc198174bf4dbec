//! What comes out of a pass, after it was checked (R §2.3, §2.13, §3.8).

use std::ops::Range;

use serde_json::Value;

use crate::commands::Command;

/// Every Rule called back, or one of them denied.
#[derive(Clone, Debug, PartialEq)]
pub struct RulesOutcome {
    /// `user` as the Rules left it. Never stored.
    pub user: Value,
    /// `context` as the Rules left it: `idToken`, `accessToken`, `redirect`, `multifactor`, `primaryUser`, … .
    pub context: Value,
    /// Why no token is issued.
    pub denial: Option<RuleDenial>,
    /// Ids of the Rules that were called.
    pub executed: Vec<String>,
}

/// A Rule called back with an error, or threw one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleDenial {
    /// `UnauthorizedError`: the error code is `unauthorized`, otherwise `access_denied` (R §2.13).
    pub unauthorized: bool,
    /// What the application is told.
    pub message: String,
    /// Where in the script, for the tenant's log only.
    pub stack: Option<String>,
    /// Which Rule.
    pub rule: usize,
}

/// Every Action up to the end, a denial, or an interruption.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionsOutcome {
    /// What the Actions asked for, in their order, checked.
    pub commands: Vec<Command>,
    /// An Action sent the user away; the next pass goes on in it.
    pub suspended: Option<Suspension>,
    /// `event.transaction.metadata` as the Actions left it.
    pub transaction_metadata: Value,
    /// An Action threw. The commands are those of the Actions before it and its own.
    pub error: Option<ScriptFailure>,
    /// How many Actions were called.
    pub executed: usize,
}

/// Where to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// Which Action.
    pub action: usize,
}

/// A pass without a result: nothing may be issued (SB-05).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScriptFailure {
    /// What went wrong.
    pub kind: FailureKind,
    /// What may be told to the application.
    pub message: String,
    /// Where in the script, for the tenant's log only.
    pub stack: Option<String>,
    /// Which script of the pass, if it is known.
    pub script: Option<usize>,
}

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// A script threw, or it is none.
    Script,
    /// A script returned and never called back, and nothing is pending that could.
    Stalled,
    /// Too long.
    WallTime,
    /// Too much processor time.
    ProcessorTime,
    /// Too much memory.
    Memory,
    /// What it gave back is too long or no JSON.
    Result,
    /// Its worker died.
    Crashed,
    /// Too many passes of the tenant at once.
    Busy,
    /// No worker can be started.
    Unavailable,
}

impl ScriptFailure {
    pub(crate) fn new(kind: FailureKind) -> Self {
        let message = match kind {
            FailureKind::Script => "The script failed",
            FailureKind::Stalled => "The script ended without calling back",
            FailureKind::WallTime => "Script execution timed out",
            FailureKind::ProcessorTime => "Script execution timed out: too much processor time",
            FailureKind::Memory => "Script execution exceeded its memory",
            FailureKind::Result => "The result of the script is too large or cannot be read",
            FailureKind::Crashed => "Script execution ended unexpectedly",
            FailureKind::Busy => "Too many scripts are running",
            FailureKind::Unavailable => "Scripts cannot be run at the moment",
        };
        Self { kind, message: message.to_owned(), stack: None, script: None }
    }
}

/// What the driver of the Rules says.
#[derive(serde::Deserialize)]
struct RawRules {
    user: Value,
    context: Value,
    error: Option<RawError>,
    executed: usize,
    global: Option<serde_json::Map<String, Value>>,
}

/// An error, as the drivers describe it.
#[derive(serde::Deserialize)]
struct RawError {
    name: String,
    message: String,
    #[serde(default)]
    stack: Option<String>,
    #[serde(default)]
    script: usize,
    #[serde(default)]
    stalled: bool,
    #[serde(default)]
    thrown: bool,
}

/// Longest message of an error that is passed on, in bytes.
const MESSAGE: usize = 2048;

impl RawError {
    fn bounded(mut self) -> Self {
        for text in std::iter::once(&mut self.message).chain(&mut self.stack) {
            text.truncate(text.floor_char_boundary(MESSAGE));
        }
        self
    }
}

/// Reads what a worker gave back for the Rules with these ids; the second part is `global`, empty when it is longer than
/// `most` bytes.
pub(crate) fn of_rules(
    text: &str,
    ids: &[String],
    most: usize,
) -> Result<(RulesOutcome, serde_json::Map<String, Value>), ScriptFailure> {
    let unread = || ScriptFailure::new(FailureKind::Result);
    let raw: RawRules = serde_json::from_str(text).map_err(|_| unread())?;
    let error = raw.error.map(RawError::bounded);
    // No Rule after the last, and no success while one is left.
    let known = match &error {
        Some(error) => error.script < ids.len(),
        None => raw.executed == ids.len(),
    };
    if !known || !raw.user.is_object() || !raw.context.is_object() {
        return Err(unread());
    }
    if let Some(error) = error.as_ref().filter(|error| error.stalled) {
        return Err(ScriptFailure { script: Some(error.script), ..ScriptFailure::new(FailureKind::Stalled) });
    }
    let denial = error.map(|error| RuleDenial {
        unauthorized: error.name == "UnauthorizedError",
        message: error.message,
        stack: error.stack.filter(|stack| !stack.is_empty() && error.thrown),
        rule: error.script,
    });
    let executed = ids.iter().take(raw.executed).cloned().collect();
    let mut global = raw.global.unwrap_or_default();
    if serde_json::to_string(&global).map_or(usize::MAX, |text| text.len()) > most {
        global.clear();
    }
    Ok((RulesOutcome { user: raw.user, context: raw.context, denial, executed }, global))
}

/// What a worker says of all Actions that were called.
#[derive(serde::Deserialize)]
struct RawActions {
    first: usize,
    results: Vec<RawAction>,
    commands: Vec<Command>,
    cache: Vec<crate::protocol::CacheEntry>,
}

#[derive(serde::Deserialize)]
struct RawAction {
    error: Option<RawError>,
    metadata: Value,
}

/// R §3.5: "total ≤16 kB".
const TRANSACTION_METADATA: usize = 16 * 1024;

/// Reads what a worker gave back for the Actions of `trigger`, and checks every command again; `called` are those that it was
/// to call at most.
pub(crate) fn of_actions(
    text: &str,
    trigger: crate::Trigger,
    called: &Range<usize>,
) -> Result<(ActionsOutcome, Vec<crate::protocol::CacheEntry>), ScriptFailure> {
    let unread = || ScriptFailure::new(FailureKind::Result);
    let raw: RawActions = serde_json::from_str(text).map_err(|_| unread())?;
    let known = raw.first == called.start && raw.results.len() <= called.len();
    if !known || raw.commands.len() > Command::MOST || !crate::protocol::CacheEntry::fit(&raw.cache) {
        return Err(unread());
    }
    let commands: Vec<Command> = raw
        .commands
        .into_iter()
        .map(|command| command.checked(trigger))
        .collect::<Result<_, _>>()
        .map_err(|_| unread())?;
    let executed = raw.results.len();
    let last = raw.first.saturating_add(executed.saturating_sub(1));
    let metadata = raw.results.last().map_or_else(|| serde_json::json!({}), |result| result.metadata.clone());
    let plain =
        metadata.as_object().is_some_and(|all| all.values().all(|value| !value.is_object() && !value.is_array()));
    if !plain || metadata.to_string().len() > TRANSACTION_METADATA {
        return Err(unread());
    }
    let error = raw.results.into_iter().find_map(|result| result.error).map(RawError::bounded);
    let error = error.map(|error| {
        let kind = if error.stalled { FailureKind::Stalled } else { FailureKind::Script };
        let message = if error.stalled { ScriptFailure::new(kind).message } else { error.message };
        ScriptFailure { kind, message, stack: error.stack.filter(|stack| !stack.is_empty()), script: Some(last) }
    });
    let ended = error.is_some()
        || commands.iter().any(|command| matches!(command.method.as_str(), "access.deny" | "validation.error"));
    let suspends = commands.iter().any(Command::suspends);
    let suspended = (!ended && suspends).then_some(Suspension { action: last });
    Ok((ActionsOutcome { commands, suspended, transaction_metadata: metadata, error, executed }, raw.cache))
}
