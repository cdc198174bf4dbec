// `timers` and `timers/promises`.
"use strict";
const { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate } = globalThis;

const promises = {
  setTimeout: (pause, value) => new Promise((done) => setTimeout(done, pause, value)),
  setImmediate: (value) => new Promise((done) => setImmediate(done, value)),
};
module.exports = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate, promises };
