use serde_json::json;

use super::*;

async fn html(source: &str, variables: Json) -> Result<String, TemplateError> {
    render(source.to_owned(), Place::Html, variables).await
}

#[tokio::test]
async fn what_auth0_documents_is_understood() {
    let variables = json!({
        "user": { "name": "Jane", "email": "jane@example.com", "user_metadata": { "lang": "de", "tags": ["a", "b"] } },
        "application": { "name": "Appointments" },
        "url": "https://login.example.com/u/email-verification?ticket=x#",
    });
    for (source, expected) in [
        ("{{ application.name }} welcomes {{user.name}}", "Appointments welcomes Jane"),
        ("{% if user.user_metadata.lang == 'de' %}Hallo{% else %}Hello{% endif %}", "Hallo"),
        ("{% if user.nickname %}x{% endif %}[{{ user.nickname }}][{{ nothing.at.all }}]", "[][]"),
        ("{% assign x = user.email | split: '@' %}{{ x | last | upcase }}", "EXAMPLE.COM"),
        ("{% case user.user_metadata.lang %}{% when 'fr' %}f{% when 'de' %}d{% endcase %}", "d"),
        ("{% for tag in user.user_metadata.tags %}{{ forloop.index }}{{ tag }}{{ tag.x }} {% endfor %}", "1a 2b "),
        ("{% unless user.name %}x{% endunless %}{% comment %}y{% endcomment %}{% raw %}{{ z }}{% endraw %}", "{{ z }}"),
        ("{{ user.given_name | default: 'friend' }}", "friend"),
        ("<a href=\"{{ url }}\">", "<a href=\"https://login.example.com/u/email-verification?ticket=x#\">"),
    ] {
        assert_eq!(html(source, variables.clone()).await.as_deref(), Ok(expected), "{source}");
    }
}

/// Profiles are written by strangers.
#[tokio::test]
async fn wb_01_values_of_users_stay_text() {
    let hostile = "<script>alert('1')</script>\"&";
    let safe = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp;";
    let variables = json!({
        "user": { "name": hostile, "user_metadata": { hostile: hostile }, "list": [hostile] },
        "encoded": "%3Cb%3E%22",
        "link": "o'brien+1@example.com",
    });
    for source in [
        "{{ user.name }}",
        "{{ user.name | escape }}",
        "{{ user.name | escape_once }}",
        "{% assign x = user.name %}{{ x }}",
        "{% for x in user.list %}{{ x }}{% endfor %}",
        "{{ user.name | append: '' | strip_html }}",
    ] {
        assert_eq!(html(source, variables.clone()).await.as_deref(), Ok(safe), "{source}");
    }
    let all = html("{{ user.user_metadata }}{{ user.list }}{{ user }}", variables.clone()).await.unwrap();
    assert!(!all.contains('<') && !all.contains('"'), "{all}");
    assert_eq!(html("{{ encoded | url_decode }}", variables.clone()).await.unwrap(), "&lt;b&gt;&quot;");
    assert_eq!(html("{{ link | url_encode }}", variables.clone()).await.unwrap(), "o%27brien%2B1%40example.com");
    let text = render("{{ user.name }}".to_owned(), Place::Text, variables).await;
    assert_eq!(text.as_deref(), Ok(hostile));
}

/// DO-03: size and depth are bounded, and so is the work.
#[tokio::test]
async fn do_03_no_template_takes_much_time_or_memory() {
    let list: Vec<u32> = (0..500).collect();
    let variables = json!({ "list": list, "long": "x".repeat(5_000), "short": "xxxxxxxx" });
    let doubling: String = "{% assign x = 'x' %}".to_owned() + &"{% assign x = x | append: x %}".repeat(64);
    let literal = format!("{{{{ short | replace: 'x', '{}' }}}}", "y".repeat(100_000));
    let loops = "{% for a in list %}{% for b in list %}{% for c in list %}{% endfor %}{% endfor %}{% endfor %}";
    let deep = "{% if list %}".repeat(1_001);
    let nested = format!("{{{{ {}list{} }}}}", "list[".repeat(900), "]".repeat(900));
    for source in [
        doubling.as_str(),
        "{{ long | replace: 'x', long }}",
        &literal,
        loops,
        &deep,
        &"{% if list %}".repeat(999),
        &"x".repeat(300_000),
        "{% for x in (1..1000000000) %}{% endfor %}",
        "{% capture x %}{% endcapture %}",
        "{% include 'x' %}",
        "{% render 'x' %}",
        "{% unknown %}",
        "{{ x | unknown }}",
        "{{",
        "{% if %}",
        "{{ 1 | divided_by: 0 }}",
    ] {
        let result = html(source, variables.clone()).await;
        assert!(result.is_err(), "{}: {result:?}", source.chars().take(80).collect::<String>());
    }
    // Whatever becomes of it, the process goes on.
    let _ = html(&nested, variables.clone()).await;
    let many = "{% for a in list %}{{ long }}{% endfor %}";
    assert!(html(many, variables).await.is_err(), "the result is too long");
}

/// OP-02: "mail links […] cannot be logged […] by accident".
#[tokio::test]
async fn op_02_an_error_repeats_no_value() {
    let variables = json!({ "url": "https://login.example.com/u/reset-password?ticket=secret", "zero": 0 });
    for source in ["{{ url | divided_by: 0 }}", "{{ url | times: url }}", "{{ 1 | divided_by: zero | append: url }}"] {
        let error = html(source, variables.clone()).await.unwrap_err().to_string();
        assert!(!error.contains("secret") && !error.contains("ticket"), "{error}");
    }
}
