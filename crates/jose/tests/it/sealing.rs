//! The master key: what it opens and what not, which digests are equal, how it is written down.

use keywright_jose::{MasterKey, MasterKeyError, Purpose, Random};
use keywright_types::TenantId;
use secrecy::ExposeSecret;

const PURPOSES: [Purpose; 13] = [
    Purpose::ClientSecret,
    Purpose::SigningKey,
    Purpose::ApiSigningSecret,
    Purpose::SessionCookie,
    Purpose::SessionHandle,
    Purpose::BrowserCookie,
    Purpose::BrowserHandle,
    Purpose::TransactionHandle,
    Purpose::AuthorizationCode,
    Purpose::RefreshToken,
    Purpose::AccessToken,
    Purpose::Csrf,
    Purpose::LogoutRequest,
];

fn master() -> (MasterKey, TenantId, Random) {
    (MasterKey::generate(&Random::system()), TenantId::new("tenant-1"), Random::system())
}

#[test]
fn a_sealed_value_opens_for_its_own_purpose_only() {
    let (master, tenant, random) = master();
    for made in PURPOSES {
        let sealed = master.seal(made, &tenant, b"plaintext", &random);
        for wanted in PURPOSES {
            let opened = master.open(wanted, &tenant, &sealed);
            assert_eq!(opened.as_ref().map(|text| text.as_slice()), (made == wanted).then_some(&b"plaintext"[..]));
        }
    }
}

#[test]
fn a_sealed_value_opens_for_its_own_tenant_and_instance_only() {
    let (master, tenant, random) = master();
    let sealed = master.seal(Purpose::ClientSecret, &tenant, b"plaintext", &random);
    for other in ["tenant-2", "tenant-", "tenant-1 ", "", "tenant-1/", "Tenant-1"] {
        assert!(master.open(Purpose::ClientSecret, &TenantId::new(other), &sealed).is_none(), "{other}");
    }
    assert!(MasterKey::generate(&random).open(Purpose::ClientSecret, &tenant, &sealed).is_none());
}

#[test]
fn the_same_plaintext_is_never_sealed_the_same_way() {
    let (master, tenant, random) = master();
    let first = master.seal(Purpose::ClientSecret, &tenant, b"", &random);
    assert_eq!(first.len(), 12 + 16);
    assert_ne!(first, master.seal(Purpose::ClientSecret, &tenant, b"", &random));
}

#[test]
fn a_sealed_text_has_one_spelling() {
    let (master, tenant, random) = master();
    for length in 0..6 {
        let text = master.seal_text(Purpose::SessionCookie, &tenant, &vec![b'x'; length], &random);
        let open = |text: &str| master.open_text(Purpose::SessionCookie, &tenant, text);
        assert_eq!(open(&text).unwrap().as_slice(), vec![b'x'; length]);
        for tail in ["=", "==", "A", "AA", "\n", " ", "%3D"] {
            assert!(open(&format!("{text}{tail}")).is_none(), "{tail:?}");
        }
        for end in 0..text.len() {
            assert!(open(&text[..end]).is_none(), "{end}");
        }
        let respelled = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            .chars()
            .filter(|last| open(&format!("{}{last}", &text[..text.len() - 1])).is_some());
        assert_eq!(respelled.collect::<String>(), text[text.len() - 1..]);
    }
}

#[test]
fn cl_02_digests_are_equal_for_the_same_value_purpose_tenant_and_instance_only() {
    let (master, tenant, random) = master();
    let digest = master.digest(Purpose::RefreshToken, &tenant, b"value");
    assert_eq!(digest, master.digest(Purpose::RefreshToken, &tenant, b"value"));
    let copy = MasterKey::from_base64(master.to_base64().expose_secret()).unwrap();
    assert_eq!(digest, copy.digest(Purpose::RefreshToken, &tenant, b"value"));

    for value in [&b"valuE"[..], b"valu", b"value\0", b""] {
        assert_ne!(digest, master.digest(Purpose::RefreshToken, &tenant, value));
    }
    for purpose in PURPOSES.into_iter().filter(|purpose| *purpose != Purpose::RefreshToken) {
        assert_ne!(digest, master.digest(purpose, &tenant, b"value"), "{purpose:?}");
    }
    assert_ne!(digest, master.digest(Purpose::RefreshToken, &TenantId::new("tenant-2"), b"value"));
    assert_ne!(digest, MasterKey::generate(&random).digest(Purpose::RefreshToken, &tenant, b"value"));
}

#[test]
fn cl_02_tenant_and_value_do_not_run_into_each_other() {
    let (master, ..) = master();
    let digest = |tenant: &str, value: &[u8]| master.digest(Purpose::RefreshToken, &TenantId::new(tenant), value);
    assert_ne!(digest("tenant-1", b"value"), digest("tenant-", b"1value"));
    assert_ne!(digest("tenant-1", b"value"), digest("tenant-1v", b"alue"));
}

#[test]
fn a_key_survives_being_written_down() {
    let (master, tenant, random) = master();
    let text = master.to_base64().expose_secret().to_owned();
    assert_eq!(text.len(), 44);
    let sealed = master.seal(Purpose::SigningKey, &tenant, b"plaintext", &random);
    for written in [text.clone(), format!("{text}\n"), format!("  {text}\r\n")] {
        let read = MasterKey::from_base64(&written).unwrap();
        assert!(read.open(Purpose::SigningKey, &tenant, &sealed).is_some());
    }
}

#[test]
fn what_is_no_key_says_why_and_not_what_it_was() {
    let refused = |text: &str| MasterKey::from_base64(text).unwrap_err();
    assert_eq!(refused(""), MasterKeyError::Length(0));
    assert_eq!(refused("c2VjcmV0"), MasterKeyError::Length(6));
    assert_eq!(refused(&"AAAA".repeat(11)), MasterKeyError::Length(33));
    for text in ["not base64!", "c2Vj cmV0", "c2VjcmV", "c2VjcmV0="] {
        assert_eq!(refused(text), MasterKeyError::NotBase64, "{text}");
    }
    assert_eq!(refused("c2VjcmV0").to_string(), "the master key has 6 bytes, 32 are needed");
}
