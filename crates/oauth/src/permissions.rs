//! What a user may do on an API that enforces policies (RBAC, §8.2), read together with the user.

use keywright_app::effective_permissions;
use keywright_store::{StoreError, Tx};
use keywright_types::{ResourceServer, ScopeSet, TenantId};

/// All permissions of a user on an API, direct ones and those of roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Permissions(Vec<String>);

impl Permissions {
    /// The permissions as they are now, in the organization of the login where there is one; `None` when there is no API or
    /// it enforces no policies, so that they do not count.
    pub(crate) fn of(
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        user_id: &str,
        api: Option<&ResourceServer>,
        organization_id: Option<&str>,
    ) -> Result<Option<Self>, StoreError> {
        let Some(api) = api.filter(|api| api.enforce_policies) else { return Ok(None) };
        effective_permissions(tx, tenant, user_id, api, organization_id).map(|names| Some(Self(names)))
    }

    /// Whether `scope` is one of them.
    pub(crate) fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|own| own == scope)
    }

    /// Their names, each once.
    pub(crate) fn names(&self) -> &[String] {
        &self.0
    }

    /// RT-05: `scope` without the scopes of the API that the user has no permission for.
    pub(crate) fn narrow(permissions: Option<&Self>, scope: ScopeSet, api: Option<&ResourceServer>) -> ScopeSet {
        let (Some(permissions), Some(api)) = (permissions, api) else { return scope };
        scope.filtered(|scope| !api.defines(scope) || permissions.contains(scope))
    }
}

impl FromIterator<String> for Permissions {
    fn from_iter<T: IntoIterator<Item = String>>(names: T) -> Self {
        Self(names.into_iter().collect())
    }
}
