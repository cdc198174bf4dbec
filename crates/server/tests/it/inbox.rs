//! `/dev/inbox`, and the way out of a block through it.

use serde_json::Value;

use crate::process::{Development, curl};

/// A browser on the login pages: curl with a cookie jar.
struct Browser<'a> {
    server: &'a Development,
    jar: String,
}

impl<'a> Browser<'a> {
    fn new(server: &'a Development) -> Self {
        let jar = server.directory().path().join("cookies").display().to_string();
        Self { server, jar }
    }

    fn get(&self, url: &str) -> (u16, String) {
        let options = ["--cookie", &self.jar, "--cookie-jar", &self.jar, "--header", "accept: text/html", "--location"];
        curl(url, Some(&self.server.authority()), &options)
    }

    /// Posts the form of `page` with its hidden fields.
    fn post(&self, url: &str, page: &str, fields: &[(&str, &str)]) -> (u16, String) {
        let hidden = [("state", field(page, "state")), ("_csrf", field(page, "_csrf"))];
        let own = hidden.iter().map(|(name, value)| (*name, value.as_str())).chain(fields.iter().copied());
        let data: Vec<String> = own.map(|(name, value)| format!("{name}={value}")).collect();
        let mut options =
            vec!["--cookie", &self.jar, "--cookie-jar", &self.jar, "--header", "sec-fetch-site: same-origin"];
        options.extend(data.iter().flat_map(|pair| ["--data-urlencode", pair.as_str()]));
        curl(url, Some(&self.server.authority()), &options)
    }
}

/// Value of a hidden field.
fn field(page: &str, name: &str) -> String {
    let (_, rest) = page.split_once(&format!("name=\"{name}\"")).unwrap_or_else(|| panic!("no {name} in {page}"));
    rest.split_once("value=\"").unwrap().1.split('"').next().unwrap().to_owned()
}

/// Waits for the mail, which arrives within a second.
fn mail(server: &Development) -> Value {
    loop {
        let (status, body) = server.curl("/dev/inbox", &[]);
        assert_eq!(status, 200, "{body}");
        let mails: Value = serde_json::from_str(&body).unwrap();
        if let Some(mail) = mails.as_array().unwrap().first() {
            return mail.clone();
        }
        std::thread::yield_now();
    }
}

#[test]
fn lg_08_a_blocked_user_is_unblocked_by_the_link_in_the_inbox() {
    let server = Development::start(&["--ephemeral"]);
    let base = server.text("/base_url");
    let application = &server.announcement["applications"][0];
    let client_id = application["client_id"].as_str().unwrap();
    let browser = Browser::new(&server);
    let callback = "http%3A%2F%2Flocalhost%3A3000%2Fcallback";
    let authorize = format!(
        "{base}/authorize?response_type=code&client_id={client_id}&redirect_uri={callback}&scope=openid&state=x"
    );
    let (status, page) = browser.get(&authorize);
    assert_eq!(status, 200, "{page}");
    let login = format!("{base}/u/login");
    let (email, password) = (server.text("/user/email"), server.text("/user/password"));
    for _ in 0..10 {
        let (status, body) = browser.post(&login, &page, &[("username", &email), ("password", "wrong")]);
        assert_eq!(status, 400, "{body}");
    }
    let (status, body) = browser.post(&login, &page, &[("username", &email), ("password", &password)]);
    assert_eq!(status, 429, "{body}");
    let mail = mail(&server);
    assert_eq!((mail["to"].as_str(), mail["template"].as_str()), (Some(email.as_str()), Some("blocked_account")));
    let text = mail["text"].as_str().unwrap();
    let link = text.lines().find(|line| line.starts_with(&format!("{base}/u/unblock?ticket="))).unwrap();
    let (status, list) = browser.get(&format!("{base}/dev/inbox"));
    assert!(status == 200 && list.contains("<h1>Inbox</h1>") && list.contains("blocked_account"), "{list}");
    let (status, shown) = browser.get(&format!("{base}/dev/inbox/{}", mail["id"]));
    assert!(status == 200 && shown.contains("<iframe"), "{shown}");
    let (status, question) = browser.get(link);
    assert_eq!(status, 200, "{question}");
    let (status, done) = browser.post(&format!("{base}/u/unblock"), &question, &[("action", "default")]);
    assert_eq!(status, 200, "{done}");
    let (status, body) = browser.post(&login, &page, &[("username", &email), ("password", &password)]);
    assert_eq!(status, 303, "{body}");
    assert_eq!(server.curl("/dev/inbox", &["--request", "DELETE"]).0, 204);
    assert_eq!(server.curl("/dev/inbox", &[]), (200, "[]".to_owned()));
    assert_eq!(server.curl("/dev/inbox/1", &[]).0, 404);
}

#[test]
fn op_05_the_inbox_answers_this_machine_only() {
    let server = Development::start(&["--ephemeral"]);
    for path in ["/dev/inbox", "/dev/inbox/1"] {
        let (status, _) = server.curl(path, &["--header", "x-forwarded-for: 203.0.113.9"]);
        assert_eq!(status, 403, "{path}");
    }
}
