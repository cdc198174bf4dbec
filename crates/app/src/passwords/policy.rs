//! Strength of new passwords: length and characters, by one of five policies or by `password_options` of a database connection
//! (§7.2 of the wire reference, `management-api.md` §4.5).

use keywright_types::{
    Allowed, CharacterType, CharacterTypeRule, ConnectionOptions, PasswordComplexity, PasswordPolicy,
};

use super::hashing::normalized;

/// Longest new password, in characters (LG-05: "8..128 characters by default").
pub(super) const MAX_PASSWORD_CHARACTERS: u32 = 128;
/// Identical or sequential characters in a row, where they are limited.
const LONGEST_RUN: u32 = 2;

/// One rule of a policy and whether the password keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordRule {
    /// Auth0's code of the rule: `lengthAtLeast`, `containsAtLeast`, `shouldContain`, `identicalChars`, `sequentialChars`, …;
    /// and our own, `lengthAtMost`.
    pub code: &'static str,
    /// Number that belongs into the rule's sentence, such as the minimum length.
    pub number: Option<u32>,
    /// Whether the password keeps the rule.
    pub verified: bool,
    /// Parts of a composed rule: the kinds of characters.
    pub items: Vec<PasswordRule>,
}

/// All rules of a policy, applied to one password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordCheck {
    /// The rules in the order in which they are shown.
    pub rules: Vec<PasswordRule>,
}

impl PasswordCheck {
    /// Whether the password keeps every rule.
    #[must_use]
    pub fn is_acceptable(&self) -> bool {
        self.rules.iter().all(|rule| rule.verified)
    }
}

/// Applies the connection's rules about length and characters to `password`: `password_options`, or else the policy (`good` when
/// it names none). Lengths count characters.
#[must_use]
pub fn check_password(options: &ConnectionOptions, password: &str) -> PasswordCheck {
    let (minimum, rules) = if let Some(own) = &options.password_options {
        (own.complexity.min_length, complexity_rules(&own.complexity, password))
    } else {
        let policy = options.password_policy.unwrap_or(PasswordPolicy::Good);
        (minimum_length(options, policy), policy_rules(policy, password))
    };
    let length = u32::try_from(password.chars().count()).unwrap_or(u32::MAX);
    let mut all = vec![rule("lengthAtLeast", Some(minimum), length >= minimum && !password.contains('\0'))];
    // Named only where it is broken. What is too long is refused and never cut (LG-05).
    if !fits(password) {
        all.push(rule("lengthAtMost", Some(MAX_PASSWORD_CHARACTERS), false));
    }
    all.extend(rules);
    PasswordCheck { rules: all }
}

fn minimum_length(options: &ConnectionOptions, policy: PasswordPolicy) -> u32 {
    let own = options.password_complexity_options.and_then(|complexity| complexity.min_length);
    own.filter(|length| (1..=128).contains(length)).unwrap_or(match policy {
        PasswordPolicy::None => 1,
        PasswordPolicy::Low => 6,
        PasswordPolicy::Fair | PasswordPolicy::Good => 8,
        PasswordPolicy::Excellent => 10,
    })
}

/// §7.2: the table of policies.
fn policy_rules(policy: PasswordPolicy, password: &str) -> Vec<PasswordRule> {
    match policy {
        PasswordPolicy::None | PasswordPolicy::Low => Vec::new(),
        PasswordPolicy::Fair => {
            vec![composed(
                "shouldContain",
                3,
                KINDS.into_iter().take(3).map(|kind| kind_rule(kind, password)).collect(),
            )]
        }
        PasswordPolicy::Good => vec![three_of_four(password)],
        PasswordPolicy::Excellent => vec![three_of_four(password), identical(password)],
    }
}

/// `password_options.complexity`.
fn complexity_rules(complexity: &PasswordComplexity, password: &str) -> Vec<PasswordRule> {
    let mut rules = Vec::new();
    match complexity.character_type_rule {
        CharacterTypeRule::ThreeOfFour => rules.push(three_of_four(password)),
        CharacterTypeRule::All => {
            let wanted = KINDS.into_iter().filter(|kind| complexity.character_types.contains(kind));
            let items: Vec<_> = wanted.map(|kind| kind_rule(kind, password)).collect();
            let needed = u32::try_from(items.len()).unwrap_or(u32::MAX);
            rules.extend((needed > 0).then(|| composed("shouldContain", needed, items)));
        }
    }
    if complexity.identical_characters == Allowed::Block {
        rules.push(identical(password));
    }
    if complexity.sequential_characters == Allowed::Block {
        rules.push(rule("sequentialChars", Some(LONGEST_RUN), longest_run(password, follows) <= LONGEST_RUN));
    }
    rules
}

/// Whether the password, as it is hashed, is short enough: NFC makes some characters longer.
fn fits(password: &str) -> bool {
    let longest = usize::try_from(MAX_PASSWORD_CHARACTERS).unwrap_or(usize::MAX);
    normalized(password).is_some_and(|password| password.chars().count() <= longest)
}

/// The kinds of characters in the order in which they are shown.
const KINDS: [CharacterType; 4] =
    [CharacterType::Lowercase, CharacterType::Uppercase, CharacterType::Number, CharacterType::Special];

fn kind_rule(kind: CharacterType, password: &str) -> PasswordRule {
    let (code, is_of_kind): (_, fn(char) -> bool) = match kind {
        CharacterType::Lowercase => ("lowerCase", |c| c.is_ascii_lowercase()),
        CharacterType::Uppercase => ("upperCase", |c| c.is_ascii_uppercase()),
        CharacterType::Number => ("numbers", |c| c.is_ascii_digit()),
        CharacterType::Special => ("specialCharacters", |c| c == ' ' || c.is_ascii_punctuation()),
    };
    rule(code, None, password.chars().any(is_of_kind))
}

fn three_of_four(password: &str) -> PasswordRule {
    composed("containsAtLeast", 3, KINDS.map(|kind| kind_rule(kind, password)).to_vec())
}

/// "<= 2 identical characters in a row"
fn identical(password: &str) -> PasswordRule {
    rule(
        "identicalChars",
        Some(LONGEST_RUN),
        longest_run(password, |previous, next| (previous == next).then_some(0)) <= LONGEST_RUN,
    )
}

fn rule(code: &'static str, number: Option<u32>, verified: bool) -> PasswordRule {
    PasswordRule { code, number, verified, items: Vec::new() }
}

fn composed(code: &'static str, needed: u32, items: Vec<PasswordRule>) -> PasswordRule {
    let kept = items.iter().filter(|item| item.verified).count();
    let verified = kept >= usize::try_from(needed).unwrap_or(usize::MAX);
    PasswordRule { code, number: Some(needed), verified, items }
}

/// Whether two characters follow each other in the alphabet or among the digits, and in which direction.
fn follows(previous: char, next: char) -> Option<i8> {
    let (previous, next) = (u8::try_from(previous).ok()?, u8::try_from(next).ok()?);
    if !previous.is_ascii_alphanumeric() || !next.is_ascii_alphanumeric() {
        return None;
    }
    match (previous.checked_add(1) == Some(next), next.checked_add(1) == Some(previous)) {
        (true, _) => Some(1),
        (_, true) => Some(-1),
        _ => None,
    }
}

/// Length of the longest part in which every character stands to the one before it in the same relation.
fn longest_run(text: &str, relation: impl Fn(char, char) -> Option<i8>) -> u32 {
    let (mut longest, mut run) = (0, 0);
    let (mut previous, mut kept) = (None, None);
    for character in text.chars() {
        let found = previous.and_then(|previous| relation(previous, character));
        run = match found {
            None => 1,
            Some(_) if found == kept => run + 1,
            Some(_) => 2,
        };
        (previous, kept) = (Some(character), found);
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use keywright_types::PasswordComplexityOptions;

    use super::*;

    fn accepts(policy: PasswordPolicy, password: &str) -> bool {
        let options = ConnectionOptions { password_policy: Some(policy), ..ConnectionOptions::default() };
        check_password(&options, password).is_acceptable()
    }

    #[test]
    fn each_policy_at_its_boundary() {
        use PasswordPolicy::{Excellent, Fair, Good, Low, None};
        for (policy, password, expected) in [
            (None, "", false),
            (None, "x", true),
            (Low, "abcde", false),
            (Low, "abcdef", true),
            (Fair, "abcdefgH", false),
            (Fair, "abcdefG1", true),
            (Good, "abcdefgh", false),
            (Good, "abcdef1!", true),
            (Good, "Abcdefg1", true),
            (Good, "Abcdef1", false),
            (Excellent, "Abcdefgh1", false),
            (Excellent, "Abcdefgh12", true),
            (Excellent, "Abbbdefgh12", false),
        ] {
            assert_eq!(accepts(policy, password), expected, "{policy:?} {password:?}");
        }
    }

    #[test]
    fn minimum_length_can_be_overridden_within_its_limits() {
        let mut options =
            ConnectionOptions { password_policy: Some(PasswordPolicy::Low), ..ConnectionOptions::default() };
        options.password_complexity_options = Some(PasswordComplexityOptions { min_length: Some(12) });
        assert!(!check_password(&options, "abcdefghijk").is_acceptable());
        assert!(check_password(&options, "abcdefghijkl").is_acceptable());
        options.password_complexity_options = Some(PasswordComplexityOptions { min_length: Some(1000) });
        assert!(check_password(&options, "abcdef").is_acceptable());
    }

    #[test]
    fn password_options_take_the_place_of_the_policy() {
        let accepts = |options: serde_json::Value, password: &str| {
            let options = serde_json::from_value(
                serde_json::json!({ "passwordPolicy": "excellent", "password_options": options }),
            );
            check_password(&options.unwrap(), password).is_acceptable()
        };
        let of = |complexity| serde_json::json!({ "complexity": complexity });
        let short = |rest: serde_json::Value| {
            let mut complexity = serde_json::json!({ "min_length": 1 });
            complexity.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
            of(complexity)
        };
        for (options, password, expected) in [
            (serde_json::json!({}), "aaaaaaaaaaaaaa", false),
            (serde_json::json!({}), "aaaaaaaaaaaaaaa", true),
            (of(serde_json::json!({ "min_length": 3 })), "ab", false),
            (of(serde_json::json!({ "min_length": 3 })), "abc", true),
            (short(serde_json::json!({ "character_types": ["number", "special"] })), "abc1", false),
            (short(serde_json::json!({ "character_types": ["number", "special"] })), "abc1!", true),
            (short(serde_json::json!({ "character_type_rule": "three_of_four" })), "ab1", false),
            (short(serde_json::json!({ "character_type_rule": "three_of_four" })), "aB1", true),
            (short(serde_json::json!({ "identical_characters": "block" })), "aabb", true),
            (short(serde_json::json!({ "identical_characters": "block" })), "aaab", false),
            (short(serde_json::json!({ "sequential_characters": "block" })), "abab12", true),
            (short(serde_json::json!({ "sequential_characters": "block" })), "xabc", false),
            (short(serde_json::json!({ "sequential_characters": "block" })), "x321", false),
            (short(serde_json::json!({ "sequential_characters": "block" })), "/01", true),
        ] {
            assert_eq!(accepts(options.clone(), password), expected, "{options} {password:?}");
        }
    }

    #[test]
    fn lg_05_lengths_up_to_128_characters_and_no_nul() {
        assert!(accepts(PasswordPolicy::None, &"x".repeat(128)));
        assert!(accepts(PasswordPolicy::None, &"\u{1F600}".repeat(128)), "characters, not bytes");
        assert!(!accepts(PasswordPolicy::None, &"x".repeat(129)));
        assert!(!accepts(PasswordPolicy::None, &"\u{958}".repeat(128)), "longer in NFC");
        assert!(!accepts(PasswordPolicy::None, &"x".repeat(1 << 20)));
        assert!(!accepts(PasswordPolicy::None, "a\0b"));
        let check = check_password(&ConnectionOptions::default(), &"Aa1-".repeat(33));
        let broken: Vec<_> = check.rules.iter().filter(|rule| !rule.verified).collect();
        assert_eq!((broken.len(), broken[0].code, broken[0].number), (1, "lengthAtMost", Some(128)));
    }
}
