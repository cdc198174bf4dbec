// The gallery of crates/login: every page in every state, language and look, rendered by the program's own code and
// served with the very headers that the server sends.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { flags } from './browser.mjs';
import { target } from './server.mjs';

const empty = '<!doctype html><html lang="en"><title>Gallery</title><style>:root { color-scheme: light dark }</style></html>';

const program = process.env.KEYWRIGHT_GALLERY ?? join(target, 'debug', 'examples', 'gallery');

/**
 * Calls `visit(page, item)` for each of `items`, in two tabs at once, because machines have two cores.
 * @param options of the tabs' contexts
 */
export async function inTwoTabs(browser, items, visit, options) {
  const queue = [...items];
  const tab = async () => {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    for (let next = queue.shift(); next; next = queue.shift()) await visit(page, next);
    await context.close();
  };
  await Promise.all([tab(), tab()]);
}

/**
 * @returns `{origin, pages, browser, close}`; a page is `{path, look, language, name}`. With `?still` its policy allows
 * no script, so that the form which submits itself stays, and any frame, so that many can be looked at side by side on
 * the empty page at `/`. Posts are answered with 204, which leaves the browser where it is; other hosts do not exist.
 */
export async function openGallery() {
  const directory = join(target, 'pages');
  rmSync(directory, { recursive: true, force: true });
  execFileSync(program, [directory], { stdio: ['ignore', 'ignore', 'inherit'] });
  const pages = readdirSync(directory, { recursive: true })
    .filter((path) => path.endsWith('.html'))
    .sort()
    .map((path) => {
      const [look, language, file] = path.split('/');
      return { path, look, language, name: file.replace(/\.html$/, '') };
    });
  const files = createServer((request, response) => {
    if (request.method !== 'GET') return response.writeHead(204).end();
    const { pathname, search } = new URL(request.url, 'http://localhost');
    if (pathname === '/favicon.ico') return response.writeHead(204).end();
    if (pathname === '/') return response.writeHead(200, { 'content-type': 'text/html' }).end(empty);
    const file = join(directory, decodeURIComponent(pathname));
    // Over plain http, and for one test only: the browser is not to remember https for this host.
    const { 'strict-transport-security': _, ...headers } = JSON.parse(readFileSync(file.replace(/html$/, 'json'), 'utf8'));
    if (search === '?still') {
      headers['content-security-policy'] = headers['content-security-policy'].replace(/; (script-src|frame-ancestors) [^;]*/g, '');
      delete headers['x-frame-options'];
    }
    return response.writeHead(200, headers).end(readFileSync(file));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => files.once('listening', resolve));
  const args = [...flags, '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'];
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
  return {
    origin: `http://127.0.0.1:${files.address().port}`,
    pages,
    browser,
    async close() {
      await browser.close();
      files.closeAllConnections();
      files.close();
    },
  };
}
