// `url`: URL and URLSearchParams, and the older `parse`, `format` and `resolve`.
"use strict";

const encode = (text) => encodeURIComponent(text.toWellFormed()).replace(/%20|[!'()~]/g, (found) => (found === "%20" ? "+" : `%${found.charCodeAt(0).toString(16).toUpperCase()}`));
const decode = (text) => host.text(text.replaceAll("+", " ").split(/(%[0-9a-fA-F]{2})/).map((part) => (/^%[0-9a-fA-F]{2}$/.test(part) ? String.fromCharCode(parseInt(part.slice(1), 16)) : kit.binary(kit.bytes(part)))).join(""), false);

class URLSearchParams {
  #pairs = [];
  #changed = () => {};
  constructor(init = "") {
    if (typeof init === "object" && init !== null) {
      if (typeof init[Symbol.iterator] === "function") {
        for (const pair of init) {
          const [name, value, ...more] = [...pair];
          if (value === undefined || more.length > 0) throw new TypeError("Each query pair must be an iterable [name, value] tuple");
          this.#pairs.push([String(name), String(value)]);
        }
      } else {
        for (const name of Object.keys(init)) this.#pairs.push([name, String(init[name])]);
      }
    } else {
      this.#read(String(init));
    }
  }
  #read(text) {
    const query = text.startsWith("?") ? text.slice(1) : text;
    this.#pairs = query.split("&").filter((part) => part !== "").map((part) => {
      const at = part.indexOf("=");
      return at < 0 ? [decode(part), ""] : [decode(part.slice(0, at)), decode(part.slice(at + 1))];
    });
  }
  static of(text, changed) {
    const made = new URLSearchParams(text);
    made.#changed = changed;
    return made;
  }
  static reread(params, text) { params.#read(text); }
  get size() { return this.#pairs.length; }
  append(name, value) { this.#pairs.push([String(name), String(value)]); this.#changed(this); }
  delete(name, value) {
    this.#pairs = this.#pairs.filter((pair) => pair[0] !== String(name) || (value !== undefined && pair[1] !== String(value)));
    this.#changed(this);
  }
  get(name) { return this.#pairs.find((pair) => pair[0] === String(name))?.[1] ?? null; }
  getAll(name) { return this.#pairs.filter((pair) => pair[0] === String(name)).map((pair) => pair[1]); }
  has(name, value) { return this.#pairs.some((pair) => pair[0] === String(name) && (value === undefined || pair[1] === String(value))); }
  set(name, value) {
    const at = this.#pairs.findIndex((pair) => pair[0] === String(name));
    if (at < 0) this.#pairs.push([String(name), String(value)]);
    else {
      this.#pairs[at] = [String(name), String(value)];
      this.#pairs = this.#pairs.filter((pair, index) => index <= at || pair[0] !== String(name));
    }
    this.#changed(this);
  }
  sort() {
    this.#pairs.sort((one, other) => (one[0] < other[0] ? -1 : one[0] > other[0] ? 1 : 0));
    this.#changed(this);
  }
  forEach(work, self) { for (const [name, value] of this.#pairs) work.call(self, value, name, this); }
  *entries() { for (const [name, value] of this.#pairs) yield [name, value]; }
  *keys() { for (const [name] of this.#pairs) yield name; }
  *values() { for (const [, value] of this.#pairs) yield value; }
  [Symbol.iterator]() { return this.entries(); }
  get [Symbol.toStringTag]() { return "URLSearchParams"; }
  toString() { return this.#pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join("&"); }
}
const paramsOf = URLSearchParams.of;
const reread = URLSearchParams.reread;
delete URLSearchParams.of;
delete URLSearchParams.reread;

class URL {
  #parts;
  #params;
  constructor(href, base) {
    const text = kit.text(href);
    const parts = host.url(text, base === undefined ? undefined : kit.text(base));
    if (parts === undefined || parts === null) {
      const error = new TypeError("Invalid URL");
      error.code = "ERR_INVALID_URL";
      error.input = text;
      throw error;
    }
    this.#parts = kit.parse(parts);
  }
  static canParse(href, base) { return host.url(kit.text(href), base === undefined ? undefined : kit.text(base)) != null; }
  static parse(href, base) { return URL.canParse(href, base) ? new URL(href, base) : null; }
  static change(url, part, value, keep) {
    const parts = host.changeUrl(url.#parts.href, part, kit.text(value));
    if (parts == null) throw new TypeError("Invalid URL");
    url.#parts = kit.parse(parts);
    if (!keep && url.#params !== undefined) reread(url.#params, url.#parts.search);
  }
  static part(url, name) { return url.#parts[name]; }
  get searchParams() {
    this.#params ??= paramsOf(this.#parts.search, (params) => change(this, "search", params.toString(), true));
    return this.#params;
  }
  get origin() { return this.#parts.origin; }
  toString() { return this.#parts.href; }
  toJSON() { return this.#parts.href; }
  get [Symbol.toStringTag]() { return "URL"; }
}
const { change, part } = URL;
delete URL.change;
delete URL.part;
for (const name of ["href", "protocol", "username", "password", "host", "hostname", "port", "pathname", "search", "hash"]) {
  Object.defineProperty(URL.prototype, name, {
    get() { return part(this, name); },
    set(value) { change(this, name, value, false); },
    enumerable: true,
    configurable: true,
  });
}

// The older interface, on the same parser; a relative address has a path, a query and a fragment only.
class Url {}
function parse(text, parseQuery = false) {
  const given = String(text).trim();
  const result = Object.assign(new Url(), { protocol: null, slashes: null, auth: null, host: null, port: null, hostname: null, hash: null, search: null, query: null, pathname: null, path: null, href: given });
  const parts = host.url(given, undefined);
  if (parts != null) {
    const url = kit.parse(parts);
    result.protocol = url.protocol;
    result.slashes = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) || null;
    if (url.username !== "") result.auth = decodeURIComponent(url.password === "" ? url.username : `${url.username}:${url.password}`);
    result.host = url.host || null;
    result.hostname = url.hostname || null;
    result.port = url.port || null;
    result.hash = url.hash || null;
    result.search = url.search || null;
    result.pathname = url.pathname || null;
    result.href = url.href;
  } else {
    const [, path, search, hash] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(given) ?? [];
    result.pathname = path || null;
    result.search = search ?? null;
    result.hash = hash ?? null;
  }
  result.query = result.search === null ? null : result.search.slice(1);
  if (parseQuery) {
    result.query = require("querystring").parse(result.query ?? "");
    result.search ??= "";
  }
  result.path = (result.pathname ?? "") + (result.search ?? "") || null;
  return result;
}

function format(url) {
  if (typeof url === "string") return parse(url).href;
  if (url instanceof URL) return url.href;
  let protocol = url.protocol ?? "";
  if (protocol !== "" && !protocol.endsWith(":")) protocol += ":";
  let authority = url.host ?? (url.hostname ? `${url.hostname.includes(":") ? `[${url.hostname}]` : url.hostname}${url.port ? `:${url.port}` : ""}` : "");
  if (url.auth && authority) authority = `${encodeURIComponent(url.auth).replace("%3A", ":")}@${authority}`;
  let path = url.pathname ?? "";
  const slashes = url.slashes || /^(https?|ftp|file):$/.test(protocol);
  if (authority !== "" && path !== "" && !path.startsWith("/")) path = `/${path}`;
  const query = url.query !== null && typeof url.query === "object" ? require("querystring").stringify(url.query) : "";
  let search = url.search ?? (query === "" ? "" : `?${query}`);
  if (search !== "" && !search.startsWith("?")) search = `?${search}`;
  let hash = url.hash ?? "";
  if (hash !== "" && !hash.startsWith("#")) hash = `#${hash}`;
  return `${protocol}${slashes && authority !== "" ? "//" : ""}${authority}${path}${search.replaceAll("#", "%23")}${hash}`;
}

function resolve(from, to) {
  const absolute = host.url(String(to), String(from));
  if (absolute != null) return kit.parse(absolute).href;
  const base = kit.parse(host.url(String(to), `http://base.invalid/${String(from).replace(/^\//, "")}`));
  return base.pathname + base.search + base.hash;
}

module.exports = {
  URL, URLSearchParams, Url, parse, format, resolve,
  fileURLToPath: () => { throw new Error("There are no files"); },
};
