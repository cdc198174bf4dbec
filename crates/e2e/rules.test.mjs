// Rules and Actions, made with Auth0's own ManagementClient, in logins of openid-client against the built binary: its workers are
// the binary itself.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import * as client from 'openid-client';
import { newPage } from './support/browser.mjs';
import { callbackUrl } from './support/callback.mjs';
import { allScopes, newPerson, passPages } from './support/flow.mjs';
import { managementClient } from './support/management.mjs';
import { engine } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const { server, browser, callbacks, end } = await openStage();
const api = managementClient(server);

// The rule of the tutorial, as it is written there.
const tutorial = `function(user, context, callback) {

  // add custom claims to Access Token and ID Token
  context.accessToken['http://foo/bar'] = 'value';
  context.idToken['http://fiz/baz'] = 'some other value';

  // change scope
  context.accessToken.scope = ['array', 'of', 'strings'];

  callback(null, user, context);
}`;

const payload = (jwt) => JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url'));

describe(`Rules and Actions on ${engine}`, () => {
  after(end);

  const application = server.application('regular_web');
  const discovered = client.discovery(
    new URL(server.url),
    application.client_id,
    undefined,
    client.ClientSecretPost(application.client_secret),
    { [client.customFetch]: server.fetch },
  );

  async function logIn(page, person, params = {}) {
    const config = await discovered;
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
    if (params.prompt !== 'none') await passPages(page, server, person);
    const arrival = await callbacks.next();
    const current = new URL(callbackUrl);
    current.search = new URLSearchParams(arrival.params).toString();
    return client.authorizationCodeGrant(config, current, { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true });
  }

  test('SB-05: the rule of the tutorial changes tokens, and a denial holds for session and refresh', async () => {
    const config = await discovered;
    const rule = await api.rules.create({ name: 'tutorial', script: tutorial });
    const person = newPerson();
    const { page, close } = await newPage(browser);

    const tokens = await logIn(page, person, { screen_hint: 'signup' });
    assert.equal(tokens.claims()['http://fiz/baz'], 'some other value');
    assert.equal(tokens.scope, 'array of strings');
    const access = payload(tokens.access_token);
    assert.equal(access['http://foo/bar'], 'value');
    assert.equal(access.scope, 'array of strings');
    const profile = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    assert.equal(profile['http://fiz/baz'], 'some other value');

    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
    assert.equal(payload(refreshed.access_token)['http://foo/bar'], 'value');

    const script = "function (user, context, callback) { callback(new UnauthorizedError('Not today')); }";
    await api.rules.update(rule.id, { script });
    for (const attempt of [
      () => logIn(page, person, { prompt: 'none' }),
      () => client.refreshTokenGrant(config, refreshed.refresh_token ?? tokens.refresh_token),
    ]) {
      await assert.rejects(attempt, (error) => {
        assert.equal(error.error, 'unauthorized');
        assert.equal(error.error_description, 'Not today');
        return true;
      });
    }

    await api.rules.delete(rule.id);
    assert.equal((await logIn(page, person, { prompt: 'none' })).claims()['http://fiz/baz'], undefined);
    await close();
  });

  test('an action asks the API of its own tenant, and the console is in the log', async () => {
    const code = `
      exports.onExecutePostLogin = async (event, api) => {
        console.log('login of', event.user.email, event.secrets.GREETING);
        const answer = await fetch('${server.url}/.well-known/openid-configuration');
        const { issuer } = await answer.json();
        api.idToken.setCustomClaim('greeting', event.secrets.GREETING + ' from ' + issuer);
      };`;
    const action = await api.actions.create({
      name: 'greeting',
      supported_triggers: [{ id: 'post-login', version: 'v3' }],
      code,
      secrets: [{ name: 'GREETING', value: 'good morning' }],
    });
    await api.actions.deploy(action.id);
    await api.actions.triggers.bindings.updateMany('post-login', { bindings: [{ ref: { type: 'action_id', value: action.id } }] });
    const person = newPerson();
    const { page, close } = await newPage(browser);
    const tokens = await logIn(page, person, { screen_hint: 'signup' });
    assert.equal(tokens.claims().greeting, `good morning from ${server.url}/`);
    const logs = [];
    for await (const entry of await api.logs.list({ search: 'type:script_output' })) logs.push(entry);
    assert.deepEqual(
      logs.map((entry) => entry.details.console[0].text),
      [`login of ${person.email} [secret]`],
    );
    await api.actions.triggers.bindings.updateMany('post-login', { bindings: [] });
    await close();
  });
});
