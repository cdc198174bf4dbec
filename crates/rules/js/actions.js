// One Action of a trigger: its module, `event`, `api` (R §3.2, §3.5, §3.6).
(function (kit, host, input, secrets) {
  "use strict";
  const { parse, stringify } = kit;
  const given = parse(input);
  let finished = false;
  let error = null;
  let closed = false;
  let suspended = null;
  let primary = false;

  const fail = (cause) => {
    if (finished) return;
    finished = true;
    closed = true;
    error = kit.describe(cause);
    error.thrown = true;
  };
  kit.uncaught = (cause) => {
    if (finished) kit.remark(`failed after the end: ${kit.describe(cause).message}`);
    else fail(cause);
  };

  // R §3.2: "event is read-only context. Exception: event.transaction.metadata is live."
  const event = given.event;
  const metadata = { ...given.metadata };
  const login = host.trigger === "post-login";
  if (kit.isPlain(event.transaction) || login) {
    event.transaction = { ...event.transaction };
    delete event.transaction.metadata;
  }
  event.secrets = parse(secrets);
  const transaction = event.transaction;
  kit.deepFreeze(event.secrets);
  for (const name of Object.keys(event)) if (name !== "transaction") kit.deepFreeze(event[name]);
  if (transaction !== undefined) {
    for (const name of Object.keys(transaction)) kit.deepFreeze(transaction[name]);
    if (login) transaction.metadata = metadata;
    kit.freeze(transaction);
  }
  kit.freeze(event);

  // --- api ------------------------------------------------------------------------------------------------------------

  const api = {};
  const at = (path) => {
    const [group, name] = path.split(".");
    if (api[group] === undefined) api[group] = {};
    return [api[group], name];
  };
  const suspending = ["redirect.sendUserTo", "prompt.render", "authentication.challengeWith", "authentication.challengeWithAny", "authentication.enrollWith", "authentication.enrollWithAny"];
  const resumed = given.resume === host.index;
  for (const path of host.methods) {
    const [group, name] = at(path);
    group[name] = (...args) => {
      // R §3.2: "calls after the handler's promise settled have no effect".
      if (closed) {
        kit.remark(`api.${path} was called after the end, which has no effect`);
        return api;
      }
      if (path === "authentication.setPrimaryUser") {
        if (primary) throw new Error("api.authentication.setPrimaryUser may be called once");
        primary = true;
      }
      if (path === "authentication.recordMethod" && !resumed) {
        throw new Error("api.authentication.recordMethod may be called in onContinuePostLogin only");
      }
      host.command(path, stringify(args));
      if (suspending.includes(path)) suspended = path;
      return api;
    };
  }
  if (login) {
    const [group] = at("transaction.setMetadata");
    const record = group.setMetadata;
    group.setMetadata = (key, value) => {
      if (closed) return api;
      const next = { ...metadata, [key]: value };
      if (value === null) delete next[key];
      if (stringify(next).length > 16384) throw new RangeError("api.transaction.setMetadata: all metadata together must not be longer than 16384 bytes");
      record(key, value);
      if (value === null) delete metadata[key];
      else metadata[key] = value;
      return api;
    };
    at("rules.wasExecuted")[0].wasExecuted = (id) => given.rules.includes(id);
    // Answers of the server about the user who logs in.
    for (const path of ["roles.getUserEffectiveRoles", "roles.getUserEffectiveRolesByIds", "roles.getUserEffectiveRolesByNames", "groups.getUserGroups", "groups.hasGroupMembership"]) {
      const [group, name] = at(path);
      group[name] = (argument) => kit.ask("memberships", [path, argument === undefined ? {} : argument]);
    }
  }

  // R §3.6: a signed token for the way out, and the check of the one that comes back.
  if (api.redirect !== undefined) {
    const request = event.request ?? {};
    const noRedirect = ["oauth2-password", "oauth2-refresh-token", "oauth2-resource-owner", "oauth2-resource-owner-jwt-bearer", "oauth2-token-exchange", "oauth2-device-code", "oauth2-access-token"];
    api.redirect.canRedirect = () => {
      const prompt = event.transaction?.prompt;
      const silent = prompt === "none" || (kit.isArray(prompt) && prompt.includes("none")) || request.query?.prompt === "none";
      return !silent && !noRedirect.includes(event.transaction?.protocol);
    };
    const jwt = () => kit.require("jsonwebtoken");
    api.redirect.encodeToken = ({ secret, payload = {}, expiresInSeconds = 900 } = {}) => {
      if (typeof secret !== "string" || secret === "") throw new TypeError("api.redirect.encodeToken: secret must be a string");
      const iat = Math.floor(host.now() / 1000);
      const claims = { iss: request.hostname, iat, exp: iat + expiresInSeconds, sub: event.user?.user_id, ip: request.ip, ...payload };
      return jwt().sign(claims, secret, { algorithm: "HS256", noTimestamp: true });
    };
    api.redirect.validateToken = ({ secret, tokenParameterName = "session_token" } = {}) => {
      if (typeof secret !== "string" || secret === "") throw new TypeError("api.redirect.validateToken: secret must be a string");
      const token = request.body?.[tokenParameterName] ?? request.query?.[tokenParameterName];
      if (typeof token !== "string" || token === "") {
        throw new Error(`There is no parameter called '${tokenParameterName}' available in either the POST body or query string.`);
      }
      const invalid = (why) => new Error(`The session token is invalid: ${why}`);
      let decoded;
      try {
        decoded = jwt().verify(token, secret, { algorithms: ["HS256"], complete: true });
      } catch (cause) {
        throw invalid(cause.message);
      }
      const { header, payload } = decoded;
      if (header.typ !== "JWT") throw invalid("its type is not JWT");
      for (const name of ["sub", "iss", "exp", "iat"]) {
        if (payload[name] === undefined) throw invalid(`it has no ${name}`);
      }
      if (payload.sub !== event.user?.user_id) throw invalid("it is about another user");
      if (typeof given.state !== "string" || payload.state !== given.state) throw invalid("its state is not that of this login");
      return payload;
    };
  }

  // R §3.7. Errors are returned, not thrown.
  api.cache = {
    get: (key) => {
      const record = host.cacheGet(String(key));
      return record === undefined ? undefined : parse(record);
    },
    set: (key, value, { ttl, expires_at } = {}) =>
      parse(host.cacheSet(String(key), String(value), ttl === undefined ? undefined : Number(ttl), expires_at === undefined ? undefined : Number(expires_at))),
    delete: (key) => parse(host.cacheDelete(String(key))),
  };
  for (const group of Object.keys(api)) kit.freeze(api[group]);
  kit.freeze(api);

  // --- The handler ----------------------------------------------------------------------------------------------------

  let reached = false;
  const end = () => {
    if (finished) return;
    // R §3.5: "a redirecting Action needs onContinuePostLogin".
    if (suspended === "redirect.sendUserTo" && typeof handlers[host.continueHandler] !== "function") {
      fail(new Error(`An Action that redirects has to export ${host.continueHandler}`));
      return;
    }
    finished = true;
    closed = true;
  };
  let handlers = {};
  const start = () => {
    try {
      const module = { exports: {} };
      kit.call(host.script(host.index), module.exports, module.exports, kit.requireOfScripts, module);
      handlers = module.exports ?? {};
      const name = resumed ? host.continueHandler : host.handler;
      const handler = handlers[name];
      if (typeof handler !== "function") {
        // R §3.6: "at its continue handler", which only an Action that redirects has to have.
        if (resumed) {
          end();
          return;
        }
        throw new TypeError(`The Action does not export ${name}`);
      }
      reached = true;
      const result = kit.call(handler, handlers, event, api);
      // A promise of this realm, or something like one: `await` knows both.
      kit.then((async () => await result)(), end, fail);
    } catch (cause) {
      fail(cause);
    }
  };

  return {
    start,
    done: () => finished,
    timer: () => kit.timer(),
    fire: kit.fire,
    deliver: kit.deliver,
    stall: () => {
      fail(new Error("stalled"));
      error.stalled = true;
    },
    result: () => stringify({ __proto__: null, error, metadata, reached }),
  };
});
