//! User codes of the device flow: how they look and what people type (§5.2; RFC 8628 §6.1).

use serde::{Deserialize, Serialize};

/// `device_flow` of the tenant settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserCodeFormat {
    /// Letters that a code is made of.
    pub charset: UserCodeCharset,
    /// `*` stands for one character of the set; hyphens and spaces are separators and stand for themselves.
    pub mask: String,
}

impl Default for UserCodeFormat {
    fn default() -> Self {
        Self { charset: UserCodeCharset::Base20, mask: "****-****".to_owned() }
    }
}

/// `device_flow.charset`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserCodeCharset {
    /// Twenty consonants: no vowels, so that no word comes out, and nothing that looks like a digit.
    #[default]
    Base20,
    /// Ten digits, for devices with a number pad.
    Digits,
}

impl UserCodeCharset {
    /// The characters, in the order of their values.
    #[must_use]
    pub const fn alphabet(self) -> &'static str {
        match self {
            Self::Base20 => "BCDFGHJKLMNPQRSTVWXZ",
            Self::Digits => "0123456789",
        }
    }

    /// The fewest characters that keep a code from being guessed (§5.2 "Limits").
    #[must_use]
    pub const fn fewest_characters(self) -> usize {
        match self {
            Self::Base20 => 8,
            Self::Digits => 9,
        }
    }
}

/// Longest mask, separators included (§5.2).
const LONGEST_MASK: usize = 20;
/// More than anybody types; longer texts are not looked at.
const LONGEST_TYPED: usize = 64;

impl UserCodeFormat {
    /// Whether the mask keeps the limits of §5.2.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        let known = self.mask.chars().all(|c| matches!(c, '*' | '-' | ' '));
        known && self.mask.len() <= LONGEST_MASK && self.characters() >= self.charset.fewest_characters()
    }

    /// The format that codes are made in: this one, or the default mask of its character set when its own has too few
    /// characters. The Management API takes any mask, as Auth0's does.
    #[must_use]
    pub fn in_force(&self) -> Self {
        if self.is_valid() {
            return self.clone();
        }
        let mask = match self.charset {
            UserCodeCharset::Base20 => "****-****",
            UserCodeCharset::Digits => "***-***-***",
        };
        Self { charset: self.charset, mask: mask.to_owned() }
    }

    /// How many different codes there are; `u64::MAX` when they are more.
    #[must_use]
    pub fn space(&self) -> u64 {
        let letters = u64::try_from(self.charset.alphabet().len()).unwrap_or(u64::MAX);
        letters.saturating_pow(u32::try_from(self.characters()).unwrap_or(u32::MAX))
    }

    /// How many characters of the set a code has.
    #[must_use]
    pub fn characters(&self) -> usize {
        self.mask.chars().filter(|c| *c == '*').count()
    }

    /// What somebody typed, as the characters that count: upper case, without separators of any kind. `None` when it cannot
    /// be a code of this format.
    ///
    /// RFC 8628 §6.1: "the server should ignore any characters like punctuation that are not in the user-code character
    /// set."
    #[must_use]
    pub fn read(&self, typed: &str) -> Option<String> {
        if typed.len() > LONGEST_TYPED {
            return None;
        }
        let alphabet = self.charset.alphabet();
        let mut code = String::with_capacity(self.characters());
        for letter in typed.chars().filter(|c| !is_separator(*c)) {
            // Also full-width forms, which Japanese and Chinese keyboards type.
            let letter = match letter {
                '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter).checked_sub(0xfee0)?)?,
                other => other,
            };
            let letter = letter.to_ascii_uppercase();
            if !alphabet.contains(letter) {
                return None;
            }
            code.push(letter);
        }
        (code.len() == self.characters()).then_some(code)
    }

    /// The characters of a code with the separators of the mask between them, as a device shows it.
    #[must_use]
    pub fn show(&self, code: &str) -> String {
        let mut letters = code.chars();
        let shown = self.mask.chars().map_while(|place| if place == '*' { letters.next() } else { Some(place) });
        shown.collect()
    }
}

/// White space, hyphens and dashes of every kind, dots, and what else people put between groups.
fn is_separator(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_ascii_punctuation()
        || matches!(letter, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}' | '\u{30fc}' | '\u{200b}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_codes_are_read_in_any_case_and_with_any_separators() {
        let format = UserCodeFormat::default();
        for typed in
            ["QTZL-MCBW", "qtzlmcbw", " qtzl mcbw ", "QTZL\u{2013}MCBW", "q.t.z.l m c b w", "ｑｔｚｌ－ｍｃｂｗ"]
        {
            assert_eq!(format.read(typed).as_deref(), Some("QTZLMCBW"), "{typed}");
        }
        for wrong in ["", "QTZL-MCB", "QTZL-MCBWW", "QTZL-MCBA", "QTZL-MCB0", "QTZL-MCB\u{df}", &"-".repeat(65)] {
            assert_eq!(format.read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn codes_are_shown_by_the_mask() {
        let format = UserCodeFormat { charset: UserCodeCharset::Digits, mask: "***-*** ***".to_owned() };
        assert!(format.is_valid());
        assert_eq!(format.show("123456789"), "123-456 789");
        assert_eq!(format.read(&format.show("123456789")).as_deref(), Some("123456789"));
    }

    #[test]
    fn dv_01_a_mask_with_too_few_characters_makes_no_short_codes() {
        let short = UserCodeFormat { charset: UserCodeCharset::Digits, mask: "***-***".to_owned() };
        assert_eq!((short.in_force().mask.as_str(), short.in_force().space()), ("***-***-***", 1_000_000_000));
        let short = UserCodeFormat { mask: String::new(), ..UserCodeFormat::default() };
        assert_eq!((short.in_force(), short.in_force().space()), (UserCodeFormat::default(), 25_600_000_000));
        let own = UserCodeFormat { charset: UserCodeCharset::Base20, mask: "**** **** ****".to_owned() };
        assert_eq!(own.in_force(), own);
        let long = UserCodeFormat { mask: "*".repeat(20), ..UserCodeFormat::default() };
        assert_eq!(long.space(), u64::MAX);
    }

    #[test]
    fn masks_keep_the_limits() {
        let valid = |charset, mask: &str| UserCodeFormat { charset, mask: mask.to_owned() }.is_valid();
        assert!(valid(UserCodeCharset::Base20, "****-****") && valid(UserCodeCharset::Digits, "*********"));
        assert!(!valid(UserCodeCharset::Base20, "***-****") && !valid(UserCodeCharset::Digits, "****-****"));
        assert!(!valid(UserCodeCharset::Base20, "****_****") && !valid(UserCodeCharset::Base20, &"*".repeat(21)));
    }
}
