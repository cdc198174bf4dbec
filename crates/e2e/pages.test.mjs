// Every page as a person sees it: on a phone and on a desktop, light and dark, without JavaScript, by keyboard.
// The screenshots are in target/screenshots.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { assertNoHorizontalOverflow, desktop, newPage, phone, screenshot } from './support/browser.mjs';
import { appUrl } from './support/callback.mjs';
import { authorizationRequest, authorize, clickAway, fillLogin, newPerson, passPages, signUp, submitButton } from './support/flow.mjs';
import { engine } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const { server, browser, callbacks, end } = await openStage();

describe(`pages on ${engine}`, () => {
  after(end);

  const application = server.application('regular_web');

  const begin = (page, params) => page.goto(authorizationRequest(server, application, params).url);

  /** Brings `page` to the page of that name, and says what its status must be. */
  const ways = {
    login: { status: 200, go: (page) => begin(page) },
    'login-refused': {
      status: 400,
      async go(page) {
        await begin(page);
        await fillLogin(page, { ...server.user, password: 'not the password' });
        const [response] = await Promise.all([page.waitForResponse((answer) => answer.request().method() === 'POST'), submitButton(page).click()]);
        await page.waitForLoadState();
        return response;
      },
    },
    signup: { status: 200, go: (page) => begin(page, { screen_hint: 'signup' }) },
    consent: {
      status: 200,
      async go(page) {
        await begin(page, { prompt: 'consent', scope: 'openid profile email offline_access appointments contacts read:contacts' });
        await fillLogin(page, server.user);
        await clickAway(page, submitButton(page));
      },
    },
    logout: {
      status: 200,
      async go(page) {
        await authorize(page, server, callbacks, application);
        return page.goto(`${server.url}/oidc/logout`);
      },
    },
    'logged-out': {
      status: 200,
      async go(page) {
        await authorize(page, server, callbacks, application);
        await page.goto(`${server.url}/oidc/logout`);
        await page.locator('button[name=action][value=accept]').click();
        await page.waitForLoadState();
      },
    },
    error: { status: 400, go: (page) => begin(page, { redirect_uri: `${appUrl}/not-registered` }) },
  };

  const looks = [
    { name: 'phone', viewport: phone, colorScheme: 'light' },
    { name: 'phone-dark', viewport: phone, colorScheme: 'dark' },
    { name: 'desktop', viewport: desktop, colorScheme: 'light' },
    { name: 'desktop-dark', viewport: desktop, colorScheme: 'dark' },
  ];

  for (const [name, { status, go }] of Object.entries(ways)) {
    test(`${name}: fits the window in light and dark, is titled and labelled`, async () => {
      const grounds = {};
      for (const look of looks) {
        const { page, close } = await newPage(browser, { viewport: look.viewport, colorScheme: look.colorScheme });
        const response = await go(page);
        if (response) assert.equal(response.status(), status);
        await screenshot(page, `${name}-${look.name}`);
        await assertNoHorizontalOverflow(page, `${name} (${look.name})`);
        assert.notEqual(await page.title(), '');
        assert.equal(await page.locator('h1').count(), 1, 'one h1');
        assert.ok(await page.locator('html').getAttribute('lang'), 'lang');
        for (const input of await page.locator('input:not([type=hidden], [hidden])').all()) {
          const labels = await input.evaluate((element) => element.labels.length || element.getAttribute('aria-label'));
          assert.ok(labels, `${await input.getAttribute('name')} has no label`);
        }
        const colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        (grounds[look.colorScheme] ??= new Set()).add(colour);
        await close();
      }
      assert.notDeepEqual([...grounds.light], [...grounds.dark], 'dark mode has its own ground');
    });
  }

  test('without JavaScript a person signs up, logs out, logs in and consents', async () => {
    const { page, close } = await newPage(browser, { javaScriptEnabled: false });
    const person = newPerson();
    assert.deepEqual((await signUp(page, server, callbacks, application, { person })).shown, ['/u/signup', '/u/consent']);
    await page.goto(`${server.url}/v2/logout`);
    assert.deepEqual((await authorize(page, server, callbacks, application, { person, prompt: 'consent' })).shown, ['/u/login', '/u/consent']);
    await close();
  });

  test('by keyboard alone a person logs in', async () => {
    const { page, close } = await newPage(browser);
    await begin(page, { prompt: 'login' });
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('name'));
    for (let tabs = 0; (await focused()) !== 'username'; tabs += 1) {
      assert.ok(tabs < 10, 'the username cannot be reached by the tab key');
      await page.keyboard.press('Tab');
    }
    await page.keyboard.type(server.user.email);
    for (let tabs = 0; (await focused()) !== 'password'; tabs += 1) {
      assert.ok(tabs < 5, 'the password cannot be reached by the tab key');
      await page.keyboard.press('Tab');
    }
    await page.keyboard.type(server.user.password);
    const before = page.url();
    await Promise.all([page.waitForURL((url) => url.href !== before), page.keyboard.press('Enter')]);
    await passPages(page, server, server.user);
    assert.ok((await callbacks.next()).params.code);
    await close();
  });

  test('login_hint fills the username in', async () => {
    const { page, close } = await newPage(browser);
    await begin(page, { login_hint: 'somebody@example.com' });
    assert.equal(await page.inputValue('input[name=username]'), 'somebody@example.com');
    await close();
  });

  test('from login to signup and back by the links of the pages', async () => {
    const { page, close } = await newPage(browser);
    await begin(page);
    await clickAway(page, page.locator('a[href*="/u/signup"]'));
    assert.equal(new URL(page.url()).pathname, '/u/signup');
    await clickAway(page, page.locator('a[href*="/u/login"]'));
    assert.equal(new URL(page.url()).pathname, '/u/login');
    await passPages(page, server, server.user);
    assert.ok((await callbacks.next()).params.code);
    await close();
  });

  test('declining the consent brings the application an error and the next attempt asks again', async () => {
    const { page, close } = await newPage(browser);
    const person = newPerson();
    await begin(page, { screen_hint: 'signup', state: 'declined' });
    await page.fill('input[name=email]', person.email);
    await page.fill('input[name=password]', person.password);
    await clickAway(page, submitButton(page));
    await clickAway(page, page.locator('button[name=action][value=deny]'));
    const { params } = await callbacks.next();
    assert.deepEqual(params, { error: 'access_denied', error_description: 'User did not authorize the request', state: 'declined' });
    assert.deepEqual((await authorize(page, server, callbacks, application)).shown, ['/u/consent']);
    await close();
  });

  test('the back button after a finished login does not log in again', async () => {
    const { page, close } = await newPage(browser);
    await begin(page, { prompt: 'login' });
    const finished = page.url();
    await passPages(page, server, server.user);
    await callbacks.next();
    const response = await page.goto(finished);
    assert.equal(response.status(), 400);
    assert.equal(await page.locator('input[name=password]').count(), 0);
    assert.deepEqual(callbacks.unexpected(), []);
    await close();
  });
});
