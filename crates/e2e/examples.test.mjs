// Both examples as their README starts them, driven by a browser: login, consent, profile, call of the API, refresh,
// logout; and the API's answers to tokens that it must refuse.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { assertNoHorizontalOverflow, newPage, phone, screenshot } from './support/browser.mjs';
import { requireFreePort } from './support/callback.mjs';
import { answerConsent, authorizationRequest, clickAway, fillLogin, newPerson, passPages, submitButton } from './support/flow.mjs';
import { startProgram } from './support/program.mjs';
import { engine } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const webApp = 'http://localhost:3000';
const api = 'http://localhost:3001';

const { server, browser, end } = await openStage({ callbacks: false });

describe(`examples on ${engine}`, () => {
  let examples;

  before(async () => {
    await requireFreePort(3000);
    await requireFreePort(3001);
    examples = await startProgram('examples/start.mjs', { KEYWRIGHT_JSON: JSON.stringify(server.description) }, [webApp, api]);
  });

  after(async () => {
    await examples?.stop();
    await end();
  });

  const path = (page) => new URL(page.url()).pathname;
  const follow = (page, name) => clickAway(page, page.getByRole('link', { name, exact: true }).first());
  const tokenEnd = (page) => page.locator('.token-end').innerText();

  test('login, consent, profile, appointments, refresh, logout', async () => {
    const { page, close } = await newPage(browser);
    await page.goto(webApp);
    await follow(page, 'Log in');
    assert.equal(path(page), '/u/login');
    await fillLogin(page, server.user);
    await clickAway(page, submitButton(page));

    assert.equal(path(page), '/u/consent');
    const consent = await page.locator('body').innerText();
    assert.ok(consent.includes(server.application('regular_web').name), 'the consent page names the application');
    await answerConsent(page, 'accept');
    assert.equal(page.url(), `${webApp}/`);

    await follow(page, 'Profile');
    assert.match(await page.locator('main').innerText(), new RegExp(server.user.email.replaceAll('.', '\\.')));
    assert.match(await page.locator('table').innerText(), /sub\s+auth0\|/);

    await follow(page, 'Appointments');
    assert.equal(await page.locator('.status').innerText(), '200');
    assert.equal(await page.locator('.appointments li').count(), 3);

    // Two tokens of one second are the same token: the server's clock makes the second one a later one.
    const before = await tokenEnd(page);
    await server.advance(2);
    await Promise.all([
      page.waitForResponse((response) => response.url() === `${webApp}/appointments` && response.status() === 200),
      page.getByRole('button', { name: 'Refresh the token' }).click(),
    ]);
    await page.waitForLoadState();
    assert.notEqual(await tokenEnd(page), before);
    assert.equal(await page.locator('.status').innerText(), '200');

    await follow(page, 'Log out');
    assert.equal(page.url(), `${webApp}/`);
    assert.equal(await page.getByRole('link', { name: 'Log out' }).count(), 0);

    // The session at the identity provider has ended too. The consent is remembered.
    await follow(page, 'Log in');
    assert.equal(path(page), '/u/login');
    assert.deepEqual(await passPages(page, server, server.user), ['/u/login']);
    assert.equal(page.url(), `${webApp}/`);
    await close();
  });

  test('a new person signs up, declines, and then agrees', async () => {
    const { page, close } = await newPage(browser);
    const person = newPerson();
    await page.goto(webApp);
    await follow(page, 'Sign up');
    assert.equal(path(page), '/u/signup');
    await page.fill('input[name=email]', person.email);
    await page.fill('input[name=password]', person.password);
    await clickAway(page, submitButton(page));
    await answerConsent(page, 'deny');
    assert.equal(path(page), '/callback');
    assert.equal(await page.locator('.error').innerText(), 'access_denied');
    assert.match(await page.locator('main').innerText(), /User did not authorize the request/);

    await follow(page, 'Try again');
    assert.deepEqual(await passPages(page, server, person), ['/u/consent']);
    await follow(page, 'Profile');
    assert.match(await page.locator('main').innerText(), new RegExp(person.email.replaceAll('.', '\\.')));
    await close();
  });

  test('the pages fit a phone, light and dark', async () => {
    for (const colorScheme of ['light', 'dark']) {
      const { page, close } = await newPage(browser, { viewport: phone, colorScheme });
      await page.goto(webApp);
      await screenshot(page, `example-home-${colorScheme}`);
      await assertNoHorizontalOverflow(page, 'home');
      await follow(page, 'Log in');
      await passPages(page, server, server.user);
      for (const name of ['', 'profile', 'appointments']) {
        await page.goto(`${webApp}/${name}`);
        await screenshot(page, `example-${name || 'hello'}-${colorScheme}`);
        await assertNoHorizontalOverflow(page, name);
      }
      await close();
    }
  });

  async function callApi(route, token) {
    const response = await fetch(`${api}${route}`, { headers: token ? { authorization: `Bearer ${token}` } : {} });
    return { status: response.status, challenge: response.headers.get('www-authenticate'), body: await response.json() };
  }

  /** An access token of another application of the same callback URL, for some audience and scopes. */
  async function accessToken(params) {
    const { page, close } = await newPage(browser);
    const application = server.application('native');
    const request = authorizationRequest(server, application, params);
    // The example refuses a login that it did not begin; the code in the redirect is still unused.
    let code;
    page.on('request', (sent) => {
      if (sent.url().startsWith(`${webApp}/callback?`)) code = new URL(sent.url()).searchParams.get('code');
    });
    await page.goto(request.url);
    await passPages(page, server, server.user);
    await close();
    const { status, body } = await server.postForm('/oauth/token', {
      grant_type: 'authorization_code',
      client_id: application.client_id,
      code,
      code_verifier: request.verifier,
      redirect_uri: `${webApp}/callback`,
    });
    assert.equal(status, 200, JSON.stringify(body));
    return body.access_token;
  }

  test('the API checks token, audience and scope', async () => {
    const none = await callApi('/api');
    assert.equal(none.status, 401);
    assert.match(none.challenge, /^Bearer/);

    const forged = await callApi('/api', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.');
    assert.equal(forged.status, 401);
    assert.match(forged.challenge, /invalid_token/);

    const opaque = await callApi('/api', await accessToken({ audience: undefined, scope: 'openid' }));
    assert.equal(opaque.status, 401);
    assert.match(opaque.challenge, /invalid_token/);

    const { client_id, client_secret } = server.description.management;
    const management = await server.postJson('/oauth/token', { grant_type: 'client_credentials', client_id, client_secret, audience: `${server.url}/api/v2/` });
    const otherAudience = await callApi('/api', management.body.access_token);
    assert.equal(otherAudience.status, 401);
    assert.match(otherAudience.challenge, /invalid_token/);

    const contactsOnly = await accessToken({ scope: 'openid contacts' });
    assert.equal((await callApi('/api/contacts', contactsOnly)).status, 200);
    const refused = await callApi('/api/appointments', contactsOnly);
    assert.equal(refused.status, 403);
    assert.match(refused.challenge, /insufficient_scope/);
  });
});
