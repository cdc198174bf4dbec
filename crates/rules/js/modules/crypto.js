// `crypto`, and the global of the same name: digests, keyed digests, derived keys, random values, signatures.
"use strict";
const { Buffer } = require("buffer");

const binary = (value, encoding) => kit.binary(typeof value === "string" && encoding ? Buffer.from(value, encoding) : kit.bytes(value));
const out = (bytes, encoding) => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return encoding && encoding !== "buffer" ? buffer.toString(encoding) : buffer;
};
const answer = (callback, work) => {
  if (typeof callback !== "function") throw new TypeError('The "callback" argument must be of type function');
  let value;
  let error = null;
  try {
    value = work();
  } catch (cause) {
    error = cause;
  }
  kit.later(() => (error === null ? callback(null, value) : callback(error)));
};

class Hash {
  #data = "";
  #finish;
  #done = false;
  constructor(finish) {
    this.#finish = finish;
    // Says so now when there is no such algorithm.
    finish("");
  }
  update(data, encoding) {
    if (this.#done) throw new Error("Digest already called");
    this.#data += binary(data, encoding);
    return this;
  }
  digest(encoding) {
    if (this.#done) throw new Error("Digest already called");
    this.#done = true;
    return out(this.#finish(this.#data), encoding);
  }
}
const createHash = (algorithm) => new Hash((data) => host.hash(String(algorithm), data));
const createHmac = (algorithm, key) => {
  const secret = binary(key?.export ? key.export() : key);
  return new Hash((data) => host.hmac(String(algorithm), secret, data));
};

const randomBytes = (size, callback) => {
  if (callback !== undefined) return void answer(callback, () => randomBytes(size));
  const all = Buffer.alloc(size);
  for (let at = 0; at < size; at += 65536) all.set(host.randomBytes(Math.min(65536, size - at)), at);
  return all;
};
const getRandomValues = (into) => {
  const view = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
  if (view.length > 65536) throw new DOMException("At most 65536 bytes at once", "QuotaExceededError");
  view.set(host.randomBytes(view.length));
  return into;
};
const randomFillSync = (into, offset = 0, size = into.length - offset) => {
  into.set(randomBytes(size), offset);
  return into;
};
const randomUUID = () => {
  const bytes = host.randomBytes(16);
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = out(bytes, "hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};
const randomInt = (low, high, callback) => {
  if (high === undefined || typeof high === "function") [low, high, callback] = [0, low, high];
  const range = high - low;
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || !(range > 0) || range > 2 ** 48) throw new RangeError("The range of a random integer is wrong");
  if (callback !== undefined) return void answer(callback, () => randomInt(low, high));
  const most = 2 ** 48 - ((2 ** 48) % range);
  for (;;) {
    const value = out(host.randomBytes(6)).reduce((sum, byte) => sum * 256 + byte, 0);
    if (value < most) return low + (value % range);
  }
};

const pbkdf2Sync = (password, salt, iterations, length, digest = "sha1") => out(host.pbkdf2(String(digest), binary(password), binary(salt), iterations, length));
const scryptSync = (password, salt, length, options = {}) => {
  const work = [options.N ?? options.cost ?? 16384, options.r ?? options.blockSize ?? 8, options.p ?? options.parallelization ?? 1];
  return out(host.scrypt(binary(password), binary(salt), work, length));
};
const timingSafeEqual = (one, other) => {
  const [first, second] = [binary(one), binary(other)];
  if (first.length !== second.length) throw new RangeError("Input buffers must have the same byte length");
  return host.equal(first, second);
};

// RSASSA-PKCS1-v1_5, as `createSign("RSA-SHA256")` has it. ECDSA differs in its format from that of JSON Web Tokens, which is
// what the host makes, and is in `jsonwebtoken`.
const rsa = (algorithm) => {
  const bits = /^(?:rsa-)?sha-?(256|384|512)$/i.exec(algorithm)?.[1];
  if (bits === undefined) throw new Error("Invalid digest");
  return `RS${bits}`;
};
const pem = (key) => {
  const text = typeof key === "string" ? key : key instanceof Uint8Array ? Buffer.from(key).toString() : key?.key;
  if (typeof text !== "string" || !text.includes("-----BEGIN") || /BEGIN EC/.test(text)) throw new TypeError("The key must be an RSA key in PEM");
  return text;
};
class Signature {
  #data = "";
  #algorithm;
  constructor(algorithm) { this.#algorithm = rsa(String(algorithm)); }
  update(data, encoding) {
    this.#data += binary(data, encoding);
    return this;
  }
  write(data) { this.update(data); }
  end(data) {
    if (data !== undefined) this.update(data);
    return this;
  }
  sign(key, encoding) { return out(host.fromBase64(host.sign(this.#algorithm, pem(key), this.#data)), encoding); }
  verify(key, signature, encoding) {
    const given = typeof signature === "string" ? Buffer.from(signature, encoding ?? "latin1") : signature;
    return host.verify(this.#algorithm, pem(key), this.#data, host.toBase64(binary(given), true));
  }
}

const digestNames = { "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384", "SHA-512": "sha512" };
const subtle = {
  async digest(algorithm, data) {
    const name = digestNames[String(algorithm?.name ?? algorithm).toUpperCase()];
    if (name === undefined) throw new DOMException("Unrecognized algorithm name", "NotSupportedError");
    const bytes = host.hash(name, binary(data));
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  },
};

module.exports = {
  createHash, createHmac, randomBytes, randomFillSync, randomInt, randomUUID, getRandomValues, pbkdf2Sync, scryptSync, timingSafeEqual, subtle,
  hash: (algorithm, data, encoding = "hex") => createHash(algorithm).update(data).digest(encoding),
  pseudoRandomBytes: randomBytes,
  randomFill: (into, callback) => answer(callback, () => randomFillSync(into)),
  pbkdf2: (password, salt, iterations, length, digest, callback) => answer(callback, () => pbkdf2Sync(password, salt, iterations, length, digest)),
  scrypt: (password, salt, length, options, callback) =>
    typeof options === "function" ? answer(options, () => scryptSync(password, salt, length)) : answer(callback, () => scryptSync(password, salt, length, options)),
  createSign: (algorithm) => new Signature(algorithm),
  createVerify: (algorithm) => new Signature(algorithm),
  getHashes: () => ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"],
  constants: {},
};
module.exports.webcrypto = { subtle, getRandomValues, randomUUID };
