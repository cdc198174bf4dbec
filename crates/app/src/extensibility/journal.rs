//! What the tenant log says of scripts (R §2.14, §3.1): their failures, and what they wrote to the console. Values of secrets are
//! taken out of console output by the engine, before it comes here.

use keywright_rules::{ConsoleLine, ScriptFailure, Trigger};
use serde_json::{Value, json};

use crate::{Caller, LogEvent, LogType};

/// Bytes of console output that one pass may leave in the log. R §3.8: "console output persisted ≤256 characters per Action".
const LONGEST: usize = 4096;
/// Bytes of one line of it.
const LONGEST_LINE: usize = 256;
/// Bytes of the place of a failure.
const LONGEST_STACK: usize = 1024;

/// About which pass.
#[derive(Clone)]
pub(crate) struct Journal {
    pub(crate) caller: Caller,
    event: LogEvent,
    /// `rules`, or the trigger.
    stage: &'static str,
    /// Names of the scripts.
    names: Vec<String>,
}

impl Journal {
    /// Of the Rules of a login.
    pub(crate) fn of_rules(event: LogEvent, caller: &Caller, names: impl IntoIterator<Item = String>) -> Self {
        Self { caller: caller.clone(), event, stage: "rules", names: names.into_iter().collect() }
    }

    /// Of the Actions of a trigger.
    pub(crate) fn of_actions(
        event: LogEvent,
        caller: &Caller,
        trigger: Trigger,
        names: impl IntoIterator<Item = String>,
    ) -> Self {
        Self { caller: caller.clone(), event, stage: trigger.id(), names: names.into_iter().collect() }
    }

    /// The entry about a failure.
    pub(crate) fn failure(&self, failure: Option<&ScriptFailure>) -> Option<LogEvent> {
        let failure = failure?;
        let details = json!({
            "stage": self.stage,
            "script": failure.script.and_then(|index| self.names.get(index)),
            "kind": failure.kind,
            "stack": failure.stack.as_deref().map(|stack| cut(stack, LONGEST_STACK)),
        });
        let event = self.event.clone().with_kind(LogType::FailedScript);
        Some(event.description(failure.message.clone()).details(details))
    }

    /// The entry about console output.
    pub(crate) fn output(&self, console: &[ConsoleLine]) -> Option<LogEvent> {
        let mut left = LONGEST;
        let mut lines: Vec<Value> = Vec::new();
        for line in console {
            let text = cut(&line.text, LONGEST_LINE.min(left));
            left = left.saturating_sub(text.len());
            if left == 0 {
                lines.push(json!({ "level": "warn", "text": "… the rest is left out" }));
                break;
            }
            let script = line.script.and_then(|index| self.names.get(index));
            lines.push(json!({ "script": script, "level": line.level, "text": text }));
        }
        if lines.is_empty() {
            return None;
        }
        let event = self.event.clone().with_kind(LogType::ScriptOutput);
        Some(event.description("Console output of scripts").details(json!({ "stage": self.stage, "console": lines })))
    }

    /// An entry about something that was asked for and has no effect here.
    pub(crate) fn remark(&self, text: impl Into<String>) -> LogEvent {
        let event = self.event.clone().with_kind(LogType::LoginWarning);
        event.description(text).details(json!({ "stage": self.stage }))
    }
}

fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default()
}
