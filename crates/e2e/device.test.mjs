// The device flow: a device that has no browser, and a phone that lets it in. The tutorial's curl commands as written (002),
// and openid-client 6, which polls by itself.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import * as client from 'openid-client';
import { assertNoHorizontalOverflow, newPage, phone, screenshot } from './support/browser.mjs';
import { curl, fillIn, seed } from './support/curl.mjs';
import { answerConsent, claims, clickAway, fillLogin, newPerson, submitButton } from './support/flow.mjs';
import { startExampleApi } from './support/program.mjs';
import { engine, repository } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const { server, browser, end } = await openStage({ callbacks: false });
const scope = 'openid profile email offline_access contacts';

describe(`device flow on ${engine}`, () => {
  let api;

  before(async () => {
    api = await startExampleApi(server);
  });

  after(async () => {
    await api?.stop();
    await end();
  });

  const heading = (page) => page.getByRole('heading', { level: 1 }).innerText();
  const button = (page, value) => page.locator(`button[name=action][value=${value}]`);

  /** A command of the tutorial; the longer placeholders first. */
  function command(name, more = {}) {
    const filled = fillIn(seed(name), {
      '{yourDomain}': server.domain,
      '{yourClientId}': server.application('native').client_id,
      '{scope}': encodeURIComponent(scope),
      '{audience}': encodeURIComponent(server.audience),
      // The tutorial sends one although the application is public: it is ignored.
      '{yourClientSecret}': 'none',
      'https://myapi.com': 'http://localhost:3001',
      ...more,
    });
    assert.doesNotMatch(filled, /\{/, 'a placeholder was not replaced');
    return filled;
  }

  const poll = (codes) => curl(server, command('002-request-tokens.sh', { '{yourDeviceCode}': codes.device_code }));

  /** From the QR picture to the question about the device. */
  async function scan(page, codes) {
    await page.goto(codes.verification_uri_complete);
    assert.equal(await heading(page), 'Device Activation');
    assert.equal(await page.inputValue('input[name=user_code]'), codes.user_code);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: 'Device Confirmation' }).waitFor();
    assert.match(await page.locator('body').innerText(), new RegExp(codes.user_code));
  }

  test('002: every command as written, the device let in by somebody who signs up on a phone', async () => {
    const { status, body: codes } = await curl(server, command('002-request-device-code.sh'));
    assert.equal(status, 200, JSON.stringify(codes));
    assert.deepEqual(Object.keys(codes), ['device_code', 'user_code', 'verification_uri', 'verification_uri_complete', 'expires_in', 'interval']);
    assert.equal(codes.verification_uri, `${server.url}/activate`);
    assert.equal(codes.verification_uri_complete, `${server.url}/activate?user_code=${codes.user_code}`);
    assert.deepEqual([codes.expires_in, codes.interval], [900, 5]);
    assert.match(codes.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);

    const pending = await poll(codes);
    assert.equal(pending.status, 403);
    assert.deepEqual(pending.body, { error: 'authorization_pending', error_description: 'User has yet to authorize device code.' });
    const early = await poll(codes);
    assert.equal(early.status, 429);
    assert.equal(early.body.error, 'slow_down');

    const { page, close } = await newPage(browser, { viewport: phone, colorScheme: 'dark' });
    await scan(page, codes);
    await assertNoHorizontalOverflow(page, 'the question');
    await screenshot(page, 'device-confirmation-dark');
    await clickAway(page, button(page, 'confirm'));
    assert.equal(new URL(page.url()).pathname, '/u/login');
    await clickAway(page, page.getByRole('link', { name: 'Sign up' }));
    const person = newPerson();
    await page.fill('input[name=email]', person.email);
    await page.fill('input[name=password]', person.password);
    await clickAway(page, submitButton(page));
    assert.equal(new URL(page.url()).pathname, '/u/consent');
    await answerConsent(page, 'accept');
    assert.equal(await heading(page), "Congratulations, you're all set!");
    await assertNoHorizontalOverflow(page, 'the end');
    await close();

    const tokens = await poll(codes);
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
    assert.deepEqual([tokens.body.token_type, tokens.body.expires_in, tokens.body.scope], ['Bearer', 86400, scope]);
    assert.equal(claims(tokens.body.id_token).email, person.email);
    const again = await poll(codes);
    assert.deepEqual([again.status, again.body.error], [403, 'invalid_grant']);

    const answer = await curl(server, command('002-call-your-api.sh', { ACCESS_TOKEN: tokens.body.access_token }));
    assert.equal(answer.status, 200);
    const refreshed = await curl(server, command('002-refresh-tokens.sh', { '{yourRefreshToken}': tokens.body.refresh_token }));
    assert.equal(refreshed.status, 200, JSON.stringify(refreshed.body));
    assert.equal(claims(refreshed.body.access_token).sub, claims(tokens.body.access_token).sub);
  });

  test('002: expiry and refusal, as the tutorial has them', async () => {
    const late = (await curl(server, command('002-request-device-code.sh'))).body;
    await server.advance(900);
    const expired = await poll(late);
    assert.deepEqual([expired.status, expired.body.error], [403, 'expired_token']);

    const refused = (await curl(server, command('002-request-device-code.sh'))).body;
    const { page, close } = await newPage(browser, { viewport: phone });
    await scan(page, refused);
    await clickAway(page, button(page, 'cancel'));
    assert.equal(await heading(page), 'Activation Denied');
    await close();
    const denied = await poll(refused);
    assert.equal(denied.status, 403);
    assert.deepEqual(denied.body, { error: 'access_denied', error_description: 'User cancelled the confirmation prompt.' });
  });

  async function discover() {
    return client.discovery(new URL(server.url), server.application('native').client_id, undefined, client.None(), {
      [client.customFetch]: server.fetch,
    });
  }

  test('openid-client 6 polls until the phone has let it in; the second device needs a word of its own', async () => {
    const config = await discover();
    const codes = await client.initiateDeviceAuthorization(config, { scope, audience: server.audience });
    // Shorter waits between questions would be told to slow down; the library keeps to the interval by itself.
    const polling = client.pollDeviceAuthorizationGrant(config, codes);
    const { page, close } = await newPage(browser, { viewport: phone });
    // By hand, as somebody types it.
    await page.goto(codes.verification_uri);
    await page.fill('input[name=user_code]', codes.user_code.replace('-', ' ').toLowerCase());
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Device Confirmation' }).waitFor();
    await clickAway(page, button(page, 'confirm'));
    await fillLogin(page, server.user);
    await clickAway(page, submitButton(page));
    await answerConsent(page, 'accept');
    assert.equal(await heading(page), "Congratulations, you're all set!");

    const tokens = await polling;
    const identity = tokens.claims();
    assert.equal(identity.email, server.user.email);
    const profile = await client.fetchUserInfo(config, tokens.access_token, identity.sub);
    assert.equal(profile.email, server.user.email);
    assert.equal((await client.refreshTokenGrant(config, tokens.refresh_token)).claims().sub, identity.sub);

    // A session and an earlier consent: following the link still grants nothing.
    const second = await client.initiateDeviceAuthorization(config, { scope, audience: server.audience });
    await scan(page, second);
    assert.match(await page.locator('body').innerText(), /Logged in as/);
    const waiting = await server.postForm('/oauth/token', {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: second.device_code,
      client_id: server.application('native').client_id,
    });
    assert.equal(waiting.body.error, 'authorization_pending');
    await clickAway(page, button(page, 'confirm'));
    assert.equal(await heading(page), "Congratulations, you're all set!");
    await close();
    const others = await client.pollDeviceAuthorizationGrant(config, second);
    assert.equal(others.claims().sub, identity.sub);
  });

  /** `examples/cli`, as its README starts it. */
  function startCli(args, tokenFile) {
    return start(process.execPath, [join(repository, 'examples/cli/appointments.mjs'), ...args], {
      ISSUER_BASE_URL: server.url,
      AUDIENCE: server.audience,
      CLIENT_ID: server.application('native').client_id,
      NODE_EXTRA_CA_CERTS: server.ca,
      TOKEN_FILE: tokenFile,
    });
  }

  /** A program beside the browser. `said` resolves when it has printed something that matches. */
  function start(program, args, env = {}) {
    const child = spawn(program, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const waiting = new Set();
    const read = (chunk) => {
      output += chunk;
      for (const look of waiting) look();
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    const ended = new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
    const said = (pattern) => new Promise((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(output);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      ended.then(({ code }) => reject(new Error(`ended with ${code} before it said ${pattern}\n${output}`)));
    });
    return { said, ended };
  }

  test('the command line of examples/ logs in, keeps its refresh token for itself, and logs out', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keywright-cli-'));
    const tokenFile = join(folder, 'deep', 'token');
    const first = startCli([], tokenFile);
    const [, address] = await first.said(/or open (https:\S+)/);
    const { page, close } = await newPage(browser, { viewport: phone });
    await scan(page, { verification_uri_complete: address, user_code: new URL(address).searchParams.get('user_code') });
    await clickAway(page, button(page, 'confirm'));
    await fillLogin(page, server.user);
    await clickAway(page, submitButton(page));
    if (new URL(page.url()).pathname === '/u/consent') await answerConsent(page, 'accept');
    await close();
    const listed = await first.ended;
    assert.equal(listed.code, 0, listed.output);
    assert.match(listed.output, /Monday, 09:30\s+Dr\. Okafor\s+Check-up/);
    assert.equal(statSync(tokenFile).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, 'deep')).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(join(folder, 'deep')), ['token']);

    // The next time nobody is asked.
    const second = await startCli(['list'], tokenFile).ended;
    assert.equal(second.code, 0, second.output);
    assert.doesNotMatch(second.output, /To log in/);
    assert.match(second.output, /Friday, 11:15/);

    const refreshToken = readFileSync(tokenFile, 'utf8').trim();
    assert.equal((await startCli(['logout'], tokenFile).ended).code, 0);
    assert.deepEqual(readdirSync(join(folder, 'deep')), []);
    const config = await discover();
    await assert.rejects(client.refreshTokenGrant(config, refreshToken), (error) => error.error === 'invalid_grant');
    rmSync(folder, { recursive: true });
  });

  test('the curl session of the guide, pasted into a shell', async () => {
    const guide = readFileSync(join(repository, 'docs/guides/device-flow.md'), 'utf8');
    const session = [
      ['localhost:8443', server.domain],
      ['PASTE_THE_CLIENT_ID_OF_NATIVE_APP', server.application('native').client_id],
      ['.keywright/ca.pem', server.ca],
    ].reduce((text, [placeholder, value]) => {
      assert.equal(text.split(placeholder).length, 2, `${placeholder} is there once`);
      return text.replace(placeholder, value);
    }, /```sh\n(.*?)```/s.exec(guide)[1]);
    const shell = start('sh', ['-c', session]);
    const [, address] = await shell.said(/^Open (https:\S+)/m);
    const { page, close } = await newPage(browser, { viewport: phone });
    await scan(page, { verification_uri_complete: address, user_code: new URL(address).searchParams.get('user_code') });
    await clickAway(page, button(page, 'confirm'));
    await fillLogin(page, server.user);
    await clickAway(page, submitButton(page));
    if (new URL(page.url()).pathname === '/u/consent') await answerConsent(page, 'accept');
    await close();
    const { code, output } = await shell.ended;
    assert.equal(code, 0, output);
    const answers = output.match(/\{"[^]*?\}(?=\n|\{|$)/g).map((text) => JSON.parse(text));
    assert.equal(answers.length, 3, output);
    const [tokens, profile, refreshed] = answers;
    assert.equal(profile.sub, claims(tokens.id_token).sub);
    assert.equal(claims(refreshed.access_token).sub, profile.sub);
    assert.notEqual(refreshed.access_token, tokens.access_token);
  });

  test('openid-client 6 hears of a refusal', async () => {
    const config = await discover();
    const codes = await client.initiateDeviceAuthorization(config, { scope });
    const { page, close } = await newPage(browser, { viewport: phone });
    await scan(page, codes);
    await clickAway(page, button(page, 'cancel'));
    await close();
    await assert.rejects(client.pollDeviceAuthorizationGrant(config, codes), (error) => {
      assert.equal(error.error, 'access_denied');
      return true;
    });
  });
});
