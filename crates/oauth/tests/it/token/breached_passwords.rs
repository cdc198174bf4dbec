//! LG-15: a source of breached passwords learns nothing, and nobody waits for one that is down.

use keywright_app::BreachedPasswordSource;
use keywright_testkit::{Answer, Behaviour, Engine, Receiver, Registered, Scene};
use keywright_types::TenantSettings;

use crate::expect::granted;
use crate::outcome::change_settings;
use crate::routes;

/// An answer of the source with these lines.
fn lines(lines: &str) -> Behaviour {
    let length = lines.len();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n");
    Behaviour::Raw(format!("{head}{lines}").into_bytes())
}

/// SHA-1 of the user's password, in its two parts.
fn parts(scene: &Scene) -> (String, String) {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, scene.password().as_bytes());
    let hex = digest.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02X}"));
    (hex[..5].to_owned(), hex[5..].to_owned())
}

async fn log_in(scene: &Scene, web: &Registered) -> Answer {
    let fields = [
        ("grant_type", "password"),
        ("client_id", web.id()),
        ("client_secret", &*web.secret),
        ("username", "jane@example.com"),
        ("password", scene.password()),
    ];
    scene.app.post_form("/oauth/token", &fields).await
}

#[tokio::test]
async fn lg_15_the_source_is_told_five_digits_and_its_failure_blocks_nobody() {
    let directory = "Username-Password-Authentication".to_owned();
    let settings = TenantSettings { default_directory: directory, ..TenantSettings::default() };
    let scene = Scene::with(routes, Engine::Sqlite, settings).await;
    let password = |client: &mut keywright_types::Client| client.grant_types.push("password".to_owned());
    let web = scene.app.change_client(&scene.web, password).await;
    let source = Receiver::start().await;
    scene.app.app.screen_passwords_with(BreachedPasswordSource::at(&source.url("/range/")).unwrap());
    let (told, kept) = parts(&scene);

    granted(&log_in(&scene, &web).await);
    assert_eq!(source.take(), [], "nobody is asked where the tenant does not want it");

    change_settings(&scene, |settings| {
        let detection = &mut settings.attack_protection.breached_password_detection;
        detection.enabled = true;
        detection.shields = vec!["block".to_owned()];
    })
    .await;
    source.answer(&[lines(&format!("{}:9\r\n{kept}:42\r\n", "0".repeat(35)))]);
    let answer = log_in(&scene, &web).await;
    assert_eq!((answer.status.as_u16(), answer.text("error")), (401, "password_leaked".to_owned()), "{answer:#?}");
    let asked = source.take();
    assert_eq!(asked.len(), 1);
    assert!(asked[0].head.starts_with(&format!("GET /range/{told} HTTP/1.1\r\n")), "{asked:?}");
    for secret in [&*kept, scene.password(), "jane"] {
        assert!(!asked[0].head.contains(secret) && asked[0].body.is_empty(), "{asked:?}");
    }
    // Another password, padding, and every way to be down.
    let rest = "F".repeat(35);
    for behaviour in [
        lines(&format!("{rest}:9")),
        lines(&format!("{kept}:0")),
        lines(""),
        Behaviour::Status(503),
        Behaviour::Raw(b"SSH-2.0-OpenSSH\r\n".to_vec()),
        Behaviour::Raw(Vec::new()),
        Behaviour::Silent,
    ] {
        source.answer(std::slice::from_ref(&behaviour));
        granted(&log_in(&scene, &web).await);
        assert_eq!(source.take().len(), 1, "{behaviour:?}");
    }
    drop(source);
    granted(&log_in(&scene, &web).await);
}
