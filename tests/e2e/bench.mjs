// Load on a release build over TLS: what one machine answers when the load generator runs beside the server.
// `make bench`; BENCH_SECONDS and BENCH_CONNECTIONS change the length and the width of each measurement.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { launchBrowser, newPage } from './support/browser.mjs';
import { callbackUrl, listenForCallbacks } from './support/callback.mjs';
import { authorizationRequest, authorize, exchangeCode } from './support/flow.mjs';
import { engine, startServer } from './support/server.mjs';

const seconds = Number(process.env.BENCH_SECONDS ?? 8);
const connections = Number(process.env.BENCH_CONNECTIONS ?? 32);

// Not the synchronous kind: this process must go on reading the server's log, or the server waits for it.
const run = promisify(execFile);

const server = await startServer();
const scripts = mkdtempSync(join(tmpdir(), 'keywright-bench-'));
const application = server.application('regular_web');
const machine = server.application('non_interactive');

/** A login of the seeded user, for the tokens that the measurements use. */
async function logIn() {
  const callbacks = await listenForCallbacks();
  const browser = await launchBrowser(server);
  const { page, close } = await newPage(browser);
  const { body } = await exchangeCode(server, application, await authorize(page, server, callbacks, application));
  await close();
  await Promise.all([browser.close(), callbacks.close()]);
  return body;
}

/** Runs wrk for one request. @returns the columns of a row */
async function measure({ name, method = 'GET', path, body, headers = {}, expected = 200 }) {
  const script = join(scripts, 'request.lua');
  const lines = [
    `wrk.method = ${JSON.stringify(method)}`,
    body ? `wrk.body = ${JSON.stringify(body)}` : '',
    ...Object.entries(headers).map(([key, value]) => `wrk.headers[${JSON.stringify(key)}] = ${JSON.stringify(value)}`),
    // Each thread of wrk has a state of its own; only its globals can be read from `done`.
    `local threads = {}
     function setup(thread) table.insert(threads, thread) end
     function init() wrong = 0 end
     function response(status) if status ~= ${expected} then wrong = wrong + 1 end end
     function done(summary, latency)
       local all = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
       for _, thread in ipairs(threads) do all = all + thread:get("wrong") end
       io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), all))
     end`,
  ];
  writeFileSync(script, lines.join('\n'));
  const url = new URL(path, server.url).href;
  const { stdout: output } = await run('wrk', ['-t', '2', '-c', String(connections), '-d', `${seconds}s`, '-s', script, url]);
  const [requests, microseconds, median, tail, wrong] = /RESULT (.*)/.exec(output)[1].split(' ').map(Number);
  assert.equal(wrong, 0, `${name}: ${wrong} answers were not ${expected}\n${output}`);
  return { request: name, 'requests/s': Math.round(requests / (microseconds / 1e6)), 'median ms': median / 1000, 'p99 ms': tail / 1000 };
}

try {
  const tokens = await logIn();
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const post = (fields) => ({ method: 'POST', path: '/oauth/token', headers: form, body: new URLSearchParams(fields).toString() });
  const { client_id, client_secret } = application;
  const link = new URL(authorizationRequest(server, application).url);

  console.log(`${engine}, ${connections} connections, ${seconds} s each, server and load generator on ${cpus().length} cores`);
  console.table([
    await measure({ name: 'keys (jwks.json)', path: '/.well-known/jwks.json' }),
    await measure({ name: 'login begins (/authorize)', path: link.pathname + link.search, expected: 302 }),
    await measure({
      name: 'client credentials',
      ...post({ grant_type: 'client_credentials', client_id: machine.client_id, client_secret: machine.client_secret, audience: server.audience }),
    }),
    await measure({ name: 'refresh token', ...post({ grant_type: 'refresh_token', client_id, client_secret, refresh_token: tokens.refresh_token }) }),
    await measure({ name: 'userinfo', path: '/userinfo', headers: { authorization: `Bearer ${tokens.access_token}` } }),
    await measure({
      name: 'refused code',
      ...post({ grant_type: 'authorization_code', client_id, client_secret, code: 'unknown', redirect_uri: callbackUrl }),
      expected: 403,
    }),
  ]);
} finally {
  rmSync(scripts, { recursive: true, force: true });
  await server.stop();
}
