//! Randomness: the only place of the program which names a generator.
//!
//! The generator is the one of AWS-LC, seeded by the operating system. Keys, nonces and handles so come from the same
//! source, it needs no system call for each value, and it is reseeded after a fork.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

/// Letters and digits: identifiers made of them survive every encoding of HTTP Basic, of forms and of paths unchanged.
const ALPHANUMERIC: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Bytes from this value up are thrown away, because 256 is no multiple of 62 and the first letters would come more often.
const UNBIASED_LIMIT: u8 = 248;

/// A source of unpredictable bytes. Cloning it is free, and all clones draw from the same generator.
#[derive(Clone, Debug)]
pub struct Random {
    generator: SystemRandom,
}

impl Random {
    /// The generator which is seeded by the operating system.
    #[must_use]
    pub fn system() -> Self {
        Self { generator: SystemRandom::new() }
    }

    /// Overwrites `bytes` with random ones.
    ///
    /// # Panics
    ///
    /// When the operating system gives no randomness: nothing secure can be made then.
    #[expect(clippy::expect_used, reason = "without randomness there is no safe way to go on")]
    pub fn fill(&self, bytes: &mut [u8]) {
        self.generator.fill(bytes).expect("the operating system gives randomness");
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// This many random bytes as base64url without padding; for handles and codes, where 32 bytes are usual.
    #[must_use]
    pub fn token(&self, bytes: usize) -> String {
        URL_SAFE_NO_PAD.encode(self.vector(bytes))
    }

    /// A text of `length` letters and digits, all equally likely (5.95 bits each).
    #[must_use]
    pub fn identifier(&self, length: usize) -> String {
        let mut identifier = String::with_capacity(length);
        while identifier.len() < length {
            let missing = length - identifier.len();
            let letters = self
                .bytes::<64>()
                .into_iter()
                .filter(|byte| *byte < UNBIASED_LIMIT)
                .filter_map(|byte| ALPHANUMERIC.get(usize::from(byte) % ALPHANUMERIC.len()))
                .map(|letter| char::from(*letter));
            identifier.extend(letters.take(missing));
        }
        identifier
    }

    /// A text of `length` characters of `alphabet` (ASCII, at most 256), all equally likely.
    #[must_use]
    pub fn letters(&self, alphabet: &str, length: usize) -> String {
        let alphabet = alphabet.as_bytes();
        // As above: bytes that would favour the first characters are thrown away.
        let limit = 256 - 256 % alphabet.len().max(1);
        let mut text = String::with_capacity(length);
        while text.len() < length && !alphabet.is_empty() {
            let missing = length - text.len();
            let drawn = self.bytes::<32>().into_iter().map(usize::from).filter(|byte| *byte < limit);
            let letters = drawn.filter_map(|byte| alphabet.get(byte % alphabet.len()));
            text.extend(letters.map(|letter| char::from(*letter)).take(missing));
        }
        text
    }

    /// This many random bytes as lower-case hexadecimal digits, two for each byte.
    #[must_use]
    pub fn hex(&self, bytes: usize) -> String {
        let digits = self.vector(bytes).into_iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
    }

    /// A random UUID (RFC 9562 §5.4, "UUIDv4").
    #[must_use]
    pub fn uuid(&self) -> String {
        // "The 4-bit version field … set to 0b0100", "The 2-bit variant field … set to 0b10".
        let value = u128::from_be_bytes(self.bytes()) & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
        let hex = format!("{value:032x}");
        let part = |range| hex.get(range).unwrap_or_default();
        [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
    }

    /// For interfaces of the cryptographic library which ask for the generator itself.
    pub(crate) fn generator(&self) -> &dyn SecureRandom {
        &self.generator
    }

    fn vector(&self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn texts_have_the_asked_size_and_alphabet() {
        let random = Random::system();
        assert_eq!(random.token(32).len(), 43);
        assert!(random.token(300).bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_eq!(random.hex(12).len(), 24);
        assert!(random.hex(300).bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        for length in [0, 1, 32, 63, 64, 65, 500] {
            assert_eq!(random.identifier(length).len(), length);
        }
    }

    #[test]
    fn values_do_not_repeat() {
        let random = Random::system();
        let values: HashSet<[u8; 16]> = (0..1000).map(|_| random.clone().bytes()).collect();
        assert_eq!(values.len(), 1000);
    }

    #[test]
    fn uuids_are_random_ones_of_version_4() {
        let random = Random::system();
        let (mut seen, mut variants) = (HashSet::new(), HashSet::new());
        for _ in 0..200 {
            let uuid = random.uuid();
            let parts: Vec<&str> = uuid.split('-').collect();
            assert_eq!(parts.iter().map(|part| part.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{uuid}");
            assert!(uuid.chars().all(|c| c == '-' || c.is_ascii_digit() || ('a'..='f').contains(&c)), "{uuid}");
            assert!(parts[2].starts_with('4'), "{uuid}");
            variants.insert(parts[3].chars().next().unwrap());
            assert!(seen.insert(uuid));
        }
        assert_eq!(variants, HashSet::from(['8', '9', 'a', 'b']));
    }

    #[test]
    fn dv_01_letters_of_an_alphabet_are_equally_likely() {
        for (alphabet, expected) in [("BCDFGHJKLMNPQRSTVWXZ", 10_000), ("0123456789", 20_000)] {
            let mut counts = [0_u32; 128];
            for letter in Random::system().letters(alphabet, 200_000).bytes() {
                counts[usize::from(letter)] += 1;
            }
            let used: Vec<(char, u32)> =
                counts.into_iter().zip('\0'..).filter(|own| own.0 > 0).map(|own| (own.1, own.0)).collect();
            assert_eq!(used.len(), alphabet.len());
            // Eight standard deviations. A byte taken modulo 20 would give sixteen letters 10,156 and four 9,375.
            let near = |count: u32| count.abs_diff(expected) < 8 * expected.isqrt();
            assert!(used.iter().all(|(letter, count)| alphabet.contains(*letter) && near(*count)), "{used:?}");
        }
        assert_eq!(
            (Random::system().letters("X", 3), Random::system().letters("", 3)),
            ("XXX".to_owned(), String::new())
        );
    }

    #[test]
    fn identifiers_use_every_letter_equally_often() {
        let draws = 620_000;
        let mut counts = [0_u32; 128];
        for letter in Random::system().identifier(draws).bytes() {
            counts[usize::from(letter)] += 1;
        }
        let used: Vec<u32> = counts.into_iter().filter(|count| *count > 0).collect();
        assert_eq!(used.len(), 62);
        // 10,000 expected, standard deviation about 100. A byte taken modulo 62 would give eight letters 12,109.
        assert!(used.iter().all(|count| (9_200..10_800).contains(count)), "{used:?}");
    }
}
