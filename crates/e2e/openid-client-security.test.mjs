// openid-client 6 with what raises the stakes: pushed authorization requests, DPoP, private_key_jwt; and response types that
// bring an ID token to the front channel.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as client from 'openid-client';
import { launchBrowser, newPage } from './support/browser.mjs';
import { callbackUrl, listenForCallbacks } from './support/callback.mjs';
import { startConfigurableServer } from './support/configure.mjs';
import { newPerson, passPages } from './support/flow.mjs';
import { engine } from './support/server.mjs';

describe(`openid-client, PAR, DPoP and private_key_jwt on ${engine}`, () => {
  let server;
  let browser;
  let callbacks;
  let keys;
  let application;

  before(async () => {
    callbacks = await listenForCallbacks();
    server = await startConfigurableServer();
    application = server.application('regular_web');
    keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', keys.publicKey);
    await server.configure({
      tenant: { pushed_authorization_requests_supported: true },
      clients: {
        [application.client_id]: {
          grant_types: ['authorization_code', 'implicit', 'refresh_token', 'client_credentials'],
          token_endpoint_auth_method: 'private_key_jwt',
          jwks: { keys: [{ kty, crv, x, y, kid: 'key-of-the-application', alg: 'ES256', use: 'sig' }] },
        },
      },
      apis: { [server.audience]: { proof_of_possession: { mechanism: 'dpop', required: false } } },
    });
    browser = await launchBrowser(server);
  });

  after(async () => {
    await callbacks?.close();
    await browser?.close();
    await server?.end();
  });

  const discover = () =>
    client.discovery(
      new URL(server.url),
      application.client_id,
      undefined,
      client.PrivateKeyJwt({ key: keys.privateKey, kid: 'key-of-the-application' }),
      { [client.customFetch]: server.fetch },
    );

  async function arrive(page, url, person) {
    await page.goto(url.href);
    await passPages(page, server, person);
    const { params } = await callbacks.next();
    const current = new URL(callbackUrl);
    current.search = new URLSearchParams(params).toString();
    return current;
  }

  test('a pushed request, a bound code, bound tokens, and a refresh', async () => {
    const config = await discover();
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const expectedState = client.randomState();
    const expectedNonce = client.randomNonce();
    const url = await client.buildAuthorizationUrlWithPAR(
      config,
      {
        redirect_uri: callbackUrl,
        scope: 'openid email offline_access appointments',
        audience: server.audience,
        code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
        state: expectedState,
        nonce: expectedNonce,
        screen_hint: 'signup',
      },
      { DPoP },
    );
    assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);
    const { page, close } = await newPage(browser);
    const person = newPerson();
    const current = await arrive(page, url, person);
    const tokens = await client.authorizationCodeGrant(
      config, current, { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true }, undefined, { DPoP },
    );
    assert.equal(tokens.token_type, 'dpop');
    assert.equal(tokens.claims().email, person.email);
    const confirmation = JSON.parse(Buffer.from(tokens.access_token.split('.')[1], 'base64url')).cnf;
    assert.equal(typeof confirmation.jkt, 'string');
    const profile = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
    assert.equal(profile.email, person.email);
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
    assert.equal(refreshed.token_type, 'dpop');
    // Without the proof the token is nothing.
    const plain = await server.request('/userinfo', { headers: { authorization: `Bearer ${refreshed.access_token}` } });
    assert.equal(plain.status, 401);
    // A pushed request is used once.
    await page.goto(url.href);
    assert.match(await page.locator('body').innerText(), /invalid_request/);
    await close();
  });

  test('client credentials and revocation by private_key_jwt', async () => {
    const config = await discover();
    await assert.rejects(
      client.clientCredentialsGrant(config, { audience: 'urn:nobody' }),
      (error) => error.error === 'access_denied',
      'authenticated, but there is no such API',
    );
    await client.tokenRevocation(config, 'unknown');
    const stranger = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const forged = await client.discovery(
      new URL(server.url), application.client_id, undefined, client.PrivateKeyJwt({ key: stranger.privateKey, kid: 'key-of-the-application' }),
      { [client.customFetch]: server.fetch },
    );
    await assert.rejects(client.tokenRevocation(forged, 'unknown'), (error) => error.error === 'invalid_client');
  });

  test('hybrid: code id_token, with its hashes', async () => {
    const config = await discover();
    client.useCodeIdTokenResponseType(config);
    const expectedNonce = client.randomNonce();
    const expectedState = client.randomState();
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const url = client.buildAuthorizationUrl(config, {
      redirect_uri: callbackUrl, scope: 'openid email', state: expectedState, nonce: expectedNonce, response_mode: 'form_post',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256', screen_hint: 'signup',
    });
    const { page, close } = await newPage(browser);
    await page.goto(url.href);
    await passPages(page, server, newPerson());
    const { method, params } = await callbacks.next();
    await close();
    assert.equal(method, 'POST');
    const current = new Request(callbackUrl, { method: 'POST', body: new URLSearchParams(params) });
    const tokens = await client.authorizationCodeGrant(config, current, { expectedNonce, expectedState, pkceCodeVerifier, idTokenExpected: true });
    assert.ok(tokens.claims().sub);
  });
});
