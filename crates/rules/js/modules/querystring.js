// `querystring`.
"use strict";

const escape = (text) => encodeURIComponent(String(text).toWellFormed());
const unescape = (text) => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
const shown = (value) => (typeof value === "string" || typeof value === "number" || typeof value === "bigint" || typeof value === "boolean" ? String(value) : "");

function stringify(object, separator = "&", equals = "=", options = {}) {
  if (object === null || typeof object !== "object") return "";
  const encode = options.encodeURIComponent ?? escape;
  const pair = (name, value) => `${encode(name)}${equals}${encode(shown(value))}`;
  return Object.keys(object)
    .flatMap((name) => (Array.isArray(object[name]) ? object[name].map((value) => pair(name, value)) : [pair(name, object[name])]))
    .join(separator);
}

function parse(text, separator = "&", equals = "=", options = {}) {
  const decode = options.decodeURIComponent ?? unescape;
  const most = options.maxKeys ?? 1000;
  const result = Object.create(null);
  if (typeof text !== "string" || text === "") return result;
  const parts = text.split(separator);
  for (const part of most > 0 ? parts.slice(0, most) : parts) {
    if (part === "") continue;
    const at = part.indexOf(equals);
    const read = (piece) => decode(piece.replaceAll("+", " "));
    const name = read(at < 0 ? part : part.slice(0, at));
    const value = at < 0 ? "" : read(part.slice(at + equals.length));
    if (!(name in result)) result[name] = value;
    else if (Array.isArray(result[name])) result[name].push(value);
    else result[name] = [result[name], value];
  }
  return result;
}

module.exports = { parse, stringify, escape, unescape, decode: parse, encode: stringify };
