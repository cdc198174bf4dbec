// Mails and the pages behind their links, as a person sees them: in the inbox of the development server, and in the browser.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { assertNoHorizontalOverflow, desktop, newPage, phone, screenshot } from './support/browser.mjs';
import { authorizationRequest, authorize, claims, clickAway, exchangeCode, fillLogin, newPerson, signUp, submitButton } from './support/flow.mjs';
import { engine } from './support/server.mjs';
import { openStage } from './support/stage.mjs';

const { server, browser, callbacks, end } = await openStage();
const application = server.application('regular_web');

/** Waits for the newest mail to somebody, from this template. */
async function mailTo(email, template) {
  for (;;) {
    const { body } = await server.request('/dev/inbox');
    const mail = body.find((own) => own.to === email && own.template === template);
    if (mail) return mail;
  }
}

/** The address in a mail that begins with `path`. */
const linkIn = (mail, path) => mail.text.split('\n').find((line) => line.startsWith(`${server.url}${path}`));

/** Claims of the user after a login. */
async function userAfterLogin(person) {
  const { page, close } = await newPage(browser);
  const login = await authorize(page, server, callbacks, application, { person });
  await close();
  const { body } = await exchangeCode(server, application, login);
  return claims(body.id_token);
}

/** Each look at a page: fits, and is kept as a screenshot. */
async function look(page, name) {
  for (const [size, viewport] of [['phone', phone], ['desktop', desktop]]) {
    for (const colorScheme of ['light', 'dark']) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme });
      await screenshot(page, `${name}-${size}-${colorScheme}`);
      await assertNoHorizontalOverflow(page, `${name} (${size}, ${colorScheme})`);
    }
  }
}

describe(`mail on ${engine}`, () => {
  after(end);

  test('LG-12 signing up leads to a mail in the inbox, whose link proves the address when the button is pressed', async () => {
    const person = newPerson();
    const visit = await newPage(browser);
    await signUp(visit.page, server, callbacks, application, { person });
    await visit.close();
    assert.equal((await userAfterLogin(person)).email_verified, false);
    const mail = await mailTo(person.email, 'verify_email');

    const { page, context, close } = await newPage(browser);
    await page.goto(`${server.url}/dev/inbox`);
    await look(page, 'inbox');
    await page.goto(`${server.url}/dev/inbox/${mail.id}`);
    const letter = page.frameLocator('iframe');
    await letter.getByRole('heading', { name: 'Verify your email address' }).waitFor();
    await look(page, 'mail-verification');
    const [opened] = await Promise.all([
      context.waitForEvent('page'),
      letter.getByRole('link', { name: 'Verify my email address' }).click(),
    ]);
    await opened.waitForLoadState();
    assert.ok(opened.url().startsWith(`${server.url}/u/email-verification?ticket=`), opened.url());
    await look(opened, 'email-verification');
    // Whoever opens the link, a mail scanner too, has not proven anything.
    assert.equal((await userAfterLogin(person)).email_verified, false);
    await Promise.all([opened.waitForNavigation(), opened.getByRole('button', { name: 'Verify my email address' }).click()]);
    await opened.getByRole('heading', { name: 'Email address verified' }).waitFor();
    await look(opened, 'email-verification-success');
    assert.equal((await userAfterLogin(person)).email_verified, true);
    const again = await opened.goto(linkIn(mail, '/u/email-verification'));
    assert.equal(again.status(), 400);
    await close();
  });

  test('LG-12 a forgotten password is replaced by the link in the mail, and the old one is worth nothing', async () => {
    const person = newPerson();
    const first = await newPage(browser);
    await signUp(first.page, server, callbacks, application, { person });
    await first.close();

    const { page, close } = await newPage(browser);
    await page.goto(authorizationRequest(server, application).url);
    await clickAway(page, page.getByRole('link', { name: 'Forgot password?' }));
    await look(page, 'reset-password-request');
    await page.getByLabel('Email address').fill(person.email);
    await Promise.all([page.waitForNavigation(), page.getByRole('button', { name: 'Continue' }).click()]);
    await page.getByRole('heading', { name: 'Check your email' }).waitFor();
    const mail = await mailTo(person.email, 'reset_email');
    await page.goto(linkIn(mail, '/u/reset-password'));
    await look(page, 'reset-password');
    await page.getByLabel('New password', { exact: true }).fill('short');
    await page.getByLabel('Repeat the new password').fill('short');
    await Promise.all([page.waitForNavigation(), submitButton(page).click()]);
    await page.getByText('The password is too weak').waitFor();
    await look(page, 'reset-password-weak');
    const changed = { ...person, password: `New-${person.password}` };
    await page.getByLabel('New password', { exact: true }).fill(changed.password);
    await page.getByLabel('Repeat the new password').fill(changed.password);
    await Promise.all([page.waitForNavigation(), submitButton(page).click()]);
    await page.getByRole('heading', { name: 'Password changed' }).waitFor();
    await look(page, 'reset-password-success');

    await page.goto(authorizationRequest(server, application).url);
    await fillLogin(page, person);
    await Promise.all([page.waitForNavigation(), submitButton(page).click()]);
    await page.getByText('Wrong email or password').waitFor();
    assert.equal((await userAfterLogin(changed)).email_verified, true);
    await page.goto(linkIn(mail, '/u/reset-password'));
    await page.getByRole('heading', { name: 'This link is not valid' }).waitFor();
    await close();
  });
});
