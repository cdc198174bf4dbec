//! TK-03: a token states its kind, and one kind does not pass for another.

use keywright_jose::{
    DataKey, DataKeys, Expected, JwtError, JwtType, Random, Signer, SigningAlg, VerifyingKey, opaque, sign, verify,
};
use keywright_types::TenantId;
use serde_json::{Value, json};

use crate::fixture::*;

const TYPES: [JwtType; 3] = [JwtType::Jwt, JwtType::AccessToken, JwtType::LogSeal];

#[test]
fn tk_03_each_type_is_accepted_as_itself_and_nothing_else() {
    let secret = "a shared secret of the application".into();
    let secret_key = VerifyingKey::from_secret(&secret).unwrap();
    let signers = [
        Signer::Rsa(&KEY, SigningAlg::RS256),
        Signer::Rsa(&KEY, SigningAlg::RS512),
        Signer::Rsa(&KEY, SigningAlg::PS256),
        Signer::Ec(&EC_KEY),
        Signer::Hmac(&secret),
    ];
    for signer in signers {
        for made in TYPES {
            let token = sign(made, signer, &good_claims()).unwrap();
            for wanted in TYPES {
                let result = verify(
                    &token,
                    &[KEY.verifying(), EC_KEY.verifying(), &secret_key],
                    &Expected { typ: wanted, ..expected() },
                );
                if made == wanted {
                    assert_eq!(Value::from(result.unwrap()), good_claims());
                } else {
                    assert_eq!(result, Err(JwtError::WrongType), "{made:?} as {wanted:?}");
                }
            }
        }
    }
}

#[test]
fn tk_03_a_type_of_somebody_else_or_none_is_refused() {
    let types = ["jwt", "at+JWT", "application/at+jwt", "logout+jwt", "secevent+jwt", "dpop+jwt", "JWT ", "", "JOSE"];
    for typ in types.map(Value::from).into_iter().chain([json!(null), json!(["JWT"]), json!(1)]) {
        let token = rsa_token(&STORED, &with(&good_header(), &json!({ "typ": typ })), &good_claims().to_string());
        assert_eq!(check(&token), Err(JwtError::WrongType), "{typ}");
    }
}

#[test]
fn tk_03_opaque_and_signed_tokens_are_not_taken_for_each_other() {
    let (keys, tenant, random) =
        (DataKeys::only(DataKey::generate(&Random::system())), TenantId::new("t"), Random::system());
    let opaque_token = opaque::seal(&keys, &tenant, ISSUER, &good_claims(), &random).unwrap();
    for typ in TYPES {
        assert!(verify(&opaque_token, &[KEY.verifying()], &Expected { typ, ..expected() }).is_err());
        let signed = sign(typ, Signer::Rsa(&KEY, SigningAlg::RS256), &good_claims()).unwrap();
        assert!(opaque::open::<Value>(&keys, &tenant, ISSUER, &signed).is_none());
    }
}

#[test]
fn headers_are_those_of_the_specification() {
    let secret = "a shared secret of the application".into();
    let kid = KEY.kid();
    let cases = [
        (JwtType::Jwt, Signer::Rsa(&KEY, SigningAlg::RS256), format!(r#"{{"alg":"RS256","typ":"JWT","kid":"{kid}"}}"#)),
        (
            JwtType::AccessToken,
            Signer::Rsa(&KEY, SigningAlg::PS256),
            format!(r#"{{"alg":"PS256","typ":"at+jwt","kid":"{kid}"}}"#),
        ),
        (JwtType::Jwt, Signer::Hmac(&secret), r#"{"alg":"HS256","typ":"JWT"}"#.to_owned()),
    ];
    for (typ, signer, header) in cases {
        let token = sign(typ, signer, &good_claims()).unwrap();
        assert_eq!(token.split('.').next().unwrap(), encode(header));
    }
}
