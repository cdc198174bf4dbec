//! Hashes in one string: with a `$` in front (bcrypt and PHC strings), and RFC 2307's `{SSHA}` and the like.

use argon2::Params;
use argon2::password_hash::phc::PasswordHash;
use aws_lc_rs::digest;

use super::ImportedHashError::{self, Malformed, TooCostly, Unsupported};
use super::{Hash, Kind, MOST_BCRYPT, MOST_LANES, MOST_MEMORY, MOST_PASSES, Salt, base64, pbkdf2_kind, scrypt_kind};

/// Strings with a `$` in front.
pub(super) fn modular(text: &str) -> Result<Kind, ImportedHashError> {
    let parts: Vec<&str> = text.split('$').collect();
    match parts.as_slice() {
        ["", "2a" | "2b" | "2x" | "2y", cost, rest] => {
            let cost: u32 = cost.parse().map_err(|_| Malformed)?;
            if cost > MOST_BCRYPT {
                return Err(TooCostly);
            }
            let plausible =
                cost >= 4 && rest.len() == 53 && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"./".contains(&b));
            if plausible { Ok(Kind::Bcrypt(text.to_owned())) } else { Err(Malformed) }
        }
        ["", name, ..] if name.starts_with("argon2") => argon2(text),
        ["", name, parameters, salt, hash] if name.starts_with("pbkdf2-") => {
            let (salt, hash) = (base64(salt)?, base64(hash)?);
            pbkdf2_kind(name.trim_start_matches("pbkdf2-"), number(parameters, "i")?, salt, hash)
        }
        ["", "scrypt", parameters, salt, hash] => {
            let log = number(parameters, "ln")?;
            let cost = 1_u32.checked_shl(log).ok_or(TooCostly)?;
            scrypt_kind(cost, number(parameters, "r")?, number(parameters, "p")?, base64(salt)?, base64(hash)?)
        }
        _ => Err(Unsupported),
    }
}

fn argon2(text: &str) -> Result<Kind, ImportedHashError> {
    let hash = PasswordHash::new(text).map_err(|_| Malformed)?;
    let params = Params::try_from(&hash).map_err(|_| Malformed)?;
    if hash.salt.is_none() || hash.hash.is_none() {
        return Err(Malformed);
    }
    if params.m_cost() > MOST_MEMORY || params.t_cost() > MOST_PASSES || params.p_cost() > MOST_LANES {
        return Err(TooCostly);
    }
    Ok(Kind::Argon2(text.to_owned()))
}

/// RFC 2307 `userPassword`: `{SSHA}` and the like.
pub(super) fn ldap(text: &str) -> Result<Kind, ImportedHashError> {
    let (scheme, value) = text.strip_prefix('{').and_then(|rest| rest.split_once('}')).ok_or(Malformed)?;
    let (algorithm, salted) = match scheme.to_ascii_uppercase().as_str() {
        "MD5" => (Hash::Md5, false),
        "SMD5" => (Hash::Md5, true),
        "SHA" => (Hash::Sha(&digest::SHA1_FOR_LEGACY_USE_ONLY), false),
        "SSHA" => (Hash::Sha(&digest::SHA1_FOR_LEGACY_USE_ONLY), true),
        "SHA256" => (Hash::Sha(&digest::SHA256), false),
        "SSHA256" => (Hash::Sha(&digest::SHA256), true),
        "SHA512" => (Hash::Sha(&digest::SHA512), false),
        "SSHA512" => (Hash::Sha(&digest::SHA512), true),
        _ => return Err(Unsupported),
    };
    let value = base64(value)?;
    let (hash, salt) = value.split_at_checked(algorithm.length()).ok_or(Malformed)?;
    if salted == salt.is_empty() {
        return Err(Malformed);
    }
    Ok(Kind::Digest { algorithm, salt: Salt { before: Vec::new(), after: salt.to_vec() }, hash: hash.to_vec() })
}

/// A number among `name=value,…`.
fn number(parameters: &str, name: &str) -> Result<u32, ImportedHashError> {
    let mut pairs = parameters.split(',').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(own, _)| *own == name).ok_or(Malformed)?;
    value.parse().map_err(|_| if value.bytes().all(|b| b.is_ascii_digit()) { TooCostly } else { Malformed })
}
