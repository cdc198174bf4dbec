//! Users of database connections and how they come into being (§7.1, §7.8).

use jiff::Timestamp;
use keywright_jose::Random;
use keywright_store::users::{self, UserRow};
use keywright_store::{StoreError, Tx};
use keywright_types::{Connection, OtherMembers, TenantId, User};
use md5::{Digest as _, Md5};

use crate::config_cache::document;
use crate::passwords::password_refusal;
use crate::{App, AppError, PasswordRefusal};

/// What somebody who signs up gives.
#[derive(Clone, Default)]
pub struct NewUser {
    /// Any case; stored in lower case.
    pub email: String,
    /// Only for connections that use usernames.
    pub username: Option<String>,
    /// In clear; hashed before it is stored.
    pub password: String,
    /// Whether the address is known to be theirs.
    pub email_verified: bool,
    /// Attributes of the profile, besides those that every user has from the start.
    pub profile: OtherMembers,
    /// What the user may edit.
    pub user_metadata: OtherMembers,
}

/// Why a sign-up was refused.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// Sign-ups are switched off.
    #[error("sign-ups are disabled on the connection")]
    Disabled,
    /// Not an e-mail address.
    #[error("the e-mail address is not valid")]
    InvalidEmail,
    /// Missing, too long or with characters that are not allowed.
    #[error("the username is not valid")]
    InvalidUsername,
    /// The password is known to the public.
    #[error("the password is known to the public")]
    PasswordLeaked,
    /// Too many sign-ups from this address.
    #[error("too many sign-ups from one address")]
    AddressBlocked {
        /// When there is another attempt.
        until: Timestamp,
    },
    /// The connection does not take the password.
    #[error(transparent)]
    Password(#[from] PasswordRefusal),
    /// An Action refused it.
    #[error("{reason}")]
    Denied {
        /// For the tenant's log.
        reason: String,
        /// For the user, where the Action has a sentence for them.
        user_message: Option<String>,
    },
    /// The address or username belongs to somebody.
    #[error("the user exists")]
    UserExists,
    /// Not the caller's fault.
    #[error(transparent)]
    App(#[from] AppError),
}

/// Users that one transaction indexes, so that nobody waits long for it.
const INDEXED_AT_ONCE: i64 = 200;

impl App {
    /// Creates a user, whether or not the public may sign up.
    pub async fn create_user(
        &self,
        tenant: &TenantId,
        connection: &Connection,
        new: NewUser,
    ) -> Result<User, SignUpError> {
        let row = self.new_user_row(connection, new).await?;
        self.insert_user(tenant, row, |_, _, _| Ok(())).await
    }

    /// Adds a user; `also` is done in the same transaction.
    pub(crate) async fn insert_user(
        &self,
        tenant: &TenantId,
        row: UserRow,
        also: impl FnOnce(&mut Tx<'_>, &TenantId, &User) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<User, SignUpError> {
        let user = user_from_row(&row)?;
        let (id, inserted) = (tenant.clone(), user.clone());
        let insert = move |tx: &mut Tx<'_>| {
            users::insert(tx, &id, &row)?;
            also(tx, &id, &inserted)
        };
        match self.store().write(insert).await {
            Ok(()) => Ok(user),
            Err(StoreError::Conflict { .. }) => Err(SignUpError::UserExists),
            Err(error) => Err(SignUpError::App(error.into())),
        }
    }

    /// A user of this connection as it is stored, checked, with a hashed password; for `users::insert`.
    pub async fn new_user_row(&self, connection: &Connection, new: NewUser) -> Result<UserRow, SignUpError> {
        let email = normalized_identifier(&new.email);
        if !is_email(&email) {
            return Err(SignUpError::InvalidEmail);
        }
        let username = match (connection.options.requires_username, new.username.as_deref()) {
            (false, _) => None,
            (true, Some(name)) if is_username(&normalized_identifier(name)) => Some(normalized_identifier(name)),
            (true, _) => return Err(SignUpError::InvalidUsername),
        };
        let now = self.now();
        let user = User {
            user_id: new_user_id(self.random(), now),
            connection: connection.name.clone(),
            email: Some(email.clone()),
            email_verified: new.email_verified,
            username,
            blocked: false,
            profile: default_profile(&email).into_iter().chain(new.profile).collect(),
            user_metadata: new.user_metadata,
            app_metadata: OtherMembers::new(),
            created_at: now,
            updated_at: now,
        };
        if let Some(refusal) = password_refusal(connection, &new.password, &user) {
            return Err(refusal.into());
        }
        let password_hash = self.passwords().hash(&new.password, self.random()).await?;
        Ok(user_to_row(&user, Some(password_hash))?)
    }

    /// Whether the address or the username of a new user is somebody's already.
    pub(crate) async fn is_registered(&self, tenant: &TenantId, row: &UserRow) -> Result<bool, AppError> {
        let (id, connection) = (tenant.clone(), row.connection.clone());
        let (email, username) = (row.email.clone(), row.username.clone());
        let exists = move |tx: &mut Tx<'_>| {
            let by_email = match &email {
                Some(email) => users::find_by_email(tx, &id, &connection, email)?,
                None => None,
            };
            let by_username = match &username {
                Some(name) => users::find_by_username(tx, &id, &connection, name)?,
                None => None,
            };
            Ok::<_, StoreError>(by_email.is_some() || by_username.is_some())
        };
        Ok(self.store().look_up(exists).await?)
    }

    /// Makes users findable that a version wrote which does not know what users are found by.
    pub async fn index_users(&self) -> Result<(), AppError> {
        while self.store().write(|tx| users::index_batch(tx, INDEXED_AT_ONCE)).await? > 0 {}
        Ok(())
    }

    /// The user with this id.
    pub async fn user(&self, tenant: &TenantId, user_id: &str) -> Result<Option<User>, AppError> {
        let (id, wanted) = (tenant.clone(), user_id.to_owned());
        let row = self.store().look_up(move |tx| users::find(tx, &id, &wanted)).await?;
        row.map(|row| user_from_row(&row)).transpose()
    }
}

/// Turns a stored row into a profile; the password hash stays behind.
pub fn user_from_row(row: &UserRow) -> Result<User, AppError> {
    Ok(User {
        user_id: row.user_id.clone(),
        connection: row.connection.clone(),
        email: row.email.clone(),
        email_verified: row.email_verified,
        username: row.username.clone(),
        blocked: row.blocked,
        profile: document("users", &row.profile)?,
        user_metadata: document("users", &row.user_metadata)?,
        app_metadata: document("users", &row.app_metadata)?,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

pub(crate) fn user_to_row(user: &User, password_hash: Option<String>) -> Result<UserRow, AppError> {
    let json = |members: &OtherMembers| serde_json::to_string(members).map_err(AppError::internal);
    Ok(UserRow {
        user_id: user.user_id.clone(),
        connection: user.connection.clone(),
        email: user.email.clone(),
        email_verified: user.email_verified,
        username: user.username.clone(),
        password_hash,
        blocked: user.blocked,
        profile: json(&user.profile)?,
        user_metadata: json(&user.user_metadata)?,
        app_metadata: json(&user.app_metadata)?,
        created_at: user.created_at,
        updated_at: user.updated_at,
        last_login_at: None,
        last_ip: None,
        logins_count: 0,
    })
}

/// `auth0|` and 24 hex digits, as Auth0's own databases make them: the second, and 64 random bits, so never reused (TK-09).
/// Users who come one after the other lie beside each other in the indexes; an import is twice as quick for it.
pub(crate) fn new_user_id(random: &Random, now: Timestamp) -> String {
    let second = u32::try_from(now.as_second()).unwrap_or_default();
    format!("auth0|{second:08x}{}", random.hex(8))
}

/// Addresses and usernames are kept and compared in lower case (§7.1), without surrounding white space.
pub(crate) fn normalized_identifier(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Limits of §7.8: local part up to 64, in all up to 254 characters. Whether the address works only a mail can tell.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let clean = text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>()[]\\,;:\"".contains(c));
    clean
        && text.len() <= 254
        && (1..=64).contains(&local.len())
        && !local.contains('@')
        && domain.contains('.')
        && domain.split('.').all(|label| !label.is_empty())
}

/// §7.8: 1 to 15 characters; letters, digits and a few marks, and no `@`, which would make it look like an address.
pub(crate) fn is_username(text: &str) -> bool {
    (1..=15).contains(&text.chars().count())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_+-.!#$'^`~".contains(c))
}

/// Root attributes a database user has from the start (§7.8 "Defaults for DB users").
pub(crate) fn default_profile(email: &str) -> OtherMembers {
    use std::fmt::Write as _;
    let nickname = email.split('@').next().unwrap_or(email);
    let digest = Md5::digest(email.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    let picture = format!("https://s.gravatar.com/avatar/{digest}?s=480&r=pg&d=mp");
    OtherMembers::from_iter([
        ("name".to_owned(), email.into()),
        ("nickname".to_owned(), nickname.into()),
        ("picture".to_owned(), picture.into()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_addresses_are_checked_for_shape() {
        for good in ["a@b.co", "first.last+tag@sub.example.com", "ü@example.org"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "a", "@b.co", "a@b", "a@b..co", "a b@c.de", "a@b@c.de", "<a@b.de>", "a@b.de\n", "a\0@b.de"] {
            assert!(!is_email(bad), "{bad:?}");
        }
        assert!(!is_email(&format!("{}@b.co", "a".repeat(65))));
    }

    #[test]
    fn usernames_never_look_like_addresses() {
        assert!(is_username("jane.doe"));
        assert!(!is_username("jane@doe"));
        assert!(!is_username(""));
        assert!(!is_username("sixteencharacter"));
    }

    #[test]
    fn a_new_user_has_a_name_a_nickname_and_a_picture() {
        let profile = default_profile("jane@example.com");
        assert_eq!(profile["name"], "jane@example.com");
        assert_eq!(profile["nickname"], "jane");
        assert_eq!(
            profile["picture"],
            "https://s.gravatar.com/avatar/9e26471d35a78862c17e467d87cddedf?s=480&r=pg&d=mp"
        );
    }
}
