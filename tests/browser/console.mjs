// A day at the agents' console, on a stack that runs: two agents meet on one case, one learns of a conflict, a letter is written and sent,
// many complaints are changed at once, a lead reads the dashboard. Every page on the way is looked at as `browser.mjs` does.
//
//   BASE_URL=http://… MAIL_URL=http://… FIRM=slug STAFF_AT=domain CASE=id PICTURES=folder node console.mjs [view …]
import assert from 'node:assert/strict';
import { Person, SOON, end } from './person.mjs';

const { BASE_URL, CASE } = process.env;

const chosen = process.argv.slice(2);
const [first, second] = chosen.length === 2 ? chosen : ['large', 'small-dark'];
const anna = await Person.signedIn('anna', first);
const ben = await Person.signedIn('ben', second);

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

// Whoever signs out is out.
await ben.open('/app/profile', 'profile');
await ben.press('form[action="/app/sign-out"] button');
await ben.page.goto(`${BASE_URL}${path}`);
assert.match(ben.page.url(), /\/app\/sign-in/);

await end();
