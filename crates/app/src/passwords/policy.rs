//! Strength of new passwords: the five policies of a database connection (§7.2 of the wire reference).

use keywright_types::{ConnectionOptions, PasswordPolicy};

use super::hashing::normalized;

/// Longest new password, in characters (LG-05: "8..128 characters by default").
pub(super) const MAX_PASSWORD_CHARACTERS: u32 = 128;

/// One rule of a policy and whether the password keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordRule {
    /// Auth0's code of the rule: `lengthAtLeast`, `containsAtLeast`, `shouldContain`, `identicalChars`, …; and our own,
    /// `lengthAtMost`.
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

/// Applies the policy of a connection (`good` when it names none) to `password`. Lengths count characters.
#[must_use]
pub fn check_password(options: &ConnectionOptions, password: &str) -> PasswordCheck {
    let policy = options.password_policy.unwrap_or(PasswordPolicy::Good);
    let minimum = options
        .password_complexity_options
        .and_then(|complexity| complexity.min_length)
        .filter(|length| (1..=128).contains(length))
        .unwrap_or(match policy {
            PasswordPolicy::None => 1,
            PasswordPolicy::Low => 6,
            PasswordPolicy::Fair | PasswordPolicy::Good => 8,
            PasswordPolicy::Excellent => 10,
        });
    let length = u32::try_from(password.chars().count()).unwrap_or(u32::MAX);
    let mut rules = vec![rule("lengthAtLeast", Some(minimum), length >= minimum && !password.contains('\0'))];
    // Named only where it is broken. What is too long is refused and never cut (LG-05).
    if !fits(password) {
        rules.push(rule("lengthAtMost", Some(MAX_PASSWORD_CHARACTERS), false));
    }
    match policy {
        PasswordPolicy::None | PasswordPolicy::Low => {}
        PasswordPolicy::Fair => {
            let items = character_kinds(password).into_iter().take(3).collect();
            rules.push(composed("shouldContain", 3, items));
        }
        PasswordPolicy::Good => rules.push(composed("containsAtLeast", 3, character_kinds(password))),
        PasswordPolicy::Excellent => {
            rules.push(composed("containsAtLeast", 3, character_kinds(password)));
            rules.push(rule("identicalChars", Some(2), longest_run(password) <= 2));
        }
    }
    PasswordCheck { rules }
}

/// Whether the password, as it is hashed, is short enough: NFC makes some characters longer.
fn fits(password: &str) -> bool {
    let longest = usize::try_from(MAX_PASSWORD_CHARACTERS).unwrap_or(usize::MAX);
    normalized(password).is_some_and(|password| password.chars().count() <= longest)
}

fn character_kinds(password: &str) -> Vec<PasswordRule> {
    vec![
        rule("lowerCase", None, password.chars().any(|c| c.is_ascii_lowercase())),
        rule("upperCase", None, password.chars().any(|c| c.is_ascii_uppercase())),
        rule("numbers", None, password.chars().any(|c| c.is_ascii_digit())),
        rule("specialCharacters", None, password.chars().any(|c| c == ' ' || c.is_ascii_punctuation())),
    ]
}

fn rule(code: &'static str, number: Option<u32>, verified: bool) -> PasswordRule {
    PasswordRule { code, number, verified, items: Vec::new() }
}

fn composed(code: &'static str, needed: u32, items: Vec<PasswordRule>) -> PasswordRule {
    let kept = items.iter().filter(|item| item.verified).count();
    let verified = kept >= usize::try_from(needed).unwrap_or(usize::MAX);
    PasswordRule { code, number: Some(needed), verified, items }
}

fn longest_run(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    let mut previous = None;
    for character in text.chars() {
        run = if previous == Some(character) { run + 1 } else { 1 };
        previous = Some(character);
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
