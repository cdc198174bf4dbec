// Two people at two browsers: nothing of one's login reaches the other, and a link out of one browser's login is
// useless in the other.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { newPage } from './support/browser.mjs';
import { authorizationRequest, authorize, claims, clickAway, exchangeCode, fillLogin, passPages, signUp, submitButton } from './support/flow.mjs';
import { engine } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const { server, browser, callbacks, end } = await openStage();

describe(`two browsers on ${engine}`, () => {
  after(end);

  const application = server.application('regular_web');

  async function inTwoBrowsers(body) {
    const [ann, bob] = await Promise.all([newPage(browser), newPage(browser)]);
    await body(ann.page, bob.page);
    assert.deepEqual(callbacks.unexpected(), []);
    await Promise.all([ann.close(), bob.close()]);
  }

  /** A page of somebody else's login offers nothing to fill in or to press. */
  async function assertUseless(page, url) {
    const response = await page.goto(url);
    assert.equal(response.status(), 400);
    assert.equal(await page.locator('input[name=password], button[name=action]').count(), 0);
    assert.match(await page.locator('body').innerText(), /couldn.t find your session/);
  }

  test('a session in one browser is none in the other, and each person gets their own identity', () =>
    inTwoBrowsers(async (ann, bob) => {
      const annsLogin = await signUp(ann, server, callbacks, application);
      await bob.goto(authorizationRequest(server, application).url);
      assert.equal(new URL(bob.url()).pathname, '/u/login');
      const bobsLogin = await signUp(bob, server, callbacks, application);

      const identities = [];
      for (const login of [annsLogin, bobsLogin]) {
        const { body } = await exchangeCode(server, application, login);
        identities.push(claims(body.id_token));
      }
      const [annsIdentity, bobsIdentity] = identities;
      assert.notEqual(annsIdentity.sub, bobsIdentity.sub);
      assert.notEqual(annsIdentity.sid, bobsIdentity.sid);

      // Both stay who they are.
      for (const [page, identity] of [[ann, annsIdentity], [bob, bobsIdentity]]) {
        const again = await authorize(page, server, callbacks, application);
        assert.deepEqual(again.shown, []);
        const { body } = await exchangeCode(server, application, again);
        assert.equal(claims(body.id_token).sub, identity.sub);
      }
    }));

  test('the link to a login page works only in the browser that began the login', () =>
    inTwoBrowsers(async (ann, bob) => {
      await ann.goto(authorizationRequest(server, application).url);
      await assertUseless(bob, ann.url());
      // And it still works where it belongs.
      await passPages(ann, server, server.user);
      assert.ok((await callbacks.next()).params.code);
    }));

  test('the link to a consent page works only in the browser of the person who logged in', () =>
    inTwoBrowsers(async (ann, bob) => {
      await signUp(bob, server, callbacks, application);
      await ann.goto(authorizationRequest(server, application, { prompt: 'consent' }).url);
      await fillLogin(ann, server.user);
      await clickAway(ann, submitButton(ann));
      assert.equal(new URL(ann.url()).pathname, '/u/consent');
      await assertUseless(bob, ann.url());
      await assertUseless(bob, ann.url().replace('/u/consent', '/authorize/resume'));
      await passPages(ann, server, server.user);
      assert.ok((await callbacks.next()).params.code);
    }));

  test('logging out in one browser leaves the other logged in', () =>
    inTwoBrowsers(async (ann, bob) => {
      await authorize(ann, server, callbacks, application);
      await authorize(bob, server, callbacks, application);
      await ann.goto(`${server.url}/v2/logout`);
      assert.equal(await ann.locator('body').innerText(), 'OK');
      assert.deepEqual((await authorize(bob, server, callbacks, application)).shown, []);
      assert.deepEqual((await authorize(ann, server, callbacks, application)).shown, ['/u/login']);
    }));
});
