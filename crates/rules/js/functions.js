// A script that is one function with a callback: a Hook, a script of a database or of a social connection (R §4, §5, §6).
(function (kit, host, input, _secrets) {
  "use strict";
  const { parse, stringify } = kit;
  const given = parse(input);
  const realm = globalThis;
  const NativePromise = Promise;
  let finished = false;
  let called = false;
  let error = null;
  let value = null;

  // Errors that mean something to the server. What an error is called is settled here: its `name` is the script's.
  const marks = new WeakMap();
  const markOf = marks.get.bind(marks);
  const mark = marks.set.bind(marks);
  const define = (name, make) => {
    const type = { [name]: class extends Error {
      constructor(...args) {
        const [message, detail, own] = make(...args);
        super(message);
        this.name = name;
        Object.assign(this, own);
        mark(this, { name, detail });
      }
    } }[name];
    kit.define(name, type);
  };
  const text = (one) => (one === undefined || one === null ? undefined : kit.text(one));
  if (host.isModule) {
    for (const name of ["InvalidScopeError", "InvalidRequestError", "ServerError"]) define(name, (message) => [text(message) ?? "", null, {}]);
    define("PreUserRegistrationError", (message, shown) => [text(message) ?? "", text(shown) ?? null, { friendlyMessage: text(shown) }]);
  } else {
    define("WrongUsernameOrPasswordError", (id, message) => [text(message) ?? "Wrong username or password", text(id) ?? null, { code: "invalid_user_password" }]);
    define("ValidationError", (code, message) => [text(message) ?? text(code) ?? "", text(code) ?? "", { code: text(code) }]);
    kit.define("configuration", kit.deepFreeze(given.configuration));
  }
  define("UnauthorizedError", (message) => [text(message) ?? "", null, { code: "unauthorized" }]);
  kit.define("global", globalThis);
  for (const name of ["request", "uuid", "querystring", "bcrypt", "xmldom", "xpath", "jwt", "_", "Q"]) kit.lazy(name, () => kit.legacy(name));

  const fail = (cause) => {
    if (finished) return;
    finished = true;
    const described = kit.describe(cause);
    const own = cause !== null && typeof cause === "object" ? markOf(cause) : undefined;
    error = { __proto__: null, name: own === undefined ? "Error" : own.name, message: described.message, stack: described.stack, detail: own === undefined ? null : own.detail };
  };
  const callback = (failure, result) => {
    if (called) {
      kit.remark("callback was called again, which is ignored");
      return;
    }
    called = true;
    if (failure) {
      fail(failure);
      return;
    }
    if (finished) return;
    finished = true;
    value = result === undefined ? null : result;
  };
  const thrown = (cause) => {
    if (called) {
      kit.remark(`failed after its callback: ${kit.describe(cause).message}`);
      return;
    }
    called = true;
    fail(cause);
  };
  kit.uncaught = thrown;

  return {
    start() {
      let result;
      try {
        host.running(0);
        const script = host.script(0);
        let work = script;
        if (host.isModule) {
          const module = { exports: {} };
          kit.call(script, module.exports, module.exports, kit.requireOfScripts, module);
          work = module.exports;
        }
        if (typeof work !== "function") throw new TypeError("The script is not a function");
        // What JSON has no word for: a request without a scope.
        const args = given.arguments.map((one) => (one === null && host.isModule ? undefined : one));
        if (host.isModule) {
          // R §4: secrets are in `context.webtask.secrets`, and `context` comes before the callback.
          const context = args[args.length - 1];
          if (kit.isPlain(context)) context.webtask = { secrets: kit.deepFreeze(given.configuration) };
        }
        result = kit.apply(work, realm, [...args, callback]);
      } catch (cause) {
        thrown(cause);
        return;
      }
      if (result instanceof NativePromise) kit.then(result, undefined, thrown);
    },
    done: () => finished,
    timer: () => kit.timer(),
    fire: kit.fire,
    deliver: kit.deliver,
    stall() {
      fail(new Error("stalled"));
      error.stalled = true;
    },
    result() {
      if (error === null) {
        try {
          return stringify({ __proto__: null, error: null, value });
        } catch (cause) {
          finished = false;
          fail(cause);
        }
      }
      return stringify({ __proto__: null, error, value: null });
    },
  };
});
