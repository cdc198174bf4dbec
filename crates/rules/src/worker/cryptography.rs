//! Cryptography for scripts: digests, keyed digests, derived keys, signatures of JSON Web Tokens. The keys are the scripts'
//! own; the server's are not in this process.

use aws_lc_rs::{constant_time, digest, hmac, pbkdf2};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use md5::{Digest as _, Md5};
use rquickjs::convert::List;
use rquickjs::{Ctx, Exception, Function, Object, Result, TypedArray};

use super::bindings::Bytes;
use super::encoding::bytes;

/// Longest derived key, in bytes.
const DERIVED: usize = 4096;
/// Memory of `scrypt`, in bytes (Node's own bound).
const SCRYPT_MEMORY: u64 = 32 * 1024 * 1024;

fn name(algorithm: &str) -> String {
    algorithm.to_ascii_lowercase().replace("rsa-", "").replace(['-', '_'], "")
}

fn hashed(algorithm: &str, data: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match name(algorithm).as_str() {
        "md5" => return Some(Md5::digest(data).to_vec()),
        "sha1" => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        "sha224" => &digest::SHA224,
        "sha256" => &digest::SHA256,
        "sha384" => &digest::SHA384,
        "sha512" => &digest::SHA512,
        _ => return None,
    };
    Some(digest::digest(algorithm, data).as_ref().to_vec())
}

fn keyed(algorithm: &str, key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let algorithm = match name(algorithm).as_str() {
        "md5" => return Some(hmac_md5(key, data)),
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha224" => hmac::HMAC_SHA224,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return None,
    };
    Some(hmac::sign(&hmac::Key::new(algorithm, key), data).as_ref().to_vec())
}

/// RFC 2104 with MD5, which scripts still sign requests of old services with.
fn hmac_md5(key: &[u8], data: &[u8]) -> Vec<u8> {
    let key = if key.len() > 64 { Md5::digest(key).to_vec() } else { key.to_vec() };
    let padded = |with: u8| -> Vec<u8> {
        let rest = std::iter::repeat_n(0, 64_usize.saturating_sub(key.len()));
        key.iter().copied().chain(rest).map(|byte| byte ^ with).collect()
    };
    let inner = Md5::new().chain_update(padded(0x36)).chain_update(data).finalize();
    Md5::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

fn derived(algorithm: &str, password: &[u8], salt: &[u8], iterations: u32, length: usize) -> Option<Vec<u8>> {
    let algorithm = match name(algorithm).as_str() {
        "sha1" => pbkdf2::PBKDF2_HMAC_SHA1,
        "sha256" => pbkdf2::PBKDF2_HMAC_SHA256,
        "sha384" => pbkdf2::PBKDF2_HMAC_SHA384,
        "sha512" => pbkdf2::PBKDF2_HMAC_SHA512,
        _ => return None,
    };
    let mut key = vec![0; (1..=DERIVED).contains(&length).then_some(length)?];
    pbkdf2::derive(algorithm, std::num::NonZeroU32::new(iterations)?, salt, password, &mut key);
    Some(key)
}

fn scrypted(password: &[u8], salt: &[u8], cost: u64, r: u32, p: u32, length: usize) -> Option<Vec<u8>> {
    let log = u8::try_from(cost.checked_ilog2()?).ok().filter(|_| cost.is_power_of_two())?;
    let memory = cost.checked_mul(u64::from(r))?.checked_mul(128)?;
    let work = u64::from(r).checked_mul(u64::from(p))?;
    if memory > SCRYPT_MEMORY || work > 1024 || !(1..=DERIVED).contains(&length) {
        return None;
    }
    let mut key = vec![0; length];
    scrypt::scrypt(password, salt, &scrypt::Params::new(log, r, p).ok()?, &mut key).ok()?;
    Some(key)
}

/// Base64url of the signature, by the algorithm's name in RFC 7518.
fn signed(algorithm: &str, key: &str, data: &[u8]) -> std::result::Result<String, String> {
    let algorithm: Algorithm = algorithm.parse().map_err(|_| format!("\"{algorithm}\" is not supported"))?;
    let pem = key.as_bytes();
    let key = match algorithm {
        Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_pem(pem),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(pem),
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => return Err("not a signature".to_owned()),
        _ => EncodingKey::from_rsa_pem(pem),
    };
    let key = key.map_err(|_| "secretOrPrivateKey is not a private key in PEM for this algorithm".to_owned())?;
    jsonwebtoken::crypto::sign(data, &key, algorithm).map_err(|_| "the key cannot sign".to_owned())
}

/// A public key or a certificate, in PEM.
fn verified(algorithm: &str, key: &str, data: &[u8], signature: &str) -> std::result::Result<bool, String> {
    let algorithm: Algorithm = algorithm.parse().map_err(|_| format!("\"{algorithm}\" is not supported"))?;
    let pem = key.as_bytes();
    let key = match algorithm {
        Algorithm::ES256 | Algorithm::ES384 => DecodingKey::from_ec_pem(pem),
        Algorithm::EdDSA => DecodingKey::from_ed_pem(pem),
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => return Err("not a signature".to_owned()),
        _ => DecodingKey::from_rsa_pem(pem),
    };
    let key = key.map_err(|_| "secretOrPublicKey is not a public key in PEM for this algorithm".to_owned())?;
    Ok(jsonwebtoken::crypto::verify(signature, data, &key, algorithm).unwrap_or(false))
}

fn out<'js>(ctx: Ctx<'js>, made: Option<Vec<u8>>, problem: &str) -> Result<Bytes<'js>> {
    match made {
        Some(made) => TypedArray::new_copy(ctx, made),
        None => Err(Exception::throw_message(&ctx, problem)),
    }
}

pub(super) fn bind<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    let hash = |ctx: Ctx<'js>, algorithm: String, data: String| {
        out(ctx, hashed(&algorithm, &bytes(&data)), "Digest method not supported")
    };
    host.set("hash", Function::new(ctx.clone(), hash)?)?;
    let mac = |ctx: Ctx<'js>, algorithm: String, key: String, data: String| {
        out(ctx, keyed(&algorithm, &bytes(&key), &bytes(&data)), "Invalid digest")
    };
    host.set("hmac", Function::new(ctx.clone(), mac)?)?;
    let derive = |ctx: Ctx<'js>, algorithm: String, password: String, salt: String, iterations: u32, length: usize| {
        let key = derived(&algorithm, &bytes(&password), &bytes(&salt), iterations, length);
        out(ctx, key, "Invalid digest, iterations or length")
    };
    host.set("pbkdf2", Function::new(ctx.clone(), derive)?)?;
    let scrypt = |ctx: Ctx<'js>, password: String, salt: String, work: List<(u32, u32, u32)>, length: usize| {
        let List((cost, r, p)) = work;
        let key = scrypted(&bytes(&password), &bytes(&salt), u64::from(cost), r, p, length);
        out(ctx, key, "Invalid scrypt parameters")
    };
    host.set("scrypt", Function::new(ctx.clone(), scrypt)?)?;
    let equal =
        |one: String, other: String| constant_time::verify_slices_are_equal(&bytes(&one), &bytes(&other)).is_ok();
    host.set("equal", Function::new(ctx.clone(), equal)?)?;
    let sign = |ctx: Ctx<'js>, algorithm: String, key: String, data: String| {
        signed(&algorithm, &key, &bytes(&data)).map_err(|error| Exception::throw_message(&ctx, &error))
    };
    host.set("sign", Function::new(ctx.clone(), sign)?)?;
    let verify = |ctx: Ctx<'js>, algorithm: String, key: String, data: String, signature: String| {
        verified(&algorithm, &key, &bytes(&data), &signature).map_err(|error| Exception::throw_message(&ctx, &error))
    };
    host.set("verify", Function::new(ctx.clone(), verify)?)?;
    let hash = |ctx: Ctx<'js>, password: String, cost: u32, salt: String| {
        let salt: Option<[u8; 16]> = bytes(&salt).try_into().ok();
        let hash = salt.and_then(|salt| bcrypt::hash_with_salt(password, cost, salt).ok());
        let hash = hash.ok_or_else(|| Exception::throw_message(&ctx, "Invalid salt"))?;
        Ok::<_, rquickjs::Error>(hash.format_for_version(bcrypt::Version::TwoB))
    };
    host.set("bcryptHash", Function::new(ctx.clone(), hash)?)?;
    let compare = |password: String, hash: String| bcrypt::verify(password, &hash).unwrap_or(false);
    host.set("bcryptCompare", Function::new(ctx.clone(), compare)?)?;
    Ok(())
}
