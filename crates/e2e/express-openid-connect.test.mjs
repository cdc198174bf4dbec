// express-openid-connect as it comes: response type id_token by form_post, no secret needed; its logout; and the logout
// that it hears of by the back channel, where the library checks the logout token by itself.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newPage } from './support/browser.mjs';
import { newPerson, passPages } from './support/flow.mjs';
import { issueCertificate } from './support/https.mjs';
import { startProgram } from './support/program.mjs';
import { engine, freePort } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const { server, browser, end } = await openStage({ configurable: true, callbacks: false });

describe(`express-openid-connect on ${engine}`, () => {
  const application = server.application('regular_web');
  let program;
  let origin;

  before(async () => {
    origin = `https://localhost:${await freePort()}`;
    await server.configure({
      clients: {
        [application.client_id]: {
          callbacks: [`${origin}/callback`],
          allowed_logout_urls: [origin],
          grant_types: ['authorization_code', 'implicit', 'refresh_token'],
        },
      },
    });
    const { key, certificate } = issueCertificate(server);
    program = await startProgram('crates/e2e/fixtures/express-openid-connect/server.mjs', {
      ISSUER_BASE_URL: server.url,
      BASE_URL: origin,
      CLIENT_ID: application.client_id,
      KEY: key,
      CERTIFICATE: certificate,
      NODE_EXTRA_CA_CERTS: server.ca,
    }, ['ready']);
  });

  after(async () => {
    await program?.stop();
    await end();
  });

  /** Logs somebody new in at the application, and gives what it then knows about them. */
  async function signUp(page, person = newPerson()) {
    await page.goto(`${origin}/profile`);
    await page.click('a[href*="/u/signup"]');
    await passPages(page, server, person);
    await page.waitForURL(`${origin}/profile`);
    const user = JSON.parse(await page.locator('body').innerText());
    assert.equal(user.email, person.email);
  }

  test('login with id_token and form_post, then logout', async () => {
    const { page, close } = await newPage(browser);
    const requests = [];
    page.on('request', (request) => requests.push(request));
    await signUp(page);
    const authorization = new URL(requests.find((request) => request.url().startsWith(`${server.url}/authorize?`)).url());
    assert.equal(authorization.searchParams.get('response_type'), 'id_token');
    assert.equal(authorization.searchParams.get('response_mode'), 'form_post');
    assert.ok(requests.some((request) => request.method() === 'POST' && request.url() === `${origin}/callback`));

    await page.goto(`${origin}/logout`);
    await page.waitForURL(`${origin}/`);
    await page.goto(`${origin}/profile`);
    assert.equal(new URL(page.url()).pathname, '/u/login', 'the session at the server has ended too');
    await close();
  });

  test('SE-06 a logout elsewhere ends the session at the application, also when it was down at first', async () => {
    await server.configure({
      clients: { [application.client_id]: { oidc_logout: { backchannel_logout_urls: [`${origin}/backchannel-logout`] } } },
    });
    const [ann, bob] = await Promise.all([newPage(browser), newPage(browser)]);
    for (const { page } of [ann, bob]) await signUp(page);

    const refused = program.prints('logout token: 500');
    await ann.page.goto(`${server.url}/v2/logout`);
    await refused;
    await ann.page.goto(`${origin}/profile`);
    assert.equal(ann.page.url(), `${origin}/profile`, 'the application has not heard of it yet');

    const taken = program.prints('logout token: 204');
    await server.advance(5);
    await taken;
    await ann.page.goto(`${origin}/profile`);
    assert.equal(new URL(ann.page.url()).pathname, '/u/login');
    await bob.page.goto(`${origin}/profile`);
    assert.equal(bob.page.url(), `${origin}/profile`, 'nobody else is logged out');
    await Promise.all([ann.close(), bob.close()]);
  });
});
