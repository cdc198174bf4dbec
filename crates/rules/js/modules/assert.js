// `assert`.
"use strict";
const { inspect, isDeepStrictEqual } = require("util");

class AssertionError extends Error {
  constructor({ message, actual, expected, operator }) {
    super(message ?? `${inspect(actual)} ${operator} ${inspect(expected)}`);
    this.name = "AssertionError";
    this.code = "ERR_ASSERTION";
    Object.assign(this, { actual, expected, operator });
  }
}
const check = (holds, message, actual, expected, operator) => {
  if (holds) return;
  if (message instanceof Error) throw message;
  throw new AssertionError({ message, actual, expected, operator });
};
const assert = (value, message) => check(value, message, value, true, "==");
const loose = (one, other) =>
  one == other || (typeof one === "object" && typeof other === "object" && one !== null && other !== null && Object.keys(one).length === Object.keys(other).length && Object.keys(one).every((name) => loose(one[name], other[name])));
Object.assign(assert, {
  AssertionError,
  ok: assert,
  equal: (one, other, message) => check(one == other, message, one, other, "=="),
  notEqual: (one, other, message) => check(one != other, message, one, other, "!="),
  strictEqual: (one, other, message) => check(Object.is(one, other), message, one, other, "strictEqual"),
  notStrictEqual: (one, other, message) => check(!Object.is(one, other), message, one, other, "notStrictEqual"),
  deepEqual: (one, other, message) => check(loose(one, other), message, one, other, "deepEqual"),
  deepStrictEqual: (one, other, message) => check(isDeepStrictEqual(one, other), message, one, other, "deepStrictEqual"),
  notDeepStrictEqual: (one, other, message) => check(!isDeepStrictEqual(one, other), message, one, other, "notDeepStrictEqual"),
  fail: (message) => check(false, message ?? "Failed", undefined, undefined, "fail"),
  throws(work, expected, message) {
    let thrown;
    try {
      work();
    } catch (error) {
      thrown = { error };
    }
    check(thrown !== undefined, typeof expected === "string" ? expected : message ?? "Missing expected exception.", undefined, expected, "throws");
    if (expected instanceof RegExp) check(expected.test(String(thrown.error)), message, thrown.error, expected, "throws");
    else if (typeof expected === "function" && !(thrown.error instanceof expected)) check(expected.call({}, thrown.error) === true, message, thrown.error, expected, "throws");
  },
});
assert.strict = assert;

module.exports = assert;
