//! Values made by other implementations: published ones where they exist, else by OpenSSL through Python's `cryptography`.
//!
//! The values of the master key also pin what is in the databases of existing instances: when one of these tests breaks,
//! no stored secret can be read any more, and the change is wrong.

use base64::{Engine, engine::general_purpose::STANDARD};
use keywright_jose::{DataKeys, Expected, JwtType, MasterKey, Purpose, Signer, VerifyingKey, opaque, sign, verify};
use keywright_types::TenantId;
use serde::Serialize;
use serde_json::{Value, json};

use crate::fixture::{NOW, at};

const ISSUER: &str = "https://issuer.example/";

/// Bytes 0 to 31.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const FOREIGN_CERTIFICATE: &str = "MIICvjCCAaagAwIBAgIUOdnLrjk0o5I5NoMZ1tfC3uTAHTMwDQYJKoZIhvcNAQELBQAwGTEXMBUGA1UEAwwOaXNzdWVyLmV4YW1w\
     bGUwHhcNMjMwMTAxMDAwMDAwWhcNMzMwMTAxMDAwMDAwWjAZMRcwFQYDVQQDDA5pc3N1ZXIuZXhhbXBsZTCCASIwDQYJKoZIhvcN\
     AQEBBQADggEPADCCAQoCggEBAJphd3xdcckJqwTbXqLzuWxjzhnTGbzKnDtqQkLEqAnLX5FQfSm02E7UIow7zWFb5wLFZ6ChVI46\
     mQAasN/j/BkxXrnuEhD8FMpQNlfBnq6+KhR8fTZu8yhb+d09iNjqgOJrfKyKMA1iRdYBMFFlOswfEcCdZ3fk3ZXmrb//3N2Qxfqu\
     yv6UTa+PawGzAc1z5yAIGS2ZBwRq92AIgFw6bDyUTUZWEH4gJ3MXDW0LoAoBqDqIiceAAOHKV6CoGejiPdBGZ+PUJLazy+pjw6Nh\
     KuYsp1oj7wKfJLQtp7f2/WlS12Y+HcQ47rFB8u/lRYo/5lVgY1SC6QvTGW09dcteVD0CAwEAATANBgkqhkiG9w0BAQsFAAOCAQEA\
     bdc/4ubFSFmeQN1AkM4GME+SJhCBOSPjXBWPo5DMpdXHidjZQwh7xTCxCUMnzTSFGeJ1xA8+Dfcbd8aU3ldM6fkDbTEdoqivHzY0\
     3ERbaj5nH0Tg5Nh6XWiwWS6L3x/KrdIruzZ5KweC4lpPsPNmhUYGev7eaejv4B0jFSTV+SdAtwSJhylg3bCojCKbQ3uaBM60Hb7I\
     UiYuZE3c6/AIKutvNJBe+OFnpvafLPmkeG4b6Jb/AfSMWb9AQNf5cffTBQET2JSptR/tvJLFNUFsXzJRDELFqTCLyOQzu3ZN6o7i\
     CM4IJNJoaHFope5OVl5d8BMctB37h0tIgoLeZjTHdQ==";

const FOREIGN_RS256: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImZvcmVpZ24ifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlL\
     yIsInN1YiI6ImF1dGgwfDEiLCJhdWQiOiJodHRwczovL2FwaS5leGFtcGxlLyIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwM\
     Dg2NDAwfQ.dXNv8IiSCTlql-yldYwKVSyBVFyTKqpUFq3VrX53SGF_QqiV9qyZqQU09rZ3LiCemmS3waAG4_dRfTzGuCMKO8vmyr\
     opbn3zw8pF11DfuJN3pVXao-sBn8aKihaI5RcgjfyBfBFSvRxqRcCLJicCcARWzT42XbIoJFkToC0L331DNXwrPAslS9cK3ff1p3\
     oOwCeq3qmXOfzzHsB8Pu2RjMi5uW2kKDKUGLx7nFviOiLNO3jIxtQqUQyiHQyK0_fmZT4uT7aLJYA1H-aMBc9mX-Y6OXCCDTBJlr\
     utT-30-OzzqSCdHh4zjwH0opU3LYbEleNzJDnc50Tbat5TG7XlJg";

const FOREIGN_PS256: &str = "eyJhbGciOiJQUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImZvcmVpZ24ifQ.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlL\
     yIsInN1YiI6ImF1dGgwfDEiLCJhdWQiOiJodHRwczovL2FwaS5leGFtcGxlLyIsImlhdCI6MTcwMDAwMDAwMCwiZXhwIjoxNzAwM\
     Dg2NDAwfQ.FMHIAVOt9nyRo5bsFx_qKFg1uCUXEKZmI7TyhM2GNvp4_sssAGEgcNqoECMkPbhhNvE9BOFIqGrvHDHtA9ILtfks1y\
     DnlBdmliwvcBMa5IgX0hWDiIVNgcimjFz6wSjxQjden2ePHxoWyPdxw2X_VDdKyfTZezXgxYjJZ3xTV_wgaAryx1MWutP03rDIE1\
     uJYBKHLCc3geNl59nVh-LNboj-yO07JTRGANHSYjChbyQ2u9R6JPZ-qqJhxj2chemBmucZYwWlL7i9LQmzh6ULGd7cRyTsyKDxtw\
     j0vD8RMkwM8Yx9AXFDrJb6JqoiqCkCjRMSR8pMkH-KRB45O0nJew";

const SMALL_CERTIFICATE: &str = "MIIB/DCCAWWgAwIBAgIUanpTZ0XHrqmY5cHveVHrUNXbRBYwDQYJKoZIhvcNAQELBQAwEDEOMAwGA1UEAwwFc21hbGwwHhcNMjYx\
     MTIxMTAxMDI0WhcNMzYxMTE4MTAxMDI0WjAQMQ4wDAYDVQQDDAVzbWFsbDCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEAv9TE\
     PnBXl7tWR5a2jvl/tmGKSPcllTBaexs24ccXMemlCAG3kTEEVc8MrRDTc4CaI707FbHdQ8e/dlQ7Y1O32qHGp4htu4fGQzO5jAgW\
     uZ1i3k9jNKFKSvqC374Mb5TmTs3lHrbzBNrE/2OmHA0b//Hy/Ij87KUOnZ7X9rvvCosCAwEAAaNTMFEwHQYDVR0OBBYEFBuCf9dU\
     kxs52gg9thAHeJDNRVrBMB8GA1UdIwQYMBaAFBuCf9dUkxs52gg9thAHeJDNRVrBMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcN\
     AQELBQADgYEAAHEpaSnKHIHxiA2eycTRxjyEAStQJOR6ge+KCaH3E7Fu29HrJw+7GIn7UgLh99jCoH/yu+3U8a/U2ApvK50W3tcS\
     XIFBMUqEEiBkr759i4yZMzO12lu8uMuUrm3MU6ETUhcENltBdNm7FrvT+XfOXnAjEyf3JEsdKqhyjygLzj8=";

pub(crate) fn certificate_of_1024_bits() -> Vec<u8> {
    STANDARD.decode(SMALL_CERTIFICATE).unwrap()
}

/// Those of a database that was made before there were data keys.
fn keys() -> (DataKeys, TenantId) {
    (DataKeys::only(MasterKey::from_base64(MASTER_KEY).unwrap().as_data_key()), TenantId::new("tenant-1"))
}

#[test]
fn digest_is_hmac_sha256_under_the_derived_key() {
    let (keys, tenant) = keys();
    let expected = "7e9c5fb4096db81daace521ecb80d5682b29f75e199a87176c13561fc95e465e";
    let digest = keys.digest(Purpose::RefreshToken, &tenant, b"value");
    let hex: String = digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, expected);
}

#[test]
fn sealed_values_of_another_implementation_open() {
    let (keys, tenant) = keys();
    let sealed = "AAECAwQFBgcICQoL53Ku-7zfxB-9V0uH_BjzIV73W_6AOqNajA";
    let opened = keys.open_text(Purpose::ClientSecret, &tenant, sealed).unwrap();
    assert_eq!(opened.as_slice(), b"plaintext");
}

#[test]
fn opaque_tokens_of_another_implementation_open() {
    let (keys, tenant) = keys();
    let token = "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwiaXNzIjoiaHR0cHM6Ly9pc3N1ZXIuZXhhbXBsZS8ifQ..AAECAwQFBgcICQoL\
     ._fB86ReN3n8JFnKeMg4G6I9MhcM3_SpmFR0x641A0fE_qg.MMrGSuVul9j60gg2pPtDTA";
    let claims: Value = opaque::open(&keys, &tenant, ISSUER, token).unwrap();
    assert_eq!(claims, json!({"sub": "auth0|1", "exp": 1_700_086_400}));
}

#[test]
fn tk_10_rsa_signatures_of_another_implementation_verify() {
    let certificate = STANDARD.decode(FOREIGN_CERTIFICATE).unwrap();
    let key = VerifyingKey::from_certificate("foreign".to_owned(), &certificate).unwrap();
    let expected = Expected {
        issuer: ISSUER,
        audience: Some("https://api.example/"),
        typ: JwtType::Jwt,
        now: at(NOW),
        allow_expired: false,
    };
    for token in [FOREIGN_RS256, FOREIGN_PS256] {
        assert_eq!(verify(token, &[&key], &expected).unwrap()["sub"], "auth0|1");
    }
}

/// The example token of the front page of jwt.io, known to every implementer.
#[test]
fn hs256_makes_the_example_token_of_jwt_io() {
    #[derive(Serialize)]
    struct Claims {
        sub: &'static str,
        name: &'static str,
        iat: i64,
    }
    let claims = Claims { sub: "1234567890", name: "John Doe", iat: 1_516_239_022 };
    let token = sign(JwtType::Jwt, Signer::Hmac(&"your-256-bit-secret".into()), &claims).unwrap();
    assert_eq!(
        token,
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
         eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.\
         SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
    );
}
