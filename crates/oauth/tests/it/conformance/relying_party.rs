//! The relying party of the OpenID conformance suite: what it sends, and what it checks around every module
//! (`conformance-modules.md` §2 "baseline", §10 "static clients").

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation};
use keywright_store::params;
use keywright_testkit::{Answer, Browser, Registered, Scene, unescaped};
use keywright_types::{AppType, TokenEndpointAuthMethod};
use serde_json::{Value, json};

use crate::expect::{basic, form};
use crate::routes;

pub(crate) const CALLBACK: &str = "https://suite.example.com/test/a/keywright/callback";
pub(crate) const LOGGED_OUT: &str = "https://suite.example.com/test/a/keywright/post_logout_redirect";
pub(crate) const STATE: &str = "aB3dE5gH7j";
pub(crate) const NONCE: &str = "n0nCe-123";
pub(crate) const ISSUER: &str = "https://login.example.com/";

/// How the clients of a plan talk.
#[derive(Clone, Copy)]
pub(crate) struct Variant {
    pub(crate) response_type: &'static str,
    pub(crate) form_post: bool,
}

impl Variant {
    pub(crate) fn has(self, part: &str) -> bool {
        self.response_type.split(' ').any(|own| own == part)
    }
}

/// A tenant with profile `standard`, the clients of the suite and its user.
pub(crate) struct RelyingParty {
    pub(crate) scene: Scene,
    pub(crate) variant: Variant,
    /// Client A: `client_secret_basic`.
    pub(crate) client: Registered,
    /// Client B: `client_secret_post`.
    pub(crate) post_client: Registered,
    /// Client C: another one with `client_secret_basic`.
    pub(crate) second: Registered,
}

/// A page that was shown on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Login,
    Consent,
}

/// What came back to the callback.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) pages: Vec<Page>,
}

impl Reply {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }
}

/// What a finished flow gave.
#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "the names on the wire")]
pub(crate) struct Tokens {
    /// Claims of the ID tokens: of the authorization endpoint first, then of the token endpoint.
    pub(crate) id_tokens: Vec<Value>,
    /// The last ID token as it was sent.
    pub(crate) id_token: String,
    pub(crate) access_token: Option<String>,
    pub(crate) refresh_token: Option<String>,
    pub(crate) pages: Vec<Page>,
    pub(crate) code: Option<String>,
}

impl Tokens {
    pub(crate) fn claims(&self) -> &Value {
        self.id_tokens.last().unwrap()
    }
}

impl RelyingParty {
    pub(crate) async fn new(variant: Variant) -> Self {
        let scene = Scene::standard(routes).await;
        let mut clients = Vec::new();
        for (name, method) in [
            ("Client A", TokenEndpointAuthMethod::ClientSecretBasic),
            ("Client B", TokenEndpointAuthMethod::ClientSecretPost),
            ("Client C", TokenEndpointAuthMethod::ClientSecretBasic),
        ] {
            let registered = scene.app.register(name, AppType::RegularWeb, CALLBACK).await;
            let change = |client: &mut keywright_types::Client| {
                client.token_endpoint_auth_method = method;
                client.grant_types = ["authorization_code", "implicit", "refresh_token"].map(str::to_owned).to_vec();
                client.allowed_logout_urls = vec![LOGGED_OUT.to_owned()];
            };
            clients.push(scene.app.change_client(&registered, change).await);
        }
        let mut connection = scene.connection.clone();
        connection.enabled_clients.extend(clients.iter().map(|client| client.id().to_owned()));
        scene.app.app.update_connection(&scene.app.tenant.id, &connection).await.unwrap();
        give_every_claim(&scene).await;
        let [client, post_client, second] = clients.try_into().unwrap();
        Self { scene, variant, client, post_client, second }
    }

    /// Parameters of the authorization request; `more` replaces, and removes with an empty value.
    pub(crate) fn request(&self, client: &Registered, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let nonce = if self.variant.response_type == "code" { "" } else { NONCE };
        let response_mode = if self.variant.form_post { "form_post" } else { "" };
        let standard = [
            ("client_id", client.id()),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("state", STATE),
            ("nonce", nonce),
            ("response_type", self.variant.response_type),
            ("response_mode", response_mode),
        ];
        let kept = standard.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
        let all = kept.chain(more).filter(|(_, value)| !value.is_empty());
        all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    pub(crate) fn path(&self, client: &Registered, more: &[(&str, &str)]) -> String {
        format!("/authorize?{}", form(self.request(client, more)))
    }

    /// Sends a request, logs in and agrees where asked to, and reads what comes back to the callback.
    pub(crate) async fn reply(&self, browser: &Browser, more: &[(&str, &str)]) -> Reply {
        let first = browser.get(&self.path(&self.client, more)).await;
        self.follow(browser, first).await
    }

    pub(crate) async fn follow(&self, browser: &Browser, first: Answer) -> Reply {
        let (mut answer, mut pages) = (first, Vec::new());
        for _ in 0..10 {
            let location = answer.headers.get("location").map(|value| value.to_str().unwrap().to_owned());
            let Some(location) = location.filter(|location| location.starts_with('/')) else {
                return Reply { parameters: self.parameters(&answer), pages };
            };
            if location.starts_with("/authorize/resume") {
                answer = browser.get(&location).await;
                continue;
            }
            let page = browser.get(&location).await;
            assert_eq!(page.status, 200, "{page:#?}");
            answer = if location.starts_with("/u/login") {
                pages.push(Page::Login);
                let fields = [("username", "jane@example.com"), ("password", self.scene.password())];
                browser.submit(&location, &page, &fields).await
            } else {
                assert!(location.starts_with("/u/consent"), "{location}");
                pages.push(Page::Consent);
                browser.submit(&location, &page, &[("action", "accept")]).await
            };
        }
        panic!("the browser goes round in circles");
    }

    /// §2.3: the response at the exact callback, in the right part of it.
    fn parameters(&self, answer: &Answer) -> BTreeMap<String, String> {
        if self.variant.form_post {
            assert_eq!(answer.status, 200, "{answer:#?}");
            assert!(
                answer.body.contains(&format!("action=\"{CALLBACK}\"")) || unescaped(&answer.body).contains(CALLBACK)
            );
            return answer
                .body
                .split("<input")
                .skip(1)
                .filter_map(|tag| Some(tag.split('>').next()?.split("name=\"").nth(1)?.split('"').next()?.to_owned()))
                .map(|name| (name.clone(), answer.input(&name).unwrap()))
                .collect();
        }
        let location = answer.location();
        let rest = location.strip_prefix(CALLBACK).unwrap_or_else(|| panic!("another place: {location}"));
        let text = if self.variant.response_type == "code" {
            assert!(!rest.contains('#'), "{location}");
            rest.strip_prefix('?').unwrap()
        } else {
            // "Implicit and hybrid: in the fragment, and neither `code` nor `error` may appear in the query."
            rest.strip_prefix('#').unwrap_or_else(|| panic!("not in the fragment: {location}"))
        };
        url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
    }

    /// A whole flow with every check of the baseline.
    pub(crate) async fn flow(&self, browser: &Browser, more: &[(&str, &str)]) -> Tokens {
        let reply = self.reply(browser, more).await;
        self.finish(reply, more).await
    }

    /// What is left after the response: token endpoint, ID tokens, user info.
    pub(crate) async fn finish(&self, reply: Reply, more: &[(&str, &str)]) -> Tokens {
        let sent = self.request(&self.client, more);
        let of_request = |name: &str| sent.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        assert_eq!(reply.get("error"), None, "{reply:?}");
        assert_eq!(reply.get("state"), of_request("state"), "byte for byte");
        assert!(reply.get("iss").is_none_or(|iss| iss == ISSUER), "{reply:?}");
        for (part, name) in [("code", "code"), ("token", "access_token"), ("id_token", "id_token")] {
            assert_eq!(reply.get(name).is_some(), self.variant.has(part), "{name}: {reply:?}");
        }
        let nonce = of_request("nonce");
        let mut tokens = Tokens {
            id_tokens: Vec::new(),
            id_token: String::new(),
            access_token: reply.get("access_token").map(str::to_owned),
            refresh_token: None,
            pages: reply.pages.clone(),
            code: reply.get("code").map(str::to_owned),
        };
        if let Some(id_token) = reply.get("id_token") {
            let claims = self.id_token(&self.client, id_token, nonce).await;
            // "Required in the authorization-endpoint ID token when a token / a code is issued beside it."
            for (name, value) in [("at_hash", reply.get("access_token")), ("c_hash", reply.get("code"))] {
                assert_eq!(claims.get(name).and_then(Value::as_str).map(str::to_owned), value.map(half_hash), "{name}");
            }
            tokens.id_tokens.push(claims);
            id_token.clone_into(&mut tokens.id_token);
        }
        if let Some(code) = reply.get("code") {
            assert!(code.len() >= 16 && entropy(code) > 96.0, "{code}");
            let answer = self.redeem(&self.client, code).await;
            let body = Self::token_response(&answer);
            let claims = self.id_token(&self.client, body["id_token"].as_str().unwrap(), nonce).await;
            if let Some(first) = tokens.id_tokens.first() {
                assert_eq!((&first["iss"], &first["sub"]), (&claims["iss"], &claims["sub"]), "both ID tokens agree");
            }
            tokens.id_tokens.push(claims);
            body["id_token"].as_str().unwrap().clone_into(&mut tokens.id_token);
            tokens.access_token = body["access_token"].as_str().map(str::to_owned);
            tokens.refresh_token = body.get("refresh_token").and_then(Value::as_str).map(str::to_owned);
        }
        if let Some(access_token) = &tokens.access_token {
            let claims = self.userinfo(access_token).await;
            assert_eq!(claims["sub"], tokens.id_tokens.last().map_or(claims["sub"].clone(), |own| own["sub"].clone()));
        }
        tokens
    }

    pub(crate) async fn redeem(&self, client: &Registered, code: &str) -> Answer {
        let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        self.token(client, &fields).await
    }

    /// A request to the token endpoint with HTTP Basic.
    pub(crate) async fn token(&self, client: &Registered, fields: &[(&str, &str)]) -> Answer {
        let body = form(fields);
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("authorization", &basic(client.id(), &client.secret)),
        ];
        self.scene.app.request(http::Method::POST, "/oauth/token", &headers, body).await
    }

    /// §2.5.
    pub(crate) fn token_response(answer: &Answer) -> Value {
        assert_eq!(answer.status, 200, "{answer:#?}");
        assert!(answer.header("content-type").starts_with("application/json"));
        assert!(answer.header("cache-control").contains("no-store"));
        let body = answer.json();
        assert!(body["access_token"].as_str().is_some_and(|token| entropy(token) > 96.0), "{body}");
        assert!(body["token_type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")), "{body}");
        let lifetime = body["expires_in"].as_i64().unwrap();
        assert!(0 < lifetime && lifetime <= 31_536_000, "{body}");
        body
    }

    /// §2.6: the claims of an ID token, after every check.
    pub(crate) async fn id_token(&self, client: &Registered, token: &str, nonce: Option<&str>) -> Value {
        let keys: JwkSet = serde_json::from_str(&self.scene.app.get("/.well-known/jwks.json", &[]).await.body).unwrap();
        let header = jsonwebtoken::decode_header(token).unwrap();
        let matching: Vec<_> = keys.keys.iter().filter(|key| key.common.key_id == header.kid).collect();
        assert_eq!(matching.len(), 1, "exactly one key fits {header:?}");
        let mut validation = Validation::new(header.alg);
        validation.validate_exp = false;
        validation.set_audience(&[client.id()]);
        validation.set_issuer(&[ISSUER]);
        let key = DecodingKey::from_jwk(matching[0]).unwrap();
        let claims = jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims;
        let now = self.scene.app.app.now().as_second();
        let number = |name: &str| claims[name].as_i64().unwrap_or_else(|| panic!("{name} in {claims}"));
        assert!(number("exp") > now && number("exp") < now + 50 * 31_536_000, "{claims}");
        assert!(number("iat") <= now && number("iat") >= now - 300, "{claims}");
        assert!(
            claims.get("auth_time").is_none_or(|at| at.as_i64().is_some_and(|at| at <= now && at > now - 31_536_000))
        );
        assert!(claims.get("acr").is_none_or(|acr| acr.as_str().is_some_and(|acr| !acr.is_empty())), "{claims}");
        assert_eq!(claims.get("nonce").and_then(Value::as_str), nonce, "{claims}");
        assert!(claims["sub"].as_str().is_some_and(|sub| !sub.trim().is_empty()), "{claims}");
        well_typed(&claims);
        claims
    }

    /// §2.7.
    pub(crate) async fn userinfo(&self, access_token: &str) -> Value {
        let answer = self.scene.app.get("/userinfo", &[("authorization", &format!("Bearer {access_token}"))]).await;
        assert_eq!(answer.status, 200, "{answer:#?}");
        let claims = answer.json();
        well_typed(&claims);
        claims
    }
}

/// §2.6, "Any standard claim present has the right JSON type".
fn well_typed(claims: &Value) {
    for (name, value) in claims.as_object().unwrap() {
        let fits = match name.as_str() {
            "email_verified" | "phone_number_verified" => value.is_boolean(),
            "updated_at" => value.as_i64().is_some_and(|at| at > 631_152_000),
            "address" => value.as_object().is_some_and(|address| address.values().all(Value::is_string)),
            "name" | "given_name" | "family_name" | "middle_name" | "nickname" | "preferred_username" | "profile"
            | "picture" | "website" | "email" | "gender" | "birthdate" | "zoneinfo" | "locale" | "phone_number" => {
                value.as_str().is_some_and(|text| !text.trim().is_empty() && text != "null")
            }
            _ => true,
        };
        assert!(fits, "{name}: {value}");
    }
}

/// OpenID Connect Core §3.3.2.11: the left half of the hash of the value, by the hash of the ID token's algorithm (RS256).
pub(crate) fn half_hash(value: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, value.as_bytes());
    URL_SAFE_NO_PAD.encode(&digest.as_ref()[..16])
}

/// Shannon entropy of a text in bits.
pub(crate) fn entropy(text: &str) -> f64 {
    let mut counts = BTreeMap::new();
    for letter in text.chars() {
        *counts.entry(letter).or_insert(0_u32) += 1;
    }
    let length = f64::from(u32::try_from(text.chars().count()).unwrap());
    let per_letter: f64 =
        counts.values().map(|count| f64::from(*count) / length).map(|share| -share * share.log2()).sum();
    per_letter * length
}

/// Scopes and the claims that each opens (OpenID Connect Core §5.4).
pub(crate) const SCOPES: [(&str, &[&str]); 4] = [
    (
        "profile",
        &[
            "name",
            "given_name",
            "family_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("address", &["address"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// §10: "one user with every claim of section 6".
async fn give_every_claim(scene: &Scene) {
    let profile = json!({
        "name": "Jane Doe", "given_name": "Jane", "family_name": "Doe", "middle_name": "M.", "nickname": "jane",
        "preferred_username": "jane", "profile": "https://example.com/jane", "picture": "https://example.com/jane.png",
        "website": "https://jane.example.com", "gender": "female", "birthdate": "1990-02-28", "zoneinfo": "Europe/Berlin",
        "locale": "de-DE", "phone_number": "+49301234567", "phone_verified": true,
        "address": { "formatted": "Street 1\nBerlin", "country": "DE" }
    })
    .to_string();
    let written = scene.app.app.store().write(move |tx| {
        tx.execute("UPDATE users SET profile = $1 WHERE email = 'jane@example.com'", params![&profile])
    });
    assert_eq!(written.await.unwrap(), 1);
}
