// `axios`: its calls, instances, interceptors and errors, on the same requests as `fetch`.
"use strict";
const { Buffer } = require("buffer");
const { URL, URLSearchParams } = require("url");
const { exchange, statusText } = require("internal/fetch");

class AxiosError extends Error {
  constructor(message, code, config, request, response) {
    super(message);
    Object.assign(this, { name: "AxiosError", isAxiosError: true, code, config, request, response, status: response?.status });
  }
  toJSON() { return { message: this.message, name: this.name, code: this.code, status: this.status ?? null }; }
}
class CanceledError extends AxiosError {
  constructor(config) {
    super("canceled", "ERR_CANCELED", config);
    this.name = "CanceledError";
    this.__CANCEL__ = true;
  }
}

const params = (values, serializer) => {
  if (typeof serializer === "function") return serializer(values);
  if (typeof serializer?.serialize === "function") return serializer.serialize(values);
  if (values instanceof URLSearchParams) return values.toString();
  const pairs = new URLSearchParams();
  for (const name of Object.keys(values)) {
    const value = values[name];
    if (value === undefined || value === null) continue;
    const shown = (one) => (one instanceof Date ? one.toISOString() : typeof one === "object" && one !== null ? JSON.stringify(one) : String(one));
    if (Array.isArray(value)) for (const one of value) pairs.append(`${name}[]`, shown(one));
    else pairs.append(name, shown(value));
  }
  return pairs.toString();
};
const combined = (base, path) => (base && !/^([a-z][a-z\d+.-]*:)?\/\//i.test(path) ? (path ? `${base.replace(/\/+$/, "")}/${path.replace(/^\/+/, "")}` : base) : path);
const each = (change, value, ...more) => [].concat(change ?? []).reduce((current, one) => one(current, ...more), value);

async function dispatch(config) {
  const target = new URL(combined(config.baseURL, config.url ?? ""));
  if (config.params) target.search = [target.search.slice(1), params(config.params, config.paramsSerializer)].filter((part) => part !== "").join("&");
  const headers = new Map();
  const set = (name, value) => { if (value !== undefined && value !== null && value !== false) headers.set(name.toLowerCase(), [name, String(value)]); };
  const method = String(config.method ?? "get").toUpperCase();
  const layers = [{ Accept: "application/json, text/plain, */*" }, config.defaultHeaders?.common, config.defaultHeaders?.[method.toLowerCase()], config.headers];
  for (const layer of layers) {
    for (const name of Object.keys(layer ?? {})) if (typeof layer[name] !== "object" || layer[name] === null) set(name, layer[name]);
  }
  const credentials = config.auth ?? (target.username === "" ? undefined : { username: decodeURIComponent(target.username), password: decodeURIComponent(target.password) });
  target.username = "";
  target.password = "";
  if (credentials) set("Authorization", `Basic ${Buffer.from(`${credentials.username ?? ""}:${credentials.password ?? ""}`).toString("base64")}`);
  let data = config.transformRequest ? each(config.transformRequest, config.data, config.headers ?? {}) : config.data;
  const type = () => headers.get("content-type")?.[1];
  if (data instanceof URLSearchParams) {
    if (!type()) set("Content-Type", "application/x-www-form-urlencoded;charset=utf-8");
    data = data.toString();
  } else if (data !== undefined && data !== null && typeof data === "object" && !(data instanceof ArrayBuffer) && !ArrayBuffer.isView(data)) {
    if (/^application\/x-www-form-urlencoded/.test(type() ?? "")) data = new URLSearchParams(data).toString();
    else {
      if (!type()) set("Content-Type", "application/json");
      data = JSON.stringify(data);
    }
  } else if (typeof data === "string" && !type()) {
    set("Content-Type", "application/x-www-form-urlencoded");
  }
  const request = { method, path: target.pathname + target.search, host: target.host };
  const race = [exchange({ url: target.href, method, headers: [...headers.values()], body: data === undefined || data === null ? null : kit.bytes(data), redirect: config.maxRedirects === 0 ? "manual" : "follow" })];
  let timer;
  if (config.timeout > 0) {
    race.push(new Promise((_, failed) => {
      timer = setTimeout(() => failed(new AxiosError(config.timeoutErrorMessage ?? `timeout of ${config.timeout}ms exceeded`, "ECONNABORTED", config, request)), config.timeout);
    }));
  }
  const { signal } = config;
  if (signal) {
    if (signal.aborted) throw new CanceledError(config);
    race.push(new Promise((_, failed) => signal.addEventListener("abort", () => failed(new CanceledError(config)))));
  }
  let answer;
  try {
    answer = await Promise.race(race);
  } catch (cause) {
    if (cause instanceof AxiosError) throw cause;
    const error = new AxiosError(cause.message, cause.code ?? "ERR_NETWORK", config, request);
    error.cause = cause;
    throw error;
  } finally {
    clearTimeout(timer);
  }
  const given = {};
  for (const [name, value] of answer.headers) {
    if (name === "set-cookie") given[name] = [...(given[name] ?? []), value];
    else given[name] = given[name] === undefined ? value : `${given[name]}, ${value}`;
  }
  Object.defineProperty(given, "get", { value: (name) => given[String(name).toLowerCase()], enumerable: false });
  let body;
  if (config.responseType === "arraybuffer") body = Buffer.from(host.fromBase64(answer.body));
  else {
    body = host.textOfBase64(answer.body);
    if (config.transformResponse) body = each(config.transformResponse, body, given);
    else if (config.responseType !== "text" && body !== "") {
      try {
        body = JSON.parse(body);
      } catch (cause) {
        if (config.responseType === "json") throw new AxiosError(cause.message, "ERR_BAD_RESPONSE", config, request);
      }
    }
  }
  const response = { data: body, status: answer.status, statusText: statusText(answer.status), headers: given, config, request };
  const valid = config.validateStatus === undefined ? (status) => status >= 200 && status < 300 : config.validateStatus;
  if (valid && !valid(response.status)) {
    throw new AxiosError(`Request failed with status code ${response.status}`, response.status < 500 ? "ERR_BAD_REQUEST" : "ERR_BAD_RESPONSE", config, request, response);
  }
  return response;
}

class Interceptors {
  handlers = [];
  use(done, failed) { return this.handlers.push({ done, failed }) - 1; }
  eject(id) { this.handlers[id] = undefined; }
  clear() { this.handlers = []; }
}

function create(base = {}) {
  const { headers: own = {}, ...rest } = base;
  const plain = {};
  const defaultHeaders = { common: {}, get: {}, head: {}, delete: {}, options: {}, post: {}, put: {}, patch: {} };
  for (const name of Object.keys(own)) {
    if (typeof own[name] === "object" && own[name] !== null && defaultHeaders[name]) Object.assign(defaultHeaders[name], own[name]);
    else plain[name] = own[name];
  }
  Object.assign(defaultHeaders.common, plain);
  const interceptors = { request: new Interceptors(), response: new Interceptors() };
  const request = (input, more) => {
    const given = typeof input === "string" ? { ...more, url: input } : { ...input };
    const config = { ...axios.defaults, ...given, headers: { ...given.headers }, defaultHeaders: axios.defaults.headers };
    let promise = Promise.resolve(config);
    for (const handler of interceptors.request.handlers.filter(Boolean).reverse()) promise = promise.then(handler.done, handler.failed);
    promise = promise.then(dispatch);
    for (const handler of interceptors.response.handlers.filter(Boolean)) promise = promise.then(handler.done, handler.failed);
    return promise;
  };
  const axios = (input, more) => request(input, more);
  Object.assign(axios, { request, defaults: { ...rest, headers: defaultHeaders }, interceptors });
  for (const method of ["get", "delete", "head", "options"]) axios[method] = (url, config) => request({ ...config, method, url });
  for (const method of ["post", "put", "patch"]) axios[method] = (url, data, config) => request({ ...config, method, url, data });
  for (const method of ["post", "put", "patch"]) {
    axios[`${method}Form`] = (url, data, config) => request({ ...config, method, url, data, headers: { ...config?.headers, "Content-Type": "application/x-www-form-urlencoded" } });
  }
  axios.getUri = (config) => {
    const target = combined(config.baseURL ?? rest.baseURL, config.url ?? "");
    const query = config.params ? params(config.params, config.paramsSerializer) : "";
    return query === "" ? target : `${target}${target.includes("?") ? "&" : "?"}${query}`;
  };
  return axios;
}

const axios = create();
Object.assign(axios, {
  create: (config = {}) => create(config),
  AxiosError, CanceledError,
  isAxiosError: (value) => value?.isAxiosError === true,
  isCancel: (value) => value?.__CANCEL__ === true,
  all: (promises) => Promise.all(promises),
  spread: (work) => (list) => work(...list),
  VERSION: "1.0.0",
});
axios.default = axios;

module.exports = axios;
