// Tokens: decoded, and checked as an application and an API have to check them.
const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
const base64Url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
const sha256 = (text) => crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
const random = (length) => base64Url(crypto.getRandomValues(new Uint8Array(length)));
const moment = (seconds) => new Date(seconds * 1000).toLocaleString();

/** The algorithms that the server can sign with, in the words of WebCrypto: for the key, and for the signature. */
const rsa = 'RSASSA-PKCS1-v1_5';
const algorithms = {
  RS256: [{ name: rsa, hash: 'SHA-256' }, { name: rsa }],
  RS512: [{ name: rsa, hash: 'SHA-512' }, { name: rsa }],
  PS256: [{ name: 'RSA-PSS', hash: 'SHA-256' }, { name: 'RSA-PSS', saltLength: 32 }],
  ES256: [{ name: 'ECDSA', namedCurve: 'P-256' }, { name: 'ECDSA', hash: 'SHA-256' }],
};

const meanings = {
  iss: 'who made it', sub: 'who it is about', aud: 'who it is for', iat: 'made', exp: 'good until', azp: 'given to this application',
  client_id: 'given to this application', scope: 'what it opens', sid: 'the login session', nonce: 'of this request', auth_time: 'logged in',
  jti: 'its own number', permissions: 'what the user may', org_id: 'the organization', at_hash: 'of the access token beside it',
  updated_at: 'the profile is from', email_verified: 'whether the address is proven', c_hash: 'of the code beside it',
};

async function signatureIsGood({ alg, kid }, signed, signature) {
  const known = algorithms[alg];
  const { jwks_uri } = await discover();
  const response = await fetch(jwks_uri, { credentials: 'omit' });
  const key = (await response.json()).keys.find((own) => own.kid === kid);
  if (!key || !known) return false;
  // Only what describes the key itself: `alg` and `use` must not get in the way of an import.
  const { kty, n, e, crv, x, y } = key;
  const imported = await crypto.subtle.importKey('jwk', { kty, n, e, crv, x, y }, known[0], false, ['verify']);
  return crypto.subtle.verify(known[1], imported, bytesOf(signature), new TextEncoder().encode(signed));
}

/** What has to be true of a JWT, one line each. @param expected `{audience, nonce, accessToken}` */
async function checks(token, header, claims, expected) {
  const [head, payload, signature] = token.split('.');
  const audiences = [claims.aud].flat();
  const lines = [
    [await signatureIsGood(header, `${head}.${payload}`, signature), `Signed with ${header.alg} by a key of this server`],
    [claims.iss === issuer, `Made by ${claims.iss}`],
    [audiences.includes(expected.audience), `For ${expected.audience}`],
    [claims.exp * 1000 > Date.now(), `Good until ${moment(claims.exp)}`],
  ];
  if (expected.nonce) lines.push([claims.nonce === expected.nonce, 'The nonce is the one that was sent']);
  if (claims.at_hash && expected.accessToken) {
    const half = (await sha256(expected.accessToken)).slice(0, 16);
    lines.push([claims.at_hash === base64Url(half), 'Belongs to the access token beside it']);
  }
  return lines;
}

/** What is in a token, with what it means. */
function members(values) {
  const isTime = (name) => ['iat', 'exp', 'auth_time'].includes(name);
  return table(Object.entries(values).map(([name, value]) => [
    name, colored(value, true), isTime(name) ? `${meanings[name]} ${moment(value)}` : meanings[name],
  ]));
}

/** Shows a token with what is in it. @returns whether every check holds */
async function showToken(flow, name, title, about, token, expected, { open = true } = {}) {
  const parts = token.split('.');
  const status = element('span', { class: 'status' });
  const heading = element('summary', {}, element('span', { class: 'line' }, element('strong', {}, title), element('span', { class: 'took' }, about)), status);
  const box = element('details', { class: 'exchange token' }, heading);
  box.open = open;
  show(flow, name, box);
  if (parts.length !== 3 || !expected) {
    status.append('opaque');
    status.classList.add('plain');
    box.append(raw(title, token), element('p', { class: 'hint' }, 'Only the server can read it.'));
    return true;
  }
  const [header, claims] = parts.slice(0, 2).map((part) => JSON.parse(new TextDecoder().decode(bytesOf(part))));
  const lines = await checks(token, header, claims, expected);
  const good = lines.every(([holds]) => holds);
  status.append(good ? 'verified' : 'not valid');
  status.classList.add(good ? 'good' : 'bad');
  const list = element('ul', { class: 'checks' });
  for (const [holds, text] of lines) {
    list.append(element('li', { class: holds ? 'good' : 'bad' }, element('span', { 'aria-hidden': 'true' }, holds ? '✓' : '✗'), element('span', { class: 'unseen' }, holds ? 'Holds:' : 'Does not hold:'), ` ${text}`));
  }
  const inColors = ['head', 'payload', 'signature'].flatMap((kind, index) => [index ? '.' : '', element('span', { class: kind }, parts[index])]);
  box.append(list, raw(title, ...inColors),
    element('div', { class: 'part' }, element('h3', { class: 'head' }, 'Header')), members(header),
    element('div', { class: 'part' }, element('h3', { class: 'payload' }, 'Claims')), members(claims));
  return good;
}

/** What each flow has, in memory only. */
const got = { device: {}, code: {} };

/** Shows the tokens of an answer, and offers what can be done with them. @returns the name of whoever logged in */
async function receive(flow, tokens, { nonce } = {}) {
  got[flow] = tokens;
  const { clientId, audience } = values();
  mark(flow, 'tokens', 'now');
  const { access_token: accessToken, id_token: idToken, refresh_token: refreshToken } = tokens;
  const forApi = { audience: audience || `${issuer}userinfo` };
  let good = await showToken(flow, 'tokens', 'Access token', 'for an API', accessToken, forApi);
  if (idToken) {
    const forUs = { audience: clientId, nonce, accessToken };
    good = (await showToken(flow, 'tokens', 'ID token', 'for the application: who logged in', idToken, forUs)) && good;
  }
  if (refreshToken) await showToken(flow, 'tokens', 'Refresh token', 'for the next access token', refreshToken);
  mark(flow, 'tokens', good ? 'done' : 'now');
  mark(flow, 'api', 'now');
  step(flow, 'api').querySelector('[data-act]').disabled = false;
  step(flow, 'refresh').querySelector('[data-act]').disabled = !refreshToken;
  if (!refreshToken) show(flow, 'refresh', note('', 'There is no refresh token: it takes the scope offline_access, and an API that allows it.'));
  if (!idToken) return undefined;
  const { name, email, sub } = JSON.parse(new TextDecoder().decode(bytesOf(idToken.split('.')[1])));
  return name ?? email ?? sub;
}

async function callApi(flow) {
  const { userinfo_endpoint: url } = await discover();
  const answer = await send(flow, 'api', 'GET', url, { headers: { authorization: `Bearer ${got[flow].access_token}` } });
  if (!answer.ok) {
    show(flow, 'api', note('bad', answer.status === 403 ? 'The token lacks the scope openid.' : 'The token was not accepted.'));
    return;
  }
  const { name, email, sub } = answer.json;
  show(flow, 'api', note('good', `The API knows who you are: ${name ?? email ?? sub}.`));
  say('The API has answered');
  mark(flow, 'api', 'done');
  if (got[flow].refresh_token) mark(flow, 'refresh', 'now');
}

async function refresh(flow) {
  const { token_endpoint: url } = await discover();
  const { clientId, audience } = values();
  const before = got[flow].refresh_token;
  const fields = { grant_type: 'refresh_token', client_id: clientId, refresh_token: before };
  const answer = await send(flow, 'refresh', 'POST', url, { fields });
  if (!answer.ok) {
    show(flow, 'refresh', note('bad', failure(answer)));
    return;
  }
  got[flow] = { ...got[flow], ...answer.json };
  await showToken(flow, 'refresh', 'Access token', 'the new one', answer.json.access_token, { audience: audience || `${issuer}userinfo` }, { open: false });
  const rotated = answer.json.refresh_token && answer.json.refresh_token !== before;
  show(flow, 'refresh', note('good', rotated ? 'The refresh token was replaced too: the old one is of no use any more.' : 'The refresh token stays the same.'));
  say('There is a new access token');
  mark(flow, 'refresh', 'done');
}
