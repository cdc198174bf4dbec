//! The JavaScript of the engine, compiled in: the drivers, the globals, and the modules that `require` finds.

/// What every realm begins with.
pub(super) const CORE: &str = include_str!("../../js/core.js");
/// What it loads when it is needed.
pub(super) const PRELUDE: &str = include_str!("../../js/prelude.js");
/// R §2.
pub(super) const RULES: &str = include_str!("../../js/rules.js");
/// R §3.
pub(super) const ACTIONS: &str = include_str!("../../js/actions.js");

/// R §4 to §6.
pub(super) const FUNCTIONS: &str = include_str!("../../js/functions.js");

/// `require(name)`: each source is the body of a CommonJS module with the parameters `exports, require, module, host, kit`.
const MODULES: &[(&str, &str)] = &[
    ("@auth0/rule-utilities", include_str!("../../js/modules/rule-utilities.js")),
    ("assert", include_str!("../../js/modules/assert.js")),
    ("auth0", include_str!("../../js/modules/auth0.js")),
    ("axios", include_str!("../../js/modules/axios.js")),
    ("bcrypt", include_str!("../../js/modules/bcrypt.js")),
    ("buffer", include_str!("../../js/modules/buffer.js")),
    ("crypto", include_str!("../../js/modules/crypto.js")),
    ("debug", include_str!("../../js/modules/debug.js")),
    ("events", include_str!("../../js/modules/events.js")),
    ("internal/fetch", include_str!("../../js/modules/fetch.js")),
    ("https", include_str!("../../js/modules/https.js")),
    ("jsonwebtoken", include_str!("../../js/modules/jsonwebtoken.js")),
    ("internal/side-channel", include_str!("../../js/modules/side-channel.js")),
    ("node-fetch", include_str!("../../js/modules/node-fetch.js")),
    ("path", include_str!("../../js/modules/path.js")),
    ("q", include_str!("../../js/modules/q.js")),
    ("querystring", include_str!("../../js/modules/querystring.js")),
    ("request", include_str!("../../js/modules/request.js")),
    ("request-promise", include_str!("../../js/modules/request-promise.js")),
    ("slack-notify", include_str!("../../js/modules/slack-notify.js")),
    ("string_decoder", include_str!("../../js/modules/string_decoder.js")),
    ("timers", include_str!("../../js/modules/timers.js")),
    ("url", include_str!("../../js/modules/url.js")),
    ("util", include_str!("../../js/modules/util.js")),
    ("uuid", include_str!("../../js/modules/uuid.js")),
];

/// Packages of others, as they are published; their licences are beside them. They have the parameters of Node:
/// `exports, require, module`. Scripts load them by the names in [`ALIASES`].
const PACKAGES: &[(&str, &str)] = &[
    ("internal/ipaddr.js/ipaddr", include_str!("../../js/packages/ipaddr.js/ipaddr.js")),
    ("internal/lodash/lodash", include_str!("../../js/packages/lodash/lodash.min.js")),
    ("internal/moment/moment", include_str!("../../js/packages/moment/moment.min.js")),
    (
        "internal/moment-timezone/moment-timezone",
        include_str!("../../js/packages/moment-timezone/moment-timezone-with-data-1970-2030.min.js"),
    ),
    ("internal/oauth-sign/index", include_str!("../../js/packages/oauth-sign/index.js")),
    ("internal/qs/formats", include_str!("../../js/packages/qs/formats.js")),
    ("internal/qs/index", include_str!("../../js/packages/qs/index.js")),
    ("internal/qs/parse", include_str!("../../js/packages/qs/parse.js")),
    ("internal/qs/stringify", include_str!("../../js/packages/qs/stringify.js")),
    ("internal/qs/utils", include_str!("../../js/packages/qs/utils.js")),
    ("internal/xmldom/conventions", include_str!("../../js/packages/xmldom/conventions.js")),
    ("internal/xmldom/dom", include_str!("../../js/packages/xmldom/dom.js")),
    ("internal/xmldom/dom-parser", include_str!("../../js/packages/xmldom/dom-parser.js")),
    ("internal/xmldom/entities", include_str!("../../js/packages/xmldom/entities.js")),
    ("internal/xmldom/index", include_str!("../../js/packages/xmldom/index.js")),
    ("internal/xmldom/sax", include_str!("../../js/packages/xmldom/sax.js")),
    ("internal/xpath/xpath", include_str!("../../js/packages/xpath/xpath.js")),
];

/// Names that scripts use, and the module or file that is meant.
const ALIASES: &[(&str, &str)] = &[
    ("@xmldom/xmldom", "internal/xmldom/index"),
    ("bcryptjs", "bcrypt"),
    ("http", "https"),
    ("ipaddr.js", "internal/ipaddr.js/ipaddr"),
    ("lodash", "internal/lodash/lodash"),
    ("moment", "internal/moment/moment"),
    ("moment-timezone", "internal/moment-timezone/moment-timezone"),
    ("oauth-sign", "internal/oauth-sign/index"),
    ("qs", "internal/qs/index"),
    ("request-promise-native", "request-promise"),
    ("side-channel", "internal/side-channel"),
    ("xmldom", "internal/xmldom/index"),
    ("xpath", "internal/xpath/xpath"),
];

/// A module of the engine.
pub(super) struct Module {
    /// What it is loaded once by.
    pub(super) name: &'static str,
    pub(super) source: &'static str,
    /// Another's: it gets what Node gives it, and nothing of the engine.
    pub(super) package: bool,
}

/// Finds a module.
pub(super) fn module(name: &str) -> Option<Module> {
    let name = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, name)| name);
    let found = |all: &'static [(&'static str, &'static str)], package| {
        let (name, source) = all.iter().find(|(own, _)| *own == name).copied()?;
        Some(Module { name, source, package })
    };
    found(MODULES, false).or_else(|| found(PACKAGES, true))
}
