// Every page in every state and every language: whether it fits phones, large windows and large type, in light and
// dark; whether axe finds anything; and whether it can be used by keyboard.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { desktop, phone } from './support/browser.mjs';
import { openGallery } from './support/gallery.mjs';
import { engine } from './support/server.mjs';

const languages = ['de', 'en', 'es', 'fr', 'it', 'ja', 'nl', 'pt-BR'];
const schemes = ['light', 'dark'];
/** WCAG 2.2, 1.4.10: "320 CSS pixels"; 1.4.4: "up to 200 percent". */
const smallest = { width: 320, height: 640 };
const windows = [
  ...schemes.map((colorScheme) => ({ viewport: phone, zoom: 100, colorScheme })),
  ...schemes.map((colorScheme) => ({ viewport: desktop, zoom: 100, colorScheme })),
  { viewport: smallest, zoom: 100, colorScheme: 'light' },
  { viewport: phone, zoom: 200, colorScheme: 'light' },
];
/** Looks and their languages: a word that cannot be broken is as long in every language, but not broken alike. */
const looks = { plain: languages, long: ['de', 'ja'] };

// The pages do not depend on the database.
describe('gallery', { skip: engine !== 'sqlite' }, () => {
  let gallery;

  before(async () => {
    gallery = await openGallery();
  });

  after(() => gallery?.close());

  /** A page that leads nowhere: posts and other hosts answer 204, so that the browser stays where it is. */
  async function openPage(options) {
    const context = await gallery.browser.newContext({ reducedMotion: 'reduce', ...options });
    context.setDefaultTimeout(15_000);
    await context.route((url) => url.origin !== gallery.origin, (route) => route.fulfill({ status: 204 }));
    return context.newPage();
  }

  /** Calls `check` with each of `pages` in a window of its own; two at a time, because machines have two cores. */
  async function visit(pages, check, options) {
    const queue = [...pages];
    const worker = async () => {
      const page = await openPage(options);
      for (let next = queue.shift(); next; next = queue.shift()) {
        await page.goto(`${gallery.origin}/${next.path}?still`, { waitUntil: 'domcontentloaded' });
        await check(page, next);
      }
      await page.context().close();
    };
    await Promise.all([worker(), worker()]);
  }

  const of = (look, language) => gallery.pages.filter((page) => page.look === look && (!language || page.language === language));

  test('the gallery has every page in every language', () => {
    const names = (language) => of('plain', language).map(({ name }) => name);
    assert.deepEqual([...new Set(gallery.pages.map(({ language }) => language))].sort(), languages);
    assert.ok(names('en').length >= 28);
    for (const language of languages) assert.deepEqual(names(language), names('en'), language);
  });

  for (const [look, spoken] of Object.entries(looks)) {
    test(`${look}: nothing overflows or is clipped, in any language, window, type size or scheme`, async () => {
      const found = [];
      const pages = of(look).filter(({ language }) => spoken.includes(language));
      await visit(pages, async (page, { path, language }) => {
        assert.equal(await page.getAttribute('html', 'lang'), language);
        // Colours move no box: every language sees every window, and each scheme in every other language.
        const scheme = spoken.indexOf(language) % 2 === 0 ? 'light' : 'dark';
        for (const { viewport, zoom, colorScheme } of windows.filter((own) => own.colorScheme === scheme || own.viewport === smallest || own.zoom === 200)) {
          await page.setViewportSize(viewport);
          await page.emulateMedia({ colorScheme });
          const misfits = await page.evaluate(findMisfits, zoom);
          found.push(...misfits.map((misfit) => `${path} at ${viewport.width} px, ${zoom} %, ${colorScheme}: ${misfit}`));
        }
        // Without scripts, so that the button of the form that submits itself is there.
      }, { javaScriptEnabled: false });
      assert.deepEqual(found, []);
    });
  }

  test('axe finds no violation on any page, in light and dark', async () => {
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const found = [];
    // Two looks for the colours, two languages for the letters.
    await visit([...of('plain', 'en'), ...of('branded', 'ja')], async (page, { path }) => {
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
      const controls = await page.evaluate(async () => {
        // The field that has the focus from the beginning gets it with the first frame.
        for (let frames = 0; frames < 2; frames += 1) await new Promise((resolve) => { requestAnimationFrame(resolve); });
        const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), summary')];
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
      for (const field of await page.locator('input:not([type=hidden])').all()) {
        for (const other of await page.locator('input:not([type=hidden])').all()) await other.fill('jane@example.com');
        const posted = page.waitForRequest((request) => request.method() === 'POST');
        await field.press('Enter');
        const fields = new URLSearchParams((await posted).postData());
        assert.ok(fields.get('_csrf') && fields.get('password'));
      }
    });
  });
});

/** Runs in the page: what does not fit. */
function findMisfits(zoom) {
  const root = document.documentElement;
  root.style.fontSize = `${zoom}%`;
  const found = [];
  if (root.scrollWidth > root.clientWidth) found.push(`scrolls sideways by ${root.scrollWidth - root.clientWidth} px`);
  for (const element of document.body.querySelectorAll('*')) {
    if (element.closest('.unseen, svg') || element.matches('input, script')) continue;
    const { left, right, width } = element.getBoundingClientRect();
    const label = `<${element.localName}> ${element.textContent.trim().replace(/\s+/g, ' ').slice(0, 40)}`;
    if (!element.firstElementChild && width > 0 && (left < -0.5 || right > root.clientWidth + 0.5)) found.push(`${label} sticks out`);
    const clips = element.matches('button, summary') || getComputedStyle(element).overflow !== 'visible';
    if (clips && !element.matches('img') && (element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight)) found.push(`${label} is clipped`);
  }
  root.style.fontSize = '';
  return found;
}
