//! Whether a new password is taken, and what of the old one is remembered (§7.2; `management-api.md` §4.5).

use keywright_store::{StoreError, Tx, used_passwords, users};
use keywright_types::{BuiltInDictionary, Connection, ConnectionOptions, PERSONAL_FIELDS, TenantId, Timestamp, User};

use super::dictionary::is_common;
use super::personal::contains_profile;
use super::policy::{PasswordCheck, check_password};
use crate::{App, AppError};

/// Why a connection does not take a new password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// Length and characters.
    #[error("the password is too weak")]
    TooWeak(PasswordCheck),
    /// Many people use it.
    #[error("the password is too common")]
    TooCommon,
    /// It contains a part of the profile.
    #[error("the password contains information about the user")]
    ContainsUserInformation,
    /// The user had it before.
    #[error("the password was used before")]
    UsedBefore,
}

impl PasswordRefusal {
    /// Auth0's name of the error, and its sentence (§7.2).
    #[must_use]
    pub const fn name_and_message(&self) -> (&'static str, &'static str) {
        match self {
            Self::TooWeak(_) => ("PasswordStrengthError", "Password is too weak"),
            Self::TooCommon => ("PasswordDictionaryError", "Password is too common"),
            Self::ContainsUserInformation => ("PasswordNoUserInfoError", "Password contains user information"),
            Self::UsedBefore => ("PasswordHistoryError", "Password has previously been used"),
        }
    }

    /// The rules that the password kept and broke, when they are the reason.
    #[must_use]
    pub const fn check(&self) -> Option<&PasswordCheck> {
        match self {
            Self::TooWeak(check) => Some(check),
            _ => None,
        }
    }
}

/// Most passwords that are remembered: "`size` 0..24".
const MOST_REMEMBERED: u32 = 24;
/// "(unconfirmed)": without a size.
const USUALLY_REMEMBERED: u32 = 5;

/// How many passwords of a user may not be used again, the current one among them.
fn remembered(options: &ConnectionOptions) -> u32 {
    let size = match (&options.password_options, &options.password_history) {
        (Some(own), _) if own.history.active => own.history.size,
        (None, Some(history)) if history.enable => history.size.unwrap_or(USUALLY_REMEMBERED),
        _ => 0,
    };
    size.min(MOST_REMEMBERED)
}

fn is_in_dictionary(options: &ConnectionOptions, password: &str) -> bool {
    match (&options.password_options, &options.password_dictionary) {
        (Some(own), _) => own.dictionary.active && is_common(password, own.dictionary.built_in, &own.dictionary.custom),
        (None, Some(own)) => own.enable && is_common(password, BuiltInDictionary::Small, &own.dictionary),
        (None, None) => false,
    }
}

fn is_personal(options: &ConnectionOptions, password: &str, user: &User) -> bool {
    match (&options.password_options, &options.password_no_personal_info) {
        (Some(own), _) => {
            let fields: Vec<_> = own.profile_data.blocked_fields.iter().map(String::as_str).collect();
            own.profile_data.active && contains_profile(password, user, &fields)
        }
        (None, Some(own)) => own.enable && contains_profile(password, user, &PERSONAL_FIELDS),
        (None, None) => false,
    }
}

/// Sets another password, whatever it was before, and remembers the old one as long as the connection wants. `false` when there
/// is no such user.
pub(crate) fn replace_password(
    tx: &mut Tx<'_>,
    tenant: &TenantId,
    connection: &Connection,
    user_id: &str,
    password_hash: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Some(row) = users::find_account(tx, tenant, user_id)? else { return Ok(false) };
    let most = remembered(&connection.options).saturating_sub(1);
    used_passwords::remember(tx, tenant, user_id, row.password_hash.as_deref(), most, now)?;
    users::set_password(tx, tenant, user_id, password_hash, now)
}

/// Why the connection does not take `password` of this user. The order: length and characters, what everybody uses, what is
/// known about the user.
pub(crate) fn password_refusal(connection: &Connection, password: &str, user: &User) -> Option<PasswordRefusal> {
    let options = &connection.options;
    let check = check_password(options, password);
    if !check.is_acceptable() {
        Some(PasswordRefusal::TooWeak(check))
    } else if is_in_dictionary(options, password) {
        Some(PasswordRefusal::TooCommon)
    } else if is_personal(options, password, user) {
        Some(PasswordRefusal::ContainsUserInformation)
    } else {
        None
    }
}

impl App {
    /// Why the connection does not take `password` in the place of the one in `row`: as [`password_refusal`], and then whether
    /// the user had it before, which costs as much as a login for each password that is remembered.
    pub(crate) async fn next_password_refusal(
        &self,
        tenant: &TenantId,
        connection: &Connection,
        password: &str,
        user: &User,
        password_hash: Option<&str>,
    ) -> Result<Option<PasswordRefusal>, AppError> {
        let refusal = password_refusal(connection, password, user);
        let remembered = remembered(&connection.options);
        if refusal.is_some() || remembered == 0 {
            return Ok(refusal);
        }
        let (id, user_id) = (tenant.clone(), user.user_id.clone());
        let used = move |tx: &mut Tx<'_>| used_passwords::list(tx, &id, &user_id, remembered - 1);
        let used = self.store().read(used).await?;
        for hash in password_hash.into_iter().chain(used.iter().map(String::as_str)) {
            if self.passwords().admit()?.verify(password, Some(hash)).await? {
                return Ok(Some(PasswordRefusal::UsedBefore));
            }
        }
        Ok(None)
    }
}
