// Starts the built binary as `keywright dev` for one test file, on the engine of this run
// (KEYWRIGHT_TEST_ENGINE: sqlite, or postgres with KEYWRIGHT_TEST_POSTGRES), and talks to it over verified TLS.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Agent, fetch } from 'undici';

export const engine = process.env.KEYWRIGHT_TEST_ENGINE ?? 'sqlite';
export const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** Where screenshots and the servers' logs of a run are kept for a look afterwards. */
export const target = process.env.CARGO_TARGET_DIR ?? join(repository, 'target');

export const binary = process.env.KEYWRIGHT_BIN ?? join(target, 'debug', 'keywright');
const startDeadline = 60_000;
const stopDeadline = 30_000;

/** A database of its own on the cluster that the run was given; `drop` removes it. */
export function createDatabase(cluster = process.env.KEYWRIGHT_TEST_POSTGRES) {
  assert.ok(cluster, 'KEYWRIGHT_TEST_POSTGRES is not set: run this through scripts/with-postgres or `make e2e-postgres`');
  const name = `e2e_${randomBytes(6).toString('hex')}`;
  const sql = (text) => execFileSync('psql', ['--quiet', '--no-psqlrc', '-v', 'ON_ERROR_STOP=1', '-c', text, cluster]);
  sql(`CREATE DATABASE ${name}`);
  const url = new URL(cluster);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => sql(`DROP DATABASE ${name} WITH (FORCE)`) };
}

/** A port that was free a moment ago, for a server that must come back on the same one. */
export async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => listener.once('listening', resolve));
  const { port } = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

/**
 * @param data directory that outlives the server; without it the server is ephemeral
 * @param port 0 lets the system choose
 * @param database PostgreSQL URL; without it the server gets one of its own if this run is on PostgreSQL
 */
export async function startServer({ data, port = 0, database } = {}) {
  const own = engine === 'postgres' && !database ? createDatabase() : null;
  const url = database ?? own?.url;
  const args = ['dev', '--json', '--test-controls', '--port', String(port)];
  args.push(...(data ? ['--data', data] : ['--ephemeral']));
  if (url) args.push('--database', url);

  const child = spawn(binary, args, { cwd: target, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = [];
  const logs = join(target, 'test-logs');
  mkdirSync(logs, { recursive: true });
  const file = createWriteStream(join(logs, `server-${engine}-${basename(process.argv[1], '.mjs')}.txt`), { flags: 'a' });
  createInterface({ input: child.stderr }).on('line', (line) => {
    log.push(line);
    file.write(`${line}\n`);
  });
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));

  const line = await new Promise((resolve, reject) => {
    const fail = (reason) => {
      clearTimeout(timer);
      reject(new Error(`${binary} ${args.join(' ')}: ${reason}\n${log.slice(-40).join('\n')}`));
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail('not ready in time');
    }, startDeadline);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`ended with ${signal ?? code}`));
    createInterface({ input: child.stdout }).once('line', (text) => {
      clearTimeout(timer);
      resolve(text);
    });
  });
  // A test that failed before it stopped its server must not keep the run waiting: the server goes with this process.
  for (const handle of [child, child.stdout, child.stderr]) handle.unref();
  const abandon = () => child.kill('SIGKILL');
  process.once('exit', abandon);
  exited.then(() => process.off('exit', abandon));
  return new Server(JSON.parse(line), child, exited, log, own);
}

class Server {
  #child;
  #log;
  #database;

  constructor(description, child, exited, log, database) {
    /** The parsed line of `--json`. */
    this.description = description;
    /** Resolves to `{code, signal}` when the process has ended. */
    this.exited = exited;
    this.url = description.base_url.replace(/\/$/, '');
    this.domain = description.domain;
    this.user = description.user;
    this.audience = description.api.identifier;
    this.ca = description.ca_cert;
    this.caText = readFileSync(description.ca_cert, 'utf8');
    this.#child = child;
    this.#log = log;
    this.#database = database;
    this.agent = new Agent({ connect: { ca: this.caText }, connections: 64 });
    /** `fetch` that trusts the development CA, for client libraries which take one. */
    this.fetch = (input, options) => fetch(input, { ...options, dispatcher: this.agent });
  }

  /** The seeded application of a type: regular_web, native, spa, non_interactive. */
  application(type) {
    const application = this.description.applications.find(({ app_type }) => app_type === type);
    assert.ok(application, `keywright dev seeds no ${type} application`);
    return application;
  }

  /** @returns `{status, headers, body}`; the body is parsed when it is JSON. Redirects are not followed. */
  async request(path, options = {}) {
    const response = await this.fetch(new URL(path, this.url), { redirect: 'manual', ...options });
    const text = await response.text();
    const json = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
  }

  postJson(path, body) {
    return this.request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }

  postForm(path, body) {
    return this.request(path, { method: 'POST', body: new URLSearchParams(body) });
  }

  /** Moves the server's clock forward, so that no test waits for a lifetime to end. */
  async advance(seconds) {
    const { status, body } = await this.postJson('/dev/clock', { advance_seconds: seconds });
    assert.ok(status >= 200 && status < 300, `POST /dev/clock answered ${status}: ${JSON.stringify(body)}`);
  }

  kill(signal) {
    this.#child.kill(signal);
  }

  /** Ends the server as an operator does; a server that fails at it, or panicked before, fails the test. */
  async stop() {
    await this.agent.close();
    this.#child.ref();
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopDeadline);
    const { code, signal } = await this.exited;
    clearTimeout(timer);
    this.#database?.drop();
    assert.equal(signal, null, `the server did not end within ${stopDeadline} ms of SIGTERM`);
    assert.equal(code, 0, `the server ended with ${code}\n${this.#log.slice(-40).join('\n')}`);
    this.assertNoPanic();
  }

  assertNoPanic() {
    assert.deepEqual(this.#log.filter((line) => line.includes('panicked at')), []);
  }
}
