// `q`: promises with the methods that scripts of its time call. A global of Rules, too (R §2.7).
"use strict";

class QPromise extends Promise {
  fail(failed) { return this.catch(failed); }
  fin(work) { return this.finally(work); }
  done(done, failed) { this.then(done, failed).catch((error) => kit.uncaught(error)); }
  spread(work, failed) { return this.then((list) => Promise.all(list).then((values) => work(...values)), failed); }
  get(name) { return this.then((value) => value[name]); }
  invoke(name, ...args) { return this.then((value) => value[name](...args)); }
  thenResolve(value) { return this.then(() => value); }
  delay(pause) { return this.then((value) => new QPromise((done) => setTimeout(() => done(value), pause))); }
  timeout(pause, message = `Timed out after ${pause} ms`) {
    return new QPromise((done, failed) => {
      const timer = setTimeout(() => failed(Object.assign(new Error(message), { code: "ETIMEDOUT" })), pause);
      this.finally(() => clearTimeout(timer)).then(done, failed);
    });
  }
  nodeify(callback) {
    if (typeof callback !== "function") return this;
    this.then((value) => kit.later(() => callback(null, value)), (error) => kit.later(() => callback(error)));
    return undefined;
  }
}
const Q = (value) => QPromise.resolve(value);
const node = (work, self, args) => new QPromise((done, failed) => work.call(self, ...args, (error, ...values) => (error ? failed(error) : done(values.length > 1 ? values : values[0]))));

Object.assign(Q, {
  Promise: (work) => new QPromise(work),
  resolve: Q,
  when: (value, done, failed) => Q(value).then(done, failed),
  reject: (error) => QPromise.reject(error),
  all: (list) => QPromise.all(list),
  allSettled: (list) => QPromise.allSettled(list).then((all) => all.map(({ status, ...rest }) => ({ state: status, ...rest }))),
  race: (list) => QPromise.race(list),
  any: (list) => QPromise.any(list),
  defer() {
    const made = {};
    made.promise = new QPromise((done, failed) => {
      made.resolve = done;
      made.reject = failed;
    });
    made.makeNodeResolver = () => (error, value) => (error ? made.reject(error) : made.resolve(value));
    return made;
  },
  delay: (value, pause) => (pause === undefined ? Q().delay(value) : Q(value).delay(pause)),
  fcall: (work, ...args) => Q().then(() => work(...args)),
  try: (work, ...args) => Q().then(() => work(...args)),
  nfcall: (work, ...args) => node(work, undefined, args),
  nfapply: (work, args) => node(work, undefined, args),
  ninvoke: (object, name, ...args) => node(object[name], object, args),
  npost: (object, name, args) => node(object[name], object, args),
  denodeify: (work) => (...args) => node(work, undefined, args),
  nfbind: (work, ...first) => (...args) => node(work, undefined, [...first, ...args]),
  isPromise: (value) => value instanceof Promise,
  nextTick: (work) => kit.later(work),
});

module.exports = Q;
