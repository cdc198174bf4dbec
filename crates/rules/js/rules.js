// The Rules of a login, one after the other (R §2.3).
(function (kit, host, input, _secrets) {
  "use strict";
  const { parse, stringify } = kit;
  const given = parse(input);
  let { user, context } = given;
  const realm = globalThis;
  const NativePromise = Promise;
  let at = -1;
  let finished = false;
  let error = null;
  let callCurrent = null;

  const fail = (cause, thrown) => {
    if (finished) return;
    finished = true;
    error = kit.describe(cause);
    error.name = kit.isUnauthorized(cause) ? "UnauthorizedError" : "Error";
    error.script = at;
    error.thrown = thrown;
  };

  // R §2.7. What the last pass left on `global` is there again.
  kit.define("global", globalThis);
  const { keys, hasOwn } = Object;
  const before = keys(globalThis);
  for (const name of keys(given.global)) {
    if (!hasOwn(globalThis, name)) globalThis[name] = given.global[name];
  }
  kit.lazy("UnauthorizedError", () => kit.errors().UnauthorizedError);
  kit.lazy("configuration", () => kit.deepFreeze(given.configuration));
  if (given.auth0 !== null) {
    const update = (part) => (id, data, callback) => {
      const answer = kit.ask("users.update", [String(id), { [part]: data }]);
      if (typeof callback === "function") {
        kit.then(answer, (done) => kit.guarded(() => callback(null, done)), (failed) => kit.guarded(() => callback(failed)));
      }
      return answer;
    };
    const auth0 = { ...given.auth0, users: { updateAppMetadata: update("app_metadata"), updateUserMetadata: update("user_metadata") } };
    kit.define("auth0", auth0);
  }
  // The globals of the time before `require`, which old Rules use still.
  for (const name of ["request", "uuid", "querystring", "bcrypt", "xmldom", "xpath", "jwt", "_", "Q"]) kit.lazy(name, () => kit.legacy(name));

  const next = () => {
    if (finished) return;
    at += 1;
    if (at >= host.count) {
      finished = true;
      return;
    }
    const rule = at;
    const name = host.scriptName(rule);
    let called = false;
    host.running(rule);
    // R §2.3 (3)–(5): what is passed on is an object, an error ends it, and the first call counts.
    const callback = (failure, newUser, newContext) => {
      if (called) {
        kit.remark(`${name}: callback was called again, which is ignored`);
        return;
      }
      called = true;
      if (finished) return;
      if (failure) {
        fail(failure, false);
        return;
      }
      if (kit.isPlain(newUser)) user = newUser;
      if (kit.isPlain(newContext)) context = newContext;
      kit.later(next);
    };
    // R §2.3 (7): "an exception thrown synchronously, or a rejected promise before any callback, counts as callback(error)".
    const thrown = (cause) => {
      if (called) {
        kit.remark(`${name}: failed after its callback: ${kit.describe(cause).message}`);
        return;
      }
      called = true;
      fail(cause, true);
    };
    callCurrent = thrown;
    let result;
    try {
      const script = host.script(rule);
      if (typeof script !== "function") throw new TypeError(`${name} is not a function`);
      result = kit.call(script, realm, user, context, callback);
    } catch (cause) {
      thrown(cause);
      return;
    }
    if (result instanceof NativePromise) kit.then(result, undefined, thrown);
  };
  kit.uncaught = (cause) => {
    if (callCurrent === null || finished) kit.remark(`failed after the end: ${kit.describe(cause).message}`);
    else callCurrent(cause);
  };

  // What is new on `global` and is data, for the next pass.
  const globals = () => {
    const kept = { __proto__: null };
    let room = given.globalLimit;
    const now = keys(globalThis);
    for (let index = 0; index < now.length; index++) {
      const name = now[index];
      if (before.includes(name)) continue;
      const value = globalThis[name];
      if (value === null || (typeof value !== "object" && typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")) continue;
      try {
        const text = stringify(value);
        const size = name.length + (text === undefined ? 0 : text.length) + 8;
        if (text === undefined || size > room) continue;
        kept[name] = parse(text);
        room -= size;
      } catch {
        // A cycle, or a handle: the rule makes it again, as it has to.
      }
    }
    return kept;
  };

  return {
    start: next,
    done: () => finished,
    timer: () => kit.timer(),
    fire: kit.fire,
    deliver: kit.deliver,
    stall: () => {
      fail(new Error("stalled"), false);
      error.stalled = true;
    },
    result: () => {
      const executed = at + 1 < host.count ? at + 1 : host.count;
      let global = null;
      try {
        global = globals();
      } catch {
        global = null;
      }
      if (error === null) {
        try {
          return stringify({ __proto__: null, user, context, error: null, executed, global });
        } catch (cause) {
          at = host.count - 1;
          finished = false;
          fail(cause, true);
        }
      }
      // What a denied login's rules made of the user is nobody's.
      const nothing = { __proto__: null };
      const denied = { __proto__: null, user: nothing, context: nothing, error, executed, global };
      try {
        return stringify(denied);
      } catch {
        denied.global = null;
        return stringify(denied);
      }
    },
  };
});
