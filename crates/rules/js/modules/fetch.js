// `fetch` and what belongs to it. The server makes the request, and decides whether it may be made.
"use strict";
const { URL, URLSearchParams } = require("url");
const { Buffer } = require("buffer");

const statusTexts = {
  200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently", 302: "Found", 303: "See Other",
  304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized", 402: "Payment Required",
  403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict", 410: "Gone",
  413: "Payload Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Entity", 429: "Too Many Requests", 500: "Internal Server Error",
  501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
};
const statusText = (status) => statusTexts[status] ?? "";

/** Asks the server for a request: headers are pairs, the body is bytes or nothing; the answer's body is base64. */
const exchange = ({ url, method, headers, body, redirect = "follow" }) =>
  kit.ask("fetch", { url, method, headers, body: body == null || body.length === 0 ? null : host.toBase64(kit.binary(body), false), redirect });

class Headers {
  #map = new Map();
  constructor(init) {
    if (init === undefined || init === null) return;
    const pairs = typeof init[Symbol.iterator] === "function" ? init : Object.entries(init);
    for (const [name, value] of pairs) this.append(name, value);
  }
  static #name(name) {
    const text = String(name).toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(text)) throw new TypeError(`Invalid header name: ${name}`);
    return text;
  }
  static #value(value) {
    const text = String(value).replace(/^[\t\r\n ]+|[\t\r\n ]+$/g, "");
    if (/[\0\r\n]/.test(text)) throw new TypeError("Invalid header value");
    return text;
  }
  append(name, value) {
    const key = Headers.#name(name);
    this.#map.set(key, [...(this.#map.get(key) ?? []), Headers.#value(value)]);
  }
  set(name, value) { this.#map.set(Headers.#name(name), [Headers.#value(value)]); }
  get(name) { return this.#map.get(Headers.#name(name))?.join(", ") ?? null; }
  has(name) { return this.#map.has(Headers.#name(name)); }
  delete(name) { this.#map.delete(Headers.#name(name)); }
  getSetCookie() { return [...(this.#map.get("set-cookie") ?? [])]; }
  *entries() {
    for (const name of [...this.#map.keys()].sort()) {
      if (name === "set-cookie") for (const value of this.#map.get(name)) yield [name, value];
      else yield [name, this.get(name)];
    }
  }
  *keys() { for (const [name] of this.entries()) yield name; }
  *values() { for (const [, value] of this.entries()) yield value; }
  [Symbol.iterator]() { return this.entries(); }
  forEach(work, self) { for (const [name, value] of this.entries()) work.call(self, value, name, this); }
  // As node-fetch 2 has it.
  raw() { return Object.fromEntries([...this.#map].map(([name, values]) => [name, [...values]])); }
  get [Symbol.toStringTag]() { return "Headers"; }
}

// What a body is made of: bytes, and the type that goes with them.
function bodyOf(body) {
  if (body === undefined || body === null) return [null, null];
  if (typeof body === "string") return [kit.bytes(body), "text/plain;charset=UTF-8"];
  if (body instanceof URLSearchParams) return [kit.bytes(body.toString()), "application/x-www-form-urlencoded;charset=UTF-8"];
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return [kit.bytes(body).slice(), null];
  return [kit.bytes(String(body)), "text/plain;charset=UTF-8"];
}

class Body {
  // Bytes, or base64 that nobody has asked for yet.
  #bytes = null;
  #base64 = null;
  #used = false;
  constructor(bytes, base64) {
    this.#bytes = bytes;
    this.#base64 = base64;
  }
  get bodyUsed() { return this.#used; }
  #take() {
    if (this.#used) throw new TypeError("Body is unusable: Body has already been read");
    this.#used = this.#bytes !== null || this.#base64 !== null;
  }
  #all() { return this.#base64 === null ? (this.#bytes ?? new Uint8Array(0)) : host.fromBase64(this.#base64); }
  static bytes(body) { return body.#all(); }
  static copy(body) {
    if (body.#used) throw new TypeError("Body has already been read");
    return [body.#bytes, body.#base64];
  }
  async text() {
    this.#take();
    const text = this.#base64 === null ? host.text(kit.binary(this.#all()), false) : host.textOfBase64(this.#base64);
    return text.startsWith("\uFEFF") ? text.slice(1) : text;
  }
  async json() { return JSON.parse(await this.text()); }
  async arrayBuffer() {
    this.#take();
    const bytes = this.#all();
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  }
  async bytes() { return new Uint8Array(await this.arrayBuffer()); }
  async buffer() { return Buffer.from(await this.arrayBuffer()); }
}
const { bytes: bytesOfBody, copy: copyBody } = Body;
delete Body.bytes;
delete Body.copy;

class AbortSignal {
  #aborted = false;
  #reason;
  #listeners = [];
  onabort = null;
  get aborted() { return this.#aborted; }
  get reason() { return this.#reason; }
  throwIfAborted() { if (this.#aborted) throw this.#reason; }
  addEventListener(name, listener) { if (name === "abort") this.#listeners.push(listener); }
  removeEventListener(name, listener) { this.#listeners = this.#listeners.filter((own) => own !== listener); }
  static fire(signal, reason) {
    if (signal.#aborted) return;
    signal.#aborted = true;
    signal.#reason = reason ?? new DOMException("This operation was aborted", "AbortError");
    const event = { type: "abort", target: signal };
    for (const listener of [signal.onabort, ...signal.#listeners]) {
      if (typeof listener === "function") kit.guarded(() => listener.call(signal, event));
      else if (typeof listener?.handleEvent === "function") kit.guarded(() => listener.handleEvent(event));
    }
  }
  static abort(reason) {
    const signal = new AbortSignal();
    fire(signal, reason);
    return signal;
  }
  static timeout(pause) {
    const signal = new AbortSignal();
    setTimeout(() => fire(signal, new DOMException("The operation was aborted due to timeout", "TimeoutError")), pause);
    return signal;
  }
  static any(signals) {
    const signal = new AbortSignal();
    for (const other of signals) {
      if (other.aborted) fire(signal, other.reason);
      else other.addEventListener("abort", () => fire(signal, other.reason));
    }
    return signal;
  }
}
const { fire } = AbortSignal;
delete AbortSignal.fire;

class AbortController {
  signal = new AbortSignal();
  abort(reason) { fire(this.signal, reason); }
}

class Request extends Body {
  constructor(input, init = {}) {
    const from = input instanceof Request ? input : null;
    const url = from === null ? new URL(input) : new URL(from.url);
    if (url.username !== "" || url.password !== "") throw new TypeError(`Request cannot be constructed from a URL that includes credentials: ${url}`);
    const method = String(init.method ?? from?.method ?? "GET");
    const upper = method.toUpperCase();
    const standard = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"].includes(upper) ? upper : method;
    const [bytes, type] = init.body === undefined && from !== null ? [copyBody(from)[0], null] : bodyOf(init.body);
    if (bytes !== null && (standard === "GET" || standard === "HEAD")) throw new TypeError("Request with GET/HEAD method cannot have body.");
    super(bytes, null);
    this.url = url.href;
    this.method = standard;
    this.headers = new Headers(init.headers ?? from?.headers);
    if (type !== null && !this.headers.has("content-type")) this.headers.set("content-type", type);
    this.redirect = init.redirect ?? from?.redirect ?? "follow";
    this.signal = init.signal ?? from?.signal ?? new AbortSignal();
  }
  clone() { return new Request(this); }
}

class Response extends Body {
  constructor(body = null, init = {}) {
    const [bytes, type] = init.base64 === undefined ? bodyOf(body) : [null, null];
    super(bytes, init.base64 ?? null);
    this.status = init.status ?? 200;
    this.statusText = init.statusText ?? "";
    this.headers = new Headers(init.headers);
    if (type !== null && !this.headers.has("content-type")) this.headers.set("content-type", type);
    this.ok = this.status >= 200 && this.status <= 299;
    this.url = init.url ?? "";
    this.redirected = init.redirected ?? false;
    this.type = "basic";
  }
  clone() {
    const [bytes, base64] = copyBody(this);
    return new Response(bytes, { status: this.status, statusText: this.statusText, headers: this.headers, url: this.url, redirected: this.redirected, ...(base64 === null ? {} : { base64 }) });
  }
  static json(data, init = {}) {
    const headers = new Headers(init.headers);
    if (!headers.has("content-type")) headers.set("content-type", "application/json");
    return new Response(JSON.stringify(data), { ...init, headers });
  }
  static error() { return new Response(null, { status: 0 }); }
}

// A failure as `fetch` of Node reports it.
const failed = (cause) => {
  const error = new TypeError(`fetch failed: ${cause.message}`);
  error.cause = cause;
  return error;
};

async function fetch(input, init) {
  const request = new Request(input, init);
  const { signal } = request;
  signal.throwIfAborted?.();
  const answer = exchange({ url: request.url, method: request.method, headers: [...request.headers], body: bytesOfBody(request), redirect: request.redirect });
  const aborted = new Promise((_, stop) => signal.addEventListener?.("abort", () => stop(signal.reason)));
  const given = await Promise.race([answer.catch((cause) => Promise.reject(failed(cause))), aborted]);
  return new Response(null, { base64: given.body, status: given.status, statusText: statusText(given.status), headers: given.headers, url: given.url, redirected: given.redirected });
}

module.exports = { fetch, Headers, Request, Response, AbortController, AbortSignal, exchange, statusText };
