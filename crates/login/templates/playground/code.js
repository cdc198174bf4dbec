// The authorization code flow with PKCE (RFC 6749 §4.1, RFC 7636). This page is the application, and its own callback.
const callback = `${issuer}playground`;
/** What has to outlive the way to the server and back. No token is ever kept. */
const keptAs = 'playground';

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(keptAs));
  } catch {
    return null;
  }
}

const address = (url) => raw('Address', ...[...new URL(url).searchParams].flatMap(([key, value], index) => [
  index ? '\n&' : `${url.split('?')[0]}\n?`, element('span', { class: 'key' }, key), '=', element('span', { class: 'string' }, encodeURIComponent(value)),
]));

/** The first two steps, also as they were before the browser left. */
function showRequest({ verifier, challenge, url }) {
  show('code', 'prepare', table([['code_verifier', verifier, 'stays here'], ['code_challenge', challenge, 'its SHA-256, in base64url']]));
  show('code', 'authorize', address(url));
  mark('code', 'prepare', 'done');
}

async function prepare() {
  clear('code');
  got.code = {};
  view('window', 'welcome');
  at('code-exchange').disabled = true;
  const [verifier, state, nonce] = [random(32), random(16), random(16)];
  const challenge = base64Url(await sha256(verifier));
  const { authorization_endpoint: endpoint } = await discover();
  const query = new URLSearchParams({
    response_type: 'code', client_id: values().clientId, redirect_uri: callback, ...wanted(),
    state, nonce, code_challenge: challenge, code_challenge_method: 'S256',
  });
  const pending = { verifier, challenge, state, nonce, url: `${endpoint}?${query}`, settings: values() };
  sessionStorage.setItem(keptAs, JSON.stringify(pending));
  showRequest(pending);
  mark('code', 'authorize', 'now');
  at('code-go').disabled = false;
  say('A verifier was drawn');
}

function endCode(title, reason) {
  at('window-over').textContent = title;
  at('window-reason').textContent = reason;
  view('window', 'over');
  say(`${title}: ${reason}`);
}

/** Back from the server, with its answer in the address; and the address is cleaned at once. */
function comeBack(answer) {
  const pending = kept();
  at('window-address').textContent = `${callback}${location.search}`;
  history.replaceState(null, '', `${location.pathname}#code`);
  const names = { code: 'to be exchanged', state: 'of the request', iss: 'who answers', error: 'why not', error_description: 'in words' };
  const pairs = Object.entries(names).filter(([name]) => answer.get(name)).map(([name, meaning]) => [name, answer.get(name), meaning]);
  show('code', 'callback', table(pairs));
  if (!pending || answer.get('state') !== pending.state || (answer.get('iss') ?? issuer) !== issuer) {
    show('code', 'callback', note('bad', 'This answers no request of this tab: dropped.'));
    endCode('Not ours', 'The state is not the one that was sent.');
    return;
  }
  for (const [name, value] of Object.entries(pending.settings)) settings[name].value = value;
  showRequest(pending);
  mark('code', 'authorize', 'done');
  show('code', 'callback', note('good', 'The state is the one that was sent: the answer belongs to our request.'));
  mark('code', 'callback', 'done');
  if (!answer.get('code')) {
    sessionStorage.removeItem(keptAs);
    endCode('No code', answer.get('error_description') ?? answer.get('error') ?? '');
    return;
  }
  view('window', 'back');
  mark('code', 'exchange', 'now');
  const button = at('code-exchange');
  button.disabled = false;
  button.onclick = run(() => exchange(answer.get('code'), pending));
  button.focus({ preventScroll: true });
  step('code', 'exchange').scrollIntoView({ block: 'center' });
  say('You are back, with a code');
}

async function exchange(code, { verifier, nonce }) {
  const { token_endpoint: url } = await discover();
  at('code-exchange').disabled = true;
  sessionStorage.removeItem(keptAs);
  const fields = { grant_type: 'authorization_code', client_id: values().clientId, code, redirect_uri: callback, code_verifier: verifier };
  const answer = await send('code', 'exchange', 'POST', url, { fields });
  if (!answer.ok) {
    endCode('No tokens', failure(answer));
    return;
  }
  mark('code', 'exchange', 'done');
  const name = await receive('code', answer.json, { nonce });
  at('window-hello').textContent = name ? `Hello, ${name}` : 'Logged in';
  at('window-address').textContent = callback;
  view('window', 'connected');
  say('There are tokens');
}

at('code-prepare').addEventListener('click', run(prepare));
at('code-go').addEventListener('click', () => location.assign(kept().url));
