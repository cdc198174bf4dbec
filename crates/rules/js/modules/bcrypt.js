// `bcrypt` and `bcryptjs`.
"use strict";
const { Buffer } = require("buffer");

const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const shown = (bytes) => Buffer.from(bytes).toString("base64").replace(/=+$/, "").replace(/./g, (character) => alphabet[standard.indexOf(character)]);
const bytesOf = (salt) => Buffer.from(salt.replace(/./g, (character) => standard[alphabet.indexOf(character)]), "base64");

const genSaltSync = (rounds = 10) => {
  if (typeof rounds !== "number") throw new Error("rounds must be a number");
  const cost = Math.min(31, Math.max(4, Math.floor(rounds)));
  return `$2b$${String(cost).padStart(2, "0")}$${shown(host.randomBytes(16))}`;
};
const hashSync = (data, salt = 10) => {
  if (typeof data !== "string" && !(data instanceof Uint8Array)) throw new Error("data must be a string or Buffer and salt must either be a salt string or a number of rounds");
  const [, cost, text] = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{22})$/.exec((typeof salt === "number" ? genSaltSync(salt) : String(salt)).slice(0, 29)) ?? [];
  if (text === undefined) throw new Error("Invalid salt");
  return host.bcryptHash(typeof data === "string" ? kit.text(data) : Buffer.from(data).toString(), Number(cost), kit.binary(bytesOf(text)));
};
const compareSync = (data, hash) => {
  if (typeof hash !== "string") throw new Error("data and hash must be strings");
  return host.bcryptCompare(typeof data === "string" ? kit.text(data) : Buffer.from(data).toString(), hash);
};
const getRounds = (hash) => {
  const rounds = /^\$2[aby]\$(\d\d)\$/.exec(hash)?.[1];
  if (rounds === undefined) throw new Error("invalid hash");
  return Number(rounds);
};
// With a callback, or a promise without one.
const both = (work) => (...args) => {
  const callback = args.findLast((arg) => typeof arg === "function");
  const promise = new Promise((done) => done(work(...args.filter((arg) => typeof arg !== "function"))));
  if (callback === undefined) return promise;
  promise.then((value) => kit.later(() => callback(null, value)), (error) => kit.later(() => callback(error)));
  return undefined;
};

module.exports = { genSaltSync, hashSync, compareSync, getRounds, genSalt: both((rounds) => genSaltSync(rounds)), hash: both(hashSync), compare: both(compareSync) };
