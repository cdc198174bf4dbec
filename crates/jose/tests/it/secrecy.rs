//! TK-05 and CL-02: no key shows in what a program prints, and no secret can be compared except as a digest.

use base64::{Engine, engine::general_purpose::STANDARD};
use keywright_jose::{
    DataKey, DataKeys, Digest, EcSigningKey, MasterKey, NewEcSigningKey, NewSigningKey, Purpose, Random, SharedSecret,
    Signer, SigningAlg, SigningKey, VerifyingKey, sign,
};
use keywright_jose::{JwtType, KeyError};
use keywright_types::TenantId;
use secrecy::{ExposeSecret, SecretString};

use crate::fixture::*;

#[test]
fn tk_05_debug_of_keys_shows_their_name_at_most() {
    let kid = KEY.kid();
    let stored: &NewSigningKey = &STORED;
    let loaded: &SigningKey = &KEY;
    assert_eq!(format!("{stored:?}"), format!("NewSigningKey {{ kid: {kid:?}, .. }}"));
    assert_eq!(format!("{loaded:?}"), format!("SigningKey {{ kid: {kid:?}, .. }}"));
    assert_eq!(format!("{:?}", KEY.verifying()), format!("VerifyingKey {{ kid: Some({kid:?}), .. }}"));
    let ec = format!("{:?}", *EC_KEY);
    assert_eq!(ec, format!("EcSigningKey {{ kid: {:?}, .. }}", EC_KEY.kid()));
    assert_eq!(format!("{:?}", Signer::Ec(&EC_KEY)), format!("Ec({ec})"));
    let secret = VerifyingKey::from_secret(&"correct horse".into()).unwrap();
    assert_eq!(format!("{secret:?}"), "VerifyingKey { kid: None, .. }");
    assert_eq!(format!("{:?}", MasterKey::generate(&Random::system())), "MasterKey(…)");
    assert_eq!(format!("{:?}", DataKey::generate(&Random::system())), "DataKey(…)");
    assert_eq!(format!("{:?}", DataKeys::only(DataKey::generate(&Random::system()))), "DataKeys(…)");
}

#[test]
fn tk_05_debug_of_what_holds_a_key_does_not_show_it() {
    let secret = SharedSecret::from("correct horse battery staple");
    for text in [format!("{:?}", Signer::Hmac(&secret)), format!("{:?}", Signer::Rsa(&KEY, SigningAlg::RS256))] {
        assert!(!text.contains("correct horse"), "{text}");
        assert!(text.len() < 120, "{text}");
    }
    let master = MasterKey::generate(&Random::system());
    let text = master.to_base64();
    assert!(!format!("{text:?}").contains(text.expose_secret()));
    assert!(!text.expose_secret().contains(&master.fingerprint()), "a fingerprint is no part of the key");
    let digest = DataKeys::only(master.as_data_key()).digest(Purpose::Csrf, &TenantId::new("t"), b"value");
    assert_eq!(format!("{digest:?}"), "Digest(…)");
}

#[test]
fn tk_05_errors_do_not_repeat_the_key() {
    let broken: Vec<u8> = STORED.private_key.iter().copied().skip(1).collect();
    let error = SigningKey::load("kid".to_owned(), &broken, &STORED.certificate).unwrap_err();
    assert_eq!((error, error.to_string().as_str()), (KeyError::PrivateKey, "the private key cannot be read"));
}

#[test]
fn tk_05_public_forms_hold_no_part_of_the_private_key() {
    let private = &STORED.private_key;
    let jwk = serde_json::to_string(KEY.public_jwk()).unwrap();
    let token = sign(JwtType::Jwt, Signer::Rsa(&KEY, SigningAlg::RS256), &good_claims()).unwrap();
    // The second half of PKCS#8 holds the exponent's end, the primes and the coefficients; all modulus bytes come before.
    for secret in private[private.len() / 2..].windows(16) {
        assert!(!STORED.certificate.windows(16).any(|part| part == secret));
        for public in [&jwk, &token] {
            assert!(!public.contains(&encode(secret)[..20]) && !public.contains(&STANDARD.encode(secret)[..20]));
        }
    }
    let ec = serde_json::to_value(EC_KEY.public_jwk()).unwrap();
    assert_eq!(ec.get("d"), None);
    for member in ["d", "p", "q", "dp", "dq", "qi", "k"] {
        assert!(serde_json::to_value(KEY.public_jwk()).unwrap().get(member).is_none(), "{member}");
    }
}

/// Resolves to one implementation only for types without `PartialEq`; for others the compiler finds it ambiguous.
trait NotComparable<Marker> {
    fn is_not_comparable() {}
}
impl<T: ?Sized> NotComparable<()> for T {}
impl<T: ?Sized + PartialEq> NotComparable<u8> for T {}

#[test]
fn cl_02_of_all_secrets_only_digests_can_be_compared() {
    fn comparable<T: Eq>() {}
    comparable::<Digest>();
    // These lines do not compile once one of the types offers equality.
    <MasterKey as NotComparable<_>>::is_not_comparable();
    <SecretString as NotComparable<_>>::is_not_comparable();
    <SharedSecret as NotComparable<_>>::is_not_comparable();
    <EcSigningKey as NotComparable<_>>::is_not_comparable();
    <NewEcSigningKey as NotComparable<_>>::is_not_comparable();
    <NewSigningKey as NotComparable<_>>::is_not_comparable();
    <SigningKey as NotComparable<_>>::is_not_comparable();
    <VerifyingKey as NotComparable<_>>::is_not_comparable();
}
