//! `user` of Rules and `event.user` of Actions (R §2.5, §3.3): the profile with its identities, never a password.

use jiff::Timestamp;
use keywright_store::roles::RoleRow;
use keywright_store::users::{self, UserRow};
use keywright_store::{
    StoreError, Tx, identities, organization_member_roles, password_changes, roles, session_clients,
};
use keywright_types::TenantId;
use serde_json::{Map, Value, json};

use crate::AppError;
use crate::config_cache::document;

/// A user with everything that scripts are told, read at once.
pub(crate) struct Account {
    pub(crate) row: UserRow,
    linked: Vec<UserRow>,
    password_changed_at: Option<Timestamp>,
    /// Names of the roles that count in this login.
    pub(crate) roles: Vec<String>,
    /// Applications of the session.
    pub(crate) session_clients: Vec<String>,
}

/// Attributes of Actions' `event.user` that are in the profile (R §3.3).
const ATTRIBUTES: [&str; 7] =
    ["phone_number", "phone_verified", "name", "given_name", "family_name", "nickname", "picture"];

impl Account {
    /// Reads it; `None` when there is no such user.
    pub(crate) fn read(
        tx: &mut Tx<'_>,
        tenant: &TenantId,
        user_id: &str,
        organization_id: Option<&str>,
        session_id: Option<&str>,
    ) -> Result<Option<Self>, StoreError> {
        let Some(row) = users::find(tx, tenant, user_id)? else { return Ok(None) };
        Ok(Some(Self {
            linked: identities::list(tx, tenant, user_id)?,
            password_changed_at: password_changes::find(tx, tenant, user_id)?,
            roles: roles_of(tx, tenant, user_id, organization_id)?.into_iter().map(|role| role.name).collect(),
            session_clients: match session_id {
                Some(session) => session_clients::list(tx, tenant, session)?,
                None => Vec::new(),
            },
            row,
        }))
    }

    /// `user` of Rules. R §2.5: both metadata are absent unless there is something in them, and `app_metadata` lies over the
    /// attributes of the root.
    pub(crate) fn for_rules(&self) -> Result<Value, AppError> {
        let row = &self.row;
        let mut user: Map<String, Value> = document("users", &row.profile)?;
        self.common(&mut user);
        if row.blocked {
            user.insert("blocked".to_owned(), true.into());
        }
        user.insert("logins_count".to_owned(), row.logins_count.into());
        for (name, value) in
            [("last_login", row.last_login_at.map(time)), ("last_ip", row.last_ip.as_ref().map(|ip| json!(ip)))]
        {
            if let Some(value) = value {
                user.insert(name.to_owned(), value);
            }
        }
        user.insert("identities".to_owned(), self.identities(true)?);
        let app_metadata: Map<String, Value> = document("users", &row.app_metadata)?;
        let user_metadata: Map<String, Value> = document("users", &row.user_metadata)?;
        user.extend(app_metadata.clone());
        // Never anybody else, whatever the metadata say.
        user.insert("user_id".to_owned(), json!(row.user_id));
        for (name, metadata) in [("app_metadata", app_metadata), ("user_metadata", user_metadata)] {
            if metadata.is_empty() {
                user.remove(name);
            } else {
                user.insert(name.to_owned(), Value::Object(metadata));
            }
        }
        Ok(Value::Object(user))
    }

    /// `event.user`. R §3.9: both metadata are always objects.
    pub(crate) fn for_actions(&self) -> Result<Value, AppError> {
        let row = &self.row;
        let profile: Map<String, Value> = document("users", &row.profile)?;
        let mut user: Map<String, Value> =
            profile.into_iter().filter(|(name, _)| ATTRIBUTES.contains(&name.as_str())).collect();
        self.common(&mut user);
        user.entry("email_verified").or_insert(false.into());
        user.insert("identities".to_owned(), self.identities(false)?);
        for (name, text) in [("app_metadata", &row.app_metadata), ("user_metadata", &row.user_metadata)] {
            user.insert(name.to_owned(), Value::Object(document("users", text)?));
        }
        user.insert("multifactor".to_owned(), json!([]));
        user.insert("enrolledFactors".to_owned(), json!([]));
        Ok(Value::Object(user))
    }

    /// As the Management API shows users, for `auth0.users` of Rules.
    pub(crate) fn for_management(&self) -> Result<Value, AppError> {
        let mut user: Map<String, Value> = document("users", &self.row.profile)?;
        self.common(&mut user);
        user.insert("identities".to_owned(), self.identities(true)?);
        for (name, text) in [("app_metadata", &self.row.app_metadata), ("user_metadata", &self.row.user_metadata)] {
            let metadata: Map<String, Value> = document("users", text)?;
            if !metadata.is_empty() {
                user.insert(name.to_owned(), Value::Object(metadata));
            }
        }
        Ok(Value::Object(user))
    }

    fn common(&self, user: &mut Map<String, Value>) {
        let row = &self.row;
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                user.insert(name.to_owned(), value);
            }
        };
        set("user_id", Some(json!(row.user_id)));
        if let Some(email) = &row.email {
            set("email", Some(json!(email)));
            set("email_verified", Some(json!(row.email_verified)));
        }
        set("username", row.username.as_ref().map(|name| json!(name)));
        set("created_at", Some(time(row.created_at)));
        set("updated_at", Some(time(row.updated_at)));
        set("last_password_reset", self.password_changed_at.map(time));
    }

    /// The user's own identity first.
    fn identities(&self, of_rules: bool) -> Result<Value, AppError> {
        let mut all = vec![identity(&self.row, !of_rules)?];
        for account in &self.linked {
            all.push(identity(account, true)?);
        }
        Ok(Value::Array(all))
    }
}

/// The roles of a user that count in a login, those in its organization among them, each once.
pub(crate) fn roles_of(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    user_id: &str,
    organization_id: Option<&str>,
) -> Result<Vec<RoleRow>, StoreError> {
    let mut own = roles::list_for_user(tx, tenant, user_id)?;
    if let Some(organization) = organization_id {
        for role in organization_member_roles::list(tx, tenant, organization, user_id)? {
            if !own.iter().any(|known| known.role_id == role.role_id) {
                own.push(role);
            }
        }
    }
    Ok(own)
}

fn identity(row: &UserRow, with_profile: bool) -> Result<Value, AppError> {
    let (provider, own) = row.user_id.split_once('|').unwrap_or(("auth0", &row.user_id));
    let mut identity = json!({ "connection": row.connection, "provider": provider, "user_id": own, "isSocial": false });
    if with_profile && let Some(members) = identity.as_object_mut() {
        let mut profile: Map<String, Value> = document("users", &row.profile)?;
        if let Some(email) = &row.email {
            profile.insert("email".to_owned(), json!(email));
            profile.insert("email_verified".to_owned(), json!(row.email_verified));
        }
        if let Some(username) = &row.username {
            profile.insert("username".to_owned(), json!(username));
        }
        members.insert("profileData".to_owned(), Value::Object(profile));
    }
    Ok(identity)
}

/// As the Management API writes times.
pub(crate) fn time(at: Timestamp) -> Value {
    json!(format!("{at:.3}"))
}
