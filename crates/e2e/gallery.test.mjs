// Every page in every state and every language: whether it fits phones, large windows and large type, in light and
// dark; whether axe finds anything; and whether it can be used by keyboard.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { inTwoTabs, openGallery } from './support/gallery.mjs';
import { engine } from './support/server.mjs';

const languages = ['de', 'en', 'es', 'fr', 'it', 'ja', 'nl', 'pt-BR'];
const schemes = ['light', 'dark'];
/** WCAG 2.2, 1.4.10: "320 CSS pixels"; 1.4.4: "up to 200 percent". */
const windows = [
  { ...phone, zooms: [100, 200] },
  { ...desktop, zooms: [100] },
  { width: 320, height: 640, zooms: [100] },
];
/**
 * Looks, their languages and schemes: a theme has sizes of its own; a word that cannot be broken is as long in every language, but
 * not broken alike. Sizes do not depend on the scheme: one look shows that the dark one leaves them alone.
 */
const looks = {
  plain: { spoken: languages, seen: ['light'] },
  long: { spoken: ['de', 'ja'], seen: ['light'] },
  themed: { spoken: ['en', 'ja'], seen: schemes },
};

// The pages do not depend on the database.
describe('gallery', { skip: engine !== 'sqlite' }, () => {
  let gallery;

  before(async () => {
    gallery = await openGallery();
  });

  after(() => gallery?.close());

  /** Calls `check` with each of `pages` in a tab. */
  const visit = (pages, check) =>
    inTwoTabs(gallery.browser, pages, async (tab, page) => {
      await tab.goto(`${gallery.origin}/${page.path}?still`);
      // The field that has the focus from the beginning gets it with the first frame.
      await tab.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
      await check(tab, page);
    }, { reducedMotion: 'reduce' });

  const of = (look, language) => gallery.pages.filter((page) => page.look === look && (!language || page.language === language));

  test('the gallery has every page in every language', () => {
    const names = (language) => of('plain', language).map(({ name }) => name);
    assert.deepEqual([...new Set(gallery.pages.map(({ language }) => language))].sort(), languages);
    assert.ok(names('en').length >= 28);
    // The playground is in English only.
    const everywhere = names('en').filter((name) => name !== 'playground-start');
    for (const language of languages.filter((own) => own !== 'en')) assert.deepEqual(names(language), everywhere, language);
  });

  for (const [look, { spoken, seen }] of Object.entries(looks)) {
    test(`${look}: nothing overflows or is clipped, in any language, window or type size (${seen.join(' and ')})`, async () => {
      const found = [];
      const names = [...new Set(of(look).map(({ name }) => name))];
      await inTwoTabs(gallery.browser, names, async (tab, name) => {
        const pages = of(look).filter((page) => page.name === name && spoken.includes(page.language));
        await tab.goto(gallery.origin);
        await tab.evaluate(openFrames, { paths: pages.map(({ path }) => path), windows });
        for (const colorScheme of seen) {
          await tab.emulateMedia({ colorScheme });
          const misfits = await tab.evaluate(findMisfits, { windows, colorScheme });
          assert.equal(misfits.looked, pages.length * 4, name);
          found.push(...misfits.found);
        }
      }, { reducedMotion: 'reduce', viewport: desktop });
      assert.deepEqual(found, []);
    });
  }

  test('axe finds no violation on any page, in light and dark', async () => {
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const found = [];
    // Three looks for the colours, two languages for the letters.
    await visit([...of('plain', 'en'), ...of('branded', 'ja'), ...of('themed', 'en')], async (page, { path }) => {
      await page.evaluate(axe);
      for (const colorScheme of schemes) {
        await page.emulateMedia({ colorScheme });
        // The structure is the same in both schemes; the colours are not.
        const only = colorScheme === 'dark' ? { runOnly: ['color-contrast', 'link-in-text-block'] } : {};
        const violations = await page.evaluate(async (options) => (await globalThis.axe.run(options)).violations, { ...only, preload: false });
        found.push(...violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${path}, ${colorScheme}: ${id}: ${html}`)));
      }
    });
    assert.deepEqual(found, []);
  });

  test('by keyboard: every control in its order, each with a visible focus', async () => {
    const found = [];
    await visit(of('branded', 'de'), async (page, { path }) => {
      const controls = await page.evaluate(() => {
        const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden], [hidden]), summary')];
        all.forEach((control, index) => control.setAttribute('data-order', String(index)));
        const start = document.createElement('span');
        start.tabIndex = -1;
        document.body.prepend(start);
        start.focus();
        return all.length;
      });
      for (let index = 0; index < controls; index += 1) {
        await page.keyboard.press('Tab');
        const { order, outline, contained } = await page.evaluate(() => {
          const element = document.activeElement;
          const style = getComputedStyle(element);
          const { left, right } = element.getBoundingClientRect();
          return {
            order: Number(element.getAttribute('data-order') ?? -1),
            outline: style.outlineStyle === 'none' ? 0 : Number.parseFloat(style.outlineWidth),
            contained: left >= 0 && right <= innerWidth,
          };
        });
        if (order !== index) found.push(`${path}: control ${index} comes as ${order}`);
        if (outline < 2) found.push(`${path}: control ${index} has no visible focus`);
        if (!contained) found.push(`${path}: control ${index} has the focus outside of the window`);
      }
    });
    assert.deepEqual(found, []);
  });

  test('an error is announced, its field has the focus and is described by it', async () => {
    const refused = /^(login-(no-|wrong)|signup-(no-|invalid|weak|refused|user-))/;
    const pages = of('plain', 'fr').filter(({ name }) => refused.test(name));
    assert.ok(pages.length >= 11);
    await visit(pages, async (page, { path }) => {
      const focused = await page.evaluate(() => {
        const element = document.activeElement;
        const ids = (element.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean);
        const described = ids.map((id) => document.getElementById(id)?.textContent.trim());
        const alert = document.querySelector('[role=alert]');
        return { name: element.getAttribute('name'), invalid: element.getAttribute('aria-invalid'), described, alert: alert?.textContent.trim() };
      });
      assert.ok(focused.name, `${path}: a field has the focus`);
      if (focused.alert) {
        assert.match(focused.alert, /^Un problème est survenu\u00a0: /, path);
      } else {
        assert.equal(focused.invalid, 'true', `${path}: the focus is on the wrong field`);
        assert.ok(focused.described[0], `${path}: the field is described by its error`);
      }
    });
  });

  test('enter submits the form from every field', async () => {
    const pages = of('plain', 'en').filter(({ name }) => ['login-hint', 'signup-username'].includes(name));
    await visit(pages, async (page) => {
      for (const field of await page.locator('input:not([type=hidden], [hidden])').all()) {
        for (const other of await page.locator('input:not([type=hidden], [hidden])').all()) await other.fill('jane@example.com');
        const posted = page.waitForRequest((request) => request.method() === 'POST');
        await field.press('Enter');
        const fields = new URLSearchParams((await posted).postData());
        assert.ok(fields.get('_csrf') && fields.get('password'));
      }
    });
  });
});

/** Runs on an empty page: each page in a frame for each window. Frames have no scripts, as browsers of some people. */
async function openFrames({ paths, windows }) {
  const loaded = [];
  for (const path of paths) {
    for (const { width, height } of windows) {
      const frame = document.createElement('iframe');
      frame.sandbox = 'allow-same-origin';
      frame.title = path;
      // Laid out, but never painted: that takes longer than everything else.
      frame.style = `visibility: hidden; border: 0; width: ${width}px; height: ${height}px`;
      frame.src = `/${path}?still`;
      loaded.push(new Promise((resolve) => { frame.onload = resolve; }));
      document.body.append(frame);
    }
  }
  await Promise.all(loaded);
}

/** Runs there afterwards: what does not fit. */
function findMisfits({ windows, colorScheme }) {
  const found = [];
  let looked = 0;
  for (const [index, frame] of document.querySelectorAll('iframe').entries()) {
    const { width, zooms } = windows[index % windows.length];
    const { contentDocument: page, contentWindow: view, title: path } = frame;
    const root = page.documentElement;
    for (const zoom of zooms) {
      looked += 1;
      const find = (misfit) => found.push(`${path} at ${width} px, ${zoom} %, ${colorScheme}: ${misfit}`);
      if (root.lang !== path.split('/')[1]) find(`the language is ${root.lang}`);
      if (!view.matchMedia(`(prefers-color-scheme: ${colorScheme}) and (width: ${width}px)`).matches) find('is not in such a window');
      root.style.fontSize = `${zoom}%`;
      if (root.scrollWidth > root.clientWidth) find(`scrolls sideways by ${root.scrollWidth - root.clientWidth} px`);
      for (const element of page.body.querySelectorAll('*')) {
        if (element.closest('.unseen, svg') || element.matches('input, script')) continue;
        const { left, right, width: own } = element.getBoundingClientRect();
        const label = () => `<${element.localName}> ${element.textContent.trim().replace(/\s+/g, ' ').slice(0, 40)}`;
        if (!element.firstElementChild && own > 0 && (left < -0.5 || right > root.clientWidth + 0.5)) find(`${label()} sticks out`);
        const clips = element.matches('button, summary') || view.getComputedStyle(element).overflow !== 'visible';
        if (clips && !element.matches('img') && (element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight)) find(`${label()} is clipped`);
      }
      root.style.fontSize = '';
    }
  }
  return { looked, found };
}
