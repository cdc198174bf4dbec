// WB-01: "Every reflected and stored field × payloads in a headless browser, zero dialogs and zero CSP reports."
// The pages come from the gallery of crates/login, which renders each of them in each of its states with a hostile
// value in every field, and are served with the very headers that the server sends.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';
import { flags } from './support/browser.mjs';
import { engine, repository, target } from './support/server.mjs';

// The pages do not depend on the database.
describe('escaping', { skip: engine !== 'sqlite' }, () => {
  const directory = join(target, 'pages');
  let files;
  let browser;
  let origin;

  before(async () => {
    const args = ['run', '--quiet', '--locked', '--package', 'keywright-login', '--example', 'gallery', '--', directory];
    execFileSync('cargo', args, { cwd: repository, stdio: ['ignore', 'ignore', 'inherit'] });
    const pages = readdirSync(directory, { recursive: true }).filter((name) => name.endsWith('.html'));
    files = createServer((request, response) => {
      const file = join(directory, decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
      // Over plain http, and for one test only: the browser is not to remember https for this host.
      const { 'strict-transport-security': _, ...headers } = JSON.parse(readFileSync(file.replace(/html$/, 'json'), 'utf8'));
      response.writeHead(200, headers).end(readFileSync(file));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => files.once('listening', resolve));
    files.pages = pages;
    origin = `http://127.0.0.1:${files.address().port}`;
    browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags });
  });

  after(async () => {
    await browser?.close();
    files?.closeAllConnections();
    files?.close();
  });

  test('WB-01: no page runs, restyles or reports anything, whatever its values are', async () => {
    assert.ok(files.pages.some((name) => name.startsWith('hostile-')) && files.pages.length > 200, 'the gallery is complete');
    const context = await browser.newContext();
    // Logos, and the callback of the form that submits itself.
    const elsewhere = new Set();
    await context.route((url) => url.origin !== origin, (route) => {
      elsewhere.add(new URL(route.request().url()).origin);
      return route.abort();
    });
    const problems = [];
    let shown;
    const report = (problem) => problems.push(`${shown}: ${problem}`);
    const page = await context.newPage();
    page.on('dialog', (dialog) => {
      report(`dialog ${dialog.message()}`);
      return dialog.dismiss();
    });
    page.on('pageerror', report);
    page.on('console', (message) => {
      if (!message.text().includes('net::ERR_FAILED')) report(message.text());
    });
    for (shown of files.pages) {
      // A form that submits itself interrupts the loading.
      await page.goto(`${origin}/${shown}`).catch((error) => assert.match(error.message, /ERR_FAILED|interrupted|ERR_ABORTED/));
    }
    await context.close();
    assert.deepEqual(problems, []);
    assert.deepEqual([...elsewhere].sort(), ['https://app.example', 'https://calendar.example', 'https://static.example.com']);
  });
});
