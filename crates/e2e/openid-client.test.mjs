// openid-client 6 as applications use it: discovery, code with PKCE, refresh, userinfo, revocation and RP-initiated
// logout. It checks signatures, issuer, audience, nonce, state and times by itself, against the discovery document.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import * as client from 'openid-client';
import { newPage } from './support/browser.mjs';
import { appUrl, callbackUrl } from './support/callback.mjs';
import { allScopes, newPerson, passPages } from './support/flow.mjs';
import { engine } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const { server, browser, callbacks, end } = await openStage();

describe(`openid-client on ${engine}`, () => {
  after(end);

  function discover(application, authentication) {
    return client.discovery(new URL(server.url), application.client_id, undefined, authentication, {
      [client.customFetch]: server.fetch,
    });
  }

  /** A login by the library's own building blocks. @returns the library's token response and the page's `close` */
  async function logIn(config, page, person, params = {}) {
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const expectedState = client.randomState();
    const expectedNonce = client.randomNonce();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: callbackUrl,
      scope: allScopes,
      audience: server.audience,
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: expectedState,
      nonce: expectedNonce,
      ...params,
    });
    await page.goto(url.href);
    await passPages(page, server, person);
    const arrival = await callbacks.next();
    const current = new URL(callbackUrl);
    current.search = new URLSearchParams(arrival.params).toString();
    return client.authorizationCodeGrant(config, current, { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true });
  }

  const applications = [
    ['regular web app, secret in the body', 'regular_web', (application) => client.ClientSecretPost(application.client_secret)],
    ['regular web app, secret by Basic', 'regular_web', (application) => client.ClientSecretBasic(application.client_secret)],
    ['native application, no secret', 'native', () => client.None()],
  ];

  for (const [name, type, authentication] of applications) {
    test(`${name}: login, userinfo, refresh, revocation, logout`, async () => {
      const application = server.application(type);
      const config = await discover(application, authentication(application));
      const person = newPerson();
      const { page, close } = await newPage(browser);

      const tokens = await logIn(config, page, person, { screen_hint: 'signup' });
      const identity = tokens.claims();
      assert.equal(identity.iss, `${server.url}/`);
      assert.equal(identity.email, person.email);
      assert.ok(identity.sid, 'sid');

      const profile = await client.fetchUserInfo(config, tokens.access_token, identity.sub);
      assert.equal(profile.email, person.email);

      const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
      assert.equal(refreshed.claims().sub, identity.sub);
      assert.equal(refreshed.claims().sid, identity.sid);

      const last = refreshed.refresh_token ?? tokens.refresh_token;
      await client.tokenRevocation(config, last);
      await assert.rejects(client.refreshTokenGrant(config, last), (error) => {
        assert.equal(error.error, 'invalid_grant');
        assert.equal(error.error_description, 'Unknown or invalid refresh token.');
        return true;
      });

      const logout = client.buildEndSessionUrl(config, {
        id_token_hint: tokens.id_token,
        post_logout_redirect_uri: appUrl,
        state: 'after-logout',
      });
      await page.goto(logout.href);
      const { path, params } = await callbacks.next();
      assert.equal(path, '/');
      assert.deepEqual(params, { state: 'after-logout' });

      // The session has ended: the next login asks for the password again.
      await page.goto(client.buildAuthorizationUrl(config, { redirect_uri: callbackUrl, scope: 'openid' }).href);
      assert.equal(new URL(page.url()).pathname, '/u/login');
      await close();
    });
  }

  test('form_post brings the code in the body of a POST', async () => {
    const application = server.application('regular_web');
    const config = await discover(application, client.ClientSecretPost(application.client_secret));
    const { page, close } = await newPage(browser);
    const url = client.buildAuthorizationUrl(config, { redirect_uri: callbackUrl, scope: 'openid', state: 's', response_mode: 'form_post' });
    await page.goto(url.href);
    await passPages(page, server, server.user);
    const { method, params } = await callbacks.next();
    await close();
    assert.equal(method, 'POST');
    const current = new URL(`${callbackUrl}?${new URLSearchParams(params)}`);
    const tokens = await client.authorizationCodeGrant(config, current, { expectedState: 's', idTokenExpected: true });
    assert.equal(tokens.claims().aud, application.client_id);
  });

  test('without an API the access token is opaque and good for userinfo', async () => {
    const application = server.application('regular_web');
    const config = await discover(application, client.ClientSecretPost(application.client_secret));
    const { page, close } = await newPage(browser);
    const person = newPerson();
    const tokens = await logIn(config, page, person, { audience: '', scope: 'openid email', screen_hint: 'signup' });
    await close();
    assert.equal(tokens.access_token.split('.').length, 5);
    const profile = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    assert.equal(profile.email, person.email);
  });

  test('max_age brings auth_time, which the library checks', async () => {
    const application = server.application('regular_web');
    const config = await discover(application, client.ClientSecretPost(application.client_secret));
    const { page, close } = await newPage(browser);
    const expectedState = client.randomState();
    await page.goto(client.buildAuthorizationUrl(config, { redirect_uri: callbackUrl, scope: 'openid', state: expectedState, max_age: '600' }).href);
    await passPages(page, server, server.user);
    const { params } = await callbacks.next();
    await close();
    const current = new URL(`${callbackUrl}?${new URLSearchParams(params)}`);
    const tokens = await client.authorizationCodeGrant(config, current, { expectedState, maxAge: 600, idTokenExpected: true });
    assert.equal(typeof tokens.claims().auth_time, 'number');
  });

  test('client credentials for the Management API', async () => {
    const { client_id, client_secret } = server.description.management;
    const config = await discover({ client_id }, client.ClientSecretPost(client_secret));
    const tokens = await client.clientCredentialsGrant(config, { audience: `${server.url}/api/v2/` });
    assert.equal(tokens.token_type, 'bearer');
    assert.match(tokens.scope, /\bread:clients\b/);
    assert.equal(tokens.refresh_token, undefined);
  });
});
