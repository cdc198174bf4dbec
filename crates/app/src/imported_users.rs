//! Users that were made elsewhere: what becomes of a record of an import, and how a batch of them is written
//! (`management-api.md` §6.4).
//!
//! A batch is one transaction. What the caller does in the same one, such as noting how far the import is, makes a batch that
//! is tried again after a crash do nothing twice.

use std::collections::HashSet;

use keywright_store::users::{self, UserRow};
use keywright_store::{StoreError, Tx, refresh_tokens, sessions};
use keywright_types::{Connection, LogoutInitiator, OtherMembers, Tenant, TenantId, Timestamp, User};

use crate::config_cache::document;
use crate::session_end::LogoutNotices;
use crate::users::{default_profile, is_email, is_username, new_user_id, normalized_identifier, user_to_row};
use crate::{App, AppError};

/// Root attributes that an import changes of a user who is there.
const CHANGED: [&str; 5] = ["name", "nickname", "given_name", "family_name", "picture"];

/// A record of an import. Members that it does not have are `None`.
#[derive(Clone, Default)]
pub struct ImportedUser {
    /// Any case; stored in lower case.
    pub email: Option<String>,
    /// Any case; stored in lower case.
    pub username: Option<String>,
    /// The part of the identifier after `auth0|`.
    pub user_id: Option<String>,
    /// What [`ImportedHash::parse`](crate::ImportedHash::parse) takes; checked by the caller.
    pub password_hash: Option<String>,
    /// Whether the address was proven.
    pub email_verified: Option<bool>,
    /// Whether the user may not log in.
    pub blocked: Option<bool>,
    /// Root attributes: `name`, `picture`, `phone_number`, ….
    pub attributes: OtherMembers,
    /// What the user may edit.
    pub user_metadata: Option<OtherMembers>,
    /// What only administrators edit.
    pub app_metadata: Option<OtherMembers>,
}

/// Why a record is no user of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidUser {
    /// It has no address, and no user name where that would be enough.
    NoIdentifier,
    /// Not an e-mail address.
    Email,
    /// Not a user name.
    Username,
    /// The connection has no user names.
    NoUsernames,
}

/// A record that can be written.
pub struct ImportedRow {
    row: UserRow,
    record: ImportedUser,
}

/// What a batch did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportOutcome {
    /// Users that were added.
    pub inserted: usize,
    /// Users that were there and were changed.
    pub updated: usize,
    /// Places in the batch of those that were refused.
    pub refused: Vec<(usize, ImportConflict)>,
}

/// Whom a record is in conflict with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportConflict {
    /// A user with this address, user name or identifier.
    Exists,
    /// More than one user, or one of another connection: which of them is meant cannot be known.
    Ambiguous,
}

/// A transaction that must not be.
enum Stopped {
    /// Somebody else did it, or the import has ended.
    Elsewhere,
    Store(StoreError),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl App {
    /// The user that a record becomes, if there is nobody yet.
    ///
    /// # Errors
    /// When it is no user of this connection. The outer error is a defect.
    pub fn imported_row(
        &self,
        connection: &Connection,
        mut record: ImportedUser,
    ) -> Result<Result<ImportedRow, InvalidUser>, AppError> {
        record.email = record.email.as_deref().map(normalized_identifier);
        record.username = record.username.as_deref().map(normalized_identifier);
        let usernames = connection.options.requires_username;
        if let Some(problem) = identifier_problem(&record, usernames) {
            return Ok(Err(problem));
        }
        let now = self.now();
        let known_as = record.email.as_deref().or(record.username.as_deref()).unwrap_or_default();
        let mut profile = default_profile(known_as);
        for (name, value) in record.attributes.iter().filter(|(_, value)| !value.is_null()) {
            profile.insert(name.clone(), value.clone());
        }
        let user = User {
            user_id: record
                .user_id
                .as_deref()
                .map_or_else(|| new_user_id(self.random(), now), |own| format!("auth0|{own}")),
            connection: connection.name.clone(),
            email: record.email.clone(),
            email_verified: record.email.is_some() && record.email_verified.unwrap_or(false),
            username: record.username.clone(),
            blocked: record.blocked.unwrap_or(false),
            profile,
            user_metadata: record.user_metadata.clone().unwrap_or_default(),
            app_metadata: record.app_metadata.clone().unwrap_or_default(),
            created_at: now,
            updated_at: now,
        };
        Ok(Ok(ImportedRow { row: user_to_row(&user, record.password_hash.take())?, record }))
    }

    /// Writes a batch. `begin` runs before it and `finish` after it, in the same transaction; when one of them says `false`,
    /// nothing is written and the answer is `None`.
    pub async fn import_users(
        &self,
        tenant: &Tenant,
        connection: &Connection,
        rows: Vec<ImportedRow>,
        upsert: bool,
        begin: impl FnOnce(&mut Tx<'_>, &TenantId) -> Result<bool, StoreError> + Send + 'static,
        finish: impl FnOnce(&mut Tx<'_>, &TenantId, &ImportOutcome) -> Result<bool, StoreError> + Send + 'static,
    ) -> Result<Option<ImportOutcome>, AppError> {
        let notices = self.logout_notices(&tenant.id, LogoutInitiator::AccountDeactivated).await?;
        let tokens_end = tenant.settings.flags.revoke_refresh_tokens_on_account_change;
        let (id, name, now) = (tenant.id.clone(), connection.name.clone(), self.now());
        let written = self.store().write(move |tx| {
            if !begin(tx, &id)? {
                return Err(Stopped::Elsewhere);
            }
            let batch = Batch { tenant: &id, connection: &name, notices: &notices, tokens_end, now };
            let outcome = batch.write(tx, &rows, upsert)?;
            if finish(tx, &id, &outcome)? { Ok(outcome) } else { Err(Stopped::Elsewhere) }
        });
        match written.await {
            Ok(outcome) => {
                self.wake_jobs();
                Ok(Some(outcome))
            }
            Err(Stopped::Elsewhere) => Ok(None),
            Err(Stopped::Store(error)) => Err(error.into()),
        }
    }
}

fn identifier_problem(record: &ImportedUser, usernames: bool) -> Option<InvalidUser> {
    match (record.email.as_deref(), record.username.as_deref()) {
        (_, Some(_)) if !usernames => Some(InvalidUser::NoUsernames),
        (Some(email), _) if !is_email(email) => Some(InvalidUser::Email),
        (_, Some(name)) if !is_username(name) => Some(InvalidUser::Username),
        (None, None) => Some(InvalidUser::NoIdentifier),
        _ => None,
    }
}

struct Batch<'a> {
    tenant: &'a TenantId,
    connection: &'a str,
    notices: &'a LogoutNotices,
    tokens_end: bool,
    now: Timestamp,
}

impl Batch<'_> {
    fn write(&self, tx: &mut Tx<'_>, rows: &[ImportedRow], upsert: bool) -> Result<ImportOutcome, StoreError> {
        // Two rows of one identifier could not be told apart afterwards.
        let mut seen = HashSet::new();
        let fresh: Vec<UserRow> =
            rows.iter().filter(|own| seen.insert(own.row.user_id.as_str())).map(|own| own.row.clone()).collect();
        let mut added = users::insert_new(tx, self.tenant, &fresh)?;
        let mut outcome = ImportOutcome { inserted: added.len(), ..ImportOutcome::default() };
        for (place, own) in rows.iter().enumerate() {
            // Each identifier that was added stands for the first row that has it.
            if added.remove(&own.row.user_id) {
                continue;
            }
            match self.existing(tx, &own.row)?.as_slice() {
                [user] if upsert && user.connection == self.connection => {
                    self.change(tx, user, &own.record)?;
                    outcome.updated += 1;
                }
                _ if !upsert => outcome.refused.push((place, ImportConflict::Exists)),
                _ => outcome.refused.push((place, ImportConflict::Ambiguous)),
            }
        }
        Ok(outcome)
    }

    /// Everybody who is in the way of a row.
    fn existing(&self, tx: &mut Tx<'_>, row: &UserRow) -> Result<Vec<UserRow>, StoreError> {
        let mut found: Vec<UserRow> = users::find(tx, self.tenant, &row.user_id)?.into_iter().collect();
        if let Some(email) = &row.email {
            found.extend(users::find_by_email(tx, self.tenant, self.connection, email)?);
        }
        if let Some(name) = &row.username {
            found.extend(users::find_by_username(tx, self.tenant, self.connection, name)?);
        }
        found.sort_by(|one, other| one.user_id.cmp(&other.user_id));
        found.dedup_by(|one, other| one.user_id == other.user_id);
        Ok(found)
    }

    /// §6.4: "overwrites email_verified, names and both metadata objects whole (no merge), not password/user_id".
    fn change(&self, tx: &mut Tx<'_>, user: &UserRow, record: &ImportedUser) -> Result<(), StoreError> {
        let mut row = user.clone();
        let json = |members: &OtherMembers| {
            serde_json::to_string(members).map_err(|error| StoreError::Engine(format!("a document of a user: {error}")))
        };
        let profile: Result<OtherMembers, AppError> = document("users", &row.profile);
        let mut profile = profile.map_err(|error| StoreError::Engine(error.to_string()))?;
        for name in CHANGED {
            match record.attributes.get(name) {
                Some(value) if value.is_null() => drop(profile.remove(name)),
                Some(value) => drop(profile.insert(name.to_owned(), value.clone())),
                None => {}
            }
        }
        row.profile = json(&profile)?;
        if let Some(metadata) = &record.user_metadata {
            row.user_metadata = json(metadata)?;
        }
        if let Some(metadata) = &record.app_metadata {
            row.app_metadata = json(metadata)?;
        }
        // What a record says of one address does not hold for another one.
        if record.email.is_none() || record.email == row.email {
            row.email_verified = row.email.is_some() && record.email_verified.unwrap_or(row.email_verified);
        }
        row.updated_at = self.now;
        users::update_profile(tx, self.tenant, &row)?;
        match record.blocked {
            Some(blocked) if blocked != row.blocked => self.set_blocked(tx, &row.user_id, blocked),
            _ => Ok(()),
        }
    }

    /// As `App::block_user` does it (SE-04).
    fn set_blocked(&self, tx: &mut Tx<'_>, user_id: &str, blocked: bool) -> Result<(), StoreError> {
        users::set_blocked(tx, self.tenant, user_id, blocked, self.now)?;
        if blocked {
            let ended = sessions::end_for_user(tx, self.tenant, user_id)?;
            self.notices.queue(tx, &ended)?;
            if self.tokens_end {
                refresh_tokens::revoke_for_user(tx, self.tenant, user_id, self.now)?;
            }
        }
        Ok(())
    }
}
