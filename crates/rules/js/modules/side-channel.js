// `side-channel`, which `qs` finds cycles with: a map by identity.
"use strict";

module.exports = function getSideChannel() {
  const entries = new Map();
  return {
    assert(key) { if (!entries.has(key)) throw new TypeError("Side channel does not contain the given key"); },
    get: (key) => entries.get(key),
    has: (key) => entries.has(key),
    set: (key, value) => void entries.set(key, value),
    delete: (key) => entries.delete(key),
  };
};
