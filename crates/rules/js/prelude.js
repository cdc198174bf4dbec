// What scripts find, beyond the language: console, timers, questions to the server, `require`, and the globals of Node that scripts
// use (R §2.7). Loaded by `core.js` when it is first needed; `natives` are what the realm had before any script ran.
(function (kit, natives) {
  "use strict";
  const { host, parse, stringify, apply, call, isArray, text, guarded, begun } = kit;
  const { Date: NativeDate, Promise: NativePromise, Error, TypeError, RangeError, Map, mapGet, mapSet, mapDelete, mapEach, Number, sort, fromCharCode, nativeThen, defineProperty } = natives;
  const NativeError = Error;
  // A map that no script has a hand in.
  const table = () => {
    const map = new Map();
    return {
      get: (key) => call(mapGet, map, key),
      set: (key, value) => void call(mapSet, map, key, value),
      delete: (key) => void call(mapDelete, map, key),
      each: (work) => void call(mapEach, map, work),
    };
  };

  // --- Errors ---------------------------------------------------------------------------------------------------------

  class UnauthorizedError extends Error {
    constructor(message) {
      super(message);
      this.name = "UnauthorizedError";
      this.code = "unauthorized";
    }
  }
  kit.errors = () => ({ UnauthorizedError });
  // Asking what something is can throw: it may be a proxy.
  kit.isUnauthorized = (cause) => {
    try {
      return cause instanceof UnauthorizedError;
    } catch {
      return false;
    }
  };

  // Anything can be thrown, and reading it can throw again. Without a prototype: no `toJSON` of a script speaks for it.
  kit.describe = function (error) {
    const read = (name) => {
      try {
        const value = error[name];
        return typeof value === "string" ? text(value) : undefined;
      } catch {
        return undefined;
      }
    };
    if (error !== null && (typeof error === "object" || typeof error === "function")) {
      let message = read("message");
      if (message === undefined || message === "") {
        try {
          message = read("error_description") || read("description") || (error instanceof Error ? read("name") : stringify(error));
        } catch {
          message = undefined;
        }
      }
      return { __proto__: null, name: read("name") || "Error", message: message || "The script failed", stack: read("stack") || "" };
    }
    try {
      // With no memory left there is none for an error, either.
      const message = error === null ? "The script threw null, or ran out of memory" : text(error);
      return { __proto__: null, name: "Error", message: message || "The script failed", stack: "" };
    } catch {
      return { __proto__: null, name: "Error", message: "The script failed", stack: "" };
    }
  };

  // --- Console --------------------------------------------------------------------------------------------------------

  const console = {};
  // By index: a script may have its own idea of iterating over arrays.
  const levels = ["log", "info", "warn", "error", "debug", "trace"];
  for (let index = 0; index < levels.length; index++) {
    const level = levels[index];
    console[level] = function (...values) {
      let line;
      try {
        let plain = true;
        for (let index = 0; index < values.length; index++) {
          plain = plain && typeof values[index] === "string" && (index > 0 || !values[0].includes("%"));
        }
        line = plain ? values.join(" ") : kit.require("util").format(...values);
      } catch (error) {
        line = `(cannot be shown: ${kit.describe(error).message})`;
      }
      host.console(level, text(line));
    };
  }
  console.exception = console.error;
  console.dir = (value) => console.log(value);
  console.assert = (condition, ...values) => {
    if (!condition) console.error("Assertion failed", ...values);
  };
  console.group = console.log;
  console.groupEnd = console.time = console.timeEnd = () => {};

  // --- Clock and chance -----------------------------------------------------------------------------------------------

  // The clock of the pass is the parent's, and stands still in a tester that asks for it.
  const ClockDate = function Date(...args) {
    if (new.target === undefined) return new NativeDate(host.now()).toString();
    const date = args.length === 0 ? new NativeDate(host.now()) : new NativeDate(...args);
    if (new.target !== ClockDate) Object.setPrototypeOf(date, new.target.prototype);
    return date;
  };
  ClockDate.prototype = NativeDate.prototype;
  defineProperty(ClockDate, "parse", { __proto__: null, value: NativeDate.parse, configurable: true, writable: true });
  defineProperty(ClockDate, "UTC", { __proto__: null, value: NativeDate.UTC, configurable: true, writable: true });
  defineProperty(ClockDate, "now", { __proto__: null, value: function now() { return host.now(); }, configurable: true, writable: true });
  defineProperty(ClockDate, "length", { __proto__: null, value: 7, configurable: true });
  defineProperty(NativeDate.prototype, "constructor", { __proto__: null, value: ClockDate, configurable: true, writable: true });

  // --- Timers ---------------------------------------------------------------------------------------------------------

  const timers = table();
  let nextTimer = 1;
  class Timeout {
    #id;
    constructor(id) { this.#id = id; }
    ref() { return this; }
    unref() { return this; }
    hasRef() { return true; }
    refresh() { return this; }
    [Symbol.toPrimitive]() { return this.#id; }
    static id(timer) {
      return typeof timer === "object" && timer !== null && #id in timer ? timer.#id : timer;
    }
  }
  const timeoutId = Timeout.id;
  const start = (work, pause, args, repeat) => {
    if (typeof work !== "function") throw new TypeError("The callback of a timer must be a function");
    if (nextTimer > host.maxTimers) throw new RangeError("Too many timers in one execution");
    const every = pause >= 1 && pause <= 2147483647 ? pause : 1;
    const id = nextTimer++;
    timers.set(id, { due: host.elapsed() + every, every, work, args, repeat });
    return new Timeout(id);
  };
  const stop = (timer) => void timers.delete(Number(timeoutId(timer)));
  const setTimeout = (work, pause, ...args) => start(work, Number(pause), args, false);
  const setInterval = (work, pause, ...args) => start(work, Number(pause), args, true);
  const setImmediate = (work, ...args) => start(work, 1, args, false);

  kit.timer = () => {
    let next = -1;
    timers.each((timer) => {
      if (next < 0 || timer.due < next) next = timer.due;
    });
    return next;
  };
  kit.fire = () => {
    const now = host.elapsed();
    const ids = [];
    timers.each((timer, id) => {
      if (timer.due <= now) ids[ids.length] = { id, due: timer.due };
    });
    call(sort, ids, (one, other) => one.due - other.due || one.id - other.id);
    for (let index = 0; index < ids.length; index++) {
      const { id, due } = ids[index];
      const timer = timers.get(id);
      if (timer === undefined) continue;
      if (timer.repeat) timer.due = now + timer.every;
      else timers.delete(id);
      if (host.frozen) host.moveClock(timer.repeat ? due : timer.every);
      guarded(() => apply(timer.work, undefined, timer.args));
    }
  };

  // --- Questions to the server ----------------------------------------------------------------------------------------

  const open = table();
  // A promise of the parsed answer, or of its text with `raw`.
  kit.ask = (operation, args, raw) =>
    new NativePromise((done, failed) => {
      open.set(host.call(operation, stringify(args)), { done, failed, raw });
    });
  kit.deliver = (id, ok, answer) => {
    const question = open.get(id);
    if (question === undefined) return;
    open.delete(id);
    if (!ok) {
      const error = new NativeError(answer);
      error.code = "EHOST";
      question.failed(error);
    } else {
      question.done(question.raw ? answer : parse(answer));
    }
  };

  // --- Modules --------------------------------------------------------------------------------------------------------

  const modules = table();
  let bound = false;
  // A module whose source fails is not loaded: the next `require` runs it again.
  const made = (key, run) => {
    const module = { exports: {} };
    modules.set(key, module);
    let done = false;
    try {
      run(module);
      done = true;
    } finally {
      if (!done) modules.delete(key);
    }
    return module;
  };
  const load = (name) => {
    const known = modules.get(`named:${name}`);
    if (known !== undefined) return known;
    if (!bound) {
      host.bindAll(host);
      bound = true;
    }
    const found = host.module(name);
    if (found === undefined) return undefined;
    const module = modules.get(found[0]) ?? made(found[0], (module) => {
      // A package of others gets what Node gives it.
      if (found[2]) call(found[1], module.exports, module.exports, within(found[0]), module);
      else call(found[1], undefined, module.exports, kit.require, module, host, kit);
    });
    modules.set(`named:${name}`, module);
    return module;
  };
  const unknown = (name) => {
    const error = new NativeError(`Cannot find module '${name}'`);
    error.code = "MODULE_NOT_FOUND";
    return error;
  };
  // For the engine's own files, and those of packages, which name what exists.
  kit.require = (name) => {
    const module = load(name);
    if (module === undefined) throw unknown(name);
    return module.exports;
  };
  // `./other` in a file of a package.
  const within = (file) => {
    const folder = file.slice(0, file.lastIndexOf("/") + 1);
    return (name) => kit.require(name.startsWith("./") ? folder + name.slice(2) : name);
  };
  // A package that the tenant gave the source of; what it requires, scripts could.
  const vendored = (name) => {
    const key = `vendored:${name}`;
    const module = modules.get(key);
    if (module !== undefined) return module;
    const factory = host.vendored(name);
    if (factory === undefined) return undefined;
    return made(key, (module) => call(factory, module.exports, module.exports, kit.requireOfScripts, module));
  };
  // For scripts: `pkg@1.2.3`, `@scope/pkg@1.2.3` and `node:pkg` are `pkg` (R §2.7).
  kit.requireOfScripts = function require(name) {
    if (typeof name !== "string" || name === "") throw new TypeError('The "id" argument must be of type string');
    const at = name.indexOf("@", 1);
    const bare = at > 0 ? name.slice(0, at) : name.startsWith("node:") ? name.slice(5) : name;
    const module = vendored(bare) ?? (bare.startsWith("internal/") ? undefined : load(bare));
    if (module !== undefined) return module.exports;
    // `lodash/get` and `lodash.get`.
    const method = bare.startsWith("lodash/") || bare.startsWith("lodash.") ? bare.slice(7) : "";
    if (method !== "") {
      const lodash = load("lodash").exports;
      for (const own of Object.keys(lodash)) if (own === method || own.toLowerCase() === method) return lodash[own];
    }
    throw unknown(name);
  };

  // --- Globals --------------------------------------------------------------------------------------------------------

  // The globals of the time before `require`, which old Rules and scripts of databases use still (R §2.7).
  const modern = { __proto__: null, jwt: "jsonwebtoken", _: "lodash", Q: "q" };
  kit.legacy = (name) => kit.require(modern[name] ?? name);
  // Milliseconds since the pass began; a clock that stands, stands here, too.
  const monotonic = () => (host.frozen ? host.now() - begun : host.elapsed());
  const performance = () => ({ now: monotonic, timeOrigin: begun, mark() {}, measure() {}, toJSON: () => ({ timeOrigin: begun }) });
  const process = () => ({
    env: {},
    argv: [],
    platform: "linux",
    version: "v22.0.0",
    versions: { node: "22.0.0" },
    nextTick: (work, ...args) => kit.later(() => work(...args)),
    hrtime: Object.assign(
      (since) => {
        const now = monotonic();
        const time = [Math.floor(now / 1000), Math.floor((now % 1000) * 1e6)];
        if (since === undefined) return time;
        const nanos = (time[0] - since[0]) * 1e9 + time[1] - since[1];
        return [Math.floor(nanos / 1e9), nanos % 1e9];
      },
      { bigint: () => BigInt(Math.floor(monotonic() * 1e6)) },
    ),
    uptime: () => monotonic() / 1000,
    memoryUsage: () => ({ rss: 0, heapTotal: 0, heapUsed: 0, external: 0 }),
    on: () => {},
    cwd: () => "/",
  });

  const queueMicrotask = (work) => {
    if (typeof work !== "function") throw new TypeError("The callback must be a function");
    kit.later(work);
  };

  // Text with a character for each byte, which is how bytes go to the host.
  kit.binary = function (bytes) {
    let all = "";
    for (let at = 0; at < bytes.length; at += 8192) all += apply(fromCharCode, undefined, bytes.subarray(at, at + 8192));
    return all;
  };
  // Bytes of text in UTF-8, or of anything that has bytes.
  kit.bytes = function (value) {
    if (typeof value === "string") return host.utf8(text(value));
    if (value instanceof Uint8Array) return value;
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    throw new TypeError("The data must be a string, a Buffer, a TypedArray or an ArrayBuffer");
  };

  // What `core.js` puts on the realm, each when it is first read.
  const from = (module, name) => () => kit.require(module)[name];
  kit.globals = {
    __proto__: null,
    AbortController: from("internal/fetch", "AbortController"),
    AbortSignal: from("internal/fetch", "AbortSignal"),
    Buffer: from("buffer", "Buffer"),
    Date: () => ClockDate,
    Headers: from("internal/fetch", "Headers"),
    Request: from("internal/fetch", "Request"),
    Response: from("internal/fetch", "Response"),
    TextDecoder: from("util", "TextDecoder"),
    TextEncoder: from("util", "TextEncoder"),
    URL: from("url", "URL"),
    URLSearchParams: from("url", "URLSearchParams"),
    clearImmediate: () => stop,
    clearInterval: () => stop,
    clearTimeout: () => stop,
    console: () => console,
    crypto: () => kit.require("crypto"),
    fetch: from("internal/fetch", "fetch"),
    performance,
    process,
    queueMicrotask: () => queueMicrotask,
    require: () => kit.requireOfScripts,
    setImmediate: () => setImmediate,
    setInterval: () => setInterval,
    setTimeout: () => setTimeout,
    structuredClone: from("util", "structuredClone"),
  };
});
