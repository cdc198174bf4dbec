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
