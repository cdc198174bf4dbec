// One-time values under fifty simultaneous uses, over fifty connections: exactly one succeeds.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { newPage } from './support/browser.mjs';
import { exchangeCode, refresh, signUp } from './support/flow.mjs';
import { engine } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const uses = 50;

const { server, browser, callbacks, end } = await openStage();

describe(`races on ${engine}`, () => {
  after(end);

  async function withCode(application) {
    const { page, close } = await newPage(browser);
    const login = await signUp(page, server, callbacks, application);
    await close();
    return login;
  }

  /** Opens the connections first, so that the uses arrive together and not one handshake after the other. */
  async function together(use) {
    await Promise.all(Array.from({ length: uses }, () => server.request('/health')));
    return Promise.all(Array.from({ length: uses }, use));
  }

  function assertOneSuccess(answers, refusal) {
    const successes = answers.filter(({ status }) => status === 200);
    assert.equal(successes.length, 1, `${successes.length} successes`);
    for (const { status, body } of answers.filter((answer) => answer !== successes[0])) {
      assert.equal(status, 403);
      assert.deepEqual(body, refusal);
    }
    return successes[0].body;
  }

  for (const type of ['regular_web', 'spa']) {
    test(`${uses} uses of one code, ${type}: one success, and the replay revokes what it issued`, async () => {
      const application = server.application(type);
      const login = await withCode(application);
      const answers = await together(() => exchangeCode(server, application, login));
      const tokens = assertOneSuccess(answers, { error: 'invalid_grant', error_description: 'Invalid authorization code' });

      // RFC 6749 section 4.1.2: "If an authorization code is used more than once, the authorization server MUST deny
      // the request and SHOULD revoke (when possible) all tokens previously issued based on that authorization code."
      const { status, body } = await refresh(server, application, tokens.refresh_token);
      assert.equal(status, 403);
      assert.deepEqual(body, { error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' });
    });
  }

  test(`${uses} uses of one rotating refresh token: one success, and the reuse revokes the family`, async () => {
    const application = server.application('spa');
    const { body: issued } = await exchangeCode(server, application, await withCode(application));
    const refusal = { error: 'invalid_grant', error_description: 'Unknown or invalid refresh token.' };
    const answers = await together(() => refresh(server, application, issued.refresh_token));
    const tokens = assertOneSuccess(answers, refusal);
    assert.notEqual(tokens.refresh_token, issued.refresh_token);

    const { status, body } = await refresh(server, application, tokens.refresh_token);
    assert.equal(status, 403);
    assert.deepEqual(body, refusal);
  });

  test(`${uses} uses of one refresh token that does not rotate all succeed`, async () => {
    const application = server.application('regular_web');
    const { body: issued } = await exchangeCode(server, application, await withCode(application));
    const answers = await together(() => refresh(server, application, issued.refresh_token));
    assert.deepEqual(answers.map(({ status }) => status), Array(uses).fill(200));
  });
});
