// `node-fetch`: as `fetch`, and as version 2 with credentials in the address.
"use strict";
const { fetch, Headers, Request, Response } = require("internal/fetch");
const { URL } = require("url");
const { Buffer } = require("buffer");

class FetchError extends Error {
  constructor(message, type, cause) {
    super(message);
    this.name = "FetchError";
    this.type = type;
    if (cause !== undefined) this.cause = cause;
  }
}

async function nodeFetch(input, init = {}) {
  let target = input;
  const options = { ...init };
  if (typeof input === "string" || input instanceof URL) {
    const url = new URL(input);
    if (url.username !== "" || url.password !== "") {
      const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
      url.username = "";
      url.password = "";
      options.headers = new Headers(options.headers);
      if (!options.headers.has("authorization")) options.headers.set("authorization", `Basic ${Buffer.from(credentials).toString("base64")}`);
    }
    target = url.href;
  }
  if (options.timeout > 0 && options.signal === undefined) options.signal = AbortSignal.timeout(options.timeout);
  try {
    return await fetch(target, options);
  } catch (cause) {
    if (cause?.name === "AbortError") throw cause;
    throw new FetchError(`request to ${target.url ?? target} failed, reason: ${cause?.cause?.message ?? cause?.message}`, "system", cause);
  }
}

module.exports = nodeFetch;
Object.assign(module.exports, { default: nodeFetch, Headers, Request, Response, FetchError, isRedirect: (status) => [301, 302, 303, 307, 308].includes(status) });
