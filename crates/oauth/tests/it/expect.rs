//! What answers of the JSON endpoints have in common (§0.4, CL-06), ways to get a code without the login page, and requests
//! that race (ST-01).

use std::borrow::Borrow;
use std::sync::Arc;

use keywright_testkit::{Answer, Browser, Registered, Scene, TestApp};
use keywright_types::ResourceServer;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// A JSON answer that nobody may keep.
#[track_caller]
pub(crate) fn uncached_json(answer: &Answer) {
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8", "{answer:#?}");
    uncached(answer);
}

/// CL-06, on every answer.
#[track_caller]
pub(crate) fn uncached(answer: &Answer) {
    assert_eq!(answer.header("cache-control"), "no-store", "{answer:#?}");
    assert_eq!(answer.header("pragma"), "no-cache", "{answer:#?}");
}

/// An OAuth error: status, code and sentence, and nothing else that a caller could use.
#[track_caller]
pub(crate) fn refused(answer: &Answer, status: u16, error: &str, description: &str) {
    assert_eq!(answer.oauth_error(), (status, error.to_owned(), description.to_owned()), "{answer:#?}");
    let body = answer.json();
    let members = body.as_object().unwrap().keys().filter(|key| *key != "error_uri");
    assert_eq!(members.count(), 2, "{body}");
    uncached_json(answer);
}

/// A success of the token endpoint.
#[track_caller]
pub(crate) fn granted(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:#?}");
    uncached_json(answer);
}

/// `Authorization: Basic`, without the form encoding that our ids and secrets do not need.
pub(crate) fn basic(client_id: &str, secret: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{client_id}:{secret}")))
}

/// Parameters as a form or a query.
pub(crate) fn form<N: AsRef<str>, V: AsRef<str>>(fields: impl IntoIterator<Item: Borrow<(N, V)>>) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A code from a browser whose user is logged in already; agrees to what is asked.
pub(crate) async fn next_code(
    scene: &Scene,
    browser: &Browser,
    registered: &Registered,
    more: &[(&str, &str)],
) -> String {
    let answer = browser.get(&scene.authorize_path(registered, more)).await;
    let answer = browser.consent(answer, "accept").await;
    answer.location_parameter("code").unwrap_or_else(|| panic!("no code: {answer:#?}"))
}

/// A browser with a session of the user.
pub(crate) async fn logged_in(scene: &Scene) -> Browser {
    let browser = scene.app.browser();
    let answer = scene.log_in(&browser, &scene.web, &[]).await;
    assert!(answer.location_parameter("code").is_some(), "{answer:#?}");
    browser
}

/// `GET /userinfo` with a token in the header.
pub(crate) async fn userinfo(scene: &Scene, token: &str) -> Answer {
    scene.app.get("/userinfo", &[("authorization", &format!("Bearer {token}"))]).await
}

/// Changes the scene's API.
pub(crate) async fn change_api(scene: &Scene, change: impl FnOnce(&mut ResourceServer)) {
    let mut api = scene.api.clone();
    change(&mut api);
    scene.app.app.update_api(&scene.app.tenant.id, &api).await.unwrap();
}

/// The same request `count` times at the same moment, on the nodes by turns.
pub(crate) async fn race<F>(nodes: &[&TestApp], count: usize, request: impl Fn(TestApp) -> F) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    let start = Arc::new(Barrier::new(count));
    let mut racing = JoinSet::new();
    for node in nodes.iter().copied().cycle().take(count) {
        let (start, request) = (start.clone(), request(node.clone()));
        racing.spawn(async move {
            start.wait().await;
            request.await
        });
    }
    racing.join_all().await
}

/// The one answer with this status, and the others.
#[track_caller]
pub(crate) fn only_one(answers: Vec<Answer>, status: u16) -> (Answer, Vec<Answer>) {
    let (mut won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == status);
    assert_eq!(won.len(), 1, "{} times {status} and {} other answers", won.len(), lost.len());
    (won.remove(0), lost)
}
