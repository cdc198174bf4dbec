// The steps of a login, as a person and an application take them.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { callbackUrl } from './callback.mjs';

/** Identity and API scopes with a refresh token: what the tutorials ask for in the end. */
export const allScopes = 'openid profile email offline_access appointments contacts';

/** Somebody who has no account yet, so that no consent of an earlier test is remembered. */
export function newPerson() {
  const email = `person-${randomBytes(6).toString('hex')}@example.com`;
  return { email, password: `Correct-Horse-${randomBytes(6).toString('hex')}` };
}

export function pkce() {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** @returns `{url, state, verifier}` of an authorization request; `params` override or, with undefined, remove one */
export function authorizationRequest(server, application, params = {}) {
  const { verifier, challenge } = pkce();
  const state = randomBytes(8).toString('hex');
  const all = {
    response_type: 'code',
    client_id: application.client_id,
    redirect_uri: callbackUrl,
    scope: allScopes,
    audience: server.audience,
    state,
    ...(application.client_secret ? {} : { code_challenge: challenge, code_challenge_method: 'S256' }),
    ...params,
  };
  const query = new URLSearchParams(Object.entries(all).filter(([, value]) => value !== undefined));
  return { url: `${server.url}/authorize?${query}`, state, verifier: application.client_secret ? undefined : verifier };
}

/** Clicks, and waits until the browser has arrived somewhere else. */
export async function clickAway(page, locator) {
  const before = page.url();
  await Promise.all([page.waitForURL((url) => url.href !== before), locator.click()]);
}

export const submitButton = (page) => page.locator('form:has(input[name=password]) button[type=submit]');

export async function fillLogin(page, { email, password }) {
  await page.fill('input[name=username]', email);
  await page.fill('input[name=password]', password);
}

export async function answerConsent(page, action) {
  await clickAway(page, page.locator(`button[name=action][value=${action}]`));
}

const pages = {
  '/u/login': async (page, person) => {
    await fillLogin(page, person);
    await clickAway(page, submitButton(page));
  },
  '/u/signup': async (page, person) => {
    await page.fill('input[name=email]', person.email);
    await page.fill('input[name=password]', person.password);
    await clickAway(page, submitButton(page));
  },
  '/u/consent': (page) => answerConsent(page, 'accept'),
};

/**
 * Answers every page of the server until the browser has left it.
 * @returns the paths of the pages which were shown, in their order
 */
export async function passPages(page, server, person) {
  const shown = [];
  const onServer = () => page.url().startsWith(`${server.url}/`);
  while (onServer()) {
    const { pathname } = new URL(page.url());
    if (pathname.startsWith('/authorize')) {
      // A form_post answer submits itself. Whatever else stays here is reported below as the page that it is.
      await page.waitForURL((url) => url.origin !== server.url, { timeout: 5000 }).catch(() => {});
      if (!onServer()) break;
    }
    assert.ok(pages[pathname], `unexpected page ${page.url()}: ${(await page.locator('body').innerText()).slice(0, 400)}`);
    assert.ok(shown.length < 5, `no end of pages: ${shown}`);
    shown.push(pathname);
    await pages[pathname](page, person);
  }
  return shown;
}

/**
 * From the application's link to its callback.
 * @returns `{shown, params, verifier}`: the pages shown, the callback's parameters with `state` checked
 */
export async function authorize(page, server, callbacks, application, { person = server.user, ...params } = {}) {
  const request = authorizationRequest(server, application, params);
  await page.goto(request.url);
  const shown = await passPages(page, server, person);
  const arrival = await callbacks.next();
  assert.equal(arrival.path, '/callback');
  assert.equal(arrival.params.state, request.state);
  return { shown, params: arrival.params, method: arrival.method, verifier: request.verifier };
}

/** Creates an account for a new person on the way to the callback. */
export function signUp(page, server, callbacks, application, { person = newPerson(), ...params } = {}) {
  return authorize(page, server, callbacks, application, { person, screen_hint: 'signup', ...params });
}

/** The application's half: code for tokens. `overrides` replace or, with undefined, remove parameters. */
export function exchangeCode(server, application, { params, verifier }, overrides = {}) {
  return server.postForm('/oauth/token', withoutUndefined({
    grant_type: 'authorization_code',
    client_id: application.client_id,
    client_secret: application.client_secret,
    code: params.code,
    code_verifier: verifier,
    redirect_uri: callbackUrl,
    ...overrides,
  }));
}

export function refresh(server, application, refreshToken, overrides = {}) {
  return server.postForm('/oauth/token', withoutUndefined({
    grant_type: 'refresh_token',
    client_id: application.client_id,
    client_secret: application.client_secret,
    refresh_token: refreshToken,
    ...overrides,
  }));
}

function withoutUndefined(params) {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
}

/** Claims of a JWT, unchecked: for assertions on what the server wrote into it. */
export function claims(jwt) {
  return JSON.parse(Buffer.from(jwt.split('.')[1], 'base64url').toString('utf8'));
}
