// Somebody who works at the firm, in a browser of their own. Every page that they look at is looked at as `browser.mjs` does.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { launch, somebody, views, wrong } from './browser.mjs';

const { BASE_URL, MAIL_URL, FIRM, STAFF_AT, PICTURES } = process.env;
// How long something may take that is told or done behind the scenes, in milliseconds.
export const SOON = 60_000;
// What a page of the console may ask for at first: document, stylesheet and two scripts.
const MOST_REQUESTS = 6;
const MOST_BYTES = 120_000;

await mkdir(PICTURES, { recursive: true });
const browser = await launch();
const found = [];

const pause = (time) => new Promise((done) => setTimeout(done, time));

// Waits for something to hold.
export async function until(what, holds) {
  for (const begun = Date.now(); Date.now() - begun < SOON;) {
    const held = await holds();
    if (held) return held;
    await pause(500);
  }
  assert.fail(what);
}

// Says what is wrong with the pages that were looked at, and ends.
export async function end() {
  await browser.close();
  console.log(found.join('\n'));
  console.log(`${found.length} violations`);
  process.exit(found.length === 0 ? 0 : 1);
}

async function linksTo(address) {
  const mails = await (await fetch(`${MAIL_URL}/api/email`)).json();
  const mine = mails.filter((mail) => mail.envelope.to[0].address === address);
  return mine.flatMap((mail) => mail.text.match(/https?:\S+/)?.[0] ?? []);
}

export class Person {
  // Signs in by a mailed link, and is at the queue.
  static async signedIn(name, view) {
    const email = `${name}@${STAFF_AT}`;
    const context = await somebody(browser, views.find((one) => one.name === view), {});
    const person = new Person(name, context, await context.newPage(), view);
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
    const earlier = await linksTo(email);
    await page.fill('#email', email);
    await person.press('main form button');
    await person.look('sign-in-mailed');
    const fresh = async () => (await linksTo(email)).find((link) => !earlier.includes(link));
    await page.goto(await until(`a link is mailed to ${email}`, fresh));
    await person.look('sign-in-link');
    await person.press('main form button');
    assert.equal(new URL(page.url()).pathname, '/app/queue', `${name} is where they wanted to be`);
    return person;
  }

  constructor(name, context, page, shown) {
    Object.assign(this, { name, context, page, shown, nth: 0 });
  }

  async look(what) {
    this.nth += 1;
    // A picture of the whole page has its head at its top.
    await this.page.evaluate(() => window.scrollTo(0, 0));
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

  // Fills in controls by their names: what is checked is `true` or `false`.
  async fill(form, fields) {
    for (const [name, value] of Object.entries(fields)) {
      const field = form.locator(`[name="${name}"]`);
      if (typeof value === 'boolean') await field.setChecked(value);
      else if ((await field.evaluate((one) => one.tagName)) === 'SELECT') await field.selectOption(value);
      else await field.fill(value);
    }
  }

  // Fills in the form of a command and sends it.
  async act(command, fields) {
    const form = this.page.locator(`#act-${command}`);
    if (!(await form.evaluate((details) => details.open))) await form.locator('summary').first().click();
    await this.fill(form, fields);
    await Promise.all([this.page.waitForEvent('load'), form.locator('form > p.actions button').click()]);
  }

  // Fills in a form of the settings, opens it if it is folded, and sends it by its button.
  async set(button, fields) {
    const form = this.page.locator('main form', { has: this.page.locator(button) });
    const folded = this.page.locator('main details:not([open])', { has: this.page.locator(button) });
    while ((await folded.count()) > 0) await folded.first().locator('summary').first().click();
    await this.fill(form, fields);
    await Promise.all([this.page.waitForEvent('load'), form.locator(button).click()]);
  }

  text(selector) {
    return this.page.locator(selector).innerText();
  }
}
