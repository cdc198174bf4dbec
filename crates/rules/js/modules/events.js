// `events`.
"use strict";

class EventEmitter {
  #all = new Map();
  #add(name, listener, once, first) {
    if (typeof listener !== "function") throw new TypeError('The "listener" argument must be of type function');
    const list = this.#all.get(name) ?? [];
    this.#all.set(name, first ? [{ listener, once }, ...list] : [...list, { listener, once }]);
    return this;
  }
  on(name, listener) { return this.#add(name, listener, false, false); }
  addListener(name, listener) { return this.on(name, listener); }
  once(name, listener) { return this.#add(name, listener, true, false); }
  prependListener(name, listener) { return this.#add(name, listener, false, true); }
  prependOnceListener(name, listener) { return this.#add(name, listener, true, true); }
  off(name, listener) {
    const list = this.#all.get(name) ?? [];
    const at = list.findLastIndex((entry) => entry.listener === listener);
    if (at >= 0) this.#all.set(name, list.toSpliced(at, 1));
    return this;
  }
  removeListener(name, listener) { return this.off(name, listener); }
  removeAllListeners(name) {
    if (name === undefined) this.#all.clear();
    else this.#all.delete(name);
    return this;
  }
  emit(name, ...args) {
    const list = this.#all.get(name) ?? [];
    if (list.length === 0) {
      if (name === "error") throw args[0] instanceof Error ? args[0] : new Error(`Unhandled error. (${String(args[0])})`);
      return false;
    }
    for (const entry of list) {
      if (entry.once) this.off(name, entry.listener);
      entry.listener.apply(this, args);
    }
    return true;
  }
  listenerCount(name) { return (this.#all.get(name) ?? []).length; }
  listeners(name) { return (this.#all.get(name) ?? []).map((entry) => entry.listener); }
  eventNames() { return [...this.#all.keys()].filter((name) => this.#all.get(name).length > 0); }
  setMaxListeners() { return this; }
  getMaxListeners() { return 10; }
}
EventEmitter.EventEmitter = EventEmitter;
EventEmitter.defaultMaxListeners = 10;
EventEmitter.once = (emitter, name) =>
  new Promise((done, failed) => {
    if (name !== "error") emitter.once("error", failed);
    emitter.once(name, (...args) => done(args));
  });

module.exports = EventEmitter;
