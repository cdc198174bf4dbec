// Debian's Chromium under Playwright. It trusts the development CA the way a developer's browser does, by an
// import into the user's certificate store, so that every page is loaded over verified TLS.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { engine, target } from './server.mjs';

export const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const phone = { width: 360, height: 740 };
export const desktop = { width: 1280, height: 800 };

/** One browser per test file; `newContext()` of it is what two people at two machines have. */
export async function launchBrowser(server) {
  const home = mkdtempSync(join(tmpdir(), 'keywright-browser-'));
  const store = join(home, '.pki', 'nssdb');
  mkdirSync(store, { recursive: true });
  execFileSync('certutil', ['-N', '-d', `sql:${store}`, '--empty-password']);
  execFileSync('certutil', ['-A', '-d', `sql:${store}`, '-n', 'Keywright development CA', '-t', 'C,,', '-i', server.ca]);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: flags,
    env: { ...process.env, HOME: home },
  });
  browser.once('disconnected', () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }));
  return browser;
}

/** A page in a context of its own; a script error or a violation of the content security policy fails `close`. */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: desktop, ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('console', (message) => {
    // A page that is itself the answer 4xx is reported as a failed resource: that is no fault of the page.
    if (message.type() === 'error' && !/the server responded with a status of 4\d\d/.test(message.text())) problems.push(message.text());
  });
  return {
    page,
    context,
    async close() {
      await context.close();
      assert.deepEqual(problems, []);
    },
  };
}

export async function screenshot(page, name) {
  mkdirSync(join(target, 'screenshots'), { recursive: true });
  await page.screenshot({ path: join(target, 'screenshots', `${engine}-${name}.png`), fullPage: true });
}

/** A page that scrolls sideways does not fit its window. */
export async function assertNoHorizontalOverflow(page, name) {
  const { content, window } = await page.evaluate(() => ({
    content: document.documentElement.scrollWidth,
    window: document.documentElement.clientWidth,
  }));
  assert.ok(content <= window, `${name} is ${content} px wide in a window of ${window} px`);
}
