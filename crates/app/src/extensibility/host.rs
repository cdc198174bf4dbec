//! What the scripts of one tenant reach through this instance: users of their tenant, and its own hosts (R §2.7; E §5.10).

use async_trait::async_trait;
use keywright_rules::{Host, HostError, HostRequest, HostResponse, MembershipQuery};
use keywright_store::roles::RoleRow;
use keywright_types::Tenant;
use serde_json::{Map, Value, json};
use url::Url;

use super::account::{Account, roles_of};
use super::metadata::MetadataError;
use crate::{App, AppError, Caller, LogEvent, LogType};

/// One tenant's view of the instance. What comes in is a script's and is checked like a stranger's.
pub(crate) struct TenantHost {
    app: App,
    tenant: Tenant,
    caller: Caller,
    /// The organization of the login.
    organization: Option<String>,
}

impl TenantHost {
    pub(crate) fn new(app: &App, tenant: &Tenant, caller: &Caller, organization: Option<String>) -> Self {
        Self { app: app.clone(), tenant: tenant.clone(), caller: caller.clone(), organization }
    }
}

/// Causes of failures are for the log, not for scripts.
fn failed(error: MetadataError) -> HostError {
    match error {
        MetadataError::App(cause) => {
            tracing::error!(%cause, "a change of a user by a script failed");
            HostError("Internal error".to_owned())
        }
        other => HostError(other.to_string()),
    }
}

#[async_trait]
impl Host for TenantHost {
    async fn update_user(&self, user_id: &str, changes: Value) -> Result<Value, HostError> {
        let Value::Object(mut changes) = changes else {
            return Err(HostError("there is nothing to change".to_owned()));
        };
        let mut part = |name: &str| match changes.remove(name) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(members)) => Ok(members),
            Some(_) => Err(HostError(format!("{name} must be an object"))),
        };
        let (user_metadata, app_metadata) = (part("user_metadata")?, part("app_metadata")?);
        if !changes.is_empty() {
            return Err(HostError("only metadata can be changed".to_owned()));
        }
        let event = LogEvent::new(LogType::SuccessManagementOperation, &self.caller)
            .user_id(user_id)
            .description("A script changed the metadata of a user");
        self.app.merge_metadata(&self.tenant, user_id, user_metadata, app_metadata, event).await.map_err(failed)?;
        let (id, wanted) = (self.tenant.id.clone(), user_id.to_owned());
        let account = self.app.store().look_up(move |tx| Account::read(tx, &id, &wanted, None, None)).await;
        let account = account.map_err(|error| failed(error.into()))?;
        let account = account.ok_or_else(|| failed(MetadataError::NoUser))?;
        account.for_management().map_err(|error| failed(error.into()))
    }

    async fn memberships(&self, user_id: &str, query: MembershipQuery) -> Result<Value, HostError> {
        let (id, user_id) = (self.tenant.id.clone(), user_id.to_owned());
        let organization = self.organization.clone();
        let all = self.app.store().look_up(move |tx| roles_of(tx, &id, &user_id, organization.as_deref())).await;
        let all = all.map_err(|error| failed(AppError::from(error).into()))?;
        let shown = |role: &RoleRow| json!({ "id": role.role_id, "name": role.name, "description": role.description });
        let of = |wanted: &dyn Fn(&RoleRow) -> bool| -> Value {
            let found: Vec<Value> = all.iter().filter(|role| wanted(role)).map(shown).collect();
            json!({ "roles": found })
        };
        Ok(match query {
            MembershipQuery::Roles { take, from } => {
                // `next` is the last one of the page.
                let begin = from.and_then(|from| all.iter().position(|role| role.role_id == from));
                let rest = all.get(begin.map_or(0, |index| index.saturating_add(1))..).unwrap_or_default();
                let page: Vec<Value> = rest.iter().take(take).map(shown).collect();
                let mut answer = json!({ "roles": page });
                let last = take.checked_sub(1).and_then(|index| rest.get(index)).filter(|_| rest.len() > take);
                if let (Some(last), Some(members)) = (last, answer.as_object_mut()) {
                    members.insert("next".to_owned(), json!(last.role_id));
                }
                answer
            }
            MembershipQuery::RolesByIds(ids) => of(&|role| ids.contains(&role.role_id)),
            MembershipQuery::RolesByNames(names) => of(&|role| names.contains(&role.name)),
            // There are no groups here.
            MembershipQuery::Groups { .. } => json!({ "groups": [] }),
            MembershipQuery::GroupMembership(_) => json!(false),
        })
    }

    async fn dispatch(&self, request: &HostRequest) -> Option<Result<HostResponse, HostError>> {
        if !is_own(&self.tenant, &request.url) {
            return None;
        }
        let hosts = self.app.own_hosts_cell().get()?;
        Some(hosts.answer(&self.tenant, request).await)
    }
}

/// Whether an address is the tenant's: with https, on its host and port.
fn is_own(tenant: &Tenant, url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let Some(host) = url.host_str() else { return false };
    let named = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    url.scheme() == "https" && named.eq_ignore_ascii_case(&tenant.domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_tenants_own_host_is_answered_inside() {
        let tenant = |domain: &str| Tenant {
            id: keywright_types::TenantId::new("ten_1"),
            domain: domain.to_owned(),
            settings: keywright_types::TenantSettings::default(),
            appearance: std::sync::Arc::default(),
        };
        let own = tenant("a.example");
        for url in ["https://a.example/api/v2/users", "https://A.example:443/x", "HTTPS://a.example"] {
            assert!(is_own(&own, url), "{url}");
        }
        for url in [
            "http://a.example/",
            "https://b.example/",
            "https://a.example:8443/",
            "https://a.example.evil.example/",
            "https://a.example@evil.example/",
            "nonsense",
        ] {
            assert!(!is_own(&own, url), "{url}");
        }
        assert!(is_own(&tenant("localhost:8443"), "https://localhost:8443/oauth/token"));
        assert!(!is_own(&tenant("localhost:8443"), "https://localhost/oauth/token"));
    }
}
