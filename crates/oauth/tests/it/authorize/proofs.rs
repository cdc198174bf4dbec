//! What somebody proved counts for the flow, the step, the user and the browser it was proved in, once (LG-02).

use keywright_testkit::Scene;

use crate::outcome::{Outcome, add_user, answer_form, credentials, outcome};
use crate::routes;

const API: &[(&str, &str)] = &[("audience", "appointments:api"), ("scope", "openid appointments")];

#[tokio::test]
async fn lg_02_a_login_in_one_flow_is_none_in_another() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let again = [("prompt", "login")];
    let first = browser.get(&scene.authorize_path(&scene.web, &again)).await;
    let second = browser.get(&scene.authorize_path(&scene.web, &again)).await;
    let posted = answer_form(&browser, &first, &credentials(&scene)).await;
    // The session is there, but `prompt=login` of the other flow is not answered by it.
    let state = second.location().split("state=").nth(1).unwrap();
    let other = browser.get(&format!("/authorize/resume?state={state}")).await;
    assert_eq!(outcome(&other), Outcome::Login);
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Code);
    // And in its own flow it counted once: the transaction is over.
    assert_eq!(browser.get(posted.location()).await.status, 400);
}

#[tokio::test]
async fn lg_02_a_form_of_one_step_or_flow_is_nothing_at_another() {
    let scene = Scene::new(routes).await;
    let browser = scene.app.browser();
    let first = browser.get(&scene.authorize_path(&scene.web, API)).await;
    let second = browser.get(&scene.authorize_path(&scene.web, API)).await;
    let page = browser.get(first.location()).await;
    let csrf = page.input("_csrf").unwrap();
    let state = |answer: &keywright_testkit::Answer| answer.location().split("state=").nth(1).unwrap().to_owned();
    // The form of flow A with the state of flow B.
    let mut fields = credentials(&scene).to_vec();
    let (own, foreign) = (state(&first), state(&second));
    fields.extend([("_csrf", csrf.as_str()), ("state", foreign.as_str())]);
    assert_eq!(browser.post("/u/login", &fields).await.status, 403);
    // A consent that nobody was asked for, before anybody logged in: it records nothing.
    let accept = [("_csrf", csrf.as_str()), ("state", own.as_str()), ("action", "accept")];
    let answered = browser.post("/u/consent", &accept).await;
    assert!(answered.status.as_u16() >= 400 || outcome(&answered) == Outcome::Resume, "{answered:#?}");
    let posted = answer_form(&browser, &first, &credentials(&scene)).await;
    assert_eq!(outcome(&browser.get(posted.location()).await), Outcome::Consent, "the early yes was none");
}

#[tokio::test]
async fn lg_02_a_consent_counts_for_the_user_and_the_browser_who_gave_it() {
    let scene = Scene::new(routes).await;
    add_user(&scene, "mallory@example.com").await;
    let (jane, mallory) = (scene.app.browser(), scene.app.browser());
    let asked = jane.get(&scene.authorize_path(&scene.web, API)).await;
    let posted = answer_form(&jane, &asked, &credentials(&scene)).await;
    let consent = jane.get(posted.location()).await;
    assert_eq!(outcome(&consent), Outcome::Consent);
    let page = jane.get(consent.location()).await;
    // Another browser has the whole form, and even a session of its own.
    let others = mallory.get(&scene.authorize_path(&scene.web, API)).await;
    let fields = [("username", "mallory@example.com"), ("password", scene.password())];
    answer_form(&mallory, &others, &fields).await;
    let taken = mallory.submit(consent.location(), &page, &[("action", "accept")]).await;
    assert!(taken.status.as_u16() >= 400, "{taken:#?}");
    let own = jane.submit(consent.location(), &page, &[("action", "accept")]).await;
    assert_eq!(outcome(&jane.get(own.location()).await), Outcome::Code);
}
