//! The two ways to log out (§6.2, §6.3).

mod backchannel;
mod both;
mod oidc;
mod v2;

use keywright_testkit::{Answer, Browser, Scene};

/// Addresses that must never be redirected to when `https://app.example.com/bye` is registered (RU-07).
const OPEN_REDIRECTS: [&str; 46] = [
    "https://evil.example/bye",
    "https://evil.example",
    "//evil.example/bye",
    "///evil.example/bye",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/evil",
    "/u/login",
    "bye",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https:\\\\evil.example",
    "https://app.example.com\\@evil.example/bye",
    "https://app.example.com@evil.example/bye",
    "https://app.example.com:443@evil.example/bye",
    "https://evil@app.example.com/bye",
    "https://app.example.com%40evil.example/bye",
    "https://app.example.com%2eevil.example/bye",
    "https://app.example.com.evil.example/bye",
    "https://app.example.comevil.example/bye",
    "https://evilapp.example.com/bye",
    "https://evil.app.example.com/bye",
    "https://app.example.com:8443/bye",
    "https://app.example.com:443/bye",
    "https://app.example.com./bye",
    "http://app.example.com/bye",
    "ftp://app.example.com/bye",
    "https://app.example.com/Bye",
    "https://app.example.com/bye/",
    "https://app.example.com/bye/../evil",
    "https://app.example.com/%62ye",
    "https://app.example.com//bye",
    "https://app.example.com/bye;evil",
    "https://app.example.com/",
    "https://app.example.com",
    "https://app.example.com/b\tye",
    "https://app.example.com/b\nye",
    "\thttps://app.example.com/bye",
    " https://app.example.com/bye",
    "https://\u{430}pp.example.com/bye",
    "javascript:alert(1)//https://app.example.com/bye",
    "data:text/html,https://app.example.com/bye",
    "https://*.example.com/bye",
];

/// A browser that is logged in, and the tokens of its web application.
async fn signed_in(scene: &Scene) -> (Browser, Answer) {
    let browser = scene.app.browser();
    let more = [("scope", "openid"), ("audience", "appointments:api")];
    let answer = scene.log_in(&browser, &scene.web, &more).await;
    let tokens = scene.redeem(&scene.web, &answer.location_parameter("code").unwrap(), &[]).await;
    (browser, tokens)
}
