// `util`: what scripts use of it, and the globals TextEncoder, TextDecoder and structuredClone.
"use strict";

const quoted = (text) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'").replaceAll("\n", "\\n")}'`;
const key = (name) => (typeof name === "symbol" ? `[${String(name)}]` : /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name));

function shown(value, depth, seen) {
  switch (typeof value) {
    case "string": return quoted(value);
    case "bigint": return `${value}n`;
    case "symbol": return String(value);
    case "function": return `[${/^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "Function"}${value.name ? `: ${value.name}` : " (anonymous)"}]`;
    case "object": break;
    default: return Object.is(value, -0) ? "-0" : String(value);
  }
  if (value === null) return "null";
  if (seen.includes(value)) return "[Circular *1]";
  if (value instanceof Error) return value.stack ? `${value}\n${value.stack}`.trimEnd() : `[${value}]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (value instanceof Promise) return "Promise { <pending> }";
  if (value instanceof String || value instanceof Number || value instanceof Boolean) return `[${value.constructor.name}: ${shown(value.valueOf(), depth, seen)}]`;
  const name = Object.getPrototypeOf(value)?.constructor?.name;
  const list = Array.isArray(value);
  if (depth < 0) return list ? "[Array]" : `[${name || "Object"}]`;
  const inner = [...seen, value];
  const one = (item) => shown(item, depth - 1, inner);
  let items;
  let before = "";
  if (list || ArrayBuffer.isView(value)) {
    const most = Math.min(value.length ?? 0, 100);
    items = Array.from({ length: most }, (_, index) => one(value[index]));
    if (value.length > most) items.push(`... ${value.length - most} more items`);
    if (!list) before = `${name}(${value.length}) `;
  } else if (value instanceof Map) {
    items = [...value].map(([from, to]) => `${one(from)} => ${one(to)}`);
    before = `Map(${value.size}) `;
  } else if (value instanceof Set) {
    items = [...value].map(one);
    before = `Set(${value.size}) `;
  } else {
    const names = Object.keys(value);
    items = names.slice(0, 100).map((name) => {
      const property = Object.getOwnPropertyDescriptor(value, name);
      return `${key(name)}: ${property !== undefined && property.get ? "[Getter]" : one(property === undefined ? undefined : property.value)}`;
    });
    if (names.length > 100) items.push(`... ${names.length - 100} more properties`);
    if (name === undefined) before = "[Object: null prototype] ";
    else if (name !== "Object") before = `${name} `;
  }
  const [open, close] = list || ArrayBuffer.isView(value) ? ["[", "]"] : ["{", "}"];
  if (items.length === 0) return `${before}${open}${close}`;
  const line = `${before}${open} ${items.join(", ")} ${close}`;
  if (line.length <= 76 && !line.includes("\n")) return line;
  return `${before}${open}\n${items.map((item) => `  ${item.replaceAll("\n", "\n  ")}`).join(",\n")}\n${close}`;
}

const inspect = (value, options) => shown(value, options?.depth === null ? 20 : options?.depth ?? 2, []);

function format(first, ...rest) {
  const show = (value) => (typeof value === "string" ? value : inspect(value));
  if (typeof first !== "string") return [first, ...rest].map(show).join(" ");
  let next = 0;
  const text = first.replace(/%[sdifjoOc%]/g, (directive) => {
    if (directive === "%%") return rest.length > 0 ? "%" : "%%";
    if (next >= rest.length) return directive;
    const value = rest[next++];
    switch (directive) {
      case "%s": return typeof value === "object" && value !== null ? inspect(value, { depth: 0 }) : String(value);
      case "%d": return typeof value === "bigint" ? `${value}n` : String(Number(value));
      case "%i": return String(parseInt(value, 10));
      case "%f": return String(parseFloat(value));
      case "%j":
        try {
          return JSON.stringify(value);
        } catch {
          return "[Circular]";
        }
      case "%c": return "";
      default: return inspect(value, { depth: 4 });
    }
  });
  return [text, ...rest.slice(next).map(show)].join(" ");
}

const promisify = (original) => {
  if (typeof original !== "function") throw new TypeError('The "original" argument must be of type function');
  if (original[promisify.custom]) return original[promisify.custom];
  return function (...args) {
    return new Promise((done, failed) => original.call(this, ...args, (error, value) => (error ? failed(error) : done(value))));
  };
};
promisify.custom = Symbol.for("nodejs.util.promisify.custom");

const callbackify = (original) =>
  function (...args) {
    const callback = args.pop();
    original.apply(this, args).then(
      (value) => kit.later(() => callback(null, value)),
      (error) => kit.later(() => callback(error)),
    );
  };

function isDeepStrictEqual(one, other) {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (one instanceof Date) return one.getTime() === other.getTime();
  if (one instanceof RegExp) return String(one) === String(other);
  if (one instanceof Map || one instanceof Set) {
    return one.size === other.size && isDeepStrictEqual([...one], [...other]);
  }
  const names = Reflect.ownKeys(one).filter((name) => Object.prototype.propertyIsEnumerable.call(one, name));
  const others = Reflect.ownKeys(other).filter((name) => Object.prototype.propertyIsEnumerable.call(other, name));
  return names.length === others.length && names.every((name) => others.includes(name) && isDeepStrictEqual(one[name], other[name]));
}

class TextEncoder {
  get encoding() { return "utf-8"; }
  encode(text = "") { return kit.bytes(String(text)); }
  encodeInto(text, into) {
    let read = 0;
    let written = 0;
    for (const character of String(text)) {
      const bytes = kit.bytes(character);
      if (written + bytes.length > into.length) break;
      into.set(bytes, written);
      written += bytes.length;
      read += character.length;
    }
    return { read, written };
  }
}

class TextDecoder {
  #encoding;
  #fatal;
  #ignoreBOM;
  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    const names = { "utf-8": "utf-8", utf8: "utf-8", "unicode-1-1-utf-8": "utf-8", latin1: "latin1", ascii: "latin1", "iso-8859-1": "latin1" };
    this.#encoding = names[String(label).trim().toLowerCase()];
    if (this.#encoding === undefined) throw new RangeError(`The encoding "${label}" is not supported`);
    this.#fatal = Boolean(fatal);
    this.#ignoreBOM = Boolean(ignoreBOM);
  }
  get encoding() { return this.#encoding === "latin1" ? "windows-1252" : this.#encoding; }
  get fatal() { return this.#fatal; }
  get ignoreBOM() { return this.#ignoreBOM; }
  decode(data = new Uint8Array(0)) {
    const binary = kit.binary(kit.bytes(data));
    if (this.#encoding === "latin1") return binary;
    const text = host.text(binary, this.#fatal);
    return !this.#ignoreBOM && text.startsWith("\uFEFF") ? text.slice(1) : text;
  }
}

function structuredClone(value) {
  if (arguments.length === 0) throw new TypeError("structuredClone needs a value");
  const seen = new Map();
  const copy = (value) => {
    if (typeof value === "function" || typeof value === "symbol") throw new DOMException(`${String(value)} could not be cloned.`, "DataCloneError");
    if (typeof value !== "object" || value === null) return value;
    if (seen.has(value)) return seen.get(value);
    const keep = (made) => {
      seen.set(value, made);
      return made;
    };
    if (value instanceof Date) return keep(new Date(value.getTime()));
    if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
    if (value instanceof Boolean || value instanceof Number || value instanceof String) return keep(Object(value.valueOf()));
    if (value instanceof ArrayBuffer) return keep(value.slice(0));
    if (ArrayBuffer.isView(value)) {
      const buffer = value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
      const names = [Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array, DataView];
      return keep(new (names.find((type) => value instanceof type))(buffer));
    }
    if (value instanceof Map) {
      const made = keep(new Map());
      for (const [from, to] of value) made.set(copy(from), copy(to));
      return made;
    }
    if (value instanceof Set) {
      const made = keep(new Set());
      for (const item of value) made.add(copy(item));
      return made;
    }
    if (value instanceof Error) {
      const types = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
      const made = keep(Object.create((types[value.name] ?? Error).prototype));
      for (const name of ["message", "stack", "cause"]) {
        if (Object.hasOwn(value, name)) Object.defineProperty(made, name, { value: copy(value[name]), writable: true, configurable: true });
      }
      return made;
    }
    if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) throw new DOMException("The object could not be cloned.", "DataCloneError");
    const made = keep(Array.isArray(value) ? new Array(value.length) : {});
    for (const name of Object.keys(value)) made[name] = copy(value[name]);
    return made;
  };
  return copy(value);
}

module.exports = {
  inspect, format, promisify, callbackify, isDeepStrictEqual, TextEncoder, TextDecoder, structuredClone,
  inherits(type, above) {
    Object.defineProperty(type, "super_", { value: above, writable: true, configurable: true });
    Object.setPrototypeOf(type.prototype, above.prototype);
  },
  deprecate: (work) => work,
  isArray: Array.isArray,
  types: {
    isDate: (value) => value instanceof Date,
    isRegExp: (value) => value instanceof RegExp,
    isPromise: (value) => value instanceof Promise,
    isNativeError: (value) => value instanceof Error,
    isUint8Array: (value) => value instanceof Uint8Array,
    isMap: (value) => value instanceof Map,
    isSet: (value) => value instanceof Set,
  },
};
