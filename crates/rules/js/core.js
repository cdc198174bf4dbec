// What every realm begins with. It is compiled for every pass, so it is short: what most passes do not need is in `prelude.js`,
// which is loaded when a script first reads one of its globals, or the engine needs it. What that needs of the realm is taken
// here, before any script runs: what a script does to `Array.prototype` and the like later is its own affair.
(function (host) {
  "use strict";
  const { parse, stringify } = JSON;
  const { apply, defineProperty } = Reflect;
  const { freeze, values } = Object;
  const isArray = Array.isArray;
  const then = Promise.prototype.then;
  const wellFormed = String.prototype.toWellFormed;
  const resolved = Promise.resolve();
  const { get: mapGet, set: mapSet, delete: mapDelete, forEach: mapEach } = Map.prototype;
  const natives = { Date, Promise, Error, TypeError, RangeError, Map, mapGet, mapSet, mapDelete, mapEach, Number, sort: Array.prototype.sort, fromCharCode: String.fromCharCode, nativeThen: then, defineProperty };

  const call = (method, self, ...args) => apply(method, self, args);
  const text = (value) => call(wellFormed, `${value}`);
  const kit = { host, parse, stringify, apply, call, freeze, isArray, text, begun: host.now() };

  // An exception that nobody can catch any more: the driver says what it means.
  kit.uncaught = () => {};
  kit.guarded = (work) => {
    try {
      work();
    } catch (error) {
      kit.uncaught(error);
    }
  };
  kit.later = (work) => void call(then, resolved, () => kit.guarded(work));
  // Without the `then` of the script.
  kit.then = (promise, done, failed) => void call(then, promise, done, failed);
  kit.remark = (line) => host.console("warn", text(line));
  kit.isPlain = (value) => value !== null && typeof value === "object" && !isArray(value);
  // Frozen with everything in it; what came from JSON has no cycles.
  kit.deepFreeze = function deepFreeze(value) {
    if (value !== null && typeof value === "object") {
      freeze(value);
      const inner = values(value);
      for (let index = 0; index < inner.length; index++) deepFreeze(inner[index]);
    }
    return value;
  };

  // --- The rest -------------------------------------------------------------------------------------------------------

  let loaded = false;
  const load = () => {
    if (loaded) return;
    host.prelude()(kit, natives);
    // Not when the stack of a script had no room for it: the next one tries again.
    loaded = true;
  };
  // No timer is set before there are any.
  kit.timer = () => -1;
  const later = ["describe", "isUnauthorized", "fire", "ask", "deliver", "require", "requireOfScripts", "legacy", "errors"];
  for (let index = 0; index < later.length; index++) {
    const name = later[index];
    kit[name] = (...args) => {
      load();
      return apply(kit[name], kit, args);
    };
  }

  // --- Globals --------------------------------------------------------------------------------------------------------

  const define = (name, value) => defineProperty(globalThis, name, { __proto__: null, value, writable: true, configurable: true, enumerable: false });
  const lazy = (name, make) =>
    defineProperty(globalThis, name, {
      __proto__: null,
      get() {
        const value = make();
        define(name, value);
        return value;
      },
      set(value) { define(name, value); },
      configurable: true,
      enumerable: false,
    });
  kit.define = define;
  kit.lazy = lazy;
  const names = [
    "AbortController", "AbortSignal", "Buffer", "Date", "Headers", "Request", "Response", "TextDecoder", "TextEncoder", "URL", "URLSearchParams",
    "clearImmediate", "clearInterval", "clearTimeout", "console", "crypto", "fetch", "performance", "process", "queueMicrotask", "require",
    "setImmediate", "setInterval", "setTimeout", "structuredClone",
  ];
  for (let index = 0; index < names.length; index++) {
    const name = names[index];
    lazy(name, () => {
      load();
      return kit.globals[name]();
    });
  }
  // The clock is `Date`'s affair; chance is asked of the host, too: a seed makes it the same every time.
  defineProperty(Math, "random", { __proto__: null, value: function random() { return host.random(); }, configurable: true, writable: true });
  return kit;
});
