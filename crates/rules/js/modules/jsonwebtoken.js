// `jsonwebtoken`: sign, verify and decode, with what versions from 0.4 on take.
"use strict";
const { Buffer } = require("buffer");

class JsonWebTokenError extends Error {
  constructor(message, inner) {
    super(message);
    this.name = "JsonWebTokenError";
    if (inner) this.inner = inner;
  }
}
class TokenExpiredError extends JsonWebTokenError {
  constructor(message, expiredAt) {
    super(message);
    this.name = "TokenExpiredError";
    this.expiredAt = expiredAt;
  }
}
class NotBeforeError extends JsonWebTokenError {
  constructor(message, date) {
    super(message);
    this.name = "NotBeforeError";
    this.date = date;
  }
}

const units = { s: 1, sec: 1, secs: 1, second: 1, seconds: 1, m: 60, min: 60, mins: 60, minute: 60, minutes: 60, h: 3600, hr: 3600, hrs: 3600, hour: 3600, hours: 3600, d: 86400, day: 86400, days: 86400, w: 604800, week: 604800, weeks: 604800, y: 31557600, yr: 31557600, yrs: 31557600, year: 31557600, years: 31557600 };
// Seconds: a number, or text such as "2 days"; text without a unit is milliseconds.
function span(value, name) {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  const [, amount, unit] = typeof value === "string" ? (/^(-?(?:\d+)?\.?\d+) *([a-z]+)?$/i.exec(value) ?? []) : [];
  const factor = unit === undefined || /^(ms|msecs?|milliseconds?)$/i.test(unit) ? 0.001 : units[unit.toLowerCase()];
  if (amount === undefined || factor === undefined) throw new Error(`"${name}" should be a number of seconds or string representing a timespan eg: "1d", "20h", 60`);
  return Math.floor(Number(amount) * factor);
}

const HMAC = { HS256: "sha256", HS384: "sha384", HS512: "sha512" };
const SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"];
const part = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const secretOf = (key) => (key !== null && typeof key === "object" && !(key instanceof Uint8Array) && key.key !== undefined ? key.key : key);
const isPem = (key) => /-----BEGIN/.test(typeof key === "string" ? key : key instanceof Uint8Array ? host.text(kit.binary(key), false) : "");
const mac = (algorithm, key, input) => host.toBase64(kit.binary(host.hmac(HMAC[algorithm], kit.binary(kit.bytes(key)), kit.binary(kit.bytes(input)))), true);
const pem = (key) => (typeof key === "string" ? key : Buffer.from(key).toString());

function sign(payload, secretOrKey, options, callback) {
  if (typeof options === "function") [options, callback] = [undefined, options];
  if (callback !== undefined) return void answer(callback, () => sign(payload, secretOrKey, options));
  options ??= {};
  const key = secretOf(secretOrKey);
  const algorithm = options.algorithm ?? (isPem(key) ? "RS256" : "HS256");
  if (algorithm !== "none" && (key === undefined || key === null || key === "")) throw new Error("secretOrPrivateKey must have a value");
  const text = typeof payload === "string" || payload instanceof Uint8Array;
  if (!text && (payload === null || typeof payload !== "object" || Array.isArray(payload))) throw new Error("Expected \"payload\" to be a plain object.");
  const header = { alg: algorithm, typ: text ? undefined : "JWT", ...(options.keyid === undefined ? {} : { kid: options.keyid }), ...options.header };
  let claims = payload;
  if (!text) {
    claims = options.mutatePayload ? payload : { ...payload };
    const now = typeof claims.iat === "number" ? claims.iat : Math.floor(host.now() / 1000);
    if (options.noTimestamp) { if (payload.iat === undefined) delete claims.iat; } else claims.iat = now;
    if (options.expiresIn !== undefined) {
      if (claims.exp !== undefined) throw new Error('Bad "options.expiresIn" option the payload already has an "exp" property.');
      claims.exp = now + span(options.expiresIn, "expiresIn");
    }
    if (options.expiresInMinutes !== undefined) claims.exp = now + options.expiresInMinutes * 60;
    if (options.expiresInSeconds !== undefined) claims.exp = now + options.expiresInSeconds;
    if (options.notBefore !== undefined) {
      if (claims.nbf !== undefined) throw new Error('Bad "options.notBefore" option the payload already has an "nbf" property.');
      claims.nbf = now + span(options.notBefore, "notBefore");
    }
    for (const [option, claim] of [["audience", "aud"], ["issuer", "iss"], ["subject", "sub"], ["jwtid", "jti"]]) {
      if (options[option] === undefined) continue;
      if (claims[claim] !== undefined) throw new Error(`Bad "options.${option}" option. The payload already has an "${claim}" property.`);
      claims[claim] = options[option];
    }
  }
  const input = `${part(header)}.${text && typeof claims !== "string" ? Buffer.from(claims).toString("base64url") : part(claims)}`;
  if (HMAC[algorithm] !== undefined) return `${input}.${mac(algorithm, key, input)}`;
  if (!SIGNATURES.includes(algorithm)) throw new Error(`"algorithm" must be a valid string enum value`);
  return `${input}.${host.sign(algorithm, pem(key), kit.binary(kit.bytes(input)))}`;
}

function decode(token, options = {}) {
  const parts = typeof token === "string" ? token.split(".") : [];
  if (parts.length !== 3) return null;
  let header;
  try {
    header = JSON.parse(Buffer.from(parts[0], "base64").toString());
  } catch {
    return null;
  }
  if (header === null || typeof header !== "object") return null;
  let payload = Buffer.from(parts[1], "base64").toString();
  try {
    payload = JSON.parse(payload);
  } catch {
    // A token may sign any text.
  }
  return options?.complete ? { header, payload, signature: parts[2] } : payload;
}

function verified(token, key, options) {
  if (!token) throw new JsonWebTokenError("jwt must be provided");
  if (typeof token !== "string") throw new JsonWebTokenError("jwt must be a string");
  const parts = token.split(".");
  if (parts.length !== 3) throw new JsonWebTokenError("jwt malformed");
  const decoded = decode(token, { complete: true });
  if (decoded === null) throw new JsonWebTokenError("invalid token");
  const { header, payload } = decoded;
  if (parts[2].trim() === "") throw new JsonWebTokenError("jwt signature is required");
  if (key === undefined || key === null || key === "") throw new JsonWebTokenError("secret or public key must be provided");
  // A key for signatures is never a secret of an HMAC.
  const allowed = options.algorithms ?? (isPem(key) ? SIGNATURES : Object.keys(HMAC));
  if (!allowed.includes(header.alg)) throw new JsonWebTokenError("invalid algorithm");
  if ((HMAC[header.alg] !== undefined) === isPem(key)) throw new JsonWebTokenError("invalid algorithm");
  const input = `${parts[0]}.${parts[1]}`;
  let valid = false;
  if (HMAC[header.alg] !== undefined) valid = host.equal(mac(header.alg, key, input), parts[2]);
  else if (SIGNATURES.includes(header.alg)) {
    try {
      valid = host.verify(header.alg, pem(key), kit.binary(kit.bytes(input)), parts[2]);
    } catch (cause) {
      throw new JsonWebTokenError(cause.message, cause);
    }
  }
  if (!valid) throw new JsonWebTokenError("invalid signature");
  check(payload, options);
  return options.complete ? decoded : payload;
}

function check(payload, options) {
  const now = options.clockTimestamp ?? Math.floor(host.now() / 1000);
  const tolerance = options.clockTolerance ?? 0;
  if (payload.nbf !== undefined && !options.ignoreNotBefore) {
    if (typeof payload.nbf !== "number") throw new JsonWebTokenError("invalid nbf value");
    if (payload.nbf > now + tolerance) throw new NotBeforeError("jwt not active", new Date(payload.nbf * 1000));
  }
  if (payload.exp !== undefined && !options.ignoreExpiration) {
    if (typeof payload.exp !== "number") throw new JsonWebTokenError("invalid exp value");
    if (now >= payload.exp + tolerance) throw new TokenExpiredError("jwt expired", new Date(payload.exp * 1000));
  }
  if (options.audience !== undefined) {
    const given = [].concat(payload.aud ?? []);
    const matches = [].concat(options.audience).some((wanted) => given.some((own) => (wanted instanceof RegExp ? wanted.test(own) : wanted === own)));
    if (!matches) throw new JsonWebTokenError(`jwt audience invalid. expected: ${[].concat(options.audience).join(" or ")}`);
  }
  if (options.issuer !== undefined && ![].concat(options.issuer).includes(payload.iss)) throw new JsonWebTokenError(`jwt issuer invalid. expected: ${options.issuer}`);
  for (const [option, claim, name] of [["subject", "sub", "subject"], ["jwtid", "jti", "jwtid"], ["nonce", "nonce", "nonce"]]) {
    if (options[option] !== undefined && payload[claim] !== options[option]) throw new JsonWebTokenError(`jwt ${name} invalid. expected: ${options[option]}`);
  }
  if (options.maxAge !== undefined) {
    if (typeof payload.iat !== "number") throw new JsonWebTokenError("iat required when maxAge is specified");
    if (now >= payload.iat + span(options.maxAge, "maxAge") + tolerance) throw new TokenExpiredError("maxAge exceeded", new Date((payload.iat + span(options.maxAge, "maxAge")) * 1000));
  }
}

const answer = (callback, work) => {
  let value;
  let error = null;
  try {
    value = work();
  } catch (cause) {
    error = cause;
  }
  kit.later(() => (error === null ? callback(null, value) : callback(error)));
};

function verify(token, secretOrKey, options, callback) {
  if (typeof options === "function") [options, callback] = [{}, options];
  options ??= {};
  if (typeof secretOrKey === "function") {
    if (callback === undefined) throw new JsonWebTokenError("verify must be called asynchronous if secret or public key is provided as a callback");
    const header = decode(token, { complete: true })?.header;
    secretOrKey(header, (error, key) => (error ? callback(new JsonWebTokenError(`error in secret or public key callback: ${error.message}`)) : answer(callback, () => verified(token, secretOf(key), options))));
    return undefined;
  }
  if (callback !== undefined) return void answer(callback, () => verified(token, secretOf(secretOrKey), options));
  return verified(token, secretOf(secretOrKey), options);
}

module.exports = { sign, verify, decode, JsonWebTokenError, TokenExpiredError, NotBeforeError };
