// A day at the agents' console, on a stack that runs: two agents meet on one case, one learns of a conflict, a letter is written and sent,
// many complaints are changed at once, a lead reads the dashboard. Every page on the way is looked at as `browser.mjs` does.
//
//   BASE_URL=http://… MAIL_URL=http://… FIRM=slug STAFF_AT=domain CASE=id PICTURES=folder node console.mjs [view …]
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch, somebody, views, wrong } from './browser.mjs';

const { BASE_URL, MAIL_URL, FIRM, STAFF_AT, CASE, PICTURES } = process.env;
const SOON = 60_000;
// What a page of the console may ask for at first: document, stylesheet and two scripts.
const MOST_REQUESTS = 6;
const MOST_BYTES = 120_000;

await mkdir(PICTURES, { recursive: true });
const browser = await launch();
const found = [];
const looks = Object.fromEntries(views.map((view) => [view.name, view]));

async function linkTo(address, known) {
  for (const begun = Date.now(); Date.now() - begun < SOON;) {
    const mails = await (await fetch(`${MAIL_URL}/api/email`)).json();
    const mine = mails.filter((mail) => mail.envelope.to[0].address === address).map((mail) => mail.text.match(/https?:\S+/)?.[0]);
    const link = mine.find((link) => link && !known.has(link));
    if (link) return link;
    await new Promise((done) => setTimeout(done, 300));
  }
  throw new Error(`no link was mailed to ${address}`);
}

const used = new Set();

// Somebody at a desk of their own, who is signed in.
class Person {
  static async signedIn(name, email, look) {
    const context = await somebody(browser, look, {});
    const person = new Person(name, context, await context.newPage(), look);
    const page = person.page;
    page.on('console', (message) => {
      // A page that says what is wrong is one like others, which the browser calls an error.
      if (message.type() === 'error' && !/status of (4\d\d)/.test(message.text())) found.push(`${name} ${page.url()}: ${message.text()}`);
    });
    page.on('pageerror', (error) => found.push(`${name} ${page.url()}: ${error}`));
    await page.goto(`${BASE_URL}/app/queue`);
    await person.look('sign-in-which-firm');
    await page.fill('#firm', FIRM);
    await person.press('main form button');
    await person.look('sign-in');
    await page.fill('#email', email);
    await person.press('main form button');
    await person.look('sign-in-mailed');
    const link = await linkTo(email, used);
    used.add(link);
    await page.goto(link);
    await person.look('sign-in-link');
    await person.press('main form button');
    assert.equal(new URL(page.url()).pathname, '/app/queue', `${name} is where they wanted to be`);
    return person;
  }

  constructor(name, context, page, look) {
    Object.assign(this, { name, context, page, shown: look.name, nth: 0 });
  }

  async look(what) {
    this.nth += 1;
    const file = `${this.shown}.${this.name}.${String(this.nth).padStart(2, '0')}.${what}.png`;
    await this.page.screenshot({ path: join(PICTURES, file), fullPage: true });
    found.push(...(await wrong(this.page)).map((problem) => `${this.name} ${this.shown} ${what}: ${problem}`));
  }

  async press(selector) {
    await Promise.all([this.page.waitForEvent('load'), this.page.click(selector)]);
  }

  async open(path, what) {
    const answer = await this.page.goto(`${BASE_URL}${path}`);
    assert.equal(answer.status(), 200, `${path}: ${await this.page.title()}`);
    if (what) await this.look(what);
  }

  // Goes to a page, which may ask for no more than is allowed, with nothing of it in the browser's cache.
  async sparingly(go) {
    const browser = await this.context.newCDPSession(this.page);
    await browser.send('Network.clearBrowserCache');
    await browser.detach();
    const asked = [];
    const heard = (answer) => {
      if (!answer.url().includes('/app/changes')) asked.push(answer);
    };
    this.page.on('response', heard);
    await go();
    this.page.off('response', heard);
    const sizes = await Promise.all(asked.map(async (answer) => (await answer.request().sizes()).responseBodySize));
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    assert.ok(asked.length <= MOST_REQUESTS, `${this.page.url()}: ${asked.length} requests: ${asked.map((answer) => answer.url())}`);
    assert.ok(bytes <= MOST_BYTES, `${this.page.url()}: ${bytes} bytes`);
  }

  // Fills in the form of a command and sends it.
  async act(command, fields) {
    const form = this.page.locator(`#act-${command}`);
    if (!(await form.evaluate((details) => details.open))) await form.locator('summary').first().click();
    for (const [name, value] of Object.entries(fields)) {
      const field = form.locator(`[name="${name}"]`);
      if ((await field.evaluate((one) => one.tagName)) === 'SELECT') await field.selectOption(value);
      else await field.fill(value);
    }
    await Promise.all([this.page.waitForEvent('load'), form.locator('form > p.actions button').click()]);
  }

  text(selector) {
    return this.page.locator(selector).innerText();
  }
}

const chosen = process.argv.slice(2);
const [first, second] = chosen.length === 2 ? chosen : ['large', 'small-dark'];
const anna = await Person.signedIn('anna', `anna@${STAFF_AT}`, looks[first]);
const ben = await Person.signedIn('ben', `ben@${STAFF_AT}`, looks[second]);

// The queue: small enough, and worked with keys alone.
{
  await anna.sparingly(() => anna.open('/app/queue', 'queue'));
  assert.ok(await anna.page.locator('tr[data-row]').count() > 3, 'complaints are listed');
  await anna.page.keyboard.press('?');
  assert.ok(await anna.page.locator('#keys').isVisible(), 'the keys are told');
  await anna.page.keyboard.press('Escape');
  await anna.page.keyboard.press('/');
  await anna.page.keyboard.type('mortgage');
  await anna.page.keyboard.press('Enter');
  await anna.page.waitForURL(/q=mortgage/);
  await anna.page.locator('tr[data-row] mark').first().waitFor();
  await anna.look('queue-search');
  await anna.page.keyboard.press('Escape');
  await anna.page.locator('body').click({ position: { x: 2, y: 2 } });
  await anna.page.keyboard.press('j');
  await Promise.all([anna.page.waitForURL(/\/app\/cases\//), anna.page.keyboard.press('Enter')]);
}
await ben.open('/app/queue', 'queue');

// Two meet on one case.
const path = `/app/cases/${CASE}`;
await anna.sparingly(() => anna.open(path, 'case'));
await anna.press('#work');
await anna.look('case-locked-by-me');
await ben.open(path, 'case-locked-by-another');
assert.match(await ben.text('#case-head'), /Anna/, 'Ben sees who works on it');
await ben.act('note', { text: 'I wanted to say this while Anna works on it.' });
await ben.look('case-refused');
assert.match(await ben.page.inputValue('#act-note [name="text"]'), /while Anna works/, 'what was typed is kept');

// What one does the other sees, without loading the page again.
await ben.open(path);
await anna.act('note', { text: 'Called the branch, @Ben: the bonus was never booked.' });
assert.match(await anna.text('#case-timeline'), /the bonus was never booked/);
await ben.page.locator('#case-timeline', { hasText: 'the bonus was never booked' }).waitFor({ timeout: SOON });
await anna.press('#unlock');

// A conflict: both have the page open, one is faster.
await ben.open(path);
await anna.open(path);
await anna.page.locator('#act-note summary').click();
await anna.page.fill('#act-note [name="text"]', 'Anna was slower.');
await ben.act('note', { text: 'Ben was faster.' });
await anna.act('note', {});
await anna.look('case-conflict');
assert.match(await anna.text('#trouble'), /Ben was faster/, 'she is told what happened since');
assert.match(await anna.page.inputValue('#act-note [name="text"]'), /Anna was slower/, 'what was typed is kept');
await anna.act('note', {});
assert.match(await anna.text('#case-timeline'), /Anna was slower/);

// A letter: what is missing is said while it is written. A lead approves it, as the firm wants; sending it stops the clock that waits for it.
{
  const answers = anna.page.locator('#case-clocks .clock', { has: anna.page.getByText('Final response', { exact: true }) });
  await anna.open(path);
  assert.match(await answers.innerText(), /Ends with/, 'the law waits for an answer');

  await ben.open(`${path}/letters/new`, 'letter-kinds');
  await ben.sparingly(() => ben.press('#kind-fca_eight_week_letter a'));
  const missing = ben.page.locator('#letter-check .banner.warn li');
  assert.deepEqual((await missing.allInnerTexts()).map((line) => line.split(' ')[0]), ['Reasons', 'Expected']);
  await ben.look('letter-write');
  await ben.page.fill('[name="texts/reasons"]', 'The branch is still looking for the form that you signed.');
  await missing.filter({ hasText: 'Reasons' }).waitFor({ state: 'detached', timeout: SOON });
  assert.equal(await missing.count(), 1);
  await ben.page.fill('[name="texts/expected"]', 'by the end of next month');
  await ben.page.locator('#letter-check .banner.good').waitFor({ timeout: SOON });
  assert.match(await ben.text('#letter-check'), /the form that you signed[^]*Somebody else than you has to approve it/);
  await ben.look('letter-written');
  await ben.press('#letter-form button.main');
  assert.equal(await ben.text('.head .badge'), 'Draft');
  await ben.look('letter-draft');
  await ben.press('form[action$="/send"] button');
  assert.match(await ben.text('main [role="alert"]'), /must be approved by somebody else first/);
  await ben.look('letter-refused');

  // Written anew, it begins with what it said.
  await ben.press('a.button[href*="/letters/new?"]');
  assert.equal(await ben.page.inputValue('[name="texts/reasons"]'), 'The branch is still looking for the form that you signed.');
  assert.equal(await ben.page.inputValue('[name="texts/expected"]'), 'by the end of next month');
  assert.equal(await missing.count(), 0);
  await ben.page.fill('[name="texts/expected"]', 'by the end of the month after next');
  await ben.page.locator('#letter-check', { hasText: 'by the end of the month after next.' }).waitFor({ timeout: SOON });
  await ben.press('#letter-form button.main');
  assert.match(await ben.text('article.sheet'), /We expect to answer by the end of the month after next\./);
  await ben.look('letter-draft-anew');

  const letter = new URL(ben.page.url()).pathname;
  await anna.open(letter);
  await anna.press('form[action$="/approve"] button');
  assert.equal(await anna.text('.head .badge'), 'Approved');
  await anna.look('letter-approved');
  await ben.open(letter);
  await ben.press('form[action$="/send"] button');
  assert.match(await ben.text('.head .badge'), /^Sent on /);
  await ben.look('letter-sent');

  await anna.open(path, 'case-with-letter');
  assert.match(await anna.text('#case-timeline'), /Letter sent: Your complaint \S+: we have not finished/);
  assert.match(await anna.text(`#case-letters li:has(a[href="${letter}"]) .badge`), /^Sent on /);
  assert.match(await answers.innerText(), /Met on /);
}

// Many at once: tried first, then done.
await anna.open('/app/queue?order=newest');
await anna.page.check('[data-select-page]');
await anna.press('#bulk button[value="selected"]');
await anna.look('bulk');
await anna.page.check('input[name="action"][value="tag"]');
await anna.page.fill('#add', 'campaign-7');
await anna.press('form.action button.main');
await anna.page.locator('form[action$="/do"] button').waitFor({ timeout: SOON });
await anna.look('bulk-tried');
await anna.press('form[action$="/do"] button');
await anna.page.locator('#job .badge', { hasText: 'Done' }).first().waitFor({ timeout: SOON });
await anna.look('bulk-done');
await anna.open('/app/jobs', 'jobs');

// What leads and compliance look at, and what admins set.
await anna.open('/app/cases/new', 'new-case');
await anna.sparingly(() => anna.open('/app/dashboard', 'dashboard'));
await anna.open('/app/audit', 'audit');
await anna.open('/app/profile', 'profile');
const carla = await Person.signedIn('carla', `carla@${STAFF_AT}`, looks[first]);
await carla.open('/app/settings', 'settings');
for (const page of await carla.page.locator('main a[href^="/app/settings/"]').evaluateAll((links) => [...new Set(links.map((link) => link.getAttribute('href')))])) {
  await carla.open(page, page.replace('/app/', '').replaceAll('/', '-'));
}

// Carla gives a system a key and takes it back; what she sets about complaints, Anna has in her forms; and what she did is written down.
async function until(what, holds) {
  for (const begun = Date.now(); Date.now() - begun < SOON;) {
    if (await holds()) return;
    await new Promise((done) => setTimeout(done, 500));
  }
  assert.fail(what);
}
await carla.open('/app/settings/keys');
await carla.page.locator('summary', { hasText: 'Issue a key' }).click();
await carla.page.fill('#name', 'Contact centre');
await carla.page.check('input[name="scopes"][value="complaints:read"]');
await carla.press('form[action="/app/settings/keys"] button');
await carla.look('settings-key-issued');
const key = await carla.text('section.banner code');
const answered = async () => (await fetch(`${BASE_URL}/v1/complaints`, { headers: { authorization: `Bearer ${key}` } })).status;
assert.equal(await answered(), 200, 'the key opens what it was given for');
await carla.page.locator('summary', { hasText: 'Revoke it' }).click();
await carla.press('button[value="revoke"]');
await carla.look('settings-key-revoked');
assert.ok(!(await carla.page.content()).includes(key), 'a key is shown once');
await until('a key that is revoked opens nothing', async () => (await answered()) === 401);
await carla.open('/app/settings/fields');
await carla.page.locator('summary', { hasText: 'Add a field' }).click();
await carla.page.fill('#label', 'Branch of the firm');
await carla.page.fill('#name', 'branch');
await carla.press('form[action="/app/settings/fields"] button');
await carla.look('settings-field-added');
await carla.open('/app/settings/taxonomy');
await carla.page.locator('input[name^="name-"]').first().fill('Our accounts');
await carla.press('form[action="/app/settings/taxonomy"] button.main');
await carla.look('settings-taxonomy-saved');
await until('what an admin sets is in the forms of all', async () => {
  await anna.open('/app/cases/new');
  const form = await anna.page.content();
  return form.includes('Branch of the firm') && form.includes('Our accounts');
});
await carla.open('/app/settings/changes', 'settings-changes');
const changes = await carla.text('main table');
assert.match(changes, /Contact centre/);
assert.match(changes, /You/);

// Whoever signs out is out.
await ben.open('/app/profile', 'profile');
await ben.press('form[action="/app/sign-out"] button');
await ben.page.goto(`${BASE_URL}${path}`);
assert.match(ben.page.url(), /\/app\/sign-in/);

await browser.close();
console.log(found.join('\n'));
console.log(`${found.length} violations`);
process.exit(found.length === 0 ? 0 : 1);
