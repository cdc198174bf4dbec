//! Data keys: what they open and what not, and which digests are equal; how the master key is written down.

use std::sync::Arc;

use keywright_jose::{DataKey, DataKeys, MasterKey, MasterKeyError, Purpose, Random, Resealing};
use keywright_types::TenantId;
use secrecy::ExposeSecret;

fn keys() -> (DataKeys, TenantId, Random) {
    (DataKeys::only(DataKey::generate(&Random::system())), TenantId::new("tenant-1"), Random::system())
}

#[test]
fn a_sealed_value_opens_for_its_own_purpose_only() {
    let (keys, tenant, random) = keys();
    for made in Purpose::ALL {
        let sealed = keys.seal(made, &tenant, b"plaintext", &random);
        for wanted in Purpose::ALL {
            let opened = keys.open(wanted, &tenant, &sealed);
            assert_eq!(opened.as_ref().map(|text| text.as_slice()), (made == wanted).then_some(&b"plaintext"[..]));
        }
    }
}

#[test]
fn a_sealed_value_opens_for_its_own_tenant_and_instance_only() {
    let (keys, tenant, random) = keys();
    let sealed = keys.seal(Purpose::ClientSecret, &tenant, b"plaintext", &random);
    for other in ["tenant-2", "tenant-", "tenant-1 ", "", "tenant-1/", "Tenant-1"] {
        assert!(keys.open(Purpose::ClientSecret, &TenantId::new(other), &sealed).is_none(), "{other}");
    }
    assert!(DataKeys::only(DataKey::generate(&random)).open(Purpose::ClientSecret, &tenant, &sealed).is_none());
}

#[test]
fn the_same_plaintext_is_never_sealed_the_same_way() {
    let (keys, tenant, random) = keys();
    let first = keys.seal(Purpose::ClientSecret, &tenant, b"", &random);
    assert_eq!(first.len(), 12 + 16);
    assert_ne!(first, keys.seal(Purpose::ClientSecret, &tenant, b"", &random));
}

#[test]
fn a_sealed_text_has_one_spelling() {
    let (keys, tenant, random) = keys();
    for length in 0..6 {
        let text = keys.seal_text(Purpose::SessionCookie, &tenant, &vec![b'x'; length], &random);
        let open = |text: &str| keys.open_text(Purpose::SessionCookie, &tenant, text);
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
    let (keys, tenant, random) = keys();
    let digest = keys.digest(Purpose::RefreshToken, &tenant, b"value");
    assert_eq!(digest, keys.digest(Purpose::RefreshToken, &tenant, b"value"));

    for value in [&b"valuE"[..], b"valu", b"value\0", b""] {
        assert_ne!(digest, keys.digest(Purpose::RefreshToken, &tenant, value));
    }
    for purpose in Purpose::ALL.into_iter().filter(|purpose| *purpose != Purpose::RefreshToken) {
        assert_ne!(digest, keys.digest(purpose, &tenant, b"value"), "{purpose:?}");
    }
    assert_ne!(digest, keys.digest(Purpose::RefreshToken, &TenantId::new("tenant-2"), b"value"));
    assert_ne!(digest, DataKeys::only(DataKey::generate(&random)).digest(Purpose::RefreshToken, &tenant, b"value"));
}

#[test]
fn cl_02_tenant_and_value_do_not_run_into_each_other() {
    let (keys, ..) = keys();
    let digest = |tenant: &str, value: &[u8]| keys.digest(Purpose::RefreshToken, &TenantId::new(tenant), value);
    assert_ne!(digest("tenant-1", b"value"), digest("tenant-", b"1value"));
    assert_ne!(digest("tenant-1", b"value"), digest("tenant-1v", b"alue"));
}

#[test]
fn a_key_survives_being_written_down() {
    let (tenant, random) = (TenantId::new("tenant-1"), Random::system());
    let master = MasterKey::generate(&random);
    let text = master.to_base64().expose_secret().to_owned();
    assert_eq!(text.len(), 44);
    let sealed = DataKeys::only(master.as_data_key()).seal(Purpose::SigningKey, &tenant, b"plaintext", &random);
    for written in [text.clone(), format!("{text}\n"), format!("  {text}\r\n")] {
        let read = MasterKey::from_base64(&written).unwrap();
        assert!(DataKeys::only(read.as_data_key()).open(Purpose::SigningKey, &tenant, &sealed).is_some());
        assert_eq!(read.fingerprint(), master.fingerprint());
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

/// Rings of the same three generations: what seals is the first argument, what else is there the second.
fn ring(all: &[Arc<DataKey>], current: u16, others: &[u16]) -> DataKeys {
    let key = |generation: u16| (generation, Arc::clone(&all[usize::from(generation)]));
    DataKeys::new(Arc::clone(&all[0]), key(current), others.iter().map(|other| key(*other)).collect())
}

#[test]
fn st_03_each_generation_opens_what_it_sealed_and_nothing_else() {
    let (tenant, random) = (TenantId::new("tenant-1"), Random::system());
    let all: Vec<_> = (0..=3).map(|_| Arc::new(DataKey::generate(&random))).collect();
    let purpose = Purpose::ClientSecret;
    for made in 1..=3 {
        let sealed = ring(&all, made, &[]).seal(purpose, &tenant, b"plaintext", &random);
        let text = ring(&all, made, &[]).seal_text(purpose, &tenant, b"plaintext", &random);
        for wanted in 1..=3 {
            let keys = ring(&all, wanted, &[]);
            assert_eq!(keys.open(purpose, &tenant, &sealed).is_some(), made == wanted, "{made} {wanted}");
            assert_eq!(keys.open_text(purpose, &tenant, &text).is_some(), made == wanted, "{made} {wanted}");
        }
        assert!(ring(&all, 3, &[1, 2]).open(purpose, &tenant, &sealed).is_some(), "{made}");
        assert!(ring(&all, 1, &[2, 3]).open(purpose, &tenant, &sealed).is_some(), "{made}");
    }
}

#[test]
fn st_03_the_number_of_a_generation_cannot_be_changed() {
    let (tenant, random) = (TenantId::new("tenant-1"), Random::system());
    let all: Vec<_> = (0..=3).map(|_| Arc::new(DataKey::generate(&random))).collect();
    let keys = ring(&all, 2, &[1, 3]);
    let sealed = keys.seal(Purpose::Job, &tenant, b"plaintext", &random);
    assert_eq!(sealed[..4], *b"KW\0\x02");
    for (position, byte) in (0..4).flat_map(|position| (0..=u8::MAX).map(move |byte| (position, byte))) {
        let mut changed = sealed.clone();
        changed[position] = byte;
        assert_eq!(keys.open(Purpose::Job, &tenant, &changed).is_some(), changed == sealed, "{position} {byte}");
    }
    assert!(keys.open(Purpose::Job, &tenant, &sealed[4..]).is_none());
    // The first generation has no mark, so a mark in front of its values makes nothing of them.
    let first = ring(&all, 1, &[]).seal(Purpose::Job, &tenant, b"plaintext", &random);
    assert!(keys.open(Purpose::Job, &tenant, &[b"KW\0\x01", &first[..]].concat()).is_none());
    for length in 0..8 {
        assert!(keys.open(Purpose::Job, &tenant, &sealed[..length]).is_none());
    }
}

#[test]
fn st_03_resealing_leaves_what_is_current_and_renews_the_rest() {
    let (tenant, random) = (TenantId::new("tenant-1"), Random::system());
    let all: Vec<_> = (0..=3).map(|_| Arc::new(DataKey::generate(&random))).collect();
    let keys = ring(&all, 3, &[1, 2]);
    for made in 1..=3 {
        let sealed = ring(&all, made, &[]).seal(Purpose::Job, &tenant, b"plaintext", &random);
        match keys.reseal(Purpose::Job, &tenant, &sealed, &random) {
            Resealing::Anew(anew) => {
                assert!(made < 3);
                assert_eq!(ring(&all, 3, &[]).open(Purpose::Job, &tenant, &anew).unwrap().as_slice(), b"plaintext");
            }
            Resealing::Current => assert_eq!(made, 3),
            Resealing::Unreadable => panic!("generation {made} is there"),
        }
    }
    let strange = DataKeys::only(DataKey::generate(&random)).seal(Purpose::Job, &tenant, b"plaintext", &random);
    assert!(matches!(keys.reseal(Purpose::Job, &tenant, &strange, &random), Resealing::Unreadable));
}

#[test]
fn st_03_digests_are_the_same_in_every_generation() {
    let (tenant, random) = (TenantId::new("tenant-1"), Random::system());
    let all: Vec<_> = (0..=2).map(|_| Arc::new(DataKey::generate(&random))).collect();
    let digest = |keys: &DataKeys| keys.digest(Purpose::SessionHandle, &tenant, b"value");
    assert_eq!(digest(&ring(&all, 1, &[])), digest(&ring(&all, 2, &[1])));
    let other: Vec<_> = (0..=2).map(|_| Arc::new(DataKey::generate(&random))).collect();
    assert_ne!(digest(&ring(&all, 1, &[])), digest(&ring(&other, 1, &[])));
}

#[test]
fn st_03_a_data_key_opens_under_its_master_key_as_its_generation() {
    let (tenant, random) = (TenantId::new("tenant-1"), Random::system());
    let master = MasterKey::generate(&random);
    let key = DataKey::generate(&random);
    let sealed = master.seal_data_key(2, &key, &random);
    let value = DataKeys::only(key).seal(Purpose::Job, &tenant, b"plaintext", &random);
    let opened = DataKeys::only(master.open_data_key(2, &sealed).unwrap());
    assert_eq!(opened.open(Purpose::Job, &tenant, &value).unwrap().as_slice(), b"plaintext");
    assert!(master.open_data_key(1, &sealed).is_none());
    assert!(MasterKey::generate(&random).open_data_key(2, &sealed).is_none());
    assert!(master.open_data_key(2, &sealed[1..]).is_none());
    // A master key that once was the only key seals its own data key without opening values as a data key does.
    let own = DataKeys::only(master.as_data_key());
    assert!(own.open(Purpose::Job, &TenantId::new(""), &sealed).is_none());
}
