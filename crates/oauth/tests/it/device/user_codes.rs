//! A user code survives every mask and what people type (§5.2; RFC 8628 §6.1).

use keywright_jose::Random;
use keywright_types::{UserCodeCharset, UserCodeFormat};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof, proptest};
use proptest::sample::select;

/// Every mask that the Management API takes and that is long enough.
fn format() -> impl Strategy<Value = UserCodeFormat> {
    let place = prop_oneof![4 => proptest::strategy::Just('*'), 1 => select(vec!['-', ' '])];
    let mask = vec(place, 8..=20).prop_map(|places| places.into_iter().collect::<String>());
    (mask, any::<bool>())
        .prop_map(|(mask, digits)| {
            let charset = if digits { UserCodeCharset::Digits } else { UserCodeCharset::Base20 };
            UserCodeFormat { charset, mask }
        })
        .prop_filter("long enough", UserCodeFormat::is_valid)
}

/// What a person does to one character: another case, a full-width form, or something in front of it.
fn typed_as(letter: char, habit: u8) -> String {
    let wide = |c: char| char::from_u32(u32::from(c) + 0xfee0).unwrap();
    match habit {
        0 => letter.to_ascii_lowercase().to_string(),
        1 => format!(" {letter}"),
        2 => format!("-{letter}"),
        3 => format!("\u{2013}{letter}"),
        4 => format!("{letter}."),
        5 => wide(letter).to_string(),
        6 => wide(letter.to_ascii_lowercase()).to_string(),
        7 => format!("\u{3000}{letter}"),
        _ => letter.to_string(),
    }
}

proptest! {
    #[test]
    fn a_code_is_read_as_it_was_drawn_whatever_people_type(format in format(), habits in vec(0_u8..10, 20)) {
        let letters = Random::system().letters(format.charset.alphabet(), format.characters());
        let shown = format.show(&letters);
        // A device shows it in the shape of the mask.
        let shape: String = shown.chars().map(|c| if matches!(c, '-' | ' ') { c } else { '*' }).collect();
        assert_eq!(shape, format.mask);
        assert_eq!(format.read(&shown).as_deref(), Some(letters.as_str()));
        // No more than anybody types: texts above 64 bytes are not looked at.
        let habit_at = |place: usize, habit| if place < 8 || matches!(habit, 0 | 1 | 2 | 4) { habit } else { 9 };
        let typed = letters.chars().zip(habits).enumerate();
        let typed: String = typed.map(|(place, (letter, habit))| typed_as(letter, habit_at(place, habit))).collect();
        assert_eq!(format.read(&typed).as_deref(), Some(letters.as_str()), "{typed:?}");
    }

    #[test]
    fn what_is_no_code_is_none(format in format(), typed in ".{0,80}") {
        if let Some(letters) = format.read(&typed) {
            assert_eq!(letters.len(), format.characters());
            assert!(letters.chars().all(|letter| format.charset.alphabet().contains(letter)), "{typed:?}");
        }
    }
}
