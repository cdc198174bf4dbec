// `uuid`: versions 1, 3, 4 and 5, and 7.
"use strict";
const crypto = require("crypto");
const { Buffer } = require("buffer");

const shown = (bytes) => {
  const hex = Buffer.from(bytes).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
};
const validate = (text) => typeof text === "string" && /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|0{8}-0{4}-0{4}-0{4}-0{12}|f{8}-f{4}-f{4}-f{4}-f{12})$/i.test(text);
const parse = (text) => {
  if (!validate(text)) throw new TypeError("Invalid UUID");
  return new Uint8Array(Buffer.from(text.replaceAll("-", ""), "hex"));
};
const stamped = (bytes, version) => {
  bytes[6] = (bytes[6] & 0x0f) | (version << 4);
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return bytes;
};
const out = (bytes, buffer, offset = 0) => {
  if (!buffer) return shown(bytes);
  for (let index = 0; index < 16; index++) buffer[offset + index] = bytes[index];
  return buffer;
};

const v4 = (options, buffer, offset) => out(stamped(Uint8Array.from(options?.random ?? options?.rng?.() ?? crypto.randomBytes(16)), 4), buffer, offset);
const v7 = (options, buffer, offset) => {
  const bytes = Uint8Array.from(options?.random ?? crypto.randomBytes(16));
  let time = options?.msecs ?? host.now();
  for (let index = 5; index >= 0; index--) {
    bytes[index] = time % 256;
    time = Math.floor(time / 256);
  }
  return out(stamped(bytes, 7), buffer, offset);
};
let last = 0n;
const v1 = (options, buffer, offset) => {
  let time = BigInt(options?.msecs ?? host.now()) * 10000n + BigInt(options?.nsecs ?? 0) + 0x01b21dd213814000n;
  if (options?.msecs === undefined && time <= last) time = last + 1n;
  last = time;
  const random = crypto.randomBytes(8);
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Number(time & 0xffffffffn));
  view.setUint16(4, Number((time >> 32n) & 0xffffn));
  view.setUint16(6, Number((time >> 48n) & 0xfffn));
  view.setUint16(8, options?.clockseq ?? random.readUInt16BE(0));
  // A random node has the multicast bit.
  bytes.set(options?.node ?? [random[2] | 1, ...random.subarray(3, 8)], 10);
  return out(stamped(bytes, 1), buffer, offset);
};
const named = (version, digest) => {
  const make = (value, namespace, buffer, offset) => {
    const bytes = typeof value === "string" ? kit.bytes(value) : Uint8Array.from(value);
    const space = typeof namespace === "string" ? parse(namespace) : namespace;
    if (space?.length !== 16) throw new TypeError("Namespace must be array-like (16 iterable integer values, 0-255)");
    const hash = crypto.createHash(digest).update(Buffer.concat([Buffer.from(space), Buffer.from(bytes)])).digest();
    return out(stamped(Uint8Array.from(hash.subarray(0, 16)), version), buffer, offset);
  };
  return Object.assign(make, { DNS: "6ba7b810-9dad-11d1-80b4-00c04fd430c8", URL: "6ba7b811-9dad-11d1-80b4-00c04fd430c8" });
};

// `require("uuid")()` is version 4, as it was before they had names.
module.exports = Object.assign((...args) => v4(...args), {
  v1, v3: named(3, "md5"), v4, v5: named(5, "sha1"), v7, validate, parse,
  stringify: (bytes) => {
    const text = shown(Uint8Array.from(bytes));
    if (!validate(text)) throw new TypeError("Stringified UUID is invalid");
    return text;
  },
  version: (text) => {
    if (!validate(text)) throw new TypeError("Invalid UUID");
    return parseInt(text.slice(14, 15), 16);
  },
  NIL: "00000000-0000-0000-0000-000000000000",
  MAX: "ffffffff-ffff-ffff-ffff-ffffffffffff",
});
