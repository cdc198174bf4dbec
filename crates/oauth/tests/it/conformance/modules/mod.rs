//! The modules of the browser plans: one function each, named after it (`conformance-modules.md` §5 and §6), in
//! files by what each is about.

mod claims;
mod discovery;
mod id_token;
mod request;
mod session;
mod token;

pub(super) use claims::*;
pub(super) use discovery::*;
pub(super) use id_token::*;
pub(super) use request::*;
pub(super) use session::*;
pub(super) use token::*;

use super::relying_party::Reply;

/// Longest state that the suite sends: 128 characters, with the marks that URLs leave alone.
pub(crate) fn long_state() -> String {
    "aZ09-._~".repeat(16)
}

/// A redirect with an error, and nothing else than an error may hold (§2.4).
fn refused(reply: &Reply, state: &str, errors: &[&str]) {
    let error = reply.get("error").unwrap_or_else(|| panic!("no error: {reply:?}"));
    assert!(errors.contains(&error), "{reply:?}");
    assert_eq!(reply.get("state"), Some(state));
    assert_eq!(reply.get("code"), None);
    let known = ["error", "error_description", "error_uri", "state", "session_state", "iss"];
    assert!(reply.parameters.keys().all(|name| known.contains(&name.as_str())), "{reply:?}");
    let text = reply.get("error_description").unwrap_or_default();
    assert!(text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'"' && b != b'\\'), "{text}");
}
