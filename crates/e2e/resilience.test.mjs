// What operators rely on: SIGTERM loses no accepted request, a killed server has kept everything it answered, and a
// database that goes away and comes back needs nobody at the server.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { launchBrowser, newPage } from './support/browser.mjs';
import { callbackUrl, listenForCallbacks } from './support/callback.mjs';
import { authorize, exchangeCode, refresh } from './support/flow.mjs';
import { createDatabase, engine, freePort, repository, startServer } from './support/server.mjs';

describe(`a server that stops, on ${engine}`, () => {
  let callbacks;
  let data;
  let database;
  let port;

  before(async () => {
    callbacks = await listenForCallbacks();
  });
  after(() => callbacks?.close());

  // A data directory and a port that both lives of the server share.
  beforeEach(async () => {
    data = mkdtempSync(join(tmpdir(), 'keywright-data-'));
    database = engine === 'postgres' ? createDatabase() : undefined;
    port = await freePort();
  });
  afterEach(() => {
    database?.drop();
    rmSync(data, { recursive: true, force: true });
  });

  const start = () => startServer({ data, port, database: database?.url });

  async function logInSeveralTimes(server, times, type = 'regular_web') {
    const browser = await launchBrowser(server);
    try {
      const { page, close } = await newPage(browser);
      const logins = [];
      for (let n = 0; n < times; n += 1) logins.push(await authorize(page, server, callbacks, server.application(type)));
      await close();
      return logins;
    } finally {
      await browser.close();
    }
  }

  /** Sends the head of a token request; `accepted` resolves when the server asks for the body, `finish` sends it. */
  function beginExchange(server, application, { params }) {
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: application.client_id,
      client_secret: application.client_secret,
      code: params.code,
      redirect_uri: callbackUrl,
    }).toString();
    const sent = request(`${server.url}/oauth/token`, {
      method: 'POST',
      ca: server.caText,
      agent: false,
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body), expect: '100-continue' },
    });
    const answer = new Promise((resolve, reject) => {
      sent.once('error', reject);
      sent.once('response', async (response) => {
        let text = '';
        try {
          for await (const chunk of response) text += chunk;
          resolve({ status: response.statusCode, body: JSON.parse(text) });
        } catch (error) {
          reject(error);
        }
      });
    });
    const accepted = Promise.race([new Promise((resolve) => sent.once('continue', resolve)), answer]);
    sent.flushHeaders();
    return { accepted, finish: () => (sent.end(body), answer) };
  }

  test('SIGTERM: requests under way are answered, what they wrote is kept, and the process ends with 0', async () => {
    const first = await start();
    const application = first.application('regular_web');
    const exchanges = (await logInSeveralTimes(first, 5)).map((login) => beginExchange(first, application, login));
    await Promise.all(exchanges.map(({ accepted }) => accepted));

    first.kill('SIGTERM');
    const answers = await Promise.all(exchanges.map(({ finish }) => finish()));
    assert.deepEqual(answers.map(({ status }) => status), Array(5).fill(200), JSON.stringify(answers));
    assert.deepEqual(await first.exited, { code: 0, signal: null });
    first.assertNoPanic();

    const second = await start();
    for (const { body } of answers) {
      const { status } = await refresh(second, application, body.refresh_token);
      assert.equal(status, 200);
    }
    await second.stop();
  });

  test('kill -9: what was answered is kept, and a code that was used stays used', async () => {
    const first = await start();
    const application = first.application('regular_web');
    const logins = await logInSeveralTimes(first, 5);
    const answers = [];
    for (const login of logins) answers.push(await exchangeCode(first, application, login));
    first.kill('SIGKILL');
    await first.exited;

    const second = await start();
    assert.deepEqual(second.description, first.description, 'the same seeds');
    for (const { body } of answers) {
      const { status } = await refresh(second, application, body.refresh_token);
      assert.equal(status, 200);
    }
    for (const login of logins) {
      const { status, body } = await exchangeCode(second, application, login);
      assert.equal(status, 403);
      assert.equal(body.error, 'invalid_grant');
    }
    await second.stop();
  });

  test('RT-03: what was rotated or revoked stays so after kill -9', async () => {
    const first = await start();
    const application = first.application('spa');
    const tokens = [];
    for (const login of await logInSeveralTimes(first, 2, 'spa')) tokens.push((await exchangeCode(first, application, login)).body.refresh_token);
    const [rotated, revoked] = tokens;
    const successor = (await refresh(first, application, rotated)).body.refresh_token;
    const body = new URLSearchParams({ client_id: application.client_id, token: revoked });
    const { status } = await first.fetch(new URL('/oauth/revoke', first.url), { method: 'POST', body });
    assert.equal(status, 200);
    first.kill('SIGKILL');
    await first.exited;

    const second = await start();
    assert.equal((await refresh(second, application, revoked)).status, 403, 'revoked before the crash');
    const next = await refresh(second, application, successor);
    assert.equal(next.status, 200, 'the successor from before the crash');
    assert.equal((await refresh(second, application, rotated)).status, 403, 'rotated before the crash');
    assert.equal((await refresh(second, application, next.body.refresh_token)).status, 403, 'and its reuse ended the family');
    await second.stop();
  });
});

if (engine === 'postgres') {
  describe('a PostgreSQL that stops', () => {
    const recovery = 20_000;
    const directory = mkdtempSync(join(tmpdir(), 'keywright-postgres-'));
    const cluster = (command) => execFileSync(join(repository, 'scripts', 'throwaway-postgres'), [command, directory], { encoding: 'utf8' }).trim();
    let url;
    let callbacks;
    let server;
    let browser;

    before(async () => {
      callbacks = await listenForCallbacks();
      url = cluster('create');
      server = await startServer({ database: url });
      browser = await launchBrowser(server);
    });

    after(async () => {
      await browser?.close();
      await callbacks?.close();
      await server?.stop();
      cluster('destroy');
    });

    test('503 with an error in the shape of each surface while it is away, 200 again by itself when it is back', async () => {
      const application = server.application('regular_web');
      const { page, close } = await newPage(browser);
      const { body: tokens } = await exchangeCode(server, application, await authorize(page, server, callbacks, application));
      await close();

      for (const round of [1, 2]) {
        cluster('stop');
        const away = await refresh(server, application, tokens.refresh_token);
        assert.equal(away.status, 503, `round ${round}: ${JSON.stringify(away.body)}`);
        assert.equal(away.body.error, 'temporarily_unavailable');
        const login = await server.request(
          `/authorize?${new URLSearchParams({ response_type: 'code', client_id: application.client_id, redirect_uri: callbackUrl, scope: 'openid' })}`,
        );
        assert.equal(login.status, 503);
        assert.match(login.headers.get('content-type'), /^text\/html/);

        cluster('start');
        const deadline = performance.now() + recovery;
        let back = await refresh(server, application, tokens.refresh_token);
        while (back.status === 503 && performance.now() < deadline) {
          await delay(100);
          back = await refresh(server, application, tokens.refresh_token);
        }
        assert.equal(back.status, 200, `round ${round}: ${JSON.stringify(back.body)}`);
      }
    });
  });
}
