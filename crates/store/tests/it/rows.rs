//! Rows for tests, each complete and plausible; a test changes the fields it is about.

use jiff::Timestamp;
use keywright_store::action_bindings::ActionBindingRow;
use keywright_store::action_versions::ActionVersionRow;
use keywright_store::actions::ActionRow;
use keywright_store::authorization_codes::AuthorizationCodeRow;
use keywright_store::client_credentials::ClientCredentialRow;
use keywright_store::client_grants::ClientGrantRow;
use keywright_store::client_secrets::ClientSecretRow;
use keywright_store::clients::ClientRow;
use keywright_store::connections::ConnectionRow;
use keywright_store::data_keys::DataKeyRow;
use keywright_store::device_codes::{DeviceApproval, DeviceCodeRow, DeviceCodeState};
use keywright_store::grants::GrantRow;
use keywright_store::jobs::JobRow;
use keywright_store::pushed_requests::PushedRequestRow;
use keywright_store::refresh_tokens::RefreshTokenRow;
use keywright_store::resource_servers::ResourceServerRow;
use keywright_store::roles::{PermissionRow, RoleRow};
use keywright_store::rules::{RuleConfigRow, RuleRow};
use keywright_store::sessions::SessionRow;
use keywright_store::signing_keys::{EcKeyRow, KeyState, SigningKeyRow};
use keywright_store::tenant_documents::TenantDocumentRow;
use keywright_store::tenants::TenantRow;
use keywright_store::tickets::TicketRow;
use keywright_store::transactions::TransactionRow;
use keywright_store::user_jobs::UserJobRow;
use keywright_store::userinfo_claims::UserinfoClaimsRow;
use keywright_store::users::UserRow;
use keywright_store::{Store, StoreError, Tx, clients, tenants, users};
use keywright_types::TenantId;

/// `seconds` after the time at which all tests take place; with a fraction, so that milliseconds are kept too.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_795_219_200_123 + seconds * 1000).unwrap()
}

pub(crate) fn acme() -> TenantId {
    TenantId::new("acme")
}

pub(crate) fn umbrella() -> TenantId {
    TenantId::new("umbrella")
}

/// The tenants acme and umbrella; acme with the application `app` and the user `auth0|ann`.
pub(crate) async fn populate(store: &Store) {
    store.write(populate_job).await.unwrap();
}

fn populate_job(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tenants::insert(tx, &tenant("acme"))?;
    tenants::insert(tx, &tenant("umbrella"))?;
    clients::insert(tx, &acme(), &client("app"))?;
    users::insert(tx, &acme(), &user("ann"))
}

pub(crate) fn tenant(name: &str) -> TenantRow {
    TenantRow {
        tenant_id: TenantId::new(name),
        domain: format!("{name}.example.com"),
        settings: r#"{"friendly_name":"Ærø"}"#.to_owned(),
        created_at: at(0),
    }
}

pub(crate) fn signing_key(kid: &str, state: KeyState) -> SigningKeyRow {
    SigningKeyRow {
        kid: kid.to_owned(),
        state,
        private_key: vec![0, 1, 255],
        certificate: vec![48, 0],
        created_at: at(0),
        ec: Some(ec_key(kid)),
        current_since: None,
        current_until: None,
        revoked_at: None,
    }
}

pub(crate) fn ec_key(kid: &str) -> EcKeyRow {
    EcKeyRow { kid: format!("ec-{kid}"), private_key: vec![3, 1, 255] }
}

pub(crate) fn client(id: &str) -> ClientRow {
    ClientRow {
        client_id: id.to_owned(),
        name: format!("Application {id}"),
        document: r#"{"app_type":"regular_web"}"#.to_owned(),
        secret: Some(vec![7, 0, 7]),
        addons: Some(vec![8, 0, 8]),
        created_at: at(0),
        updated_at: at(1),
    }
}

pub(crate) fn user_job(id: &str) -> UserJobRow {
    UserJobRow {
        job_id: id.to_owned(),
        kind: "users_import".to_owned(),
        status: "pending".to_owned(),
        request: "{}".to_owned(),
        slot: None,
        total: 9,
        done: 0,
        inserted: 0,
        updated: 0,
        failed: 0,
        reached: String::new(),
        details: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub(crate) fn tenant_document(name: &str) -> TenantDocumentRow {
    TenantDocumentRow {
        kind: "email-template".to_owned(),
        name: name.to_owned(),
        document: r#"{"subject":"Hello"}"#.to_owned(),
        secrets: Some(vec![4, 0, 4]),
        created_at: at(0),
        updated_at: at(1),
    }
}

/// Names that differ in case only have the same name for people.
pub(crate) fn rule(id: &str, position: i64) -> RuleRow {
    RuleRow {
        rule_id: format!("rul_{id}"),
        name: format!("rule {}", id.to_uppercase()),
        position,
        enabled: true,
        stage: "login_success".to_owned(),
        script: "function (user, context, callback) { callback(); }".to_owned(),
        created_at: at(0),
        updated_at: at(1),
    }
}

pub(crate) fn rule_config(name: &str) -> RuleConfigRow {
    RuleConfigRow { name: name.to_owned(), value: vec![8, 0, 8], updated_at: at(1) }
}

/// As [`rule`].
pub(crate) fn action(id: &str) -> ActionRow {
    ActionRow {
        action_id: format!("act-{id}"),
        name: format!("act {}", id.to_uppercase()),
        trigger_id: "post-login".to_owned(),
        deployed_version: None,
        document: r#"{"code":"exports"}"#.to_owned(),
        secrets: Some(vec![9, 0, 9]),
        created_at: at(0),
        updated_at: at(1),
    }
}

pub(crate) fn action_version(action: &str, number: i64) -> ActionVersionRow {
    ActionVersionRow {
        version_id: format!("ver-{action}-{number}"),
        action_id: format!("act-{action}"),
        number,
        document: r#"{"code":"exports"}"#.to_owned(),
        secrets: Some(vec![9, 0, 9]),
        created_at: at(2),
    }
}

pub(crate) fn binding(action: &str, position: i64) -> ActionBindingRow {
    ActionBindingRow {
        binding_id: format!("bin-{action}"),
        trigger_id: "post-login".to_owned(),
        position,
        action_id: format!("act-{action}"),
        display_name: "Bound".to_owned(),
        document: "{}".to_owned(),
        secrets: Some(vec![6, 0, 6]),
        created_at: at(3),
        updated_at: at(3),
    }
}

pub(crate) fn resource_server(id: &str) -> ResourceServerRow {
    ResourceServerRow {
        id: id.to_owned(),
        identifier: format!("{id}:api"),
        document: r#"{"scopes":[]}"#.to_owned(),
        signing_secret: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub(crate) fn role(name: &str) -> RoleRow {
    RoleRow {
        role_id: format!("rol_{name}"),
        name: name.to_owned(),
        description: format!("Role {name}"),
        created_at: at(0),
    }
}

pub(crate) fn permission(audience: &str, name: &str) -> PermissionRow {
    PermissionRow { audience: audience.to_owned(), permission: name.to_owned() }
}

pub(crate) fn client_grant(id: &str, client_id: &str, audience: &str) -> ClientGrantRow {
    ClientGrantRow {
        id: id.to_owned(),
        client_id: client_id.to_owned(),
        audience: audience.to_owned(),
        subject_type: "client".to_owned(),
        document: r#"{"scope":["read"]}"#.to_owned(),
        created_at: at(0),
    }
}

pub(crate) fn connection(id: &str) -> ConnectionRow {
    ConnectionRow {
        id: id.to_owned(),
        name: format!("{id}-database"),
        strategy: "auth0".to_owned(),
        document: "{}".to_owned(),
        options: None,
        created_at: at(0),
        updated_at: at(0),
    }
}

pub(crate) fn user(name: &str) -> UserRow {
    UserRow {
        user_id: format!("auth0|{name}"),
        connection: "database".to_owned(),
        email: Some(format!("{name}@example.com")),
        email_verified: true,
        username: Some(name.to_owned()),
        password_hash: Some("$argon2id$1".to_owned()),
        blocked: false,
        profile: r#"{"name":"名前"}"#.to_owned(),
        user_metadata: "{}".to_owned(),
        app_metadata: "{}".to_owned(),
        created_at: at(0),
        updated_at: at(0),
        last_login_at: None,
        last_ip: None,
        logins_count: 0,
    }
}

pub(crate) fn grant(id: &str, audience: &str, scope: &str) -> GrantRow {
    GrantRow {
        grant_id: id.to_owned(),
        user_id: "auth0|ann".to_owned(),
        client_id: "app".to_owned(),
        audience: audience.to_owned(),
        scope: scope.to_owned(),
        consented: true,
        created_at: at(0),
        updated_at: at(0),
    }
}

/// A session of ann: idle end after 100 s, absolute end after 1000 s.
pub(crate) fn session(id: u8) -> SessionRow {
    SessionRow {
        handle_digest: vec![id; 32],
        session_id: format!("sid-{id}"),
        user_id: "auth0|ann".to_owned(),
        connection: "database".to_owned(),
        created_at: at(0),
        authenticated_at: at(0),
        last_active_at: at(0),
        idle_expires_at: at(100),
        expires_at: at(1000),
        persistent: true,
    }
}

/// A transaction that is over after 600 s.
pub(crate) fn transaction(id: u8) -> TransactionRow {
    TransactionRow {
        handle_digest: vec![id; 32],
        browser_digest: vec![99; 32],
        client_id: "app".to_owned(),
        request: r#"{"state":"x"}"#.to_owned(),
        progress: "{}".to_owned(),
        version: 0,
        created_at: at(0),
        expires_at: at(600),
        completed_at: None,
    }
}

/// A generation that seals since it was made.
pub(crate) fn data_key(generation: i64) -> DataKeyRow {
    DataKeyRow {
        generation,
        data_key: Some(vec![42, 0, 42]),
        sealed_with: "0123456789abcdef".to_owned(),
        emergency: false,
        created_at: at(generation),
        used_from: at(generation),
        resealed_at: None,
        retired_at: None,
    }
}

/// A job of the kind `mail`, due after `second`.
pub(crate) fn job(id: &str, second: i64) -> JobRow {
    JobRow {
        job_id: id.to_owned(),
        kind: "mail".to_owned(),
        payload: vec![0, 255],
        attempts: 0,
        created_at: at(0),
        run_at: at(second),
        claim: Some("claim".to_owned()).filter(|_| id == "j"),
        failed_at: None,
        failure: None,
    }
}

/// A code that is good for 60 s.
pub(crate) fn code(id: u8) -> AuthorizationCodeRow {
    AuthorizationCodeRow {
        code_digest: vec![id; 32],
        client_id: "app".to_owned(),
        user_id: "auth0|ann".to_owned(),
        session_id: "sid-1".to_owned(),
        binding: r#"{"redirect_uri":"https://app.example.com/cb"}"#.to_owned(),
        created_at: at(0),
        expires_at: at(60),
        consumed_at: None,
        family_id: None,
        access_token_issued_at: None,
        access_token_id: None,
    }
}

/// A device code of app that waits, good for 60 s. The code that people type is found by 100 more.
pub(crate) fn device_code(id: u8) -> DeviceCodeRow {
    DeviceCodeRow {
        code_digest: vec![id; 32],
        user_code_digest: Some(vec![100 + id; 32]),
        client_id: "app".to_owned(),
        request: r#"{"client_id":"app"}"#.to_owned(),
        ip: Some("192.0.2.7".to_owned()),
        poll_interval: 5,
        state: DeviceCodeState::Pending,
        approval: None,
        denial: None,
        created_at: at(0),
        expires_at: at(60),
        ended_at: None,
    }
}

/// What ann agrees to.
pub(crate) fn approval() -> DeviceApproval {
    DeviceApproval {
        user_id: "auth0|ann".to_owned(),
        session_id: "sid-1".to_owned(),
        binding: r#"{"scope":"openid"}"#.to_owned(),
    }
}

/// A key of app, without an end.
pub(crate) fn credential(id: &str) -> ClientCredentialRow {
    ClientCredentialRow {
        credential_id: id.to_owned(),
        client_id: "app".to_owned(),
        kid: format!("kid-of-{id}"),
        alg: "RS256".to_owned(),
        name: Some("Key".to_owned()),
        public_key: r#"{"kty":"RSA"}"#.to_owned(),
        created_at: at(0),
        updated_at: at(0),
        expires_at: None,
    }
}

/// A secret of app that was replaced and is good for 100 s.
pub(crate) fn secret(id: u8) -> ClientSecretRow {
    ClientSecretRow {
        secret_digest: vec![id; 32],
        secret: Some(vec![id, 0]),
        created_at: at(0),
        expires_at: Some(at(100)),
        last_used_at: None,
    }
}

/// A pushed request of app, good for 30 s.
pub(crate) fn pushed_request(id: u8) -> PushedRequestRow {
    PushedRequestRow {
        request_digest: vec![id; 32],
        client_id: "app".to_owned(),
        parameters: "response_type=code".to_owned(),
        created_at: at(0),
        expires_at: at(30),
    }
}

/// A rotating family of ann with app: idle end after 100 s, absolute end after 1000 s.
pub(crate) fn family(id: &str) -> RefreshTokenRow {
    RefreshTokenRow {
        family_id: id.to_owned(),
        generation: 0,
        client_id: "app".to_owned(),
        user_id: "auth0|ann".to_owned(),
        session_id: Some("sid-1".to_owned()),
        audience: "orders:api".to_owned(),
        scope: "openid offline_access".to_owned(),
        rotating: true,
        created_at: at(0),
        rotated_at: None,
        last_exchanged_at: None,
        idle_expires_at: Some(at(100)),
        expires_at: Some(at(1000)),
        revoked_at: None,
        payload: r#"{"auth_time":1}"#.to_owned(),
    }
}

/// A minute long.
pub(crate) fn ticket(digest: [u8; 32], kind: &str, user_id: &str) -> TicketRow {
    TicketRow {
        ticket_digest: digest.to_vec(),
        kind: kind.to_owned(),
        user_id: user_id.to_owned(),
        email: None,
        document: None,
        created_at: at(0),
        expires_at: at(60),
    }
}

/// Claims for the tokens that the application `app` got for a user in the first second.
pub(crate) fn userinfo_row(user_id: &str, expires_at: i64) -> UserinfoClaimsRow {
    UserinfoClaimsRow {
        user_id: user_id.to_owned(),
        client_id: "app".to_owned(),
        issued_at: 1,
        scope: "openid".to_owned(),
        claims: "{}".to_owned(),
        expires_at: at(expires_at),
    }
}
