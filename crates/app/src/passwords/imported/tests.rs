//! Vectors made with Python's `hashlib`; those of bcrypt and argon2 by the libraries that verify them, at a low cost.

use super::ImportedHashError::{Malformed, TooCostly, Unsupported};
use super::*;

const PASSWORD: &str = "Correct-horse-1";

const VECTORS: &[(&str, &str)] = &[
    ("pbkdf2-sha1", r"$pbkdf2-sha1$i=1000,l=20$TmFDbE5hQ2xOYUNsTmFDbA$rGHT/JRuxndK6K00x9SKy4B+6qg"),
    ("pbkdf2-sha256", r"$pbkdf2-sha256$i=1000,l=32$TmFDbE5hQ2xOYUNsTmFDbA$7hm8gqQWQ+W5w2HUVxnsL6oE/EYTZHn0+IZ1r7xj8qo"),
    (
        "pbkdf2-sha512",
        r"$pbkdf2-sha512$i=1000,l=64$TmFDbE5hQ2xOYUNsTmFDbA$7w8UaJ/LLbbLsRnyo3ThCr0lGDuSf/m5JpD7FaAkxoUKYcAEO/vnwPzoAOLkWuSo8gH7kb9E4dk6LFIeo+aaLA",
    ),
    ("scrypt", r"$scrypt$ln=10,r=8,p=1$TmFDbE5hQ2xOYUNsTmFDbA$TCsnpG/U0ZqlW73nhpohxPbHZfRTblQVy0wwID+muEE"),
    (
        "scrypt json",
        r#"{"algorithm": "scrypt", "hash": {"value": "a91d123c327ed1fe5103bde7f251e396d40e2b4eeb916df5a871b5b74c650590d03aec8c5a9e3e2a95f529eb439ad8e5b748e4dbf395a788dce3246e4dcd9ca5", "encoding": "hex"}, "salt": {"value": "salty", "encoding": "utf8"}, "keylen": 64, "cost": 1024, "blockSize": 8, "parallelization": 1}"#,
    ),
    (
        "md5",
        r#"{"algorithm": "md5", "hash": {"value": "1236f2d6766ac4c715fc8d607a79625e", "encoding": "hex"}, "salt": {"value": "before", "position": "prefix"}}"#,
    ),
    (
        "sha1",
        r#"{"algorithm": "sha1", "hash": {"value": "7ce891eb3362b41cb459a12fbe6b8bdaf24936dc", "encoding": "hex"}, "salt": {"value": "before", "position": "prefix"}}"#,
    ),
    (
        "sha256",
        r#"{"algorithm": "sha256", "hash": {"value": "74dfb7c71d39cc391acc22cbfc5e219eeeba2021820841df67c0ec53b72a2f49", "encoding": "hex"}, "salt": {"value": "before", "position": "prefix"}}"#,
    ),
    (
        "sha512",
        r#"{"algorithm": "sha512", "hash": {"value": "1c937167ecfccbddf0ea8b6550ab55b8239c6406270330f23007e252028c64cf3a5aed5828c78a4cd909ce3a9ce2f2e8474ebb2c5f60398e3194695b64f6c275", "encoding": "hex"}, "salt": {"value": "before", "position": "prefix"}}"#,
    ),
    (
        "sha256 suffix",
        r#"{"algorithm": "sha256", "hash": {"value": "JwZeJQGTuuM0lksgo4J3xJxP/bgG36R5R93oa39HCVY=", "encoding": "base64"}, "salt": {"value": "YWZ0ZXI=", "encoding": "base64", "position": "suffix"}}"#,
    ),
    (
        "hmac",
        r#"{"algorithm": "hmac", "hash": {"value": "5f3c35a13af212568e65389e327f63c489dfd87ccc6dc6e44df39c67322a5828", "encoding": "hex", "digest": "sha256", "key": {"value": "key", "encoding": "utf8"}}}"#,
    ),
    ("ldap sha", r"{SHA}Q3FUbnV49PZs3s9jcpD8Q4WPN/w="),
    ("ldap ssha", r"{SSHA}SQVdkutJq5x/bTBAYfQn0cYg/CpzYWx0"),
    ("ldap smd5", r"{SMD5}2+3hx7dDVR7FiEzshK43OHNhbHQ="),
    (
        "ldap json",
        r#"{"algorithm": "ldap", "hash": {"value": "{SSHA}SQVdkutJq5x/bTBAYfQn0cYg/CpzYWx0", "encoding": "utf8"}}"#,
    ),
];

#[test]
fn lg_06_hashes_of_other_systems_verify() {
    for (name, hash) in VECTORS {
        let hash = ImportedHash::parse(hash).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(hash.verify(PASSWORD), "{name}");
        assert!(!hash.verify("correct-horse-1") && !hash.verify(""), "{name}");
    }
}

#[test]
fn lg_06_bcrypt_and_argon2_verify() {
    // The vectors of bcrypt's first publication in OpenBSD ("U*U"), and of RFC 9106's reference implementation.
    let bcrypt = ImportedHash::parse("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW").unwrap();
    assert!(bcrypt.verify("U*U") && !bcrypt.verify("U*V"));
    let document =
        r#"{"algorithm":"bcrypt","hash":{"value":"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}}"#;
    assert!(ImportedHash::parse(document).unwrap().verify("U*U"));
    let argon2 = "$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA";
    let argon2 = ImportedHash::parse(argon2).unwrap();
    assert!(argon2.verify("password") && !argon2.verify("Password"));
}

/// RFC 1320 §A.5, RFC 1321 §A.5, FIPS 180 and RFC 4231 §4.3 (of which the key is the whole of `key`).
#[test]
fn lg_06_published_vectors_of_plain_digests_verify() {
    let document = |algorithm: &str, value: &str| {
        format!(r#"{{"algorithm":"{algorithm}","hash":{{"value":"{value}","encoding":"hex"}}}}"#)
    };
    for (algorithm, value) in [
        ("md4", "a448017aaf21d8525fc10ae87aa6729d"),
        ("md5", "900150983cd24fb0d6963f7d28e17f72"),
        ("sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "sha512",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ] {
        let hash = ImportedHash::parse(&document(algorithm, value)).unwrap();
        assert!(hash.verify("abc") && !hash.verify("abd"), "{algorithm}");
    }
    let hmac = r#"{"algorithm":"hmac","hash":{"value":"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843","encoding":"hex","digest":"sha256","key":{"value":"4a656665","encoding":"hex"}}}"#;
    assert!(ImportedHash::parse(hmac).unwrap().verify("what do ya want for nothing?"));
    // RFC 7914 §12.
    let scrypt = r#"{"algorithm":"scrypt","hash":{"value":"7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887","encoding":"hex"},"salt":{"value":"SodiumChloride"},"keylen":64,"cost":16384,"blockSize":8,"parallelization":1}"#;
    assert!(ImportedHash::parse(scrypt).unwrap().verify("pleaseletmein"));
    // RFC 6070, 4096 iterations.
    let pbkdf2 =
        r#"{"algorithm":"pbkdf2","hash":{"value":"$pbkdf2-sha1$i=4096,l=20$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE"}}"#;
    assert!(ImportedHash::parse(pbkdf2).unwrap().verify("password"));
}

#[test]
fn lg_06_passwords_are_hashed_in_the_encoding_that_they_were_hashed_in() {
    // The NT hash of Windows: MD4 of UTF-16.
    let nt = r#"{"algorithm":"md4","hash":{"value":"8846f7eaee8fb117ad06bdd830b7586c","encoding":"hex"},"password":{"encoding":"utf16le"}}"#;
    let hash = ImportedHash::parse(nt).unwrap();
    assert!(hash.verify("password") && !hash.verify("Password"));
    let latin = r#"{"algorithm":"md5","hash":{"value":"3b3c723fdc3b91ac2084b67e93e1a5e8","encoding":"hex"},"password":{"encoding":"latin1"}}"#;
    let hash = ImportedHash::parse(latin).unwrap();
    assert!(hash.verify("gr\u{fc}n"));
    assert!(!hash.verify("\u{4e2d}"), "which has no byte in it");
    let unknown = r#"{"algorithm":"md5","hash":{"value":"00","encoding":"hex"},"password":{"encoding":"ebcdic"}}"#;
    assert!(ImportedHash::parse(unknown).is_err());
}

#[test]
fn lg_06_absurd_parameters_are_refused() {
    let rest = "C".repeat(53);
    let salt_and_hash = "c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA";
    for (hash, error) in [
        (format!("$2b$15${rest}"), TooCostly),
        (format!("$2b$31${rest}"), TooCostly),
        (format!("$2b$03${rest}"), Malformed),
        (format!("$2b$10${rest}C"), Malformed),
        (format!("$argon2id$v=19$m=4194304,t=2,p=1${salt_and_hash}"), TooCostly),
        (format!("$argon2id$v=19$m=65536,t=17,p=1${salt_and_hash}"), TooCostly),
        (format!("$argon2id$v=19$m=65536,t=2,p=17${salt_and_hash}"), TooCostly),
        ("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ".to_owned(), Malformed),
        (format!("$pbkdf2-sha256$i=2000001,l=32${salt_and_hash}"), TooCostly),
        (format!("$pbkdf2-sha256$i=99999999999999,l=32${salt_and_hash}"), TooCostly),
        (format!("$pbkdf2-sha256$i=0,l=32${salt_and_hash}"), Malformed),
        ("$pbkdf2-sha256$i=1,l=1$c2FsdA$AA".to_owned(), Malformed),
        (format!("$pbkdf2-sha3$i=1000,l=32${salt_and_hash}"), Unsupported),
        (format!("$scrypt$ln=19,r=8,p=1${salt_and_hash}"), TooCostly),
        (format!("$scrypt$ln=63,r=8,p=1${salt_and_hash}"), TooCostly),
        (format!("$scrypt$ln=14,r=8,p=17${salt_and_hash}"), TooCostly),
        (format!("$scrypt$ln=14,r=0,p=1${salt_and_hash}"), Malformed),
        (r#"{"algorithm":"md5","hash":{"value":"00","encoding":"hex"}}"#.to_owned(), Malformed),
        (r#"{"algorithm":"whirlpool","hash":{"value":"00","encoding":"hex"}}"#.to_owned(), Unsupported),
        (r#"{"algorithm":"bcrypt"}"#.to_owned(), Malformed),
        ("{SSHA}AAAA".to_owned(), Malformed),
        ("{CRYPT}AAAA".to_owned(), Unsupported),
        ("plain".to_owned(), Unsupported),
        (String::new(), Unsupported),
    ] {
        assert_eq!(ImportedHash::parse(&hash).err(), Some(error), "{hash}");
    }
}
