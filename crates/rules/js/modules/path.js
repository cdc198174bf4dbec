// `path`: the POSIX flavour. There are no files; scripts cut addresses with it.
"use strict";

function normalized(path) {
  const absolute = path.startsWith("/");
  const parts = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else if (!absolute) parts.push("..");
  }
  const end = path.endsWith("/") && parts.length > 0 ? "/" : "";
  return (absolute ? "/" : "") + parts.join("/") + end || (absolute ? "/" : ".");
}
const check = (path) => {
  if (typeof path !== "string") throw new TypeError('The "path" argument must be of type string');
  return path;
};
const trimmed = (path) => (path.length > 1 ? path.replace(/\/+$/, "") || "/" : path);
const basename = (path, suffix = "") => {
  const name = trimmed(check(path)).split("/").at(-1);
  return suffix !== "" && name.endsWith(suffix) && name !== suffix ? name.slice(0, -suffix.length) : name;
};
const extname = (path) => /[^/](\.[^./]*)$/.exec(basename(path))?.[1] ?? "";
const dirname = (path) => {
  const text = trimmed(check(path));
  const at = text.lastIndexOf("/");
  return at < 0 ? "." : at === 0 ? "/" : trimmed(text.slice(0, at));
};
const join = (...parts) => normalized(parts.map(check).filter((part) => part !== "").join("/") || ".");
const resolve = (...parts) => trimmed(normalized(parts.map(check).reduce((all, part) => (part.startsWith("/") ? part : `${all}/${part}`), "/")));
const relative = (from, to) => {
  const [one, other] = [resolve(from), resolve(to)].map((path) => path.split("/").filter((part) => part !== ""));
  let same = 0;
  while (same < one.length && one[same] === other[same]) same += 1;
  return [...one.slice(same).map(() => ".."), ...other.slice(same)].join("/");
};
const parse = (path) => {
  const base = basename(path);
  const ext = extname(path);
  const root = path.startsWith("/") ? "/" : "";
  const dir = path.includes("/") ? dirname(path) : "";
  return { root, dir, base, ext, name: ext === "" ? base : base.slice(0, -ext.length) };
};
const format = ({ dir, root = "", base, name = "", ext = "" }) => {
  const file = base ?? name + ext;
  return dir ? (dir === root ? dir + file : `${dir}/${file}`) : root + file;
};

module.exports = { basename, dirname, extname, join, normalize: (path) => normalized(check(path)), resolve, relative, parse, format, isAbsolute: (path) => check(path).startsWith("/"), sep: "/", delimiter: ":" };
module.exports.posix = module.exports;
