//! APIs that enforce policies: scopes and `permissions` by what the user may do now (§8.2; RT-05, TK-07).

use keywright_app::RoleError;
use keywright_store::{Tx, organization_member_roles};
use keywright_testkit::{Answer, Engine, Scene};
use keywright_types::{
    Organization, OrganizationConnection, OrganizationUsage, Permission, Role, TenantSettings, TokenDialect,
};
use serde_json::json;

use crate::expect::{change_api, logged_in, userinfo};
use crate::routes;

const AUDIENCE: &str = "appointments:api";

fn permission(name: &str) -> Permission {
    Permission { resource_server_identifier: AUDIENCE.to_owned(), permission_name: name.to_owned() }
}

/// A scene whose API enforces policies, with a role for `contacts` that the user has, and `appointments` directly.
async fn scene(engine: Engine) -> (Scene, Role) {
    let scene = Scene::with(routes, engine, TenantSettings::default()).await;
    change_api(&scene, |api| api.enforce_policies = true).await;
    let (app, tenant, user) = (&scene.app.app, &scene.app.tenant.id, &scene.user.user_id);
    let role = app.create_role(tenant, "Secretary", "Keeps the contacts").await.unwrap();
    app.add_role_permissions(tenant, &role.id, &[permission("contacts")]).await.unwrap();
    app.assign_user_roles(tenant, user, std::slice::from_ref(&role.id)).await.unwrap();
    app.add_user_permissions(tenant, user, &[permission("appointments")]).await.unwrap();
    (scene, role)
}

async fn sqlite() -> (Scene, Role) {
    scene(Engine::Sqlite).await
}

const ALL: &str = "openid read:contacts contacts appointments offline_access";

fn scopes(answer: &Answer) -> (String, String) {
    (answer.text("scope"), answer.claims("access_token")["scope"].as_str().unwrap_or_default().to_owned())
}

fn both(scope: &str) -> (String, String) {
    (scope.to_owned(), scope.to_owned())
}

#[tokio::test]
async fn granted_scopes_are_requested_and_permitted() {
    let (scene, _) = sqlite().await;
    let answer = scene.tokens(&scene.web, ALL, AUDIENCE).await;
    assert_eq!(scopes(&answer), both("openid contacts appointments offline_access"));
    assert_eq!(answer.claims("access_token").get("permissions"), None, "not in this dialect");
    let nothing = scene.tokens(&scene.web, "read:contacts", AUDIENCE).await;
    assert_eq!(nothing.json().get("scope"), None, "nothing was granted");
    assert_eq!(nothing.claims("access_token").get("scope"), None);
    assert_eq!(userinfo(&scene, &answer.text("access_token")).await.status, 200, "OpenID's scopes need no permission");

    change_api(&scene, |api| api.enforce_policies = false).await;
    let answer = scene.tokens(&scene.web, ALL, AUDIENCE).await;
    assert_eq!(scopes(&answer), both(ALL), "§8.2: off: every requested scope that the API defines");
}

#[tokio::test]
async fn the_consent_page_shows_only_what_the_user_may() {
    let (scene, _) = sqlite().await;
    let third = scene.app.change_client(&scene.web, |client| client.is_first_party = false).await;
    let browser = logged_in(&scene).await;
    let path = scene.authorize_path(&third, &[("scope", ALL), ("audience", AUDIENCE)]);
    let page = browser.get(browser.get(&path).await.location()).await;
    assert_eq!(page.status, 200, "{page:#?}");
    assert!(page.body.contains("contacts") && page.body.contains("appointments"), "{}", page.body);
    assert!(!page.body.contains("read:contacts"), "{}", page.body);
}

#[tokio::test]
async fn a_client_grant_limits_what_a_user_may() {
    let (scene, _) = sqlite().await;
    change_api(&scene, |api| {
        api.enforce_policies = true;
        api.subject_type_authorization.user.policy = keywright_types::AccessPolicy::RequireClientGrant;
    })
    .await;
    scene
        .app
        .grant_for(
            keywright_types::SubjectType::User,
            &scene.web,
            AUDIENCE,
            vec!["read:contacts".to_owned(), "contacts".to_owned()],
        )
        .await;
    let answer = scene.tokens(&scene.web, ALL, AUDIENCE).await;
    assert_eq!(scopes(&answer), both("openid contacts offline_access"), "requested ∩ client grant ∩ permissions");
}

async fn removed_between_code_and_exchange(engine: Engine) {
    let (scene, role) = scene(engine).await;
    let code = scene.code(&scene.web, &[("scope", ALL), ("audience", AUDIENCE)]).await;
    let (app, tenant) = (&scene.app.app, &scene.app.tenant.id);
    app.remove_user_roles(tenant, &scene.user.user_id, &[role.id]).await.unwrap();
    let answer = scene.redeem(&scene.web, &code, &[]).await;
    assert_eq!(scopes(&answer), both("openid appointments offline_access"), "{answer:#?}");
}

async fn removed_between_uses(engine: Engine) {
    let (scene, role) = scene(engine).await;
    change_api(&scene, |api| {
        api.enforce_policies = true;
        api.token_dialect = TokenDialect::AccessTokenAuthz;
    })
    .await;
    let (app, tenant, user) = (&scene.app.app, &scene.app.tenant.id, &scene.user.user_id);
    let node = scene.second_node().await;
    let first = scene.tokens(&scene.web, ALL, AUDIENCE).await;
    let token = first.text("refresh_token");
    let refresh = async || {
        let answer = scene.refresh(&scene.web, &token, &[]).await;
        assert_eq!(answer.status, 200, "{answer:#?}");
        (answer.text("scope"), answer.claims("access_token")["permissions"].clone())
    };
    let pair = |scope: &str, permissions| (scope.to_owned(), permissions);
    assert_eq!(
        refresh().await,
        pair("openid contacts appointments offline_access", json!(["appointments", "contacts"]))
    );
    // On another node, and it counts at once: nothing of it is cached.
    node.app.remove_user_roles(tenant, user, std::slice::from_ref(&role.id)).await.unwrap();
    assert_eq!(refresh().await, pair("openid appointments offline_access", json!(["appointments"])));
    node.app.remove_user_permissions(tenant, user, &[permission("appointments")]).await.unwrap();
    assert_eq!(refresh().await, pair("openid offline_access", json!([])));
    // What was granted to the family once comes back with the role, and nothing else does.
    app.add_role_permissions(tenant, &role.id, &[permission("read:contacts")]).await.unwrap();
    app.assign_user_roles(tenant, user, std::slice::from_ref(&role.id)).await.unwrap();
    assert_eq!(refresh().await, pair("openid contacts offline_access", json!(["contacts", "read:contacts"])));
    app.delete_role(tenant, &role.id).await.unwrap();
    assert_eq!(refresh().await, pair("openid offline_access", json!([])));
    // The API loses the scope: nobody holds it any more.
    app.add_user_permissions(tenant, user, &[permission("contacts")]).await.unwrap();
    change_api(&scene, |api| {
        api.enforce_policies = true;
        api.token_dialect = TokenDialect::AccessTokenAuthz;
        api.scopes.retain(|scope| scope.value != "contacts");
    })
    .await;
    assert_eq!(refresh().await, pair("openid offline_access", json!([])));
}

#[tokio::test]
async fn rt_05_a_role_removed_before_the_code_is_exchanged() {
    for engine in Engine::all() {
        removed_between_code_and_exchange(engine).await;
    }
}

#[tokio::test]
async fn rt_05_a_role_removed_between_uses() {
    for engine in Engine::all() {
        removed_between_uses(engine).await;
    }
}

/// RT-05: what a user may do as a member of one organization, they may do there and nowhere else.
async fn as_a_member(engine: Engine) {
    let (scene, _) = scene(engine).await;
    let (app, tenant, user) = (&scene.app.app, &scene.app.tenant.id, scene.user.user_id.clone());
    let web = scene.app.change_client(&scene.web, |client| client.organization_usage = OrganizationUsage::Allow).await;
    let reader = app.create_role(tenant, "Reader", "").await.unwrap();
    app.add_role_permissions(tenant, &reader.id, &[permission("read:contacts")]).await.unwrap();
    let mut organizations = Vec::new();
    for name in ["acme", "umbrella"] {
        let new = Organization { name: name.to_owned(), ..Organization::default() };
        let organization = app.create_organization(tenant, new).await.unwrap().id;
        let connection = json!({ "connection_id": scene.connection.id });
        let connection: OrganizationConnection = serde_json::from_value(connection).unwrap();
        app.enable_organization_connection(tenant, &organization, &connection).await.unwrap();
        app.add_organization_member(tenant, &organization, &user).await.unwrap();
        organizations.push(organization);
    }
    let (id, acme, member, role) = (tenant.clone(), organizations[0].clone(), user.clone(), reader.id.clone());
    let give = move |tx: &mut Tx<'_>| organization_member_roles::insert(tx, &id, &acme, &member, &role);
    assert!(app.store().write(give).await.unwrap());
    let in_organization = async |organization: Option<&str>| {
        let mut parameters = vec![("scope", ALL), ("audience", AUDIENCE)];
        parameters.extend(organization.map(|organization| ("organization", organization)));
        let code = scene.code(&web, &parameters).await;
        scene.redeem(&web, &code, &[]).await
    };
    let everywhere = "openid contacts appointments offline_access";
    let there = "openid read:contacts contacts appointments offline_access";
    assert_eq!(scopes(&in_organization(None).await), both(everywhere));
    assert_eq!(scopes(&in_organization(Some(&organizations[1])).await), both(everywhere));
    let answer = in_organization(Some(&organizations[0])).await;
    assert_eq!(scopes(&answer), both(there));
    let token = answer.text("refresh_token");
    assert_eq!(scopes(&scene.refresh(&web, &token, &[]).await), both(there));
    let (id, acme, role) = (tenant.clone(), organizations[0].clone(), reader.id);
    let take = move |tx: &mut Tx<'_>| organization_member_roles::delete(tx, &id, &acme, &user, &role);
    assert!(app.store().write(take).await.unwrap());
    assert_eq!(scopes(&scene.refresh(&web, &token, &[]).await), both(everywhere), "it counts at once");
}

#[tokio::test]
async fn rt_05_roles_of_a_member_count_in_that_organization_only() {
    for engine in Engine::all() {
        as_a_member(engine).await;
    }
}

#[tokio::test]
async fn authz_dialects_list_all_permissions_whatever_was_asked() {
    let (scene, _) = sqlite().await;
    for (dialect, lists) in [
        (TokenDialect::AccessToken, false),
        (TokenDialect::AccessTokenAuthz, true),
        (TokenDialect::Rfc9068Profile, false),
        (TokenDialect::Rfc9068ProfileAuthz, true),
    ] {
        for enforced in [true, false] {
            change_api(&scene, |api| (api.token_dialect, api.enforce_policies) = (dialect, enforced)).await;
            let user = scene.tokens(&scene.web, "openid contacts", AUDIENCE).await.claims("access_token");
            let machine = machine_token(&scene, "contacts read:contacts").await.claims("access_token");
            let expected = |names: serde_json::Value| Some(names).filter(|_| lists && enforced);
            let context = format!("{dialect:?}, enforced {enforced}");
            assert_eq!(user.get("permissions").cloned(), expected(json!(["appointments", "contacts"])), "{context}");
            let granted = json!(["contacts", "read:contacts"]);
            assert_eq!(machine.get("permissions").cloned(), expected(granted), "{context}: the granted scopes");
            assert_eq!(machine["scope"], "contacts read:contacts", "{context}: users' permissions are not its own");
        }
    }
}

async fn machine_token(scene: &Scene, scope: &str) -> Answer {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", scene.machine.id()),
        ("client_secret", &scene.machine.secret),
        ("audience", AUDIENCE),
        ("scope", scope),
    ];
    scene.app.post_form("/oauth/token", &fields).await
}

#[tokio::test]
async fn claims_have_the_order_of_3_2() {
    let (scene, _) = sqlite().await;
    for (dialect, user, machine) in [
        (
            TokenDialect::AccessTokenAuthz,
            vec!["iss", "sub", "aud", "iat", "exp", "scope", "azp", "permissions"],
            vec!["iss", "sub", "aud", "iat", "exp", "scope", "gty", "azp", "permissions"],
        ),
        (
            TokenDialect::Rfc9068ProfileAuthz,
            vec!["iss", "sub", "aud", "iat", "exp", "scope", "client_id", "jti", "permissions"],
            vec!["iss", "sub", "aud", "iat", "exp", "scope", "client_id", "jti", "permissions"],
        ),
    ] {
        change_api(&scene, |api| (api.token_dialect, api.enforce_policies) = (dialect, true)).await;
        let of_user = scene.tokens(&scene.web, "openid contacts", AUDIENCE).await;
        let of_machine = machine_token(&scene, "contacts").await;
        for (answer, expected) in [(of_user, user), (of_machine, machine)] {
            assert_eq!(member_names(&answer.text("access_token")), expected, "{dialect:?}");
        }
    }
}

/// Names of the members of a token's claims, as they are written: none of our values holds `":`.
fn member_names(token: &str) -> Vec<String> {
    use base64::Engine as _;
    let payload = token.split('.').nth(1).unwrap();
    let payload = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    let text = String::from_utf8(payload).unwrap();
    let starts = text.match_indices("\":").map(|(end, _)| text[..end].rsplit('"').next().unwrap().to_owned());
    starts.collect()
}

#[tokio::test]
async fn what_does_not_exist_cannot_be_assigned() {
    let (scene, role) = sqlite().await;
    let (app, tenant, user) = (&scene.app.app, &scene.app.tenant.id, &scene.user.user_id);
    let unknown = Permission { resource_server_identifier: "none".to_owned(), ..permission("contacts") };
    let refused = app.add_role_permissions(tenant, &role.id, &[permission("read:contacts"), unknown]).await;
    assert!(matches!(refused, Err(RoleError::UnknownApi(api)) if api == "none"));
    let refused = app.add_user_permissions(tenant, user, &[permission("read:contacts"), permission("fly")]).await;
    assert!(matches!(refused, Err(RoleError::UnknownPermission { permission, .. }) if permission == "fly"));
    assert_eq!(app.role_permissions(tenant, &role.id).await.unwrap(), [permission("contacts")], "all or none");
    assert_eq!(app.user_permissions(tenant, user).await.unwrap(), [permission("appointments")]);

    let nobody = "rol_none".to_owned();
    let roles = [role.id.clone(), nobody.clone()];
    assert!(matches!(app.assign_user_roles(tenant, user, &roles).await, Err(RoleError::UnknownRole)));
    assert!(matches!(app.add_role_permissions(tenant, &nobody, &[]).await, Err(RoleError::UnknownRole)));
    assert!(matches!(app.remove_role_permissions(tenant, &nobody, &[]).await, Err(RoleError::UnknownRole)));
    assert!(matches!(app.assign_user_roles(tenant, "auth0|x", &roles[..1]).await, Err(RoleError::UnknownUser)));
    assert!(matches!(app.remove_user_roles(tenant, "auth0|x", &roles[..1]).await, Err(RoleError::UnknownUser)));
    assert!(matches!(app.add_user_permissions(tenant, "auth0|x", &[]).await, Err(RoleError::UnknownUser)));
    assert!(matches!(app.remove_user_permissions(tenant, "auth0|x", &[]).await, Err(RoleError::UnknownUser)));
    assert!(matches!(app.create_role(tenant, "Secretary", "").await, Err(RoleError::NameTaken)));

    let other = app.create_role(tenant, "Chief", "").await.unwrap();
    let renamed = Role { name: "Secretary".to_owned(), ..other.clone() };
    assert!(matches!(app.update_role(tenant, &renamed).await, Err(RoleError::NameTaken)));
    assert!(matches!(
        app.update_role(tenant, &Role { id: nobody, ..other.clone() }).await,
        Err(RoleError::UnknownRole)
    ));
    let renamed = Role { name: "Director".to_owned(), ..other.clone() };
    app.update_role(tenant, &renamed).await.unwrap();
    assert_eq!(app.role(tenant, &other.id).await.unwrap(), Some(renamed.clone()));
    assert_eq!(app.roles(tenant).await.unwrap().len(), 2);
    assert_eq!(app.user_roles(tenant, user).await.unwrap(), std::slice::from_ref(&role));
    assert_eq!(app.role_users(tenant, &role.id).await.unwrap(), std::slice::from_ref(user));
    app.remove_role_permissions(tenant, &role.id, &[permission("contacts"), permission("fly")]).await.unwrap();
    assert_eq!(app.role_permissions(tenant, &role.id).await.unwrap(), []);
}

#[tokio::test]
async fn profile_rfc_9068_tokens_say_when_the_user_authenticated() {
    for (scene, says) in [(Scene::new(routes).await, false), (Scene::standard(routes).await, true)] {
        for dialect in [TokenDialect::Rfc9068Profile, TokenDialect::AccessToken] {
            change_api(&scene, |api| api.token_dialect = dialect).await;
            let code = scene.code(&scene.web, &[("scope", "openid"), ("audience", AUDIENCE), ("max_age", "60")]).await;
            let answer = scene.redeem(&scene.web, &code, &[]).await;
            let expected = Some(json!(1_772_366_400)).filter(|_| says && dialect == TokenDialect::Rfc9068Profile);
            assert_eq!(answer.claims("access_token").get("auth_time").cloned(), expected, "{dialect:?}");
            assert_eq!(answer.claims("id_token")["auth_time"], 1_772_366_400);
        }
    }
}
