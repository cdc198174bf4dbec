// The playground, driven as a newcomer does: the device flow with a phone beside it, the code flow, and what goes wrong. Everything
// it shows comes from the server: requests are looked at on their way.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, describe, test } from 'node:test';
import { assertNoHorizontalOverflow, desktop, newPage, phone, screenshot } from './support/browser.mjs';
import { answerConsent, clickAway, fillLogin, submitButton } from './support/flow.mjs';
import { engine } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const { server, browser, end } = await openStage({ callbacks: false });
const playground = server.description.playground;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

describe(`playground on ${engine}`, () => {
  after(end);

  /** The page in a browser that nobody is logged in with. `asked` collects its requests, `leave` closes it. */
  async function open(options = {}) {
    const { page, context, close } = await newPage(browser, { viewport: desktop, ...options });
    const asked = [];
    page.on('request', (request) => asked.push(request));
    await page.goto(playground);
    return { page, context, asked, leave: close };
  }

  const step = (page, flow, name) => page.locator(`#${flow}-steps [data-step=${name}]`);
  const statuses = (page, flow, name) => step(page, flow, name).locator('.exchange .status').allInnerTexts();
  const button = (page, value) => page.locator(`button[name=action][value=${value}]`);

  async function assertAccessible(page, where) {
    await page.evaluate(axe);
    for (const colorScheme of ['dark', 'light']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const violations = await page.evaluate(async () => (await globalThis.axe.run({ preload: false })).violations);
      const found = violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${where}, ${colorScheme}: ${id}: ${html}`));
      assert.deepEqual(found, []);
    }
    await assertNoHorizontalOverflow(page, where);
  }

  /** From the television's code to the answer on a phone. */
  async function answerOnPhone(television, action) {
    const { page, close } = await newPage(browser, { viewport: phone });
    await page.goto(await television.locator('#device-open').getAttribute('href'));
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: 'Device Confirmation' }).waitFor();
    const code = await television.locator('#tv-code').innerText();
    const question = await page.locator('body').innerText();
    assert.ok(question.includes(code) && question.includes('Playground'), question);
    await clickAway(page, button(page, action));
    if (action === 'confirm') {
      await fillLogin(page, server.user);
      await clickAway(page, submitButton(page));
      if (new URL(page.url()).pathname === '/u/consent') await answerConsent(page, 'accept');
      assert.equal(new URL(page.url()).pathname, '/activate/complete');
    }
    await close();
  }

  /** The next question at once, and its answer. */
  async function hurry(page) {
    const before = (await statuses(page, 'device', 'poll')).length;
    await page.getByRole('button', { name: 'Ask too early' }).click();
    await step(page, 'device', 'poll').locator('.exchange').nth(before).waitFor();
    return (await statuses(page, 'device', 'poll')).at(-1);
  }

  /** Tokens are shown and verified; an API is called; a refresh. The same in both flows. */
  async function useTokens(page, flow) {
    await step(page, flow, 'tokens').locator('.exchange').nth(2).waitFor();
    assert.deepEqual(await statuses(page, flow, 'tokens'), ['verified', 'verified', 'opaque']);
    const tokens = await step(page, flow, 'tokens').innerText();
    for (const text of ['Signed with RS256', server.audience, server.user.email, 'read:contacts', 'good until']) {
      assert.ok(tokens.includes(text), `${text} in ${tokens}`);
    }
    await step(page, flow, 'api').getByRole('button', { name: 'Call the API' }).click();
    await page.getByText(`The API knows who you are: ${server.user.email}.`).waitFor();
    await step(page, flow, 'refresh').getByRole('button', { name: 'Refresh the token' }).click();
    await step(page, flow, 'refresh').getByText('The refresh token').waitFor();
    assert.deepEqual(await statuses(page, flow, 'refresh'), ['200 OK', 'verified']);
    assert.equal(await page.locator(`#${flow}-steps > .done`).count(), flow === 'device' ? 6 : 7);
  }

  /** No request left the server, none carried a cookie, and nothing is left in the browser. */
  async function assertOnItsOwn(page, asked) {
    const fetched = asked.filter((request) => request.resourceType() === 'fetch');
    for (const request of fetched) {
      assert.equal(new URL(request.url()).origin, server.url);
      assert.equal((await request.allHeaders()).cookie, undefined, request.url());
    }
    const kept = await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }, document.cookie]);
    assert.deepEqual(kept, [{}, {}, '']);
    return fetched.map((request) => `${request.method()} ${new URL(request.url()).pathname}`);
  }

  test('the device flow: a television, and a phone of 360 px', async () => {
    const { page, context, asked, leave } = await open();
    await assertAccessible(page, 'the beginning');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('#tv-code').waitFor();
    const userCode = await page.locator('#tv-code').innerText();
    assert.match(userCode, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    assert.deepEqual(await statuses(page, 'device', 'request'), ['200 OK']);
    await step(page, 'device', 'request').locator('summary').click();
    const wire = await step(page, 'device', 'request').innerText();
    for (const text of ['POST /oauth/device/code', 'content-type: application/x-www-form-urlencoded', '"device_code"', '"interval": 5']) {
      assert.ok(wire.includes(text), `${text} in ${wire}`);
    }
    // The picture is the server's, in the document itself; and no page was opened that nobody asked for.
    const picture = await (await server.fetch(`${server.url}/activate/qr.svg?user_code=${userCode}`)).text();
    assert.ok(picture.includes(await page.locator('#qr svg path').nth(1).getAttribute('d')));
    assert.equal(context.pages().length, 1);

    assert.equal(await hurry(page), '403 authorization_pending');
    assert.equal(await hurry(page), '429 slow_down');
    await step(page, 'device', 'poll').getByText('From now on it waits for 10 seconds.').waitFor();
    const first = step(page, 'device', 'poll').locator('.exchange').first();
    await first.locator('summary').click();
    const question = await first.innerText();
    assert.match(question, /grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code/);
    assert.match(question, /403 Forbidden[^]*"error": "authorization_pending"/);
    await assertAccessible(page, 'waiting');
    await screenshot(page, 'playground-waiting');

    await answerOnPhone(page, 'confirm');
    assert.equal(await hurry(page), '200 OK');
    await page.getByText(`Hello, ${server.user.email}`).waitFor();
    await useTokens(page, 'device');
    await assertAccessible(page, 'the end');
    await screenshot(page, 'playground-device');
    const paths = await assertOnItsOwn(page, asked);
    for (const path of ['POST /oauth/device/code', 'GET /activate/qr.svg', 'POST /oauth/token', 'GET /.well-known/jwks.json', 'GET /userinfo']) {
      assert.ok(paths.includes(path), path);
    }
    assert.deepEqual(await context.cookies(), [], 'the television has no session');
    await leave();
  });

  test('the device flow on a phone, in the dark: refused, and begun again', async () => {
    const { page, leave } = await open({ viewport: phone, colorScheme: 'dark' });
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('#tv-code').waitFor();
    await answerOnPhone(page, 'cancel');
    assert.equal(await hurry(page), '403 access_denied');
    await page.getByText('You said no').waitFor();
    await page.getByText('User cancelled the confirmation prompt.').first().waitFor();
    await assertAccessible(page, 'refused');
    const before = await page.locator('#tv-code').textContent();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('#tv-code:visible').waitFor();
    assert.notEqual(await page.locator('#tv-code').innerText(), before);
    assert.deepEqual(await statuses(page, 'device', 'poll'), []);
    await page.emulateMedia({ colorScheme: 'dark' });
    await screenshot(page, 'playground-phone-dark');
    await leave();
  });

  test('the code flow with PKCE, by keyboard as far as the login', async () => {
    const { page, asked, leave } = await open();
    await page.getByRole('tab', { name: 'Device flow' }).focus();
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.locator('#panel-device').isVisible(), false);
    await page.getByRole('button', { name: 'Draw a verifier' }).press('Enter');
    const drawn = step(page, 'code', 'prepare').locator('dd > code');
    await drawn.nth(1).waitFor();
    const [verifier, challenge] = await drawn.allInnerTexts();
    assert.equal(createHash('sha256').update(verifier).digest('base64url'), challenge);
    const address = await step(page, 'code', 'authorize').innerText();
    assert.ok(address.includes(`code_challenge=${challenge}`) && !address.includes(verifier), address);
    await assertAccessible(page, 'the request');
    await clickAway(page, page.getByRole('button', { name: 'Go to /authorize' }));
    await fillLogin(page, server.user);
    await clickAway(page, submitButton(page));
    if (new URL(page.url()).pathname === '/u/consent') await answerConsent(page, 'accept');
    await page.waitForURL(`${playground}#code`);
    await page.getByText('The state is the one that was sent').waitFor();
    await assertAccessible(page, 'back');
    assert.ok((await step(page, 'code', 'prepare').innerText()).includes(verifier), 'what was drawn is still there');
    await page.getByRole('button', { name: 'Exchange the code' }).click();
    await page.getByText(`Hello, ${server.user.email}`).waitFor();
    assert.deepEqual(await statuses(page, 'code', 'exchange'), ['200 OK']);
    assert.ok((await step(page, 'code', 'tokens').innerText()).includes('The nonce is the one that was sent'));
    await useTokens(page, 'code');
    await assertAccessible(page, 'the end');
    await screenshot(page, 'playground-code');
    await assertOnItsOwn(page, asked);
    await leave();
  });

  test('answers that belong to nothing are dropped, refusals are told', async () => {
    const { page, leave } = await open();
    await page.goto(`${playground}?code=stolen&state=another`);
    await page.getByText('This answers no request of this tab: dropped.').waitFor();
    assert.equal(page.url(), `${playground}#code`);
    assert.equal(await page.getByRole('button', { name: 'Exchange the code' }).isDisabled(), true);
    // A callback that the application does not have.
    await page.getByRole('tab', { name: 'Code flow' }).click();
    await page.getByText('Application and API').click();
    await page.fill('#client-id', 'nobody');
    await page.getByRole('tab', { name: 'Device flow' }).click();
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('No codes').waitFor();
    assert.deepEqual(await statuses(page, 'device', 'request'), ['401 invalid_client']);
    await leave();
  });

  test('a token is verified in earnest: with other keys it is not valid', async () => {
    const { page, leave } = await open();
    await page.getByRole('tab', { name: 'Code flow' }).click();
    await page.getByRole('button', { name: 'Draw a verifier' }).click();
    await clickAway(page, page.getByRole('button', { name: 'Go to /authorize' }));
    await fillLogin(page, server.user);
    await clickAway(page, submitButton(page));
    if (new URL(page.url()).pathname === '/u/consent') await answerConsent(page, 'accept');
    await page.waitForURL(`${playground}#code`);
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const foreign = publicKey.export({ format: 'jwk' });
    const { keys } = (await server.request('/.well-known/jwks.json')).body;
    const exchanged = keys.map((key) => (key.kty === 'RSA' ? { ...key, n: foreign.n } : key));
    await page.route('**/.well-known/jwks.json', (route) => route.fulfill({ json: { keys: exchanged } }));
    await page.getByRole('button', { name: 'Exchange the code' }).click();
    await step(page, 'code', 'tokens').locator('.exchange').nth(2).waitFor();
    assert.deepEqual(await statuses(page, 'code', 'tokens'), ['not valid', 'not valid', 'opaque']);
    await leave();
  });

  test('a tenant that switches it off has no such page', async () => {
    const { client_id, client_secret } = server.description.management;
    const grant = { grant_type: 'client_credentials', client_id, client_secret, audience: `${server.url}/api/v2/` };
    const { body } = await server.postForm('/oauth/token', grant);
    const change = async (enabled) => {
      const { status } = await server.request('/api/v2/tenants/settings', {
        method: 'PATCH',
        headers: { authorization: `Bearer ${body.access_token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ playground: { enabled } }),
      });
      assert.equal(status, 200);
    };
    await change(false);
    const answer = await server.request('/playground');
    assert.deepEqual([answer.status, answer.body.message], [404, 'Not Found']);
    await change(true);
    assert.equal((await server.request('/playground')).status, 200);
  });
});
