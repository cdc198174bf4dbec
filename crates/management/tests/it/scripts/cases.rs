//! The scripts of `corpus.rs`. Every one is our own, after a kind of script that R §7 or §8 lists.

use serde_json::{Value, json};

/// A login with scripts.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) rules: &'static [&'static str],
    pub(super) actions: &'static [&'static str],
    /// `configuration`.
    pub(super) settings: &'static [(&'static str, &'static str)],
    /// Members of the user, JSON.
    pub(super) user: &'static str,
    /// Of the user's address.
    pub(super) domain: &'static str,
    /// Parameters of `/authorize`.
    pub(super) request: &'static [(&'static str, &'static str)],
    /// Part of what comes out.
    pub(super) expect: Value,
}

fn rule(name: &'static str, script: &'static [&'static str], expect: Value) -> Case {
    Case { name, rules: script, actions: &[], settings: &[], user: "", domain: "example.com", request: &[], expect }
}

fn action(name: &'static str, script: &'static [&'static str], expect: Value) -> Case {
    Case { actions: script, ..rule(name, &[], expect) }
}

fn denied(error: &str, description: &str) -> Value {
    json!({ "error": error, "description": description })
}

pub(super) fn cases() -> Vec<Case> {
    let mut all = rules();
    all.extend(actions());
    all
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn rules() -> Vec<Case> {
    vec![
        rule(
            "access at certain times",
            &["function (user, context, callback) {
                if (context.clientName === 'Regular Web App' && new Date().getUTCDay() === 0) {
                  return callback(new UnauthorizedError('Closed on Sundays'));
                }
                callback(null, user, context);
              }"],
            // 2026-03-01 is one.
            denied("unauthorized", "Closed on Sundays"),
        ),
        rule(
            "groups of another application",
            &["function (user, context, callback) {
                const allowed = ['staff'];
                if (context.clientID !== 'another') return callback(null, user, context);
                callback((user.groups || []).some((group) => allowed.includes(group)) ? null : new UnauthorizedError('no'));
              }"],
            json!({ "silent": "passed" }),
        ),
        Case {
            user: r#"{"app_metadata": {"groups": ["guests"]}}"#,
            ..rule(
                "groups in app_metadata lie over the root",
                &["function (user, context, callback) {
                    if (!user.groups.includes('staff')) return callback(new UnauthorizedError('Access denied.'));
                    callback(null, user, context);
                  }"],
                denied("unauthorized", "Access denied."),
            )
        },
        rule(
            "attributes by connection",
            &["function (user, context, callback) {
                if (context.connection === 'Username-Password-Authentication' && context.connectionStrategy === 'auth0') {
                  context.idToken['https://example.com/vip'] = true;
                }
                callback(null, user, context);
              }"],
            json!({ "id_token": { "https://example.com/vip": true }, "userinfo": { "https://example.com/vip": true },
                    "access_token": { "https://example.com/vip": null } }),
        ),
        rule(
            "country, unknown here",
            &["function (user, context, callback) {
                if (context.request.geoip) context.idToken['https://example.com/country'] = context.request.geoip.country_name || 'unknown';
                callback(null, user, context);
              }"],
            json!({ "id_token": { "https://example.com/country": "unknown" } }),
        ),
        rule(
            "address in the access token",
            &["function (user, context, callback) {
                context.accessToken['https://example.com/email'] = user.email;
                return callback(null, user, context);
              }"],
            json!({ "access_token": { "https://example.com/email": "user5@example.com" },
                    "refreshed": { "access_token": { "https://example.com/email": "user5@example.com" } } }),
        ),
        rule(
            "a persistent attribute",
            &["function (user, context, callback) {
                user.user_metadata = user.user_metadata || {};
                user.user_metadata.color = user.user_metadata.color || 'blue';
                context.idToken['https://example.com/color'] = user.user_metadata.color;
                auth0.users.updateUserMetadata(user.user_id, user.user_metadata)
                  .then(() => callback(null, user, context))
                  .catch((error) => callback(error));
              }"],
            json!({ "id_token": { "https://example.com/color": "blue" }, "user_metadata": { "color": "blue" } }),
        ),
        Case {
            settings: &[("GATE", "open")],
            ..rule(
                "an async rule with a setting",
                &["async function (user, context, callback) {
                    await new Promise((resolve) => setTimeout(resolve, 5));
                    context.idToken['https://example.com/gate'] = configuration.GATE;
                    callback(null, user, context);
                  }"],
                json!({ "id_token": { "https://example.com/gate": "open" } }),
            )
        },
        rule(
            "aliases of the connection, denied with a text",
            &["function (user, context, callback) {
                const aliases = context.connectionOptions.domain_aliases || ['corp.example'];
                const domain = user.email.split('@')[1];
                if (!aliases.includes(domain)) return callback('Access denied');
                callback(null, user, context);
              }"],
            denied("access_denied", "Access denied"),
        ),
        rule(
            "age of the password",
            &["function (user, context, callback) {
                const days = (date) => (Date.now() - new Date(date).getTime()) / 86400000;
                const last = user.last_password_reset || user.created_at;
                if (days(last) > 30) return callback(new UnauthorizedError('please change your password'));
                context.idToken['https://example.com/fresh'] = true;
                callback(null, user, context);
              }"],
            json!({ "id_token": { "https://example.com/fresh": true } }),
        ),
        Case {
            user: r#"{"app_metadata": {"plan": "gold", "theme": {"dark": true}}}"#,
            ..rule(
                "app_metadata into claims",
                &["function (user, context, callback) {
                    context.idToken['https://example.com/plan'] = user.app_metadata.plan;
                    context.accessToken['https://example.com/theme'] = user.app_metadata.theme;
                    callback(null, user, context);
                  }"],
                json!({ "id_token": { "https://example.com/plan": "gold" },
                        "access_token": { "https://example.com/theme": { "dark": true } } }),
            )
        },
        Case {
            user: r#"{"picture": "https://img.example/a.png?d=https%3A%2F%2Fcdn.example%2Fx"}"#,
            ..rule(
                "another picture",
                &["function (user, context, callback) {
                    const url = require('url');
                    const parts = url.parse(user.picture, true);
                    user.picture = `https://cdn.example/${encodeURIComponent(parts.query.d)}`;
                    callback(null, user, context);
                  }"],
                json!({ "id_token": { "picture": "https://cdn.example/https%3A%2F%2Fcdn.example%2Fx" },
                        "userinfo": { "picture": "https://cdn.example/https%3A%2F%2Fcdn.example%2Fx" } }),
            )
        },
        rule(
            "no resource owner",
            &["function (user, context, callback) {
                if (context.protocol === 'oauth2-resource-owner') return callback(new UnauthorizedError('no'));
                context.idToken.p = context.protocol;
                callback(null, user, context);
              }"],
            json!({ "id_token": { "p": "oidc-basic-profile" }, "refreshed": { "id_token": { "p": "oauth2-refresh-token" } } }),
        ),
        rule(
            "a first login from a social provider",
            &["function (user, context, callback) {
                const social = context.connectionStrategy === context.connection;
                if (context.stats.loginsCount > 1 || !social) return callback(null, user, context);
                callback('Signup disabled');
              }"],
            json!({ "silent": "passed" }),
        ),
        Case {
            user: r#"{"email_verified": false}"#,
            ..rule(
                "addresses that are not verified",
                &["function emailVerified(user, context, callback) {
                    if (!user.email_verified) return callback(new UnauthorizedError('Please verify your email before logging in.'));
                    return callback(null, user, context);
                  }"],
                denied("unauthorized", "Please verify your email before logging in."),
            )
        },
        rule(
            "a digest of the address",
            &["function (user, context, callback) {
                const digest = require('crypto').createHash('md5').update(user.email).digest('hex');
                context.idToken['https://example.com/md5'] = digest;
                callback(null, user, context);
              }"],
            json!({ "id_token": { "https://example.com/md5": "399a11ad21cd216a88977da4bd730fe4" } }),
        ),
        rule(
            "a language of one's own",
            &["function (user, context, callback) {
                context.idToken['https://example.com/l'] = context.request.query.ui_locales || 'none';
                callback(null, user, context);
              }"],
            json!({ "id_token": { "https://example.com/l": "none" } }),
        ),
        Case {
            request: &[("tracking", "campaign-7")],
            ..rule(
                "a parameter of the request",
                &["function (user, context, callback) {
                    if (context.request.query.tracking) context.idToken['https://example.com/t'] = context.request.query.tracking;
                    callback(null, user, context);
                  }"],
                json!({ "id_token": { "https://example.com/t": "campaign-7" },
                        "refreshed": { "id_token": { "https://example.com/t": null } } }),
            )
        },
        Case {
            settings: &[("SIGNING", "a key of thirty-two characters ..")],
            ..rule(
                "a signed token as a claim",
                &["function (user, context, callback) {
                    const jwt = require('jsonwebtoken');
                    const token = jwt.sign({ sub: user.user_id }, configuration.SIGNING, { algorithm: 'HS256', noTimestamp: true });
                    context.idToken['https://example.com/ok'] = jwt.verify(token, configuration.SIGNING).sub === user.user_id;
                    callback(null, user, context);
                  }"],
                json!({ "id_token": { "https://example.com/ok": true } }),
            )
        },
        rule(
            "roles by address, persisted",
            &["function (user, context, callback) {
                user.app_metadata = user.app_metadata || {};
                const roles = user.email.indexOf('@example.com') > -1 ? ['admin'] : ['user'];
                user.app_metadata.roles = roles;
                auth0.users.updateAppMetadata(user.user_id, user.app_metadata).then(function () {
                  context.idToken['https://example.com/roles'] = roles;
                  callback(null, user, context);
                }).catch(function (err) { callback(err); });
              }"],
            json!({ "id_token": { "https://example.com/roles": ["admin"] }, "app_metadata": { "roles": ["admin"] } }),
        ),
        rule(
            "removed attributes",
            &["function (user, context, callback) {
                ['email', 'nickname'].forEach((name) => { delete user[name]; });
                context.idToken['https://example.com/left'] = user.email === undefined;
                callback(null, user, context);
              }"],
            json!({ "id_token": { "https://example.com/left": true } }),
        ),
        rule(
            "a list of users",
            &["function (user, context, callback) {
                const listed = ['somebody@example.com'];
                if (!user.email_verified || !listed.some((email) => email === user.email)) {
                  return callback(new UnauthorizedError('Access denied.'));
                }
                callback(null, user, context);
              }"],
            denied("unauthorized", "Access denied."),
        ),
        Case {
            domain: "partner.example",
            ..rule(
                "a list of domains",
                &["function (user, context, callback) {
                    const domains = ['partner.example', 'example.org'];
                    if (domains.some((domain) => user.email.toLowerCase().split('@')[1] === domain)) return callback(null, user, context);
                    return callback(new UnauthorizedError('Access denied.'));
                  }"],
                json!({ "silent": "passed" }),
            )
        },
        rule(
            "a list of addresses of the network",
            &["function (user, context, callback) {
                const blocked = ['203.0.113.9'];
                if (blocked.includes(context.request.ip)) return callback(new Error('Access denied from this IP address.'));
                callback(null, user, context);
              }"],
            json!({ "silent": "passed" }),
        ),
        rule(
            "consent, written down once",
            &["function (user, context, callback) {
                user.user_metadata = user.user_metadata || {};
                if (user.user_metadata.consent) return callback(null, user, context);
                auth0.users.updateUserMetadata(user.user_id, { consent: { given: true, at: new Date().toISOString().slice(0, 10) } })
                  .then(() => callback(null, user, context)).catch(callback);
              }"],
            json!({ "user_metadata": { "consent": { "given": true, "at": "2026-03-01" } } }),
        ),
        rule(
            "helpers on global, for a later rule",
            &[
                "function (user, context, callback) {
                    global.label = (text) => `<${text}>`;
                    callback(null, user, context);
                  }",
                "function (user, context, callback) {
                    if (!global.label) return callback(new Error('label is missing'));
                    context.idToken['https://example.com/label'] = global.label(user.email_verified);
                    callback(null, user, context);
                  }",
            ],
            json!({ "id_token": { "https://example.com/label": "<true>" } }),
        ),
        rule(
            "the Management API, with the rule's own token",
            &["async function (user, context, callback) {
                const fetch = require('node-fetch');
                const answer = await fetch(`${auth0.baseUrl}/users/${encodeURIComponent(user.user_id)}`, {
                  headers: { authorization: `Bearer ${auth0.accessToken}` },
                });
                const found = await answer.json();
                const others = await fetch(`${auth0.baseUrl}/clients`, { headers: { authorization: `Bearer ${auth0.accessToken}` } });
                context.idToken['https://example.com/api'] = [answer.status, found.email === user.email, others.status];
                callback(null, user, context);
              }"],
            json!({ "id_token": { "https://example.com/api": [200, true, 403] } }),
        ),
        rule(
            "reserved names, another namespace, and one of the own",
            &["function (user, context, callback) {
                context.idToken.roles = ['admin'];
                context.idToken.sub = 'auth0|somebody-else';
                context.idToken.iss = 'https://evil.example/';
                context.idToken.aud = 'x';
                context.idToken['https://x.auth0.com/y'] = 1;
                context.idToken.myclaim = 'mine';
                context.accessToken.sub = 'auth0|somebody-else';
                context.accessToken.permissions = ['everything'];
                callback(null, user, context);
              }"],
            json!({ "id_token": { "roles": null, "https://x.auth0.com/y": null, "myclaim": "mine", "iss": "https://login.example.com/" },
                    "access_token": { "permissions": null, "iss": "https://login.example.com/" } }),
        ),
        Case {
            request: &[("scope", "openid offline_access")],
            ..rule(
                "a claim of a scope that was not granted",
                &["function (user, context, callback) {
                    context.idToken.email = 'x@example.com';
                    context.accessToken.email = 'x@example.com';
                    callback(null, user, context);
                  }"],
                json!({ "id_token": { "email": null }, "access_token": { "email": null }, "userinfo": { "email": null } }),
            )
        },
        rule(
            "the first answer counts",
            &["function (user, context, callback) {
                callback(new UnauthorizedError('You did not consent'));
                callback(null, user, context);
              }"],
            denied("unauthorized", "You did not consent"),
        ),
        rule(
            "a redirect",
            &["function (user, context, callback) {
                if (context.protocol !== 'redirect-callback') context.redirect = { url: 'https://partner.example/terms' };
                callback(null, user, context);
              }"],
            json!({ "sent_to": "https://partner.example/terms?" }),
        ),
        rule(
            "a second factor, which is remarked upon",
            &["function (user, context, callback) {
                context.multifactor = { provider: 'any', allowRememberBrowser: false };
                callback(null, user, context);
              }"],
            json!({ "silent": "passed" }),
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn actions() -> Vec<Case> {
    vec![
        Case {
            domain: "elsewhere.example",
            ..action(
                "a list of domains",
                &["exports.onExecutePostLogin = async (event, api) => {
                    if (!event.user.email.endsWith('@example.com')) api.access.deny('Access to this application is not allowed.');
                  };"],
                denied("access_denied", "Access to this application is not allowed."),
            )
        },
        Case {
            user: r#"{"email_verified": false}"#,
            ..action(
                "addresses that are not verified",
                &["exports.onExecutePostLogin = async (event, api) => {
                    if (!event.user.email_verified) api.access.deny('Please verify your email before logging in.');
                  };"],
                denied("access_denied", "Please verify your email before logging in."),
            )
        },
        action(
            "claims and scopes",
            &["exports.onExecutePostLogin = async (event, api) => {
                api.idToken.setCustomClaim('https://example.com/id', event.client.name);
                api.accessToken.setCustomClaim('https://example.com/at', event.transaction.requested_scopes.length);
                api.accessToken.addScope('extra');
                api.accessToken.removeScope('appointments');
              };"],
            json!({ "id_token": { "https://example.com/id": "Regular Web App" },
                    "scope": "openid profile email offline_access extra",
                    "userinfo": { "https://example.com/id": "Regular Web App" } }),
        ),
        action(
            "metadata objects are always there",
            &["exports.onExecutePostLogin = async (event, api) => {
                api.idToken.setCustomClaim('https://example.com/empty', Object.keys(event.user.app_metadata).length);
                api.user.setAppMetadata('logins', event.stats.logins_count);
                api.user.setUserMetadata('seen', true);
              };"],
            json!({ "id_token": { "https://example.com/empty": 0 }, "app_metadata": { "logins": 1 }, "user_metadata": { "seen": true } }),
        ),
        action(
            "metadata of a denied login are saved",
            &["exports.onExecutePostLogin = async (event, api) => {
                api.user.setAppMetadata('denied', true);
                api.access.deny('no');
              };"],
            json!({ "error": "access_denied", "description": "no", "app_metadata": { "denied": true } }),
        ),
        Case {
            user: r#"{"user_metadata": {"old": 1, "kept": 2}}"#,
            ..action(
                "null removes",
                &["exports.onExecutePostLogin = async (event, api) => { api.user.setUserMetadata('old', null); };"],
                json!({ "user_metadata": { "old": null, "kept": 2 } }),
            )
        },
        action(
            "the actions after a denial do not run",
            &[
                "exports.onExecutePostLogin = async (event, api) => { api.access.deny('first'); };",
                "exports.onExecutePostLogin = async (event, api) => { api.user.setAppMetadata('second', true); };",
            ],
            json!({ "error": "access_denied", "description": "first", "app_metadata": null }),
        ),
        action(
            "secrets are each action's own",
            &["exports.onExecutePostLogin = async (event, api) => {
                api.idToken.setCustomClaim('https://example.com/secret', event.secrets.KEY.length);
              };"],
            json!({ "id_token": { "https://example.com/secret": 22 } }),
        ),
        action(
            "nothing of one action is seen by the next, but the transaction's metadata",
            &[
                "exports.onExecutePostLogin = async (event, api) => {
                    globalThis.leak = 1;
                    api.transaction.setMetadata('step', 'one');
                  };",
                "exports.onExecutePostLogin = async (event, api) => {
                    api.idToken.setCustomClaim('https://example.com/seen', [typeof globalThis.leak, event.transaction.metadata.step]);
                  };",
            ],
            json!({ "id_token": { "https://example.com/seen": ["undefined", "one"] } }),
        ),
        action(
            "how somebody logged in",
            &["exports.onExecutePostLogin = async (event, api) => {
                const method = event.authentication.methods[0];
                api.idToken.setCustomClaim('https://example.com/how', [method.name, method.timestamp, event.connection.strategy]);
              };"],
            json!({ "id_token": { "https://example.com/how": ["pwd", "2026-03-01T12:00:00.000Z", "auth0"] } }),
        ),
        action(
            "only once per refresh",
            &["exports.onExecutePostLogin = async (event, api) => {
                if (event.transaction.protocol === 'oauth2-refresh-token') return;
                api.idToken.setCustomClaim('https://example.com/once', true);
              };"],
            json!({ "id_token": { "https://example.com/once": true }, "refreshed": { "id_token": { "https://example.com/once": null } } }),
        ),
        action(
            "a refresh that is denied",
            &["exports.onExecutePostLogin = async (event, api) => {
                if (event.refresh_token) api.access.deny(`not again, ${event.request.body.grant_type}`);
              };"],
            json!({ "refreshed": { "error": "access_denied", "error_description": "not again, refresh_token" } }),
        ),
        action(
            "the cache",
            &["exports.onExecutePostLogin = async (event, api) => {
                api.cache.set('k', 'v', { ttl: 60000 });
                api.idToken.setCustomClaim('https://example.com/cached', api.cache.get('k').value);
              };"],
            json!({ "id_token": { "https://example.com/cached": "v" } }),
        ),
        action(
            "a factor that there is not",
            &["exports.onExecutePostLogin = async (event, api) => { api.authentication.challengeWith({ type: 'otp' }); };"],
            denied("access_denied", "The Action asked for a factor or a form, of which none is available"),
        ),
        action(
            "a redirect without a way back",
            &["exports.onExecutePostLogin = async (event, api) => { api.redirect.sendUserTo('https://partner.example/'); };"],
            denied("access_denied", "An Action that redirects has to export onContinuePostLogin"),
        ),
        action(
            "roles, asked for",
            &["exports.onExecutePostLogin = async (event, api) => {
                const { roles, next } = await api.roles.getUserEffectiveRoles({ take: 10 });
                api.idToken.setCustomClaim('https://example.com/asked', [roles.length, next === undefined, event.authorization.roles.length]);
              };"],
            json!({ "id_token": { "https://example.com/asked": [0, true, 0] } }),
        ),
        action(
            "the session ends",
            &["exports.onExecutePostLogin = async (event, api) => {
                if (event.user.email.startsWith('user')) api.session.revoke('suspicious');
              };"],
            denied("access_denied", "suspicious"),
        ),
        Case {
            rules: &["function (user, context, callback) {
                context.idToken.who = 'rule';
                context.accessToken.scope = ['a', 'b'];
                callback(null, user, context);
              }"],
            ..action(
                "rules first, and actions have the last word",
                &["exports.onExecutePostLogin = async (event, api) => {
                    api.idToken.setCustomClaim('who', 'action');
                    api.accessToken.addScope('c');
                  };"],
                json!({ "id_token": { "who": "action" }, "scope": "a b c" }),
            )
        },
        Case {
            rules: &["function (user, context, callback) { callback(new UnauthorizedError('rules first')); }"],
            ..action(
                "a denial of a rule keeps actions from running",
                &["exports.onExecutePostLogin = async (event, api) => { api.user.setAppMetadata('ran', true); };"],
                json!({ "error": "unauthorized", "description": "rules first", "app_metadata": null }),
            )
        },
    ]
}
