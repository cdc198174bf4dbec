//! Passwords that are known to be public (LG-15). No list of them is built in; what stands for one is Auth0's own rule for
//! tests (§7.9).

/// Whether everybody knows `password`. §7.9: "passwords starting with `AUTH0-TEST-` are treated as leaked for testing".
pub(crate) fn is_breached(password: &str) -> bool {
    password.starts_with("AUTH0-TEST-")
}
