// The device flow (RFC 8628). The television of this page is the device; the phone is yours.
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';

/** Each start has a number; what an older one is still waiting for does not count any more. */
let started = 0;
/** Ends the wait for the next question at once. */
let hurry = () => {};

/** The picture that the server draws (`/activate/qr.svg`), as a part of this document. */
async function qrPicture(userCode) {
  const response = await fetch(`${issuer}activate/qr.svg?${new URLSearchParams({ user_code: userCode })}`, { credentials: 'omit' });
  if (!response.ok) return note('', '');
  const picture = new DOMParser().parseFromString(await response.text(), 'image/svg+xml').documentElement;
  picture.setAttribute('aria-label', 'QR code of the address for your phone');
  return document.importNode(picture, true);
}

/** The end without tokens. */
function endDevice(title, reason) {
  at('pace').hidden = true;
  at('device-phone').hidden = true;
  at('device-caption').hidden = false;
  at('tv-over').textContent = title;
  at('tv-reason').textContent = reason;
  view('tv', 'over');
  for (const name of ['request', 'activate', 'poll']) if (step('device', name).classList.contains('now')) mark('device', name);
  at('tv-over').focus();
}

async function startDevice() {
  const own = (started += 1);
  hurry();
  clear('device');
  got.device = {};
  mark('device', 'request', 'now');
  const { device_authorization_endpoint: url, token_endpoint: tokenUrl } = await discover();
  const answer = await send('device', 'request', 'POST', url, { fields: { client_id: values().clientId, ...wanted() }, open: false });
  if (own !== started) return;
  if (!answer.ok) {
    endDevice('No codes', failure(answer));
    return;
  }
  const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } = answer.json;
  show('device', 'request', table([
    ['device_code', device_code, 'stays here'],
    ['user_code', user_code, 'for you'],
    ['expires_in', String(expires_in), 'seconds that both are good for'],
    ['interval', String(interval), 'seconds between two questions'],
  ]));
  at('qr').replaceChildren(await qrPicture(user_code));
  // Where a long address may break.
  const [host, path] = verification_uri.replace(/^https:\/\//, '').split(/(?=\/)/);
  at('tv-address').replaceChildren(host, element('wbr'), path);
  at('tv-code').textContent = user_code;
  at('device-open').href = verification_uri_complete;
  at('device-phone').hidden = false;
  at('device-caption').hidden = true;
  view('tv', 'codes');
  at('tv-code').focus();
  say(`The code is ${user_code}`);
  mark('device', 'request', 'done');
  mark('device', 'activate', 'now');
  mark('device', 'poll', 'now');
  show('device', 'activate', element('p', { class: 'note' },
    'The picture holds ', element('code', {}, verification_uri_complete), '. The code in it is only filled in: somebody has to look at it and say yes, always.'));
  await poll(own, { tokenUrl, device_code, interval, end: Date.now() + expires_in * 1000 });
}

/** Asks until there is an answer. */
async function poll(own, { tokenUrl, device_code, interval, end }) {
  at('pace').hidden = false;
  for (;;) {
    await pause(own, interval, end);
    if (own !== started) return;
    const fields = { grant_type: deviceGrant, device_code, client_id: values().clientId };
    let answer;
    try {
      answer = await send('device', 'poll', 'POST', tokenUrl, { fields, open: false });
    } catch {
      // §3.5: "exponential backoff" after "a connection timeout".
      interval *= 2;
      continue;
    }
    if (own !== started) return;
    if (answer.ok) {
      await connect(answer.json);
      return;
    }
    if (answer.json.error === 'slow_down') {
      // §3.5: "increased by 5 seconds for this and all subsequent requests".
      interval += 5;
      show('device', 'poll', note('', `From now on it waits for ${interval} seconds.`));
    } else if (answer.json.error !== 'authorization_pending') {
      const titles = { access_denied: 'You said no', expired_token: 'Too late' };
      endDevice(titles[answer.json.error] ?? 'It is over', failure(answer));
      return;
    }
  }
}

async function connect(tokens) {
  at('pace').hidden = true;
  at('device-phone').hidden = true;
  at('device-caption').hidden = false;
  mark('device', 'activate', 'done');
  mark('device', 'poll', 'done');
  view('tv', 'connected');
  at('tv-hello').focus();
  const name = await receive('device', tokens);
  if (name) at('tv-hello').textContent = `Hello, ${name}`;
  say('The device is connected');
}

/** Waits in view: for the next question, and for the end of the code. */
function pause(own, seconds, end) {
  const next = performance.now() + seconds * 1000;
  for (const before of at('meter').getAnimations()) before.cancel();
  if (!matchMedia('(prefers-reduced-motion: reduce)').matches) {
    at('meter').animate([{ transform: 'scaleX(0)' }, { transform: 'scaleX(1)' }], { duration: seconds * 1000, fill: 'forwards' });
  }
  return new Promise((resolve) => {
    const tick = () => {
      const left = Math.ceil((next - performance.now()) / 1000);
      const life = Math.max(0, Math.round((end - Date.now()) / 1000));
      at('countdown').textContent = `Asks again in ${Math.max(left, 0)} s`;
      at('tv-left').textContent = `${Math.floor(life / 60)}:${String(life % 60).padStart(2, '0')}`;
      if (left <= 0 || own !== started) hurry();
    };
    const timer = setInterval(tick, 250);
    hurry = () => {
      clearInterval(timer);
      resolve();
    };
    tick();
  });
}

for (const id of ['device-start', 'device-again', 'device-retry']) {
  at(id).addEventListener('click', () => startDevice().catch((error) => endDevice('No answer', error.message)));
}
at('device-hurry').addEventListener('click', () => hurry());
