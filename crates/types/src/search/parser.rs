//! Text to [`Node`] (`management-api.md` §5.4 "Query language").
//!
//! ```text
//! any    = all (["OR" | "||"] all)*        two clauses side by side are an OR
//! all    = one (("AND" | "&&") one)*
//! one    = ("NOT" | "!" | "-" | "+")* primary
//! primary = "(" any ")" | [field ":"] (term | "phrase" | range | "(" any ")")
//! range  = ("[" | "{") bound "TO" bound ("]" | "}")
//! ```
//!
//! `+` before a clause of a list makes the others optional, as Lucene has it. What Lucene knows and this does not (fuzzy terms,
//! boosts, regular expressions) is refused rather than taken for something else.

use super::term::{Bound, Piece};
use super::{Clause, DEEPEST, MOST_CHARACTERS, MOST_CLAUSES, MOST_WILDCARDS, Node, QueryError, Test};

/// Reads a query.
///
/// # Errors
/// With the place and the reason, when it cannot be read.
pub fn parse(text: &str) -> Result<Node, QueryError> {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() > MOST_CHARACTERS {
        return Err(QueryError::new(MOST_CHARACTERS, format!("the query is longer than {MOST_CHARACTERS} characters")));
    }
    let mut parser = Parser { characters, next: 0, clauses: 0, depth: 0 };
    parser.white_space();
    if parser.peek().is_none() {
        return Err(QueryError::new(0, "the query is empty"));
    }
    let node = parser.any(None)?;
    match parser.peek() {
        None => Ok(node),
        Some(')') => Err(parser.error("a parenthesis is closed that was not opened")),
        Some(found) => Err(parser.error(format!("unexpected {found}"))),
    }
}

struct Parser {
    characters: Vec<char>,
    next: usize,
    clauses: usize,
    depth: usize,
}

/// What stands before a clause.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Modifier {
    None,
    Required,
    Prohibited,
}

/// A term outside quotes.
struct Bare {
    at: usize,
    pieces: Vec<Piece>,
    /// Whether any character had a backslash: then it is no operator.
    escaped: bool,
}

impl Bare {
    /// The text, when there is no wildcard in it.
    fn text(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    fn is_word(&self, word: &str) -> bool {
        !self.escaped && self.text() == Some(word)
    }
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.next).copied()
    }

    fn peek_after(&self, count: usize) -> Option<char> {
        self.characters.get(self.next + count).copied()
    }

    fn error(&self, reason: impl Into<String>) -> QueryError {
        QueryError::new(self.next, reason)
    }

    fn white_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next += 1;
        }
    }

    /// Passes over this character, if it is next.
    fn took(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.next += 1;
        }
        found
    }

    /// Passes over this operator, if it is next: a word that stands alone, or two signs.
    fn took_operator(&mut self, word: &str, sign: Option<char>) -> bool {
        self.white_space();
        if sign.is_some() && self.peek() == sign && self.peek_after(1) == sign {
            self.next += 2;
            return true;
        }
        let is_word = word.chars().enumerate().all(|(index, wanted)| self.peek_after(index) == Some(wanted));
        let ends = |next: Option<char>| next.is_none_or(|next| next.is_whitespace() || "()\"[{".contains(next));
        if is_word && ends(self.peek_after(word.len())) {
            self.next += word.len();
            return true;
        }
        false
    }

    fn any(&mut self, field: Option<&str>) -> Result<Node, QueryError> {
        let (mut optional, mut required, mut prohibited) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let (modifier, node) = self.all(field)?;
            match modifier {
                Modifier::None => optional.push(node),
                Modifier::Required => required.push(node),
                Modifier::Prohibited => prohibited.push(Node::Not(Box::new(node))),
            }
            if self.took_operator("OR", Some('|')) {
                continue;
            }
            self.white_space();
            match self.peek() {
                None | Some(')') => break,
                Some(_) => {}
            }
        }
        let wanted = match (required.is_empty(), optional.is_empty()) {
            (false, _) => required,
            (true, false) => vec![joined(optional, Node::Any)],
            (true, true) => Vec::new(),
        };
        Ok(joined([wanted, prohibited].concat(), Node::All))
    }

    fn all(&mut self, field: Option<&str>) -> Result<(Modifier, Node), QueryError> {
        let (modifier, first) = self.one(field)?;
        if !self.took_operator("AND", Some('&')) {
            return Ok((modifier, first));
        }
        let negated =
            |(modifier, node)| if modifier == Modifier::Prohibited { Node::Not(Box::new(node)) } else { node };
        let mut nodes = vec![negated((modifier, first))];
        loop {
            nodes.push(negated(self.one(field)?));
            if !self.took_operator("AND", Some('&')) {
                return Ok((Modifier::None, Node::All(nodes)));
            }
        }
    }

    fn one(&mut self, field: Option<&str>) -> Result<(Modifier, Node), QueryError> {
        self.white_space();
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error(format!("more than {DEEPEST} levels of parentheses and NOT")));
        }
        let found = self.one_inside(field);
        self.depth -= 1;
        found
    }

    fn one_inside(&mut self, field: Option<&str>) -> Result<(Modifier, Node), QueryError> {
        match self.peek() {
            Some('!') => {
                self.next += 1;
                return Ok((Modifier::None, self.negated(field)?));
            }
            Some('-') => {
                self.next += 1;
                return Ok((Modifier::Prohibited, self.operand(field)?));
            }
            Some('+') => {
                self.next += 1;
                return Ok((Modifier::Required, self.operand(field)?));
            }
            _ => {}
        }
        if self.took_operator("NOT", None) {
            return Ok((Modifier::None, self.negated(field)?));
        }
        Ok((Modifier::None, self.primary(field)?))
    }

    fn negated(&mut self, field: Option<&str>) -> Result<Node, QueryError> {
        Ok(Node::Not(Box::new(self.operand(field)?)))
    }

    /// What an operator before a clause is about.
    fn operand(&mut self, field: Option<&str>) -> Result<Node, QueryError> {
        let (modifier, node) = self.one(field)?;
        Ok(if modifier == Modifier::Prohibited { Node::Not(Box::new(node)) } else { node })
    }

    fn primary(&mut self, field: Option<&str>) -> Result<Node, QueryError> {
        let at = self.next;
        match self.peek() {
            None => return Err(self.error("a term is missing")),
            Some('(') => {
                self.next += 1;
                return self.group(field, at);
            }
            Some('"' | '[' | '{') => return self.value(field, at),
            Some(_) => {}
        }
        let term = self.bare()?;
        if ["AND", "OR"].iter().any(|word| term.is_word(word)) {
            let word = term.text().unwrap_or_default();
            return Err(QueryError::new(at, format!("a term is missing before {word}")));
        }
        if self.peek() != Some(':') {
            return self.clause(field, term);
        }
        if field.is_some() {
            return Err(self.error("a field inside the parentheses of another field"));
        }
        let Some(name) = term.text().map(str::to_owned) else {
            return Err(QueryError::new(at, "a field name has no wildcards"));
        };
        self.next += 1;
        self.white_space();
        if name == "_exists_" && !term.escaped {
            return self.exists(at);
        }
        match self.peek() {
            None | Some(')') => Err(self.error("a value is missing")),
            Some('(') => {
                let opened = self.next;
                self.next += 1;
                self.group(Some(&name), opened)
            }
            Some('"' | '[' | '{') => self.value(Some(&name), at),
            Some(_) => {
                let term = self.bare()?;
                if self.peek() == Some(':') {
                    return Err(
                        self.error("a colon in a value needs a backslash before it, or quotes around the value")
                    );
                }
                self.clause(Some(&name), Bare { at, ..term })
            }
        }
    }

    fn exists(&mut self, at: usize) -> Result<Node, QueryError> {
        let name = if self.peek() == Some('"') {
            self.phrase()?
        } else {
            let term = self.bare()?;
            let name = term.text().map(str::to_owned);
            name.ok_or_else(|| QueryError::new(term.at, "_exists_ needs the name of a field"))?
        };
        if name.is_empty() {
            return Err(QueryError::new(at, "_exists_ needs the name of a field"));
        }
        self.counted(Clause { at, field: Some(name), test: Test::Exists })
    }

    /// What follows an opening parenthesis.
    fn group(&mut self, field: Option<&str>, opened: usize) -> Result<Node, QueryError> {
        let node = self.any(field)?;
        if self.took(')') { Ok(node) } else { Err(QueryError::new(opened, "a parenthesis is not closed")) }
    }

    /// A phrase or a range.
    fn value(&mut self, field: Option<&str>, at: usize) -> Result<Node, QueryError> {
        let test = if self.peek() == Some('"') { Test::Value(self.phrase()?) } else { self.range()? };
        if matches!(test, Test::Range(..)) && field.is_none() {
            return Err(QueryError::new(at, "a range needs a field"));
        }
        if matches!(self.peek(), Some('~' | '^')) {
            return Err(self.error("proximity and boosts are not supported"));
        }
        let test = match test {
            Test::Range(Bound::Open, Bound::Open) => Test::Exists,
            test => test,
        };
        self.counted(Clause { at, field: field.map(str::to_owned), test })
    }

    fn phrase(&mut self) -> Result<String, QueryError> {
        let opened = self.next;
        self.next += 1;
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return Err(QueryError::new(opened, "a quotation mark is not closed")),
                Some('"') => {
                    self.next += 1;
                    return Ok(text);
                }
                Some('\\') => text.push(self.escape()?),
                Some(character) => {
                    text.push(character);
                    self.next += 1;
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, QueryError> {
        let character = self.peek_after(1).ok_or_else(|| self.error("a backslash at the end"))?;
        self.next += 2;
        Ok(character)
    }

    fn range(&mut self) -> Result<Test, QueryError> {
        let opened = self.next;
        let excluded = self.peek() == Some('{');
        self.next += 1;
        let low = self.bound()?;
        self.white_space();
        if !(self.took('T') && self.took('O') && self.peek().is_some_and(char::is_whitespace)) {
            return Err(QueryError::new(opened, "a range has the form [a TO b]"));
        }
        let high = self.bound()?;
        self.white_space();
        let ends = self.peek();
        if !matches!(ends, Some(']' | '}')) {
            return Err(QueryError::new(opened, "a range is not closed"));
        }
        self.next += 1;
        let end = |value: Option<String>, excluded: bool| match value {
            None => Bound::Open,
            Some(value) if excluded => Bound::Excluded(value),
            Some(value) => Bound::Included(value),
        };
        Ok(Test::Range(end(low, excluded), end(high, ends == Some('}'))))
    }

    /// One end of a range; `None` for `*`.
    fn bound(&mut self) -> Result<Option<String>, QueryError> {
        self.white_space();
        if self.peek() == Some('"') {
            return self.phrase().map(Some);
        }
        let begun = self.next;
        let mut text = String::new();
        while let Some(character) = self.peek().filter(|own| !own.is_whitespace() && !"[]{}\"".contains(*own)) {
            if character == '\\' {
                text.push(self.escape()?);
                continue;
            }
            self.next += 1;
            text.push(character);
        }
        match (text.as_str(), self.next - begun) {
            ("", _) => Err(self.error("an end of the range is missing")),
            ("*", 1) => Ok(None),
            (_, length) if length == text.chars().count() && text.contains(['*', '?']) => {
                Err(QueryError::new(begun, "an end of a range has no wildcards"))
            }
            _ => Ok(Some(text)),
        }
    }

    /// A term outside quotes.
    fn bare(&mut self) -> Result<Bare, QueryError> {
        let at = self.next;
        if let Some(sign) = self.peek().filter(|sign| "/<>=".contains(*sign)) {
            let what = if sign == '/' { "regular expressions are" } else { "comparison signs are" };
            return Err(self.error(format!("{what} not supported; a literal {sign} needs a backslash before it")));
        }
        let (mut pieces, mut literal, mut escaped) = (Vec::new(), String::new(), false);
        while let Some(character) = self.peek() {
            let doubled = "&|".contains(character) && self.peek_after(1) == Some(character);
            if character.is_whitespace() || "()[]{}\":".contains(character) || doubled {
                break;
            }
            if "^~".contains(character) {
                return Err(
                    self.error(format!("{character} is not supported; a literal one needs a backslash before it"))
                );
            }
            if character == '\\' {
                literal.push(self.escape()?);
                escaped = true;
                continue;
            }
            self.next += 1;
            let wildcard = match character {
                '*' => Piece::Many,
                '?' => Piece::One,
                _ => {
                    literal.push(character);
                    continue;
                }
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(wildcard);
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        match (pieces.is_empty(), self.peek()) {
            (false, _) => Ok(Bare { at, pieces, escaped }),
            (true, Some(')')) => Err(self.error("a term is missing before )")),
            (true, Some(found)) => Err(self.error(format!("unexpected {found}"))),
            (true, None) => Err(self.error("a term is missing")),
        }
    }

    /// The clause of a term.
    fn clause(&mut self, field: Option<&str>, term: Bare) -> Result<Node, QueryError> {
        let Bare { at, pieces, .. } = term;
        let test = match pieces.as_slice() {
            [Piece::Literal(text)] => Test::Value(text.clone()),
            [Piece::Many] if field.is_some() => Test::Exists,
            [first, ..] => {
                let literal: usize = pieces.iter().map(literal_length).sum();
                // §5.4: "with a leading `*` at least 3 literal characters".
                if !matches!(first, Piece::Literal(_)) && literal < 3 {
                    let reason = "a term that begins with a wildcard needs at least 3 other characters";
                    return Err(QueryError::new(at, reason));
                }
                // What a pattern costs grows with every wildcard.
                if pieces.iter().filter(|piece| !matches!(piece, Piece::Literal(_))).count() > MOST_WILDCARDS {
                    return Err(QueryError::new(at, format!("more than {MOST_WILDCARDS} wildcards in one term")));
                }
                Test::Pattern(pieces)
            }
            [] => return Err(QueryError::new(at, "a term is missing")),
        };
        self.counted(Clause { at, field: field.map(str::to_owned), test })
    }

    fn counted(&mut self, clause: Clause) -> Result<Node, QueryError> {
        self.clauses += 1;
        if self.clauses > MOST_CLAUSES {
            return Err(QueryError::new(clause.at, format!("more than {MOST_CLAUSES} clauses")));
        }
        Ok(Node::Clause(clause))
    }
}

fn literal_length(piece: &Piece) -> usize {
    match piece {
        Piece::Literal(text) => text.chars().count(),
        Piece::Many | Piece::One => 0,
    }
}

/// One node, or a list of them.
fn joined(mut nodes: Vec<Node>, list: fn(Vec<Node>) -> Node) -> Node {
    match (nodes.len(), nodes.pop()) {
        (1, Some(only)) => only,
        (_, Some(last)) => {
            nodes.push(last);
            list(nodes)
        }
        (_, None) => list(nodes),
    }
}
