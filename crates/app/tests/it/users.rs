//! Users of a database connection.

use keywright_app::{
    Authenticated, Authentication, Caller, LoginAttempt, NewUser, PasswordRefusal, SignUp, SignUpError,
};
use keywright_testkit::{Engine, Scene};
use keywright_types::{Connection, TenantSettings};

use crate::no_routes;

fn new_user(email: &str, username: Option<&str>) -> NewUser {
    NewUser {
        email: email.to_owned(),
        username: username.map(str::to_owned),
        password: "Correct-horse-2".to_owned(),
        email_verified: false,
        ..NewUser::default()
    }
}

async fn authenticate(scene: &Scene, connection: &Connection, identifier: &str, password: &str) -> Authentication {
    let (tenant, client, caller) = (&scene.app.tenant, &scene.web.client, &Caller::default());
    let attempt = LoginAttempt { tenant, connection, client, identifier, password, caller, browser: None };
    scene.app.app.authenticate(attempt).await.unwrap()
}

async fn sign_up(scene: &Scene, connection: &Connection, new: NewUser) -> Result<Authenticated, SignUpError> {
    let (tenant, client, caller) = (&scene.app.tenant, &scene.web.client, &Caller::default());
    let attempt = SignUp {
        tenant,
        connection,
        client,
        caller,
        browser: None,
        new,
        organization_id: None,
        language: None,
        request: &keywright_app::RequestFacts::default(),
        authorization: None,
    };
    scene.app.app.sign_up(attempt).await
}

#[tokio::test]
async fn identifiers_ignore_case_and_are_unique_in_a_connection() {
    for engine in Engine::all() {
        let scene = Scene::with(no_routes, engine, TenantSettings::default()).await;
        for taken in ["jane@example.com", " JANE@Example.com "] {
            let refused = sign_up(&scene, &scene.connection, new_user(taken, None)).await;
            assert!(matches!(refused, Err(SignUpError::UserExists)), "{taken}: {refused:?}");
        }
        for identifier in ["jane@example.com", "Jane@EXAMPLE.com", " jane@example.com "] {
            let found = authenticate(&scene, &scene.connection, identifier, scene.password()).await;
            assert!(matches!(found, Authentication::Success(_)), "{identifier}");
        }
        let wrong = authenticate(&scene, &scene.connection, "jane@example.com", "nope").await;
        assert!(matches!(wrong, Authentication::WrongCredentials));
        let nobody = authenticate(&scene, &scene.connection, "nobody@example.com", "nope").await;
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
    let missing = sign_up(&scene, &connection, new_user("joe@example.com", None)).await;
    assert!(matches!(missing, Err(SignUpError::InvalidUsername)));
    let user = sign_up(&scene, &connection, new_user("joe@example.com", Some("Joe"))).await.unwrap().user;
    assert_eq!(user.username.as_deref(), Some("joe"));
    let taken = sign_up(&scene, &connection, new_user("joe2@example.com", Some("JOE"))).await;
    assert!(matches!(taken, Err(SignUpError::UserExists)));
    for identifier in ["joe", "JOE", "joe@example.com"] {
        let found = authenticate(&scene, &connection, identifier, "Correct-horse-2").await;
        assert!(matches!(found, Authentication::Success(_)), "{identifier}");
    }
}

#[tokio::test]
async fn sign_up_refuses_what_it_has_to() {
    let scene = Scene::new(no_routes).await;
    let mut weak = new_user("joe@example.com", None);
    weak.password = "short".to_owned();
    let refused = sign_up(&scene, &scene.connection, weak).await;
    let Err(SignUpError::Password(PasswordRefusal::TooWeak(check))) = refused else { panic!("{refused:?}") };
    assert!(!check.is_acceptable());
    let malformed = sign_up(&scene, &scene.connection, new_user("joe", None)).await;
    assert!(matches!(malformed, Err(SignUpError::InvalidEmail)));
    let mut closed = scene.connection.clone();
    closed.options.disable_signup = true;
    let refused = sign_up(&scene, &closed, new_user("joe@example.com", None)).await;
    assert!(matches!(refused, Err(SignUpError::Disabled)));
}

#[tokio::test]
async fn lg_05_an_imported_hash_is_replaced_at_the_next_login() {
    let scene = Scene::new(no_routes).await;
    let (app, id, user_id) = (&scene.app.app, scene.app.tenant.id.clone(), scene.user.user_id.clone());
    let bcrypt = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    let (tenant, user, now) = (id.clone(), user_id.clone(), app.now());
    let import = move |tx: &mut keywright_store::Tx<'_>| {
        let old = keywright_store::users::find(tx, &tenant, &user)?.unwrap().password_hash;
        keywright_store::users::set_password_hash(tx, &tenant, &user, old.as_deref(), bcrypt, now)
    };
    assert!(app.store().write(import).await.unwrap());
    let wrong = authenticate(&scene, &scene.connection, "jane@example.com", "U*V").await;
    assert!(matches!(wrong, Authentication::WrongCredentials));
    let right = authenticate(&scene, &scene.connection, "jane@example.com", "U*U").await;
    let Authentication::Success(authenticated) = right else { panic!("{right:?}") };
    let (tenant, proof) = (id.clone(), authenticated.proof.clone());
    app.store().write(move |tx| proof.record(tx, &tenant, now)).await.unwrap();
    let stored = move |tx: &mut keywright_store::Tx<'_>| keywright_store::users::find(tx, &id, &user_id);
    let stored = app.store().read(stored).await.unwrap().unwrap().password_hash.unwrap();
    assert!(stored.starts_with("$argon2id$"), "{stored}");
    let again = authenticate(&scene, &scene.connection, "jane@example.com", "U*U").await;
    assert!(matches!(again, Authentication::Success(_)));
}
