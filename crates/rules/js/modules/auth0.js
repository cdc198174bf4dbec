// `auth0`: the calls of `ManagementClient` on users and roles and of `AuthenticationClient` that scripts make, on the HTTP
// interface of the tenant that they name.
"use strict";
const axios = require("axios");

const hostOf = (domain) => {
  if (typeof domain !== "string" || domain === "") throw new Error("Must provide a domain");
  return `https://${domain.replace(/^https?:\/\//, "").replace(/\/+$/, "")}`;
};
class ManagementError extends Error {
  constructor(response) {
    super(response.data?.message ?? response.data?.error_description ?? response.statusText);
    Object.assign(this, { name: response.data?.error ?? "APIError", statusCode: response.status, body: response.data, originalError: undefined });
  }
}
// Version 4 answers `{data, status, headers}`; the versions before it, which take callbacks, the data itself.
const both = (work, callback, wrapped) => {
  const promise = work.then((response) => {
    if (response.status < 200 || response.status > 299) throw new ManagementError(response);
    return wrapped ? { data: response.data, status: response.status, statusText: response.statusText, headers: response.headers } : response.data;
  });
  if (typeof callback !== "function") return promise;
  promise.then((value) => kit.later(() => callback(null, value)), (error) => kit.later(() => callback(error)));
  return undefined;
};
const part = encodeURIComponent;

class AuthenticationClient {
  #base;
  #options;
  constructor(options) {
    this.#base = hostOf(options.domain);
    this.#options = options;
    this.oauth = {
      clientCredentialsGrant: (params) => both(this.#token({ ...params, grant_type: "client_credentials" }), undefined, true),
    };
  }
  #token(params) {
    const { clientId, clientSecret } = this.#options;
    return axios.post(`${this.#base}/oauth/token`, { client_id: clientId, client_secret: clientSecret, ...params }, { validateStatus: null });
  }
  clientCredentialsGrant(params, callback) { return both(this.#token({ ...params, grant_type: "client_credentials" }), callback, false); }
}

class ManagementClient {
  #options;
  #base;
  #token = null;
  constructor(options) {
    this.#options = options;
    this.#base = `${hostOf(options.domain)}/api/v2`;
    // One argument object, and `{data}` back: version 4. `getUser` and its like are of the versions before.
    const call = (method, path, data, params) => (callback, wrapped = false) => both(this.#call(method, path, data, params), callback, wrapped);
    this.users = {
      get: ({ id, ...params }, callback) => call("get", `/users/${part(id)}`, undefined, params)(callback, callback === undefined),
      getAll: (params, callback) => call("get", "/users", undefined, params)(callback, callback === undefined),
      update: ({ id }, data, callback) => call("patch", `/users/${part(id)}`, data)(callback, callback === undefined),
      getRoles: ({ id, ...params }, callback) => call("get", `/users/${part(id)}/roles`, undefined, params)(callback, callback === undefined),
      assignRoles: ({ id }, data, callback) => call("post", `/users/${part(id)}/roles`, data)(callback, callback === undefined),
      deleteRoles: ({ id }, data, callback) => call("delete", `/users/${part(id)}/roles`, data)(callback, callback === undefined),
      getPermissions: ({ id, ...params }, callback) => call("get", `/users/${part(id)}/permissions`, undefined, params)(callback, callback === undefined),
      link: ({ id }, data, callback) => call("post", `/users/${part(id)}/identities`, data)(callback, callback === undefined),
    };
    this.usersByEmail = { getByEmail: (params) => call("get", "/users-by-email", undefined, params)(undefined, true) };
    this.roles = {
      getAll: (params, callback) => call("get", "/roles", undefined, params)(callback, callback === undefined),
      get: ({ id }, callback) => call("get", `/roles/${part(id)}`)(callback, callback === undefined),
    };
    const old = {
      getUser: ({ id }, callback) => call("get", `/users/${part(id)}`)(callback),
      getUsers: (params, callback) => (typeof params === "function" ? call("get", "/users")(params) : call("get", "/users", undefined, params)(callback)),
      getUsersByEmail: (email, callback) => call("get", "/users-by-email", undefined, { email })(callback),
      updateUser: ({ id }, data, callback) => call("patch", `/users/${part(id)}`, data)(callback),
      updateAppMetadata: ({ id }, data, callback) => call("patch", `/users/${part(id)}`, { app_metadata: data })(callback),
      updateUserMetadata: ({ id }, data, callback) => call("patch", `/users/${part(id)}`, { user_metadata: data })(callback),
      getUserRoles: ({ id }, callback) => call("get", `/users/${part(id)}/roles`)(callback),
      assignRolestoUser: ({ id }, data, callback) => call("post", `/users/${part(id)}/roles`, data)(callback),
      removeRolesFromUser: ({ id }, data, callback) => call("delete", `/users/${part(id)}/roles`, data)(callback),
      getRoles: (params, callback) => (typeof params === "function" ? call("get", "/roles")(params) : call("get", "/roles", undefined, params)(callback)),
      linkUsers: (id, data, callback) => call("post", `/users/${part(id)}/identities`, data)(callback),
    };
    Object.assign(this, old);
  }
  async #bearer() {
    const { token, clientId, clientSecret, audience } = this.#options;
    if (typeof token === "function") return token();
    if (token) return token;
    this.#token ??= new AuthenticationClient({ domain: this.#options.domain, clientId, clientSecret }).clientCredentialsGrant({ audience: audience ?? `${this.#base}/` });
    return (await this.#token).access_token;
  }
  async #call(method, path, data, params) {
    const headers = { ...this.#options.headers, authorization: `Bearer ${await this.#bearer()}` };
    return axios.request({ method, url: this.#base + path, data, params, headers, validateStatus: null });
  }
}

module.exports = { ManagementClient, AuthenticationClient, ManagementApiError: ManagementError };
