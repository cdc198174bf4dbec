//! Tenants do not see each other (TN-01): every function, called for another tenant with the identifiers of this one.

use std::sync::Arc;

use keywright_store::signing_keys::KeyState;
use keywright_store::{
    Range, Row, Store, StoreError, Tx, access_token_revocations, action_bindings, action_versions, actions,
    authorization_codes, client_credentials, client_grants, client_secrets, clients, config, connections, device_codes,
    device_credentials, grants, identities, jobs, known_devices, login_failures, network_attempts,
    organization_client_grants, organization_member_roles, organization_members, organizations, params,
    password_changes, pushed_requests, refresh_tokens, resource_servers, revoked_access_tokens, roles, rules, search,
    session_clients, sessions, signing_keys, tenant_documents, tenants, tickets, transactions, used_jwt_ids,
    used_passwords, user_jobs, user_permissions, userinfo_claims, users,
};
use keywright_types::TenantId;

use crate::database::Database;
use crate::organizations::organization;
use crate::refresh_tokens::rotation;
use crate::rows::{
    acme, action, action_version, approval, at, binding, client, client_grant, code, connection, credential,
    device_code, ec_key, family, grant, job, permission, populate, pushed_request, resource_server, role, rule,
    rule_config, secret, session, signing_key, tenant_document, ticket, transaction, umbrella, user, user_job,
    userinfo_row,
};

/// One row of everything for acme.
fn fill(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    signing_keys::insert(tx, &acme(), &signing_key("kid", KeyState::Current))?;
    resource_servers::insert(tx, &acme(), &resource_server("orders"))?;
    client_grants::insert(tx, &acme(), &client_grant("cg", "app", "orders:api"))?;
    connections::insert(tx, &acme(), &connection("a"))?;
    tenant_documents::insert(tx, &acme(), &tenant_document("welcome"))?;
    rules::insert(tx, &acme(), &rule("a", 1))?;
    rules::put_config(tx, &acme(), &rule_config("KEY"))?;
    let mut deployed = action("a");
    deployed.deployed_version = Some("ver-a-1".to_owned());
    actions::insert(tx, &acme(), &deployed)?;
    action_versions::insert(tx, &acme(), &action_version("a", 1))?;
    action_bindings::replace(tx, &acme(), "post-login", &[binding("a", 0)])?;
    roles::insert(tx, &acme(), &role("editor"))?;
    roles::add_permission(tx, &acme(), "rol_editor", &permission("orders:api", "read"))?;
    roles::assign(tx, &acme(), "auth0|ann", "rol_editor")?;
    user_permissions::insert(tx, &acme(), "auth0|ann", &permission("orders:api", "write"))?;
    organizations::insert(tx, &acme(), &organization("one"))?;
    organizations::put_connection(tx, &acme(), "org_one", &connection("a").id, "{}", at(1))?;
    organization_members::insert(tx, &acme(), "org_one", "auth0|ann", at(1))?;
    organization_member_roles::insert(tx, &acme(), "org_one", "auth0|ann", "rol_editor")?;
    organization_client_grants::insert(tx, &acme(), "org_one", "cg", at(1))?;
    grants::extend(tx, &acme(), &grant("g", "", "openid"))?;
    let mut lin = user("lin");
    lin.app_metadata = r#"{"a":1}"#.to_owned();
    users::insert(tx, &acme(), &lin)?;
    identities::link(tx, &acme(), "auth0|ann", "auth0|lin", at(1))?;
    let mut ann = user("ann");
    ann.app_metadata = r#"{"a":1}"#.to_owned();
    users::update_profile(tx, &acme(), &ann)?;
    device_credentials::insert(tx, &acme(), &crate::device_credentials::credential("1"))?;
    sessions::insert(tx, &acme(), &session(1))?;
    session_clients::insert(tx, &acme(), "sid-1", "app", at(1))?;
    transactions::insert(tx, &acme(), &transaction(1))?;
    authorization_codes::insert(tx, &acme(), &code(1))?;
    authorization_codes::insert(tx, &acme(), &code(2))?;
    authorization_codes::consume(tx, &acme(), &[2; 32], at(1))?;
    device_codes::insert(tx, &acme(), &device_code(1))?;
    device_codes::insert(tx, &acme(), &device_code(2))?;
    device_codes::approve(tx, &acme(), &[2; 32], "app", &approval(), at(1))?;
    device_codes::insert(tx, &acme(), &device_code(3))?;
    device_codes::deny(tx, &acme(), &[3; 32], "no", at(1))?;
    refresh_tokens::insert(tx, &acme(), &family("f"))?;
    jobs::insert(tx, &acme(), &job("j", 0))?;
    let mut failed = job("failed", 0);
    failed.failed_at = Some(at(1));
    jobs::insert(tx, &acme(), &failed)?;
    login_failures::count(tx, &acme(), &[1; 32], "a", 3, at(0), at(60))?;
    network_attempts::take(tx, &acme(), "pre-login", "a", ALLOWANCE, at(0))?;
    known_devices::remember(tx, &acme(), "auth0|ann", &[1; 32], at(60))?;
    tickets::insert(tx, &acme(), &ticket([1; 32], "unblock", "auth0|ann"))?;
    client_credentials::insert(tx, &acme(), &credential("cred"))?;
    client_secrets::replace(tx, &acme(), "app", &secret(1))?;
    used_jwt_ids::take(tx, &acme(), &[1; 32], at(60))?;
    used_passwords::remember(tx, &acme(), "auth0|ann", Some("$argon2id$0"), 3, at(1))?;
    users::set_password(tx, &acme(), "auth0|ann", "$argon2id$1", at(1))?;
    userinfo_claims::put(tx, &acme(), &userinfo_row("auth0|ann", 60))?;
    pushed_requests::insert(tx, &acme(), &pushed_request(1))?;
    revoked_access_tokens::insert(tx, &acme(), &[1; 32], at(60))?;
    user_jobs::insert(tx, &acme(), &user_job("job_a"))?;
    user_jobs::insert_part(tx, &acme(), "job_a", "input1", b"x")?;
    access_token_revocations::insert(tx, &acme(), "app", "auth0|ann", 1, at(60))
}

fn everybodys() -> refresh_tokens::FamilyOwner {
    refresh_tokens::FamilyOwner { user_id: None, client_id: None }
}

const ALLOWANCE: network_attempts::Allowance = network_attempts::Allowance { burst: 1, rate: 60_000 };

/// Everything acme has, by table.
async fn everything(store: &Store) -> Vec<Vec<Row>> {
    const TABLES: &[&str] = &[
        "SELECT * FROM tenants WHERE tenant_id = $1",
        "SELECT * FROM signing_keys WHERE tenant_id = $1",
        "SELECT * FROM clients WHERE tenant_id = $1",
        "SELECT * FROM resource_servers WHERE tenant_id = $1",
        "SELECT * FROM client_grants WHERE tenant_id = $1",
        "SELECT * FROM connections WHERE tenant_id = $1",
        "SELECT * FROM tenant_documents WHERE tenant_id = $1",
        "SELECT * FROM rules WHERE tenant_id = $1",
        "SELECT * FROM rule_configs WHERE tenant_id = $1",
        "SELECT * FROM actions WHERE tenant_id = $1",
        "SELECT * FROM action_versions WHERE tenant_id = $1",
        "SELECT * FROM action_bindings WHERE tenant_id = $1",
        "SELECT * FROM users WHERE tenant_id = $1 ORDER BY user_id",
        "SELECT * FROM user_values WHERE tenant_id = $1",
        "SELECT * FROM device_credentials WHERE tenant_id = $1",
        "SELECT * FROM roles WHERE tenant_id = $1",
        "SELECT * FROM role_permissions WHERE tenant_id = $1",
        "SELECT * FROM user_roles WHERE tenant_id = $1",
        "SELECT * FROM user_permissions WHERE tenant_id = $1",
        "SELECT * FROM organizations WHERE tenant_id = $1",
        "SELECT * FROM organization_connections WHERE tenant_id = $1",
        "SELECT * FROM organization_members WHERE tenant_id = $1",
        "SELECT * FROM organization_member_roles WHERE tenant_id = $1",
        "SELECT * FROM organization_client_grants WHERE tenant_id = $1",
        "SELECT * FROM grants WHERE tenant_id = $1",
        "SELECT * FROM sessions WHERE tenant_id = $1",
        "SELECT * FROM session_clients WHERE tenant_id = $1",
        "SELECT * FROM transactions WHERE tenant_id = $1",
        "SELECT * FROM authorization_codes WHERE tenant_id = $1 ORDER BY code_digest",
        "SELECT * FROM device_codes WHERE tenant_id = $1 ORDER BY code_digest",
        "SELECT * FROM refresh_tokens WHERE tenant_id = $1",
        "SELECT * FROM access_token_revocations WHERE tenant_id = $1",
        "SELECT * FROM jobs WHERE tenant_id = $1 ORDER BY job_id",
        "SELECT * FROM login_failures WHERE tenant_id = $1",
        "SELECT * FROM network_attempts WHERE tenant_id = $1",
        "SELECT * FROM known_devices WHERE tenant_id = $1",
        "SELECT * FROM tickets WHERE tenant_id = $1",
        "SELECT * FROM client_credentials WHERE tenant_id = $1",
        "SELECT * FROM client_secrets WHERE tenant_id = $1",
        "SELECT * FROM used_jwt_ids WHERE tenant_id = $1",
        "SELECT * FROM used_passwords WHERE tenant_id = $1",
        "SELECT * FROM password_changes WHERE tenant_id = $1",
        "SELECT * FROM userinfo_claims WHERE tenant_id = $1",
        "SELECT * FROM pushed_requests WHERE tenant_id = $1",
        "SELECT * FROM revoked_access_tokens WHERE tenant_id = $1",
        "SELECT * FROM user_jobs WHERE tenant_id = $1",
        "SELECT * FROM user_job_parts WHERE tenant_id = $1",
    ];
    store.read(|tx| TABLES.iter().map(|sql| tx.query(sql, params![&acme()])).collect()).await.unwrap()
}

fn member_roles(tx: &mut Tx<'_>, tenant: &TenantId) -> Result<Vec<roles::RoleRow>, StoreError> {
    organization_member_roles::list(tx, tenant, "org_one", "auth0|ann")
}

/// Every reading function as umbrella; the names of those that found something.
#[expect(clippy::too_many_lines, reason = "one line for each function")]
fn trespass_reading(tx: &mut Tx<'_>) -> Result<Vec<&'static str>, StoreError> {
    let t = &umbrella();
    let found = [
        ("signing_keys::list", !signing_keys::list(tx, t)?.is_empty()),
        ("clients::find", clients::find(tx, t, "app")?.is_some()),
        ("clients::list", !clients::list(tx, t)?.is_empty()),
        ("resource_servers::find", resource_servers::find_by_identifier(tx, t, "orders:api")?.is_some()),
        ("resource_servers::list", !resource_servers::list(tx, t)?.is_empty()),
        ("client_grants::find", client_grants::find(tx, t, "app", "orders:api", "client")?.is_some()),
        ("client_grants::list_for_client", !client_grants::list_for_client(tx, t, "app")?.is_empty()),
        ("clients::page", !clients::page(tx, t, &Range::first(9), "")?.is_empty()),
        ("clients::find_by_name", !clients::find_by_name(tx, t, &client("app").name)?.is_empty()),
        ("resource_servers::page", !resource_servers::page(tx, t, &Range::first(9))?.is_empty()),
        ("resource_servers::find", resource_servers::find(tx, t, "orders")?.is_some()),
        ("client_grants::page", !client_grants::page(tx, t, &Range::first(9))?.is_empty()),
        ("client_grants::find_by_id", client_grants::find_by_id(tx, t, "cg")?.is_some()),
        ("client_grants::list_for_audience", !client_grants::list_for_audience(tx, t, "orders:api")?.is_empty()),
        ("connections::page", !connections::page(tx, t, &Range::first(9))?.is_empty()),
        ("connections::find", connections::find(tx, t, &connection("a").id)?.is_some()),
        ("connections::find_by_name", connections::find_by_name(tx, t, "a-database")?.is_some()),
        ("connections::list", !connections::list(tx, t)?.is_empty()),
        ("tenant_documents::find", tenant_documents::find(tx, t, "email-template", "welcome")?.is_some()),
        ("user_jobs::find", user_jobs::find(tx, t, "job_a")?.is_some()),
        ("user_jobs::parts", !user_jobs::parts(tx, t, "job_a", ("a", "z"), 9)?.is_empty()),
        ("tenant_documents::list", !tenant_documents::list(tx, t, "email-template")?.is_empty()),
        ("rules::find", rules::find(tx, t, "rul_a")?.is_some()),
        ("rules::list", !rules::list(tx, t)?.is_empty()),
        ("rules::last_position", rules::last_position(tx, t)?.is_some()),
        ("rules::list_configs", !rules::list_configs(tx, t)?.is_empty()),
        ("actions::find", actions::find(tx, t, "act-a")?.is_some()),
        ("actions::find_by_name", actions::find_by_name(tx, t, "post-login", "act A")?.is_some()),
        ("actions::list", !actions::list(tx, t)?.is_empty()),
        ("actions::count", actions::count(tx, t)? > 0),
        ("action_versions::find", action_versions::find(tx, t, "act-a", "ver-a-1")?.is_some()),
        ("action_versions::list", !action_versions::list(tx, t, "act-a")?.is_empty()),
        ("action_versions::last_number", action_versions::last_number(tx, t, "act-a")?.is_some()),
        ("action_versions::list_deployed", !action_versions::list_deployed(tx, t)?.is_empty()),
        ("action_bindings::list", !action_bindings::list(tx, t, "post-login")?.is_empty()),
        ("action_bindings::count_for_action", action_bindings::count_for_action(tx, t, "act-a")? > 0),
        ("users::find", users::find(tx, t, "auth0|ann")?.is_some()),
        ("users::page", !users::page(tx, t, &Range::first(9))?.is_empty()),
        ("users::count", users::count(tx, t)? > 0),
        ("users::list_by_email", !users::list_by_email(tx, t, "ann@example.com")?.is_empty()),
        ("users::list_of_connection", !users::list_of_connection(tx, t, "database", 9)?.is_empty()),
        ("users::exist_in", users::exist_in(tx, t, "database")?),
        ("roles::page_users", !roles::page_users(tx, t, "rol_editor", "", 0, 9)?.is_empty()),
        ("roles::count_users", roles::count_users(tx, t, "rol_editor")? > 0),
        ("users::find_by_email", users::find_by_email(tx, t, "database", "ann@example.com")?.is_some()),
        ("users::find_by_username", users::find_by_username(tx, t, "database", "ann")?.is_some()),
        ("roles::find", roles::find(tx, t, "rol_editor")?.is_some()),
        ("roles::list", !roles::list(tx, t)?.is_empty()),
        ("roles::list_permissions", !roles::list_permissions(tx, t, "rol_editor")?.is_empty()),
        ("roles::list_for_user", !roles::list_for_user(tx, t, "auth0|ann")?.is_empty()),
        ("roles::list_users", !roles::list_users(tx, t, "rol_editor")?.is_empty()),
        ("user_permissions::list", !user_permissions::list(tx, t, "auth0|ann")?.is_empty()),
        ("user_permissions::effective", !user_permissions::effective(tx, t, "auth0|ann", "orders:api")?.is_empty()),
        ("organizations::find", organizations::find(tx, t, "org_one")?.is_some()),
        ("organizations::find_by_name", organizations::find_by_name(tx, t, "one")?.is_some()),
        ("organizations::connections", !organizations::connections(tx, t, "org_one")?.is_empty()),
        ("organizations::all_connections", !organizations::all_connections(tx, t, "org_one")?.is_empty()),
        ("organizations::page", !organizations::page(tx, t, &Range::first(9))?.is_empty()),
        ("organizations::count", organizations::count(tx, t)? > 0),
        (
            "user_permissions::effective_as_member",
            !user_permissions::effective_as_member(tx, t, "auth0|ann", "orders:api", "org_one")?.is_empty(),
        ),
        ("organization_member_roles::list", !member_roles(tx, t)?.is_empty()),
        ("organization_client_grants::list", !organization_client_grants::list(tx, t, "org_one")?.is_empty()),
        ("organization_client_grants::of", !organization_client_grants::organizations(tx, t, "cg")?.is_empty()),
        ("organization_members::page", !organization_members::page(tx, t, "org_one", "", 0, 9)?.is_empty()),
        ("organization_members::count", organization_members::count(tx, t, "org_one")? > 0),
        ("organization_members::exists", organization_members::exists(tx, t, "org_one", "auth0|ann")?),
        (
            "organization_members::organizations",
            !organization_members::organizations(tx, t, "auth0|ann", &connection("a").id)?.is_empty(),
        ),
        ("grants::find", grants::find(tx, t, "auth0|ann", "app", "")?.is_some()),
        ("sessions::find", sessions::find(tx, t, &[1; 32], at(1))?.is_some()),
        ("grants::find_by_id", grants::find_by_id(tx, t, "g")?.is_some()),
        ("logs::count_of_kind", keywright_store::logs::count_of_kind(tx, t, "s", "0", "9")? > 0),
        ("users::count_active", users::count_active(tx, t, at(-9))? > 0),
        (
            "organization_members::page_of_user",
            !organization_members::page_of_user(tx, t, "auth0|ann", 0, 9)?.is_empty(),
        ),
        ("organization_members::count_of_user", organization_members::count_of_user(tx, t, "auth0|ann")? > 0),
        ("network_attempts::is_empty", network_attempts::is_empty(tx, t, "pre-login", "a", ALLOWANCE, at(0))?),
        ("grants::page", !grants::page(tx, t, &grants::GrantSearch::default(), 0, 9)?.is_empty()),
        ("grants::count", grants::count(tx, t, &grants::GrantSearch::default(), 9)? > 0),
        ("users::find_account", users::find_account(tx, t, "auth0|ann")?.is_some()),
        ("identities::list", !identities::list(tx, t, "auth0|ann")?.is_empty()),
        ("identities::ids", !identities::ids(tx, t, "auth0|ann")?.is_empty()),
        ("identities::primary_of", identities::primary_of(tx, t, "auth0|lin")?.is_some()),
        ("device_credentials::page", !device_credentials::page(tx, t, "", "", 0, 9)?.is_empty()),
        ("device_credentials::count", device_credentials::count(tx, t, "", "", 9)? > 0),
        ("device_credentials::owner", device_credentials::owner(tx, t, "dcr_1")?.is_some()),
        ("sessions::page_of_user", !sessions::page_of_user(tx, t, "auth0|ann", at(1), &Range::first(9))?.is_empty()),
        ("sessions::details", sessions::details(tx, t, "sid-1", at(1))?.is_some()),
        ("refresh_tokens::page", !refresh_tokens::page(tx, t, &everybodys(), at(1), &Range::first(9))?.is_empty()),
        ("refresh_tokens::details", refresh_tokens::details(tx, t, "f", at(1))?.is_some()),
        ("search::users", !search::users::find(tx, t, &crate::user_search::all_users())?.rows.is_empty()),
        ("search::logs", !search::logs::find(tx, t, &crate::user_search::all_entries())?.0.is_empty()),
        ("session_clients::list", !session_clients::list(tx, t, "sid-1")?.is_empty()),
        ("sessions::find_by_session_id", sessions::find_by_session_id(tx, t, "sid-1", at(1))?.is_some()),
        ("transactions::find", transactions::find(tx, t, &[1; 32], at(1))?.is_some()),
        ("authorization_codes::find", authorization_codes::find(tx, t, &[1; 32])?.is_some()),
        ("device_codes::find", device_codes::find(tx, t, &[1; 32])?.is_some()),
        ("device_codes::typed", device_codes::find_by_user_code(tx, t, &[101; 32], at(1))?.is_some()),
        ("network_attempts::is_full", !network_attempts::is_full(tx, t, "pre-login", "a", at(0))?),
        ("refresh_tokens::find", refresh_tokens::find(tx, t, "f")?.is_some()),
        ("jobs::find", jobs::find(tx, t, "j")?.is_some()),
        ("jobs::failed", !jobs::failed(tx, t, 9)?.is_empty()),
        ("login_failures::list", !login_failures::list(tx, t, &[1; 32], at(1))?.is_empty()),
        ("password_changes::find", password_changes::find(tx, t, "auth0|ann")?.is_some()),
        ("userinfo_claims::find", userinfo_claims::find(tx, t, "auth0|ann", "app", 1)?.is_some()),
        ("used_passwords::list", !used_passwords::list(tx, t, "auth0|ann", 9)?.is_empty()),
        ("known_devices::is_known", known_devices::is_known(tx, t, "auth0|ann", &[1; 32], at(1))?),
        ("tickets::find", tickets::find(tx, t, &[1; 32], "unblock", at(1))?.is_some()),
        ("client_credentials::list", !client_credentials::list(tx, t, "app")?.is_empty()),
        ("client_secrets::list", !client_secrets::list(tx, t, "app")?.is_empty()),
        ("revoked_access_tokens::exists", revoked_access_tokens::exists(tx, t, &[1; 32])?),
        ("revocations::exists", access_token_revocations::exists(tx, t, "app", "auth0|ann", 1)?),
    ];
    Ok(found.into_iter().filter_map(|(name, found)| found.then_some(name)).collect())
}

/// Every changing function as umbrella; the names of those that changed something.
#[expect(clippy::too_many_lines, reason = "one line for each function")]
fn trespass_writing(tx: &mut Tx<'_>) -> Result<Vec<&'static str>, StoreError> {
    let t = &umbrella();
    // They answer nothing; what they change shows in `everything`.
    login_failures::take_back(tx, t, &[1; 32], "a")?;
    login_failures::reset(tx, t, &[1; 32], "a")?;
    network_attempts::give_back(tx, t, "pre-login", "a", ALLOWANCE)?;
    known_devices::forget(tx, t, "auth0|ann")?;
    used_passwords::remember(tx, t, "auth0|ann", None, 0, at(1))?;
    let changed = [
        ("login_failures::clear", login_failures::clear(tx, t, &[1; 32])? > 0),
        ("tickets::set_document", tickets::set_document(tx, t, &[1; 32], "unblock", "{}")?),
        ("tickets::take", tickets::take(tx, t, &[1; 32], "unblock", at(1))?.is_some()),
        ("signing_keys::add_ec", signing_keys::add_ec(tx, t, "kid", &ec_key("other"))?),
        ("signing_keys::promote", signing_keys::promote(tx, t, "kid", at(1))?),
        ("signing_keys::retire", signing_keys::retire(tx, t, "kid", at(1))?),
        ("signing_keys::revoke", signing_keys::revoke(tx, t, "kid", KeyState::Current, at(1))?),
        ("clients::update", clients::update(tx, t, &client("app"))?),
        ("client_grants::delete", client_grants::delete(tx, t, "cg")?),
        ("client_grants::delete_for_audience", client_grants::delete_for_audience(tx, t, "orders:api")? > 0),
        ("resource_servers::delete", resource_servers::delete(tx, t, "orders")?),
        ("connections::delete", connections::delete(tx, t, &connection("a").id)?),
        ("user_jobs::advance", user_jobs::advance(tx, t, "job_a", user_jobs::Progress::default(), at(1))?),
        ("user_jobs::reach", user_jobs::reach(tx, t, "job_a", ("", "x"), 1, at(1))?),
        ("user_jobs::end", user_jobs::end(tx, t, "job_a", "failed", None, at(1))?),
        ("user_jobs::time_out", !user_jobs::time_out(tx, t, at(9), "late", at(9))?.is_empty()),
        ("user_jobs::take_part", user_jobs::take_part(tx, t, "job_a", "input1")?),
        ("user_jobs::remove_parts", user_jobs::remove_parts(tx, t, "job_a", ("a", "z"))? > 0),
        ("user_jobs::delete", user_jobs::delete(tx, t, "job_a")?),
        ("tenant_documents::delete", tenant_documents::delete(tx, t, "email-template", "welcome")?),
        ("rules::update", rules::update(tx, t, &rule("a", 9))?),
        ("rules::delete", rules::delete(tx, t, "rul_a")?),
        ("rules::delete_config", rules::delete_config(tx, t, "KEY")?),
        ("action_bindings::delete_for_action", action_bindings::delete_for_action(tx, t, "act-a")? > 0),
        ("action_versions::delete", action_versions::delete(tx, t, "ver-a-1")?),
        ("actions::update", actions::update(tx, t, &action("a"))?),
        ("actions::delete", actions::delete(tx, t, "act-a")?),
        ("grants::delete_for_client", grants::delete_for_client(tx, t, "app")? > 0),
        ("refresh_tokens::revoke_for_client", refresh_tokens::revoke_for_client(tx, t, "app", at(1))? > 0),
        ("clients::delete", clients::delete(tx, t, "app")?),
        ("resource_servers::update", resource_servers::update(tx, t, &resource_server("orders"))?),
        ("client_grants::update", client_grants::update(tx, t, &client_grant("cg", "app", "x"))?),
        ("connections::update", connections::update(tx, t, &connection("a"))?),
        ("client_credentials::set_expiry", client_credentials::set_expiry(tx, t, "app", "cred", Some(at(1)), at(1))?),
        ("client_credentials::delete", client_credentials::delete(tx, t, "app", "cred")?),
        ("client_secrets::delete_others", client_secrets::delete_others(tx, t, "app", &[9; 32])? > 0),
        ("pushed_requests::take", pushed_requests::take(tx, t, &[1; 32], "app", at(1))?.is_some()),
        ("users::record_login", users::record_login(tx, t, "auth0|ann", at(1), None)?),
        ("users::update_profile", users::update_profile(tx, t, &user("ann"))?),
        ("users::set_blocked", users::set_blocked(tx, t, "auth0|ann", true, at(1))?),
        ("users::set_password", users::set_password_hash(tx, t, "auth0|ann", Some("$argon2id$1"), "$", at(1))?),
        ("users::delete", users::delete(tx, t, "auth0|ann", at(1))?),
        ("organizations::update", organizations::update(tx, t, &organization("one"))?),
        ("organizations::delete", organizations::delete(tx, t, "org_one")?),
        ("organizations::delete_connection", organizations::delete_connection(tx, t, "org_one", &connection("a").id)?),
        (
            "organization_member_roles::delete",
            organization_member_roles::delete(tx, t, "org_one", "auth0|ann", "rol_editor")?,
        ),
        (
            "organizations::switch_connection",
            organizations::switch_connection(tx, t, "org_one", &connection("a").id, false)?,
        ),
        ("organization_client_grants::delete", organization_client_grants::delete(tx, t, "org_one", "cg")?),
        ("organization_members::delete", organization_members::delete(tx, t, "org_one", "auth0|ann")?),
        ("roles::update", roles::update(tx, t, "rol_editor", "x", "")?),
        ("roles::remove_permission", roles::remove_permission(tx, t, "rol_editor", &permission("orders:api", "read"))?),
        ("roles::unassign", roles::unassign(tx, t, "auth0|ann", "rol_editor")?),
        ("roles::delete", roles::delete(tx, t, "rol_editor")?),
        ("user_permissions::delete", user_permissions::delete(tx, t, "auth0|ann", &permission("orders:api", "write"))?),
        ("grants::delete", grants::delete(tx, t, "g")?),
        ("network_attempts::refill", network_attempts::refill(tx, t, "pre-login", "a")?),
        ("grants::delete_for_user", grants::delete_for_user(tx, t, "auth0|ann")? > 0),
        ("identities::link", identities::link(tx, t, "auth0|ann", "auth0|lin", at(1))? == identities::Linked::Done),
        ("identities::unlink", identities::unlink(tx, t, "auth0|ann", "auth0|lin")?),
        ("device_credentials::delete", device_credentials::delete(tx, t, "dcr_1")?),
        ("device_credentials::of_client", device_credentials::delete_for_client(tx, t, "app")? > 0),
        ("sessions::set_metadata", sessions::set_metadata(tx, t, "sid-1", "{}", at(1))?),
        ("sessions::set_device", sessions::set_device(tx, t, "sid-1", "{}")?),
        ("refresh_tokens::set_metadata", refresh_tokens::set_metadata(tx, t, "f", "{}", at(1))?),
        ("refresh_tokens::set_device", refresh_tokens::set_device(tx, t, "f", "{}")?),
        ("refresh_tokens::of_pair", refresh_tokens::revoke_for_user_client(tx, t, "auth0|ann", "app", at(1))? > 0),
        ("refresh_tokens::of_api", refresh_tokens::revoke_for_client_audience(tx, t, "app", "orders:api", at(1))? > 0),
        ("sessions::touch", sessions::touch(tx, t, &[1; 32], at(1), at(2), at(3))?),
        ("sessions::renew", sessions::renew(tx, t, &session(1))?),
        ("sessions::end", sessions::end(tx, t, &[1; 32])?.is_some()),
        ("sessions::end_by_session_id", sessions::end_by_session_id(tx, t, "sid-1")?.is_some()),
        ("sessions::end_for_user", !sessions::end_for_user(tx, t, "auth0|ann")?.is_empty()),
        ("users::set_password", users::set_password(tx, t, "auth0|ann", "$", at(1))?),
        ("users::set_email", users::set_email(tx, t, "auth0|ann", None, true, at(1))?),
        ("users::set_username", users::set_username(tx, t, "auth0|ann", None, at(1))?),
        ("refresh_tokens::of_session", refresh_tokens::revoke_for_session(tx, t, "sid-1", at(1))? > 0),
        ("refresh_tokens::of_user", refresh_tokens::revoke_for_user(tx, t, "auth0|ann", at(1))? > 0),
        ("jobs::complete", jobs::complete(tx, t, "j", "claim")?),
        ("jobs::retry", jobs::retry(tx, t, "j", "claim", at(1), "")?),
        ("jobs::give_up", jobs::give_up(tx, t, "j", "claim", at(1), "")?),
        ("transactions::update_progress", transactions::update_progress(tx, t, &[1; 32], 0, "x", at(1))?),
        ("transactions::complete", transactions::complete(tx, t, &[1; 32], at(1))?.is_some()),
        ("authorization_codes::consume", authorization_codes::consume(tx, t, &[1; 32], at(1))?.is_some()),
        ("authorization_codes::record", authorization_codes::record_issued(tx, t, &[2; 32], Some("x"), 9, "y")?),
        ("device_codes::slow_down", device_codes::slow_down(tx, t, &[1; 32], 5, at(1))?),
        ("device_codes::approve", device_codes::approve(tx, t, &[1; 32], "app", &approval(), at(1))?),
        ("device_codes::deny", device_codes::deny(tx, t, &[1; 32], "no", at(1))?),
        ("device_codes::consume", device_codes::consume(tx, t, &[2; 32], at(1))?),
        ("device_codes::refuse", device_codes::refuse(tx, t, &[2; 32], at(1))?),
        ("device_codes::close", device_codes::close(tx, t, &[3; 32], at(1))?),
        ("refresh_tokens::exchange", refresh_tokens::exchange(tx, t, "f", &rotation(0, 1))?.is_some()),
        ("refresh_tokens::revoke", refresh_tokens::revoke(tx, t, "f", at(1))?),
        (
            "refresh_tokens::revoke_others",
            refresh_tokens::revoke_others(tx, t, "app", "auth0|ann", "orders:api", "x", at(1))? > 0,
        ),
        (
            "refresh_tokens::revoke_for_grant",
            refresh_tokens::revoke_for_grant(tx, t, "app", "auth0|ann", "orders:api", at(1))? > 0,
        ),
        ("refresh_tokens::trim", refresh_tokens::trim(tx, t, "auth0|ann", "app", at(1))? > 0),
    ];
    Ok(changed.into_iter().filter_map(|(name, changed)| changed.then_some(name)).collect())
}

pub(crate) async fn tn_01_no_function_crosses_tenants(database: Arc<Database>) {
    let store = database.open().await;
    populate(&store).await;
    store.write(fill).await.unwrap();
    let before = everything(&store).await;
    assert!(before.iter().all(|rows| !rows.is_empty()), "{before:#?}");

    assert_eq!(store.read(trespass_reading).await.unwrap(), Vec::<&str>::new());
    assert_eq!(store.write(trespass_writing).await.unwrap(), Vec::<&str>::new());
    assert_eq!(everything(&store).await, before);

    // The same identifiers are free in the other tenant, and its rows are its own.
    let twins = |tx: &mut Tx<'_>| {
        clients::insert(tx, &umbrella(), &client("app"))?;
        users::insert(tx, &umbrella(), &user("ann"))?;
        signing_keys::insert(tx, &umbrella(), &signing_key("kid", KeyState::Current))?;
        resource_servers::insert(tx, &umbrella(), &resource_server("orders"))?;
        client_grants::insert(tx, &umbrella(), &client_grant("cg", "app", "orders:api"))?;
        connections::insert(tx, &umbrella(), &connection("a"))?;
        grants::extend(tx, &umbrella(), &grant("g", "", "other"))?;
        sessions::insert(tx, &umbrella(), &session(1))?;
        transactions::insert(tx, &umbrella(), &transaction(1))?;
        authorization_codes::insert(tx, &umbrella(), &code(1))?;
        refresh_tokens::insert(tx, &umbrella(), &family("f"))?;
        users::delete(tx, &umbrella(), "auth0|ann", at(1))?;
        tenants::update_settings(tx, &umbrella(), "{}")?;
        config::bump(tx, &umbrella())
    };
    store.write(twins).await.unwrap();
    assert_eq!(everything(&store).await, before);
    let rows = store.read(|tx| tx.query("SELECT user_id FROM sessions", params![])).await.unwrap();
    assert_eq!(rows.len(), 1, "only umbrella's session went with its user");
}
