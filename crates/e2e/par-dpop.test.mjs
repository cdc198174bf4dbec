// openid-client 6 with pushed authorization requests and DPoP-bound tokens: it makes the proofs, repeats the nonces, and
// checks the token type by itself.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as client from 'openid-client';
import { launchBrowser, newPage } from './support/browser.mjs';
import { callbackUrl, listenForCallbacks } from './support/callback.mjs';
import { newPerson, passPages } from './support/flow.mjs';
import { engine, startServer } from './support/server.mjs';

describe(`openid-client with PAR and DPoP on ${engine}`, () => {
  let server;
  let browser;
  let callbacks;

  before(async () => {
    callbacks = await listenForCallbacks();
    server = await startServer();
    browser = await launchBrowser(server);
  });

  after(async () => {
    await callbacks?.close();
    await browser?.close();
    await server?.stop();
  });

  const applications = [
    ['regular web app, request pushed', 'regular_web', (application) => client.ClientSecretBasic(application.client_secret), true],
    ['native application, nonce demanded', 'native', () => client.None(), false],
  ];

  for (const [name, type, authentication, pushed] of applications) {
    test(`${name}: bound tokens at login, userinfo and refresh`, async () => {
      const application = server.application(type);
      const config = await client.discovery(new URL(server.url), application.client_id, undefined, authentication(application), {
        [client.customFetch]: server.fetch,
      });
      const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
      const pkceCodeVerifier = client.randomPKCECodeVerifier();
      const expectedState = client.randomState();
      const parameters = {
        redirect_uri: callbackUrl,
        scope: 'openid email offline_access',
        code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
        state: expectedState,
        screen_hint: 'signup',
      };
      const url = pushed
        ? await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
        : client.buildAuthorizationUrl(config, { ...parameters, dpop_jkt: await DPoP.calculateThumbprint() });
      assert.equal(url.searchParams.has('request_uri'), pushed);
      assert.equal(url.searchParams.has('redirect_uri'), !pushed);

      const { page, close } = await newPage(browser);
      const person = newPerson();
      await page.goto(url.href);
      await passPages(page, server, person);
      const current = new URL(callbackUrl);
      current.search = new URLSearchParams((await callbacks.next()).params).toString();
      const checks = { pkceCodeVerifier, expectedState, idTokenExpected: true };
      const tokens = await client.authorizationCodeGrant(config, current, checks, undefined, { DPoP });
      assert.equal(tokens.token_type, 'dpop');

      const subject = tokens.claims().sub;
      const profile = await client.fetchUserInfo(config, tokens.access_token, subject, { DPoP });
      assert.equal(profile.email, person.email);
      await assert.rejects(client.fetchUserInfo(config, tokens.access_token, subject), 'a bound token is no bearer token');

      const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
      assert.equal(refreshed.token_type, 'dpop');
      if (!pushed) {
        const thief = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
        const token = refreshed.refresh_token ?? tokens.refresh_token;
        await assert.rejects(client.refreshTokenGrant(config, token, undefined, { DPoP: thief }), { error: 'invalid_grant' });
      }
      await client.tokenRevocation(config, refreshed.access_token);
      await assert.rejects(client.fetchUserInfo(config, refreshed.access_token, subject, { DPoP }), 'revoked');
      await close();
    });
  }
});
