//! Options of a database connection about new passwords: the older family of five, and `password_options`, which replaces it
//! (`management-api.md` §4.5; §7.2 of the wire reference).

use serde::{Deserialize, Serialize};

/// Strength that new passwords must have (§7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PasswordPolicy {
    /// Not empty.
    None,
    /// Six characters.
    Low,
    /// Eight characters with lower case, upper case and digits.
    Fair,
    /// Eight characters of at least three kinds.
    Good,
    /// Ten characters of at least three kinds, no character more than twice in a row.
    Excellent,
}

/// `password_complexity_options`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordComplexityOptions {
    /// Minimum length, 1 to 128 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u32>,
}

/// `password_history`: passwords that were used before are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordHistory {
    /// Whether they are.
    pub enable: bool,
    /// How many are remembered, the current one among them; 5 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u32>,
}

/// `password_dictionary`: passwords that many people use are refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordDictionary {
    /// Whether they are.
    pub enable: bool,
    /// The tenant's own words.
    pub dictionary: Vec<String>,
}

/// `password_no_personal_info`: passwords with parts of the profile are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordNoPersonalInfo {
    /// Whether they are.
    pub enable: bool,
}

/// `password_options`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordOptions {
    /// Length and characters.
    pub complexity: PasswordComplexity,
    /// Words that are refused.
    pub dictionary: CommonPasswords,
    /// Passwords that were used before.
    pub history: UsedPasswords,
    /// Parts of the profile.
    pub profile_data: ProfileData,
}

/// `password_options.complexity`. `max_length_exceeded` has no effect: a long password is never cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PasswordComplexity {
    /// Minimum length, 1 to 72 characters.
    pub min_length: u32,
    /// Kinds of characters that are asked for.
    pub character_types: Vec<CharacterType>,
    /// How many of them.
    pub character_type_rule: CharacterTypeRule,
    /// Three times the same character in a row.
    pub identical_characters: Allowed,
    /// Three characters in a row that follow each other in the alphabet or among the digits.
    pub sequential_characters: Allowed,
}

impl Default for PasswordComplexity {
    fn default() -> Self {
        Self {
            min_length: 15,
            character_types: Vec::new(),
            character_type_rule: CharacterTypeRule::All,
            identical_characters: Allowed::Allow,
            sequential_characters: Allowed::Allow,
        }
    }
}

/// A kind of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CharacterType {
    /// A to Z.
    Uppercase,
    /// a to z.
    Lowercase,
    /// 0 to 9.
    Number,
    /// Space and ASCII punctuation.
    Special,
}

/// How many of the kinds must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CharacterTypeRule {
    /// Each of them.
    All,
    /// Three, whichever.
    ThreeOfFour,
}

/// Whether something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Allowed {
    /// It is.
    Allow,
    /// It is not.
    Block,
}

/// `password_options.dictionary`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommonPasswords {
    /// Whether they are refused.
    pub active: bool,
    /// The tenant's own words.
    pub custom: Vec<String>,
    /// The words that come with Keywright.
    #[serde(rename = "default")]
    pub built_in: BuiltInDictionary,
}

impl Default for CommonPasswords {
    fn default() -> Self {
        Self { active: false, custom: Vec::new(), built_in: BuiltInDictionary::Large }
    }
}

/// Words that come with Keywright.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BuiltInDictionary {
    /// The 10,000 most frequent passwords.
    #[serde(rename = "en_10k")]
    Small,
    /// All that there are.
    #[serde(rename = "en_100k")]
    Large,
}

/// `password_options.history`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UsedPasswords {
    /// Whether they are refused.
    pub active: bool,
    /// How many are remembered, the current one among them.
    pub size: u32,
}

impl Default for UsedPasswords {
    fn default() -> Self {
        Self { active: false, size: 3 }
    }
}

/// `password_options.profile_data`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProfileData {
    /// Whether passwords with parts of the profile are refused.
    pub active: bool,
    /// Which parts: paths into the profile, such as `nickname` and `user_metadata.first`.
    pub blocked_fields: Vec<String>,
}

/// Parts of the profile that are looked for unless others are named.
pub const PERSONAL_FIELDS: [&str; 8] = [
    "name",
    "username",
    "nickname",
    "email",
    "phone_number",
    "user_metadata.name",
    "user_metadata.first",
    "user_metadata.last",
];

impl Default for ProfileData {
    fn default() -> Self {
        Self { active: false, blocked_fields: PERSONAL_FIELDS.map(str::to_owned).to_vec() }
    }
}
