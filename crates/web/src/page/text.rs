//! Placeholders in texts: `${clientName}`, as in Auth0's custom texts.

/// A piece of a text, and whether it was the value of a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The characters, not escaped.
    pub text: String,
    /// Whether it stands out, because it is a value.
    pub strong: bool,
}

/// `template` with its placeholders replaced. Values are not searched for placeholders again; a placeholder without a
/// value stays as it is, so that a mistake in a custom text shows.
#[must_use]
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    spans(template, values).into_iter().map(|span| span.text).collect()
}

/// Like [`fill`], but keeps apart what came from the template and what from a value.
#[must_use]
pub fn spans(template: &str, values: &[(&str, &str)]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut push = |text: &str, strong: bool| {
        if !text.is_empty() {
            spans.push(Span { text: text.to_owned(), strong });
        }
    };
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        let known = after
            .split_once('}')
            .and_then(|(name, tail)| values.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value, tail)));
        push(before, false);
        rest = if let Some((value, tail)) = known {
            push(value, true);
            tail
        } else {
            push("${", false);
            after
        };
    }
    push(rest, false);
    spans
}

#[cfg(test)]
mod tests {
    use super::{Span, fill, spans};

    #[test]
    fn values_are_not_expanded_again() {
        let values = [("clientName", "${companyName}"), ("companyName", "Acme")];
        assert_eq!(fill("${clientName} at ${companyName}.", &values), "${companyName} at Acme.");
    }

    #[test]
    fn unknown_and_broken_placeholders_stay() {
        assert_eq!(fill("${who} ${clientName", &[("clientName", "App")]), "${who} ${clientName");
        assert_eq!(fill("cost: $5 {x} ${", &[]), "cost: $5 {x} ${");
    }

    #[test]
    fn values_stand_out() {
        let expected = [("Hello ", false), ("App", true), ("!", false)];
        let expected = expected.map(|(text, strong)| Span { text: text.to_owned(), strong });
        assert_eq!(spans("Hello ${clientName}!", &[("clientName", "App")]), expected);
    }
}
