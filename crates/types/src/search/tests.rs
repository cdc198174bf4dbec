//! The language: what is read, what is refused and where, and what holds for every text.

use proptest::prelude::*;

use super::*;

fn canonical(text: &str) -> String {
    parse(text).map_or_else(|error| format!("! {error}"), |node| node.to_string())
}

#[test]
fn queries_are_read_as_they_are_meant() {
    for (text, expected) in [
        ("email:jane@example.com", r#"email:"jane@example.com""#),
        (r#"email:"jane@example.com""#, r#"email:"jane@example.com""#),
        ("jane", r#""jane""#),
        ("email : x", "! unexpected : at character 7"),
        ("email: x", r#"email:"x""#),
        ("a b", r#"("a" OR "b")"#),
        ("a OR b AND c", r#"("a" OR ("b" AND "c"))"#),
        ("a && b || c", r#"(("a" AND "b") OR "c")"#),
        ("NOT a OR b", r#"(NOT "a" OR "b")"#),
        (
            "NOT _exists_:email_verified OR email_verified:false",
            r#"(NOT _exists_:email_verified OR email_verified:"false")"#,
        ),
        ("!a", r#"NOT "a""#),
        ("a -b", r#"("a" AND NOT "b")"#),
        ("+a b", r#""a""#),
        ("a AND -b", r#"("a" AND NOT "b")"#),
        ("name:(jane OR \"John Doe\")", r#"(name:"jane" OR name:"John Doe")"#),
        ("name:(jane AND NOT doe)", r#"(name:"jane" AND NOT name:"doe")"#),
        ("((a))", r#""a""#),
        ("logins_count:[10 TO 100}", r#"logins_count:["10" TO "100"}"#),
        ("last_login:[* TO 2024-12-31]", r#"last_login:[* TO "2024-12-31"]"#),
        ("created_at:{2025-01-01T10:00:00Z TO *}", r#"created_at:{"2025-01-01T10:00:00Z" TO *]"#),
        ("created_at:[* TO *]", "_exists_:created_at"),
        ("name:*", "_exists_:name"),
        ("name:ja*n?", r"name:ja*n?"),
        (r"name:a\*b", r#"name:"a*b""#),
        (r"name:\AND", r#"name:"AND""#),
        ("identities.connection:\"my-db\"", r#"identities.connection:"my-db""#),
        ("user_id:auth0|abc-1", r#"user_id:"auth0|abc-1""#),
        (r"app_metadata.a\-b:1", r#"app_metadata.a\-b:"1""#),
        ("ORANGE NOTE", r#"("ORANGE" OR "NOTE")"#),
        (r#""a \" \\ b""#, r#""a \" \\ b""#),
    ] {
        assert_eq!(canonical(text), expected, "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    for (text, expected) in [
        ("", "the query is empty at character 1"),
        ("   ", "the query is empty at character 1"),
        ("a AND", "a term is missing at character 6"),
        ("OR a", "a term is missing before OR at character 1"),
        ("a AND OR b", "a term is missing before OR at character 7"),
        ("(a", "a parenthesis is not closed at character 1"),
        ("a)", "a parenthesis is closed that was not opened at character 2"),
        ("()", "a term is missing before ) at character 2"),
        ("name:\"a", "a quotation mark is not closed at character 6"),
        ("name:", "a value is missing at character 6"),
        ("name:a:b", "a colon in a value needs a backslash before it, or quotes around the value at character 7"),
        ("name:(email:a)", "a field inside the parentheses of another field at character 12"),
        ("[1 TO 2]", "a range needs a field at character 1"),
        ("n:[1 2]", "a range has the form [a TO b] at character 3"),
        ("n:[1 TO 2", "a range is not closed at character 3"),
        ("n:[1 TO ]", "an end of the range is missing at character 9"),
        ("n:[a* TO b]", "an end of a range has no wildcards at character 4"),
        ("name:*ab", "a term that begins with a wildcard needs at least 3 other characters at character 1"),
        ("name:a*b*c*d*e*f*g*h*i*j", "more than 8 wildcards in one term at character 1"),
        ("jane~", "~ is not supported; a literal one needs a backslash before it at character 5"),
        ("jane^2", "^ is not supported; a literal one needs a backslash before it at character 5"),
        ("/a/", "regular expressions are not supported; a literal / needs a backslash before it at character 1"),
        ("n:>1", "comparison signs are not supported; a literal > needs a backslash before it at character 3"),
        ("\"a b\"~2", "proximity and boosts are not supported at character 6"),
        ("a\\", "a backslash at the end at character 2"),
        ("_exists_:\"\"", "_exists_ needs the name of a field at character 1"),
        ("na*:a", "a field name has no wildcards at character 1"),
    ] {
        assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text}");
    }
    assert!(parse(&"(".repeat(100_000)).is_err());
    let deep = format!("{}a{}", "(".repeat(DEEPEST), ")".repeat(DEEPEST));
    assert!(parse(&deep).unwrap_err().reason.contains("levels"));
    assert!(parse(&"NOT ".repeat(1000)).unwrap_err().reason.contains("levels"));
    let many = vec!["a"; MOST_CLAUSES + 1].join(" ");
    assert!(parse(&many).unwrap_err().reason.contains("clauses"));
}

#[test]
fn values_have_the_type_of_their_field() {
    let typed = |text: &str| parse(text).unwrap().typed::<UserField>().map_err(|error| error.to_string());
    for (text, expected) in [
        ("a AND blocked:yes", "the field is true or false at character 7"),
        ("blocked:[false TO true]", "the field is true or false, and has no ranges at character 1"),
        ("logins_count:x", "the field needs a whole number at character 1"),
        ("logins_count:[1 TO x]", "the field needs a whole number at character 1"),
        ("logins_count:1*", "wildcards are for texts at character 1"),
        ("user_metadata.a:x*", "wildcards are not possible on this field at character 1"),
        ("user_metadata.a:[1 TO 2]", "ranges are not possible on this field at character 1"),
    ] {
        assert_eq!(typed(text).unwrap_err(), expected, "{text}");
    }
    assert!(typed("created_at:soon").unwrap_err().contains("needs a date"));
    let is = |field, check| Filter::Is(field, check);
    assert_eq!(typed("name:JANE"), Ok(is(UserField::Name, Check::Text("jane".to_owned()))));
    assert_eq!(typed("username:JANE"), Ok(is(UserField::Username, Check::Text("JANE".to_owned()))));
    assert_eq!(typed("logins_count:{1 TO 5}"), Ok(is(UserField::LoginsCount, Check::Numbers(Some(2), Some(4)))));
    let day =
        Check::Times(Some("2026-01-02T00:00:00Z".parse().unwrap()), Some("2026-01-03T00:00:00Z".parse().unwrap()));
    assert_eq!(typed("last_login:{2026-01-01 TO 2026-01-02]"), Ok(is(UserField::LastLogin, day.clone())));
    assert_eq!(typed("last_login:2026-01-02"), Ok(is(UserField::LastLogin, day)));
    let numbers = Check::Decimals(Bound::Included(1.5.into()), Bound::Open);
    assert_eq!(typed("app_metadata.n:[1.5 TO *]"), Ok(is(UserField::Value("app_metadata.n".to_owned()), numbers)));
}

/// Text with what means something in it more often than chance would have it.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[a-zA-Z0-9 ._@-]{0,6}",
        3 => prop::sample::select(vec![
            "AND ", " OR ", "NOT ", " TO ", "(", ")", "[", "]", "{", "}", "\"", "\\", ":", "*", "?", "&&", "||", "!", "+", "-",
            "name:", "_exists_:", "logins_count:", "user_metadata.a:",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(part, 0..14).prop_map(|parts| parts.concat())
}

proptest! {
    /// Reading never panics, and what is written in canonical form is read as the same.
    #[test]
    fn any_text_is_read_or_refused(text in text()) {
        match parse(&text) {
            Ok(node) => {
                let written = node.to_string();
                let again = parse(&written);
                prop_assert!(again.is_ok(), "{text:?} became {written:?}: {again:?}");
                prop_assert_eq!(again.unwrap().to_string(), written);
                let _ = node.typed::<UserField>();
                let _ = node.typed::<LogField>();
            }
            Err(error) => prop_assert!(error.at <= text.chars().count()),
        }
    }
}
