// Auth0's own SDK for Node (its AuthenticationClient): it prefixes https:// to the domain, checks the ID token itself
// and revokes with a JSON body; and the JSON of SDKs that send null for what they were not given.
import assert from 'node:assert/strict';
import { globalAgent } from 'node:https';
import { after, describe, test } from 'node:test';
import { AuthenticationClient, UserInfoClient } from 'auth0/legacy';
import { newPage } from './support/browser.mjs';
import { callbackUrl } from './support/callback.mjs';
import { claims, newPerson, pkce, refresh, signUp } from './support/flow.mjs';
import { engine } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const { server, browser, callbacks, end } = await openStage();
// The SDK fetches the keys with the process's own agent, whose trust an application extends by NODE_EXTRA_CA_CERTS.
globalAgent.options.ca = server.caText;

describe(`Auth0's Node SDK on ${engine}`, () => {
  after(end);

  function sdk({ client_id, client_secret }) {
    const options = { domain: server.domain, clientId: client_id, clientSecret: client_secret, fetch: server.fetch };
    return { oauth: new AuthenticationClient(options).oauth, users: new UserInfoClient(options) };
  }

  async function logIn(application, person, params) {
    const { page, close } = await newPage(browser);
    const login = await signUp(page, server, callbacks, application, { person, ...params });
    await close();
    return login;
  }

  test('code, userinfo, refresh and revocation of a regular web app', async () => {
    const application = server.application('regular_web');
    const { oauth, users } = sdk(application);
    const person = newPerson();
    const { params } = await logIn(application, person, { nonce: 'n-1' });

    const { data: tokens } = await oauth.authorizationCodeGrant(
      { code: params.code, redirect_uri: callbackUrl },
      { idTokenValidateOptions: { nonce: 'n-1' } },
    );
    const { data: profile } = await users.getUserInfo(tokens.access_token);
    assert.equal(profile.email, person.email);

    const { data: refreshed } = await oauth.refreshTokenGrant({ refresh_token: tokens.refresh_token });
    assert.equal(claims(refreshed.id_token).sub, claims(tokens.id_token).sub);

    await oauth.revokeRefreshToken({ token: tokens.refresh_token });
    await assert.rejects(oauth.refreshTokenGrant({ refresh_token: tokens.refresh_token }), (error) => {
      assert.equal(error.statusCode, 403);
      assert.equal(error.error, 'invalid_grant');
      return true;
    });
  });

  test('code with PKCE and secret', async () => {
    const application = server.application('regular_web');
    const { verifier, challenge } = pkce();
    const { params } = await logIn(application, newPerson(), { code_challenge: challenge, code_challenge_method: 'S256' });
    const { data: tokens } = await sdk(application).oauth.authorizationCodeGrantWithPKCE({
      code: params.code,
      code_verifier: verifier,
      redirect_uri: callbackUrl,
    });
    assert.ok(tokens.refresh_token);
  });

  test('client credentials', async () => {
    const { oauth } = sdk(server.application('non_interactive'));
    const { data: tokens } = await oauth.clientCredentialsGrant({ audience: server.audience });
    assert.deepEqual(tokens.scope.split(' ').sort(), ['appointments', 'contacts', 'read:contacts']);
    assert.equal(tokens.refresh_token, undefined);
  });

  test('JSON null means that a parameter is absent', async () => {
    const application = server.application('regular_web');
    const { params } = await logIn(application, newPerson());
    const nothing = { scope: null, audience: null, organization: null, code_verifier: null };
    const { client_id, client_secret } = application;
    const exchange = await server.postJson('/oauth/token', {
      grant_type: 'authorization_code', client_id, client_secret, code: params.code, redirect_uri: callbackUrl, ...nothing,
    });
    assert.equal(exchange.status, 200, JSON.stringify(exchange.body));
    const again = await server.postJson('/oauth/token', {
      grant_type: 'refresh_token', client_id, client_secret, refresh_token: exchange.body.refresh_token, ...nothing,
    });
    assert.equal(again.status, 200, JSON.stringify(again.body));
    assert.equal(again.body.scope, exchange.body.scope);
    assert.equal((await refresh(server, application, exchange.body.refresh_token)).status, 200);
  });

  test('userinfo takes the token as a query parameter, as passport-auth0 sends it', async () => {
    const application = server.application('regular_web');
    const { oauth } = sdk(application);
    const { params } = await logIn(application, newPerson());
    const { data: tokens } = await oauth.authorizationCodeGrant({ code: params.code, redirect_uri: callbackUrl });
    const { status, body } = await server.request(`/userinfo?access_token=${tokens.access_token}`);
    assert.equal(status, 200);
    assert.equal(body.sub, claims(tokens.id_token).sub);
  });
});
