// What goes over the wire, and how it is shown. Nothing is ever put into the page as HTML.
const at = (id) => document.getElementById(id);
const issuer = document.body.dataset.issuer;
const settings = { clientId: at('client-id'), audience: at('audience'), scope: at('scope') };

/** An element with its attributes and children. */
function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const note = (kind, text) => element('p', { class: `note ${kind}` }, text);

/** Tells people who do not see the page what has happened. */
function say(text) {
  at('said').textContent = text;
}

const step = (flow, name) => document.querySelector(`#${flow}-steps [data-step=${name}]`);

/** @param state 'now', 'done' or nothing */
function mark(flow, name, state) {
  const item = step(flow, name);
  item.classList.toggle('done', state === 'done');
  item.classList.toggle('now', state === 'now');
  if (state === 'now') item.setAttribute('aria-current', 'step');
  else item.removeAttribute('aria-current');
}

const show = (flow, name, ...nodes) => step(flow, name).querySelector('.wire').append(...nodes);

/** Everything as in the beginning. */
function clear(flow) {
  for (const item of document.querySelectorAll(`#${flow}-steps > li`)) {
    mark(flow, item.dataset.step);
    item.querySelector('.wire').replaceChildren();
    const button = item.querySelector('[data-act]');
    if (button) button.disabled = true;
  }
}

/** One of the views of a screen. */
function view(screen, name) {
  for (const own of at(screen).children) own.hidden = own.dataset.view !== name;
}

/** JSON with its parts in colours: in lines, or in one. */
function colored(value, inOne = false) {
  const fragment = document.createDocumentFragment();
  const lines = JSON.stringify(value, null, 2);
  const text = inOne ? lines.replace(/\n\s*/g, ' ') : lines;
  let end = 0;
  for (const found of text.matchAll(/("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g)) {
    fragment.append(text.slice(end, found.index));
    const kind = found[2] ? 'key' : found[1] ? 'string' : 'number';
    fragment.append(element('span', { class: kind }, found[1] ?? found[0]), found[2] ?? '');
    end = found.index + found[0].length;
  }
  fragment.append(text.slice(end));
  return fragment;
}

/** Text as it was sent, in a box; a box that scrolls can be reached by keyboard. */
function raw(label, ...content) {
  const box = element('pre', { class: 'raw', role: 'group', 'aria-label': label }, ...content);
  new ResizeObserver(() => { box.tabIndex = box.scrollHeight > box.clientHeight ? 0 : -1; }).observe(box);
  return box;
}

/** Names, values and what they mean, line by line. */
function table(lines) {
  const list = element('dl', { class: 'table' });
  for (const [name, value, meaning] of lines) {
    list.append(element('dt', {}, element('code', {}, name)),
      element('dd', {}, element('code', {}, value), meaning ? element('span', { class: 'meaning' }, meaning) : ''));
  }
  return list;
}

const phrases = { 200: 'OK', 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 429: 'Too Many Requests', 500: 'Internal Server Error', 503: 'Service Unavailable' };

const quoted = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

function copyButton(label, text) {
  const button = element('button', { type: 'button', class: 'small quiet' }, label);
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
    say('Copied');
    setTimeout(() => { button.textContent = label; }, 2000);
  });
  return button;
}

/** One request with its answer, shown as they went over the wire. @returns `{ok, status, json}` */
async function send(flow, name, method, url, { fields, headers = {}, open = true } = {}) {
  const body = fields && new URLSearchParams(fields).toString();
  const sent = { ...headers, ...(body ? { 'content-type': 'application/x-www-form-urlencoded' } : {}) };
  const { host, pathname } = new URL(url);
  const began = performance.now();
  let response;
  try {
    response = await fetch(url, { method, headers: sent, body, credentials: 'omit', cache: 'no-store', redirect: 'error' });
  } catch (error) {
    show(flow, name, note('bad', `${method} ${pathname}: no answer (${error.message})`));
    throw error;
  }
  const text = await response.text();
  const took = Math.round(performance.now() - began);
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const lines = (list) => element('span', { class: 'meta' }, list.map(([key, value]) => `${key}: ${value}\n`).join(''));
  const request = [`${method} ${pathname}\n`, lines(Object.entries({ host, ...sent }))];
  if (body) {
    const pairs = [...new URLSearchParams(body)];
    request.push('\n', ...pairs.flatMap(([key, value], index) => [
      index ? '\n&' : '', element('span', { class: 'key' }, key), '=', element('span', { class: 'string' }, encodeURIComponent(value)),
    ]));
  }
  const status = [response.status, phrases[response.status] ?? response.statusText].join(' ').trim();
  const answer = [`${status}\n`, lines([...response.headers]), '\n', json ? colored(json) : text];
  const header = Object.entries(headers).map(([key, value]) => ` \\\n  --header ${quoted(`${key}: ${value}`)}`);
  const data = Object.entries(fields ?? {}).map(([key, value]) => ` \\\n  --data-urlencode ${quoted(`${key}=${value}`)}`);
  const curl = `curl --request ${method} --url ${quoted(url)}${header.join('')}${data.join('')}`;
  const waits = ['authorization_pending', 'slow_down'].includes(json?.error);
  const kind = response.ok ? 'good' : waits ? 'wait' : 'bad';
  const details = element('details', { class: 'exchange' },
    element('summary', {},
      element('span', { class: 'line' }, element('code', {}, `${method} ${pathname}`), element('span', { class: 'took' }, `${new Date().toLocaleTimeString()}, ${took} ms`)),
      element('span', { class: `status ${kind}` }, json?.error ? `${response.status} ${json.error}` : status)),
    element('div', { class: 'part' }, element('h3', {}, 'Request'), copyButton('Copy as curl', curl)), raw('Request', ...request),
    element('div', { class: 'part' }, element('h3', {}, 'Response')), raw('Response', ...answer));
  details.open = open;
  show(flow, name, details);
  return { ok: response.ok, status: response.status, json: json ?? {} };
}

/** What a failed step says, besides the answer itself. */
const failure = ({ status, json }) => json.error_description ?? json.error ?? `The answer was ${status}.`;

let metadata;

/** What every application begins with: where the endpoints are. */
async function discover() {
  if (!metadata) {
    const response = await fetch(`${issuer}.well-known/openid-configuration`, { credentials: 'omit' });
    metadata = await response.json();
  }
  return metadata;
}

const values = () => Object.fromEntries(Object.entries(settings).map(([name, input]) => [name, input.value.trim()]));

/** Scope and audience as parameters, as far as they are given. */
function wanted() {
  const { scope, audience } = values();
  return { ...(scope ? { scope } : {}), ...(audience ? { audience } : {}) };
}

/** A handler that runs once at a time, and whose failure is told on the page. */
function run(action) {
  return async ({ currentTarget }) => {
    if (currentTarget.getAttribute('aria-busy') === 'true') return;
    currentTarget.setAttribute('aria-busy', 'true');
    try {
      await action();
    } catch (error) {
      say(`It did not work: ${error.message}`);
    } finally {
      currentTarget.removeAttribute('aria-busy');
    }
  };
}
