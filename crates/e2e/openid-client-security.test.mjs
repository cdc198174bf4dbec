// openid-client 6 with what raises the stakes: pushed authorization requests, DPoP, private_key_jwt; and response types that
// bring an ID token to the front channel. It makes the proofs and the assertions, repeats the nonces, and checks the token
// type by itself.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as client from 'openid-client';
import { newPage } from './support/browser.mjs';
import { callbackUrl } from './support/callback.mjs';
import { claims, newPerson, passPages } from './support/flow.mjs';
import { engine } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const { server, browser, callbacks, end } = await openStage({ configurable: true });
const web = server.application('regular_web');
const native = server.application('native');

const generateKeys = () => crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
const keys = await generateKeys();
const kid = 'key-of-the-application';

function discover(application, authentication) {
  return client.discovery(new URL(server.url), application.client_id, undefined, authentication, { [client.customFetch]: server.fetch });
}

/** Somebody new signs up in a browser of their own. @returns the callback's method and parameters */
async function visit(url, person) {
  const { page, close } = await newPage(browser);
  await page.goto(url.href);
  await passPages(page, server, person);
  await close();
  return callbacks.next();
}

/** Bound tokens at login, userinfo and refresh, and nothing without the proof. */
async function loginWithProofs(application, authentication, { pushed, ...more }) {
  const config = await discover(application, authentication);
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  };
  const parameters = {
    redirect_uri: callbackUrl,
    scope: 'openid email offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    screen_hint: 'signup',
    ...more,
  };
  const url = pushed
    ? await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
    : client.buildAuthorizationUrl(config, { ...parameters, dpop_jkt: await DPoP.calculateThumbprint() });
  if (pushed) assert.deepEqual([...url.searchParams.keys()].sort(), ['client_id', 'request_uri']);

  const person = newPerson();
  const current = new URL(callbackUrl);
  current.search = new URLSearchParams((await visit(url, person)).params).toString();
  const tokens = await client.authorizationCodeGrant(config, current, checks, undefined, { DPoP });
  assert.equal(tokens.token_type, 'dpop');
  assert.equal(tokens.claims().email, person.email);
  const subject = tokens.claims().sub;
  if (more.audience) assert.equal(claims(tokens.access_token).cnf.jkt, await DPoP.calculateThumbprint());

  const profile = await client.fetchUserInfo(config, tokens.access_token, subject, { DPoP });
  assert.equal(profile.email, person.email);
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, subject), 'a bound token is no bearer token');

  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  assert.equal(refreshed.token_type, 'dpop');
  if (!application.client_secret) {
    const thief = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    const token = refreshed.refresh_token ?? tokens.refresh_token;
    await assert.rejects(client.refreshTokenGrant(config, token, undefined, { DPoP: thief }), { error: 'invalid_grant' });
  }
  if (!more.audience) {
    await client.tokenRevocation(config, refreshed.access_token);
    await assert.rejects(client.fetchUserInfo(config, refreshed.access_token, subject, { DPoP }), 'revoked');
  }
  if (pushed) {
    const { page, close } = await newPage(browser);
    await page.goto(url.href);
    assert.match(await page.locator('body').innerText(), /invalid_request/, 'a pushed request is used once');
    await close();
  }
}

describe(`openid-client with PAR and DPoP on ${engine}`, () => {
  after(end);

  test('regular web app with its secret, request pushed', () =>
    loginWithProofs(web, client.ClientSecretBasic(web.client_secret), { pushed: true }));

  test('native application, nonce demanded', () => loginWithProofs(native, client.None(), { pushed: false }));

  describe('and private_key_jwt', () => {
    before(async () => {
      const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', keys.publicKey);
      await server.configure({
        tenant: { pushed_authorization_requests_supported: true },
        clients: {
          [web.client_id]: {
            grant_types: ['authorization_code', 'implicit', 'refresh_token', 'client_credentials'],
            token_endpoint_auth_method: 'private_key_jwt',
            jwks: { keys: [{ kty, crv, x, y, kid, alg: 'ES256', use: 'sig' }] },
          },
        },
        apis: { [server.audience]: { proof_of_possession: { mechanism: 'dpop', required: false } } },
      });
    });

    const assertion = client.PrivateKeyJwt({ key: keys.privateKey, kid });

    test('a pushed request for an API, with tokens that are bound', () =>
      loginWithProofs(web, assertion, { pushed: true, audience: server.audience, scope: 'openid email offline_access appointments' }));

    test('client credentials and revocation', async () => {
      const config = await discover(web, assertion);
      await assert.rejects(
        client.clientCredentialsGrant(config, { audience: 'urn:nobody' }),
        (error) => error.error === 'access_denied',
        'authenticated, but there is no such API',
      );
      await client.tokenRevocation(config, 'unknown');
      const forged = await discover(web, client.PrivateKeyJwt({ key: (await generateKeys()).privateKey, kid }));
      await assert.rejects(client.tokenRevocation(forged, 'unknown'), (error) => error.error === 'invalid_client');
    });

    test('hybrid: code id_token by form_post, with its hashes', async () => {
      const config = await discover(web, assertion);
      client.useCodeIdTokenResponseType(config);
      const checks = { pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: client.randomState(), expectedNonce: client.randomNonce() };
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: callbackUrl,
        scope: 'openid email',
        state: checks.expectedState,
        nonce: checks.expectedNonce,
        response_mode: 'form_post',
        code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
        code_challenge_method: 'S256',
        screen_hint: 'signup',
      });
      const { method, params } = await visit(url, newPerson());
      assert.equal(method, 'POST');
      const current = new Request(callbackUrl, { method: 'POST', body: new URLSearchParams(params) });
      const tokens = await client.authorizationCodeGrant(config, current, { ...checks, idTokenExpected: true });
      assert.ok(tokens.claims().sub);
    });
  });
});
