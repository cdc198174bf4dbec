// `request-promise` and `request-promise-native`: `request` with promises.
"use strict";
const request = require("request");

class StatusCodeError extends Error {
  constructor(response, options) {
    super(`${response.statusCode} - ${typeof response.body === "string" ? response.body : JSON.stringify(response.body)}`);
    Object.assign(this, { name: "StatusCodeError", statusCode: response.statusCode, error: response.body, options, response });
  }
}
class RequestError extends Error {
  constructor(cause, options) {
    super(String(cause));
    Object.assign(this, { name: "RequestError", cause, error: cause, options });
  }
}
class TransformError extends Error {
  constructor(cause, options, response) {
    super(String(cause));
    Object.assign(this, { name: "TransformError", cause, error: cause, options, response });
  }
}

function make(base) {
  const start = (method) => (...args) => {
    const { callback, options } = base.settled(method, args);
    const { simple = true, resolveWithFullResponse = false, transform } = options;
    const promise = request.perform(options).then(
      async (response) => {
        if (simple && !/^2/.test(String(response.statusCode))) throw new StatusCodeError(response, options);
        if (typeof transform !== "function") return resolveWithFullResponse ? response : response.body;
        try {
          return await transform(response.body, response, resolveWithFullResponse);
        } catch (cause) {
          throw new TransformError(cause, options, response);
        }
      },
      (cause) => { throw new RequestError(cause, options); },
    );
    if (callback) promise.then((value) => kit.later(() => callback(null, value, value)), (error) => kit.later(() => callback(error)));
    promise.promise = () => promise;
    return promise;
  };
  const made = start(undefined);
  for (const method of ["get", "post", "put", "patch", "delete", "head", "options"]) made[method] = start(method.toUpperCase());
  made.del = made.delete;
  made.defaults = (more) => make(base.defaults(more));
  made.jar = base.jar;
  return made;
}

module.exports = make(request);
Object.assign(module.exports, { errors: { StatusCodeError, RequestError, TransformError } });
