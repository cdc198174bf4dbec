//! The JavaScript of the engine, compiled in: the drivers, the globals, and the modules that `require` finds.

/// What every realm begins with.
pub(super) const PRELUDE: &str = include_str!("../../js/prelude.js");
/// R §2.
pub(super) const RULES: &str = include_str!("../../js/rules.js");
/// R §3.
pub(super) const ACTIONS: &str = include_str!("../../js/actions.js");

/// `require(name)`: each source is the body of a CommonJS module with the parameters `exports, require, module, host`.
const MODULES: &[(&str, &str)] = &[
    ("@auth0/rule-utilities", include_str!("../../js/modules/rule-utilities.js")),
    ("assert", include_str!("../../js/modules/assert.js")),
    ("auth0", include_str!("../../js/modules/auth0.js")),
    ("axios", include_str!("../../js/modules/axios.js")),
    ("bcrypt", include_str!("../../js/modules/bcrypt.js")),
    ("buffer", include_str!("../../js/modules/buffer.js")),
    ("crypto", include_str!("../../js/modules/crypto.js")),
    ("events", include_str!("../../js/modules/events.js")),
    ("internal/fetch", include_str!("../../js/modules/fetch.js")),
    ("https", include_str!("../../js/modules/https.js")),
    ("jsonwebtoken", include_str!("../../js/modules/jsonwebtoken.js")),
    ("node-fetch", include_str!("../../js/modules/node-fetch.js")),
    ("querystring", include_str!("../../js/modules/querystring.js")),
    ("request", include_str!("../../js/modules/request.js")),
    ("request-promise", include_str!("../../js/modules/request-promise.js")),
    ("slack-notify", include_str!("../../js/modules/slack-notify.js")),
    ("url", include_str!("../../js/modules/url.js")),
    ("util", include_str!("../../js/modules/util.js")),
    ("uuid", include_str!("../../js/modules/uuid.js")),
];

/// Other names of the same module.
const ALIASES: &[(&str, &str)] =
    &[("bcryptjs", "bcrypt"), ("http", "https"), ("request-promise-native", "request-promise")];

/// The source of a module, and the name that it is loaded once by.
pub(super) fn module(name: &str) -> Option<(&'static str, &'static str)> {
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
    MODULES.iter().find(|(own, _)| *own == name).copied()
}
