#!/usr/bin/env node
// A command line that logs in by the device flow (RFC 8628) and calls the example API. It needs nothing but Node.js 20.
//
//   appointments.mjs [list]    the appointments; logs in first if that is needed
//   appointments.mjs login     logs in, whoever was logged in before
//   appointments.mjs logout    revokes the refresh token and forgets it
//
// Only the refresh token is kept, in a file that nobody else can read. Access tokens live as long as the command.
import { chmodSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync, closeSync, fsyncSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const issuer = setting('ISSUER_BASE_URL').replace(/\/?$/, '/');
const clientId = setting('CLIENT_ID');
const audience = setting('AUDIENCE');
const api = process.env.API_URL ?? 'http://localhost:3001';
const file =
  process.env.TOKEN_FILE ?? join(process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'appointments', 'token');

const scope = 'openid offline_access appointments';
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** A problem that the user can do something about; everything else is a fault of this program, and shows its stack. */
class Problem extends Error {}

function setting(name) {
  const value = process.env[name];
  if (value) return value;
  console.error(`${name} is not set. See examples/README.md.`);
  process.exit(2);
}

/** Where the issuer's endpoints are. An issuer of another name would be another one's (RFC 8414 §3.3). */
async function discover() {
  const response = await fetch(`${issuer}.well-known/openid-configuration`);
  if (!response.ok) throw new Problem(`${issuer} answers ${response.status}`);
  const metadata = await response.json();
  if (metadata.issuer !== issuer) throw new Problem(`${issuer} says that it is ${metadata.issuer}`);
  return metadata;
}

/** A form, answered in JSON; an OAuth error is an answer, not an exception. */
async function post(url, fields) {
  const response = await fetch(url, { method: 'POST', body: new URLSearchParams(fields) });
  const text = await response.text();
  try {
    return { ok: response.ok, body: text ? JSON.parse(text) : {} };
  } catch {
    throw new Problem(`${url} answers ${response.status} without JSON`);
  }
}

/** The device flow: shows the code, and waits until somebody has entered it somewhere. */
async function logIn(endpoints) {
  const codes = await post(endpoints.device_authorization_endpoint, { client_id: clientId, scope, audience });
  if (!codes.ok) throw new Problem(codes.body.error_description ?? codes.body.error);
  const { device_code, user_code, verification_uri, verification_uri_complete, expires_in } = codes.body;
  console.error(`To log in, open ${verification_uri} on any device and enter the code\n\n    ${user_code}\n`);
  console.error(`or open ${verification_uri_complete}`);

  let interval = codes.body.interval ?? 5;
  const end = Date.now() + expires_in * 1000;
  while (Date.now() < end) {
    await sleep(interval * 1000);
    let answer;
    try {
      answer = await post(endpoints.token_endpoint, { grant_type: deviceGrant, device_code, client_id: clientId });
    } catch (error) {
      // RFC 8628 §3.5: after a connection that timed out, "reduce their polling frequency".
      interval *= 2;
      console.error(`No answer (${error.cause?.code ?? error.message}); trying again in ${interval} seconds.`);
      continue;
    }
    if (answer.ok) {
      if (answer.body.refresh_token) keep(answer.body.refresh_token);
      console.error('Logged in.\n');
      return answer.body.access_token;
    }
    switch (answer.body.error) {
      case 'authorization_pending':
        break;
      case 'slow_down':
        interval += 5;
        break;
      case 'access_denied':
        throw new Problem(`The login was refused: ${answer.body.error_description}`);
      case 'expired_token':
        throw new Problem('Nobody entered the code in time. Try again.');
      default:
        throw new Problem(answer.body.error_description ?? answer.body.error);
    }
  }
  throw new Problem('Nobody entered the code in time. Try again.');
}

/** An access token for the refresh token of an earlier login; undefined when there is none that is good. */
async function refresh(endpoints) {
  const refreshToken = kept();
  if (!refreshToken) return undefined;
  const answer = await post(endpoints.token_endpoint, {
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: refreshToken,
  });
  if (answer.ok) {
    // Where refresh tokens rotate, the old one is good no more.
    if (answer.body.refresh_token) keep(answer.body.refresh_token);
    return answer.body.access_token;
  }
  if (answer.body.error !== 'invalid_grant') throw new Problem(answer.body.error_description ?? answer.body.error);
  rmSync(file, { force: true });
  return undefined;
}

function kept() {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw new Problem(`${file} cannot be read: ${error.message}`);
  }
}

/** Replaces the file at once, so that a crash leaves the old token or the new one. It is never readable for others. */
function keep(refreshToken) {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${process.pid}`;
  rmSync(fresh, { force: true });
  const descriptor = openSync(fresh, 'wx', 0o600);
  try {
    writeSync(descriptor, `${refreshToken}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  // The umask of an unusual system may have taken something away; it never adds anything.
  chmodSync(fresh, 0o600);
  renameSync(fresh, file);
}

async function list(endpoints) {
  const accessToken = (await refresh(endpoints)) ?? (await logIn(endpoints));
  const response = await fetch(`${api}/api/appointments`, { headers: { authorization: `Bearer ${accessToken}` } });
  if (!response.ok) throw new Problem(`The API answers ${response.status}`);
  for (const { when, with: whom, about } of (await response.json()).appointments) {
    console.log(`${when.padEnd(18)}${whom.padEnd(16)}${about}`);
  }
}

async function logOut(endpoints) {
  const refreshToken = kept();
  if (refreshToken) await post(endpoints.revocation_endpoint, { client_id: clientId, token: refreshToken });
  rmSync(file, { force: true });
  console.error('Logged out.');
}

const commands = { list, login: logIn, logout: logOut };

const command = commands[process.argv[2] ?? 'list'];
if (!command) {
  console.error('Usage: appointments.mjs [list | login | logout]');
  process.exit(2);
}
try {
  await command(await discover());
} catch (error) {
  if (error instanceof Problem) console.error(error.message);
  else if (error.cause?.code) console.error(`${error.message}: ${error.cause.code}`);
  else console.error(error);
  process.exitCode = 1;
}
