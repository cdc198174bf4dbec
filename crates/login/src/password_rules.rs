//! The rules that a new password must keep, as lines of a page (§7.2): on the page of a sign-up and on that of a new password.

use keywright_app::{PasswordCheck, PasswordRefusal, PasswordRule};
use keywright_web::page::fill;

use crate::pages::{PasswordProblem, RuleLine, RuleState};
use crate::texts::SignupTexts;

/// Why a password is not taken, as the pages say it.
pub(crate) const fn problem(refusal: &PasswordRefusal) -> PasswordProblem {
    match refusal {
        PasswordRefusal::TooWeak(_) => PasswordProblem::TooWeak,
        PasswordRefusal::TooCommon => PasswordProblem::TooCommon,
        PasswordRefusal::ContainsUserInformation => PasswordProblem::ContainsUserInformation,
        PasswordRefusal::UsedBefore => PasswordProblem::UsedBefore,
    }
}

/// The lines. `tried` says that somebody has entered a password, which `check` is about.
pub(crate) fn rule_lines(check: &PasswordCheck, tried: bool, texts: &SignupTexts) -> Vec<RuleLine> {
    let line = |rule: &PasswordRule| if tried { tried_rule(rule, texts) } else { open_rule(rule, texts) };
    check.rules.iter().map(line).collect()
}

/// A rule before anything was entered.
fn open_rule(rule: &PasswordRule, texts: &SignupTexts) -> RuleLine {
    let items = rule.items.iter().map(|item| open_rule(item, texts)).collect();
    RuleLine { text: rule_text(rule, texts), state: RuleState::Open, items }
}

/// A rule and what the refused password did about it.
fn tried_rule(rule: &PasswordRule, texts: &SignupTexts) -> RuleLine {
    let mut items: Vec<_> = rule.items.iter().map(|item| tried_rule(item, texts)).collect();
    if rule.verified {
        // Kinds of characters that were not needed are not missing.
        items.iter_mut().filter(|item| item.state == RuleState::Unmet).for_each(|item| item.state = RuleState::Open);
    }
    let state = if rule.verified { RuleState::Met } else { RuleState::Unmet };
    RuleLine { text: rule_text(rule, texts), state, items }
}

/// The sentence of a rule (§7.2).
fn rule_text(rule: &PasswordRule, texts: &SignupTexts) -> String {
    let template = match rule.code {
        "lengthAtLeast" => &texts.length_at_least,
        "lengthAtMost" => &texts.length_at_most,
        "containsAtLeast" => &texts.contains_at_least,
        "shouldContain" => &texts.should_contain,
        "lowerCase" => &texts.lower_case,
        "upperCase" => &texts.upper_case,
        "numbers" => &texts.numbers,
        "specialCharacters" => &texts.special_characters,
        "identicalChars" => &texts.identical_chars,
        "sequentialChars" => &texts.sequential_chars,
        unknown => return unknown.to_owned(),
    };
    let number = rule.number.unwrap_or_default().to_string();
    fill(template, &[("min", &number), ("max", &number), ("count", &rule.items.len().to_string())])
}

#[cfg(test)]
mod tests {
    use keywright_app::check_password;
    use keywright_types::{ConnectionOptions, PasswordPolicy};
    use keywright_web::page::Sample;

    use super::{RuleLine, open_rule, tried_rule};
    use crate::pages::RuleState::{Met, Open, Unmet};
    use crate::texts;

    fn rules(policy: PasswordPolicy, password: &str) -> Vec<RuleLine> {
        let options = ConnectionOptions { password_policy: Some(policy), ..ConnectionOptions::default() };
        let shell = Sample::plain().shell;
        let texts = texts::signup(&shell);
        check_password(&options, password).rules.iter().map(|rule| tried_rule(rule, texts)).collect()
    }

    #[test]
    fn every_rule_of_every_policy_has_its_specified_sentence() {
        use PasswordPolicy::{Excellent, Fair, Good, Low, None};
        let shell = Sample::plain().shell;
        let texts = texts::signup(&shell);
        let sentences = |policy| {
            let options = ConnectionOptions { password_policy: Some(policy), ..ConnectionOptions::default() };
            let check = check_password(&options, "");
            check.rules.iter().map(|rule| open_rule(rule, texts).text).collect::<Vec<_>>()
        };
        let kinds = "Contain at least 3 of the following 4 types of characters:";
        assert_eq!(sentences(None), ["At least 1 characters in length"]);
        assert_eq!(sentences(Low), ["At least 6 characters in length"]);
        assert_eq!(sentences(Fair), ["At least 8 characters in length", "Should contain:"]);
        assert_eq!(sentences(Good), ["At least 8 characters in length", kinds]);
        assert_eq!(
            sentences(Excellent),
            [
                "At least 10 characters in length",
                kinds,
                "No more than 2 identical characters in a row (e.g., \"aaa\" not allowed)"
            ]
        );
    }

    #[test]
    fn a_refused_password_shows_what_is_missing_and_nothing_that_is_not() {
        let states = |password| {
            let lines = rules(PasswordPolicy::Good, password);
            let items = lines[1].items.iter().map(|item| item.state).collect::<Vec<_>>();
            (lines[0].state, lines[1].state, items)
        };
        assert_eq!(states("abcdefgh"), (Met, Unmet, vec![Met, Unmet, Unmet, Unmet]));
        assert_eq!(states("Abc1"), (Unmet, Met, vec![Met, Met, Met, Open]));
    }
}
