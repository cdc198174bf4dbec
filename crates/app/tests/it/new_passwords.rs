//! What a connection takes as a new password (§7.2; `management-api.md` §4.5), and what it remembers of old ones.

use keywright_app::{AccountError, Caller, NewUser, PasswordRefusal, SignUpError};
use keywright_store::used_passwords;
use keywright_testkit::{Engine, Scene};
use keywright_types::{Connection, TenantSettings};
use serde_json::{Value, json};

use crate::no_routes;

/// The scene's connection with these options besides its own.
async fn set(scene: &Scene, options: Value) -> Connection {
    let mut connection = scene.connection.clone();
    connection.options = serde_json::from_value(options).unwrap();
    scene.app.app.update_connection(&scene.app.tenant.id, &connection).await.unwrap();
    connection
}

/// Why a user with this password is not made.
async fn refusal(scene: &Scene, connection: &Connection, password: &str) -> Option<PasswordRefusal> {
    let metadata = json!({ "first": "Joanna", "pet": "Rex the dog" });
    let new = NewUser {
        email: "jo.smith@example.com".to_owned(),
        password: password.to_owned(),
        profile: json!({ "name": "Jo Smithson" }).as_object().unwrap().clone(),
        user_metadata: metadata.as_object().unwrap().clone(),
        ..NewUser::default()
    };
    match scene.app.app.new_user_row(connection, new).await {
        Ok(_) => None,
        Err(SignUpError::Password(refusal)) => Some(refusal),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn words_of_the_dictionaries_are_refused() {
    let scene = Scene::new(no_routes).await;
    for (options, password, refused) in [
        (json!({ "passwordPolicy": "low" }), "password", false),
        (json!({ "passwordPolicy": "low", "password_dictionary": { "enable": false } }), "password", false),
        (json!({ "passwordPolicy": "low", "password_dictionary": { "enable": true } }), "PassWord", true),
        (json!({ "passwordPolicy": "low", "password_dictionary": { "enable": true } }), "passwordd-", false),
        (
            json!({ "passwordPolicy": "low", "password_dictionary": { "enable": true, "dictionary": ["Keywright"] } }),
            "keyWRIGHT",
            true,
        ),
        (json!({ "password_options": { "complexity": { "min_length": 1 } } }), "dragon", false),
        (
            json!({ "password_options": { "complexity": { "min_length": 1 }, "dictionary": { "active": true } } }),
            "dragon",
            true,
        ),
        (
            json!({ "password_options": {
                "complexity": { "min_length": 1 }, "dictionary": { "active": true, "custom": ["acme"] },
            } }),
            "ACME",
            true,
        ),
    ] {
        let connection = set(&scene, options.clone()).await;
        let refusal = refusal(&scene, &connection, password).await;
        assert_eq!(refusal, refused.then_some(PasswordRefusal::TooCommon), "{options} {password}");
    }
}

#[tokio::test]
async fn parts_of_the_profile_are_refused() {
    let scene = Scene::new(no_routes).await;
    let older = json!({ "passwordPolicy": "none", "password_no_personal_info": { "enable": true } });
    let newer = |fields: Value| {
        json!({ "password_options": {
            "complexity": { "min_length": 1 }, "profile_data": { "active": true, "blocked_fields": fields },
        } })
    };
    for (options, password, refused) in [
        (json!({ "passwordPolicy": "none" }), "jo.smith", false),
        (older.clone(), "xJO.SMITHx", true),
        (older.clone(), "a-smithson-b", true),
        (older.clone(), "123joanna", true),
        // Too short to be a part, and not one of the fields.
        (older.clone(), "jo-rex", false),
        (newer(json!(["user_metadata.pet"])), "my-rex", true),
        (newer(json!(["user_metadata.first"])), "joanna1", true),
        (newer(json!(["username"])), "joanna1", false),
    ] {
        let connection = set(&scene, options.clone()).await;
        let refusal = refusal(&scene, &connection, password).await;
        let expected = refused.then_some(PasswordRefusal::ContainsUserInformation);
        assert_eq!(refusal, expected, "{options} {password}");
    }
}

#[tokio::test]
async fn as_many_old_passwords_as_the_connection_says_are_refused() {
    for engine in Engine::all() {
        let scene = Scene::with(no_routes, engine, TenantSettings::default()).await;
        let (app, tenant, user) = (&scene.app.app, &scene.app.tenant, scene.user.user_id.as_str());
        let change = async |password: &str| match app.change_password(tenant, user, password, &Caller::default()).await
        {
            Ok(()) => true,
            Err(AccountError::Password(PasswordRefusal::UsedBefore)) => false,
            Err(error) => panic!("{error}"),
        };
        let remembered = async || {
            let (id, user) = (tenant.id.clone(), user.to_owned());
            app.store().read(move |tx| used_passwords::list(tx, &id, &user, 24)).await.unwrap().len()
        };
        set(&scene, json!({ "password_history": { "enable": true, "size": 2 } })).await;
        assert!(!change(scene.password()).await, "the current one");
        assert!(change("Correct-horse-2").await);
        assert!(!change(scene.password()).await, "the one before");
        assert!(!change("Correct-horse-2").await);
        assert!(change("Correct-horse-3").await);
        assert!(change(scene.password()).await, "the third last one is forgotten");
        assert_eq!(remembered().await, 1);

        set(
            &scene,
            json!({ "password_options": {
            "complexity": { "min_length": 8 }, "history": { "active": true, "size": 3 },
        } }),
        )
        .await;
        assert!(change("Correct-horse-4").await);
        assert!(!change("Correct-horse-3").await);
        assert_eq!(remembered().await, 2);

        set(&scene, json!({})).await;
        assert!(change("Correct-horse-3").await, "nobody asks any more");
        assert_eq!(remembered().await, 0, "and nothing is kept that is not needed");
    }
}
