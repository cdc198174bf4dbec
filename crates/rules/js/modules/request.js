// `request`: the HTTP client that most Rules are written with.
"use strict";
const { Buffer } = require("buffer");
const { URL } = require("url");
const querystring = require("querystring");
const { exchange, statusText } = require("internal/fetch");

// What a call means: `request(url | options, options?, callback?)`.
function settled(defaults, method, args) {
  const callback = typeof args.at(-1) === "function" ? args.at(-1) : undefined;
  const parts = args.filter((part) => typeof part !== "function" && part !== undefined);
  let options = {};
  for (const part of parts) options = { ...options, ...(typeof part === "string" || part instanceof URL ? { uri: String(part) } : part) };
  const headers = { ...defaults.headers, ...options.headers };
  return { callback: callback ?? options.callback, options: { ...defaults, ...options, headers, ...(method ? { method } : {}) } };
}

// The request that goes out.
function prepared(options) {
  const address = options.uri ?? options.url;
  if (!address) throw new Error("undefined is not a valid uri or options object.");
  const url = new URL(typeof address === "object" && address.href ? address.href : String(address), options.baseUrl);
  const headers = new Map(Object.entries(options.headers ?? {}).filter(([, value]) => value !== undefined && value !== null).map(([name, value]) => [name.toLowerCase(), [name, String(value)]]));
  const preset = (name, value) => { if (!headers.has(name.toLowerCase())) headers.set(name.toLowerCase(), [name, value]); };
  if (options.qs) for (const [name, value] of new URLSearchParams(querystring.stringify(options.qs))) url.searchParams.append(name, value);
  let body = options.body;
  if (options.form !== undefined) {
    body = typeof options.form === "string" ? options.form : querystring.stringify(options.form);
    preset("Content-Type", "application/x-www-form-urlencoded");
  } else if (options.json !== undefined && options.json !== false) {
    if (options.json !== true) body = JSON.stringify(options.json);
    else if (body !== undefined && typeof body !== "string" && !(body instanceof Uint8Array)) body = JSON.stringify(body);
    else if (typeof body === "string" && !/^application\/x-www-form-urlencoded/.test(headers.get("content-type")?.[1] ?? "")) body = JSON.stringify(body);
    preset("Accept", "application/json");
    if (body !== undefined) preset("Content-Type", "application/json");
  }
  if (body !== undefined && typeof body !== "string" && !(body instanceof Uint8Array)) throw new Error("Argument error, options.body.");
  const auth = options.auth ?? (url.username === "" ? undefined : { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) });
  url.username = "";
  url.password = "";
  if (auth?.bearer !== undefined) preset("Authorization", `Bearer ${typeof auth.bearer === "function" ? auth.bearer() : auth.bearer}`);
  else if (auth !== undefined && auth !== null) {
    preset("Authorization", `Basic ${Buffer.from(`${auth.user ?? auth.username ?? ""}:${auth.pass ?? auth.password ?? ""}`).toString("base64")}`);
  }
  const method = String(options.method ?? "GET").toUpperCase();
  const followed = options.followAllRedirects || (options.followRedirect !== false && ["GET", "HEAD"].includes(method));
  return { url: url.href, method, headers: [...headers.values()], body: body === undefined ? null : kit.bytes(body), redirect: followed ? "follow" : "manual" };
}

// The answer as `callback(error, response, body)` gets it.
function received(answer, options) {
  const headers = {};
  for (const [name, value] of answer.headers) {
    const key = name.toLowerCase();
    if (key === "set-cookie") headers[key] = [...(headers[key] ?? []), value];
    else headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  let body;
  if (options.encoding === null) body = Buffer.from(host.fromBase64(answer.body));
  else if (options.encoding === undefined || /^utf-?8$/i.test(options.encoding)) body = host.textOfBase64(answer.body);
  else body = Buffer.from(host.fromBase64(answer.body)).toString(options.encoding);
  if (options.json && typeof body === "string") {
    try {
      body = JSON.parse(body);
    } catch {
      // Text that is no JSON is handed on as it is.
    }
  }
  const url = new URL(answer.url);
  return { statusCode: answer.status, statusMessage: statusText(answer.status), headers, body, request: { uri: url, href: url.href, method: options.method ?? "GET" }, toJSON() { return { statusCode: this.statusCode, headers: this.headers, body: this.body }; } };
}

// A promise of the response; it times out as the options say.
function perform(options) {
  return new Promise((done, failed) => {
    const out = prepared(options);
    let timer;
    if (options.timeout > 0) {
      timer = setTimeout(() => {
        const error = new Error("ETIMEDOUT");
        error.code = "ETIMEDOUT";
        error.connect = false;
        failed(error);
      }, options.timeout);
    }
    kit.then(
      exchange(out),
      (answer) => {
        clearTimeout(timer);
        try {
          done(received(answer, options));
        } catch (error) {
          failed(error);
        }
      },
      (error) => {
        clearTimeout(timer);
        failed(error);
      },
    );
  });
}

function make(defaults) {
  const start = (method) => (...args) => {
    const { callback, options } = settled(defaults, method, args);
    const listeners = { response: [], error: [], complete: [], data: [], end: [] };
    const emit = (name, ...values) => { for (const listener of listeners[name] ?? []) kit.guarded(() => listener(...values)); };
    kit.then(
      perform(options),
      (response) => {
        emit("response", response);
        emit("data", typeof response.body === "string" || response.body instanceof Uint8Array ? response.body : JSON.stringify(response.body));
        emit("end");
        emit("complete", response, response.body);
        if (callback) kit.guarded(() => callback(null, response, response.body));
      },
      (error) => {
        emit("error", error);
        if (callback) kit.guarded(() => callback(error, undefined, undefined));
        else if (listeners.error.length === 0) kit.remark(`request failed: ${error.message}`);
      },
    );
    const handle = {
      on(name, listener) {
        (listeners[name] ??= []).push(listener);
        return handle;
      },
      abort() {},
    };
    handle.once = handle.on;
    return handle;
  };
  const request = start(undefined);
  for (const method of ["get", "post", "put", "patch", "delete", "head", "options"]) request[method] = start(method.toUpperCase());
  request.del = request.delete;
  request.defaults = (more) => make({ ...defaults, ...more, headers: { ...defaults.headers, ...more.headers } });
  request.jar = () => ({ setCookie() {}, getCookieString: () => "", getCookies: () => [] });
  request.cookie = (text) => text;
  request.settled = (method, args) => settled(defaults, method, args);
  return request;
}

module.exports = make({});
Object.defineProperty(module.exports, "perform", { value: perform, enumerable: false });
