//! Users of a database connection.

use keywright_app::{Authentication, NewUser, SignUpError};
use keywright_testkit::{Engine, Scene};
use keywright_types::TenantSettings;

use crate::no_routes;

fn new_user(email: &str, username: Option<&str>) -> NewUser {
    NewUser {
        email: email.to_owned(),
        username: username.map(str::to_owned),
        password: "Correct-horse-2".to_owned(),
        email_verified: false,
    }
}

#[tokio::test]
async fn identifiers_ignore_case_and_are_unique_in_a_connection() {
    for engine in Engine::all() {
        let scene = Scene::with(no_routes, engine, TenantSettings::default()).await;
        let (app, tenant) = (&scene.app.app, &scene.app.tenant.id);
        for taken in ["jane@example.com", " JANE@Example.com "] {
            let refused = app.sign_up(tenant, &scene.connection, new_user(taken, None)).await;
            assert!(matches!(refused, Err(SignUpError::UserExists)), "{taken}: {refused:?}");
        }
        for identifier in ["jane@example.com", "Jane@EXAMPLE.com", " jane@example.com "] {
            let found = app.authenticate(tenant, &scene.connection, identifier, scene.password()).await.unwrap();
            assert!(matches!(found, Authentication::Success(_)), "{identifier}");
        }
        let wrong = app.authenticate(tenant, &scene.connection, "jane@example.com", "nope").await.unwrap();
        assert!(matches!(wrong, Authentication::WrongCredentials));
        let nobody = app.authenticate(tenant, &scene.connection, "nobody@example.com", "nope").await.unwrap();
        assert!(matches!(nobody, Authentication::WrongCredentials));
    }
}

#[tokio::test]
async fn a_username_serves_where_the_connection_wants_one() {
    let scene = Scene::new(no_routes).await;
    let (app, tenant) = (&scene.app.app, &scene.app.tenant.id);
    let mut connection = scene.connection.clone();
    connection.options.requires_username = true;
    app.update_connection(tenant, &connection).await.unwrap();
    let missing = app.sign_up(tenant, &connection, new_user("joe@example.com", None)).await;
    assert!(matches!(missing, Err(SignUpError::InvalidUsername)));
    let user = app.sign_up(tenant, &connection, new_user("joe@example.com", Some("Joe"))).await.unwrap();
    assert_eq!(user.username.as_deref(), Some("joe"));
    let taken = app.sign_up(tenant, &connection, new_user("joe2@example.com", Some("JOE"))).await;
    assert!(matches!(taken, Err(SignUpError::UserExists)));
    for identifier in ["joe", "JOE", "joe@example.com"] {
        let found = app.authenticate(tenant, &connection, identifier, "Correct-horse-2").await.unwrap();
        assert!(matches!(found, Authentication::Success(_)), "{identifier}");
    }
}

#[tokio::test]
async fn sign_up_refuses_what_it_has_to() {
    let scene = Scene::new(no_routes).await;
    let (app, tenant) = (&scene.app.app, &scene.app.tenant.id);
    let mut weak = new_user("joe@example.com", None);
    weak.password = "short".to_owned();
    let refused = app.sign_up(tenant, &scene.connection, weak).await;
    let Err(SignUpError::WeakPassword(check)) = refused else { panic!("{refused:?}") };
    assert!(!check.is_acceptable());
    let malformed = app.sign_up(tenant, &scene.connection, new_user("joe", None)).await;
    assert!(matches!(malformed, Err(SignUpError::InvalidEmail)));
    let mut closed = scene.connection.clone();
    closed.options.disable_signup = true;
    let refused = app.sign_up(tenant, &closed, new_user("joe@example.com", None)).await;
    assert!(matches!(refused, Err(SignUpError::Disabled)));
}
