// A consumer's journey through a firm's portal, on a stack that runs: complains, comes back for it, follows it, writes, adds a file. Once with
// scripts and once without. Every page on the way is looked at as `browser.mjs` does.
//
//   BASE_URL=http://… MAIL_URL=http://… FIRM=slug PICTURES=folder node portal.mjs [view.with-or-without …]
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { launch, somebody, views, wrong } from './browser.mjs';

const { BASE_URL, MAIL_URL, FIRM, PICTURES } = process.env;
const home = `${BASE_URL}/${FIRM}/`;
const words = (await readFile(new URL('../../pages/tests/fixtures/complaint.txt', import.meta.url), 'utf8')).trim();
// A picture of one pixel (PNG).
const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
// The first page, with all that it needs, on a poor telephone's line.
const MOST_BYTES = 60_000;
const MOST_REQUESTS = 5;
const SOON = 60_000;

await mkdir(PICTURES, { recursive: true });
const browser = await launch();
const found = [];

async function mailTo(address, has) {
  for (const begun = Date.now(); Date.now() - begun < SOON;) {
    const mails = await (await fetch(`${MAIL_URL}/api/email`)).json();
    const mail = mails.filter((mail) => mail.envelope.to[0].address === address).map((mail) => mail.text.match(has)).find(Boolean);
    if (mail) return mail;
    await new Promise((done) => setTimeout(done, 300));
  }
  throw new Error(`no mail to ${address} with ${has}`);
}

async function journey(view, scripts) {
  const { name, ...look } = view;
  const who = `${name}.${scripts ? 'with' : 'without'}`;
  const email = `ada.${who}@example.com`;
  const open = () => somebody(browser, look, { javaScriptEnabled: scripts });
  let context = await open();
  const answers = [];
  context.on('response', (answer) => answers.push(answer));
  let page = await context.newPage();
  // A form that comes back with what is wrong is a page like others, which the browser calls an error.
  const watch = () => page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('status of 422')) found.push(`${who} ${page.url()}: ${message.text()}`);
  });
  watch();
  let nth = 0;
  const look_at = async (what) => {
    nth += 1;
    await page.screenshot({ path: join(PICTURES, `${who}.${String(nth).padStart(2, '0')}.${what}.png`), fullPage: true });
    if (scripts) found.push(...(await wrong(page)).map((problem) => `${who} ${what}: ${problem}`));
  };
  const press = (selector) => Promise.all([page.waitForLoadState('load'), page.click(selector)]);
  const go_on = () => press('#step .actions button.main');

  // The first page is small.
  await page.goto(home);
  const sizes = await Promise.all(answers.map(async (answer) => (await answer.request().sizes()).responseBodySize));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(answers.length <= MOST_REQUESTS, `${answers.length} requests: ${answers.map((answer) => answer.url())}`);
  assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`);
  await look_at('start');

  // What is missing is said, and what was typed stays.
  await press('.hero .actions a.main');
  await page.fill('#words', words);
  await go_on();
  assert.equal(await page.locator('.is-wrong').count(), 1, 'the product is missing');
  assert.equal((await page.inputValue('#words')).trim(), words);
  await look_at('what-is-missing');
  await page.check('#product-1');
  await go_on();

  await page.fill('#outcome', 'The bonus that was advertised.');
  await page.check('#support-1');
  await look_at('outcome');

  // Kept, and taken up in another browser.
  await press('#step .actions button.other');
  await look_at('saved');
  const link = (await page.content()).match(/https?:\/\/[^\s"<]*\/come-back\/[^\s"<]+/)[0].replaceAll('&amp;', '&');
  await context.close();
  context = await open();
  page = await context.newPage();
  watch();
  await page.goto(link.replace(/^https?:\/\/[^/]*/, BASE_URL));
  assert.equal(await page.locator('#name').count(), 1, 'it goes on where something is missing');
  await press('a.back');
  assert.equal(await page.inputValue('#outcome'), 'The bonus that was advertised.');
  await go_on();

  await page.check('#for_whom-1');
  await page.fill('#name', 'Ada Winter');
  await page.check('#prefer-1');
  await page.fill('#email', email);
  await look_at('you');
  await go_on();

  await page.setInputFiles('#files', { name: 'statement.png', mimeType: 'image/png', buffer: picture });
  await press('button[value=more]');
  assert.match(await page.locator('.files').innerText(), /statement\.png/);
  await look_at('evidence');
  await go_on();

  assert.match(await page.locator('main').innerText(), /The bonus that was advertised\./);
  await look_at('check');
  await page.check('#consent');
  await go_on();
  const reference = (await page.locator('.reference').innerText()).trim();
  assert.match(reference, /^[A-Z]+-/);
  assert.ok((await page.locator('main time').count()) > 0, 'the law\'s dates');
  await look_at('received');
  await mailTo(email, new RegExp(reference));

  // Followed by reference and address, and a code.
  await press('main .actions a.main');
  await page.fill('#reference', reference);
  await page.fill('#email', email);
  await look_at('track');
  await press('main form button.main');
  const [code] = await mailTo(email, /\b\d{6,8}\b/);
  await page.fill('#code', '000000');
  await press('main form button.main');
  assert.equal(await page.locator('.is-wrong').count(), 1, 'that is not the code');
  await look_at('wrong-code');
  await page.fill('#code', code);
  await press('main form button.main');
  assert.match(await page.locator('main').innerText(), new RegExp(reference));
  await look_at('case');

  await page.fill('#message', 'They called me today and offered half of it.');
  await press('#messages form button.main');
  assert.match(await page.locator('.thread').innerText(), /They called me today and offered half of it\./);
  await page.setInputFiles('#files', { name: 'letter.png', mimeType: 'image/png', buffer: picture });
  await press('#files-and-letters form button');
  assert.match(await page.locator('#files-and-letters').innerText(), /letter\.png/);
  await look_at('case-with-message');

  // In another language and another size.
  await press('footer button[value=de]');
  assert.equal(await page.getAttribute('html', 'lang'), 'de');
  await press('footer button[value=large_print]');
  assert.equal(await page.getAttribute('html', 'class'), 'large-print');
  await look_at('case-in-german');

  await press('header form button');
  await page.goto(`${home}case`);
  assert.ok(!(await page.content()).includes(reference), 'whoever has signed out sees nothing');
  await context.close();
  console.log(`${who}: ${reference}`);
}

try {
  for (const run of process.argv.length > 2 ? process.argv.slice(2) : ['small.without', 'small.with', 'large-dark.with']) {
    const [view, scripts] = run.split('.');
    await journey(views.find(({ name }) => name === view), scripts === 'with');
  }
} finally {
  await browser.close();
}
console.log(found.join('\n'));
process.exit(found.length === 0 ? 0 : 1);
