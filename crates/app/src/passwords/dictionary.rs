//! Passwords that many people use (`management-api.md` §4.5: `password_dictionary`, `password_options.dictionary`).

use std::collections::HashMap;
use std::sync::LazyLock;

use keywright_types::BuiltInDictionary;

/// One to a line, in lower case, the most frequent ones first: `common/README.md` says where they are from.
const COMMON: &str = include_str!("common/passwords.txt");
/// "en_10k": "built-in 10 000".
const SMALL: usize = 10_000;

/// Where each word is in the list. Made when the first connection asks for it.
static RANKS: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| COMMON.lines().enumerate().map(|(rank, word)| (word, rank)).collect());

/// Whether `password` is a word that comes with Keywright, or one of the tenant's own, in any case.
pub(super) fn is_common(password: &str, built_in: BuiltInDictionary, own: &[String]) -> bool {
    let password = password.to_lowercase();
    let known = RANKS.get(password.as_str()).is_some_and(|rank| match built_in {
        BuiltInDictionary::Small => *rank < SMALL,
        BuiltInDictionary::Large => true,
    });
    known || own.iter().any(|word| word.to_lowercase() == password)
}

#[cfg(test)]
mod tests {
    use super::BuiltInDictionary::{Large, Small};
    use super::*;

    #[test]
    fn words_are_found_in_any_case_and_the_rare_ones_in_the_large_list_alone() {
        assert!(is_common("password", Small, &[]));
        assert!(is_common("PassWord", Small, &[]));
        let rare = COMMON.lines().nth(SMALL).unwrap();
        assert!(!is_common(rare, Small, &[]));
        assert!(is_common(rare, Large, &[]));
        assert!(!is_common("correct horse battery staple", Large, &[]));
        assert!(is_common("keyWRIGHT", Small, &["Keywright".to_owned()]));
    }

    #[test]
    fn the_list_is_in_lower_case_and_names_nothing_twice() {
        assert!(COMMON.lines().all(|word| word == word.to_lowercase() && !word.trim().is_empty()));
        assert_eq!(RANKS.len(), COMMON.lines().count());
        assert!(RANKS.len() > 4 * SMALL);
    }
}
