//! Conditions on text: what both engines understand alike.

use keywright_types::search::{Bound, Check, Piece};

use super::Composed;
use super::index::key;

/// A column of text.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    /// The column with the alias of its table.
    pub(super) column: &'a str,
    /// ` COLLATE "binary"` for a column that has another collation.
    pub(super) collation: &'a str,
    /// Whether `=` needs the collation too, because the index has it.
    pub(super) collated_equality: bool,
}

impl Text<'_> {
    /// The condition of a check of texts; other checks of a text are true of no row.
    pub(super) fn condition(self, sql: &mut Composed, check: &Check) -> String {
        let Self { column, collation, collated_equality } = self;
        let is = match check {
            Check::Exists => return format!("{column} IS NOT NULL"),
            Check::Text(text) => {
                let text = sql.bind(key(text));
                format!("{column}{} = {text}", if collated_equality { collation } else { "" })
            }
            Check::Pattern(pieces) => pattern(sql, &format!("{column}{collation}"), pieces),
            Check::Texts(low, high) => between(sql, &format!("{column}{collation}"), low, high, |text| key(text)),
            _ => return "FALSE".to_owned(),
        };
        format!("({column} IS NOT NULL AND {is})")
    }
}

/// `column` lies between the ends.
pub(super) fn between<T>(
    sql: &mut Composed,
    column: &str,
    low: &Bound<T>,
    high: &Bound<T>,
    value: impl Fn(&T) -> String,
) -> String {
    let mut parts = Vec::new();
    for (bound, signs) in [(low, [">=", ">"]), (high, ["<=", "<"])] {
        let (bound, sign) = match bound {
            Bound::Open => continue,
            Bound::Included(bound) => (bound, signs[0]),
            Bound::Excluded(bound) => (bound, signs[1]),
        };
        let bound = sql.bind(value(bound));
        parts.push(format!("{column} {sign} {bound}"));
    }
    if parts.is_empty() { format!("{column} IS NOT NULL") } else { parts.join(" AND ") }
}

/// `column` looks like the pattern. What it begins with is a range, which an index finds.
pub(super) fn pattern(sql: &mut Composed, column: &str, pieces: &[Piece]) -> String {
    let (prefix, is_all) = keywright_types::search::starts_with(pieces).unwrap_or(("", false));
    let mut parts = Vec::new();
    if !prefix.is_empty() {
        let from = sql.bind(key(prefix));
        parts.push(format!("{column} >= {from}"));
        if let Some(end) = after_all_with(&key(prefix)) {
            let end = sql.bind(end);
            parts.push(format!("{column} < {end}"));
        }
    }
    if !is_all {
        let mut like = String::new();
        for piece in pieces {
            match piece {
                Piece::Many => like.push('%'),
                Piece::One => like.push('_'),
                Piece::Literal(text) => {
                    for character in text.chars() {
                        if matches!(character, '%' | '_' | '\\') {
                            like.push('\\');
                        }
                        like.push(character);
                    }
                }
            }
        }
        let like = sql.bind(like);
        parts.push(format!("{column} LIKE {like} ESCAPE '\\'"));
    }
    parts.join(" AND ")
}

/// The first text, by code points, after all that begin with this one. `None` when there is none.
pub(super) fn after_all_with(prefix: &str) -> Option<String> {
    let mut characters: Vec<char> = prefix.chars().collect();
    while let Some(last) = characters.pop() {
        let next = match last {
            // What lies between is no character.
            '\u{d7ff}' => Some('\u{e000}'),
            last => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_after_a_prefix_is_the_next_one() {
        assert_eq!(after_all_with("abc").as_deref(), Some("abd"));
        assert_eq!(after_all_with("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(after_all_with("\u{d7ff}").as_deref(), Some("\u{e000}"));
        assert_eq!(after_all_with("\u{10ffff}"), None);
    }
}
