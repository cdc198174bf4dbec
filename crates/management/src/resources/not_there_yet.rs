//! Features of Auth0 that are not there yet, answered so that tools which read and write whole tenants go on
//! (`management-api.md` §16, §18.3, §18.4): lists are empty, single objects are not found, and every write is refused.
//!
//! One table. A feature that is built takes its lines out of here.

use http::Method;
use keywright_store::{connections, organizations};

use crate::call::Call;
use crate::error::ApiError;
use crate::operation::{Operation, Resource};
use crate::paging::{Found, Paging};
use crate::projection;
use crate::query::{Parameter, parameter};
use crate::schema::{boolean, list as list_of, open_object, text_of};

const ABOUT: &str = "\
Features of Auth0 that Keywright **does not have yet**. Their operations answer, so that tools which read and write whole tenants
go on: a list is empty, a single object is not found (404), and whatever creates or changes one is refused:

```json
{\"statusCode\":403,\"error\":\"Forbidden\",\"message\":\"This feature is not enabled for this tenant.\",
 \"errorCode\":\"feature_not_enabled\"}
```

Nothing of what is sent is kept.";

pub(super) fn resource() -> Resource {
    let operations = [
        access(),
        flows(),
        streams(),
        provisioning(),
        organization_parts(),
        groups(),
        keys(),
        enrollments(),
        clients_by_address(),
    ];
    Resource { name: "not-there-yet", title: "Not there yet", about: ABOUT, operations: operations.concat() }
}

/// Whatever creates or changes something.
fn refused() -> ApiError {
    ApiError::forbidden("This feature is not enabled for this tenant.").code("feature_not_enabled")
}

/// What the path begins with, which has to be there.
#[derive(Clone, Copy, Debug)]
enum Below {
    Nothing,
    Connection,
    Organization,
}

/// An object that is not there by its answer of §1.9.
type Missing = (&'static str, Option<&'static str>);

const NOT_FOUND: Missing = ("Not Found", None);

/// A list without entries. Pages can be asked for in every way: clients do, whatever the list knows.
fn list(
    path: &'static str,
    summary: &'static str,
    scopes: &'static [&'static str],
    paging: Paging,
    below: Below,
) -> Operation {
    let parameters = Paging::both(paging.name).parameters();
    Operation::get(path, summary)
        .scopes(scopes)
        .query(parameters)
        .query(projection::parameters())
        .answers(paging.answer(&open_object()))
        .handled_by(move |call| async move {
            exists(&call, below).await?;
            let page = paging.page(&call, path)?;
            Ok(paging.reply(&call, path, &page, Found::of_all(Vec::new(), &page)))
        })
}

/// An object that is not there.
fn missing(
    path: &'static str,
    summary: &'static str,
    scopes: &'static [&'static str],
    missing: Missing,
    below: Below,
) -> Operation {
    Operation::get(path, summary).scopes(scopes).answers(open_object()).handled_by(move |call| async move {
        exists(&call, below).await?;
        let error = ApiError::not_found(missing.0);
        Err(match missing.1 {
            Some(code) => error.code(code),
            None => error,
        })
    })
}

/// A write that is refused. Its body is not looked at.
fn write(
    method: &Method,
    path: &'static str,
    summary: &'static str,
    scopes: &'static [&'static str],
    below: Below,
) -> Operation {
    let operation = match *method {
        Method::POST => Operation::post(path, summary),
        Method::PUT => Operation::put(path, summary),
        Method::PATCH => Operation::patch(path, summary),
        _ => Operation::delete(path, summary),
    };
    operation.scopes(scopes).handled_by(move |call| async move {
        exists(&call, below).await?;
        Err(refused())
    })
}

async fn exists(call: &Call, below: Below) -> Result<(), ApiError> {
    let id = call.path("id").to_owned();
    match below {
        Below::Nothing => Ok(()),
        Below::Connection => {
            let found = call.read(move |tx, tenant| Ok(connections::find(tx, tenant, &id)?)).await?;
            let missing = || ApiError::not_found("The connection does not exist").code("inexistent_connection");
            found.map(drop).ok_or_else(missing)
        }
        Below::Organization => {
            let found = call.read(move |tx, tenant| Ok(organizations::find(tx, tenant, &id)?)).await?;
            found.map(drop).ok_or_else(|| ApiError::not_found("No organization found by that id or name"))
        }
    }
}

/// List, create, get, update and delete of one kind of object.
macro_rules! objects {
    ($path:literal, $one:literal, $many:literal, $scope:literal, $paging:expr, $missing:expr) => {
        vec![
            list($path, concat!("List ", $many), &[concat!("read:", $scope)], $paging, Below::Nothing),
            write(&Method::POST, $path, concat!("Create ", $one), &[concat!("create:", $scope)], Below::Nothing),
            missing(
                concat!($path, "/{id}"),
                concat!("Get ", $one),
                &[concat!("read:", $scope)],
                $missing,
                Below::Nothing,
            ),
            write(
                &Method::PATCH,
                concat!($path, "/{id}"),
                concat!("Update ", $one),
                &[concat!("update:", $scope)],
                Below::Nothing,
            ),
            write(
                &Method::DELETE,
                concat!($path, "/{id}"),
                concat!("Delete ", $one),
                &[concat!("delete:", $scope)],
                Below::Nothing,
            ),
        ]
    };
}

fn access() -> Vec<Operation> {
    const ACL: Missing = ("NetworkACL with this ID was not found", None);
    const EXCHANGE: Missing = ("Token exchange profile not found.", None);
    const ATTRIBUTES: Missing = ("User attribute profile not found.", None);
    const TEXTS: &str = "/self-service-profiles/{id}/custom-text/{language}/{page}";
    const TICKET: &str = "/self-service-profiles/{id}/sso-ticket";
    const REVOKE: &str = "/self-service-profiles/{id}/sso-ticket/{ticket_id}/revoke";
    let both = Paging::both;
    let checkpoints = Paging::checkpoints;
    let below = Below::Nothing;
    let mut all = [
        objects!("/network-acls", "a network ACL", "network ACLs", "network_acls", both("network_acls"), ACL),
        objects!(
            "/token-exchange-profiles",
            "a token exchange profile",
            "token exchange profiles",
            "token_exchange_profiles",
            checkpoints("token_exchange_profiles"),
            EXCHANGE
        ),
        objects!(
            "/user-attribute-profiles",
            "a user attribute profile",
            "user attribute profiles",
            "user_attribute_profiles",
            checkpoints("user_attribute_profiles"),
            ATTRIBUTES
        ),
        objects!(
            "/connection-profiles",
            "a connection profile",
            "connection profiles",
            "connection_profiles",
            checkpoints("connection_profiles"),
            NOT_FOUND
        ),
        objects!(
            "/rate-limit-policies",
            "a rate limit policy",
            "rate limit policies",
            "rate_limit_policies",
            checkpoints("rate_limit_policies"),
            NOT_FOUND
        ),
        objects!(
            "/self-service-profiles",
            "a self-service profile",
            "self-service profiles",
            "self_service_profiles",
            both("self_service_profiles"),
            NOT_FOUND
        ),
    ]
    .concat();
    all.extend([
        write(&Method::PUT, "/network-acls/{id}", "Replace a network ACL", &["update:network_acls"], below),
        missing(
            TEXTS,
            "Get texts of a self-service profile",
            &["read:self_service_profile_custom_texts"],
            NOT_FOUND,
            below,
        ),
        write(
            &Method::PUT,
            TEXTS,
            "Set texts of a self-service profile",
            &["update:self_service_profile_custom_texts"],
            below,
        ),
        write(&Method::POST, TICKET, "Create a self-service ticket", &["create:sso_access_tickets"], below),
        write(&Method::POST, REVOKE, "Revoke a self-service ticket", &["delete:sso_access_tickets"], below),
    ]);
    all
}

fn flows() -> Vec<Operation> {
    const FLOW: Missing = ("Flow not found", None);
    let hydrate = || [parameter("hydrate", list_of(text_of(1, 50))), parameter("synchronous", boolean())];
    let mut all = [
        objects!("/flows", "a flow", "flows", "flows", Paging::numbered("flows"), FLOW),
        objects!("/forms", "a form", "forms", "forms", Paging::numbered("forms"), ("Form not found", None)),
        objects!(
            "/flows/vault/connections",
            "a vault connection",
            "vault connections",
            "flows_vault_connections",
            Paging::numbered("connections"),
            ("Connection not found", None)
        ),
    ]
    .concat();
    all = with_query(all, &["/flows", "/forms"], &hydrate);
    all.push(missing(
        "/flows/{id}/executions",
        "List executions of a flow",
        &["read:flows_executions"],
        FLOW,
        Below::Nothing,
    ));
    all
}

/// The operations, some of them with further parameters.
fn with_query<const N: usize>(
    operations: Vec<Operation>,
    paths: &[&str],
    parameters: &dyn Fn() -> [Parameter; N],
) -> Vec<Operation> {
    let add = |operation: Operation| {
        let wanted = operation.method == Method::GET && paths.contains(&operation.path);
        if wanted { operation.query(parameters()) } else { operation }
    };
    operations.into_iter().map(add).collect()
}

fn streams() -> Vec<Operation> {
    const STREAM: Missing = ("The requested stream does not exist.", None);
    let below = Below::Nothing;
    let mut all = [
        objects!(
            "/log-streams",
            "a log stream",
            "log streams",
            "log_streams",
            Paging::numbered("log_streams"),
            ("The log stream does not exist.", None)
        ),
        objects!(
            "/event-streams",
            "an event stream",
            "event streams",
            "event_streams",
            Paging::checkpoints("eventStreams"),
            STREAM
        ),
    ]
    .concat();
    all.extend([
        missing("/event-streams/{id}/deliveries", "List deliveries", &["read:event_deliveries"], STREAM, below),
        write(&Method::POST, "/event-streams/{id}/redeliver", "Redeliver events", &["update:event_deliveries"], below),
        write(&Method::POST, "/event-streams/{id}/test", "Send a test event", &["update:event_streams"], below),
    ]);
    all
}

/// What is below a connection that is provisioned from elsewhere, and its keys.
fn provisioning() -> Vec<Operation> {
    const SCIM: &str = "/connections/{id}/scim-configuration";
    const TOKENS: &str = "/connections/{id}/scim-configuration/tokens";
    const DIRECTORY: &str = "/connections/{id}/directory-provisioning";
    const KEYS: &str = "/connections/{id}/keys";
    const READ: &[&str] = &["read:directory_provisionings"];
    let below = Below::Connection;
    let bare = || Paging::numbered("tokens");
    vec![
        missing(
            "/connections/{id}/status",
            "Get the status of a connection",
            &["read:connections"],
            ("The connection is not connected to any node", None),
            below,
        ),
        list(KEYS, "List keys of a connection", &["read:connections_keys"], Paging::numbered("keys"), below),
        write(&Method::POST, KEYS, "Create keys of a connection", &["create:connections_keys"], below),
        write(
            &Method::POST,
            "/connections/{id}/keys/rotate",
            "Rotate keys of a connection",
            &["create:connections_keys"],
            below,
        )
        .and_scopes(&["update:connections_keys"]),
        missing(SCIM, "Get the SCIM configuration of a connection", &["read:scim_config"], NOT_FOUND, below),
        write(&Method::POST, SCIM, "Create a SCIM configuration", &["create:scim_config"], below),
        write(&Method::PATCH, SCIM, "Update a SCIM configuration", &["update:scim_config"], below),
        write(&Method::DELETE, SCIM, "Delete a SCIM configuration", &["delete:scim_config"], below),
        missing(
            "/connections/{id}/scim-configuration/default-mapping",
            "Get the default SCIM mapping",
            &["read:scim_config"],
            NOT_FOUND,
            below,
        ),
        list(TOKENS, "List SCIM tokens", &["read:scim_token"], bare(), below),
        write(&Method::POST, TOKENS, "Create a SCIM token", &["create:scim_token"], below),
        write(
            &Method::DELETE,
            "/connections/{id}/scim-configuration/tokens/{token_id}",
            "Delete a SCIM token",
            &["delete:scim_token"],
            below,
        ),
        missing(DIRECTORY, "Get directory provisioning of a connection", READ, NOT_FOUND, below),
        write(&Method::POST, DIRECTORY, "Create directory provisioning", &["create:directory_provisionings"], below),
        write(&Method::PATCH, DIRECTORY, "Update directory provisioning", &["update:directory_provisionings"], below),
        write(&Method::DELETE, DIRECTORY, "Delete directory provisioning", &["delete:directory_provisionings"], below),
        missing(
            "/connections/{id}/directory-provisioning/default-mapping",
            "Get the default directory mapping",
            READ,
            NOT_FOUND,
            below,
        ),
        write(
            &Method::POST,
            "/connections/{id}/directory-provisioning/synchronizations",
            "Synchronize a directory",
            &["create:directory_provisionings"],
            below,
        ),
        list(
            "/connections-scim-configurations",
            "List SCIM configurations",
            &["read:scim_config"],
            Paging::checkpoints("scim_configurations"),
            Below::Nothing,
        ),
        list(
            "/connections-directory-provisionings",
            "List directory provisionings",
            READ,
            Paging::checkpoints("directory_provisionings"),
            Below::Nothing,
        ),
    ]
}

fn organization_parts() -> Vec<Operation> {
    const INVITATIONS: &str = "/organizations/{id}/invitations";
    const INVITATION: &str = "/organizations/{id}/invitations/{invitation_id}";
    const DOMAINS: &str = "/organizations/{id}/discovery-domains";
    const DOMAIN: &str = "/organizations/{id}/discovery-domains/{domain_id}";
    const CLIENTS: &str = "/organizations/{id}/clients";
    const GROUPS: &str = "/organizations/{id}/groups";
    let invitation: Missing = ("The invitation does not exist.", Some("inexistent_invitation"));
    let below = Below::Organization;
    vec![
        list(
            INVITATIONS,
            "List invitations",
            &["read:organization_invitations"],
            Paging::numbered("invitations"),
            below,
        )
        .query([parameter("sort", text_of(0, 100))]),
        write(&Method::POST, INVITATIONS, "Create an invitation", &["create:organization_invitations"], below),
        missing(INVITATION, "Get an invitation", &["read:organization_invitations"], invitation, below),
        write(&Method::DELETE, INVITATION, "Delete an invitation", &["delete:organization_invitations"], below),
        list(
            DOMAINS,
            "List discovery domains",
            &["read:organization_discovery_domains"],
            Paging::checkpoints("domains"),
            below,
        ),
        write(&Method::POST, DOMAINS, "Create a discovery domain", &["create:organization_discovery_domains"], below),
        missing(DOMAIN, "Get a discovery domain", &["read:organization_discovery_domains"], NOT_FOUND, below),
        write(&Method::PATCH, DOMAIN, "Update a discovery domain", &["update:organization_discovery_domains"], below),
        write(&Method::DELETE, DOMAIN, "Delete a discovery domain", &["delete:organization_discovery_domains"], below),
        list(
            CLIENTS,
            "List clients of an organization",
            &["read:organization_clients"],
            Paging::checkpoints("clients"),
            below,
        ),
        write(&Method::POST, CLIENTS, "Add clients to an organization", &["create:organization_clients"], below),
        write(&Method::DELETE, CLIENTS, "Remove clients from an organization", &["delete:organization_clients"], below),
        list(
            "/organizations/{id}/members/{user_id}/effective-roles/sources/groups",
            "List groups that give a member a role",
            &["read:organization_member_role_source_groups"],
            Paging::checkpoints("groups"),
            below,
        )
        .query([parameter("role_id", text_of(1, 100))]),
        list(
            GROUPS,
            "List groups of an organization",
            &["read:organization_groups"],
            Paging::checkpoints("groups"),
            below,
        ),
    ]
}

fn groups() -> Vec<Operation> {
    let below = Below::Nothing;
    let filters = ["connection_id", "name", "external_id", "search"].map(|name| parameter(name, text_of(0, 255)));
    vec![
        list("/groups", "List groups", &["read:groups"], Paging::checkpoints("groups"), below).query(filters),
        missing("/groups/{id}", "Get a group", &["read:groups"], NOT_FOUND, below),
        write(&Method::DELETE, "/groups/{id}", "Delete a group", &["delete:groups"], below),
        missing("/groups/{id}/members", "List members of a group", &["read:group_members"], NOT_FOUND, below),
        missing("/groups/{id}/roles", "List roles of a group", &["read:group_roles"], NOT_FOUND, below),
    ]
}

fn keys() -> Vec<Operation> {
    const ENCRYPTION: &str = "/keys/encryption";
    const CUSTOM: &str = "/keys/custom-signing";
    const TEMPLATES: &str = "/verifiable-credentials/verification/templates";
    let below = Below::Nothing;
    vec![
        list(ENCRYPTION, "List encryption keys", &["read:encryption_keys"], Paging::numbered("keys"), below),
        write(&Method::POST, ENCRYPTION, "Create an encryption key", &["create:encryption_keys"], below),
        write(
            &Method::POST,
            "/keys/encryption/rekey",
            "Replace all encryption keys",
            &["create:encryption_keys"],
            below,
        ),
        missing(CUSTOM, "Get custom signing keys", &["read:custom_signing_keys"], NOT_FOUND, below),
        write(&Method::PUT, CUSTOM, "Set custom signing keys", &["update:custom_signing_keys"], below),
        write(&Method::DELETE, CUSTOM, "Delete custom signing keys", &["delete:custom_signing_keys"], below),
        list(
            TEMPLATES,
            "List verification templates",
            &["read:vdcs_templates"],
            Paging::checkpoints("templates"),
            below,
        ),
    ]
}

fn enrollments() -> Vec<Operation> {
    const ONE: &str = "/guardian/enrollments/{id}";
    let missing_one: Missing = ("Enrollment not found", Some("enrollment_not_found"));
    let below = Below::Nothing;
    vec![
        write(
            &Method::POST,
            "/guardian/enrollments/ticket",
            "Create an enrolment ticket",
            &["create:guardian_enrollment_tickets"],
            below,
        ),
        missing(ONE, "Get an enrolment", &["read:guardian_enrollments"], missing_one, below),
        write(&Method::DELETE, ONE, "Delete an enrolment", &["delete:guardian_enrollments"], below),
    ]
}

/// Client identifiers that are addresses of documents.
fn clients_by_address() -> Vec<Operation> {
    let below = Below::Nothing;
    vec![
        write(&Method::POST, "/clients/cimd/preview", "Preview a client by its document", &["read:clients"], below),
        write(&Method::POST, "/clients/cimd/register", "Register a client by its document", &["create:clients"], below)
            .and_scopes(&["update:clients"]),
    ]
}
