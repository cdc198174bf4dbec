// WB-01: "Every reflected and stored field × payloads in a headless browser, zero dialogs and zero CSP reports."
// The pages come from the gallery of crates/login, which renders each of them in each of its states with a hostile
// value in every field, and are served with the very headers that the server sends.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { inTwoTabs, openGallery } from './support/gallery.mjs';
import { engine } from './support/server.mjs';

// The pages do not depend on the database.
describe('escaping', { skip: engine !== 'sqlite' }, () => {
  let gallery;

  before(async () => {
    gallery = await openGallery();
  });

  after(() => gallery?.close());

  test('WB-01: no page runs, restyles or reports anything, whatever its values are', async () => {
    const { origin } = gallery;
    // Every look, once: the values are the same in every language.
    const pages = gallery.pages.filter(({ language }) => language === 'en').map(({ path }) => path);
    assert.ok(pages.some((path) => path.startsWith('hostile-')) && pages.length > 200, 'the gallery is complete');
    // Logos, the font of a tenant, and the callback of the form that submits itself.
    const elsewhere = new Set();
    const problems = [];
    const watched = new Map();
    const watch = (tab) => {
      const report = (problem) => problems.push(`${watched.get(tab)}: ${problem}`);
      tab.on('request', (request) => {
        const url = new URL(request.url());
        if (url.origin !== origin && url.protocol.startsWith('http')) elsewhere.add(url.origin);
      });
      tab.on('dialog', (dialog) => {
        report(`dialog ${dialog.message()}`);
        return dialog.dismiss();
      });
      tab.on('pageerror', report);
      tab.on('console', (message) => {
        // RU-08: the answer is for the application's origin, and the gallery is not there.
        const expected = ['net::ERR_NAME_NOT_RESOLVED', "does not match the recipient window's origin"];
        if (!expected.some((text) => message.text().includes(text))) report(message.text());
      });
    };
    await inTwoTabs(gallery.browser, pages, async (tab, path) => {
      if (!watched.has(tab)) watch(tab);
      watched.set(tab, path);
      // A form that submits itself interrupts the loading.
      await tab.goto(`${origin}/${path}`).catch((error) => assert.match(error.message, /ERR_NAME_NOT_RESOLVED|interrupted|ERR_ABORTED/));
    });
    assert.deepEqual(problems, []);
    const wanted = ['https://app.example', 'https://calendar.example', 'https://fonts.example.com', 'https://static.example.com'];
    assert.deepEqual([...elsewhere].sort(), wanted);
  });
});
