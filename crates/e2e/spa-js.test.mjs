// @auth0/auth0-spa-js in Chromium: login by redirect and by popup, silent login in an iframe, rotating refresh tokens in the
// SDK's worker, logout. The SDK checks state, nonce, signature claims and times by itself.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { newPage } from './support/browser.mjs';
import { newPerson, passPages } from './support/flow.mjs';
import { listenHttps } from './support/https.mjs';
import { engine } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const sdk = readFileSync(createRequire(import.meta.url).resolve('@auth0/auth0-spa-js/dist/auth0-spa-js.production.js'));

const html = '<!doctype html><html lang="en"><title>App</title><script src="/auth0.js"></script><h1>App</h1></html>';

const { server, browser, end } = await openStage({ configurable: true, callbacks: false });

describe(`auth0-spa-js on ${engine}`, () => {
  const application = server.application('spa');
  let app;
  let stranger;

  before(async () => {
    const serve = (request, response) => {
      const script = request.url === '/auth0.js';
      response.writeHead(200, { 'content-type': script ? 'text/javascript' : 'text/html; charset=utf-8' });
      response.end(script ? sdk : html);
    };
    app = await listenHttps(server, serve);
    stranger = await listenHttps(server, serve);
    await server.configure({
      clients: {
        [application.client_id]: { callbacks: [`${app.origin}/callback`, app.origin], web_origins: [app.origin], allowed_logout_urls: [app.origin] },
      },
    });
  });

  after(async () => {
    await app?.close();
    await stranger?.close();
    await end();
  });

  /** Puts an SDK client into the page as `window.client`. */
  function createClient(page, options = {}) {
    const parameters = { redirect_uri: `${app.origin}/callback`, ...options.authorizationParams };
    return page.evaluate(async ([domain, clientId, rest, authorizationParams]) => {
      window.client = new window.auth0.Auth0Client({ domain, clientId, ...rest, authorizationParams });
    }, [server.domain, application.client_id, options, parameters]);
  }

  /** Login by redirect, of the seeded user unless somebody new signs up. */
  async function logIn(page, options = {}, { newcomer } = {}) {
    await page.goto(app.origin);
    await createClient(page, options);
    const authorizationParams = newcomer ? { screen_hint: 'signup' } : {};
    await Promise.all([
      page.waitForURL((url) => url.origin !== app.origin),
      page.evaluate((params) => window.client.loginWithRedirect({ authorizationParams: params }), authorizationParams),
    ]);
    await passPages(page, server, newcomer ?? server.user);
    assert.equal(new URL(page.url()).pathname, '/callback');
    await createClient(page, options);
    return page.evaluate(async () => {
      await window.client.handleRedirectCallback();
      return window.client.getUser();
    });
  }

  test('redirect, then silently in an iframe', async () => {
    const { page, close } = await newPage(browser);
    const options = { authorizationParams: { audience: server.audience, scope: 'openid profile email' } };
    const person = newPerson();
    const user = await logIn(page, options, { newcomer: person });
    assert.equal(user.email, person.email);

    // A fresh page: nothing is left of the tokens, the session is in the server's cookie.
    await page.goto(app.origin);
    await createClient(page, options);
    const silent = await page.evaluate(async () => {
      const token = await window.client.getTokenSilently({ detailedResponse: true });
      return { token, user: await window.client.getUser() };
    });
    assert.equal(silent.user.sub, user.sub);
    assert.equal(silent.token.access_token.split('.').length, 3, 'a JWT for the API');
    await close();
  });

  test('rotating refresh tokens in the worker', async () => {
    const { page, close } = await newPage(browser);
    const exchanges = [];
    page.context().on('request', (request) => {
      if (request.url().endsWith('/oauth/token')) exchanges.push(request);
    });
    const options = { useRefreshTokens: true, authorizationParams: { audience: server.audience, scope: 'openid profile email offline_access' } };
    await logIn(page, options);
    const tokens = await page.evaluate(async () => {
      const fresh = () => window.client.getTokenSilently({ cacheMode: 'off', detailedResponse: true });
      // One after the other, and then three at once, as the components of a page do it.
      const first = await fresh();
      const second = await fresh();
      const together = await Promise.all([fresh(), fresh(), fresh()]);
      return [first, second, ...together].map(({ access_token, refresh_token }) => ({ access_token, refresh_token }));
    });
    assert.equal(tokens.length, 5);
    assert.ok(tokens.every(({ access_token }) => access_token.split('.').length === 3));
    assert.ok(tokens.every(({ refresh_token }) => refresh_token === undefined), 'the worker keeps them to itself');
    assert.ok(exchanges.length >= 3, 'code, refresh, refresh, …');
    await close();
  });

  test('popup', async () => {
    const { page, context, close } = await newPage(browser);
    await page.goto(app.origin);
    await createClient(page, { authorizationParams: { scope: 'openid email' } });
    // A person's click opens the window; the answer comes back from it by web_message.
    await page.evaluate(() => {
      const button = document.createElement('button');
      button.textContent = 'Log in';
      button.onclick = () => {
        window.finished = window.client.loginWithPopup().then(() => window.client.getUser(), (error) => ({ error: String(error) }));
      };
      document.body.append(button);
    });
    const [popup] = await Promise.all([context.waitForEvent('page'), page.click('button')]);
    await popup.waitForURL((url) => url.pathname === '/u/login');
    await popup.fill('input[name=username]', server.user.email);
    await popup.fill('input[name=password]', server.user.password);
    await popup.locator('form:has(input[name=password]) button[type=submit]').click();
    await popup.locator('button[name=action][value=accept]').click();
    const user = await page.evaluate(() => window.finished);
    assert.equal(user.email, server.user.email);
    await close();
  });

  test('logout ends the session, and silence says so', async () => {
    const { page, close } = await newPage(browser);
    await logIn(page);
    const arrived = page.waitForURL((url) => url.origin === app.origin && url.pathname === '/');
    await page.evaluate((returnTo) => window.client.logout({ logoutParams: { returnTo } }), app.origin);
    await arrived;
    await createClient(page);
    const error = await page.evaluate(() => window.client.getTokenSilently().catch(({ error }) => error));
    assert.equal(error, 'login_required');
    await close();
  });

  test('RU-08 an origin that is not registered gets no message', async () => {
    const { page, context } = await newPage(browser);
    await logIn(page);
    await page.goto(stranger.origin);
    const query = new URLSearchParams({
      client_id: application.client_id, redirect_uri: `${app.origin}/callback`, response_type: 'code', response_mode: 'web_message',
      prompt: 'none', scope: 'openid', state: 's', code_challenge: 'c'.repeat(43), code_challenge_method: 'S256',
    });
    const messages = await page.evaluate(async (source) => {
      const received = [];
      window.addEventListener('message', ({ data }) => received.push(data));
      const frame = document.createElement('iframe');
      const loaded = new Promise((resolve) => { frame.onload = resolve; });
      frame.src = source;
      document.body.append(frame);
      await loaded;
      // Whatever was posted by the frame is delivered before a message that this page posts to itself now.
      await new Promise((resolve) => {
        window.addEventListener('message', ({ data }) => data === 'last' && resolve());
        window.postMessage('last', '*');
      });
      return received.filter((data) => data !== 'last');
    }, `${server.url}/authorize?${query}`);
    assert.deepEqual(messages, []);
    await context.close();
  });
});
