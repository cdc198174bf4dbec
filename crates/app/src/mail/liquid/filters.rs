//! The filters that Auth0 documents, each with a bound on what goes in and comes out. In HTML those that would turn text into
//! markup, or escape it a second time, know that values are escaped already.

use std::fmt;

use liquid_core::model::KStringCow;
use liquid_core::parser::{Filter, FilterArguments, FilterReflection, Language, ParseFilter};
use liquid_core::{Error, Expression, Result, Runtime, Value, ValueView};
use liquid_lib::stdlib;

use super::{LONGEST_VALUE, Place, escape, step, unescape};

/// What a filter does about escaped values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// Nothing.
    Nothing,
    /// It gets them as they were before.
    In,
    /// What comes out is text that has to be escaped.
    Out,
}

pub(super) fn add_filters(language: &mut Language, place: Place) {
    let html = place == Place::Html;
    let mut add = |name: &str, filter: Box<dyn ParseFilter>, about: About| {
        let about = if html { about } else { About::Nothing };
        language.filters.register(name.to_owned(), Box::new(Bounded { filter, about }));
    };
    macro_rules! add_all {
        ($($name:literal: $filter:ident,)*) => { $(add($name, stdlib::$filter.into(), About::Nothing);)* };
    }
    add_all! {
        "abs": Abs, "append": Append, "at_least": AtLeast, "at_most": AtMost, "capitalize": Capitalize, "ceil": Ceil,
        "compact": Compact, "concat": Concat, "date": Date, "default": Default, "divided_by": DividedBy,
        "downcase": Downcase, "escape_once": EscapeOnce, "first": First, "floor": Floor, "join": Join, "last": Last,
        "lstrip": Lstrip, "map": Map, "minus": Minus, "modulo": Modulo, "newline_to_br": NewlineToBr, "plus": Plus,
        "prepend": Prepend, "remove": Remove, "remove_first": RemoveFirst, "replace": Replace,
        "replace_first": ReplaceFirst, "reverse": Reverse, "round": Round, "rstrip": Rstrip, "size": Size,
        "slice": Slice, "sort": Sort, "split": Split, "strip": Strip, "strip_html": StripHtml,
        "strip_newlines": StripNewlines, "times": Times, "truncate": Truncate, "truncatewords": TruncateWords,
        "uniq": Uniq, "upcase": Upcase, "where": Where,
    }
    add("url_encode", stdlib::UrlEncode.into(), About::In);
    add("url_decode", stdlib::UrlDecode.into(), About::Out);
    // Twice is once.
    add("escape", if html { stdlib::EscapeOnce.into() } else { stdlib::Escape.into() }, About::Nothing);
}

/// A filter of the library.
#[derive(Clone)]
struct Bounded {
    filter: Box<dyn ParseFilter>,
    about: About,
}

impl ParseFilter for Bounded {
    fn parse(&self, arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        let positional: Vec<Expression> = arguments.positional.collect();
        let keyword: Vec<(&str, Expression)> = arguments.keyword.collect();
        let all = positional.iter().chain(keyword.iter().map(|(_, value)| value)).cloned().collect();
        let arguments =
            FilterArguments { positional: Box::new(positional.into_iter()), keyword: Box::new(keyword.into_iter()) };
        Ok(Box::new(BoundedFilter { filter: self.filter.parse(arguments)?, arguments: all, about: self.about }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self.filter.reflection()
    }
}

#[derive(Debug)]
struct BoundedFilter {
    filter: Box<dyn Filter>,
    arguments: Vec<Expression>,
    about: About,
}

impl Filter for BoundedFilter {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        step(runtime)?;
        bounded(input)?;
        for argument in &self.arguments {
            bounded(argument.evaluate(runtime)?.as_view())?;
        }
        let result = match self.about {
            About::Nothing => self.filter.evaluate(input, runtime)?,
            About::In => {
                let text = Value::scalar(unescape(&input.to_kstr()));
                self.filter.evaluate(&text, runtime)?
            }
            About::Out => {
                let text = Value::scalar(unescape(&input.to_kstr()));
                Value::scalar(escape(&self.filter.evaluate(&text, runtime)?.to_kstr()))
            }
        };
        bounded(&result)?;
        Ok(result)
    }
}

impl fmt::Display for BoundedFilter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.filter.fmt(formatter)
    }
}

impl fmt::Debug for About {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("About")
    }
}

fn bounded(value: &dyn ValueView) -> Result<()> {
    let mut left = LONGEST_VALUE;
    if fits(value, &mut left) { Ok(()) } else { Err(Error::with_msg("a value in a calculation is too long")) }
}

/// Takes the length of the value off `left`; `false` when it is more than that.
fn fits(value: &dyn ValueView, left: &mut usize) -> bool {
    let own = match value.as_scalar() {
        Some(_) => {
            let text: KStringCow<'_> = value.to_kstr();
            text.len()
        }
        None => 1,
    };
    let Some(rest) = left.checked_sub(own.max(1)) else { return false };
    *left = rest;
    if let Some(list) = value.as_array() {
        return list.values().all(|item| fits(item, left));
    }
    if let Some(object) = value.as_object() {
        return object.values().all(|member| fits(member, left));
    }
    true
}
