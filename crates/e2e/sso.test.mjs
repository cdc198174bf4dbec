// One login for two applications, and the parameters by which an application asks for more (or for no) interaction:
// prompt and max_age, the session's idle and absolute ends, logout.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { newPage } from './support/browser.mjs';
import { appUrl } from './support/callback.mjs';
import { authorizationRequest, authorize, claims, exchangeCode, signUp } from './support/flow.mjs';
import { engine } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const hours = 3600;

const { server, browser, callbacks, end } = await openStage();

describe(`single sign-on on ${engine}`, () => {
  after(end);

  const first = server.application('regular_web');
  const second = server.application('native');

  /** Runs `body(page, visit)` in a new browser; `visit(application, params)` is one trip through /authorize. */
  async function inBrowser(body) {
    const { page, close } = await newPage(browser);
    await body(page, (application, params) => authorize(page, server, callbacks, application, params));
    assert.deepEqual(callbacks.unexpected(), []);
    await close();
  }

  async function idToken(application, visit) {
    const { status, body } = await exchangeCode(server, application, visit);
    assert.equal(status, 200, JSON.stringify(body));
    return claims(body.id_token);
  }

  test('the second application asks for consent but not for a password, and the next visits for nothing', () =>
    inBrowser(async (page, visit) => {
      const login = await signUp(page, server, callbacks, first);
      assert.deepEqual(login.shown, ['/u/signup', '/u/consent']);
      const other = await visit(second);
      assert.deepEqual(other.shown, ['/u/consent']);
      assert.deepEqual((await visit(second)).shown, []);
      assert.deepEqual((await visit(first)).shown, []);

      const [one, two] = [await idToken(first, login), await idToken(second, other)];
      assert.equal(one.sub, two.sub);
      assert.equal(one.sid, two.sid);
    }));

  test('prompt=none without a session, with a session but no consent, and with both', () =>
    inBrowser(async (page, visit) => {
      const nobody = await visit(first, { prompt: 'none' });
      assert.deepEqual([nobody.params.error, nobody.params.error_description], ['login_required', 'Login required']);

      await signUp(page, server, callbacks, first);
      const silent = await visit(first, { prompt: 'none' });
      assert.deepEqual(silent.shown, []);
      assert.ok(silent.params.code);

      const other = await visit(second, { prompt: 'none' });
      assert.deepEqual([other.params.error, other.params.error_description], ['consent_required', 'Consent required']);
    }));

  test('prompt=login asks again and moves auth_time', () =>
    inBrowser(async (page, visit) => {
      const before = await idToken(first, await visit(first, { prompt: 'login' }));
      await server.advance(60);
      const again = await visit(first, { prompt: 'login' });
      assert.deepEqual(again.shown, ['/u/login']);
      const moved = (await idToken(first, again)).auth_time - before.auth_time;
      assert.ok(moved >= 60, `auth_time moved by ${moved} s`);
    }));

  test('prompt=consent asks for consent that was given before', () =>
    inBrowser(async (page, visit) => {
      await signUp(page, server, callbacks, first);
      assert.deepEqual((await visit(first, { prompt: 'consent' })).shown, ['/u/consent']);
    }));

  test('max_age asks again only when the login is older', () =>
    inBrowser(async (page, visit) => {
      await visit(first, { prompt: 'login' });
      await server.advance(600);
      assert.deepEqual((await visit(first, { max_age: '3600' })).shown, []);
      const again = await visit(first, { max_age: '300' });
      assert.deepEqual(again.shown, ['/u/login']);
      assert.equal(typeof (await idToken(first, again)).auth_time, 'number');
      assert.deepEqual((await visit(first, { max_age: '300' })).shown, []);
      assert.deepEqual((await visit(first, { max_age: '0' })).shown, ['/u/login']);
    }));

  test('more scopes than were granted ask for consent again, fewer do not', () =>
    inBrowser(async (page, visit) => {
      await signUp(page, server, callbacks, first, { scope: 'openid appointments' });
      assert.deepEqual((await visit(first, { scope: 'openid appointments contacts' })).shown, ['/u/consent']);
      assert.deepEqual((await visit(first, { scope: 'openid contacts' })).shown, []);
    }));

  test('the session ends after three days without use', () =>
    inBrowser(async (page, visit) => {
      await visit(first);
      await server.advance(71 * hours);
      assert.deepEqual((await visit(first)).shown, []);
      await server.advance(73 * hours);
      assert.deepEqual((await visit(first)).shown, ['/u/login']);
    }));

  test('the session ends seven days after the login, used or not', () =>
    inBrowser(async (page, visit) => {
      await visit(first);
      for (const day of [2, 4, 6]) {
        await server.advance(48 * hours);
        assert.deepEqual((await visit(first)).shown, [], `day ${day}`);
      }
      await server.advance(25 * hours);
      assert.deepEqual((await visit(first)).shown, ['/u/login']);
    }));

  test('/v2/logout ends the session of all applications and returns to the one that asked', () =>
    inBrowser(async (page, visit) => {
      await visit(first);
      await visit(second);
      await page.goto(`${server.url}/v2/logout?${new URLSearchParams({ client_id: first.client_id, returnTo: appUrl })}`);
      assert.equal((await callbacks.next()).path, '/');
      assert.deepEqual((await visit(second)).shown, ['/u/login']);
    }));

  test('/oidc/logout without a hint asks first; no keeps the session, yes ends it', () =>
    inBrowser(async (page, visit) => {
      await visit(first);
      for (const [answer, shown] of [['deny', []], ['accept', ['/u/login']]]) {
        await page.goto(`${server.url}/oidc/logout`);
        assert.equal(new URL(page.url()).pathname, '/u/logout');
        await page.locator(`button[name=action][value=${answer}]`).click();
        await page.waitForLoadState();
        assert.deepEqual((await visit(first)).shown, shown, answer);
      }
    }));

  test('an application whose request is wrong is told so without a login', () =>
    inBrowser(async (page) => {
      const request = authorizationRequest(server, first, { audience: 'unknown:api' });
      await page.goto(request.url);
      const { params } = await callbacks.next();
      assert.deepEqual(params, { error: 'access_denied', error_description: 'Service not found: unknown:api', state: request.state });
    }));
});
