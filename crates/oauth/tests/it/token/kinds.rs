//! Every kind of token and one-time object, offered at every door (CO-04, TK-03). Each opens its own and no other.

use keywright_testkit::{Answer, Browser, Scene};

use crate::expect::{logged_in, next_code, userinfo};
use crate::routes;

/// One value of each kind, all good and unused, and the browsers they belong to.
struct Kinds {
    scene: Scene,
    /// Has a session and a logout that waits for an answer.
    user: Browser,
    /// Has begun to log in.
    visitor: Browser,
    values: Vec<(&'static str, String)>,
}

const MORE: [(&str, &str); 1] = [("scope", "openid offline_access")];

impl Kinds {
    async fn new() -> Self {
        let scene = Scene::new(routes).await;
        let user = logged_in(&scene).await;
        let visitor = scene.app.browser();
        let started = visitor.get(&scene.authorize_path(&scene.web, &[])).await;
        let logout = user.get("/oidc/logout").await;
        let plain = scene.tokens(&scene.web, "contacts", "appointments:api").await;
        let both = scene.tokens(&scene.web, "openid contacts", "appointments:api").await;
        let opaque = scene.tokens(&scene.web, "openid offline_access", "").await;
        let values = vec![
            ("authorization code", next_code(&scene, &user, &scene.web, &MORE).await),
            ("refresh token", opaque.text("refresh_token")),
            ("access token of the API", plain.text("access_token")),
            ("access token of the API and /userinfo", both.text("access_token")),
            ("opaque access token", opaque.text("access_token")),
            ("ID token", opaque.text("id_token")),
            ("login transaction", started.location_parameter("state").unwrap()),
            ("logout", logout.location_parameter("state").unwrap()),
            ("session cookie", user.cookie("__Host-auth0").unwrap()),
            ("browser cookie", user.cookie("__Host-auth0-browser").unwrap()),
            ("client secret", scene.web.secret.clone()),
            ("client id", scene.web.id().to_owned()),
            ("user id", scene.user.user_id.clone()),
        ];
        Self { scene, user, visitor, values }
    }

    fn value(&self, kind: &str) -> &str {
        &self.values.iter().find(|(name, _)| *name == kind).expect("a kind").1
    }

    /// Offers every value at one door; `opens` says whether an answer is one that lets in.
    async fn check(&self, door: &str, keys: &[&str], opens: impl AsyncFn(&str) -> Result<bool, Box<Answer>>) {
        // The right ones come last, so that a wrong one that would spoil them is noticed.
        let (right, wrong): (Vec<_>, Vec<_>) = self.values.iter().partition(|(kind, _)| keys.contains(kind));
        assert_eq!(right.len(), keys.len(), "{door}");
        for (kind, value) in wrong.into_iter().chain(right) {
            match opens(value).await {
                Ok(open) => assert_eq!(open, keys.contains(kind), "{kind} at {door}"),
                Err(answer) => panic!("{kind} at {door}: {answer:#?}"),
            }
        }
    }
}

/// Lets in by a status, keeps out by another one, and does nothing else.
fn by_status(answer: Answer, open: u16, closed: u16) -> Result<bool, Box<Answer>> {
    match answer.status.as_u16() {
        status if status == open => Ok(true),
        status if status == closed => Ok(false),
        _ => Err(answer.into()),
    }
}

#[tokio::test]
async fn co_04_one_time_objects_of_each_kind_where_another_one_is_expected() {
    let kinds = Kinds::new().await;
    let (scene, visitor, user) = (&kinds.scene, &kinds.visitor, &kinds.user);
    let encoded = |value: &str| url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>();
    let page = |path: &str, value: &str| format!("{path}?state={}", encoded(value));
    kinds
        .check("the login page", &["login transaction"], async |value: &str| {
            by_status(visitor.get(&page("/u/login", value)).await, 200, 400)
        })
        .await;
    kinds
        .check("the sign-up page", &["login transaction"], async |value: &str| {
            by_status(visitor.get(&page("/u/signup", value)).await, 200, 400)
        })
        .await;
    kinds
        .check("/authorize/resume", &["login transaction"], async |value: &str| {
            by_status(visitor.get(&page("/authorize/resume", value)).await, 302, 400)
        })
        .await;
    kinds
        .check("the logout page", &["logout"], async |value: &str| {
            by_status(user.get(&page("/u/logout", value)).await, 200, 400)
        })
        .await;
    kinds
        .check("grant refresh_token", &["refresh token"], async |value: &str| {
            by_status(scene.refresh(&scene.web, value, &[]).await, 200, 403)
        })
        .await;
    kinds
        .check("grant authorization_code", &["authorization code"], async |value: &str| {
            by_status(scene.redeem(&scene.web, value, &[]).await, 200, 403)
        })
        .await;
}

#[tokio::test]
async fn tk_03_tokens_of_each_kind_at_every_endpoint_that_takes_one() {
    let kinds = Kinds::new().await;
    let scene = &kinds.scene;
    let userinfo_keys = ["access token of the API and /userinfo", "opaque access token"];
    kinds
        .check("/userinfo", &userinfo_keys, async |value: &str| by_status(userinfo(scene, value).await, 200, 401))
        .await;
    kinds
        .check("the session cookie", &["session cookie"], async |value: &str| {
            let thief = scene.app.browser();
            thief.set_cookie("__Host-auth0", Some(value));
            let answer = thief.get(&scene.authorize_path(&scene.web, &[("prompt", "none")])).await;
            match answer.location_parameter("error").as_deref() {
                None if answer.location_parameter("code").is_some() => Ok(true),
                Some("login_required") => Ok(false),
                _ => Err(answer.into()),
            }
        })
        .await;
    // Another user's ID token as a hint forbids to go on silently; anything else is no hint (§1.1).
    let stranger = keywright_app::NewUser {
        email: "other@example.com".to_owned(),
        username: None,
        password: scene.password().to_owned(),
        email_verified: true,
        ..keywright_app::NewUser::default()
    };
    scene.app.app.create_user(&scene.app.tenant.id, &scene.connection, stranger).await.unwrap();
    let other = scene.app.browser();
    let started = other.get(&scene.authorize_path(&scene.web, &[])).await;
    other.log_in(&started, "other@example.com", scene.password()).await;
    kinds
        .check("id_token_hint of /authorize", &["ID token"], async |value: &str| {
            let silent = [("prompt", "none"), ("id_token_hint", value)];
            let answer = other.get(&scene.authorize_path(&scene.web, &silent)).await;
            match answer.location_parameter("error").as_deref() {
                None if answer.location_parameter("code").is_some() => Ok(false),
                Some("login_required") => Ok(true),
                _ => Err(answer.into()),
            }
        })
        .await;
    kinds
        .check("id_token_hint of /oidc/logout", &["ID token"], async |value: &str| {
            let query = crate::expect::form(&[("id_token_hint", value)]);
            by_status(scene.app.browser().get(&format!("/oidc/logout?{query}")).await, 302, 400)
        })
        .await;
}

#[tokio::test]
async fn tk_03_revocation_ends_access_and_refresh_tokens_and_nothing_else() {
    let kinds = Kinds::new().await;
    let scene = &kinds.scene;
    let fields = |token| [("token", token), ("client_id", scene.web.id()), ("client_secret", &scene.web.secret)];
    let access_tokens = ["opaque access token", "access token of the API and /userinfo"];
    let others = kinds.values.iter().filter(|(kind, _)| *kind != "refresh token" && !access_tokens.contains(kind));
    for (kind, value) in others {
        let answer = scene.app.post_form("/oauth/revoke", &fields(value)).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, ""), "{kind}");
    }
    for kind in access_tokens {
        let token = kinds.value(kind);
        assert_eq!(userinfo(scene, token).await.status, 200, "{kind}");
        assert_eq!(scene.app.post_form("/oauth/revoke", &fields(token)).await.status, 200);
        assert_eq!(userinfo(scene, token).await.status, 401, "{kind}");
    }
    assert_eq!(scene.redeem(&scene.web, kinds.value("authorization code"), &[]).await.status, 200);
    let token = kinds.value("refresh token");
    assert_eq!(scene.refresh(&scene.web, token, &[]).await.status, 200);
    assert_eq!(scene.app.post_form("/oauth/revoke", &fields(token)).await.status, 200);
    assert_eq!(scene.refresh(&scene.web, token, &[]).await.status, 403);
}
