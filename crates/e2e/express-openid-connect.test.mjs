// express-openid-connect as it comes: response type id_token by form_post, no secret needed; and its logout.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import express from 'express';
import openid from 'express-openid-connect';
import { launchBrowser, newPage } from './support/browser.mjs';
import { startConfigurableServer } from './support/configure.mjs';
import { newPerson, passPages } from './support/flow.mjs';
import { listenHttps } from './support/https.mjs';
import { engine } from './support/server.mjs';

describe(`express-openid-connect on ${engine}`, () => {
  let server;
  let browser;
  let site;
  const person = newPerson();

  before(async () => {
    server = await startConfigurableServer();
    const application = server.application('regular_web');
    const handler = express();
    let routes;
    handler.use((request, response, next) => routes(request, response, next));
    site = await listenHttps(server, handler);
    await server.configure({
      clients: {
        [application.client_id]: {
          callbacks: [`${site.origin}/callback`],
          allowed_logout_urls: [site.origin],
          grant_types: ['authorization_code', 'implicit', 'refresh_token'],
        },
      },
    });
    routes = express.Router();
    routes.use(openid.auth({
      issuerBaseURL: server.url,
      baseURL: site.origin,
      clientID: application.client_id,
      secret: 'a secret for the cookies of this application',
      authRequired: false,
      idpLogout: true,
      httpAgent: { https: (await import('node:https')).globalAgent },
    }));
    routes.get('/', (request, response) => response.send('<!doctype html><html lang="en"><title>Home</title><h1>Home</h1></html>'));
    routes.get('/profile', openid.requiresAuth(), (request, response) => response.json(request.oidc.user));
    browser = await launchBrowser(server);
  });

  after(async () => {
    await browser?.close();
    await site?.close();
    await server?.end();
  });

  test('login with id_token and form_post, then logout', async () => {
    const { page, close } = await newPage(browser);
    const requests = [];
    page.on('request', (request) => requests.push(request));
    await page.goto(`${site.origin}/profile`);
    const authorization = new URL(requests.find((request) => request.url().startsWith(`${server.url}/authorize?`)).url());
    assert.equal(authorization.searchParams.get('response_type'), 'id_token');
    assert.equal(authorization.searchParams.get('response_mode'), 'form_post');
    await page.click('a[href*="/u/signup"]');
    await passPages(page, server, person);
    assert.equal(page.url(), `${site.origin}/profile`);
    const user = JSON.parse(await page.locator('body').innerText());
    assert.equal(user.email, person.email);
    assert.ok(requests.some((request) => request.method() === 'POST' && request.url() === `${site.origin}/callback`));

    await page.goto(`${site.origin}/logout`);
    await page.waitForURL(`${site.origin}/`);
    await page.goto(`${site.origin}/profile`);
    assert.equal(new URL(page.url()).pathname, '/u/login', 'the session at the server has ended too');
    await close();
  });
});
