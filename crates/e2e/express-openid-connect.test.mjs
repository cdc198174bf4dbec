// express-openid-connect as it comes: response type id_token by form_post, no secret needed; and its logout.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { launchBrowser, newPage } from './support/browser.mjs';
import { startConfigurableServer } from './support/configure.mjs';
import { newPerson, passPages } from './support/flow.mjs';
import { issueCertificate } from './support/https.mjs';
import { startProgram } from './support/program.mjs';
import { engine, freePort } from './support/server.mjs';

describe(`express-openid-connect on ${engine}`, () => {
  let server;
  let browser;
  let program;
  let origin;

  before(async () => {
    server = await startConfigurableServer();
    const application = server.application('regular_web');
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
    browser = await launchBrowser(server);
  });

  after(async () => {
    await browser?.close();
    await program?.stop();
    await server?.end();
  });

  test('login with id_token and form_post, then logout', async () => {
    const { page, close } = await newPage(browser);
    const requests = [];
    page.on('request', (request) => requests.push(request));
    await page.goto(`${origin}/profile`);
    const authorization = new URL(requests.find((request) => request.url().startsWith(`${server.url}/authorize?`)).url());
    assert.equal(authorization.searchParams.get('response_type'), 'id_token');
    assert.equal(authorization.searchParams.get('response_mode'), 'form_post');
    const person = newPerson();
    await page.click('a[href*="/u/signup"]');
    await passPages(page, server, person);
    await page.waitForURL(`${origin}/profile`);
    const user = JSON.parse(await page.locator('body').innerText());
    assert.equal(user.email, person.email);
    assert.ok(requests.some((request) => request.method() === 'POST' && request.url() === `${origin}/callback`));

    await page.goto(`${origin}/logout`);
    await page.waitForURL(`${origin}/`);
    await page.goto(`${origin}/profile`);
    assert.equal(new URL(page.url()).pathname, '/u/login', 'the session at the server has ended too');
    await close();
  });
});
