//! What the pages with a new password have in common: the rules that it must keep, and why it was not taken (§7.2).

use keywright_web::page::{Sample, fill};

use crate::texts;

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordProblem {
    /// It breaks a rule; the list of rules says which.
    TooWeak,
    /// Many people use it.
    TooCommon,
    /// It contains a part of the profile.
    ContainsUserInformation,
    /// The user had it before.
    UsedBefore,
}

/// A rule that passwords must keep, as a line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuleLine {
    pub(crate) text: String,
    pub(crate) state: RuleState,
    /// Kinds of characters of a composed rule.
    pub(crate) items: Vec<RuleLine>,
}

/// What the last password did about a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RuleState {
    /// There was no password yet, or it is one of several ways to keep a rule.
    Open,
    /// It kept the rule.
    Met,
    /// It broke the rule.
    Unmet,
}

impl RuleState {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Met => "met",
            Self::Unmet => "unmet",
        }
    }
}

pub(crate) fn sample_rules(sample: &Sample, tried: bool) -> Vec<RuleLine> {
    let texts = texts::signup(&sample.shell);
    let line = |text: &str, met: bool, items: Vec<RuleLine>| {
        let state = match (tried, met) {
            (false, _) => RuleState::Open,
            (true, true) => RuleState::Met,
            (true, false) => RuleState::Unmet,
        };
        RuleLine { text: sample.text(text), state, items }
    };
    let kinds = vec![
        line(&texts.lower_case, true, Vec::new()),
        line(&texts.upper_case, false, Vec::new()),
        line(&texts.numbers, false, Vec::new()),
        line(&texts.special_characters, false, Vec::new()),
    ];
    let number = |text: &str, min: &str| fill(text, &[("min", min), ("count", "4")]);
    vec![
        line(&number(&texts.length_at_least, "10"), true, Vec::new()),
        line(&fill(&texts.length_at_most, &[("max", "128")]), true, Vec::new()),
        line(&number(&texts.contains_at_least, "3"), false, kinds),
        line(&number(&texts.identical_chars, "2"), true, Vec::new()),
    ]
}
