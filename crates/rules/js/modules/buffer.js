// `buffer`: bytes as Node has them.
"use strict";

const encodings = {
  utf8: "utf8", "utf-8": "utf8", hex: "hex", base64: "base64", base64url: "base64url", latin1: "latin1", binary: "latin1", ascii: "ascii",
  ucs2: "utf16le", "ucs-2": "utf16le", utf16le: "utf16le", "utf-16le": "utf16le",
};
const encodingOf = (name) => {
  const encoding = encodings[String(name ?? "utf8").toLowerCase()];
  if (encoding === undefined) throw new TypeError(`Unknown encoding: ${name}`);
  return encoding;
};

function bytesOf(text, name) {
  switch (encodingOf(name)) {
    case "utf8": return kit.bytes(text);
    case "base64":
    case "base64url": return host.fromBase64(kit.text(text));
    case "hex": {
      const digits = /^(?:[0-9a-fA-F]{2})*/.exec(text)[0];
      return Uint8Array.from({ length: digits.length / 2 }, (_, index) => parseInt(digits.substr(index * 2, 2), 16));
    }
    case "utf16le": {
      const bytes = new Uint8Array(text.length * 2);
      for (let index = 0; index < text.length; index++) {
        bytes[index * 2] = text.charCodeAt(index) & 0xff;
        bytes[index * 2 + 1] = text.charCodeAt(index) >> 8;
      }
      return bytes;
    }
    default: return Uint8Array.from({ length: text.length }, (_, index) => text.charCodeAt(index) & 0xff);
  }
}

class Buffer extends Uint8Array {
  static poolSize = 8192;

  static from(value, encodingOrOffset, length) {
    if (typeof value === "string") return own(bytesOf(value, encodingOrOffset));
    if (value instanceof ArrayBuffer) return new Buffer(value, encodingOrOffset, length);
    if (value instanceof Uint8Array || Array.isArray(value)) return copied(value);
    if (ArrayBuffer.isView(value)) return copied(Array.from(value));
    if (value !== null && typeof value === "object") {
      if (value.type === "Buffer" && Array.isArray(value.data)) return copied(value.data);
      if (typeof value.length === "number") return copied(Array.from(value));
      const primitive = value[Symbol.toPrimitive]?.("string") ?? value.valueOf();
      if (primitive !== value) return Buffer.from(primitive, encodingOrOffset, length);
    }
    throw new TypeError("The first argument must be of type string or an instance of Buffer, ArrayBuffer, or Array or an Array-like Object.");
  }
  static alloc(size, fill, encoding) {
    const made = new Buffer(checkedSize(size));
    return fill === undefined ? made : made.fill(fill, 0, made.length, encoding);
  }
  static allocUnsafe(size) { return new Buffer(checkedSize(size)); }
  static allocUnsafeSlow(size) { return new Buffer(checkedSize(size)); }
  static isBuffer(value) { return value instanceof Buffer; }
  static isEncoding(name) { return typeof name === "string" && encodings[name.toLowerCase()] !== undefined; }
  static byteLength(value, encoding) { return typeof value === "string" ? bytesOf(value, encoding).length : value.byteLength; }
  static compare(one, other) {
    const most = Math.min(one.length, other.length);
    for (let index = 0; index < most; index++) if (one[index] !== other[index]) return one[index] < other[index] ? -1 : 1;
    return Math.sign(one.length - other.length);
  }
  static concat(list, total = list.reduce((sum, part) => sum + part.length, 0)) {
    const all = Buffer.alloc(total);
    let at = 0;
    for (const part of list) {
      all.set(part.subarray(0, Math.max(0, total - at)), Math.min(at, total));
      at += part.length;
    }
    return all;
  }

  toString(name, start = 0, end = this.length) {
    const part = start === 0 && end >= this.length ? this : super.subarray(start, end);
    const encoding = encodingOf(name);
    if (encoding === "hex") {
      let text = "";
      for (let index = 0; index < part.length; index++) text += (part[index] < 16 ? "0" : "") + part[index].toString(16);
      return text;
    }
    const binary = kit.binary(part);
    switch (encoding) {
      case "utf8": return host.text(binary, false);
      case "base64": return host.toBase64(binary, false);
      case "base64url": return host.toBase64(binary, true);
      case "ascii": return binary.replace(/[\x80-\xff]/g, (character) => String.fromCharCode(character.charCodeAt(0) & 0x7f));
      case "utf16le": {
        let text = "";
        for (let index = 0; index + 1 < part.length; index += 2) text += String.fromCharCode(part[index] | (part[index + 1] << 8));
        return text;
      }
      default: return binary;
    }
  }
  toJSON() { return { type: "Buffer", data: Array.from(this) }; }
  equals(other) {
    if (!(other instanceof Uint8Array)) throw new TypeError("The argument must be a Buffer or Uint8Array");
    return Buffer.compare(this, other) === 0;
  }
  compare(other) { return Buffer.compare(this, other); }
  copy(target, targetStart = 0, start = 0, end = this.length) {
    const part = super.subarray(start, Math.min(end, start + target.length - targetStart));
    target.set(part, targetStart);
    return part.length;
  }
  // Unlike that of Uint8Array, it shares its memory.
  slice(start, end) { return this.subarray(start, end); }
  subarray(start, end) {
    const part = super.subarray(start, end);
    return part instanceof Buffer ? part : new Buffer(part.buffer, part.byteOffset, part.length);
  }
  write(text, offset = 0, length = undefined, encoding = undefined) {
    if (typeof offset === "string") [offset, length, encoding] = [0, undefined, offset];
    else if (typeof length === "string") [length, encoding] = [undefined, length];
    const bytes = bytesOf(text, encoding).subarray(0, Math.min(length ?? Infinity, this.length - offset));
    this.set(bytes, offset);
    return bytes.length;
  }
  fill(value, start = 0, end = this.length, encoding = undefined) {
    if (typeof start === "string") [start, end, encoding] = [0, this.length, start];
    if (typeof value === "number") return super.fill(value & 255, start, end);
    const bytes = typeof value === "string" ? bytesOf(value, encoding) : value;
    if (bytes.length === 0) return super.fill(0, start, end);
    for (let index = start; index < end; index++) this[index] = bytes[(index - start) % bytes.length];
    return this;
  }
  indexOf(value, from = 0, encoding = undefined) {
    if (typeof value === "number") return super.indexOf(value & 255, from);
    return kit.binary(this).indexOf(kit.binary(typeof value === "string" ? bytesOf(value, encoding) : value), from);
  }
  includes(value, from, encoding) { return this.indexOf(value, from, encoding) !== -1; }
}

// Numbers, in both orders.
for (const [name, size, method] of [
  ["UInt8", 1, "Uint8"], ["Int8", 1, "Int8"], ["UInt16", 2, "Uint16"], ["Int16", 2, "Int16"], ["UInt32", 4, "Uint32"], ["Int32", 4, "Int32"],
  ["Float", 4, "Float32"], ["Double", 8, "Float64"], ["BigInt64", 8, "BigInt64"], ["BigUInt64", 8, "BigUint64"],
]) {
  for (const [order, little] of size === 1 ? [["", true]] : [["LE", true], ["BE", false]]) {
    const view = (buffer) => new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    const read = function (at = 0) { return view(this)[`get${method}`](at, little); };
    const write = function (value, at = 0) {
      view(this)[`set${method}`](at, value, little);
      return at + size;
    };
    for (const spelling of new Set([name, name.replace("UInt", "Uint")])) {
      Object.defineProperty(Buffer.prototype, `read${spelling}${order}`, { value: read, writable: true, configurable: true });
      Object.defineProperty(Buffer.prototype, `write${spelling}${order}`, { value: write, writable: true, configurable: true });
    }
  }
}

const checkedSize = (size) => {
  if (typeof size !== "number" || !(size >= 0) || size > 2 ** 31) throw new RangeError('The value of "size" is out of range');
  return size;
};
const own = (bytes) => new Buffer(bytes.buffer, bytes.byteOffset, bytes.length);
const copied = (values) => {
  const made = new Buffer(values.length);
  made.set(values);
  return made;
};

// `Buffer(…)` and `new Buffer(…)` are how scripts made one before `Buffer.from`.
const OldBuffer = new Proxy(Buffer, {
  apply: (_, __, args) => old(...args),
  construct: (target, args, newTarget) =>
    newTarget === OldBuffer && !(args[0] instanceof ArrayBuffer) ? old(...args) : Reflect.construct(target, args, newTarget === OldBuffer ? target : newTarget),
});
const old = (value, encoding, length) => (typeof value === "number" ? Buffer.alloc(value) : Buffer.from(value, encoding, length));
Object.defineProperty(Buffer.prototype, "constructor", { value: OldBuffer, writable: true, configurable: true });
Object.defineProperty(Buffer, Symbol.species, { get: () => Buffer });

module.exports = { Buffer: OldBuffer, atob: globalThis.atob, btoa: globalThis.btoa, kMaxLength: 2 ** 31, constants: { MAX_LENGTH: 2 ** 31 } };
