// The tutorials, step by step, with their own links and curl commands (fixtures/seeds): only the domain and the
// YOUR_… values are replaced. 000 and 004 are the regular web app, 003 is PKCE, 001 is the use of refresh tokens.
// 004 is 000 in newer words without its commands: the same steps, so the first suite names both.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newPage } from './support/browser.mjs';
import { callbackUrl } from './support/callback.mjs';
import { curl, fillIn, inOtherForm, seed } from './support/curl.mjs';
import { authorize, claims, clickAway, passPages, signUp } from './support/flow.mjs';
import { startExampleApi } from './support/program.mjs';
import { engine } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const variants = [
  ['as written', (command) => command],
  ['in the other content type', inOtherForm],
];

const { server, browser, callbacks, end } = await openStage();

describe(`tutorials on ${engine}`, () => {
  let api;

  before(async () => {
    api = await startExampleApi(server);
  });

  after(async () => {
    await api?.stop();
    await end();
  });

  /** What a reader of the tutorials replaces; the longer placeholders first. */
  function values(application, more = {}) {
    return {
      YOUR_AUTH0_DOMAIN: server.domain,
      YOUR_DOMAIN: server.domain,
      YOUR_CLIENT_ID: application.client_id,
      ...(application.client_secret ? { YOUR_CLIENT_SECRET: application.client_secret } : {}),
      'https://YOUR_APP/callback': callbackUrl,
      YOUR_CALLBACK_URL: callbackUrl,
      'https://myapi.com': 'http://localhost:3001',
      ...more,
    };
  }

  /** Signs a new person up, so that each test starts without consent and session. */
  async function withCode(application, params = {}) {
    const { page, close } = await newPage(browser);
    const result = await signUp(page, server, callbacks, application, params);
    await close();
    return result;
  }

  function assertTokens({ status, type, body }, scope) {
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(type, 'application/json;', 'content type');
    assert.equal(body.token_type, 'Bearer');
    assert.equal(body.expires_in, 86400);
    assert.equal(body.scope, scope);
    assert.equal(claims(body.access_token).scope, scope);
  }

  test('000: the link of the HTML snippet, its line breaks and spaces included, leads to tokens for the API', async () => {
    const application = server.application('regular_web');
    const { page, close } = await newPage(browser);
    await page.setContent(fillIn(seed('000-authorize-the-user.html'), values(application)));
    await clickAway(page, page.getByRole('link', { name: 'Sign In' }));
    assert.deepEqual(await passPages(page, server, server.user), ['/u/login', '/u/consent']);
    const { params } = await callbacks.next();
    await close();
    assert.deepEqual(Object.keys(params).sort(), ['code', 'state']);
    assert.equal(params.state, 'xyzABC123');

    const command = fillIn(seed('000-request-tokens.sh'), values(application, { YOUR_AUTHORIZATION_CODE: params.code }));
    const tokens = await curl(server, command);
    assertTokens(tokens, 'appointments contacts');
    // The link asks neither for an identity nor for offline access.
    assert.deepEqual(Object.keys(tokens.body).sort(), ['access_token', 'expires_in', 'scope', 'token_type']);

    const answer = await curl(server, fillIn(seed('000-call-your-api.sh'), values(application, { ACCESS_TOKEN: tokens.body.access_token })));
    assert.equal(answer.status, 200);
    assert.equal(answer.body.scope, 'appointments contacts');
  });

  for (const [variant, command] of variants) {
    test(`000, 004: code, API and refresh of the regular web app, ${variant}`, async () => {
      const application = server.application('regular_web');
      const { shown, params } = await withCode(application, { scope: 'openid profile email offline_access appointments contacts' });
      assert.deepEqual(shown, ['/u/signup', '/u/consent']);

      const request = fillIn(command(seed('000-request-tokens.sh')), values(application, { YOUR_AUTHORIZATION_CODE: params.code }));
      const tokens = await curl(server, request);
      assertTokens(tokens, 'openid profile email offline_access appointments contacts');
      assert.ok(tokens.body.refresh_token);
      assert.ok(tokens.body.id_token);

      const replay = await curl(server, request);
      assert.equal(replay.status, 403);
      assert.deepEqual(replay.body, { error: 'invalid_grant', error_description: 'Invalid authorization code' });
    });

    test(`000: the refresh command, which sends no secret, is refused for an application that has one, ${variant}`, async () => {
      const application = server.application('regular_web');
      const { params } = await withCode(application);
      const tokens = await curl(server, fillIn(seed('000-request-tokens.sh'), values(application, { YOUR_AUTHORIZATION_CODE: params.code })));
      const withToken = values(application, { YOUR_REFRESH_TOKEN: tokens.body.refresh_token });

      const refused = await curl(server, fillIn(command(seed('000-refresh-tokens.sh')), withToken));
      assert.equal(refused.status, 401);
      assert.deepEqual(refused.body, { error: 'access_denied', error_description: 'Unauthorized' });

      // The refused attempt did not touch the token.
      assertTokens(await curl(server, fillIn(seed('001-use-refresh-tokens.sh'), withToken)), tokens.body.scope);
    });

    test(`003, 000: code with PKCE and refresh without a secret, ${variant}`, async () => {
      const application = server.application('native');
      const { params, verifier } = await withCode(application);
      const exchange = { YOUR_AUTHORIZATION_CODE: params.code, YOUR_GENERATED_CODE_VERIFIER: verifier };

      const tokens = await curl(server, fillIn(command(seed('003-request-tokens-pkce.sh')), values(application, exchange)));
      assertTokens(tokens, 'openid profile email offline_access appointments contacts');
      assert.ok(tokens.body.refresh_token);
      assert.ok(tokens.body.id_token);

      const again = await curl(
        server,
        fillIn(command(seed('000-refresh-tokens.sh')), values(application, { YOUR_REFRESH_TOKEN: tokens.body.refresh_token })),
      );
      assertTokens(again, tokens.body.scope);
      assert.equal(claims(again.body.id_token).sub, claims(tokens.body.id_token).sub);
    });

    test(`003: a wrong verifier is refused, ${variant}`, async () => {
      const application = server.application('native');
      const { params } = await withCode(application);
      const exchange = { YOUR_AUTHORIZATION_CODE: params.code, YOUR_GENERATED_CODE_VERIFIER: 'w'.repeat(43) };
      const refused = await curl(server, fillIn(command(seed('003-request-tokens-pkce.sh')), values(application, exchange)));
      assert.equal(refused.status, 403);
      assert.deepEqual(refused.body, { error: 'invalid_grant', error_description: 'Failed to verify code verifier' });
    });

    test(`001: refresh with the application's secret, ${variant}`, async () => {
      const application = server.application('regular_web');
      const { params } = await withCode(application);
      const tokens = await curl(server, fillIn(seed('000-request-tokens.sh'), values(application, { YOUR_AUTHORIZATION_CODE: params.code })));
      const again = await curl(
        server,
        fillIn(command(seed('001-use-refresh-tokens.sh')), values(application, { YOUR_REFRESH_TOKEN: tokens.body.refresh_token })),
      );
      assertTokens(again, tokens.body.scope);
      // Not rotating, so the tutorials' answer has no new refresh token.
      assert.deepEqual(Object.keys(again.body).sort(), ['access_token', 'expires_in', 'id_token', 'scope', 'token_type']);
      const answer = await curl(server, fillIn(seed('000-call-your-api.sh'), values(application, { ACCESS_TOKEN: again.body.access_token })));
      assert.equal(answer.status, 200);
    });
  }

  test('004: what is after the hash of the redirect URI is ignored', async () => {
    const application = server.application('regular_web');
    const { page, close } = await newPage(browser);
    const { params } = await authorize(page, server, callbacks, application, { redirect_uri: `${callbackUrl}#section` });
    assert.equal(new URL(page.url()).hash, '');
    await close();
    const tokens = await curl(server, fillIn(seed('000-request-tokens.sh'), values(application, { YOUR_AUTHORIZATION_CODE: params.code })));
    assert.equal(tokens.status, 200);
  });
});
