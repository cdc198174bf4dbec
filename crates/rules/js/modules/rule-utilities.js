// `@auth0/rule-utilities`: redirects of Rules with signed tokens, and changes of a user's metadata (R §2.7).
"use strict";
const jwt = require("jsonwebtoken");
const { URL } = require("url");

class Auth0RedirectRuleUtilities {
  #user;
  #context;
  #secret;
  constructor(user, context, configuration) {
    this.#user = user;
    this.#context = context;
    this.#secret = configuration.SESSION_TOKEN_SECRET;
    if (!this.#secret) throw new Error("SESSION_TOKEN_SECRET has to be set in the configuration of rules");
  }
  get isRedirectCallback() { return this.#context.protocol === "redirect-callback"; }
  get queryParams() { return this.#context.request?.query ?? {}; }
  get redirectUrl() { return this.#context.redirect?.url; }
  get canRedirect() {
    const silent = ["oauth2-password", "oauth2-refresh-token", "oauth2-resource-owner"];
    const prompt = this.queryParams.prompt;
    return !this.redirectUrl && !this.isRedirectCallback && !silent.includes(this.#context.protocol) && prompt !== "none";
  }
  createSessionToken(claims = {}) {
    const issuer = this.#context.request?.hostname;
    return jwt.sign({ ...claims }, this.#secret, { algorithm: "HS256", expiresIn: "3 days", subject: this.#user.user_id, ...(issuer === undefined ? {} : { issuer }) });
  }
  validateSessionToken() {
    const token = this.queryParams.session_token ?? this.#context.request?.body?.session_token;
    const claims = jwt.verify(token, this.#secret, { algorithms: ["HS256"] });
    if (claims.sub !== this.#user.user_id) throw new Error("The session token is about another user");
    return claims;
  }
  doRedirect(target, claims = {}) {
    if (!this.canRedirect) throw new Error("This login cannot be redirected");
    const url = new URL(target);
    url.searchParams.set("session_token", this.createSessionToken(claims));
    this.#context.redirect = { url: url.href };
  }
}

class Auth0UserUpdateUtilities {
  #user;
  #auth0;
  #namespace;
  constructor(user, auth0, namespace) {
    this.#user = user;
    this.#auth0 = auth0;
    this.#namespace = namespace;
    user.app_metadata = user.app_metadata || {};
    user.user_metadata = user.user_metadata || {};
  }
  #get(part, key) { return (this.#namespace === undefined ? this.#user[part] : this.#user[part][this.#namespace])?.[key]; }
  #set(part, key, value) {
    if (this.#namespace === undefined) this.#user[part][key] = value;
    else this.#user[part][this.#namespace] = { ...this.#user[part][this.#namespace], [key]: value };
  }
  getAppMeta(key) { return this.#get("app_metadata", key); }
  setAppMeta(key, value) { this.#set("app_metadata", key, value); }
  getUserMeta(key) { return this.#get("user_metadata", key); }
  setUserMeta(key, value) { this.#set("user_metadata", key, value); }
  updateAppMeta() { return this.#auth0.users.updateAppMetadata(this.#user.user_id, this.#user.app_metadata); }
  updateUserMeta() { return this.#auth0.users.updateUserMetadata(this.#user.user_id, this.#user.user_metadata); }
}

module.exports = { Auth0RedirectRuleUtilities, Auth0UserUpdateUtilities };
