// `debug`: what it writes goes to the console. Without an environment nothing is switched on until a script does it.
"use strict";
const util = require("util");

let patterns = [];
const enabled = (name) => {
  let on = false;
  for (const { pattern, except } of patterns) if (pattern.test(name)) on = !except;
  return on;
};
function make(namespace) {
  const debug = (...values) => {
    if (debug.enabled) debug.log(`${namespace} ${util.format(...values)}`);
  };
  let own;
  Object.assign(debug, { namespace, log: make.log, destroy: () => true, extend: (name, between = ":") => make(`${namespace}${between}${name}`) });
  Object.defineProperty(debug, "enabled", { get: () => own ?? enabled(namespace), set: (value) => { own = value; }, enumerable: true });
  return debug;
}
Object.assign(make, {
  debug: make, default: make, enabled,
  log: (...values) => console.log(...values),
  enable(names) {
    patterns = String(names ?? "").split(/[\s,]+/).filter((name) => name !== "").map((name) => {
      const except = name.startsWith("-");
      const text = (except ? name.slice(1) : name).replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*?");
      return { pattern: new RegExp(`^${text}$`), except };
    });
  },
  disable() { patterns = []; },
  humanize: (pause) => `${pause}ms`,
});

module.exports = make;
