//! `/playground`: there only where the tenant has switched it on, and the same for everybody.

use http::StatusCode;
use keywright_testkit::{Answer, Scene, SceneOptions};
use keywright_types::{Playground, TenantSettings};

async fn with(playground: Option<Playground>) -> Answer {
    let settings = TenantSettings { playground, ..TenantSettings::default() };
    let scene = Scene::build(keywright_login::router, SceneOptions { settings, ..SceneOptions::default() }).await;
    // Somebody who is logged in, who comes from somewhere, and who speaks German.
    let cookies = "auth0=x; auth0_compat=x; __Host-keywright=x; did=x";
    let headers = [("cookie", cookies), ("origin", "https://elsewhere.example"), ("accept-language", "de")];
    scene.app.get("/playground?code=x", &headers).await
}

#[tokio::test]
async fn nothing_is_there_unless_it_is_switched_on() {
    let off = Playground { client_id: "x".to_owned(), ..Playground::default() };
    for playground in [None, Some(off)] {
        let answer = with(playground).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
        assert_eq!(answer.json()["message"], "Not Found");
    }
}

#[tokio::test]
async fn it_begins_with_what_the_tenant_says_and_sets_no_cookie() {
    let on = Playground { enabled: true, ..Playground::default() };
    let answer = with(Some(on.clone())).await;
    assert_eq!((answer.status, answer.header("content-language")), (StatusCode::OK, "en"));
    assert!(!answer.headers.contains_key("set-cookie") && !answer.headers.contains_key("access-control-allow-origin"));
    assert!(answer.header("content-security-policy").contains("; connect-src 'self'; form-action 'none'"));
    for text in [
        "data-issuer=\"https://login.example.com/\"",
        "data-client-id=\"\" data-audience=\"\" data-scope=\"openid profile email offline_access\"",
    ] {
        assert!(answer.body.contains(text), "{text} in {}", answer.body);
    }
    let own = Playground {
        client_id: "client".to_owned(),
        audience: "a\"pi".to_owned(),
        scope: "openid read:contacts".to_owned(),
        ..on
    };
    let answer = with(Some(own)).await;
    let text = "data-client-id=\"client\" data-audience=\"a&#34;pi\" data-scope=\"openid read:contacts\"";
    assert!(answer.body.contains(text), "{}", answer.body);
}
