// `https` and `http`: `request` and `get`, on the same requests as `fetch`. The whole body is there before `response`.
"use strict";
const EventEmitter = require("events");
const { Buffer } = require("buffer");
const { URL } = require("url");
const { exchange, statusText } = require("internal/fetch");

class IncomingMessage extends EventEmitter {
  #body;
  #encoding = null;
  #started = false;
  constructor(answer) {
    super();
    this.statusCode = answer.status;
    this.statusMessage = statusText(answer.status);
    this.httpVersion = "1.1";
    this.headers = {};
    this.rawHeaders = answer.headers.flat();
    for (const [name, value] of answer.headers) {
      const key = name.toLowerCase();
      if (key === "set-cookie") this.headers[key] = [...(this.headers[key] ?? []), value];
      else this.headers[key] = this.headers[key] === undefined ? value : `${this.headers[key]}, ${value}`;
    }
    this.#body = Buffer.from(host.fromBase64(answer.body));
  }
  setEncoding(encoding) {
    this.#encoding = encoding;
    return this;
  }
  on(name, listener) {
    super.on(name, listener);
    if (name === "data" || name === "end") this.resume();
    return this;
  }
  resume() {
    if (this.#started) return this;
    this.#started = true;
    setTimeout(() => {
      if (this.#body.length > 0) this.emit("data", this.#encoding === null ? this.#body : this.#body.toString(this.#encoding));
      this.emit("end");
      this.emit("close");
    }, 1);
    return this;
  }
  async *[Symbol.asyncIterator]() {
    this.#started = true;
    if (this.#body.length > 0) yield this.#encoding === null ? this.#body : this.#body.toString(this.#encoding);
  }
}

class ClientRequest extends EventEmitter {
  #options;
  #chunks = [];
  #headers = new Map();
  #ended = false;
  constructor(options) {
    super();
    this.#options = options;
    for (const name of Object.keys(options.headers ?? {})) this.setHeader(name, options.headers[name]);
  }
  setHeader(name, value) { this.#headers.set(String(name).toLowerCase(), [String(name), value]); }
  getHeader(name) { return this.#headers.get(String(name).toLowerCase())?.[1]; }
  removeHeader(name) { this.#headers.delete(String(name).toLowerCase()); }
  write(chunk, encoding) {
    this.#chunks.push(typeof chunk === "string" ? Buffer.from(chunk, encoding) : Buffer.from(chunk));
    return true;
  }
  end(chunk, encoding) {
    if (this.#ended) return this;
    this.#ended = true;
    if (chunk !== undefined && typeof chunk !== "function") this.write(chunk, encoding);
    const { url, method, auth, timeout } = this.#options;
    const headers = [...this.#headers.values()].flatMap(([name, value]) => (Array.isArray(value) ? value.map((one) => [name, String(one)]) : [[name, String(value)]]));
    if (auth && !this.#headers.has("authorization")) headers.push(["Authorization", `Basic ${Buffer.from(auth).toString("base64")}`]);
    let given = false;
    if (timeout > 0) this.setTimeout(timeout);
    const answer = exchange({ url, method, headers, body: Buffer.concat(this.#chunks), redirect: "manual" });
    kit.then(
      answer,
      (response) => kit.guarded(() => {
        given = true;
        if (this.destroyed) return;
        const message = new IncomingMessage(response);
        if (this.listenerCount("response") === 0) message.resume();
        else this.emit("response", message);
      }),
      (error) => kit.guarded(() => {
        given = true;
        if (!this.destroyed) this.emit("error", error);
      }),
    );
    this.given = () => given;
    return this;
  }
  setTimeout(pause, listener) {
    if (listener !== undefined) this.once("timeout", listener);
    setTimeout(() => { if (!this.destroyed && !this.given?.()) this.emit("timeout"); }, pause);
    return this;
  }
  setNoDelay() { return this; }
  setSocketKeepAlive() { return this; }
  flushHeaders() {}
  destroy(error) {
    if (this.destroyed) return this;
    this.destroyed = true;
    if (error !== undefined) kit.later(() => this.emit("error", error));
    return this;
  }
  abort() { return this.destroy(); }
}

function request(...args) {
  const callback = typeof args.at(-1) === "function" ? args.pop() : undefined;
  const url = typeof args[0] === "string" ? new URL(args.shift()) : args[0] instanceof URL ? args.shift() : null;
  const options = args[0] ?? {};
  const [path, ...rest] = (options.path ?? (url === null ? "/" : url.pathname + url.search)).split("?");
  const protocol = options.protocol ?? url?.protocol ?? (options.port === 80 ? "http:" : "https:");
  const target = new URL(url === null ? `${protocol}//${(options.hostname ?? options.host ?? "localhost").replace(/:\d+$/, "")}` : url.href);
  if (options.hostname ?? options.host) target.hostname = String(options.hostname ?? options.host).replace(/:\d+$/, "");
  if (options.port) target.port = String(options.port);
  target.pathname = path;
  target.search = rest.join("?");
  target.hash = "";
  const auth = options.auth ?? (target.username === "" ? undefined : `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`);
  target.username = "";
  target.password = "";
  const made = new ClientRequest({ url: target.href, method: String(options.method ?? "GET").toUpperCase(), headers: options.headers, auth, timeout: options.timeout });
  if (callback !== undefined) made.once("response", callback);
  return made;
}
const get = (...args) => {
  const made = request(...args);
  made.end();
  return made;
};
class Agent {
  constructor(options) { this.options = options; }
  destroy() {}
}

module.exports = { request, get, Agent, globalAgent: new Agent({}), ClientRequest, IncomingMessage, METHODS: ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"] };
